"""One cell: checked, cleaned or refused, by the field that its column holds."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from hashlib import blake2b

from .dates import FORMATS, read_moment, read_time
from .errors import FileError, Wrong, _
from .layouts import Layout
from .texts import (
    BLANKS,
    LONGEST_DESCRIPTION,
    LONGEST_ID,
    Formula,
    Shortened,
    clean,
    fold,
    trim,
)
from .words import UNKNOWN_WORDS

FIRST_DAY = date(1900, 1, 1)
# How many words for a presence are named to who used another one.
NAMED_WORDS = 6
LONGEST_NAME = 80
MOST_REMEMBERED = 5_000

# What spreadsheets make of a long number where they save a text.
_SCIENTIFIC = re.compile(r"[0-9]([.,][0-9]+)?[eE]\+[0-9]+")
# Without zeros before it: "7" and "07" may be two records of the other system.
_RECORD_NUMBER = re.compile(r"[1-9][0-9]{0,17}")

# That it was excused, and nothing else.
_WITHOUT_REASON = ("excused", None)

_FORMULA = _("The cell holds a formula, which is not computed: put its value in its place.")
_SHORTENED = _(
    "Excel shortens numbers of more than 15 digits: format the column as text and enter the "
    "number again."
)
_SCIENTIFIC_ID = _(
    "The ID was shortened by a spreadsheet program: format the column as text, enter the ID again "
    "and save the file anew."
)
_NO_PRESENCE = _(
    "The presence is missing. Write one of these. For present: %(present)s. For absent: "
    "%(absent)s. For excused: %(excused)s, or the name of a reason. Write ? where it isn't known."
)
_UNKNOWN_PRESENCE = _(
    "This is no word for a presence. Write one of these. For present: %(present)s. For absent: "
    "%(absent)s. For excused: %(excused)s, or the name of a reason. Write ? where it isn't known."
)
_NO_TYPE = _(
    'There is no type with the name "%(name)s": correct it, or ask an administrator to add this '
    "type."
)
_NO_LOCATION = _(
    'There is no location with the name "%(name)s": correct it, or ask an administrator to add '
    "this location."
)


class CellReader:
    """Reads the cells of one file, and remembers the texts that come again and again.

    :raises FileError: if the type or the location of all rows is not among those that there are
    """

    def __init__(
        self,
        layout: Layout,
        types: Mapping[str, int],
        locations: Mapping[str, int],
        last_day: date,
        reasons: Mapping[str, int],
        default_reason: int | None,
    ):
        self._format, self._last_day = layout.date_format, last_day
        self._presences = _list_words(layout, reasons, default_reason)
        self._words = _name_words(layout)
        self._readers: dict[str, Callable] = {
            "identifier": _read_identifier,
            "date": _Cache(self._read_date).__getitem__,
            "category": _Cache(self._read_category).__getitem__,
            "type": _Cache(lambda name: _find_name(name, types, _NO_TYPE)).__getitem__,
            "location": _Cache(lambda name: _find_name(name, locations, _NO_LOCATION)).__getitem__,
            "time": _Cache(_read_time).__getitem__,
            "record_id": _read_record,
            "description": lambda text: clean(text, LONGEST_DESCRIPTION),
        }
        # What a row has where no column holds it.
        self.defaults = {
            "category": ("present", None),
            "type": self._find_constant("type", layout.type_name),
            "location": self._find_constant("location", layout.location_name),
            "time": "",
            "record_id": "",
            "description": "",
        }

    def read_cell(self, field: str, cell: str):
        """Return the value that a cell holds: of a date, the day and the time behind it; of a
        presence, the category and the id of the reason.

        :param field: of `Layout`, the one that the cell's column holds
        :raises Wrong: if it can't be used
        :raises FileError: if it is a date that can be read in several ways
        """
        # Before the text is looked up: it may be known from a cell that is one.
        if cell.__class__ is Formula and field != "description":
            raise Wrong(_FORMULA)
        if cell.__class__ is Shortened and field in ("identifier", "record_id"):
            raise Wrong(_SHORTENED)
        # In a text, or a workbook of ours, formulas are texts. As an ID of a person it is unknown.
        if field == "record_id" and cell.startswith("="):
            raise Wrong(_FORMULA)
        return self._readers[field](cell)

    def _find_constant(self, field, name):
        try:
            return self._readers[field](name)
        except Wrong as wrong:
            raise FileError(wrong.sentence) from wrong

    def _read_date(self, text):
        text = trim(text)
        if not text:
            raise Wrong(_("The date is missing."))
        moment = read_moment(text)
        if not moment:
            raise Wrong(
                _("This is not a date: write it as %(format)s."),
                format=FORMATS[self._format or "ymd"],
            )
        if not self._format and not moment.is_certain:
            raise FileError(
                _(
                    'The date "%(text)s" can be read in several ways: choose whether the day or '
                    "the month comes first in this file."
                ),
                text=text,
            )
        day = moment.days.get(self._format or "ymd")
        if not day:
            raise Wrong(
                _("This is not a date written as %(format)s."), format=FORMATS[self._format]
            )
        if not FIRST_DAY <= day <= self._last_day:
            raise Wrong(
                _(
                    "%(day)s is not between %(first)s and %(last)s: attendance is recorded for no "
                    "other days."
                ),
                day=day,
                first=FIRST_DAY,
                last=self._last_day,
            )
        return day, moment.time

    def _read_category(self, text):
        word = fold(text)
        if not word:
            raise Wrong(_NO_PRESENCE, **self._words)
        presence = self._presences.get(word)
        if not presence:
            raise Wrong(_UNKNOWN_PRESENCE, **self._words)
        if presence == _WITHOUT_REASON:
            raise Wrong(_("Why it was excused is missing: write the name of the reason instead."))
        return presence


class _Cache(dict):
    def __init__(self, read):
        super().__init__()
        self._read = read

    def __missing__(self, text):
        # What doesn't come again, such as moments to the second, must not pile up.
        if len(self) >= MOST_REMEMBERED:
            self.clear()
        found = self[text] = self._read(text)
        return found


def _list_words(layout, reasons, default_reason):
    # What has always been a word for a presence stays one, whatever reasons are called.
    return {
        **{fold(name): ("excused", id_) for name, id_ in reasons.items()},
        **dict.fromkeys(map(fold, UNKNOWN_WORDS), ("unknown", None)),
        **dict.fromkeys(map(fold, layout.excused_words), ("excused", default_reason)),
        **dict.fromkeys(map(fold, layout.present_words), ("present", None)),
        **dict.fromkeys(map(fold, layout.absent_words), ("absent", None)),
    }


def _name_words(layout):
    return {
        "present": ", ".join(layout.present_words[:NAMED_WORDS]),
        "absent": ", ".join(layout.absent_words[:NAMED_WORDS]),
        "excused": ", ".join(layout.excused_words[:1]),
    }


def _read_identifier(text):
    identifier = text.strip(BLANKS)
    if not trim(identifier):
        raise Wrong(_("The ID is missing."))
    if len(identifier) > LONGEST_ID:
        raise Wrong(_("The ID has more than %(most)s characters."), most=LONGEST_ID)
    if _SCIENTIFIC.fullmatch(identifier):
        raise Wrong(_SCIENTIFIC_ID)
    return identifier


def _find_name(name, known, missing):
    key = name.strip(BLANKS).casefold()
    if not key:
        return None
    found = known.get(key)
    if found is None:
        raise Wrong(missing, name=clean(name.strip(BLANKS), LONGEST_NAME))
    return found


def _read_time(text):
    text = trim(text)
    time = read_time(text) if text else ""
    if time is None:
        raise Wrong(_("This is not a time of day: write it as HH:MM."))
    return time


def _read_record(text):
    text = text.strip(BLANKS)
    if not text or _RECORD_NUMBER.fullmatch(text):
        return text and f"#{text}"
    return "#" + blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
