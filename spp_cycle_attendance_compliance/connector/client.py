"""Asks the attendance server for its types, its locations, and people's attendance."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from hashlib import blake2b
from types import MappingProxyType

from .auth import TokenSource
from .errors import AuthenticationError
from .paging import collect
from .reading import read_answer, read_categories
from .records import Answer, Category, Known, Question
from .session import Session
from .settings import Limits, ServerSettings

CALL = "asking for attendance"
_LIMITS = Limits()
_NONE_KNOWN = MappingProxyType({})


class AttendanceClient:
    """A client of one attendance server, for one thread. Use it in a ``with`` statement, or close
    it, to give back its connections.

    :param sleep: called with seconds, between two tries
    :param clock: returns seconds, ever growing; the deadline and the token's life are read on it

    All of its methods raise `AttendanceError`: a `TemporaryError` when the same may succeed later,
    after what was worth it has been tried again, and a `PermanentError` when a person has to do
    something before.
    """

    def __init__(
        self,
        settings: ServerSettings,
        limits: Limits = _LIMITS,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._settings = settings
        self._session = Session(settings, limits, sleep, clock)
        self._token = TokenSource(self._session, settings)

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.close()

    def close(self) -> None:
        """Give back the connections."""
        self._session.close()

    @property
    def calls(self) -> int:
        """How many HTTP requests were made, those for tokens and those repeated among them."""
        return self._session.calls

    def start_clock(self) -> None:
        """Let the time until the deadline begin now, instead of when the client was made."""
        self._session.deadline.start()

    def authenticate(self) -> None:
        """Get a new token now.

        :raises AuthenticationError: if the client ID or the secret is refused
        """
        self._token.forget()
        self._token.get()

    def fetch_types(self) -> list[Category]:
        """Return the attendance types that the server knows."""
        call = "asking for the attendance types"
        return read_categories(self._get(call, self._settings.type_endpoint).parse(), call)

    def fetch_locations(self) -> list[Category]:
        """Return the locations that the server knows."""
        call = "asking for the locations"
        return read_categories(self._get(call, self._settings.location_endpoint).parse(), call)

    def fetch_attendance(
        self,
        person_ids: Sequence[str],
        question: Question,
        known: Mapping[str, Known] = _NONE_KNOWN,
        last_day: date = date.max,
    ) -> Iterator[Answer]:
        """Yield the answers about all persons, one for each batch, in the order of the IDs.

        A batch is asked for when it is its turn: what is done with an answer takes of the time
        until the deadline.

        :param person_ids: the server's IDs of the persons; none at all asks nothing
        :param known: by person ID, what was answered to the same question the last time
        :param last_day: the last one of which there can be an attendance, such as today; later ones
            are set aside
        :raises ValueError: if an ID is empty or comes twice
        """
        if isinstance(person_ids, str):
            raise ValueError("One text is no list of person IDs.")
        # The server answers to an empty list, and perhaps to an empty ID, with everybody.
        if not all(isinstance(person_id, str) and person_id for person_id in person_ids):
            raise ValueError("A person ID is empty, or no text.")
        if len(set(person_ids)) < len(person_ids):
            raise ValueError("A person ID comes twice.")
        size = self._settings.persons_per_request
        batches = (
            tuple(person_ids[start : start + size]) for start in range(0, len(person_ids), size)
        )
        return (self._fetch_batch(batch, question, known, last_day) for batch in batches)

    def _fetch_batch(self, asked, question, known, last_day):
        first, numbers = self._ask_page(asked, question, 1), []
        digest = _make_digest(asked, first)
        if all(each in known and known[each].answer_digest == digest for each in asked):
            return Answer(asked, {}, (), 0, (), 0, digest, is_known=True)
        waiting = [first]

        def get_page(number):
            numbers.append(number)
            body = waiting.pop() if waiting else self._ask_page(asked, question, number)
            return body.parse()

        rows = collect(get_page, asked, CALL)
        answer = read_answer(asked, rows, question, known, CALL, last_day)
        is_whole = numbers == [1] and answer.is_clean
        return answer._replace(digest=digest if is_whole else None)

    def _ask_page(self, asked, question, number):
        params = {
            "page": number,
            "limit": len(asked),
            "from_date": question.from_date.isoformat(),
            "to_date": question.to_date.isoformat(),
            "attendance_type": question.type_id,
            "attendance_location": question.location_id,
        }
        return self._get(
            f"{CALL}, page {number}",
            self._settings.attendance_endpoint,
            params=params,  # without those that are None
            json={"person_ids": asked},
            private=asked,
        )

    def _get(self, call, endpoint, **content):
        """Return the body of the answer. A token may expire at any time, so each request may renew
        it once."""
        bearer = self._token.get()
        try:
            return self._session.ask(call, "GET", endpoint, bearer, **content)
        except AuthenticationError:
            self._token.forget()
        return self._session.ask(call, "GET", endpoint, self._token.get(), **content)


def _make_digest(asked, body):
    digest = blake2b(repr(asked).encode(), digest_size=16)
    digest.update(body.content)
    return digest.hexdigest()
