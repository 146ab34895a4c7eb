"""What a file gives: immutable rows that can be relied on, and what is wrong with the others."""

from datetime import date
from typing import Literal, NamedTuple

from .errors import Sentence


class Row(NamedTuple):
    """One attendance, or absence.

    :param number: the row's number as a spreadsheet shows it
    :param identifier: as it is written, without blanks at its ends; never empty
    :param time: "HH:MM:SS", or "" if there is none
    :param type_id: the caller's id of the type, ``None`` if there is none
    :param location_id: the same for the location
    :param record: "#7" for the record ID 7, "#" and 32 hexadecimal digits for one that is text,
        or "" if there is none
    :param reason_id: the caller's id of the reason if it is excused, else ``None``
    """

    number: int
    identifier: str
    date: date
    time: str
    category: Literal["present", "absent", "excused", "unknown"]
    type_id: int | None
    location_id: int | None
    description: str
    record: str
    reason_id: int | None = None


class RowError(NamedTuple):
    """What is wrong with one cell, or with a row.

    :param number: the row's number as a spreadsheet shows it
    :param column: the title of the cell's column, "" if it is the row as a whole
    :param message: a sentence for who corrects it, and never a person's ID
    """

    number: int
    column: str
    message: Sentence
