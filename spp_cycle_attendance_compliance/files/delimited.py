"""Texts whose cells are separated by a character: its encoding and separator are found out."""

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator
from itertools import islice

from .errors import FileError, _

SEPARATORS = ",;\t|"
# How many lines are looked at to find the separator.
SAMPLED = 100

# By the name that a table has for it. A mark of the order of bytes is no part of the text.
_CODECS = {"utf-8": "utf-8-sig", "utf-16": "utf-16", "cp1252": "cp1252"}
_CHUNK = 2**20
# What Excel reads, and writes, before the titles.
_SEPARATOR_LINE = re.compile(r'"?sep=([^"\r\n])"?[\r\n]*', re.IGNORECASE)


def open_delimited(
    content: bytes,
) -> tuple[str, str, Callable[[], Iterator[tuple[int, list[str]]]]]:
    """Return a text's encoding, its separator, and a function that gives its rows with their
    numbers.

    Rows are numbered as a spreadsheet does it: one with line breaks in a cell is one row, an empty
    one counts, and the line that names the separator does not.

    :raises FileError: if it is no text; the function's rows raise it where they can't be read
    """
    encoding = _find_encoding(content)
    lines = list(islice(_open_text(content, encoding), SAMPLED))
    named = _SEPARATOR_LINE.fullmatch(lines[0]) if lines else None
    separator = named[1] if named else max(SEPARATORS, key=lambda mark: _rate(lines, mark))

    def read_lines():
        text = _open_text(content, encoding)
        if named:
            next(text)
        number = 0
        try:
            for number, cells in enumerate(_split(text, separator), 1):
                yield number, cells
        except csv.Error as error:
            raise _explain(error, number + 1) from error

    return encoding, separator, read_lines


def _find_encoding(content):
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        candidates = ("utf-16",)
    else:
        candidates = ("utf-8", "cp1252")
    for encoding in candidates:
        try:
            _check_text(content, encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    raise FileError(
        _("It is no text in UTF-8, UTF-16 or Windows-1252: save it as CSV in UTF-8, or as XLSX.")
    )


def _check_text(content, encoding):
    decoder = codecs.getincrementaldecoder(_CODECS[encoding])()
    for start in range(0, len(content) + 1, _CHUNK):
        text = decoder.decode(content[start : start + _CHUNK], start + _CHUNK > len(content))
        if "\0" in text:
            raise FileError(
                _(
                    "It holds NUL characters, which no text does: save it as CSV in UTF-8, or as "
                    "XLSX."
                )
            )


def _open_text(content, encoding):
    return io.TextIOWrapper(io.BytesIO(content), _CODECS[encoding], newline="")


def _split(lines, separator):
    # Strict, since a quote that is never closed would otherwise swallow what follows in silence.
    return csv.reader(lines, delimiter=separator, strict=True)


def _rate(lines, separator):
    """Return how well lines are split: how many rows have as many cells as the first one, of which
    it must have more than one, and how many it has."""
    counts = []
    try:
        counts.extend(len(cells) for cells in _split(lines, separator) if any(cells))
    except csv.Error:
        counts.append(0)
    if not counts or counts[0] < 2:
        return 0, 0
    return counts.count(counts[0]) / len(counts), counts[0]


def _explain(error, number):
    if "field limit" in str(error):
        sentence = _(
            "Row %(row)s can't be read: one of its cells is longer than any attendance can be. "
            "Correct it, or save the table anew as CSV or XLSX."
        )
    else:
        sentence = _(
            "Row %(row)s can't be read: a quotation mark in it has no partner, or stands where "
            "none can. Correct it, or save the table anew as CSV or XLSX."
        )
    return FileError(sentence, row=number)
