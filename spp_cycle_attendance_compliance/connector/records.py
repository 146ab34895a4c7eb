"""What the client gives back: immutable records that can be relied on. No JSON goes further."""

from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple


@dataclass(frozen=True)
class Question:
    """What is asked about.

    :param from_date: the first day
    :param to_date: the last day. The server heeds none without the other, so both are always sent
    :param type_id: the server's ID of the attendance type, ``None`` for all types
    :param location_id: the same for the location
    :raises ValueError: if the first day is after the last one
    """

    from_date: date
    to_date: date
    type_id: int | None = None
    location_id: int | None = None

    def __post_init__(self):
        if self.from_date > self.to_date:
            raise ValueError("The first day is after the last one.")


class Category(NamedTuple):
    """An attendance type, or a location."""

    external_id: int
    name: str
    description: str


class Attendance(NamedTuple):
    """One attendance, or absence.

    :param time: "HH:MM:SS", or "" if it isn't known
    :param category: unknown if it says neither present nor absent
    :param type_id: the server's ID of the type, which may be none of the types that it lists
    :param external_url: an http or https address, or ""
    :param submitted_datetime: "YYYY-MM-DD HH:MM:SS" as the server tells it, or ""
    :param word: what it says instead of present or absent, at most 64 characters; "" if nothing
    """

    external_id: int
    date: date
    time: str
    category: Literal["present", "absent", "unknown"]
    type_id: int | None
    location_id: int | None
    description: str
    external_url: str
    submitted_by: str
    submitted_datetime: str
    submission_source: str
    word: str = ""


class SetAside(NamedTuple):
    """A record that can't be used.

    :param person_id: whose it is, if that can be said. If there is no `PersonAnswer` about that
        person, the person's whole record is set aside: that is not "unknown to the server"
    :param reason: a clause that names the field, never its value
    """

    person_id: str | None
    reason: str


class PersonAnswer(NamedTuple):
    """What the server knows about one person.

    :param digest: a hash of all that is read of the person, in whatever order it came
    :param attendances: ordered by their ID; ``None`` if the digest is the known one: then nothing
        has changed, and nothing was checked again
    :param unreadable: how many more records there are about the person that can't be used
    """

    person_id: str
    digest: str
    attendances: tuple[Attendance, ...] | None
    unreadable: int = 0


class Known(NamedTuple):
    """What was answered about a person the last time, if the same was asked.

    :param digest: of `PersonAnswer`, ``None`` if there was none
    :param answer_digest: of `Answer`, ``None`` if there was none
    """

    digest: str | None
    answer_digest: str | None


class Answer(NamedTuple):
    """The complete answer about one batch of persons.

    :param persons: those known to the server; who is neither here nor set aside is unknown there
    :param not_asked_for: how many records of other persons, and attendances of other days, types
        and locations came; they are dropped
    :param contradictions: IDs of persons with another number of days present than their list,
        which decides
    :param duplicates: how many persons and attendances came once more; they count once
    :param digest: a hash of the whole answer as it came, and of who was asked about; ``None`` if
        there was anything odd about it, or more than one page
    :param is_known: the digest is the known one: nothing has changed about anybody who was asked
        about, nothing was read, and all else here is empty
    """

    asked: tuple[str, ...]
    persons: dict[str, PersonAnswer]
    set_aside: tuple[SetAside, ...]
    not_asked_for: int
    contradictions: tuple[str, ...]
    duplicates: int
    digest: str | None = None
    is_known: bool = False

    @property
    def is_clean(self) -> bool:
        """Whether all that came was asked for, came once, and could be read."""
        return not (self.set_aside or self.not_asked_for or self.contradictions or self.duplicates)
