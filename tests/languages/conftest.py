"""The demo, told in French, with Arabic beside it: once for all that is looked at in it."""

import contextlib
import io

import pytest
from languages.spoken import LANGUAGES, SCRIPTS

from harness.demo import attendance_server, tell_stories
from harness.network import free_port


@pytest.fixture(scope="session")
def demo(odoo_env, template):
    """Gives the demo's database, with everybody speaking French, and where it may be served."""
    odoo_env.add_browser()
    odoo_env.add_rtl()
    odoo_env.add_printer()
    database, port = odoo_env.databases.name("languages"), free_port()
    odoo_env.databases.copy(template, database)
    odoo_env.shell(database, SCRIPTS / "languages.py", *LANGUAGES)
    with attendance_server() as arguments, contextlib.redirect_stdout(io.StringIO()):
        tell_stories(odoo_env, database, arguments)
    yield database, port
    odoo_env.databases.drop(database)
