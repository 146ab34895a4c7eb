"""The rows of a table, by its layout: what can be relied on, and what is wrong with the rest."""

from collections.abc import Iterator, Mapping
from datetime import date
from types import MappingProxyType
from typing import NamedTuple

from .checking import CellReader
from .dates import read_moment
from .errors import FileError, Sentence, Wrong, _
from .layouts import COLUMNS, Layout
from .records import Row, RowError
from .tables import Table, get_written_title
from .texts import fold, trim

_NO_REASONS = MappingProxyType({})
_TOO_MANY_CELLS = Sentence(
    _(
        "The row has more cells than there are titles: a text that holds the separator must stand "
        "in quotation marks."
    )
)


class _Column(NamedTuple):
    field: str
    title: str
    place: int


class _DayColumn(NamedTuple):
    title: str
    place: int
    day: date | None  # none if the problem with the title leaves none
    problem: Sentence | None


def read_rows(
    table: Table,
    layout: Layout,
    types: Mapping[str, int],
    locations: Mapping[str, int],
    last_day: date,
    reasons: Mapping[str, int] = _NO_REASONS,
    default_reason: int | None = None,
) -> Iterator[Row | RowError]:
    """Return what the rows of a table hold, in their order: in the place of one that can't be used,
    all that is wrong with it. A row of a class sheet gives one for each day that has something in
    it, and what is wrong with one of these spoils no other.

    :param types: the caller's ids of the types, by their names stripped and casefolded
    :param locations: the same for the locations
    :param last_day: the last one of which there can be an attendance, such as today
    :param reasons: the same for the reasons of who is excused: in the place of a presence, a name
        says that she is, and why
    :param default_reason: the id of the one that "excused" alone stands for; without it, that
        can't be used
    :raises FileError: if the layout doesn't go with the table; on the way, where the file can't be
        read any further, or a date can be read in several ways and the layout has no format
    """
    layout.check()
    reader = CellReader(layout, types, locations, last_day, reasons, default_reason)
    columns = _find_columns(table.header, layout)
    if layout.day_columns:
        days = _find_days(table.header, columns, reader)
        return _read_class_sheet(table, columns, days, reader)
    return _read_list(table, columns, reader)


def _read_list(table, columns, reader):
    for number, cells in table.rows():
        if len(cells) > len(table.header):
            yield RowError(number, "", _TOO_MANY_CELLS)
            continue
        values, errors = _read_cells(number, cells, columns, reader)
        if errors:
            yield from errors
            continue
        day, time = values["date"]
        yield _make_row(number, values, day, values["time"] or time, values["category"])


def _read_class_sheet(table, columns, days, reader):
    for number, cells in table.rows():
        if len(cells) > len(table.header):
            yield RowError(number, "", _TOO_MANY_CELLS)
            continue
        filled = [column for column in days if trim(cells[column.place])]
        if not filled:
            continue
        values, errors = _read_cells(number, cells, columns, reader)
        for title, place, day, problem in filled:
            try:
                if problem:
                    raise Wrong(problem)
                presence = reader.read_cell("category", cells[place])
            except Wrong as wrong:
                errors.append(RowError(number, title, wrong.sentence))
                continue
            if values:
                yield _make_row(number, values, day, values["time"], presence)
        yield from errors


def _read_cells(number, cells, columns, reader):
    """Return the values of a row by their fields, or none and what is wrong with it."""
    values, errors = {**reader.defaults}, []
    for field, title, place in columns:
        try:
            values[field] = reader.read_cell(field, cells[place])
        except Wrong as wrong:
            errors.append(RowError(number, title, wrong.sentence))
    return (None if errors else values), errors


def _make_row(number, values, day, time, presence):
    category, reason_id = presence
    return Row(
        number,
        values["identifier"],
        day,
        time,
        category,
        values["type"],
        values["location"],
        values["description"],
        values["record_id"],
        reason_id,
    )


def _find_columns(header, layout):
    places = {fold(title): place for place, title in enumerate(header)}
    columns = []
    for field, name in COLUMNS.items():
        title = getattr(layout, field)
        if not title:
            continue
        place = places.get(fold(title))
        if place is None:
            raise FileError(
                _(
                    'The file has no column with the title "%(title)s" (%(what)s): correct the '
                    "title in the file, or choose the columns anew."
                ),
                title=title,
                what=Sentence(name),
            )
        columns.append(_Column(field, header[place], place))
    return columns


def _find_days(header, columns, reader):
    """Return the columns of a class sheet that hold the presence of a day."""
    taken = {column.place for column in columns}
    days = []
    for place, title in enumerate(header):
        written = get_written_title(title)
        if place in taken or not read_moment(written):
            continue
        try:
            day, problem = reader.read_cell("date", written)[0], None
        except Wrong as wrong:
            day, problem = None, wrong.sentence
        days.append(_DayColumn(title, place, day, problem))
    if not days:
        raise FileError(
            _(
                "No column has a date as its title: write the days as titles, or choose the "
                "columns of the date and of the presence."
            )
        )
    known = [column.day for column in days if column.day]
    twice = {day for day in known if known.count(day) > 1}
    if twice:
        raise FileError(
            _("Two columns have %(day)s as their title: correct one of them."), day=min(twice)
        )
    return days
