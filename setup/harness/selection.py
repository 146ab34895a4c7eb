"""Which tests the arguments of ./setup/test ask for."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from .problem import Problem
from .results import Test, written_tests
from .steps import ROOT

TAG = re.compile(r"(/(?P<addon>\w+)(/[\w/]+\.py)?)?(:\w+)?(\.\w+)?")


@dataclass
class Selection:
    """Odoo's test tags, the tests that must run for them, and pytest's arguments."""

    tags: list[str] = field(default_factory=list)
    expected: set[Test] = field(default_factory=set)
    pytest: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, arguments: list[str], addons: list[str], here: Path) -> "Selection":
        """Everything when there are no arguments; `here` is where relative paths start."""
        selection = cls()
        if not arguments:
            for addon in addons:
                selection._add_addon(addon)
            selection.pytest = ["tests"]
        for argument in arguments:
            selection._add(argument, addons, here)
        return selection

    def _add(self, argument: str, addons: list[str], here: Path) -> None:
        name = argument.rstrip("/")
        paths = ((folder / name).resolve() for folder in (here, ROOT))
        path = next((p for p in paths if p.exists() and p.is_relative_to(ROOT)), None)
        if path and path.parent == ROOT and path.name in addons:
            self._add_addon(path.name)
        elif path:
            self._add_path(path.relative_to(ROOT), addons)
        elif (tag := TAG.fullmatch(argument)) and tag["addon"] in (None, *addons):
            self.tags.append(argument)
        else:
            raise Problem(
                f"{argument} is no addon of this checkout ({', '.join(addons)}), no file of tests, "
                "and no tag as Odoo writes them (:Class.method, /addon:Class, .method)."
            )

    def _add_addon(self, addon: str) -> None:
        self.tags.append(f"/{addon}")
        self.expected |= written_tests(ROOT / addon)
        if (ROOT / "tests" / addon).is_dir():
            self.pytest.append(f"tests/{addon}")

    def _add_path(self, path: Path, addons: list[str]) -> None:
        if path.parts[:1] == ("tests",):
            self.pytest.append(str(path))
        elif path.parts and path.parts[0] in addons and path.match("*/tests/*.py"):
            self.tags.append(f"/{path}")
            written = written_tests(ROOT / path.parts[0])
            self.expected |= {test for test in written if test.file == path.stem}
        else:
            raise Problem(f"{path} holds no tests: give a file below tests/ or <addon>/tests/.")
