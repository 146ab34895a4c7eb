"""Chromium for Odoo's browser tests: the machine's, or Debian's unpacked privately."""

import shutil
from pathlib import Path
from shlex import quote

from .console import say
from .debian import PrivateApt, is_debian, machine_sources, unpack
from .odoo_server import require_tools
from .steps import BUILD, locked, make_once, require_space

# The names Odoo looks for.
NAMES = ("google-chrome", "chromium", "chromium-browser", "google-chrome-stable")
STATUS = Path("/var/lib/dpkg/status")


def folder_on_path() -> Path | None:
    """The folder to put on PATH for Odoo to find a browser; None where it finds one by itself."""
    if any(shutil.which(name) for name in NAMES):
        return None
    target = BUILD / "chromium"
    with locked("chromium"):
        make_once(target, str(target), _fetch)
    return target / "on-path"


def _fetch(folder: Path) -> None:
    require_tools()
    require_space(1.5)
    say("Fetching Chromium from Debian ...")
    sources = [source for source in machine_sources() if is_debian(source)]
    apt = PrivateApt(BUILD / "apt-chromium", sources, installed=STATUS)
    for package in apt.fetch("Chromium", "install", "--download-only", "chromium"):
        unpack(package, folder, without=("./usr/share/doc/*", "./usr/share/man/*"))
    apt.forget()
    (folder / "on-path").mkdir()
    (folder / "fonts.conf").write_text(_font_settings(BUILD / "chromium"))
    starter = folder / "on-path" / "chromium"
    starter.write_text(_starter(BUILD / "chromium", folder))
    starter.chmod(0o755)


def _starter(home: Path, unpacked: Path) -> str:
    libraries = sorted({path.parent for path in unpacked.glob("**/lib*.so*")})
    places = ":".join(str(home / path.relative_to(unpacked)) for path in libraries)
    lines = [
        "#!/bin/sh",
        f"export LD_LIBRARY_PATH={quote(places)}",
        f"export FONTCONFIG_FILE={quote(str(home / 'fonts.conf'))}",
        f'exec {quote(str(home / "usr/lib/chromium/chromium"))} "$@"',
    ]
    return "\n".join([*lines, ""])


def _font_settings(home: Path) -> str:
    return f"""<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>/usr/share/fonts</dir>
  <dir>{home}/usr/share/fonts</dir>
  <cachedir>{home}/font-cache</cachedir>
</fontconfig>
"""
