"""Python packages from PyPI in folders of their own: pinned by the files in setup/locks, or not."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from .console import progress, say
from .problem import Problem
from .steps import BUILD, LOCKS, LOGS, digest, end_with_parent, last_lines, make_once, run_logged

OFFLINE = (
    "Python packages could not be fetched. Check the network (and pip's own settings), "
    "then run this again: what has arrived is kept."
)
# What pip notes when it could not ask, after which it takes the package for one that is not there.
UNREACHED = re.compile(r"Could not fetch URL (?!.*: 404 )|not a trusted or secure host")


class NotThere(Problem):
    """PyPI has no such package, none of that version, or none for that Python."""


class NoVersionFits(Problem):
    """The package asks for other versions of what Python has already."""


def make_venv(name: str, lock: str, label: str, pip_wheel: Callable[[], Path]) -> Path:
    """A virtual environment with what a lock file names; returns its Python.

    `pip_wheel` is asked for pip where this Python comes without, as Debian's does.
    """
    target = BUILD / name
    lock_file = LOCKS / f"{lock}.txt"

    def build(folder: Path) -> None:
        say(f"Fetching {label} from PyPI ...")
        with_pip = find_spec("ensurepip") is not None
        options = [] if with_pip else ["--without-pip"]
        command = [sys.executable, "-m", "venv", *options, str(folder)]
        run_logged(command, LOGS / "venv.log", "Python's own module venv is needed.")
        pip = find_pip(pip_wheel, folder / "bin" / "python")
        total = sum("==" in line for line in lock_file.read_text().splitlines())
        _install(pip, from_lock(lock_file), total)

    make_once(target, digest([lock_file, sys.version]), build)
    return target / "bin" / "python"


@cache
def find_pip(pip_wheel: Callable[[], Path], python: Path = Path(sys.executable)) -> list[str]:
    """The command line of a pip that installs for `python`."""
    own = [str(python), "-m", "pip"]
    if subprocess.run([*own, "--version"], capture_output=True, check=False).returncode == 0:
        return own
    return [str(python), str(pip_wheel() / "pip")]


def from_lock(lock_file: Path) -> list[str]:
    """What to tell pip for it to install all that a lock file names, and only that."""
    return ["--require-hashes", "-r", str(lock_file)]


def install_into(folder: Path, pip: list[str], packages: list[str]) -> None:
    """Packages, as pip is told of them, as plain files in a folder: without what they depend on."""
    _install(pip, ["--no-deps", "--target", str(folder), *packages])


def resolve(pip: list[str], package: str, there: dict[str, str], path: list[str]) -> dict[str, str]:
    """The versions of a package, and of what it needs, that a Python lacks.

    :param pip: runs in that Python
    :param there: the versions that must stay as they are
    :param path: where that Python looks for packages
    """
    report, fixed = BUILD / "tmp" / "pip-report.json", BUILD / "tmp" / "pip-fixed.txt"
    fixed.parent.mkdir(parents=True, exist_ok=True)
    fixed.write_text("\n".join(f"{name}=={version}" for name, version in there.items()))
    options = ["--dry-run", "--report", str(report), "--constraint", str(fixed)]
    _install(pip, [*options, package], PYTHONPATH=os.pathsep.join(path))
    found = (item["metadata"] for item in json.loads(report.read_text())["install"])
    return {metadata["name"]: metadata["version"] for metadata in found}


def _install(pip: list[str], arguments: list[str], total: int = 0, **variables: str) -> None:
    log, notes = LOGS / "pip.log", LOGS / "pip-notes.log"
    temporary = BUILD / "tmp"
    for folder in (log.parent, temporary):
        folder.mkdir(parents=True, exist_ok=True)
    notes.unlink(missing_ok=True)

    def measure():
        arrived = log.read_text(errors="replace").count("Collecting ")
        return f"{arrived} of {total} packages" if total else f"{arrived} so far"

    command = [*pip, "install", "--no-input", "--disable-pip-version-check"]
    command += ["--log", str(notes), *arguments]
    with log.open("w") as output, progress("Python packages", measure):
        code = subprocess.run(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env={
                **os.environ,
                "PIP_CACHE_DIR": str(BUILD / "cache"),
                "PIP_ROOT_USER_ACTION": "ignore",
                # What a killed pip leaves behind lies with everything generated.
                "TMPDIR": str(temporary),
                **variables,
            },
            preexec_fn=end_with_parent,
            check=False,
        ).returncode
    if code:
        kind = _kind_of_failure(log.read_text(errors="replace"), notes.read_text(errors="replace"))
        raise kind(f"{last_lines(log)}\n{OFFLINE}")


def _kind_of_failure(said: str, noted: str) -> type[Problem]:
    """By what pip says in the end, and by what it notes on its way there."""
    if UNREACHED.search(noted):
        return Problem
    if "ResolutionImpossible" in said:
        return NoVersionFits
    return NotThere if "No matching distribution found" in said else Problem
