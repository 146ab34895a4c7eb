"""The rows of a file that can't be used: written again, to be corrected and brought in."""

import csv
import io
from collections.abc import Mapping
from typing import NamedTuple

from .tables import Table
from .texts import clean, fold
from .writing import write_table

MOST_CHARACTERS = 2**25
SHOWN_ROWS = 50
SHOWN_COLUMNS = 12
LONGEST_SHOWN = 80


class LeftOut(NamedTuple):
    """Rows that can't be used, as a file of the kind that they came in.

    :param extension: "xlsx" or "csv"
    :param count: how many rows it holds: the first ones, as many as fit
    :param titles: of the first columns, to be shown
    :param shown: the first rows: number, reason and the first cells, each cut
    """

    content: bytes
    extension: str
    count: int
    titles: list[str]
    shown: list[list]


def write_left_out(
    table: Table, reasons: Mapping[int, str], title: str, most: int = MOST_CHARACTERS
) -> LeftOut:
    """Return rows of a table in their own words, with a column more that says what is wrong.

    :param reasons: sentences by the number of their row, in the table's order
    :param title: of that column; if the last one is called so already, this one takes its place
    :param most: of characters that the rows may have in all
    :raises FileError: if the file can't be read any further
    """
    width = len(table.header)
    if fold(table.header[-1]) == fold(title):
        width -= 1
    titles = table.header[:width]
    rows = list(_find_rows(table, reasons, width, most))
    told = ((*cells, reasons[number]) for number, cells in rows)
    if table.encoding is None:
        content, extension = write_table((*titles, title), told), "xlsx"
    else:
        content, extension = _write_text((*titles, title), told, table.separator), "csv"
    shown = [
        [number, reasons[number], *(clean(cell, LONGEST_SHOWN) for cell in cells[:SHOWN_COLUMNS])]
        for number, cells in rows[:SHOWN_ROWS]
    ]
    return LeftOut(content, extension, len(rows), list(titles[:SHOWN_COLUMNS]), shown)


def _find_rows(table, reasons, width, most):
    missing = len(reasons)
    for number, cells in table.rows():
        if number not in reasons:
            continue
        most -= sum(map(len, cells)) + len(reasons[number])
        if most < 0:
            return
        if len(cells) > len(table.header):
            # A cell was split: nothing that stands in the row is lost.
            cells = (*cells[: width - 1], table.separator.join(cells[width - 1 :]))
        yield number, cells[:width]
        missing -= 1
        if not missing:
            return


def _write_text(header, rows, separator):
    """Return a text in UTF-8, whatever the file was in: reasons are in any language."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=separator)
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig", "replace")
