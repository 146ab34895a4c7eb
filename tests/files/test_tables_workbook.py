"""Workbooks: sheets, cells of all kinds, and what is refused."""

import io
import zipfile
from datetime import date, datetime, time, timedelta

import pytest
from file_samples import (
    list_rows,
    make_cells,
    make_inline,
    make_parts,
    make_text,
    make_workbook,
    pack,
)
from files import FileError, open_table
from files.texts import Formula, Shortened
from openpyxl import Workbook

UNREADABLE = "It is no workbook that can be read: open it in a spreadsheet program and save it anew"


def save(*rows, formats=()):
    """Return a workbook of openpyxl, with a sheet that holds the rows."""
    book = Workbook()
    for row in rows:
        book.active.append(row)
    for place, code in formats:
        book.active[place].number_format = code
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        ("007", "General", "007"),
        (7, "General", "7"),
        (7.0, "General", "7"),
        (-7, "General", "-7"),
        (7.25, "General", "7.25"),
        (0.1, "General", "0.1"),
        (999_999_999_999_999, "General", "999999999999999"),
        (1e14, "General", "100000000000000"),
        (7, "0000", "0007"),
        (12345, "0000", "12345"),
        (7, "0", "7"),
        (7, "0.00", "7"),
        (True, "General", "true"),
        (False, "General", "false"),
        ("#N/A", "General", "#N/A"),
        (date(2026, 11, 4), "dd/mm/yyyy", "2026-11-04"),
        (datetime(2026, 11, 4), "dd/mm/yyyy", "2026-11-04"),
        (datetime(2026, 11, 4, 8, 30), "dd/mm/yyyy hh:mm", "2026-11-04 08:30:00"),
        (time(8, 30), "hh:mm", "08:30:00"),
        (timedelta(hours=8, minutes=30), "hh:mm", "08:30:00"),
        ("  two\nlines ", "General", "  two\nlines "),
        ("حاضر", "General", "حاضر"),
        ("=", "General", "="),
    ],
)
def test_cells(value, code, text):
    ((_number, cells),) = list_rows(save(["ID"], [value], formats=[("A2", code)]))
    assert cells == (text,)
    assert cells[0].__class__ is str


def test_formulas_are_text():
    ((_number, cells),) = list_rows(save(["ID", "B"], ["=SUM(B1:B2)", "x"]))
    assert cells == ("=SUM(B1:B2)", "x")
    assert [cell.__class__ for cell in cells] == [Formula, str]


@pytest.mark.parametrize(
    ("cell", "text", "kind"),
    [
        ("<c><f>A1</f><v>7</v></c>", "=A1", Formula),
        ('<c r="A2"><f t="array" ref="A2:A3">A1*2</f></c>', "=A1*2", Formula),
        ("<c><v>1234567890123456</v></c>", "1234567890123456", Shortened),
        ("<c><v>1.2345678901234568E+19</v></c>", "12345678901234567168", Shortened),
        ("<c><v>1E15</v></c>", "1000000000000000", Shortened),
        ('<c t="inlineStr"><is><t>1234567890123456</t></is></c>', "1234567890123456", str),
        ('<c t="str"><v>=A1</v></c>', "=A1", str),
        ('<c t="e"><v>#REF!</v></c>', "#REF!", str),
        ('<c t="s"><v>1</v></c>', "two", str),
        ('<c t="b"><v>1</v></c>', "true", str),
        ('<c t="d"><v>2026-11-04</v></c>', "2026-11-04", str),
        ('<c t="d"><v>2026-11-04T08:30:00</v></c>', "2026-11-04 08:30:00", str),
        ('<c s="1"><v>46330</v></c>', "2026-11-04", str),
        ('<c s="1"><v>46330.354166666664</v></c>', "2026-11-04 08:30:00", str),
        ('<c s="2"><v>7</v></c>', "00007", str),
        ('<c s="1"><v>99999999999</v></c>', "#VALUE!", str),
    ],
)
@pytest.mark.filterwarnings("ignore:Cell None is marked as a date")
def test_cells_as_they_are_stored(cell, text, kind):
    content = make_workbook(
        make_cells(cell), styles=["yyyy\\-mm\\-dd", "00000"], strings=["one", "two"]
    )
    ((_number, (found,)),) = list_rows(content)
    assert (found, found.__class__) == (text, kind)


@pytest.mark.parametrize("size", ["A1", "A1:A1", "A1:XFD1048576", "C3:C3", "A1:ZZZ999999999", None])
def test_what_a_sheet_says_about_its_size(size):
    rows = make_cells("<c><v>1</v></c>", "<c><v>2</v></c>", "<c><v>3</v></c>")
    said = f'<dimension ref="{size}"/>' if size else ""
    content = make_workbook(f"{said}<sheetData>{rows}</sheetData>")
    assert list_rows(content) == [(2, ("1", "2", "3"))]


def test_the_first_sheet_that_is_seen_and_holds_anything():
    sheets = [make_cells(make_inline(text)) for text in ("a", "b", "c", "d")]
    sheets[2] = '<row r="1"><c/></row>'
    states = ["hidden", "veryHidden", "visible", "visible"]
    assert list_rows(make_workbook(*sheets, states=states)) == [(2, ("d",))]
    with pytest.raises(FileError, match="None of its sheets that can be seen holds anything"):
        open_table(make_workbook(*sheets[:3], states=states[:3]), "")


def test_rows_of_a_workbook():
    content = save(
        [None, None],
        ["ID", None, "Name"],
        [],
        ["P1", 1, "x", "a note"],
        [None, " "],
        [""] * 3 + ["b"],
    )
    table = open_table(content, "november.csv")
    assert table.encoding is None
    assert table.header == ("ID", "column B", "Name")
    assert list(table.rows()) == [(4, ("P1", "1", "x"))], (
        "Notes beside the table are no part of it."
    )
    first, second = table.rows(), table.rows()
    assert next(first) == next(second)


def test_a_workbook_is_known_by_its_content():
    assert list_rows(save(["ID"], ["P1"]), "november.txt") == [(2, ("P1",))]
    assert list_rows(make_text(["ID"], ["P1"]), "november.xls") == [(2, ("P1",))]
    for name in ("november.xlsx", "November.XLSM ", f"{'n' * 100}.xlsx"):
        with pytest.raises(FileError, match="It is no workbook, though its name says so"):
            list_rows(make_text(["ID"], ["P1"]), name)


def test_cells_far_away(monkeypatch):
    far = '<c r="XFD2"><v>1</v></c>'
    with pytest.raises(FileError, match="Row 2 has more than 400 columns"):
        list_rows(make_workbook(make_cells("<c><v>1</v></c>", far)))
    assert list_rows(make_workbook(make_cells("<c><v>1</v></c>", '<c r="XFD2"/>')))
    with pytest.raises(FileError, match="It is too big: split it into several files"):
        list_rows(make_workbook(make_cells("<c><v>1</v></c>", number=10**9)))
    monkeypatch.setattr("files.workbooks.MOST_CELLS", 1_000_000)
    wide = "".join(f'<row r="{number}"><c r="ZZZ{number}"/></row>' for number in range(3, 99))
    with pytest.raises(FileError, match="It is too big: split it into several files"):
        list_rows(make_workbook(make_cells("<c><v>1</v></c>") + wide))


def zip_of(*names):
    return pack(dict.fromkeys(names, "x"))


def encrypt(content):
    """Mark all parts as encrypted, in their own headers and in the directory."""
    content = bytearray(content)
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = content.find(mark)
        while place >= 0:
            content[place + offset] |= 1
            place = content.find(mark, place + 4)
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (zip_of("mimetype", "content.xml"), "It is no Excel workbook: save it as XLSX or CSV."),
        (zip_of("word/document.xml"), "It is no Excel workbook: save it as XLSX or CSV."),
        (zip_of("xl/workbook.bin"), "It is a binary workbook (XLSB): save it as XLSX or CSV."),
        (zip_of("xl/workbook.xml"), UNREADABLE),
        (b"PK\x03\x04", UNREADABLE),
        (b"PK\x05\x06" + b"\0" * 18, "It is no Excel workbook: save it as XLSX or CSV."),
        (make_workbook("<row><c><v>x</v></c></row>"), UNREADABLE),
        (make_workbook('<row><c t="s"><v>9</v></c></row>'), UNREADABLE),
        (make_workbook('<row><c s="9"><v>9</v></c></row>'), UNREADABLE),
        (make_workbook("<row><c>"), UNREADABLE),
        (pack(make_parts("<row/>"), zipfile.ZIP_LZMA), UNREADABLE),
        (pack(make_parts("<row/>"), zipfile.ZIP_BZIP2), UNREADABLE),
        (encrypt(make_workbook("<row/>")), "It is protected by a password: save it without one."),
        (make_workbook("<row/>"), "None of its sheets that can be seen holds anything."),
    ],
)
def test_what_is_refused(content, message):
    with pytest.raises(FileError) as raised:
        list_rows(content)
    assert str(raised.value).startswith(f'"november.csv" can\'t be used. {message}')


@pytest.mark.parametrize("name", sorted(make_parts("<row/>")))
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_refused(name, encoding):
    parts = make_parts(make_cells(make_inline("&bomb;" if "sheet1" in name else "x")))
    doctype = '<!DOCTYPE x [<!ENTITY bomb "boom">]>'
    whole = f"<?xml version='1.0' encoding='{encoding}'?><!-- x -->{doctype}{parts[name]}"
    with pytest.raises(FileError, match=UNREADABLE):
        list_rows(pack({**parts, name: whole.encode(encoding)}))


def say_size(content, name, size):
    """Let the directory of a zip file say that a part unpacks to that size."""
    place = content.index(b"PK\x01\x02")
    place = content.rindex(b"PK\x01\x02", place, content.index(name.encode(), place))
    return content[: place + 24] + size.to_bytes(4, "little") + content[place + 28 :]


@pytest.mark.parametrize(
    ("name", "size", "message"),
    [
        ("xl/worksheets/sheet1.xml", 2**30, "It is too big"),
        ("xl/sharedStrings.xml", 2**28, "It is too big"),
        ("xl/worksheets/sheet1.xml", 10, UNREADABLE),
    ],
)
def test_what_a_workbook_says_it_unpacks_to(name, size, message):
    content = say_size(make_workbook(make_cells(make_inline("x"))), name, size)
    with pytest.raises(FileError, match=message):
        list_rows(content)


def test_a_workbook_may_say_more_than_it_unpacks_to():
    content = make_workbook(make_cells(make_inline("x")))
    assert list_rows(say_size(content, "xl/worksheets/sheet1.xml", 2**29)) == [(2, ("x",))]


def test_too_many_parts():
    parts = make_parts(make_cells(make_inline("x")))
    with pytest.raises(FileError, match=UNREADABLE):
        open_table(pack({**parts, **{f"xl/media/{number}": "" for number in range(10_000)}}), "")


def test_a_workbook_that_breaks_off():
    """What is wrong further down is said when it is reached."""
    rows = "".join(f'<row r="{number}"><c><v>{number}</v></c></row>' for number in range(1, 20_000))
    table = open_table(make_workbook(rows + '<row r="20000"><c><v>x</v></c></row>'), "")
    with pytest.raises(FileError, match=UNREADABLE):
        list(table.rows())
