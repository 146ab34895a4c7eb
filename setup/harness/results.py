"""What a test run says: read from Odoo's log and pytest's report, held against the sources."""

import ast
import re
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

RECORD = re.compile(
    r"^\d{4}-\d\d-\d\d [\d:,]+ \d+ (?P<level>[A-Z]+) \S+ (?P<logger>\S+): (?P<text>.*?) *$"
)
TEST_MODULE = re.compile(r"odoo\.addons\.(\w+)\.tests\.(\w+)$")
STARTING = re.compile(r"Starting (\w+)\.(\w+) \.\.\.$")
SKIPPED = re.compile(r"skipped (\w+)\.(\w+) : (.*)$")
FAILING = re.compile(r"(?:FAIL|ERROR): (?:Subtest )?(\S+)")


class Test(NamedTuple):
    """One test method, wherever it is said or written."""

    addon: str
    file: str
    cls: str
    method: str

    def __str__(self) -> str:
        return f"{self.addon}/tests/{self.file}.py {self.cls}.{self.method}"


class Outcome:
    """How many tests passed, and one readable text for each that did not."""

    def __init__(self):
        self.passed = 0
        self.failures: list[str] = []

    def __iadd__(self, other: "Outcome") -> "Outcome":
        self.passed += other.passed
        self.failures += other.failures
        return self

    @property
    def summary(self) -> str:
        return f"{self.passed} passed, {len(self.failures)} failed"


class OdooLog:
    """The tests an Odoo's log tells of."""

    def __init__(self, text: str):
        self.started: set[Test] = set()
        self.skipped: dict[Test, str] = {}
        # Failing tests, and set-ups of classes, with all that was said about each.
        self.failing: dict[str, list[str]] = {}
        for level, logger, message in _records(text):
            self._read(level, logger, message)

    def _read(self, level: str, logger: str, message: str) -> None:
        first = message.split("\n", 1)[0]
        module = TEST_MODULE.match(logger)
        if module and (found := STARTING.match(first)):
            self.started.add(Test(*module.groups(), *found.groups()))
        elif module and (found := SKIPPED.match(first)):
            self.skipped[Test(*module.groups(), found[1], found[2])] = found[3]
        elif level == "ERROR" and (found := FAILING.match(first)):
            where = f"{module[1]}/tests/{module[2]}.py " if module else ""
            name = first.split(": ", 1)[1] if found[1] == "setUpClass" else found[1]
            self.failing.setdefault(where + name, []).append(message)

    def outcome(self, expected: set[Test]) -> Outcome:
        """Skipped tests, and expected ones that did not run, count as failed."""
        outcome = Outcome()
        for name, messages in self.failing.items():
            outcome.failures.append("\n".join([f"FAILED {name}", *map(_indented, messages)]))
        for test, reason in self.skipped.items():
            outcome.failures.append(f"SKIPPED {test}: {reason}")
        for test in sorted(expected - self.started - set(self.skipped)):
            if not any(f".{test.file}.{test.cls})" in name for name in self.failing):
                outcome.failures.append(f"DID NOT RUN {test}")
        bad = set(self.failing) | {str(test) for test in self.skipped}
        outcome.passed = sum(str(test) not in bad for test in self.started)
        return outcome


def _records(text: str):
    """Level, logger and message of each record; a message may have many lines."""
    record, lines = None, []
    for line in text.splitlines():
        found = RECORD.match(line)
        if not found:
            lines.append(line)
            continue
        if record:
            yield record["level"], record["logger"], "\n".join([record["text"], *lines])
        record, lines = found, []
    if record:
        yield record["level"], record["logger"], "\n".join([record["text"], *lines])


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.rstrip().splitlines())


def written_tests(addon: Path) -> set[Test]:
    """The test methods that an addon's test files hold.

    A class that others of the folder build on is a common ground, not expected to run by itself.
    """
    found, bases = set(), set()
    for path in sorted((addon / "tests").glob("*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef):
                bases |= {base.id for base in node.bases if isinstance(base, ast.Name)}
                found |= {
                    Test(addon.name, path.stem, node.name, method.name)
                    for method in node.body
                    if isinstance(method, ast.FunctionDef) and method.name.startswith("test_")
                }
    return {test for test in found if test.cls not in bases}


def pytest_outcome(report: Path) -> Outcome:
    """From pytest's report; a skipped test counts as failed."""
    outcome = Outcome()
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        name = f"{case.get('classname', '').replace('.', '/')}: {case.get('name')}"
        bad = [child for child in case if child.tag in ("failure", "error", "skipped")]
        if not bad:
            outcome.passed += 1
        for child in bad:
            what = "SKIPPED" if child.tag == "skipped" else "FAILED"
            said = child.get("message") if child.tag == "skipped" else child.text
            outcome.failures.append(f"{what} {name}\n{_indented(said or '')}")
    return outcome
