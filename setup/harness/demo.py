"""./setup/demo: builds a database with the addons and shows them at work."""

import argparse
import re
import subprocess

from .console import run_command, say
from .environment import Environment
from .network import HOST, require_port
from .steps import LOGS, ROOT, end_with_parent, last_lines, locked

STORIES = ROOT / "setup" / "stories"
LOGIN = PASSWORD = "admin"
PORT = 8069


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
        database = env.databases.name("demo")
        env.build_database(database)
        page = tell_stories(env, database)
        if options.serve:
            return serve(env, database, options.port, page)
    print("\nTo look at it in a browser: ./setup/demo --serve", flush=True)
    return 0


def port_number(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text} is no port: give a number from 1 to 65535")
    return int(text)


def tell_stories(env: Environment, database: str) -> str:
    """Runs each addon's story; returns the page to open first, the first one a story names."""
    pages = []
    for addon in env.addons:
        script = STORIES / f"{addon}.py"
        if script.exists():
            say(f"Running {addon} on demo data ...")
            told = env.shell(database, script)
            pages += re.findall(r"^OPEN (\S+)$", told, re.M)
            print(re.sub(r"^OPEN .*\n?", "", told, flags=re.M), end="", flush=True)
    return pages[0] if pages else "/web"


def serve(env: Environment, database: str, port: int, page: str) -> int:
    """Keeps Odoo serving, with its job engine, until Ctrl-C."""
    log = LOGS / "serve.log"
    wide = (
        ["base", "web", "queue_job"]
        if env.server.series != "19.0"
        else ["base", "rpc", "web", "queue_job"]
    )
    server = subprocess.Popen(
        env.odoo(
            f"--http-port={port}",
            f"--load={','.join(wide)}",
            "--max-cron-threads=1",
            f"--db-filter=^{database}$",
            f"--logfile={log}",
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
    print(f"\nOdoo serves at  http://{HOST}:{port}")
    print(f"login, password {LOGIN}, {PASSWORD}")
    print(f"open first      http://{HOST}:{port}{page}")
    print("Ctrl-C stops it.", flush=True)
    try:
        server.wait()
    except KeyboardInterrupt:
        say("\nStopping ...")
        return 0
    finally:
        stop(server)
    print(f"Odoo ended by itself:\n{last_lines(log)}")
    return 1


def stop(server: subprocess.Popen) -> None:
    server.terminate()
    try:
        server.wait(20)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


if __name__ == "__main__":
    run_command(main)
