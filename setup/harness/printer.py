"""wkhtmltopdf, with which Odoo makes PDFs: the machine's, or Debian's unpacked privately."""

import shutil
from pathlib import Path

from .console import say
from .problem import Problem
from .unpacked import unpacked

NAME = "wkhtmltopdf"
# Debian's draws with Qt 5, which asks for a screen unless it is told otherwise.
WITHOUT_SCREEN = {"QT_QPA_PLATFORM": "offscreen"}


def folder_on_path() -> Path | None:
    """The folder to put on PATH for Odoo to find it; None where it finds one by itself, or where
    none can be had: Odoo shows pages of HTML then."""
    if shutil.which(NAME):
        return None
    try:
        return unpacked(NAME, NAME, f"usr/bin/{NAME}", 0.3)
    except (Problem, OSError) as problem:
        say(f"There will be no PDFs, for {NAME} can't be had: {' '.join(str(problem).split())}")
        return None
