"""The attendance server's client: what is asked, what may fail, what comes back.

Imports no Odoo, so that it can be read, and tested, alone.
"""

from .errors import (
    AttendanceError,
    AuthenticationError,
    BadAnswerError,
    CertificateError,
    ConfigurationError,
    PermanentError,
    RedirectError,
    RefusedError,
    TemporaryError,
)
from .settings import Limits, ServerSettings, get_origin
from .records import Answer, Attendance, Category, Known, PersonAnswer, Question, SetAside
from .ahead import read_ahead
from .client import AttendanceClient
