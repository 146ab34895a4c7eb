"""Workbooks that are written: read again, and as spreadsheet programs show them."""

import io
from datetime import date, timedelta

import pytest
from file_samples import LIST, TODAY, TYPES, list_rows, make_row, make_text, read
from files import Layout, RowError, guess_layout, open_table, read_rows, write_table
from openpyxl import load_workbook

TITLES = ("ID", "Name", "Date", "Presence", "Type", "Location", "Time")
DAYS = tuple(date(2026, 11, 1) + timedelta(number) for number in range(27))


def load(content):
    return load_workbook(io.BytesIO(content))


def read_all(content):
    """Return all rows of a file that nobody was asked about."""
    table = open_table(content, "november.xlsx")
    locations = {"hall a": 11}
    return list(read_rows(table, guess_layout(table), TYPES, locations, TODAY))


@pytest.mark.parametrize("day", ["2026-11-04", date(2026, 11, 4)])
def test_a_template_is_read_without_asking(day):
    content = write_table(TITLES, [["007", "Ana", day, "absent", "Training", "Hall A", "08:30"]])
    table = open_table(content, "")
    assert guess_layout(table) == Layout(
        "ID", "Date", "Presence", "Type", "Location", "Time", date_format="ymd"
    )
    values = dict(category="absent", type_id=1, location_id=11, time="08:30:00")
    assert read_all(content) == [make_row(identifier="007", **values)]


def test_an_empty_template_is_read_without_asking():
    table = open_table(write_table(TITLES, []), "")
    layout = guess_layout(table)
    layout.check()
    assert layout == Layout("ID", "Date", "Presence", "Type", "Location", "Time")
    assert read_all(write_table(TITLES, [])) == []


def test_a_class_sheet_is_read_without_asking():
    header = ("ID", "Name", "Type", "Location", *DAYS)
    marks = ["x", None, "absent", *[""] * 23, "1"]
    content = write_table(header, [["007", "Ana", "Training", "Hall A", *marks], ["008", "Ben"]])
    assert guess_layout(open_table(content, "")) == Layout(
        "ID", type="Type", location="Location", day_columns=True, date_format="ymd"
    )
    values = dict(identifier="007", type_id=1, location_id=11)
    assert read_all(content) == [
        make_row(date=DAYS[0], **values),
        make_row(date=DAYS[2], category="absent", **values),
        make_row(date=DAYS[26], **values),
    ]


def test_a_class_sheet_that_was_filled_in():
    """As a spreadsheet program saves it: marks as texts, numbers and values of logic."""
    book = load(write_table(("ID", "Name", *DAYS[:4]), [["007", "Ana"]]))
    for place, mark in zip("CDEF", ("x", 1, True, 0), strict=True):
        book["Attendance"][f"{place}2"] = mark
    content = io.BytesIO()
    book.save(content)
    found = read_all(content.getvalue())
    assert [row.category for row in found] == ["present", "present", "present", "absent"]
    assert {row.identifier for row in found} == {"007"}


def test_rows_that_could_not_be_used_are_read_again():
    content = make_text(
        ["ID", "Date", "Presence"], ["=1+1", "04/11/2026", "late"], ["007", "04/11/2026", "x"]
    )
    layout = Layout("ID", "Date", "Presence", date_format="dmy")
    table = open_table(content, "november.csv")
    wrong = {error.number: error for error in read(content, layout) if isinstance(error, RowError)}
    bad = [[*cells, wrong[number].message] for number, cells in table.rows() if number in wrong]
    again = open_table(write_table([*table.header, "What is wrong"], bad), "november.xlsx")
    ((_number, cells),) = again.rows()
    assert cells[:3] == ("=1+1", "04/11/2026", "late")
    assert cells[0].__class__ is str, "It is no formula."
    assert read(write_table([*table.header, "What is wrong"], bad), layout) == list(wrong.values())


@pytest.mark.parametrize(
    "text",
    ["=1+1", "=HYPERLINK(1)", "+1", "-1", "@SUM(1)", "#N/A", "007", "1E10", "12345678901234567890"]
    + ["TRUE", "2026-11-04", " x ", "a\nb", "é ✓ حاضر", "<b>&amp;", "\U0001f600", "0.10", "50%"],
)
def test_texts_stay_texts(text):
    content = write_table(["ID", "=1+1"], [[text, "x"]])
    sheet = load(content)["Attendance"]
    assert (sheet["A2"].value, sheet["A2"].data_type, sheet["A2"].number_format) == (text, "s", "@")
    assert (sheet["B1"].value, sheet["B1"].data_type) == ("=1+1", "s")
    ((_number, cells),) = list_rows(content)
    assert cells == (text, "x")
    assert cells[0].__class__ is str


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a\x01b\x00\x0b", "ab"),
        ("\ud800x", "x"),
        ("\ufffe\uffffx", "x"),
        ("x" * 40_000, "x" * 32_767),
    ]
    + [(None, ""), ("", "")],
)
def test_texts_that_no_workbook_can_hold(text, kept):
    assert list_rows(write_table(["ID", "B"], [[text, "y"]])) == [(2, (kept, "y"))]


def test_how_it_looks():
    header = ("Name", "National ID", "Date", "Record ID", "Remarks")
    rows = [["Ana", "007", date(2026, 11, 4), "9", "x" * 200], ["Maria da Conceição", "008"]]
    sheet = load(write_table(header, rows))["Attendance"]
    assert sheet.freeze_panes == "A2"
    assert [cell.font.bold for cell in sheet[1]] == [True] * 5
    assert sheet["A2"].font.bold is False
    assert (sheet["C2"].value.date(), sheet["C2"].number_format) == (DAYS[3], "yyyy-mm-dd")
    formats = [sheet.column_dimensions[letter].number_format for letter in "ABCDE"]
    assert formats == ["General", "@", "yyyy-mm-dd", "@", "General"]
    widths = [sheet.column_dimensions[letter].width for letter in "ABCDE"]
    assert widths == [18, 13, 10, 11, 50]


def test_the_first_column_is_text_if_none_is_known_as_that_of_the_ids():
    sheet = load(write_table(["Code", "Name"], []))["Attendance"]
    assert [sheet.column_dimensions[letter].number_format for letter in "AB"] == ["@", "General"]


def test_lists():
    words = ["present", "absent"]
    types = ["Training, long", *(f"Type {number}" for number in range(100))]
    lists = {"2026-11-01": words, "2026-11-02": words, "Type": types, "None": [], "Other": words}
    header = ("ID", "Type", *DAYS[:2], "None")
    book = load(write_table(header, [["007", None, "present"]], lists))
    sheet, listed = book["Attendance"], book["Lists"]
    rules = {
        str(rule.sqref): (rule.type, rule.formula1, rule.showErrorMessage, rule.allow_blank)
        for rule in sheet.data_validations.dataValidation
    }
    assert rules == {
        "B2:B1048576": ("list", "Lists!$A$1:$A$101", True, True),
        "C2:C1048576 D2:D1048576": ("list", "Lists!$B$1:$B$2", True, True),
    }
    assert listed.sheet_state == "hidden"
    assert [cell.value for cell in listed["A"]] == types
    assert [cell.value for cell in listed["B"]][:3] == [*words, None]


def test_without_lists_there_is_one_sheet():
    assert load(write_table(["ID"], [])).sheetnames == ["Attendance"]


def test_lists_and_many_rows_are_read_again():
    rows = ([f"{number:04}", "", "2026-11-04", "x"] for number in range(3000))
    content = write_table(TITLES, rows, {"Presence": ["x"], "Type": ["Training"]})
    assert read(content, Layout("ID", "Date", "Presence")) == [
        make_row(number + 2, f"{number:04}") for number in range(3000)
    ]


def test_the_default_titles_of_all_fields_are_known():
    header = [getattr(LIST, field) for field in ("identifier", "record_id", "description", "time")]
    assert guess_layout(open_table(write_table(header, []), "")) == Layout(
        "ID", record_id="Record ID", description="Remark", time="Time"
    )
