"""An attendance server to test against: real HTTP, and the classic server's contract.

Needs no Odoo. As a program it serves until it is ended: ``python attendance_server.py --help``.
In a test::

    people = {"NID1": [attendance(1, "2025-11-04")], "NID2": []}
    with AttendanceServer(people) as server:
        server.next("attendance", Fault.status(503), times=2)  # of attendance_faults.py
        ...  # ask server.url
        assert len(server.asked("attendance")) == 3
        server.people["NID1"].clear()  # withdrawn, for the requests to come
"""

import argparse
import json
import ssl
import sys
import threading
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

try:
    from .attendance_contract import Contract, Reply, Request, attendance, generate
except ImportError:  # as a program, or from a folder on the path
    from attendance_contract import Contract, Reply, Request, attendance, generate

__all__ = ["AttendanceServer", "attendance", "generate"]

PATHS = {
    "/auth/token": "token",
    "/attendance/types": "types",
    "/attendance/locations": "locations",
    "/attendances": "attendance",
}


class AttendanceServer(Contract):
    """Serves from the moment it is made until it is closed.

    :param certificate: a file with a key and its certificate, to speak HTTPS
    :param contract: whose attendance it is and how it is served, see `Contract`
    """

    def __init__(self, people, port=0, certificate=None, **contract):
        super().__init__(people, **contract)
        self.requests = []
        self.closing = threading.Event()
        self._faults = []
        self._lock = threading.Lock()
        self._http = _Listener(("127.0.0.1", port), _Handler)
        self._http.owner = self
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._http.socket = context.wrap_socket(self._http.socket, server_side=True)
        scheme = "https" if certificate else "http"
        self.url = f"{scheme}://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, args=(0.005,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.close()

    def close(self):
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()

    def next(self, call, fault, times=1):
        """Answer the next requests of a call (``token``, ``types``, ``locations`` or
        ``attendance``) with a fault. They queue up; ``times=None`` is for ever."""
        with self._lock:
            self._faults.append([call, fault, times])

    def forget_faults(self):
        """Answer as the contract says from now on."""
        with self._lock:
            self._faults.clear()

    def asked(self, call):
        """Return the requests of one call."""
        return [request for request in self.requests if request.call == call]

    def expire_tokens(self):
        self.tokens.clear()

    def answer(self, request) -> Reply:
        """Return what is scripted for this request, or else the contract's answer."""
        with self._lock:
            self.requests.append(request)
            row = next((row for row in self._faults if row[0] == request.call), None)
            if row and row[2] is not None:
                row[2] -= 1
                if not row[2]:
                    self._faults.remove(row)
        return row[1](request, self.respond) if row else self.respond(request)


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        # Clients that go away in the middle of an answer are what many faults are about.
        if isinstance(sys.exc_info()[1], OSError):
            return None
        return super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _handle(self):
        owner = self.server.owner
        text = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        try:
            body = json.loads(text)
        except ValueError:
            body = text
        parts = urlsplit(self.path)
        call, query = PATHS.get(parts.path), dict(parse_qsl(parts.query))
        headers = dict(self.headers)
        request = Request(call, self.command, parts.path, query, headers, body)
        reply = owner.answer(request)
        (reply.send or send)(self, reply)

    do_GET = do_POST = _handle

    def log_message(self, *args):
        """Keep quiet: the requests are in the server's list."""


def send(handler, reply):
    handler.send_response(reply.status)
    for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(reply.body)


def main():
    parser = argparse.ArgumentParser(description="Serves attendance by the classic contract.")
    parser.add_argument("--port", type=int, default=0, help="default: any that is free")
    parser.add_argument("--data", type=Path, help="a JSON file: people, types, locations")
    parser.add_argument("--client-id", default="client")
    parser.add_argument("--client-secret", default="secret")
    parser.add_argument("--auth-kind", choices=("json", "oauth2"), default="json")
    parser.add_argument("--people", type=int, default=100, help="how many to generate")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--from", dest="first", type=date.fromisoformat, default="2025-11-01")
    parser.add_argument("--to", dest="last", type=date.fromisoformat, default="2025-11-30")
    given = parser.parse_args()
    if given.data:
        data = json.loads(given.data.read_text())
    else:
        data = {"people": generate(given.people, given.seed, given.first, given.last)}
    credentials = {"client_id": given.client_id, "client_secret": given.client_secret}
    server = AttendanceServer(
        **data, **credentials, auth_kind=given.auth_kind, port=given.port, is_frozen=True
    )
    sys.stdout.write(f"serving {server.url}\n")
    sys.stdout.flush()
    try:
        server.closing.wait()
    except KeyboardInterrupt:
        server.close()


if __name__ == "__main__":
    main()
