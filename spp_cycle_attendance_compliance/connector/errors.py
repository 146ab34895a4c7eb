"""What can go wrong between us and the attendance server.

A text of these errors is meant for people and is safe to show, log and store: it holds no secret,
no token and no person's ID.
"""


class AttendanceError(Exception):
    """The root of all errors of the attendance server's client.

    :param problem: what happened, as a clause: "the server answered with status 503"
    :param call: what was being done, such as "asking for attendance, page 2"
    :param status: the HTTP status, if there was an answer
    :param server_message: what the server said, redacted and shortened
    :param advice: what a person can do about it, as whole sentences
    """

    def __init__(self, problem, call="", status=None, server_message="", advice=""):
        self.problem = problem
        self.call = call
        self.status = status
        self.server_message = server_message
        self.advice = advice
        super().__init__(self._sentences())

    def _sentences(self):
        what = f"{self.call}: {self.problem}" if self.call else self.problem
        said = f'The server said: "{self.server_message}".' if self.server_message else ""
        return " ".join(filter(None, (f"{what[:1].upper()}{what[1:]}.", said, self.advice)))


class TemporaryError(AttendanceError):
    """Nothing is wrong with the request: the same may succeed later.

    :param retry_after: for how long the server asked to be left alone, in seconds
    """

    def __init__(self, *args, retry_after=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.retry_after = retry_after


class PermanentError(AttendanceError):
    """Asking again is of no use before a person has done something."""


class ConfigurationError(PermanentError):
    """The settings can't be right."""


class CertificateError(PermanentError):
    """The server can't prove who it is, or doesn't speak TLS."""


class AuthenticationError(PermanentError):
    """The client ID, the secret or the token was refused."""


class RefusedError(PermanentError):
    """The server refused the request and said why."""


class RedirectError(PermanentError):
    """The server wants to be asked elsewhere, which could leak the token and lose the IDs."""


class BadAnswerError(PermanentError):
    """The answer is no attendance data, or not all of it, and can't be relied on."""
