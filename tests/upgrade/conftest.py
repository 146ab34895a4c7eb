"""Databases of the earlier modules, made by the real ones or of the facts about them."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "spp_cycle_attendance_compliance" / "tests"))
sys.path.insert(0, str(Path(__file__).parent))

from attendance_server import AttendanceServer, attendance
from earlier import EARLIER_PATH, Earlier


@pytest.fixture(scope="session")
def server():
    """Knows Ana's days, two of which the old database has, and one that Cleo's old ID names."""
    people = {
        "ID-1": [attendance(10 + day, f"2026-01-{day + 4:02}") for day in (1, 2, 3, 4)],
        "ID-2": [],
        "OLD-9": [attendance(31, "2026-01-05")],
    }
    server = AttendanceServer(people)
    yield server
    server.close()


@pytest.fixture(scope="session", params=["facts", *(["real"] if EARLIER_PATH else [])])
def earlier(request, odoo_env, server):
    """A database of the earlier modules in use, and what it held."""
    earlier = Earlier(odoo_env, is_real=request.param == "real")
    try:
        earlier.make(server.url)
        yield earlier
    finally:
        earlier.drop_all()
