"""The token: asked for when it is needed, kept until shortly before it expires."""

import math

from requests.auth import AuthBase

from .errors import BadAnswerError
from .failures import ASK_THEM
from .session import Session
from .settings import ServerSettings

CALL = "asking for a token"
RENEWED_BEFORE = 30  # seconds before it expires, or a tenth of its life if that is less


class Bearer(AuthBase):
    """Adds the token to a request (RFC 6750 section 2.1)."""

    def __init__(self, token: str):
        self._token = token

    def __call__(self, request):
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Credentials(AuthBase):
    """Makes the client ID and the secret a request's body."""

    def __init__(self, settings: ServerSettings):
        self._settings = settings

    def __call__(self, request):
        content = {
            "client_id": self._settings.client_id,
            "client_secret": self._settings.client_secret,
        }
        if self._settings.auth_kind == "oauth2":
            request.prepare_body({"grant_type": "client_credentials", **content}, None)
        else:
            request.prepare_body(None, None, json=content)
        return request


class TokenSource:
    """Gives the token of one client.

    Rule: the classic server tells no lifetime, so a token is used until it is refused; one with
    ``expires_in`` (seconds, RFC 6749 section 5.1) is renewed before that.
    """

    def __init__(self, session: Session, settings: ServerSettings):
        self._session = session
        self._endpoint = settings.auth_endpoint
        self._credentials = Credentials(settings)
        self.forget()

    def forget(self):
        self._bearer = None
        self._renewal = math.inf

    def get(self) -> Bearer:
        """Return the token, a new one if need be.

        :raises AuthenticationError: if the client ID or the secret is refused
        :raises BadAnswerError: if there is no token in the answer
        :raises AttendanceError: if the request fails
        """
        if not self._bearer or self._session.clock() >= self._renewal:
            self._renew()
        return self._bearer

    def _renew(self):
        asked = self._session.clock()
        body = self._session.ask(CALL, "POST", self._endpoint, self._credentials, is_token=True)
        answer = body.parse()
        token = answer.get("access_token")
        if not isinstance(token, str) or not token:
            raise BadAnswerError("there is no access_token in the answer", CALL, advice=ASK_THEM)
        self._session.redactor.add(token)
        # Anything else can't stand in a header, and the error about it would show the token.
        if not (token.isascii() and token.isprintable() and " " not in token):
            raise BadAnswerError("the token has characters it can't have", CALL, advice=ASK_THEM)
        self._bearer = Bearer(token)
        lifetime = _read_lifetime(answer.get("expires_in"))
        self._renewal = asked + lifetime - min(RENEWED_BEFORE, lifetime / 10)


def _read_lifetime(value):
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return math.inf
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return math.inf
    return seconds if seconds > 0 else math.inf
