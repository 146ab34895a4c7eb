"""Programs from Debian's packages, unpacked privately with all that they need."""

from pathlib import Path
from shlex import quote

from .console import say
from .debian import PrivateApt, is_debian, machine_sources, unpack
from .odoo_server import require_tools
from .steps import BUILD, locked, make_once, require_space

STATUS = Path("/var/lib/dpkg/status")


def unpacked(name: str, label: str, path: str, gigabytes: float) -> Path:
    """The folder to put on PATH for a program to be found.

    :param name: of the package, and of the program
    :param label: what it is called where its progress is shown
    :param path: where the program lies in its package
    :param gigabytes: how much room it takes
    """
    target = BUILD / name

    def fetch(folder: Path) -> None:
        require_tools()
        require_space(gigabytes)
        say(f"Fetching {label} from Debian ...")
        sources = [source for source in machine_sources() if is_debian(source)]
        apt = PrivateApt(BUILD / f"apt-{name}", sources, installed=STATUS)
        for package in apt.fetch(label, "install", "--download-only", name):
            unpack(package, folder, without=("./usr/share/doc/*", "./usr/share/man/*"))
        apt.forget()
        (folder / "on-path").mkdir()
        (folder / "fonts.conf").write_text(_font_settings(target))
        starter = folder / "on-path" / name
        starter.write_text(_starter(target, folder, path))
        starter.chmod(0o755)

    with locked(name):
        make_once(target, str(target), fetch)
    return target / "on-path"


def _starter(home: Path, folder: Path, path: str) -> str:
    libraries = sorted({found.parent for found in folder.glob("**/lib*.so*")})
    places = ":".join(str(home / found.relative_to(folder)) for found in libraries)
    given = {"LD_LIBRARY_PATH": places, "FONTCONFIG_FILE": str(home / "fonts.conf")}
    for plugins in folder.glob("usr/lib/*/qt5/plugins"):
        given["QT_PLUGIN_PATH"] = str(home / plugins.relative_to(folder))
    exports = [f"export {key}={quote(value)}" for key, value in given.items()]
    return "\n".join(["#!/bin/sh", *exports, f'exec {quote(str(home / path))} "$@"', ""])


def _font_settings(home: Path) -> str:
    return f"""<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>/usr/share/fonts</dir>
  <dir>{home}/usr/share/fonts</dir>
  <cachedir>{home}/font-cache</cachedir>
</fontconfig>
"""
