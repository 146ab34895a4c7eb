"""Chromium for Odoo's browser tests: the machine's, or Debian's unpacked privately."""

import shutil
from pathlib import Path

from .unpacked import unpacked

# The names Odoo looks for.
NAMES = ("google-chrome", "chromium", "chromium-browser", "google-chrome-stable")


def folder_on_path() -> Path | None:
    """The folder to put on PATH for Odoo to find a browser; None where it finds one by itself."""
    if any(shutil.which(name) for name in NAMES):
        return None
    return unpacked("chromium", "Chromium", "usr/lib/chromium/chromium", 1.5)
