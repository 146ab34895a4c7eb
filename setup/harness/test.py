"""./setup/test: passes the test suite, Odoo's and pytest's."""

import argparse
import os
import subprocess
from pathlib import Path

from .addons import NEWEST, our_addons
from .console import progress, run_command, say
from .environment import Environment
from .network import free_port
from .odoo_server import pip_wheel
from .python_env import make_venv
from .results import OdooLog, Outcome, pytest_outcome
from .selection import Selection
from .steps import BUILD, LOGS, ROOT, disk_errors, end_with_parent, last_lines, locked

# Where pytest's tests find a database with the addons installed, to copy from.
TEMPLATE_VARIABLE = "HARNESS_TEMPLATE"


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="setup/test",
        description="Passes the test suite on a fresh database: Odoo's tests of the addons, then "
        "pytest's. Ends with `N passed, N failed`.",
        epilog="ODOO_BIN, ADDONS_PATH, PGHOST, PGPORT, PGUSER and PGPASSWORD name an Odoo, a "
        "platform and a database server of your own. PLATFORM=newest takes the stand-ins for the "
        "newest platform; without arguments and variables, Odoo's tests pass on both.",
    )
    parser.add_argument(
        "what",
        nargs="*",
        metavar="addon|file|tag",
        help="only these: an addon's name, a file of tests, a tag as Odoo writes them, "
        "such as :TestClass.test_method",
    )
    arguments = parser.parse_intermixed_args().what
    selection = Selection.of(arguments, our_addons(), Path.cwd())
    outcome = prepare_and_run(selection)
    if not (arguments or os.environ.get("ADDONS_PATH") or os.environ.get("PLATFORM")):
        os.environ["PLATFORM"] = NEWEST
        say("On the stand-ins for the newest platform:")
        newest = prepare_and_run(Selection(selection.tags, selection.expected))
        newest.failures = [f"PLATFORM={NEWEST}: {failure}" for failure in newest.failures]
        outcome += newest
    for failure in outcome.failures:
        print(f"\n{failure}")
    if not outcome.passed and not outcome.failures:
        print("\nNo test ran: that is no success.")
    print(f"\nLogs: {LOGS}")
    print(outcome.summary, flush=True)
    return 0 if outcome.passed and not outcome.failures else 1


def prepare_and_run(selection: Selection) -> Outcome:
    with (
        Environment.prepare() as env,
        locked(f"test-{env.name}", lambda: say("Another test run is under way; waiting ...")),
    ):
        return run_tests(env, selection)


def run_tests(env: Environment, selection: Selection) -> Outcome:
    outcome = Outcome()
    template = env.databases.name("template")
    if selection.tags or needs_database(selection.pytest):
        env.build_database(template)
    if selection.tags:
        env.add_browser()
        outcome += run_odoo_tests(env, selection, template)
    if selection.pytest:
        outcome += run_pytest(env, selection.pytest, template)
    return outcome


def needs_database(paths: list[str]) -> bool:
    """The harness's own tests do without."""
    return any(not path.startswith("tests/harness") for path in paths)


def run_odoo_tests(env: Environment, selection: Selection, template: str) -> Outcome:
    database, log = env.databases.name("test"), LOGS / f"test-{env.name}.log"
    env.databases.copy(template, database)
    log.unlink(missing_ok=True)
    command = env.odoo(
        "--test-enable",
        f"--test-tags={','.join(selection.tags)}",
        f"--update={','.join(env.addons)}",
        "--stop-after-init",
        f"--http-port={free_port()}",
        f"--logfile={log}",
        "--log-level=info",
        db=database,
    )

    def measure():
        return f"{log.read_text(errors='replace').count(': Starting ') if log.exists() else 0} run"

    say("Running Odoo's tests ...")
    output = LOGS / "odoo-output.log"
    with progress("Odoo's tests", measure), output.open("w") as said:
        code = subprocess.run(
            command,
            env=env.variables,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            preexec_fn=end_with_parent,
            check=False,
        ).returncode
    text = log.read_text(errors="replace") if log.exists() else ""
    read = OdooLog(text)
    outcome = read.outcome(selection.expected)
    if code and not outcome.failures:
        shown = log if text else output
        outcome.failures.append(f"FAILED Odoo ended with code {code}\n{last_lines(shown, 30)}")
    if not read.started:
        outcome.failures.append(f"NO TEST of Odoo's ran for {', '.join(selection.tags)}")
    env.databases.drop(database)
    return outcome


def run_pytest(env: Environment, paths: list[str], template: str) -> Outcome:
    with disk_errors(), locked("tests-python"):
        python = make_venv("tests-python", "tests", "pytest", pip_wheel)
    report, log = LOGS / f"pytest-{env.name}.xml", LOGS / f"pytest-{env.name}.log"
    report.unlink(missing_ok=True)
    say("Running pytest ...")
    with log.open("w") as output, progress("pytest", lambda: last_dots(log)):
        code = subprocess.run(
            [
                *(str(python), "-m", "pytest", "-q", *paths),
                f"--junitxml={report}",
                f"--basetemp={BUILD / 'pytest-tmp'}",
            ],
            cwd=ROOT,
            env={**env.variables, TEMPLATE_VARIABLE: template, **reported_environment()},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=end_with_parent,
            check=False,
        ).returncode
    outcome = pytest_outcome(report) if report.exists() else Outcome()
    if not outcome.failures and (code or not outcome.passed):
        outcome.failures.append(f"FAILED pytest ended with code {code}\n{last_lines(log, 30)}")
    return outcome


def reported_environment() -> dict[str, str]:
    """Which Odoo and platform pytest's tests are to prepare: the same as here."""
    return {name: os.environ[name] for name in ("ODOO_BIN", "ADDONS_PATH") if name in os.environ}


def last_dots(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return lines[-1] if lines else "starting"


if __name__ == "__main__":
    run_command(main)
