"""What the tests outside of Odoo share: a prepared Odoo, and databases to throw away."""

import os
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "setup"))
sys.path.append(str(Path(__file__).parent))

from harness.environment import Environment
from harness.from_pypi import bring_test_packages
from harness.test import TEMPLATE_VARIABLE


@pytest.fixture(scope="session")
def odoo_env() -> Iterator[Environment]:
    with Environment.prepare() as env:
        yield env


@pytest.fixture(scope="session")
def packages_in_odoo(odoo_env: Environment) -> Path:
    """The folder of Hypothesis and PyYAML for Odoo's Python: to be given as an argument to a script
    that runs inside Odoo, which appends it to `sys.path`."""
    return bring_test_packages(odoo_env.python)


@pytest.fixture(scope="session")
def template(odoo_env: Environment) -> str:
    """The database with the addons installed: the one of ./setup/test, else one of our own."""
    given = os.environ.get(TEMPLATE_VARIABLE)
    if given and odoo_env.databases.exists(given):
        return given
    name = odoo_env.databases.name("template")
    odoo_env.build_database(name)
    return name


@pytest.fixture
def database(odoo_env: Environment, template: str) -> Iterator[Callable[..., str]]:
    """Makes copies of the template, or of another database, as many as a test asks for; they are
    dropped afterwards."""
    made = []
    numbers = count(1)

    def make(source: str = template) -> str:
        name = odoo_env.databases.name(f"try{os.getpid()}x{next(numbers)}")
        odoo_env.databases.copy(source, name)
        made.append(name)
        return name

    yield make
    for name in made:
        odoo_env.databases.drop(name)
