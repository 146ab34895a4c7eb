"""Everything that is needed to run Odoo with the addons, ready to use.

    with Environment.prepare() as env:
        env.build_database("spp_try")
        print(env.shell("spp_try", "script.py", "an argument"))

A prepared environment costs a few seconds when all is in place. Under `./setup/test` the
database server is the one that runs already.
"""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import browser, postgres, printer, rtl
from .addons import addons_path, needed_from_outside, our_addons, platform_folders, stand_ins
from .console import say
from .databases import Databases
from .from_pypi import PACKAGES_ADDON, OdooInside, bring_modules, bring_packages
from .odoo_server import OdooServer, find_odoo
from .porting import PORTED_TO, WRITTEN_FOR
from .problem import Problem
from .steps import BUILD, LOGS, digest, disk_errors, end_with_parent, last_lines, locked

HERE = Path(__file__).parent
# Feeds a script through Odoo's shell with its name, so that a traceback shows its lines.
START_SCRIPT = """
import sys
sys.argv = {argv!r}
with open({script!r}) as file:
    source = file.read()
exec(compile(source, {script!r}, "exec"), globals())
"""
# Odoo 19 reads these as options.
FOREIGN = re.compile(r"PYTHONPATH$|PGDATABASE$|ODOO_(?!BIN$)")


class Environment:
    """A prepared Odoo: its command, its addons, its database server."""

    def __init__(self, server: OdooServer, database: dict[str, str]):
        self.server = server
        self.addons = our_addons()
        self.databases = Databases(self, database)
        self.variables = {k: v for k, v in os.environ.items() if not FOREIGN.match(k)}
        self.variables.update(database)
        self.variables["HYPOTHESIS_STORAGE_DIRECTORY"] = str(BUILD / "hypothesis")
        # Two environments of different Odoos or platforms get along on one database server.
        platform = [stand_ins() or "", *map(str, platform_folders())]
        self.name = f"{server.series}-{digest([server.identity, *platform])[:6]}"
        # Apart from the final one: another command's Odoo may be reading that at this moment.
        self.config = BUILD / f"odoo-{self.name}-setup.conf"
        self.packages_addons: list[str] = []
        self._write_config([])
        inside = self._look_inside()
        self.python = inside.python
        self.addons_path = addons_path(server, self._upgrade)
        modules, packages = bring_modules(self.addons, self.addons_path, inside, server.series)
        self.addons_path += modules
        unmet = self._find_unmet(packages, inside)
        if unmet:
            target = BUILD / f"python-packages-{self.name}"
            self.addons_path.append(bring_packages(unmet, inside, target))
            self.packages_addons = [PACKAGES_ADDON]
        self.config = BUILD / f"odoo-{self.name}.conf"
        self._write_config([*self.addons_path, *inside.addons])

    @classmethod
    @contextmanager
    def prepare(cls) -> Iterator["Environment"]:
        """Brings what is missing and starts the database server for as long as it is used."""
        LOGS.mkdir(parents=True, exist_ok=True)
        with disk_errors():
            with locked("odoo", lambda: say("Another command is setting up; waiting for it ...")):
                server = find_odoo()
            with postgres.database_server() as database:
                yield cls(server, database)

    def _write_config(self, folders: list[Path]) -> None:
        lines = ["[options]", f"data_dir = {BUILD / 'odoo-data'}"]
        if folders:
            lines.append(f"addons_path = {','.join(map(str, folders))}")
        if self.server.series == WRITTEN_FOR:
            lines.append("without_demo = all")
        if self.packages_addons:
            lines.append(f"server_wide_modules = {self.server_wide()}")
        lines += ["http_interface = 127.0.0.1", "list_db = False", "max_cron_threads = 0"]
        lines += ["", "[queue_job]", "channels = root:2", ""]
        written = self.config.with_suffix(f".{os.getpid()}")
        written.write_text("\n".join(lines))
        written.replace(self.config)

    def server_wide(self, *modules: str) -> str:
        """What Odoo is to load before any database, these modules included."""
        rpc = ["rpc"] if self.server.series == PORTED_TO else []
        return ",".join(["base", *rpc, "web", *self.packages_addons, *modules])

    def _look_inside(self) -> OdooInside:
        answer = self.shell(None, HERE / "describe_script.py")
        said = json.loads(re.search(r"^description:(.*)", answer, re.M)[1])
        addons, python = map(Path, said["addons"]), Path(said["python"])
        return OdooInside(list(addons), python, said["path"], said["packages"])

    def _find_unmet(self, packages: dict[str, str], inside: OdooInside) -> dict[str, str]:
        """Those of the Python packages that Odoo lacks, each with who asks for it."""
        open_ones = [package for package in packages if inside.may_lack(package)]
        if not open_ones:
            return {}
        answer = self.shell(None, HERE / "unmet_script.py", *open_ones)
        unmet = json.loads(re.search(r"^unmet:(.*)", answer, re.M)[1])
        return {package: packages[package] for package in unmet}

    def _upgrade(self, folder: Path, series: str) -> None:
        self.shell(None, HERE / "upgrade_script.py", str(folder), series)

    def odoo(self, *arguments: str, db: str | None = None) -> list[str]:
        """A command line of Odoo, to be run with `env=self.variables`."""
        database = ["-d", db] if db else []
        return [*self.server.command, *arguments, "-c", str(self.config), *database]

    def shell_command(self, db: str | None, log: Path) -> list[str]:
        return self.odoo("shell", "--no-http", f"--logfile={log}", db=db)

    def shell(self, db: str | None, script: Path | str, *arguments: str) -> str:
        """What a Python script prints inside `odoo shell`; it has `env` and commits by itself."""
        process = self.popen_shell(db, script, *arguments)
        output, errors = process.communicate()
        if process.returncode:
            raise ShellFailed(script, process.returncode, output, errors)
        return output

    def popen_shell(self, db: str | None, script: Path | str, *arguments: str) -> subprocess.Popen:
        """The same, as a process that runs: to be watched, or killed."""
        log = LOGS / f"shell-{Path(script).stem}.log"
        start = START_SCRIPT.format(script=str(script), argv=[str(script), *arguments])
        process = subprocess.Popen(
            self.shell_command(db, log),
            env=self.variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        process.stdin.write(start)
        process.stdin.close()
        process.stdin = None
        return process

    def show_shell(self, db: str, script: Path, *arguments: str) -> int:
        """The same, with all it prints shown at once; returns its exit code."""
        command = self.shell_command(db, LOGS / f"shell-{script.stem}.log")
        start = START_SCRIPT.format(script=str(script), argv=[str(script), *arguments])
        return subprocess.run(
            command, env=self.variables, input=start, text=True, check=False
        ).returncode

    def run_odoo(self, log: Path, *arguments: str, db: str, failing: str) -> None:
        """Runs Odoo to its end; failing, says so with the end of its log."""
        log.unlink(missing_ok=True)
        command = self.odoo(f"--logfile={log}", "--stop-after-init", *arguments, db=db)
        code = subprocess.run(
            command,
            env=self.variables,
            stdin=subprocess.DEVNULL,
            stdout=(LOGS / "odoo-output.log").open("w"),
            stderr=subprocess.STDOUT,
            preexec_fn=end_with_parent,
            check=False,
        ).returncode
        if code:
            shown = log if log.is_file() else LOGS / "odoo-output.log"
            raise Problem(f"{failing}\n{last_lines(shown, 25)}\nThe whole log: {shown}")

    def build_database(self, name: str) -> None:
        """A fresh database with the platform and our addons, without tests run."""
        self.databases.copy(self.databases.platform(needed_from_outside(self.addons)), name)
        self.install(name, self.addons)

    def install(self, database: str, modules: list[str]) -> None:
        say(f"Installing {', '.join(modules)} ...")
        self.run_odoo(
            LOGS / f"install-{database}.log",
            "--no-http",
            "-i",
            ",".join(modules),
            db=database,
            failing=f"{', '.join(modules)} can't be installed:",
        )
        missing = set(modules) - self.databases.installed(database)
        if missing:
            raise Problem(
                f"Odoo did not install {', '.join(sorted(missing))}: "
                f"see {LOGS / f'install-{database}.log'}"
            )

    def add_browser(self) -> None:
        """Makes sure that Odoo's browser tests find Chromium."""
        for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
            self.variables[name] = str(BUILD / "browser-profile")
        self._add_to_path(browser.folder_on_path())

    def add_rtl(self) -> None:
        """Has Odoo turn pages around for Arabic, where that can be had."""
        self._add_to_path(rtl.folder_on_path())

    def add_printer(self) -> None:
        """Has Odoo make PDFs, where that can be had."""
        self.variables.update(printer.WITHOUT_SCREEN)
        self._add_to_path(printer.folder_on_path())

    def _add_to_path(self, folder: Path | None) -> None:
        if folder:
            self.variables["PATH"] = f"{folder}{os.pathsep}{self.variables.get('PATH', '')}"


class ShellFailed(Problem):
    """A script inside `odoo shell` ended with an error."""

    def __init__(self, script: Path | str, code: int, output: str, errors: str):
        super().__init__(f"{output}{errors}\n{Path(script).name} failed inside Odoo (code {code}).")
        self.code, self.output, self.errors = code, output, errors
