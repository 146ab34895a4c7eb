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

STAND_INS = ROOT / "tests" / "platform"
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


def addons_path(server: OdooServer, port: Callable[[Path, str], None]) -> list[Path]:
    """The folders to look in, ours first. `port` runs Odoo's upgrader on a folder for a series."""
    given = platform_folders()
    sources = [_Sources("addons", ROOT, our_addons())]
    if not given:
        sources.append(_Sources("platform", STAND_INS, modules_in(STAND_INS)))
    if server.series == WRITTEN_FOR:
        folders = [source.folder for source in sources]
    else:
        folders = [source.ported(server, port) for source in sources]
    return folders + given


class _Sources:
    """Modules of one folder, to be copied and ported to another series."""

    def __init__(self, name: str, folder: Path, modules: list[str]):
        self.name, self.folder, self.modules = name, folder, modules

    def ported(self, server: OdooServer, port: Callable[[Path, str], None]) -> Path:
        target = BUILD / f"{self.name}-{server.series}"
        rules = [Path(__file__).with_name(name) for name in ("porting.py", "upgrade_script.py")]
        key = digest([server.identity, *rules, *(self.folder / name for name in self.modules)])

        def build(folder: Path) -> None:
            say(f"Porting {self.name} to Odoo {server.series} ...")
            for name in self.modules:
                shutil.copytree(self.folder / name, folder / name, ignore=NOT_COPIED)
            port(folder, server.series)
            port_leftovers(folder)

        with locked(target.name):
            make_once(target, key, build)
        return target
