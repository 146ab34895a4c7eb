"""Python packages from PyPI, pinned by the files in setup/locks, in folders of their own."""

import os
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from .console import progress, say
from .problem import Problem
from .steps import BUILD, LOCKS, LOGS, digest, end_with_parent, last_lines, make_once, run_logged

OFFLINE = (
    "Python packages could not be fetched. Check the network (and pip's own settings), "
    "then run this again: what has arrived is kept."
)


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
        _install(pip, ["--require-hashes", "-r", str(lock_file)], lock_file)

    make_once(target, digest([lock_file, sys.version]), build)
    return target / "bin" / "python"


def find_pip(pip_wheel: Callable[[], Path], python: Path = Path(sys.executable)) -> list[str]:
    """The command line of a pip that installs for `python`."""
    own = [str(python), "-m", "pip"]
    if subprocess.run([*own, "--version"], capture_output=True, check=False).returncode == 0:
        return own
    return [str(python), str(pip_wheel() / "pip")]


def install_into(folder: Path, lock: str, pip: list[str]) -> None:
    """The packages of a lock file as plain files in a folder, without what they depend on."""
    lock_file = LOCKS / f"{lock}.txt"
    arguments = ["--no-deps", "--target", str(folder), "--require-hashes", "-r", str(lock_file)]
    _install(pip, arguments, lock_file)


def _install(pip: list[str], arguments: list[str], lock_file: Path) -> None:
    log = LOGS / "pip.log"
    temporary = BUILD / "tmp"
    for folder in (log.parent, temporary):
        folder.mkdir(parents=True, exist_ok=True)
    total = sum("==" in line for line in lock_file.read_text().splitlines())

    def measure():
        return f"{log.read_text(errors='replace').count('Collecting ')} of {total} packages"

    command = [*pip, "install", "--no-input", "--disable-pip-version-check", *arguments]
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
            },
            preexec_fn=end_with_parent,
            check=False,
        ).returncode
    if code:
        raise Problem(f"{last_lines(log)}\n{OFFLINE}")
