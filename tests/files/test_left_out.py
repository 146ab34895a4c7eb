"""Rows that can't be used, written again: as they came, with the reason, and read anew."""

import pytest
from file_samples import make_text
from files import guess_layout, open_table, write_left_out, write_table

TITLE = "What Is Wrong"
HEADER = ("ID", "Date", "Presence")
ROWS = (("ANA", "2026-11-04", "x"), ("=1+1", "2026-13-01", "x"), ("0012", "2026-11-05", "maybe"))
REASONS = {3: "Date: this is not a date.", 4: "Presence: لا، كلمة أخرى."}


def write(content, reasons=REASONS, **options):
    left_out = write_left_out(open_table(content, "a file"), reasons, TITLE, **options)
    return left_out, open_table(left_out.content, f"a.{left_out.extension}")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_a_text_stays_a_text_with_its_separator(separator, encoding):
    left_out, table = write(make_text(HEADER, *ROWS, separator=separator, encoding=encoding))
    assert (left_out.extension, left_out.count) == ("csv", 2)
    assert (table.encoding, table.separator) == ("utf-8", separator)
    assert table.header == (*HEADER, TITLE)
    assert list(table.rows()) == [(2, (*ROWS[1], REASONS[3])), (3, (*ROWS[2], REASONS[4]))]


def test_a_workbook_stays_a_workbook():
    left_out, table = write(write_table(HEADER, ROWS))
    assert (left_out.extension, table.encoding) == ("xlsx", None)
    assert list(table.rows()) == [(2, (*ROWS[1], REASONS[3])), (3, (*ROWS[2], REASONS[4]))]


def test_the_reason_is_no_column_of_the_attendance():
    _left_out, table = write(make_text(HEADER, *ROWS))
    layout = guess_layout(table)
    assert TITLE not in layout.to_dict().values()
    assert (layout.identifier, layout.date, layout.category) == HEADER


def test_what_was_wrong_before_is_said_no_more():
    content = make_text((*HEADER, TITLE.lower()), *((*row, "Was wrong.") for row in ROWS))
    _left_out, table = write(content)
    assert table.header == (*HEADER, TITLE)
    assert [cells[-1] for _number, cells in table.rows()] == list(REASONS.values())


def test_no_word_of_a_row_is_lost():
    """A comma in a name has made a cell more than there are titles."""
    content = make_text(HEADER, quoting=0) + b"7,2026-11-04,x,y,z\r\n"
    _left_out, table = write(content, {2: "Too many cells."})
    assert list(table.rows()) == [(2, ("7", "2026-11-04", "x,y,z", "Too many cells."))]


def test_as_many_as_fit():
    row = ("P1", "2026-13-01", "x" * 80)
    content = make_text(HEADER, *[row] * 200)
    reasons = dict.fromkeys(range(2, 202), "No date.")
    left_out, _table = write(content, reasons)
    assert (left_out.count, len(left_out.shown)) == (200, 50)
    size = sum(map(len, row)) + len("No date.")
    left_out, table = write(content, reasons, most=3 * size + 1)
    assert left_out.count == len(left_out.shown) == len(list(table.rows())) == 3


def test_what_is_shown_is_cut():
    header = tuple(f"Column {number}" for number in range(30))
    left_out, _table = write(make_text(header, ["a" * 5_000] * 30), {2: "All of it."})
    assert left_out.titles == list(header[:12])
    assert left_out.shown == [[2, "All of it.", *["a" * 80] * 12]]
