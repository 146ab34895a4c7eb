"""Which addons there are, and the folders Odoo finds them in."""

import ast
import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from .console import say
from .odoo_server import OdooServer, pip_wheel
from .porting import WRITTEN_FOR, port_leftovers
from .problem import Problem
from .python_env import find_pip, install_into
from .steps import BUILD, LOCKS, ROOT, digest, locked, make_once

STAND_INS = ROOT / "tests" / "platform"
NOT_COPIED = shutil.ignore_patterns("__pycache__", "*.pyc", ".*")


def modules_in(folder: Path) -> list[str]:
    return sorted(path.parent.name for path in folder.glob("*/__manifest__.py"))


def our_addons() -> list[str]:
    found = modules_in(ROOT)
    if not found:
        raise Problem(f"There is no addon in {ROOT}: is the checkout complete?")
    return found


def manifest(folder: Path, module: str) -> dict:
    return ast.literal_eval((folder / module / "__manifest__.py").read_text())


def needed_from_outside(addons: Iterable[str]) -> list[str]:
    """What our addons depend on and is not ours."""
    depends = {name for addon in addons for name in manifest(ROOT, addon).get("depends", ["base"])}
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
    folders += given
    if not any((folder / "queue_job").is_dir() for folder in folders):
        folders.append(queue_job(server.series))
    return folders


def queue_job(series: str) -> Path:
    """The job engine as PyPI has it."""
    target = BUILD / f"queue-job-{series}"
    lock = f"queue-job-{series}"

    def fetch(folder: Path) -> None:
        say(f"Fetching queue_job {series} from PyPI ...")
        install_into(folder, lock, find_pip(pip_wheel))

    with locked(lock):
        make_once(target, digest([LOCKS / f"{lock}.txt"]), fetch)
    return target / "odoo" / "addons"


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
