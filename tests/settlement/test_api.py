"""Transactions come in over HTTP, from a service point; the nightly run settles what they say.

They come through the platform's own REST API where ADDONS_PATH has it, and through Odoo's external
API on the stand-ins: what is sent, and what has to come of it, is the same.
"""

import json
import os
import re
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen
from uuid import uuid4
from xmlrpc.client import Fault, ServerProxy

import pytest

from harness.addons import needed_from_outside
from harness.console import wait_until
from harness.demo import stop
from harness.environment import Environment
from harness.manifests import modules_in
from harness.network import HOST, free_port
from harness.steps import end_with_parent

HERE = Path(__file__).parent
ADDON, REST_API = "spp_auto_update_entitlements", "spp_api_records"
FIGURES = "concat_ws(' ', redeemed::float, entitlement_balance::float)"


class Kind(NamedTuple):
    """A kind of entitlement, and where transactions go in Odoo's way and in the platform's."""

    table: str
    model: str
    path: str


KINDS = {
    "cash": Kind("g2p_entitlement", "spp.entitlement.transactions", "CashEntitlement"),
    "goods": Kind(
        "g2p_entitlement_inkind", "spp.inkind.entitlement.transactions", "InKindEntitlement"
    ),
}
# Of an entitlement to 100, or to 10 kg: what is sent, what is then redeemed and left, and the state
# once that is settled; and the same of what is sent after the cycle has ended.
CASES = [
    ("cash", ("PURCHASE 40", "40 60", "parrdpd2ben"), ("VOID 40", "0 100", "approved")),
    ("cash", ("PURCHASE 40, PURCHASE 60", "100 0", "rdpd2ben"), ("", "100 0", "rdpd2ben")),
    (
        "cash",
        ("PURCHASE 70.25, PURCHASE 9, VOID 9", "70.25 29.75", "parrdpd2ben"),
        ("PURCHASE 29.75", "100 0", "rdpd2ben"),
    ),
    ("cash", ("", "0 100", "approved"), ("PURCHASE 100.5", "100.5 -0.5", "rdpd2ben")),
    ("goods", ("PURCHASE 4", "4 6", "parrdpd2ben"), ("VOID 4", "0 10", "approved")),
    ("goods", ("PURCHASE 2.5, PURCHASE 7.5", "10 0", "rdpd2ben"), ("", "10 0", "rdpd2ben")),
    ("goods", ("", "0 10", "approved"), ("PURCHASE 0.75", "0.75 9.25", "parrdpd2ben")),
]


def test_the_nightly_run_settles_what_a_service_point_sends(service_point):
    states = ["approved" for _case in CASES]
    for part in (1, 2):
        sent, figures, settled = zip(*(case[part] for case in CASES), strict=True)
        for entitlement, movements in zip(service_point.entitlements, sent, strict=True):
            service_point.send(*entitlement, movements)
        assert service_point.read(FIGURES) == [*figures]
        assert service_point.read("state") == states

        service_point.settle()
        states = [*settled]
        assert service_point.read(FIGURES) == [*figures]
        assert service_point.read("state") == states

    # All this with no more rights than it takes.
    for kind in KINDS.values():
        with pytest.raises(Fault, match="not allowed"):
            service_point.call(kind.model, "search", [])


@pytest.fixture
def service_point(odoo_env, database, monkeypatch, tmp_path):
    if not any(REST_API in modules_in(folder) for folder in odoo_env.addons_path):
        with serve(ServicePoint, odoo_env, database(), tmp_path) as service_point:
            yield service_point
        return
    # None of our addons needs the platform's REST API, and it can't answer by itself.
    monkeypatch.setenv("ADDONS_PATH", f"{os.environ['ADDONS_PATH']},{HERE / 'addons'}")
    with Environment.prepare() as env:
        name = database(env.databases.platform([*needed_from_outside([ADDON]), REST_API]))
        env.install(name, [ADDON])
        for key in ("PRIV", "PUB"):
            env.variables[f"SPP_OAUTH_RSA_{key}_KEY_PATH"] = str(tmp_path / key)
        with serve(RestServicePoint, env, name, tmp_path) as service_point:
            yield service_point


@contextmanager
def serve(service_point_class, env, name, folder):
    """A service point that knows its database, and a server that it reaches."""
    kinds = [case[0] for case in CASES]
    told = env.shell(name, HERE / "scripts" / "seed_service_point.py", *kinds)
    known = json.loads(re.search(r"^known:(.*)", told, re.M)[1])
    port, log = free_port(), folder / "server.log"
    options = [f"--http-port={port}", f"--load={env.server_wide()}", f"--logfile={log}"]
    server = subprocess.Popen(
        env.odoo(*options, f"--db-filter=^{name}$", db=name),
        env=env.variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=end_with_parent,
    )
    url = f"http://{HOST}:{port}"
    try:
        assert wait_until(lambda: answers(url), 60), log.read_text()
        yield service_point_class(env.databases, name, url, known)
    finally:
        stop(server)


def answers(url):
    try:
        with urlopen(f"{url}/web/login"):
            return True
    except URLError:
        return False


class ServicePoint:
    """Sends transactions in Odoo's way, by the name and password of its user.

    :param known: what ``seed_service_point.py`` says
    """

    def __init__(self, databases, name, url, known):
        self.databases, self.name, self.url, self.known = databases, name, url, known
        self.entitlements = known["entitlements"]

    def send(self, kind, entitlement_id, movements):
        """Send movements such as ``PURCHASE 40, VOID 5``."""
        for movement in filter(None, movements.split(", ")):
            transaction_type, measure = movement.split()
            vals = {
                **self.known["sent"],
                "entitlement_id": entitlement_id,
                "transaction_type": transaction_type,
                "transaction_uuid": str(uuid4()),
                "receipt_number": "R-1",
            }
            if kind == "cash":
                vals["amount_charged_by_service_point"] = float(measure)
            else:
                vals.update(self.known["sent_with_goods"], quantity=float(measure))
            self.deliver(kind, vals)

    def deliver(self, kind, vals):
        self.call(KINDS[kind].model, "create", [vals])

    def call(self, model, method, *arguments, by="service_point"):
        """Call a method as the service point's user, or as the administrator."""
        user_id, password = self.known["users"][by]
        server = ServerProxy(f"{self.url}/xmlrpc/2/object")
        return server.execute_kw(self.name, user_id, password, model, method, arguments)

    def settle(self):
        """Have the nightly run started by hand."""
        self.call("ir.cron", "method_direct_trigger", [self.known["cron_id"]], by="administrator")

    def read(self, columns):
        """What the database holds of each entitlement, in an SQL expression."""
        return [
            self.databases.sql(
                f"SELECT {columns} FROM {KINDS[kind].table} WHERE id = {entitlement_id}", self.name
            )
            for kind, entitlement_id in self.entitlements
        ]


class RestServicePoint(ServicePoint):
    """Sends transactions in the platform's way, by a token."""

    def deliver(self, kind, vals):
        form = urlencode({**vals, "request_id": uuid4()}).encode()
        url = f"{self.url}/api/spp_api/1/{KINDS[kind].path}"
        headers = {"Authorization": f"Bearer {self.known['token']}"}
        with urlopen(Request(url, form, headers)) as answer:
            assert answer.status == 201
