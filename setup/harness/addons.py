"""Which addons there are, and the folders Odoo finds them in."""

import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from .console import say
from .manifests import depends_of, modules_in, read_manifest
from .odoo_server import OdooServer
from .porting import WRITTEN_FOR, port_leftovers
from .problem import Problem
from .steps import BUILD, ROOT, digest, locked, make_once

NEWEST = "newest"
# For each PLATFORM: folders of stand-ins, the files of each laid over those of the one before.
STAND_INS = {
    "17.0": [ROOT / "tests" / "platform"],
    NEWEST: [ROOT / "tests" / "platform", ROOT / "tests" / "platform_newest"],
}
NOT_COPIED = shutil.ignore_patterns("__pycache__", "*.pyc", ".*")


def our_addons() -> list[str]:
    found = modules_in(ROOT)
    if not found:
        raise Problem(f"There is no addon in {ROOT}: is the checkout complete?")
    return found


def needed_from_outside(addons: Iterable[str]) -> list[str]:
    """What our addons depend on and is not ours."""
    depends = {name for addon in addons for name in depends_of(read_manifest(ROOT / addon))}
    return sorted(depends - set(our_addons()))


def platform_folders() -> list[Path]:
    """The real platform's folders from ADDONS_PATH, or none."""
    folders = []
    for name in filter(None, os.environ.get("ADDONS_PATH", "").split(",")):
        folder = Path(name.strip()).expanduser().absolute()
        if not modules_in(folder):
            raise Problem(
                f"ADDONS_PATH names {folder}, where no Odoo module is: "
                "set it to the platform's folders, separated by commas, or unset it."
            )
        folders.append(folder)
    return folders


def stand_ins() -> str | None:
    """Which stand-ins PLATFORM asks for, if the platform is not a real one."""
    asked = os.environ.get("PLATFORM")
    if os.environ.get("ADDONS_PATH"):
        if asked:
            raise Problem("PLATFORM chooses the stand-ins, ADDONS_PATH a real platform: unset one.")
        return None
    if asked and asked not in STAND_INS:
        raise Problem(f"PLATFORM={asked} is none of {', '.join(STAND_INS)}: correct or unset it.")
    return asked or "17.0"


def addons_path(server: OdooServer, port: Callable[[Path, str], None]) -> list[Path]:
    """The folders to look in, ours first. `port` runs Odoo's upgrader on a folder for a series."""
    folders = [_Sources("addons", [ROOT], our_addons()).made_for(server, port)]
    if shape := stand_ins():
        layers = STAND_INS[shape]
        modules = sorted({name for layer in layers for name in modules_in(layer)})
        name = "platform" if len(layers) == 1 else f"platform-{shape}"
        folders.append(_Sources(name, layers, modules).made_for(server, port))
    return folders + platform_folders()


class _Sources:
    """Modules of a folder, or of several laid over each other."""

    def __init__(self, name: str, layers: list[Path], modules: list[str]):
        self.name, self.layers, self.modules = name, layers, modules

    def made_for(self, server: OdooServer, port: Callable[[Path, str], None]) -> Path:
        """The folder itself where it serves as it is; else a copy, ported to Odoo's series."""
        if len(self.layers) == 1 and server.series == WRITTEN_FOR:
            return self.layers[0]
        target = BUILD / f"{self.name}-{server.series}"
        rules = [Path(__file__).with_name(name) for name in ("porting.py", "upgrade_script.py")]
        folders = [layer / name for name in self.modules for layer in self.layers]
        folders = [folder for folder in folders if folder.is_dir()]
        key = digest([server.identity, *rules, *folders])

        def build(made: Path) -> None:
            say(f"Preparing {self.name} for Odoo {server.series} ...")
            for folder in folders:
                shutil.copytree(folder, made / folder.name, ignore=NOT_COPIED, dirs_exist_ok=True)
            if server.series != WRITTEN_FOR:
                port(made, server.series)
                port_leftovers(made)

        with locked(target.name):
            make_once(target, key, build)
        return target
