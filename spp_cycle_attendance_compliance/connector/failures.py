"""Which failure is which: one table from what happened to what it means and what to do.

An error of the class `TemporaryError` is tried again, any other one is not.
"""

import socket
import ssl
from typing import NamedTuple

from requests import exceptions as rq
from urllib3 import exceptions as u3

from .errors import (
    AttendanceError,
    AuthenticationError,
    BadAnswerError,
    CertificateError,
    ConfigurationError,
    RedirectError,
    RefusedError,
    TemporaryError,
)

LATER = "Try again later; if it goes on, ask those who run the attendance server."
CREDENTIALS = "Check the client ID, the client secret and the kind of authentication."
PERMISSION = "Check that this client ID may read attendance."
ADDRESS = "Check the server's URL and the endpoints in the settings."
NETWORK = "Check the server's URL and this machine's network, or try again later."
ASK_THEM = "Ask those who run the attendance server."


class Failure(NamedTuple):
    """What a failure means. `problem` may name ``{status}``, ``{host}`` and ``{seconds}``."""

    error: type[AttendanceError]
    problem: str
    advice: str


ANSWERED = "the server answered with status {status}"

# The first row that the status belongs to.
STATUSES = (
    (
        range(300, 400),
        Failure(
            RedirectError,
            "the server redirects to {host} (status {status}), which is not followed",
            "Enter the address that the server really has in the settings.",
        ),
    ),
    ({401}, Failure(AuthenticationError, "the server refuses the token it has given", PERMISSION)),
    ({403}, Failure(RefusedError, ANSWERED, PERMISSION)),
    ({404, 405, 410}, Failure(RefusedError, ANSWERED, ADDRESS)),
    ({408, 425}, Failure(TemporaryError, ANSWERED, LATER)),
    ({429}, Failure(TemporaryError, "the server is asked too often (status {status})", LATER)),
    (range(400, 500), Failure(RefusedError, ANSWERED, "Check the settings, types and dates.")),
    (range(500, 600), Failure(TemporaryError, ANSWERED, LATER)),
    (range(1000), Failure(BadAnswerError, ANSWERED + ", which is not expected", ASK_THEM)),
)

# The same for a request for a token, before the rows above.
TOKEN_STATUSES = (
    (
        {400, 401, 403},
        Failure(AuthenticationError, "client ID or secret refused (status {status})", CREDENTIALS),
    ),
)

# The first row that the exception, or one that it came from, belongs to.
EXCEPTIONS = (
    (
        (rq.InvalidURL, rq.InvalidSchema, rq.MissingSchema, rq.InvalidHeader),
        Failure(ConfigurationError, "the request can't be sent to this address", ADDRESS),
    ),
    (
        (u3.LocationParseError, UnicodeError),
        Failure(ConfigurationError, "the request can't be sent to this address", ADDRESS),
    ),
    # Requests takes these for a certificate's fault, but the other side just hung up.
    (
        (ssl.SSLEOFError, ssl.SSLZeroReturnError),
        Failure(TemporaryError, "the encrypted connection broke", LATER),
    ),
    (
        (rq.SSLError,),
        Failure(
            CertificateError,
            "the server's certificate or its encryption can't be trusted",
            "Check the server's URL. The certificate must be valid, for this host name, and by "
            "an authority that this machine knows.",
        ),
    ),
    ((rq.ProxyError,), Failure(TemporaryError, "the proxy can't be reached", NETWORK)),
    ((socket.gaierror,), Failure(TemporaryError, "the host name is not known", NETWORK)),
    (
        (ConnectionRefusedError,),
        Failure(TemporaryError, "no server answers at this address", NETWORK),
    ),
    (
        (rq.ConnectTimeout, u3.ConnectTimeoutError),
        Failure(TemporaryError, "no connection within {seconds:g} seconds", NETWORK),
    ),
    (
        (rq.Timeout, u3.TimeoutError, TimeoutError),
        Failure(TemporaryError, "no answer within {seconds:g} seconds", LATER),
    ),
    (
        (Exception,),
        Failure(TemporaryError, "the connection broke before the answer was complete", LATER),
    ),
)


def from_status(
    call, status, is_token=False, host="", message="", retry_after=None
) -> AttendanceError:
    """Return the error that an answer's status means.

    :param is_token: whether it is the answer to a request for a token
    :param host: where a redirect leads
    :param message: what the server said, cleaned
    :param retry_after: for how long the server asked to be left alone, in seconds
    """
    table = TOKEN_STATUSES + STATUSES if is_token else STATUSES
    failure = next(failure for statuses, failure in table if status in statuses)
    error = _make(failure, call, status=status, server_message=message, host=host)
    if isinstance(error, TemporaryError):
        error.retry_after = retry_after
    return error


def from_exception(call, exception, seconds) -> AttendanceError:
    """Return the error that a failed exchange means.

    It doesn't refer to the exception, which holds the request with all its secrets.

    :param seconds: the timeout of the exchange
    """
    causes = []
    while exception is not None and exception not in causes:
        causes.append(exception)
        exception = exception.__cause__ or exception.__context__
    failure = next(
        failure
        for kinds, failure in EXCEPTIONS
        if any(isinstance(cause, kinds) for cause in causes)
    )
    return _make(failure, call, seconds=seconds)


def _make(failure, call, status=None, server_message="", **named):
    problem = failure.problem.format(status=status, **named)
    return failure.error(problem, call, status, server_message, failure.advice)
