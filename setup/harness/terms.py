"""./setup/terms: writes what is to be translated, and brings it into each language's file."""

import argparse

from .console import run_command
from .environment import HERE, Environment
from .porting import WRITTEN_FOR
from .problem import Problem
from .steps import ROOT, locked


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="setup/terms",
        description="Writes i18n/*.pot of each addon as Odoo exports it, and brings its terms into "
        "the .po of each language. What is to be translated then is empty there, and the hook "
        "“translations” names it; a term that is gone is deleted.",
        epilog=f"It needs an Odoo {WRITTEN_FOR} and a platform: ODOO_BIN and ADDONS_PATH.",
    )
    parser.parse_args()
    with Environment.prepare() as env:
        if env.server.series != WRITTEN_FOR:
            raise Problem(f"Terms are those of Odoo {WRITTEN_FOR}: name one with ODOO_BIN.")
        with locked(f"terms-{env.name}", lambda: None):
            database = env.databases.name("terms")
            env.build_database(database)
            for addon in env.addons:
                print(
                    env.shell(database, HERE / "terms_script.py", addon, str(ROOT / addon)), end=""
                )
            env.databases.drop(database)
    return 0


if __name__ == "__main__":
    run_command(main)
