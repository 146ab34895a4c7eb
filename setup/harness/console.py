"""What is said while working."""

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .problem import Problem

PROGRESS_SECONDS = 10


def say(text: str) -> None:
    print(text, flush=True)


@contextmanager
def progress(label: str, measure: Callable[[], str]) -> Iterator[None]:
    """Shows what `measure` says while the body runs: on one line, or now and then in a log."""
    terminal = sys.stdout.isatty()
    done = threading.Event()

    def show():
        shown = ""
        while not done.wait(0.5 if terminal else PROGRESS_SECONDS):
            text = measure()
            if text == shown:
                continue
            shown = text
            print(f"\r\033[K  {label}: {text}" if terminal else f"  {label}: {text}", end="")
            print("" if terminal else "\n", end="", flush=True)

    watcher = threading.Thread(target=show, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
        if terminal:
            print("\r\033[K", end="", flush=True)


def run_command(main: Callable[[], int]) -> None:
    """Ends the process with what `main` returns; a Problem is a sentence, never a traceback."""

    def interrupt(_signal, _frame):
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGHUP, interrupt)
    try:
        code = main()
    except Problem as problem:
        print(f"\n{problem}", file=sys.stderr)
        code = 1
    except PermissionError as error:
        print(
            f"\n{error.filename} is not open to you: run this as its owner, or remove it first.",
            file=sys.stderr,
        )
        code = 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        code = 130
    sys.exit(code)


def wait_until(ready: Callable[[], bool], seconds: float) -> bool:
    """Asks `ready` until it is, at most for so long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if ready():
            return True
        time.sleep(0.1)
    return False
