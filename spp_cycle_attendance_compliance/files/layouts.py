"""What the columns of a file mean, by their titles: it can be used again for the next file."""

from dataclasses import asdict, dataclass, fields
from itertools import combinations
from typing import Literal

from .dates import FORMATS
from .errors import FileError, Sentence, _
from .texts import fold
from .words import ABSENT_WORDS, EXCUSED_WORDS, PRESENT_WORDS

# The fields that hold the title of a column, with the name that people know them by.
COLUMNS = {
    "identifier": _("ID"),
    "date": _("date"),
    "category": _("presence"),
    "type": _("type"),
    "location": _("location"),
    "time": _("time"),
    "record_id": _("record ID"),
    "description": _("description"),
}


@dataclass(frozen=True)
class Layout:
    """Which column holds what. A title that is "" says that no column holds it.

    :param category: without it, each row is a presence
    :param record_id: by which the other system knows the attendance
    :param day_columns: a class sheet: each column whose title is a date, and that holds nothing
        else, holds the presence of that day
    :param date_format: ``None`` if all dates begin with a year of four digits
    :param type_name: the type of all rows if no column holds it
    :param location_name: the same for the location
    """

    identifier: str = ""
    date: str = ""
    category: str = ""
    type: str = ""
    location: str = ""
    time: str = ""
    record_id: str = ""
    description: str = ""
    day_columns: bool = False
    date_format: Literal["ymd", "dmy", "mdy"] | None = None
    type_name: str = ""
    location_name: str = ""
    present_words: tuple[str, ...] = PRESENT_WORDS
    absent_words: tuple[str, ...] = ABSENT_WORDS
    excused_words: tuple[str, ...] = EXCUSED_WORDS

    def check(self) -> None:
        """Check that rows can be read by it.

        :raises FileError: if something is missing, or contradicts something else
        """
        if not self.identifier:
            raise FileError(_("Choose the column that holds the IDs of the persons."))
        if self.day_columns:
            _check_class_sheet(self)
        elif not self.date:
            raise FileError(
                _(
                    "Choose the column that holds the dates, or say that the titles of the columns "
                    "are the dates."
                )
            )
        for one, other in combinations(_CATEGORIES, 2):
            both = self._fold_words(one) & self._fold_words(other)
            if both:
                raise FileError(
                    _(
                        '"%(word)s" means both %(one)s and %(other)s: take it out of one of the '
                        "two."
                    ),
                    word=min(both),
                    one=Sentence(_CATEGORIES[one]),
                    other=Sentence(_CATEGORIES[other]),
                )

    def _fold_words(self, category):
        return set(map(fold, getattr(self, f"{category}_words")))

    def to_dict(self) -> dict:
        """Return it as JSON can hold it."""
        values = asdict(self)
        return {**values, **{name: list(values[name]) for name in _WORDS}}

    @classmethod
    def from_dict(cls, values: dict) -> "Layout":
        """Return what `to_dict` gave, complete or not.

        :raises FileError: if it is nothing that `to_dict` gives
        """
        names = {field.name for field in fields(cls)}
        if not isinstance(values, dict) or not names.issuperset(values):
            raise FileError(_NOT_KEPT)
        for name, value in values.items():
            _check_value(name, value)
        layout = cls(**{**values, **{name: tuple(values[name]) for name in _WORDS & {*values}}})
        if layout.day_columns:
            _check_class_sheet(layout)
        return layout


_WORDS = {"present_words", "absent_words", "excused_words"}
_CATEGORIES = {"present": _("present"), "absent": _("absent"), "excused": _("excused")}
_NOT_KEPT = _(
    "What was kept about the columns of this source can't be used: it is not one, or one of "
    "another version. Choose the columns once more."
)


def _check_class_sheet(layout):
    for name in ("date", "category", "record_id"):
        if getattr(layout, name):
            raise FileError(
                _(
                    "Where the titles of the columns are the dates, no column can hold the "
                    "%(what)s: choose one or the other."
                ),
                what=Sentence(COLUMNS[name]),
            )


def _check_value(name, value):
    if name in _WORDS:
        is_right = isinstance(value, (list, tuple)) and all(
            isinstance(word, str) and fold(word) for word in value
        )
    elif name == "date_format":
        is_right = value is None or (isinstance(value, str) and value in FORMATS)
    else:
        is_right = isinstance(value, bool if name == "day_columns" else str)
    if not is_right:
        raise FileError(
            _(
                "What was kept about the columns of this source can't be used: %(field)s has a "
                "value that it can't have. Choose the columns once more."
            ),
            field=name,
        )
