"""One exchange with the attendance server, and how often it is tried.

Timeouts, retries, the size cap, redirects, redaction and the deadline are all here: whoever calls
can't forget them.
"""

import json
import logging
import os
import random
import time
from collections.abc import Callable, Collection
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

import requests
from requests.auth import AuthBase
from requests.utils import get_environ_proxies
from urllib3.exceptions import HTTPError

from .errors import AttendanceError, BadAnswerError, ConfigurationError, TemporaryError
from .failures import ASK_THEM, LATER, from_exception, from_status
from .redaction import READ_LENGTH, Redactor
from .settings import Limits, ServerSettings, is_local
from .transport import Deadline, DeadlineAdapter, TooBig, Unreadable, read_beginning, read_body

_logger = logging.getLogger(__name__)

# Whoever says more is asked again then, and may say it again.
LONGEST_RETRY_AFTER = 24 * 60 * 60.0  # seconds
_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip",  # no other one is decompressed here
    "User-Agent": "spp_cycle_attendance_compliance",
}


class Body(NamedTuple):
    """The body of an answer, not read yet."""

    call: str
    content: bytes

    def parse(self) -> dict:
        """Return the JSON object that it is.

        :raises BadAnswerError: if it is none
        """
        return _parse(self.call, self.content)


class _Http(requests.Session):
    def get_redirect_target(self, resp):
        # Else requests reads a redirect, whatever its size, even if it isn't to follow it.
        return None


class Session:
    """Sends requests to one attendance server.

    :param sleep: called with seconds
    :param clock: returns seconds, ever growing
    """

    def __init__(
        self,
        settings: ServerSettings,
        limits: Limits,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ):
        self.calls = 0
        self.clock = clock
        self.deadline = Deadline(limits.deadline, clock)
        self.redactor = Redactor(settings.client_id, settings.client_secret)
        self._url = settings.url
        self._limits = limits
        self._sleep = sleep
        self._http = self._make_http()

    def _make_http(self):
        http = _Http()
        # No .netrc must ever come between us and the server's Authorization header. This also
        # switches off what operators rightly set in the environment, so that is taken from there:
        # the proxies (but for no_proxy), and the certificates to verify against. What is meant for
        # this machine goes to no proxy: it may be plain HTTP, with the secret in it.
        http.trust_env = False
        is_here = is_local(urlsplit(self._url).hostname)
        http.proxies = {} if is_here else get_environ_proxies(self._url)
        http.verify = _get_certificates()
        http.headers.update(_HEADERS)
        adapter = DeadlineAdapter(self.deadline, self._limits.timeout)
        http.mount("https://", adapter)
        http.mount("http://", adapter)
        return http

    def close(self):
        self._http.close()

    def ask(
        self,
        call: str,
        method: str,
        endpoint: str,
        auth: AuthBase,
        is_token: bool = False,
        private: Collection[str] = (),
        **content,
    ) -> Body:
        """Send a request, again and again while that may help, and return the answer's body.

        :param call: what is done, for the errors: "asking for attendance, page 2"
        :param auth: adds the credentials; only there, so that no variable here holds them
        :param private: the persons' IDs that the server must not show back to us
        :param content: `params` and `json`, as for requests
        :raises AttendanceError:
        """
        for attempt in range(1, self._limits.tries + 1):
            error = None
            try:
                return self._ask_once(call, method, endpoint, auth, is_token, private, content)
            except TemporaryError as err:
                error = err
            pause = self._get_pause(attempt, error.retry_after)
            if attempt == self._limits.tries or pause >= self.deadline.left():
                break
            _logger.info("%s Trying again in %.1f seconds.", error, pause)
            self._sleep(pause)
        raise error

    def _ask_once(self, call, method, endpoint, auth, is_token, private, content):
        left = self.deadline.left()
        if left <= 0:
            raise self._make_overdue(call)
        # One number: Odoo's tests compare it.
        timeout = min(self._limits.timeout, left)
        self.calls += 1
        error = body = None
        try:
            with self._http.request(
                method,
                self._url + endpoint,
                auth=auth,
                timeout=timeout,
                stream=True,
                allow_redirects=False,
                **content,
            ) as response:
                if response.status_code // 100 == 2:
                    body = self._read(call, response)
                else:
                    error = self._read_error(call, response, is_token, private)
        except (requests.RequestException, HTTPError, OSError, UnicodeError) as err:
            error = from_exception(call, err, timeout)
            if self.deadline.left() <= 0:
                error = self._make_overdue(call)
        # Not raised above, where it would refer to an exception that holds the request.
        if error:
            raise error
        return Body(call, body)

    def _make_overdue(self, call):
        problem = f"not finished within {self.deadline.seconds:g} seconds, all requests together"
        return TemporaryError(problem, call, advice=LATER)

    def _read(self, call, response):
        try:
            return read_body(response.raw, self._limits.body_bytes)
        except TooBig:
            problem = f"the answer is larger than {self._limits.body_bytes:,} bytes"
            advice = "Ask about fewer persons at once, or a shorter time."
        except Unreadable:
            problem, advice = "the answer can't be decompressed", ASK_THEM
        raise BadAnswerError(problem, call, response.status_code, advice=advice)

    def _read_error(self, call, response, is_token, private) -> AttendanceError:
        status, message, host = response.status_code, "", ""
        if status // 100 == 3:
            host = self._find_host(response, private)
        else:
            body = read_beginning(response.raw, READ_LENGTH)
            message = self.redactor.read_message(body, private)
        retry_after = _read_retry_after(response.headers.get("Retry-After", ""))
        return from_status(call, status, is_token, host, message, retry_after)

    def _find_host(self, response, private):
        try:
            target = urlsplit(urljoin(self._url, response.headers.get("Location", "")))
            return self.redactor.clean(target.netloc.rpartition("@")[2], private)
        except ValueError:
            return "an unreadable address"

    def _get_pause(self, attempt, retry_after):
        longest = self._limits.longest_pause
        if retry_after is not None:
            return min(retry_after, longest)
        pause = self._limits.first_pause * 2 ** (attempt - 1)
        # Many clients that were cut off together must not come back together.
        return min(pause * random.uniform(0.8, 1.2), longest)


def _get_certificates():
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        path = os.environ.get(name)
        if path and not os.path.exists(path):
            raise ConfigurationError(f"The certificates that {name} names do not exist")
        if path:
            return path
    return True


def _read_retry_after(value):
    """Return the seconds of a Retry-After header, given in seconds or as a date (RFC 9110 section
    10.2.3), or ``None`` if it asks for no pause or makes no sense."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:9]), LONGEST_RETRY_AFTER) or None
    try:
        moment = parsedate_to_datetime(value)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone.utc)
        seconds = (moment - datetime.now(timezone.utc)).total_seconds()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return min(seconds, LONGEST_RETRY_AFTER) if seconds > 0 else None


def _parse(call, body) -> dict:
    if not body.strip():
        raise BadAnswerError("the answer is empty", call, advice=ASK_THEM)
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        payload = None
        problem = "the answer is not JSON"
        if body.lstrip()[:1] == b"<":
            problem = "the answer is a web page, not JSON"
    else:
        problem = "the answer is not a JSON object"
    if not isinstance(payload, dict):
        raise BadAnswerError(problem, call, advice=f"Is it the right address? {ASK_THEM}")
    return payload
