"""What modules need and no folder holds, brought from PyPI: Odoo modules and Python packages."""

import re
import shutil
from pathlib import Path
from typing import NamedTuple

from .console import say
from .manifests import FILE, read_needs
from .odoo_server import pip_wheel
from .problem import Problem
from .python_env import NotThere, NoVersionFits, find_pip, from_lock, install_into, resolve
from .steps import BUILD, LOCKS, digest, locked, make_once

# What pip takes for a version: those of a Linux distribution's own packages may be none.
VERSION = re.compile(r"\d[\w.+!]*")
# The module that Odoo loads the packages with.
PACKAGES_ADDON = "harness_packages"


class OdooInside(NamedTuple):
    """An Odoo as it describes itself."""

    # The folders of its own modules.
    addons: list[Path]
    python: Path
    # Where its Python looks for packages, and the version of each that is there.
    path: list[str]
    packages: dict[str, str]

    def may_lack(self, package: str) -> bool:
        """Whether Odoo has to be asked if it has a package, named as in a manifest."""
        return _normalised(package) not in map(_normalised, self.packages)


def _normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def bring_modules(
    wanted: list[str], folders: list[Path], inside: OdooInside, series: str
) -> tuple[list[Path], dict[str, str]]:
    """Folders with the modules that `wanted` need, directly or not, and that nobody has; and the
    Python packages that all of them need, each with a module that asks for it."""
    brought: list[Path] = []
    nowhere: set[str] = set()
    while True:
        needs = read_needs(wanted, [*folders, *brought], inside.addons)
        if needs.modules.keys() == nowhere:
            break
        for name in sorted(needs.modules.keys() - nowhere):
            try:
                brought.append(_fetch_module(name, series))
            except NotThere:
                nowhere.add(name)
    if nowhere:
        raise Problem(
            "\n".join(
                f"The module {name}, which {needs.modules[name]} needs, is in no folder of "
                f"ADDONS_PATH and not on PyPI for Odoo {series}: add the folder that holds it."
                for name in sorted(nowhere)
            )
        )
    return brought, needs.packages


def _fetch_module(name: str, series: str) -> Path:
    """The version that a lock file names, or else the newest one of the series."""
    package = f"odoo-addon-{name}"
    target = BUILD / f"{package}-{series}"
    lock_file = LOCKS / f"{target.name}.txt"

    def fetch(folder: Path) -> None:
        say(f"Fetching {name} {series} from PyPI ...")
        packages = from_lock(lock_file) if lock_file.is_file() else [f"{package}=={series}.*"]
        install_into(folder, find_pip(pip_wheel), packages)
        if not (folder / "odoo" / "addons" / name / FILE).is_file():
            raise NotThere(f"{package} on PyPI holds no module {name}.")

    with locked(target.name):
        make_once(target, digest([lock_file]), fetch)
    return target / "odoo" / "addons"


def bring_packages(unmet: dict[str, str], inside: OdooInside, target: Path) -> Path:
    """Makes `target` the folder of the Python packages that Odoo lacks, with what they need beside
    what it has; returns the folder of a module that Odoo finds them by.

    :param unmet: the packages, each with a module that asks for it
    """

    def fetch(folder: Path) -> None:
        say(f"Fetching {', '.join(unmet)} from PyPI ...")
        pip = find_pip(pip_wheel, inside.python)
        install_into(folder / "packages", pip, _resolve(unmet, inside, pip))
        addon = folder / "addons" / PACKAGES_ADDON
        addon.mkdir(parents=True)
        shutil.copy(Path(__file__).with_name("packages_addon.py"), addon / "__init__.py")
        (addon / FILE).write_text(str({"name": "Python packages", "installable": False}))

    key = digest([str(inside.python), str(inside.packages), *sorted(unmet)])
    with locked(target.name):
        make_once(target, key, fetch)
    return target / "addons"


def bring_test_packages(python: Path) -> Path:
    """The folder of the Python packages that tests import inside Odoo, to be put last on the path.

    :param python: Odoo's own, which the compiled ones among them are for
    """
    lock_file = LOCKS / "tests-in-odoo.txt"
    target = BUILD / f"tests-in-odoo-{digest([str(python.resolve())])[:6]}"

    def fetch(folder: Path) -> None:
        say("Fetching the Python packages that tests import inside Odoo from PyPI ...")
        install_into(folder, find_pip(pip_wheel, python), from_lock(lock_file))

    with locked(target.name):
        make_once(target, digest([lock_file]), fetch)
    return target


def _resolve(unmet: dict[str, str], inside: OdooInside, pip: list[str]) -> list[str]:
    """The versions to install, as pip is told of them."""
    there = {n: version for n, version in inside.packages.items() if VERSION.fullmatch(version)}
    found: dict[str, str] = {}
    sentences = []
    for package, asking in unmet.items():
        subject = f"The Python package {package}, which {asking} needs,"
        try:
            found |= resolve(pip, package, there | found, inside.path)
        except NotThere:
            sentences.append(f"{subject} is not on PyPI: install it for {inside.python}.")
        except NoVersionFits:
            sentences.append(
                f"{subject} does not get along with what {inside.python} has: "
                "install there what it asks for."
            )
    if sentences:
        raise Problem("\n".join(sentences))
    return [f"{name}=={version}" for name, version in found.items()]
