"""Texts: their kind, encoding, separator, titles, and rows."""

import codecs
import csv
import subprocess
import sys
from pathlib import Path

import pytest
from file_samples import list_rows, make_text
from files import FileError, Table, open_table

ROWS = (["ID", "Name", "Date"], ["P1", "Ana, María", "2026-11-04"], ["P2", "Émile", "2026-11-05"])
READ = [(2, ("P1", "Ana, María", "2026-11-04")), (3, ("P2", "Émile", "2026-11-05"))]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16"),
        ("cp1252", "cp1252"),
    ],
)
def test_encodings_and_separators(separator, quoting, encoding, name):
    table = open_table(
        make_text(*ROWS, separator=separator, encoding=encoding, quoting=quoting), ""
    )
    assert table.encoding == name
    assert table.header == ("ID", "Name", "Date")
    assert list(table.rows()) == READ
    assert list(table.rows()) == READ, "The rows can be read again."


def test_utf_16_of_either_order():
    content = make_text(*ROWS, separator="\t", encoding="utf-16-be")
    assert list_rows(codecs.BOM_UTF16_BE + content) == READ


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_ends_of_lines(end):
    assert list_rows(make_text(*ROWS, end=end)) == READ


@pytest.mark.parametrize(
    ("text", "header", "rows"),
    [
        # The separator is the one that splits the rows as it splits the titles.
        ("ID;Name\nP1;a,b\nP2;c,d\n", ("ID", "Name"), [("P1", "a,b"), ("P2", "c,d")]),
        ("ID,Name\nP1,a;b;c\nP2,d;e;f\n", ("ID", "Name"), [("P1", "a;b;c"), ("P2", "d;e;f")]),
        ("ID;Day (d,m,y)\nP1;4\nP2;5\n", ("ID", "Day (d,m,y)"), [("P1", "4"), ("P2", "5")]),
        ("ID\tNote\nP1\ta,b,c\nP2\td\n", ("ID", "Note"), [("P1", "a,b,c"), ("P2", "d")]),
        ('ID;"a;b,c";Date\nP1;x;y\n', ("ID", "a;b,c", "Date"), [("P1", "x", "y")]),
        ("ID;Date\nP1;2026-11-04\n", ("ID", "Date"), [("P1", "2026-11-04")]),
        ("ID\nP1\nP2\n", ("ID",), [("P1",), ("P2",)]),
        ("ID", ("ID",), []),
        ('ID;"a,b,c"\n"P1";"x"\n', ("ID", "a,b,c"), [("P1", "x")]),
        # Excel's own line says which.
        ("sep=|\nID|Na,me\nP1|x,y\n", ("ID", "Na,me"), [("P1", "x,y")]),
        ("SEP=^\r\nID^Name\r\nP1^x\r\n", ("ID", "Name"), [("P1", "x")]),
        ('"sep=;"\nID;Name\nP1;x\n', ("ID", "Name"), [("P1", "x")]),
        ("\ufeffsep=\t\nID\tName\nP1\tx\n", ("ID", "Name"), [("P1", "x")]),
        # Rows that are shorter, and cells behind the last title that are empty.
        ("ID,Name,Date\nP1\nP2,x,\n", ("ID", "Name", "Date"), [("P1", "", ""), ("P2", "x", "")]),
        ("ID,Name,,\nP1,x,,\n", ("ID", "Name"), [("P1", "x")]),
        # One with more cells has been split where it should not.
        ("ID,Name\nP1,x,y\n", ("ID", "Name"), [("P1", "x", "y")]),
        # Texts stay as they are.
        ('ID,Name\r\nP1,"a\r\nb"\r\n', ("ID", "Name"), [("P1", "a\r\nb")]),
        ('ID,Name\n007,"  a ""b""\nc "\n', ("ID", "Name"), [("007", '  a "b"\nc ')]),
    ],
)
def test_what_is_read(text, header, rows):
    table = open_table(text.encode(), "november.csv")
    assert table.header == header
    assert [cells for _number, cells in table.rows()] == rows


def test_rows_have_the_numbers_of_a_spreadsheet():
    text = '\n , \nID,Name\n\nP1,"two\nlines"\n,\nP2,x\n'
    assert [number for number, _cells in list_rows(text.encode())] == [5, 7]
    assert [number for number, _cells in list_rows(b"sep=;\nID;Name\nP1;x\n")] == [2]


@pytest.mark.parametrize(
    ("titles", "header"),
    [
        (["ID", " Date\u00a0", "\ufeffType\u200f"], ("ID", "Date", "Type")),
        (["ID", "", "Date"], ("ID", "column B", "Date")),
        (["ID", "Date", "Date"], ("ID", "Date (column B)", "Date (column C)")),
        (["ID", "Date", "DATE "], ("ID", "Date (column B)", "DATE (column C)")),
        (
            ["Date", "Date", "Date (column A)"],
            ("Date (column A) (column A)", "Date (column B)", "Date (column A) (column C)"),
        ),
        (["ID", "", "column B"], ("ID", "column B (column B)", "column B (column C)")),
        (["ID", "a\x01b"], ("ID", "ab")),
        (["ID", "\x01 \x01", "x" * 300], ("ID", "column B", "x" * 255)),
    ],
)
def test_titles_are_told_apart(titles, header):
    assert open_table(make_text(titles, ["x"] * len(titles)), "").header == header


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "The file is empty: its first row must hold the titles of its columns."),
        (b"\n\n , ,\n", "The file is empty: its first row must hold the titles of its columns."),
        (b"\xef\xbb\xbf", "The file is empty: its first row must hold the titles"),
        (b"sep=;\n", "The file is empty: its first row must hold the titles of its columns."),
        (b"ID,Name\nP1,a\0b\n", "It holds NUL characters, which no text does: save it as CSV"),
        (b"I\0D\0", "It holds NUL characters, which no text does: save it as CSV"),
        (b"ID\nP\x81\n", "It is no text in UTF-8, UTF-16 or Windows-1252: save it as CSV in UTF-8"),
        (
            b"\xff\xfeI\0D",
            "It is no text in UTF-8, UTF-16 or Windows-1252: save it as CSV in UTF-8",
        ),
        (b'"ID,Name\nP1,x\n', "Row 1 can't be read: a quotation mark in it has no partner"),
        (b'ID,Name\n"P1,x\nP2,y\n', "Row 2 can't be read: a quotation mark in it has no partner"),
        (b'ID,Name\nP1,x\n"P2"2,y\n', "Row 3 can't be read: a quotation mark in it has no partner"),
        (b"," * 400 + b"ID\n", "Row 1 has more than 400 columns: delete those that hold no"),
        (b"ID\n" + b"," * 400 + b"x\n", "Row 2 has more than 400 columns: delete those that hold"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0", "is of an old kind of Excel, or protected by a"),
        (b"\n <!DOCTYPE html><html>", "is no table of rows and cells: save it as XLSX or CSV."),
        (b"<table><tr><td>ID</td></tr></table>", "is no table of rows and cells: save it as"),
        (b"<?xml version='1.0'?><Workbook/>", "is no table of rows and cells: save it as XLSX"),
        (b"%PDF-1.7\n", "is no table of rows and cells: save it as XLSX or CSV."),
    ],
)
def test_what_is_refused(content, message):
    with pytest.raises(FileError) as raised:
        list_rows(content)
    assert message in str(raised.value)
    if not str(raised.value).startswith("Row"):
        assert str(raised.value).startswith('"november.csv" ')


def test_a_cell_that_is_too_long():
    with pytest.raises(FileError, match="Row 2 can't be read: one of its cells is longer than any"):
        list_rows(b"ID\n" + b"x" * (csv.field_size_limit() + 1))


def test_400_columns_are_not_too_many():
    assert len(open_table(b"x," * 399 + b"x\n", "").header) == 400


def test_the_encoding_is_found_by_all_of_the_file():
    text = "ID,Name\n" + "P1,x\n" * 500_000 + "P2,é\n"
    assert open_table(text.encode(), "").encoding == "utf-8"
    table = open_table(text.encode("cp1252"), "")
    assert table.encoding == "cp1252"
    assert list(table.rows())[-1] == (500_002, ("P2", "é"))


def test_rows_are_read_as_they_are_asked_for():
    read = []

    def read_lines():
        for number in range(1, 1000):
            read.append(number)
            yield number, [f"x{number}"]

    table = Table(read_lines, "utf-8")
    assert read == [1]
    assert next(table.rows()) == (2, ("x2",))
    assert read == [1, 1, 2]


def test_reading_needs_no_odoo_and_no_connector():
    folder = Path(__file__).parents[2] / "spp_cycle_attendance_compliance"
    code = "import sys, files\nassert not {'odoo', 'connector', 'requests'} & {*sys.modules}\n"
    subprocess.run([sys.executable, "-c", code], cwd=folder, check=True)
