"""What an attendance server, or the network before it, can do wrong: see `Fault`.

A fault is a function of the request and of the contract's answer to it (`respond`); it returns
what is sent instead.
"""

import gzip
import json
import socket
import struct
import zlib


class Fault:
    """Faults to be given to `AttendanceServer.next`."""

    # --- other answers -----------------------------------------------------------------------

    @staticmethod
    def status(status, body=b"", **headers):
        """Another status: an error, a redirect (``Location=...``), ``Retry_After="1"``."""
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return lambda request, respond: respond(request)._replace(
            status=status, body=body, headers=headers
        )

    @staticmethod
    def body(body):
        """A good status with another body: a web page, broken JSON, a list, nothing."""
        return Fault.status(200, body)

    @staticmethod
    def echo(status):
        """An error that shows the request, with all its secrets, back."""

        def fault(request, respond):
            shown = {"body": request.body, "headers": request.headers}
            payload = {"error": {"code": status, "message": f"Can't serve {json.dumps(shown)}"}}
            return Fault.status(status, payload)(request, respond)

        return fault

    # --- the same answer, badly sent ---------------------------------------------------------

    @staticmethod
    def hang():
        """No answer until the server is closed."""
        return _send(lambda handler, reply: handler.server.owner.closing.wait())

    @staticmethod
    def drop():
        """The connection closed without an answer."""
        return _send(lambda handler, reply: None)

    @staticmethod
    def drip(seconds=0.05, is_all=False):
        """A byte of the body at a time; with `is_all`, of the headers too."""

        def send(handler, reply):
            head = _head(handler, reply, **{"Content-Length": len(reply.body)})
            if not is_all:
                handler.wfile.write(head)
            for number in head + reply.body if is_all else reply.body:
                handler.wfile.write(bytes([number]))
                if handler.server.owner.closing.wait(seconds):
                    break

        return _send(send)

    @staticmethod
    def short():
        """A body that ends before its Content-Length."""

        def send(handler, reply):
            head = _head(handler, reply, **{"Content-Length": len(reply.body)})
            handler.wfile.write(head + reply.body[: len(reply.body) // 2])

        return _send(send)

    @staticmethod
    def short_chunk():
        """A chunked body that ends within a chunk."""

        def send(handler, reply):
            half = reply.body[: len(reply.body) // 2]
            head = _head(handler, reply, **{"Transfer-Encoding": "chunked"})
            handler.wfile.write(b"%s%x\r\n%s" % (head, len(reply.body), half))

        return _send(send)

    @staticmethod
    def reset():
        """A connection that is reset in mid body."""

        def send(handler, reply):
            head = _head(handler, reply, **{"Content-Length": len(reply.body)})
            handler.wfile.write(head + reply.body[: len(reply.body) // 2])
            at_once = struct.pack("ii", 1, 0)
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)

        return _send(send)

    @staticmethod
    def compressed(is_chunked=False, part=1.0):
        """The answer compressed, in chunks, or only a part of it."""

        def send(handler, reply):
            body = gzip.compress(reply.body)
            body = body[: int(len(body) * part)]
            headers = {"Content-Encoding": "gzip"}
            if is_chunked:
                headers["Transfer-Encoding"] = "chunked"
                body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
            else:
                headers["Content-Length"] = len(body)
            handler.wfile.write(_head(handler, reply, **headers) + body)

        return _send(send)

    @staticmethod
    def bomb(size):
        """A small body that becomes `size` bytes when it is decompressed."""

        def send(handler, reply):
            packer = zlib.compressobj(9, wbits=31)
            handler.wfile.write(_head(handler, reply, **{"Content-Encoding": "gzip"}))
            zeros = bytes(2**20)
            for _part in range(size // len(zeros)):
                handler.wfile.write(packer.compress(zeros))
            handler.wfile.write(packer.flush())

        return _send(send)

    # --- another content ---------------------------------------------------------------------

    @staticmethod
    def change(change):
        """The answer after `change(payload)`, which changes it or returns another one."""

        def fault(request, respond):
            reply = respond(request)
            payload = json.loads(reply.body)
            changed = change(payload)
            body = json.dumps(payload if changed is None else changed).encode()
            return reply._replace(body=body)

        return fault

    @staticmethod
    def person(person_id, **values):
        """Other values in one person's record."""

        def change(payload):
            for row in payload["records"]:
                if row["person_id"] == person_id:
                    row.update(values)

        return Fault.change(change)

    @staticmethod
    def item(number, **values):
        """Other values in one attendance; a value ``...`` leaves the field out."""

        def change(payload):
            for row in payload["records"]:
                for item in row["attendance_list"]:
                    if item["id"] == number:
                        item.update(values)
                        for name in [name for name in item if item[name] is ...]:
                            del item[name]

        return Fault.change(change)

    @staticmethod
    def replace(old, new):
        """The answer's text with something else in it: numbers and depths JSON writers refuse."""

        def fault(request, respond):
            reply = respond(request)
            assert old in reply.body
            return reply._replace(body=reply.body.replace(old, new))

        return fault

    @staticmethod
    def pagination(**values):
        """Other values in the pagination; a value ``...`` leaves the field out."""

        def change(payload):
            pagination = {**payload["pagination"], **values}
            payload["pagination"] = {
                name: value for name, value in pagination.items() if value is not ...
            }

        return Fault.change(change)

    @staticmethod
    def same_page():
        """Page 1, whatever page is asked for, of a server that says there are more."""

        def fault(request, respond):
            page = int(request.query["page"])
            first = request._replace(query={**request.query, "page": "1"})
            return Fault.pagination(page=page, total_pages=page + 1)(first, respond)

        return fault

    @staticmethod
    def everybody():
        """The answer to a request whose body was lost on its way."""
        return lambda request, respond: respond(request._replace(body=""))


def _send(send):
    """A fault that sends the answer by `send(handler, reply)` and closes the connection."""

    def send_and_close(handler, reply):
        handler.close_connection = True
        send(handler, reply)

    return lambda request, respond: respond(request)._replace(send=send_and_close)


def _head(handler, reply, **headers):
    # Told that it ends, a client doesn't race with its end for the next request.
    lines = [f"HTTP/1.1 {reply.status} OK", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in {**reply.headers, **headers}.items()]
    return "\r\n".join([*lines, "", ""]).encode()
