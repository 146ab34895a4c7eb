"""Workbooks to download: templates, class sheets, and rows that could not be used."""

import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import chain, islice

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from .texts import Shortened, clean
from .words import find_columns
from .workbooks import MOST_ROWS

LONGEST_CELL = 32_767  # in Excel
TEXT, DAY, WHOLE = "@", "yyyy-mm-dd", "0"
# How many rows decide about the widths of the columns.
SAMPLED = 100
NARROWEST, WIDEST = 10, 50

# Characters that a database takes, and XML doesn't.
_NOT_IN_XML = {0xFFFE: None, 0xFFFF: None}


def write_table(
    header: Sequence[str | date],
    rows: Iterable[Sequence[str | int | date | None]],
    lists: Mapping[str, Sequence[str]] | None = None,
) -> bytes:
    """Return a workbook (XLSX) that `open_table` and `guess_layout` understand.

    All texts are texts, whatever they begin with; a `Shortened` stays a number. What is entered in
    the column of the IDs is a text, too; it is the first one if none is known by its title.

    :param header: the titles; the ones of a class sheet's days may be dates
    :param lists: the only words that cells of a column take, by its title
    """
    titles = [_to_title(title) for title in header]
    rows = iter(rows)
    first = list(islice(rows, SAMPLED))
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Attendance")
    sheet.freeze_panes = "A2"
    _shape_columns(sheet, titles, first)
    _add_lists(book, sheet, titles, lists or {})
    sheet.append([_make_cell(sheet, title, is_title=True) for title in titles])
    for row in chain(first, rows):
        sheet.append([_make_cell(sheet, value) for value in row])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _to_title(title):
    return title.isoformat() if isinstance(title, date) else title


def _make_cell(sheet, value, is_title=False):
    if value is None or value == "":
        return None
    if value.__class__ is Shortened and value.removeprefix("-").isdigit():
        # As a text it would be taken for whole, and be another person's ID.
        cell = WriteOnlyCell(sheet, int(value))
        cell.number_format = WHOLE
        return cell
    if isinstance(value, date | int):
        return WriteOnlyCell(sheet, value)
    cell = WriteOnlyCell(sheet, clean(value, LONGEST_CELL).translate(_NOT_IN_XML))
    # openpyxl takes "=1" for a formula and "#N/A" for an error.
    cell.data_type = "s"
    cell.number_format = TEXT
    if is_title:
        cell.font = Font(bold=True)
    return cell


def _shape_columns(sheet, titles, rows):
    known = find_columns(titles)
    identifier = known.get("identifier", titles[0] if titles else None)
    formats = {identifier: TEXT, known.get("record_id"): TEXT, known.get("date"): DAY}
    for place, title in enumerate(titles):
        column = sheet.column_dimensions[get_column_letter(place + 1)]
        lengths = [len(str(row[place] or "")) for row in rows if place < len(row)]
        column.width = min(max(NARROWEST, len(title) + 2, *lengths), WIDEST)
        if title in formats:
            column.number_format = formats[title]


def _add_lists(book, sheet, titles, lists):
    """Let cells take only the words of a list, which stands on a sheet of its own: a list within
    the rule itself is cut at 255 characters, and split at commas."""
    wanted = {tuple(lists[title]): [] for title in titles if lists.get(title)}
    for place, title in enumerate(titles, 1):
        if lists.get(title):
            letter = get_column_letter(place)
            wanted[tuple(lists[title])].append(f"{letter}2:{letter}{MOST_ROWS}")
    if not wanted:
        return
    hidden = book.create_sheet("Lists")
    hidden.sheet_state = "hidden"
    for place, (words, ranges) in enumerate(wanted.items(), 1):
        letter = get_column_letter(place)
        rule = DataValidation(
            type="list",
            formula1=f"{hidden.title}!${letter}$1:${letter}${len(words)}",
            allow_blank=True,
            showErrorMessage=True,
            sqref=" ".join(ranges),
        )
        sheet.data_validations.append(rule)
    for number in range(max(map(len, wanted))):
        hidden.append(
            [_make_cell(hidden, words[number]) if number < len(words) else None for words in wanted]
        )
