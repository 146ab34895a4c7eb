"""Rows that can't be used, written again: as they came, with the reason, and read anew."""

import csv
import io

import pytest
from file_samples import LIST, make_cells, make_inline, make_text, make_workbook, read
from files import guess_layout, open_table, write_left_out, write_table
from openpyxl import load_workbook

TITLE = "What Is Wrong"
HEADER = ("ID", "Date", "Presence")
ROWS = (("ANA", "2026-11-04", "x"), ("=1+1", "2026-13-01", "x"), ("0012", "2026-11-05", "maybe"))
REASONS = {3: "Date: this is not a date.", 4: "Presence: لا، كلمة أخرى."}
RIGHT = [(*HEADER, "#!", TITLE), (*ROWS[1], "3", REASONS[3]), (*ROWS[2], "4", REASONS[4])]


def write(content, reasons=REASONS, title=TITLE, **options):
    left_out = write_left_out(open_table(content, "a file"), reasons, title, **options)
    return left_out, open_table(left_out.content, f"a.{left_out.extension}")


def list_cells(content, separator=","):
    """Return all cells as they are written, also those that are no part of the table."""
    if content.startswith(b"PK"):
        rows = load_workbook(io.BytesIO(content))["Attendance"].iter_rows(values_only=True)
        return [tuple("" if cell is None else str(cell) for cell in row) for row in rows]
    text = io.StringIO(content.decode("utf-8-sig"), newline="")
    return list(map(tuple, csv.reader(text, delimiter=separator)))


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_a_text_stays_a_text_with_its_separator(separator, encoding):
    left_out, table = write(make_text(HEADER, *ROWS, separator=separator, encoding=encoding))
    assert (left_out.extension, left_out.count) == ("csv", 2)
    assert (table.encoding, table.separator) == ("utf-8", separator)
    assert list_cells(left_out.content, separator) == RIGHT


@pytest.mark.parametrize("separator", ["#", "§", "\t"])
def test_a_separator_that_is_named_is_named_again(separator):
    content = f"sep={separator}\r\n".encode() + make_text(HEADER, *ROWS, separator=separator)
    for _round in range(2):
        left_out, table = write(content, {2: "No.", 3: "No."})
        assert (table.separator, table.header) == (separator, HEADER)
        content = left_out.content


def test_a_separator_that_titles_hide():
    header = ("ID", "Date, of it, and more", "Presence, too", "a,b")
    content = make_text(header, *[["1,2,3,4,5,6", "b", "c", "d,e"]] * 3, separator=";")
    assert open_table(content, "").separator == ";"
    for reason in ("No.", "No, no, no."):
        _left_out, table = write(content, {3: reason})
        assert (table.separator, table.header) == (";", header)


def test_a_workbook_stays_a_workbook():
    left_out, table = write(write_table(HEADER, ROWS))
    assert (left_out.extension, table.encoding) == ("xlsx", None)
    assert list_cells(left_out.content) == RIGHT


@pytest.mark.parametrize("make", [make_text, lambda *rows: write_table(rows[0], rows[1:])])
def test_what_is_wrong_is_no_part_of_the_table(make):
    """In whatever language it was said; it is said anew, and once."""
    first, table = write(make(HEADER, *ROWS), title="Ce qui ne va pas, ligne par ligne")
    assert (table.header, list(table.rows())) == (HEADER, [(2, ROWS[1]), (3, ROWS[2])])
    layout = guess_layout(table)
    assert (layout.identifier, layout.date, layout.category) == HEADER
    again, table = write(first.content, {3: "Still wrong."})
    assert list_cells(again.content) == [(*HEADER, "#!", TITLE), (*ROWS[2], "3", "Still wrong.")]
    assert list(table.rows()) == [(2, ROWS[2])]


def test_a_column_of_the_file_that_is_called_so_stays():
    _left_out, table = write(make_text((*HEADER, TITLE), *((*row, "Mine.") for row in ROWS)))
    assert table.header == (*HEADER, TITLE)
    assert [cells[-1] for _number, cells in table.rows()] == ["Mine.", "Mine."]


def test_a_row_of_which_a_cell_was_split_is_refused_again():
    """It keeps its cells: put together at its end, they might mean something else."""
    header = ("ID", "Date", "Remark", "Presence", "Type")
    content = make_text(header) + b"7,2026-11-04,good, a,x,Training\r\n"
    layout = guess_layout(open_table(content, ""))
    for _round in range(2):
        assert [error.number for error in read(content, layout)] == [2]
        left_out, table = write(content, {2: "Too many cells."})
        assert list(table.rows()) == [(2, ("7", "2026-11-04", "good", " a", "x", "Training"))]
        content = left_out.content


def test_a_remark_that_is_split_in_the_file_to_correct():
    """The reason that stands behind it is not taken for a part of it."""
    header = (*HEADER, "Note")
    left_out, _table = write(make_text(header, ["7", "2026-11-04", "x", "ill"]), {2: "Nobody."})
    content = left_out.content.replace(b",ill,", b",ill, too,")
    assert [error.number for error in read(content, guess_layout(open_table(content, "")))] == [2]
    again, _table = write(content, {2: "Too many cells."})
    assert list_cells(again.content)[1] == (
        *("7", "2026-11-04", "x", "ill", " too", "2", "Too many cells."),
    )


@pytest.mark.parametrize(
    "number", ["1234567890123450", "-1234567890123450", "12345678901234500000"]
)
@pytest.mark.parametrize("column", ["ID", "Record ID"])
def test_a_shortened_number_is_never_taken_for_whole(number, column):
    """Of an ID of 16 digits, Excel makes another person's."""
    cells = {
        "ID": make_inline("P1"),
        "Record ID": make_inline("1"),
        column: f"<c><v>{number}</v></c>",
    }
    day, presence = make_inline("2026-11-04"), make_inline("x")
    rows = make_cells(cells["ID"], day, presence, cells["Record ID"])
    for letter, title in zip("ABCD", ("ID", "Date", "Presence", "Record ID"), strict=True):
        rows = rows.replace(f"<t>{letter}</t>", f"<t>{title}</t>")
    content = make_workbook(rows)
    layout = guess_layout(open_table(content, ""))
    first = read(content, layout)
    assert [error.column for error in first] == [column]
    for _round in range(2):
        left_out, _table = write(content, {2: "Shortened."})
        assert read(left_out.content, layout) == first
        content = left_out.content
    place = {"ID": 0, "Record ID": 3}[column]
    assert float(list_cells(content)[1][place]) == float(number)


def test_a_formula_stays_refused():
    """As the ID of an attendance, which may be any text. As a person's, nobody has it."""
    rows = [["P1", "2026-11-04", "x", "=ROW()"]]
    titles = (LIST.identifier, LIST.date, LIST.category, LIST.record_id)
    for content in (make_text(titles, *rows), write_table(titles, rows)):
        found = read(content, guess_layout(open_table(content, "")))
        assert [(error.number, error.column) for error in found] == [(2, titles[3])]


def test_as_many_as_fit():
    row = ("P1", "2026-13-01", "x" * 80)
    content = make_text(HEADER, *[row] * 200)
    reasons = dict.fromkeys(range(2, 202), "No date.")
    left_out, _table = write(content, reasons)
    assert (left_out.count, len(left_out.shown)) == (200, 50)
    size = sum(map(len, row)) + len(row) + len("No date.")
    left_out, table = write(content, reasons, most=3 * size + 1)
    assert left_out.count == len(left_out.shown) == len(list(table.rows())) == 3


def test_empty_cells_count():
    header = ("ID", *(f"Column {number}" for number in range(99)))
    content = make_text(header, *[["P1"]] * 10)
    left_out, _table = write(content, dict.fromkeys(range(2, 12), "No."), most=350)
    assert left_out.count == 3


def test_a_workbook_takes_no_more_cells_than_a_request_has_time_for():
    """A text takes them."""
    reasons = dict.fromkeys(range(2, 12), "No date.")
    row = ("P1", "2026-13-01", "x")
    left_out, table = write(write_table(HEADER, [row] * 10), reasons, most_cells=24)
    assert left_out.count == len(list(table.rows())) == 4
    assert write(make_text(HEADER, *[row] * 10), reasons, most_cells=24)[0].count == 10


def test_the_first_row_is_kept_however_long_it_is():
    for content in (make_text(HEADER, *ROWS), write_table(HEADER, ROWS)):
        left_out, table = write(content, most=1, most_cells=1)
        assert left_out.count == len(left_out.shown) == 1
        assert list(table.rows()) == [(2, ROWS[1])]


def test_a_table_of_as_many_columns_as_can_be():
    header = ("ID", *(f"Column {number}" for number in range(399)))
    content = make_text(header, ["x"] * 400)
    for _round in range(2):
        left_out, table = write(content, {2: "No."})
        assert (table.header, list(table.rows())) == (header, [(2, ("x",) * 400)])
        content = left_out.content


def test_what_is_shown_is_cut():
    header = tuple(f"Column {number}" for number in range(30))
    left_out, _table = write(make_text(header, ["a" * 5_000] * 30), {2: "All of it."})
    assert left_out.titles == list(header[:12])
    assert left_out.shown == [[2, "All of it.", *["a" * 80] * 12]]


def test_a_split_row_without_our_cells_loses_nothing():
    """Whoever empties what is wrong, and not what is, is told once more."""
    text = "ID,Date,Presence,#!,What Is Wrong\n"
    table = open_table(f"{text}Silva, Maria,2026-11-04,x\nP1,2026-11-04,x,2,no\n".encode(), "")
    first, second = (cells for _number, cells in table.rows())
    assert "x" in first and len(first) > len(table.header)
    assert second == ("P1", "2026-11-04", "x")
