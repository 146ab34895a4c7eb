"""What the columns of a file most likely mean, by their titles and their first rows."""

from itertools import islice

from .dates import FORMATS, read_moment
from .layouts import Layout
from .tables import Table, get_written_title
from .texts import trim
from .words import find_columns, is_other_date, is_plain_word

# How many rows are looked at.
SAMPLED = 200


def guess_layout(table: Table) -> Layout:
    """Return a layout for a person to look at. What can't be told is left empty: it may be
    incomplete, and its format of dates is left open where the rows allow more than one reading.

    :raises FileError: if the rows can't be read
    """
    columns = find_columns(table.header)
    samples = _sample(table)
    free = [title for title in table.header if title not in columns.values()]
    days = [title for title in map(get_written_title, free) if read_moment(title)]
    if "date" not in columns and days:
        columns.pop("category", None)
        columns.pop("record_id", None)
        return Layout(**columns, day_columns=True, date_format=_find_format(days))
    if "date" not in columns:
        _take_only(columns, "date", free, samples, _is_date)
    if "category" not in columns:
        _take_only(columns, "category", free, samples, is_plain_word)
    return Layout(**columns, date_format=_find_format(samples.get(columns.get("date"), ())))


def _sample(table):
    """Return the texts of the first rows by the titles of their columns, without empty ones."""
    samples = {title: [] for title in table.header}
    for _number, cells in islice(table.rows(), SAMPLED):
        for title, cell in zip(table.header, cells, strict=False):
            if text := trim(cell):
                samples[title].append(text)
    return samples


def _take_only(columns, field, titles, samples, is_fit):
    """Take the column of which all cells are fit for a field, if it is the only one."""
    fit = [title for title in titles if samples[title] and all(map(is_fit, samples[title]))]
    fit = [title for title in fit if not is_other_date(title)]
    if len(fit) == 1:
        columns[field] = fit[0]


def _is_date(text):
    return read_moment(text) is not None


def _find_format(texts):
    """Return the only format of dates in which all texts that are dates are one."""
    moments = list(filter(None, map(read_moment, texts)))
    if not moments:
        return None
    if all(moment.is_certain for moment in moments):
        return "ymd"
    possible = [name for name in FORMATS if all(name in moment.days for moment in moments)]
    return possible[0] if len(possible) == 1 else None
