"""The rows of a file that can't be used: written again, to be corrected and brought in."""

import csv
import io
from collections.abc import Mapping
from typing import NamedTuple

from .delimited import open_delimited
from .tables import NUMBERS_TITLE, Table
from .texts import clean
from .writing import write_table

# Each cell counts as one more. A workbook takes seconds of a request for so many cells.
MOST_CHARACTERS = 2**25
MOST_CELLS_OF_WORKBOOK = 100_000
SHOWN_ROWS = 50
SHOWN_COLUMNS = 12
LONGEST_SHOWN = 80


class LeftOut(NamedTuple):
    """Rows that can't be used, as a file of the kind that they came in.

    :param extension: "xlsx" or "csv"
    :param count: how many rows it holds: the first ones, as many as fit, and never none
    :param titles: of the first columns, to be shown
    :param shown: the first rows: number, reason and the first cells, each cut
    """

    content: bytes
    extension: str
    count: int
    titles: list[str]
    shown: list[list]


def write_left_out(
    table: Table,
    reasons: Mapping[int, str],
    title: str,
    most: int = MOST_CHARACTERS,
    most_cells: int = MOST_CELLS_OF_WORKBOOK,
) -> LeftOut:
    """Return rows of a table in their own words, with two columns more: the row's number, and what
    is wrong with it. A table doesn't have these two when it is read again.

    :param reasons: sentences by the number of their row, in the table's order
    :param title: of their column
    :param most: of characters that the rows may have in all
    :param most_cells: that they may have in a workbook
    :raises FileError: if the file can't be read any further
    """
    is_text = table.encoding is not None
    rows = _Rows(table, reasons, most, None if is_text else most_cells)
    header = (*table.header, NUMBERS_TITLE, title)
    if is_text:
        content, extension = _write_text(header, rows, table.separator), "csv"
    else:
        content, extension = write_table(header, rows), "xlsx"
    titles = list(table.header[:SHOWN_COLUMNS])
    return LeftOut(content, extension, rows.count, titles, rows.shown)


class _Rows:
    """The rows to write, one by one, and what is to be known of them afterwards."""

    def __init__(self, table, reasons, most, most_cells):
        self._table, self._reasons = table, reasons
        self._most, self._most_cells = most, most_cells
        self.count, self.shown = 0, []

    def __iter__(self):
        characters = written = 0
        for number, cells in self._table.rows():
            reason = self._reasons.get(number)
            if reason is None:
                continue
            written += len(cells) + 2
            characters += sum(map(len, cells)) + len(cells) + len(reason)
            is_full = characters > self._most or written > (self._most_cells or written)
            if is_full and self.count:
                return
            self.count += 1
            if self.count <= SHOWN_ROWS:
                cut = (clean(cell, LONGEST_SHOWN) for cell in cells[:SHOWN_COLUMNS])
                self.shown.append([number, reason, *cut])
            # One of which a cell was split keeps all its cells, and is refused again.
            yield *cells, number, reason
            if self.count == len(self._reasons):
                return


def _write_text(header, rows, separator):
    """Return a text in UTF-8, whatever the file was in: reasons are in any language."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=separator)
    writer.writerow(header)
    writer.writerows(rows)
    content = text.getvalue().encode("utf-8-sig", "replace")
    if open_delimited(content)[1] != separator:
        content = f"sep={separator}\r\n{text.getvalue()}".encode("utf-8-sig", "replace")
    return content
