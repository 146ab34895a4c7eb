"""The modules that lie in folders, and what they need as their manifests say it."""

import ast
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from .problem import Problem

FILE = "__manifest__.py"


class Needs(NamedTuple):
    """What modules need, each with the name of one that asks for it."""

    # Odoo modules that are in none of the folders.
    modules: dict[str, str]
    # Python packages, as the manifests write them: only Odoo's Python knows which it has.
    packages: dict[str, str]


def modules_in(folder: Path) -> list[str]:
    return sorted(path.parent.name for path in folder.glob(f"*/{FILE}"))


def read_manifest(module: Path) -> dict:
    """What the module in a folder says of itself."""
    path = module / FILE
    try:
        said = ast.literal_eval(path.read_text())
        if not isinstance(said, dict):
            raise ValueError("it holds no dictionary")
    except (SyntaxError, ValueError) as error:
        raise Problem(
            f"{path} is no manifest that Odoo can read: {error}\n"
            "Correct it, or take its folder off ADDONS_PATH."
        ) from error
    return said


def read_needs(wanted: Iterable[str], folders: list[Path], own: list[Path]) -> Needs:
    """What it takes to install modules that are in these folders or in Odoo's own; the first one
    counts of those with the same name. Modules that install themselves beside them are counted in;
    which packages Odoo's own modules need is left to whoever installed Odoo."""
    manifests: dict[str, dict] = {}
    for folder in [*own[::-1], *folders[::-1]]:
        for name in modules_in(folder):
            manifests[name] = read_manifest(folder / name)
    given = {name for folder in folders for name in modules_in(folder)}
    needs, installed, to_read = Needs({}, {}), set(), [*wanted]
    while to_read:
        name = to_read.pop()
        if name not in installed:
            installed.add(name)
            _note_modules(needs, name, manifests)
            if name in given:
                _note_packages(needs, name, manifests[name])
            to_read += [other for other in depends_of(manifests[name]) if other in manifests]
        if not to_read:
            to_read = [
                other
                for other, said in manifests.items()
                if other not in installed and _installs_itself(said, installed)
            ]
    return needs


def _note_modules(needs: Needs, name: str, manifests: dict[str, dict]) -> None:
    for other in depends_of(manifests[name]):
        if other not in manifests:
            needs.modules.setdefault(other, name)


def _note_packages(needs: Needs, name: str, said: dict) -> None:
    external = said.get("external_dependencies") or {}
    for package in external.get("python") or ():
        needs.packages.setdefault(package, name)


def depends_of(said: dict) -> list[str]:
    """The modules that a manifest names, as Odoo reads it."""
    return said.get("depends") or ["base"]


def _installs_itself(said: dict, installed: set[str]) -> bool:
    """As Odoo reads it: with all that the module depends on, or with those that are named."""
    asked = said.get("auto_install", False)
    if asked is False or not said.get("installable", True):
        return False
    return installed.issuperset(depends_of(said) if asked is True else asked)
