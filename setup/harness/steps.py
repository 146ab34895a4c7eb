"""Folders that are made once: half-made ones are thrown away, changed inputs make them anew."""

import ctypes
import errno
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .problem import Problem

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / ".build"
LOGS = BUILD / "logs"
LOCKS = ROOT / "setup" / "locks"
STAMP = ".made-from"
LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1


def digest(parts: Iterable[str | bytes | Path]) -> str:
    """One hash of texts and of files and folders with all that is in them."""
    total = hashlib.sha256()
    for part in parts:
        if isinstance(part, Path):
            for path in _files(part):
                total.update(f"{path.relative_to(part.parent)}\0".encode())
                total.update(path.read_bytes())
        else:
            total.update(part.encode() if isinstance(part, str) else part)
        total.update(b"\0")
    return total.hexdigest()


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return sorted(p for p in path.rglob("*") if p.is_file() and "__pycache__" not in p.parts)


def make_once(target: Path, key: str, build: Callable[[Path], None]) -> None:
    """Calls `build` with a fresh folder that becomes `target`, unless it was made from this key."""
    stamp = target / STAMP
    if stamp.is_file() and stamp.read_text() == key:
        return
    half_made = target.with_name(f"{target.name}.half-made")
    remove(half_made)
    half_made.mkdir(parents=True)
    build(half_made)
    (half_made / STAMP).write_text(key)
    remove(target)
    half_made.rename(target)


def remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def locked(name: str, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Holds a lock of the checkout: two commands at once don't build or use the same thing."""
    folder = BUILD / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / name).open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def require_space(gigabytes: float) -> None:
    """Refuses to begin what the disk has no room for."""
    free = shutil.disk_usage(BUILD).free / 1e9
    if free < gigabytes:
        raise Problem(
            f"About {gigabytes:g} GB are needed in {BUILD}, and {free:.1f} GB are free: "
            "make room on that disk, then run this again."
        )


@contextmanager
def disk_errors() -> Iterator[None]:
    """A disk that fills up meanwhile is said in a sentence as well."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise Problem(
            f"The disk that holds {BUILD} is full: make room, then run this again."
        ) from error


def end_with_parent() -> None:
    """For `preexec_fn`: a program we started does not outlive us, even when we are killed."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def run_logged(command: list[str], log: Path, advice: str, **options) -> None:
    """Runs a program with all it says in a log; failing, shows the end of it and the advice."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as output:
        try:
            code = subprocess.run(
                command,
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                preexec_fn=end_with_parent,
                check=False,
                **options,
            ).returncode
        except FileNotFoundError as error:
            raise Problem(f"The program {command[0]} is missing. {advice}") from error
    if code:
        raise Problem(f"{last_lines(log)}\n{advice}\nAll that was said is in {log}")


def last_lines(log: Path, count: int = 12) -> str:
    lines = log.read_text(errors="replace").splitlines()
    return "\n".join(f"  | {line}" for line in lines[-count:])


def folder_size(path: Path) -> int:
    """Bytes of the files in a folder that something else is writing to."""
    total = 0
    for folder, _folders, names in os.walk(path):
        for name in names:
            try:
                total += os.lstat(os.path.join(folder, name)).st_size
            except FileNotFoundError:
                continue
    return total
