"""One attendance: each field checked, cleaned or refused.

A record without a usable ID or day can't be used. One that says neither present nor absent is of
unknown category. The other fields only inform, so what is wrong with them is left empty.
"""

import re
from datetime import date
from operator import itemgetter

from .records import Attendance

# All that is read of an attendance.
FIELDS = (
    "id",
    "date",
    "time",
    "attendance_category",
    "attendance_type",
    "attendance_location",
    "attendance_description",
    "attendance_external_url",
    "submitted_by",
    "submitted_datetime",
    "submission_source",
)
# Of an ordinary one, which has them all; a KeyError otherwise.
get_fields = itemgetter(*FIELDS)

LARGEST_ID = 2**31 - 1  # of PostgreSQL's integer
LONGEST_DESCRIPTION = 2000
LONGEST_TEXT = 255
LONGEST_WORD = 64
FIRST_DAY = date(1900, 1, 1)

_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
_WEB_ADDRESS = re.compile(r"https?://[^\s/]", re.IGNORECASE)
# Control characters but for tabs and line breaks, and halves of surrogate pairs. A database takes
# neither NUL nor those halves.
_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


class BadRecord(Exception):
    """Why a record is set aside: a clause that names the field, never its value."""


class AttendanceReader:
    """Reads the attendances of one answer, and remembers the texts that come again and again.

    :param last_day: the last one of which there can be an attendance, such as today
    """

    def __init__(self, last_day: date = date.max):
        self._last_day = last_day
        self._dates = _Cache(self._read_date)
        self._times = _Cache(_read_time)
        self._moments = _Cache(lambda text: text if _MOMENT.fullmatch(text) else "")
        self._urls = _Cache(_read_url)
        self._texts = _Cache(clean)
        self._descriptions = _Cache(lambda text: clean(text, LONGEST_DESCRIPTION))

    def read_item(self, item, dates_present) -> Attendance:
        """Return one attendance. By far the most often called: the ordinary case stays cheap.

        :param item: what came in the place of an attendance
        :param dates_present: the same person's ``dates_present``, which decides where the
            category is missing
        :raises BadRecord: if it can't be used
        """
        if item.__class__ is not dict:
            raise BadRecord("the attendance is not an object")
        try:
            values = get_fields(item)
        except KeyError:
            values = map(item.get, FIELDS)
        number, day, time, category, kind, location, description, url, by, moment, source = values
        number = read_id(number)
        if number is None:
            raise BadRecord("id is not a number that an ID can be")
        if day.__class__ is not str:
            raise BadRecord("date is not text")
        word = ""
        if category != "present" and category != "absent":
            word = _read_word(category)
            category = _find_category(word, day, dates_present)
        return tuple.__new__(
            Attendance,
            (
                number,
                self._dates[day],
                self._times[time] if time.__class__ is str else "",
                category,
                _read_reference(kind),
                _read_reference(location),
                self._descriptions[description] if description.__class__ is str else "",
                self._urls[url] if url.__class__ is str else "",
                self._texts[by] if by.__class__ is str else "",
                self._moments[moment] if moment.__class__ is str else "",
                self._texts[source] if source.__class__ is str else "",
                word,
            ),
        )

    def _read_date(self, text):
        day = _read_date(text)
        if day > self._last_day:
            raise BadRecord("date is still to come")
        if day < FIRST_DAY:
            raise BadRecord(f"date is before {FIRST_DAY}")
        return day


class _Cache(dict):
    def __init__(self, read):
        super().__init__()
        self._read = read

    def __missing__(self, text):
        found = self[text] = self._read(text)
        return found


def clean(value, longest: int = LONGEST_TEXT) -> str:
    """Return a text without what no text needs, cut; "" for what is none, such as Odoo's false.
    Markup stays: whoever shows it escapes it."""
    return _UNWANTED.sub("", value[:longest]) if isinstance(value, str) else ""


def read_count(value) -> int | None:
    """Return a whole number, 0 or more, that may be written as text; ``None`` for all else."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
        value = int(value)
    return value if type(value) is int and value >= 0 else None


def read_id(value) -> int | None:
    """Return an ID, which may be written as text; ``None`` for what a database can't hold."""
    if value.__class__ is not int:
        value = read_count(value) or 0
    return value if 0 < value <= LARGEST_ID else None


def _read_reference(value):
    # {}, null and false all mean none. An ID of another kind is none that we could know.
    if value.__class__ is dict:
        number = value.get("id")
        if number.__class__ is int and 0 < number <= LARGEST_ID:
            return number
    return None


def _read_word(category):
    # Some systems have numbers for their categories, or an ID and a name. False is Odoo's nothing.
    if isinstance(category, dict):
        category = category.get("name") or category.get("id")
    elif isinstance(category, list):
        category = category[-1] if category else None
    if isinstance(category, int | float) and category is not False:
        category = str(category) if abs(category) <= LARGEST_ID else ""
    return clean(category).strip()[:LONGEST_WORD].rstrip()


def _find_category(word, day, dates_present):
    if not word and isinstance(dates_present, list) and day in dates_present:
        return "present"
    return "unknown"


def _read_date(text):
    match = _DATE.fullmatch(text)
    try:
        return date(*map(int, match.groups()))
    except (AttributeError, ValueError):
        raise BadRecord("date is not a day written YYYY-MM-DD") from None


def _read_time(text):
    match = _TIME.fullmatch(text)
    if not match:
        return ""
    return text if match[2] else f"{text}:00"


def _read_url(text):
    text = clean(text)
    return text if _WEB_ADDRESS.match(text) else ""
