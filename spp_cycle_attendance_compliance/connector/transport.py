"""Reading from the network without being held up, misled or flooded by the other side."""

import io
import zlib
from contextlib import suppress
from http.client import HTTPResponse

from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, ProtocolError

CHUNK = 64 * 1024  # bytes


class TooBig(Exception):
    """The body is larger than allowed."""


class Unreadable(Exception):
    """The body isn't compressed the way its header says."""


class Deadline:
    """The time that everything together may take, in seconds of the given clock."""

    def __init__(self, seconds, clock):
        self.seconds = seconds
        self._clock = clock
        self.start()

    def start(self):
        self._end = self._clock() + self.seconds

    def left(self) -> float:
        return self._end - self._clock()


class DeadlineAdapter(HTTPAdapter):
    """Ends an answer that keeps coming in small drops when the deadline is over.

    A timeout can't: it starts anew with each byte received, in the headers as in the body. Without
    this, `test_10_a_dripping_answer_over_tls` and `test_5_a_dripping_answer` go on for ever.
    """

    def __init__(self, deadline: Deadline, timeout: float):
        self._response_class = _make_response_class(deadline, timeout)
        super().__init__()  # without retries: these are the session's
        self._watch(self.poolmanager)

    def proxy_manager_for(self, proxy, **kwargs):
        known = proxy in self.proxy_manager
        manager = super().proxy_manager_for(proxy, **kwargs)
        if not known:
            self._watch(manager)
        return manager

    def _watch(self, manager):
        def watched(base, **attributes):
            return type(base.__name__, (base,), attributes)

        manager.pool_classes_by_scheme = {
            scheme: watched(
                pool,
                ConnectionCls=watched(pool.ConnectionCls, response_class=self._response_class),
            )
            for scheme, pool in manager.pool_classes_by_scheme.items()
        }


def _make_response_class(deadline, timeout):
    class WatchedResponse(HTTPResponse):
        def __init__(self, sock, *args, **kwargs):
            super().__init__(sock, *args, **kwargs)
            self.fp = io.BufferedReader(_WatchedReader(self.fp.detach(), sock, deadline, timeout))

    return WatchedResponse


class _WatchedReader(io.RawIOBase):
    def __init__(self, raw, sock, deadline, timeout):
        self._raw = raw
        self._sock = sock
        self._deadline = deadline
        self._timeout = timeout

    def readable(self):
        return True

    def readinto(self, buffer):
        left = self._deadline.left()
        if left <= 0:
            raise TimeoutError("the deadline is over")
        self._sock.settimeout(min(self._timeout, left))
        return self._raw.readinto(buffer)

    def close(self):
        self._raw.close()
        return super().close()


def read_body(raw, limit: int) -> bytes:
    """Return the whole body of an urllib3 response, decompressed.

    :param limit: the number of bytes that it may have, before and after decompression
    :raises TooBig: as soon as it has more
    :raises Unreadable: if it can't be decompressed
    :raises urllib3.exceptions.HTTPError: if the connection breaks, or the body ends early
    """
    return b"".join(_read_parts(raw, limit))


def read_beginning(raw, limit: int) -> bytes:
    """Return up to `limit` bytes of a body that is only to be shown: what can be had of it."""
    parts = []
    with suppress(TooBig, Unreadable, HTTPError, OSError):
        for part in _read_parts(raw, limit):
            parts.append(part)
    return b"".join(parts)[:limit]


def _read_parts(raw, limit):
    # Only gzip is accepted, so anything else is unreadable as such.
    encoding = raw.headers.get("Content-Encoding", "").strip().lower()
    inflate = _Gunzip(limit) if encoding not in ("", "identity") else None
    received = size = 0
    # Not decompressed by urllib3: 1.26 inflates a chunk whole, however large it becomes, and
    # `test_a_bomb_is_not_inflated` fails on Odoo 17.0.
    while chunk := raw.read(CHUNK, decode_content=False):
        received += len(chunk)
        part = inflate.feed(chunk) if inflate else chunk
        size += len(part)
        yield part
        if max(size, received) > limit:
            raise TooBig
    # Neither http.client nor urllib3 1.26 minds a body that is shorter than announced.
    if raw.length_remaining or (inflate and inflate.is_open):
        raise ProtocolError("the body ended early")


class _Gunzip:
    """Decompresses a stream of one or more gzip members, never by more than needed."""

    def __init__(self, limit):
        self._limit = limit
        self._stream = None

    @property
    def is_open(self):
        return self._stream is not None

    def feed(self, data):
        found = b""
        while data and len(found) <= self._limit:
            if self._stream is None:
                self._stream = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
            try:
                found += self._stream.decompress(data, self._limit + 1)
            except zlib.error:
                raise Unreadable from None
            data = self._stream.unconsumed_tail
            if self._stream.eof:
                data, self._stream = self._stream.unused_data, None
        return found
