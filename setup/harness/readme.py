"""./setup/readme: makes the addons' README.rst and index.html of the fragments in readme/."""

import argparse
import os
import subprocess

from .addons import our_addons
from .console import run_command, say
from .odoo_server import pip_wheel
from .problem import Problem
from .python_env import make_venv
from .steps import ROOT, disk_errors, locked


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="setup/readme",
        description="Makes README.rst and static/description/index.html of each addon: of its "
        "manifest and of the fragments in readme/, as OCA's generator does.",
    )
    parser.add_argument(
        "--check", action="store_true", help="end with 1 if that changed one of them"
    )
    options = parser.parse_args()
    with disk_errors(), locked("documents-python"):
        python = make_venv("documents-python", "documents", "pandoc and docutils", pip_wheel)
    command = [str(python), "-m", "harness.readme_writer"]
    made = subprocess.run(
        [*command, *(str(ROOT / addon) for addon in our_addons())],
        env={**os.environ, "PYTHONPATH": str(ROOT / "setup")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise Problem(f"{made.stderr.strip()}\nThe fragments can't be read: correct them.")
    changed = made.stdout.splitlines()
    for path in changed:
        say(f"made anew: {path}")
    return 1 if options.check and changed else 0


if __name__ == "__main__":
    run_command(main)
