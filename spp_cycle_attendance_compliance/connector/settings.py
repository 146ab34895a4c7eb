"""Where the attendance server is, who asks, and how patient to be."""

import ipaddress
import re
from dataclasses import dataclass, field, fields
from urllib.parse import urlsplit

from .errors import ConfigurationError

AUTH_KINDS = ("json", "oauth2")
_UNUSABLE = re.compile(r"[\s\\\x00-\x20\x7f]")


@dataclass(frozen=True)
class ServerSettings:
    """How to reach the attendance server.

    :param url: the server's address, with or without a path; kept without a trailing slash
    :param auth_kind: how the token is asked for: ``json`` as the classic server wants it (the
        credentials as a JSON object), ``oauth2`` as identity providers want it (form-encoded
        client credentials, RFC 6749 section 4.4.2)
    :param allow_http: also speak plain HTTP with a server that isn't on this machine
    :param persons_per_request: how many persons to ask about at once
    :raises ConfigurationError: with a sentence that names what is wrong
    """

    url: str
    client_id: str
    client_secret: str = field(repr=False)
    auth_kind: str = "json"
    auth_endpoint: str = "/auth/token"
    attendance_endpoint: str = "/attendances"
    type_endpoint: str = "/attendance/types"
    location_endpoint: str = "/attendance/locations"
    allow_http: bool = False
    persons_per_request: int = 500

    def __post_init__(self):
        object.__setattr__(self, "url", _normalise_url(self.url, self.allow_http))
        for item in fields(self):
            if item.name.endswith("_endpoint"):
                label = item.name.replace("_", " ")
                _check_endpoint(label, getattr(self, item.name))
        _check_credential("client ID", self.client_id)
        _check_credential("client secret", self.client_secret)
        if self.auth_kind not in AUTH_KINDS:
            raise ConfigurationError(
                f"The kind of authentication must be one of: {', '.join(AUTH_KINDS)}"
            )
        count = self.persons_per_request
        if not isinstance(count, int) or isinstance(count, bool) or count < 1:
            raise ConfigurationError("The number of persons per request must be 1 or more")


@dataclass(frozen=True)
class Limits:
    """How long to wait, how often to try again, how much to read. Meant for background work.

    :param timeout: seconds that one operation on the connection may take
    :param tries: how often one request is sent at most
    :param first_pause: seconds before the second try; doubled for each further one
    :param longest_pause: seconds that no pause exceeds, whatever the server asks for
    :param deadline: seconds that everything together may take, from the client's creation or its
        last `start_clock`
    :param body_bytes: the size of the largest answer, decompressed
    :raises ValueError: if nothing could ever be asked within them
    """

    timeout: float = 30.0
    tries: int = 4
    first_pause: float = 1.0
    longest_pause: float = 60.0
    deadline: float = 600.0
    body_bytes: int = 64 * 1024 * 1024

    def __post_init__(self):
        if min(self.timeout, self.tries, self.deadline, self.body_bytes) <= 0:
            raise ValueError("Limits must leave some time, a try, and room for an answer.")


def _normalise_url(url, allow_http):
    if not isinstance(url, str) or not url.strip():
        raise ConfigurationError("The server's URL is missing")
    url = url.strip().rstrip("/")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
        # What the DNS can't hold, requests would refuse with an error that names no setting.
        if host and not host.isascii():
            host.encode("idna")
    except ValueError:
        raise ConfigurationError("The server's URL can't be read") from None
    if _UNUSABLE.search(url) or port == 0:
        raise ConfigurationError("The server's URL can't be read")
    if parts.scheme not in ("http", "https") or not host:
        raise ConfigurationError("The server's URL must be like https://attendance.example.org")
    if "@" in parts.netloc:
        raise ConfigurationError("The server's URL must not hold a user name or a password")
    if "?" in url or "#" in url:
        raise ConfigurationError("The server's URL must end with its path, without '?' or '#'")
    if parts.scheme == "http" and not allow_http and not is_local(host):
        raise ConfigurationError(
            "The server's URL must begin with https://, or the secret and people's data would "
            "travel readable by others. Plain HTTP to a server that isn't on this machine must "
            "be allowed explicitly"
        )
    return url


def get_origin(url: str) -> tuple:
    """Return scheme, host and port of an address: to nothing else goes a secret that was given for
    it. Of what can't be read, all of it."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
        return parts.scheme, parts.hostname, port
    except ValueError:
        return (url,)


def is_local(host: str) -> bool:
    """Whether a host is this machine itself."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _check_endpoint(label, endpoint):
    if not isinstance(endpoint, str) or not endpoint.startswith("/") or endpoint[1:2] == "/":
        raise ConfigurationError(
            f"The {label} must be a path on the server, such as /attendances, not a whole URL"
        )
    if _UNUSABLE.search(endpoint) or "?" in endpoint or "#" in endpoint:
        raise ConfigurationError(f"The {label} must not hold spaces, backslashes, '?' or '#'")


def _check_credential(label, value):
    if not isinstance(value, str) or not value.strip():
        raise ConfigurationError(f"The {label} is missing")
    try:
        value.encode()
    except UnicodeError:
        raise ConfigurationError(f"The {label} holds characters that can't be sent") from None
