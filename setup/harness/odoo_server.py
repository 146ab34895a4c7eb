"""Which Odoo runs: the one ODOO_BIN names, or Debian's, fetched into .build."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from shlex import quote
from typing import NamedTuple

from .console import say
from .debian import PrivateApt, Source, machine_sources, mirror, unpack
from .porting import PORTED_TO, WRITTEN_FOR
from .problem import Problem
from .python_env import make_venv
from .steps import BUILD, make_once, require_space

SERIES = (WRITTEN_FOR, PORTED_TO)
# The package's links to fonts and scripts lead into these.
BESIDE = (
    "fonts-glyphicons-halflings",
    "fonts-montserrat",
    "fonts-roboto-unhinted",
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
)
# The last suite whose Font Awesome is version 4, which Odoo's icons are from.
ICONS = ("trixie", "fonts-font-awesome/trixie")
# A fifth of the space and of the time to unpack is enough without them.
LEFT_OUT = ("*/addons/l10n_*", "*/i18n/*.po")
# Debian leaves this file out, which is not free enough; Odoo's pages report an error without it.
# It blurs backgrounds in video calls.
EMPTY = ("mail/static/lib/selfie_segmentation/selfie_segmentation.js",)
MODULES = "usr/lib/python3/dist-packages"
SPACE_GB = 3


class OdooServer(NamedTuple):
    command: tuple[str, ...]
    series: str
    # What tells one installation from another, to notice that it changed.
    identity: str


def from_odoo_bin(path: str) -> OdooServer:
    """The server that ODOO_BIN names, asked for its series."""
    found = shutil.which(path)
    if not found:
        problem = "can't be executed" if Path(path).exists() else "does not exist"
        raise Problem(f"ODOO_BIN={path} {problem}: set it to Odoo's server program, or unset it.")
    found = str(Path(found).absolute())
    try:
        answer = subprocess.run(
            [found, "--version"],
            capture_output=True,
            text=True,
            timeout=120,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Problem(f"ODOO_BIN={path} can't be asked for its version: {error}") from error
    series = read_series(answer.stdout)
    if series is None:
        said = (answer.stderr.strip() or answer.stdout.strip() or "nothing").splitlines()[-1]
        raise Problem(
            f"ODOO_BIN={path} is no Odoo server that works: to --version it says: {said}\n"
            "Set it to Odoo's server program, or unset it."
        )
    if series not in SERIES:
        raise Problem(
            f"ODOO_BIN={path} is Odoo {series}: only {' and '.join(SERIES)} are supported."
        )
    return OdooServer((found,), series, f"{found} {answer.stdout.strip()}")


def read_series(version: str) -> str | None:
    """`17.0` from `Odoo Server 17.0-20240709`."""
    found = re.search(r"^Odoo Server (?:saas~)?(\d+\.\d+)", version, re.M)
    return found and found[1]


def from_debian() -> OdooServer:
    """Debian's package of Odoo 19, with its Python packages from PyPI."""
    target = BUILD / "odoo-19"
    make_once(target, f"{BESIDE} {ICONS} {LEFT_OUT} {EMPTY}", _fetch_odoo)
    python = make_venv("odoo-19-python", "odoo-19", "Odoo's Python packages", pip_wheel)
    starter = target / "odoo"
    path, program = target / MODULES, target / "usr/bin/odoo"
    starter.write_text(
        "#!/bin/sh\n"
        f"export PYTHONPATH={quote(str(path))}\n"
        f'exec {quote(str(python))} {quote(str(program))} "$@"\n'
    )
    starter.chmod(0o755)
    return OdooServer((str(starter),), PORTED_TO, (target / "packages").read_text())


def _fetch_odoo(folder: Path) -> None:
    require_tools()
    require_space(SPACE_GB)
    say("Fetching Odoo 19 from Debian ...")
    address = mirror(machine_sources())
    suites = [Source(address, suite, ("main",)) for suite in ("unstable", ICONS[0])]
    apt = PrivateApt(BUILD / "apt-odoo", suites)
    packages = apt.fetch("Odoo 19", "download", "odoo-19/unstable", *BESIDE, ICONS[1])
    say("Unpacking Odoo 19 ...")
    for package in packages:
        unpack(package, folder, LEFT_OUT)
    for name in EMPTY:
        path = folder / MODULES / "odoo" / "addons" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (folder / "packages").write_text("\n".join(sorted(package.name for package in packages)))
    apt.forget()


def pip_wheel() -> Path:
    """pip as Debian packs it, for a Python without."""
    target = BUILD / "pip"

    def fetch(folder: Path) -> None:
        require_tools()
        say("Fetching pip from Debian ...")
        suites = [Source(mirror(machine_sources()), "unstable", ("main",))]
        apt = PrivateApt(BUILD / "apt-pip", suites)
        for package in apt.fetch("pip", "download", "python3-pip-whl"):
            unpack(package, folder)
        apt.forget()

    make_once(target, "", fetch)
    return next(target.glob("usr/share/python-wheels/pip-*.whl"))


def require_tools() -> None:
    for tool in ("apt-get", "dpkg-deb", "tar"):
        if not shutil.which(tool):
            raise Problem(
                f"{tool} is missing: what is fetched here comes from Debian's packages. "
                "Use Debian 12 or newer, or set ODOO_BIN and a Python with pip and venv."
            )


def find_odoo() -> OdooServer:
    path = os.environ.get("ODOO_BIN")
    return from_odoo_bin(path) if path else from_debian()
