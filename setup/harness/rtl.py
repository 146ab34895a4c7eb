"""rtlcss, with which Odoo turns its pages around for languages that are read from right to left."""

import shutil
import subprocess
from pathlib import Path

from .console import say
from .problem import Problem
from .steps import BUILD, locked, make_once

PACKAGE = "rtlcss@4.3.0"


def folder_on_path() -> Path | None:
    """The folder to put on PATH for Odoo to find it; None where it finds one by itself, or where
    there is no npm to fetch it with."""
    if shutil.which("rtlcss") or not shutil.which("npm"):
        return None
    target = BUILD / "rtlcss"
    with locked("rtlcss"):
        make_once(target, PACKAGE, _fetch)
    return target / "node_modules" / ".bin"


def _fetch(folder: Path) -> None:
    say("Fetching rtlcss from npm ...")
    command = ["npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund", PACKAGE]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Problem(f"npm can't fetch {PACKAGE}:\n{done.stderr.strip()}")
