"""A file as a table: what kind of file it is, its titles, and its rows of texts."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from openpyxl.utils import get_column_letter

from .delimited import open_delimited
from .errors import FileError, _
from .texts import clean, fold, trim
from .workbooks import open_workbook

MOST_COLUMNS = 400
LONGEST_TITLE = 255
# The title, in every language, of the last but one column of a file of rows to correct: it holds
# their numbers, and the last one what was wrong with them. Neither is part of the table.
NUMBERS_TITLE = "#!"

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
# Not ".xls": many programs give that name to the texts that they export.
_WORKBOOKS = (".xlsx", ".xlsm")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OTHER = (b"<!doctype", b"<html", b"<table", b"<meta", b"<style", b"<?xml", b"%pdf-", b"{\\rtf")
_TOLD_APART = re.compile(r"( \(column [A-Z]+\))+$")


class Table:
    """A file's titles and rows. The rows are read from the file as they are asked for.

    :param read_lines: gives all rows with their numbers, each time anew
    :param encoding: of a text: "utf-8", "utf-16" or "cp1252"; ``None`` for a workbook
    :param separator: of a text: what stands between its cells
    :raises FileError: if there are no titles, or the file can't be read that far
    """

    def __init__(
        self,
        read_lines: Callable[[], Iterator[tuple[int, list[str]]]],
        encoding: str | None = None,
        separator: str = ",",
    ):
        self._read_lines = read_lines
        self.encoding = encoding
        self.separator = separator
        _number, first = next(self._read_filled(), (0, []))
        if not first:
            raise FileError(
                _("The file is empty: its first row must hold the titles of its columns.")
            )
        self._told_columns = 2 if _tells_what_is_wrong(first) else 0
        self.header: tuple[str, ...] = _name_columns(first[: len(first) - self._told_columns])

    def rows(self) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Yield the rows behind the titles that are not empty, each with its number as a
        spreadsheet shows it. None is shorter than the titles. One that is longer has cells without
        a title: in a text, where a cell that was split moves all behind it. In a workbook they are
        no part of the table.

        :raises FileError: if the file can't be read any further
        """
        told, is_text = self._told_columns, self.encoding is not None
        width = len(self.header) + told
        lines = self._read_filled()
        next(lines)
        for number, cells in lines:
            missing = width - len(cells)
            if missing > 0:
                cells.extend([""] * missing)
            elif missing and not is_text:
                del cells[width:]
            # From its end: where a cell was split, they are further behind. Where somebody emptied
            # them as well, what stands there is of another column: the row stays too long.
            mark = trim(cells[-told]) if told else ""
            if not mark or mark.isdecimal():
                del cells[len(cells) - told :]
            if not trim("".join(cells)):
                continue
            yield number, tuple(cells)

    def _read_filled(self):
        most = MOST_COLUMNS
        for number, cells in self._read_lines():
            if not trim("".join(cells)):
                continue
            while not (cells[-1] and trim(cells[-1])):
                cells.pop()
            if _tells_what_is_wrong(cells):
                most = MOST_COLUMNS + 2
            if len(cells) > most:
                raise FileError(
                    _(
                        "Row %(row)s has more than %(most)s columns: delete those that hold no "
                        "attendance."
                    ),
                    row=number,
                    most=MOST_COLUMNS,
                )
            yield number, cells


def open_table(content: bytes, name: str) -> Table:
    """Open a file; what kind of file it is, is found out by its content.

    :param name: of the file, for the sentences of errors
    :raises FileError: if it is no table that can be read
    """
    is_called_workbook = name.strip().lower().endswith(_WORKBOOKS)
    name = clean(name, 100)
    start = content[:1024].lstrip().lower()
    if content.startswith(_OLE):
        raise FileError(
            _(
                '"%(name)s" is of an old kind of Excel, or protected by a password: save it as '
                "XLSX or CSV without a password."
            ),
            name=name,
        )
    if start.startswith(_OTHER):
        raise FileError(
            _('"%(name)s" is no table of rows and cells: save it as XLSX or CSV.'), name=name
        )
    try:
        if content.startswith(_ZIP):
            return Table(open_workbook(content))
        if is_called_workbook and start:
            raise FileError(
                _(
                    "It is no workbook, though its name says so: save it anew as XLSX, or as CSV "
                    "with a name that ends in .csv."
                )
            )
        encoding, separator, read_lines = open_delimited(content)
        return Table(read_lines, encoding, separator)
    except FileError as error:
        raise FileError(
            _('"%(name)s" can\'t be used. %(why)s'), name=name, why=error.sentence
        ) from error


def get_written_title(title: str) -> str:
    """Return the title of a column without what tells it apart from others with the same."""
    return _TOLD_APART.sub("", title)


def _tells_what_is_wrong(titles):
    return len(titles) > 2 and trim(titles[-2]) == NUMBERS_TITLE


def _name_columns(cells: Iterable[str]) -> tuple[str, ...]:
    """Return the titles of columns; those that are the same, or empty, with the column's letter."""
    titles = [trim(clean(cell, LONGEST_TITLE)) for cell in cells]
    letters = [get_column_letter(place) for place in range(1, len(titles) + 1)]
    named = [title or f"column {letter}" for title, letter in zip(titles, letters, strict=True)]
    while True:
        counts = Counter(map(fold, named))
        if len(counts) == len(named):
            return tuple(named)
        named = [
            f"{title} (column {letter})" if counts[fold(title)] > 1 else title
            for title, letter in zip(named, letters, strict=True)
        ]
