"""./setup/demo: builds a database with the addons and shows them at work."""

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import NamedTuple

from .console import run_command, say
from .environment import Environment
from .network import HOST, require_port
from .problem import Problem
from .steps import LOGS, ROOT, end_with_parent, last_lines, locked

STORIES = ROOT / "setup" / "stories"
ATTENDANCE_SERVER = ROOT / "spp_cycle_attendance_compliance" / "tests" / "attendance_server.py"
# Of whom it knows the attendance, and of how many days before today. Odoo's today is UTC's.
PERSONS, DAYS, SEED = 400, 30, 4
PORT = 8069
SERVE_LOG = LOGS / "serve.log"


class User(NamedTuple):
    """Whom to log in as; the password is the login."""

    login: str
    role: str


class Page(NamedTuple):
    """What a user may open first."""

    login: str
    path: str
    title: str


class Told(NamedTuple):
    users: list[User]
    pages: list[Page]


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="setup/demo",
        description="Builds a fresh database with the addons and demo data, runs the main jobs "
        "once on it, and prints what they did.",
        epilog="ODOO_BIN, ADDONS_PATH, PGHOST, PGPORT, PGUSER and PGPASSWORD name an Odoo, a "
        "platform and a database server of your own.",
    )
    parser.add_argument("--serve", action="store_true", help="keep Odoo serving afterwards")
    parser.add_argument(
        "--port", type=port_number, default=PORT, help="where it serves (default: %(default)s)"
    )
    options = parser.parse_args()
    if options.serve:
        require_port(options.port)
    with (
        Environment.prepare() as env,
        locked(f"demo-{env.name}", lambda: say("Another demo is running; waiting ...")),
    ):
        env.add_rtl()
        env.add_printer()
        database = env.databases.name("demo")
        env.build_database(database)
        with attendance_server() as arguments:
            told = tell_stories(env, database, arguments)
            if options.serve:
                return serve(env, database, options.port, told)
    print("\nTo look at it in a browser: ./setup/demo --serve", flush=True)
    return 0


def port_number(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text} is no port: give a number from 1 to 65535")
    return int(text)


@contextmanager
def attendance_server() -> Iterator[list[str]]:
    """Serves made-up attendance; gives its address, and the first and the last day of it."""
    today = datetime.now(timezone.utc).date()
    first, last = str(today - timedelta(days=DAYS)), str(today - timedelta(days=1))
    log = LOGS / "attendance-server.log"
    command = [sys.executable, str(ATTENDANCE_SERVER), "--people", str(PERSONS)]
    with (
        log.open("w") as errors,
        subprocess.Popen(
            [*command, "--seed", str(SEED), "--from", first, "--to", last],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            # Ctrl-C is for us: it answers as long as Odoo may ask.
            start_new_session=True,
            preexec_fn=end_with_parent,
        ) as server,
    ):
        try:
            started = re.match(r"serving (\S+)", server.stdout.readline())
            if not started:
                raise Problem(f"The attendance server does not start:\n{last_lines(log)}")
            say(f"An attendance server with the last {DAYS} days answers at {started[1]}")
            yield [started[1], first, last]
        finally:
            stop(server)


def tell_stories(env: Environment, database: str, arguments: list[str]) -> Told:
    """Runs the stories in the order of their names; returns whom they say to log in as, and what
    to open."""
    told = Told([], [])
    for script in sorted(STORIES.glob("[0-9]*.py")):
        say(f"\nRunning the {script.stem[2:]} story ...")
        text = env.shell(database, script, *arguments)
        told.users.extend(User(*found) for found in re.findall(r"^LOGIN (\S+) (.+)$", text, re.M))
        told.pages.extend(
            Page(*found) for found in re.findall(r"^OPEN (\S+) (\S+) (.+)$", text, re.M)
        )
        print(re.sub(r"^(OPEN|LOGIN) .*\n?", "", text, flags=re.M), end="", flush=True)
    return told


def serve(env: Environment, database: str, port: int, told: Told) -> int:
    """Keeps Odoo serving until Ctrl-C."""
    with served(env, database, port) as server:
        address = f"http://{HOST}:{port}"
        print(f"\nOdoo serves at {address}. Log in there; the password is the login.")
        for user in told.users:
            print(f"\n{user.login}  ({user.role})")
            for page in told.pages:
                if page.login == user.login:
                    print(f"  {address}{page.path}\n      {page.title}")
        print("\nCtrl-C stops it.", flush=True)
        try:
            server.wait()
        except KeyboardInterrupt:
            say("\nStopping ...")
            return 0
    print(f"Odoo ended by itself:\n{last_lines(SERVE_LOG)}")
    return 1


@contextmanager
def served(env: Environment, database: str, port: int) -> Iterator[subprocess.Popen]:
    """Odoo with its job engine, on a database."""
    server = subprocess.Popen(
        env.odoo(
            f"--http-port={port}",
            f"--load={env.server_wide('queue_job')}",
            "--max-cron-threads=1",
            f"--db-filter=^{database}$",
            f"--logfile={SERVE_LOG}",
            db=database,
        ),
        env=env.variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # Ctrl-C is for us, who end it and then the database server.
        start_new_session=True,
        preexec_fn=end_with_parent,
    )
    try:
        yield server
    finally:
        stop(server)


def stop(server: subprocess.Popen) -> None:
    server.terminate()
    try:
        server.wait(20)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


if __name__ == "__main__":
    run_command(main)
