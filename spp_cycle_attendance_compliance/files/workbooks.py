"""Workbooks (XLSX): the first sheet that people see and that holds anything, as rows of texts."""

import io
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from xml.parsers import expat
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from openpyxl import load_workbook

from .errors import FileError, _
from .texts import Formula, Shortened

# Of what a workbook unpacks to; zipfile reads no part any further than the workbook says it goes.
LARGEST = 2**30
# The same without its sheets: openpyxl holds that in memory.
LARGEST_BESIDE_SHEETS = 2**28
MOST_PARTS = 10_000
MOST_ROWS = 2**20  # of a sheet in Excel
# With the empty ones before others, of which a few bytes can make thousands.
MOST_CELLS = 50_000_000
# The digits that Excel keeps of a number.
KEPT_DIGITS = 15

_ZEROS = re.compile("0+")
_UNREADABLE = _(
    "It is no workbook that can be read: open it in a spreadsheet program and save it anew as "
    "XLSX, or as CSV."
)
_TOO_BIG = _("It is too big: split it into several files, or save it as CSV.")


def open_workbook(content: bytes) -> Callable[[], Iterator[tuple[int, list[str]]]]:
    """Return a function that gives the rows of a workbook with their numbers.

    Days are given as YYYY-MM-DD, moments as YYYY-MM-DD HH:MM:SS, numbers that are shown with zeros
    before them with these. Formulas are not computed: each is a `Formula`. A number of which Excel
    can't have kept all digits is a `Shortened`.

    :raises FileError: if it is no workbook; the function's rows raise it where they can't be read
    """
    with _Explained():
        with ZipFile(io.BytesIO(content)) as archive:
            _check_parts(archive)
        book = load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
        sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    for sheet in sheets:
        if any(any(cells) for _number, cells in _read_sheet(sheet)):
            return lambda: _read_sheet(sheet)
    raise FileError(_("None of its sheets that can be seen holds anything."))


class _Explained:
    """Turns whatever openpyxl stumbles over into an error for people."""

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if isinstance(error, Exception) and not isinstance(error, (FileError, MemoryError)):
            raise FileError(_UNREADABLE) from error


def _check_parts(archive):
    parts = archive.infolist()
    names = {part.filename.lower() for part in parts}
    if "xl/workbook.bin" in names:
        raise FileError(_("It is a binary workbook (XLSB): save it as XLSX or CSV."))
    if not any(name.startswith("xl/") for name in names):
        raise FileError(_("It is no Excel workbook: save it as XLSX or CSV."))
    if any(part.flag_bits & 1 for part in parts):
        raise FileError(_("It is protected by a password: save it without one."))
    beside = (part for part in parts if not part.filename.lower().startswith("xl/worksheets/"))
    if (
        sum(part.file_size for part in parts) > LARGEST
        or sum(part.file_size for part in beside) > LARGEST_BESIDE_SHEETS
    ):
        raise FileError(_TOO_BIG)
    # Other ways of packing have no bound, and Excel knows none of them.
    packings = {part.compress_type for part in parts}
    if len(parts) > MOST_PARTS or not packings <= {ZIP_STORED, ZIP_DEFLATED}:
        raise FileError(_UNREADABLE)
    for part in parts:
        _refuse_doctype(archive, part)


class _AtFirstElement(Exception):
    pass


def _refuse_doctype(archive, part):
    """Refuse a document type, which no workbook has: its entities could grow without bound, and
    openpyxl would expand them."""

    def stop(*_arguments):
        raise _AtFirstElement

    def refuse(*_arguments):
        raise FileError(_UNREADABLE)

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.StartDoctypeDeclHandler = stop, refuse
    # What is no XML, such as a picture, is not read as such.
    with suppress(_AtFirstElement, expat.ExpatError), archive.open(part) as source:
        parser.ParseFile(source)


def _read_sheet(sheet):
    # What a sheet says about its size is often wrong.
    sheet.reset_dimensions()
    total = 0
    with _Explained():
        for number, row in enumerate(sheet.iter_rows(), 1):
            total += len(row)
            if number > MOST_ROWS or total > MOST_CELLS:
                raise FileError(_TOO_BIG)
            yield number, [_to_text(cell) for cell in row]


def _to_text(cell):
    value = cell.value
    if value is None:
        return ""
    kind = value.__class__
    if kind is str and cell.data_type != "f":
        return value
    if kind is int or kind is float:
        return _number_to_text(value, cell)
    if kind is bool:
        return "true" if value else "false"
    if kind is datetime:
        is_day = value.time() == time()
        return value.date().isoformat() if is_day else value.isoformat(" ", "seconds")
    if kind is date:
        return value.isoformat()
    if kind is time:
        return value.isoformat("seconds")
    if kind is timedelta:
        return str(value)
    # What is no text is the formula of several cells.
    return Formula(value if kind is str else getattr(value, "text", None) or "=")


def _number_to_text(value, cell):
    if abs(value) >= 10**KEPT_DIGITS:
        return Shortened(format(value, "d" if value.__class__ is int else ".0f"))
    if value != int(value):
        return repr(value)
    digits = str(int(value))
    # An ID that is kept as a number can be shown with the zeros that it begins with.
    zeros = cell.number_format
    return digits.zfill(len(zeros)) if _ZEROS.fullmatch(zeros) else digits
