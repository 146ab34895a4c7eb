"""The client and the server that it is tested against, found without importing Odoo."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

# The addon itself imports Odoo, so what needs none is found beside its __init__.py.
sys.path.insert(0, str(Path(__file__).parents[2] / "spp_cycle_attendance_compliance"))
sys.path.insert(0, str(Path(__file__).parents[2] / "spp_cycle_attendance_compliance" / "tests"))
sys.path.insert(0, str(Path(__file__).parent))

from attendance_server import AttendanceServer, attendance
from connector import AttendanceClient, Limits, ServerSettings
from samples import NOVEMBER, SECRET


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in os.environ:
        if name.lower().endswith("_proxy") or name.endswith("_CA_BUNDLE"):
            monkeypatch.delenv(name)


@pytest.fixture
def people() -> dict[str, list[dict]]:
    """Five persons; the last one was never there."""
    return {
        "P1": [attendance(11, "2026-11-04"), attendance(12, "2026-11-05", location_id=2)],
        "P2": [attendance(21, "2026-11-04", category="absent"), attendance(22, "2026-11-06", 2)],
        "P3": [attendance(31, "2026-11-30", None, None)],
        "P4": [attendance(41, "2026-11-01"), attendance(42, "2026-11-01", time="14:30:00")],
        "P5": [],
    }


@pytest.fixture
def serve() -> Iterator[Callable[..., AttendanceServer]]:
    """Makes servers, and closes them."""
    servers = []

    def make(people, **options) -> AttendanceServer:
        servers.append(AttendanceServer(people, client_secret=SECRET, **options))
        return servers[-1]

    yield make
    for server in servers:
        server.close()


@pytest.fixture
def server(serve, people) -> AttendanceServer:
    return serve(people)


@pytest.fixture
def pauses() -> list[float]:
    """The seconds that clients waited between their tries; they don't really wait."""
    return []


@pytest.fixture
def connect(pauses) -> Iterator[Callable[..., AttendanceClient]]:
    """Makes clients of a server or a URL: limits and settings by their names."""
    clients = []

    def make(server, clock=None, **values) -> AttendanceClient:
        limits = {
            name: values.pop(name) for name in list(values) if name in Limits.__dataclass_fields__
        }
        named = {"client_id": "client", "client_secret": SECRET, **values}
        settings = ServerSettings(getattr(server, "url", server), **named)
        options = {"clock": clock} if clock else {}
        client = AttendanceClient(settings, Limits(**limits), pauses.append, **options)
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def client(connect, server) -> AttendanceClient:
    return connect(server)


@pytest.fixture
def ask() -> Callable:
    """Asks a client about persons and returns the one answer."""

    def ask(client, person_ids=("P1", "P2", "P3"), question=NOVEMBER, **known):
        (answer,) = client.fetch_attendance(person_ids, question, **known)
        return answer

    return ask
