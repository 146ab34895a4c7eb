"""./setup/bench: Runs a benchmark inside Odoo; what follows its name goes to the benchmark."""

import argparse

from .addons import needed_from_outside
from .console import run_command
from .environment import Environment
from .steps import ROOT, locked

SCRIPTS = ROOT / "setup" / "benchmarks"
# These compare with a database that has the platform only.
COMPARING = ("transactions",)
# What the platform's lists of transactions can't be opened without on Odoo 17.
SERVICE_POINTS = "spp_service_points"


def main() -> int:
    names = sorted(path.stem for path in SCRIPTS.glob("*.py"))
    parser = argparse.ArgumentParser(prog="setup/bench", description=__doc__.split(": ")[1])
    parser.add_argument("name", choices=names, help="which one")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    options, rest = parser.parse_known_args()
    arguments = [*(["--json"] if options.json else []), *rest]
    with Environment.prepare() as env, locked(f"bench-{env.name}"):
        database = env.databases.name("bench")
        env.build_database(database)
        add_service_points(env, database)
        if options.name in COMPARING:
            platform = env.databases.name("bench_platform")
            env.databases.copy(env.databases.platform(needed_from_outside(env.addons)), platform)
            add_service_points(env, platform)
            arguments += ["--platform-database", platform]
        return env.show_shell(database, SCRIPTS / f"{options.name}.py", *arguments)


def add_service_points(env: Environment, database: str) -> None:
    if any((folder / SERVICE_POINTS).is_dir() for folder in env.addons_path):
        env.install(database, [SERVICE_POINTS])


if __name__ == "__main__":
    run_command(main)
