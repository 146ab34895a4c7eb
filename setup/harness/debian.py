"""Debian packages, fetched and unpacked privately: no root, nothing installed on the system.

The mirror is the one the machine's own apt uses; only the suite differs.
"""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from .console import progress
from .problem import Problem
from .steps import LOGS, end_with_parent, folder_size, remove, run_logged

APT = Path("/etc/apt")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
# The archive's own suites: a bare name. Points and security archives have a dash or a slash.
SUITE = re.compile(r"[a-z]+$")
OFFLINE = (
    "Debian's packages could not be fetched. Check the network (and apt's own settings), "
    "then run this again: it goes on where it stopped."
)


class Source(NamedTuple):
    uri: str
    suite: str
    components: tuple[str, ...]


def parse_one_line(text: str) -> Iterator[Source]:
    """Sources in the old form: `deb [options] uri suite components`."""
    for line in text.splitlines():
        found = re.match(r"deb\s+(?:\[[^]]*\]\s*)?(\S+)\s+(\S+)\s*([^#]*)", line.strip())
        if found:
            yield Source(found[1], found[2], tuple(found[3].split()))


def parse_deb822(text: str) -> Iterator[Source]:
    """Sources in the new form: paragraphs of fields."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    for paragraph in re.split(r"\n\s*\n", "\n".join(lines)):
        fields = {
            name.lower(): value.split()
            for name, value in re.findall(r"^([\w-]+):((?:.*)(?:\n[ \t]+.*)*)", paragraph, re.M)
        }
        if "deb" not in fields.get("types", ()) or fields.get("enabled") == ["no"]:
            continue
        for uri in fields.get("uris", ()):
            for suite in fields.get("suites", ()):
                yield Source(uri, suite, tuple(fields.get("components", ())))


def machine_sources(folder: Path = APT) -> list[Source]:
    sources = []
    for path in [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*"))]:
        if path.is_file() and path.suffix in (".list", ".sources"):
            parse = parse_deb822 if path.suffix == ".sources" else parse_one_line
            sources += parse(path.read_text(errors="replace"))
    return sources


def is_debian(source: Source) -> bool:
    """Whether a source is Debian's own archive or its security archive."""
    return "debian" in source.uri and "main" in source.components and "://cdrom" not in source.uri


def mirror(sources: list[Source]) -> str:
    """The address of Debian's main archive among the sources."""
    for source in sources:
        if is_debian(source) and SUITE.match(source.suite) and "security" not in source.uri:
            return source.uri
    raise Problem(
        "This machine's apt has no source of Debian's main archive, which Odoo is taken from: "
        "add one to /etc/apt/sources.list, or set ODOO_BIN to an Odoo server of your own."
    )


class PrivateApt:
    """apt-get with lists and cache of its own in `folder`, for the given sources."""

    def __init__(self, folder: Path, sources: list[Source], installed: Path | None = None):
        """`installed`: a dpkg status file whose packages count as there already."""
        self.folder = folder
        for name in ("lists/partial", "archives/partial", "nothing/partial", "state", "parts"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        if not KEYRING.is_file():
            raise Problem(
                f"Debian's archive keyring is missing at {KEYRING}: "
                "apt-get install debian-archive-keyring."
            )
        lines = [
            f"deb [signed-by={KEYRING}] {uri} {suite} {' '.join(components)}\n"
            for uri, suite, components in sources
        ]
        (folder / "sources.list").write_text("".join(lines))
        status = installed or folder / "status"
        if installed is None:
            status.touch()
        (folder / "apt.conf").write_text(self._settings(status))

    def _settings(self, status: Path) -> str:
        folder = self.folder
        return "".join(
            f"{line};\n"
            for line in (
                f'Dir::Etc::sourcelist "{folder}/sources.list"',
                f'Dir::Etc::sourceparts "{folder}/parts"',
                f'Dir::Etc::preferencesparts "{folder}/parts"',
                f'Dir::Etc::preferences "{folder}/no-preferences"',
                f'Dir::State "{folder}/state"',
                f'Dir::State::Lists "{folder}/lists"',
                f'Dir::State::status "{status}"',
                f'Dir::Cache "{folder}"',
                f'Dir::Cache::Archives "{folder}/archives"',
                # The machine's hooks write outside of this folder.
                "#clear APT::Update::Post-Invoke",
                "#clear APT::Update::Post-Invoke-Success",
                "#clear DPkg::Pre-Install-Pkgs",
                "#clear Acquire::IndexTargets::deb::DEP-11",
                'Acquire::Languages "none"',
                # root's downloads would be written by a user who can't reach this folder.
                'APT::Sandbox::User "root"',
                'APT::Install-Recommends "false"',
                'APT::Update::Error-Mode "any"',
                'Debug::NoLocking "true"',
            )
        )

    def _command(self, *arguments: str) -> list[str]:
        return ["apt-get", "-q", "-y", "-c", str(self.folder / "apt.conf"), *arguments]

    def fetch(self, label: str, *arguments: str) -> list[Path]:
        """Runs `apt-get <arguments>` that downloads, with its progress; returns the packages."""
        log = LOGS / "apt.log"
        run_logged(self._command("update"), log, OFFLINE)
        archives = self.folder / "archives"
        wanted = self._promised(*arguments)

        def measure():
            return f"{folder_size(archives) / 1e6:.0f} of {sum(wanted.values()) / 1e6:.0f} MB"

        with progress(label, measure):
            run_logged(self._command(*arguments), log, OFFLINE, cwd=archives)
        return [archives / name for name in wanted]

    def _promised(self, *arguments: str) -> dict[str, int]:
        """File names and sizes of all that the same command needs.

        apt leaves out what it finds in its cache, so here the cache is an empty one.
        """
        nothing = self.folder / "nothing"
        answer = subprocess.run(
            self._command("-o", f"Dir::Cache::Archives={nothing}", "--print-uris", *arguments),
            cwd=nothing,
            capture_output=True,
            text=True,
            check=False,
        )
        lines = re.findall(r"^'\S+' (\S+) (\d+) ", answer.stdout, re.M)
        if answer.returncode or not lines:
            raise Problem(f"apt-get has no answer: {answer.stderr.strip()}\n{OFFLINE}")
        return {name: int(size) for name, size in lines}

    def forget(self) -> None:
        """Gives back the disk space of the lists and packages."""
        remove(self.folder)


def unpack(package: Path, target: Path, without: tuple[str, ...] = ()) -> None:
    """Unpacks a .deb, leaving out what the shell patterns match."""
    excluded = [f"--exclude={pattern}" for pattern in without]
    read = ["dpkg-deb", "--fsys-tarfile", str(package)]
    with subprocess.Popen(read, stdout=subprocess.PIPE, preexec_fn=end_with_parent) as deb:
        tar = ["tar", "-x", "--no-same-owner", "-C", str(target), *excluded]
        failed = subprocess.run(
            tar,
            stdin=deb.stdout,
            capture_output=True,
            text=True,
            preexec_fn=end_with_parent,
            check=False,
        )
    if deb.returncode or failed.returncode:
        raise Problem(
            f"{package.name} can't be unpacked: {failed.stderr.strip()}\n"
            f"Remove {package} and run this again."
        )
