"""Rows: each cell read, or refused with its sentence."""

import ast
import random
from dataclasses import replace
from datetime import date
from hashlib import blake2b
from pathlib import Path

import pytest
from connector.checking import LONGEST_DESCRIPTION
from connector.checking import clean as clean_of_connector
from file_samples import (
    LIST,
    LOCATIONS,
    SHEET,
    TODAY,
    TYPES,
    get_messages,
    make_cells,
    make_inline,
    make_row,
    make_text,
    make_workbook,
    read,
    read_cells,
)
from files import FileError, Layout, RowError, open_table, read_rows
from files.texts import BLANKS, clean
from files.words import ABSENT_WORDS, PRESENT_WORDS, UNKNOWN_WORDS

ADDON = Path(__file__).parents[2] / "spp_cycle_attendance_compliance"
WORDS = (
    "Write one of these. For present: present, x, ✓, 1, p, yes. For absent: absent, 0, a, no, n, "
    "false. For excused: excused, or the name of a reason. Write ? where it isn't known."
)
OTHER_DAY = "is not between 1900-01-01 and 2026-11-27: attendance is recorded for no other days."


def test_a_row_with_everything():
    content = make_text(
        ["Remark", "Record ID", "Time", "Name", "Location", "Type", "Presence", "Date", "ID"],
        ["Late", "7", "8:30", "Ana", "Hall A", "Training", "Absent", "2026-11-04", "007"],
    )
    expected = make_row(
        identifier="007",
        time="08:30:00",
        category="absent",
        type_id=1,
        location_id=11,
        description="Late",
        record="#7",
    )
    assert read(content) == [expected]


def test_a_row_with_little():
    content = make_text(["ID", "Date"], ["P1", "2026-11-04"])
    assert read(content, Layout("ID", "Date")) == [make_row()]
    constants = Layout("ID", "Date", type_name=" TRAINING", location_name="Hall a")
    assert read(content, constants) == [make_row(type_id=1, location_id=11)]


def test_a_column_goes_before_what_holds_for_all_rows():
    content = make_text(["ID", "Date", "Type"], ["P1", "2026-11-04", ""])
    assert read(content, Layout("ID", "Date", type="Type", type_name="Training")) == [make_row()]


@pytest.mark.parametrize(
    ("text", "identifier"),
    [
        ("P1", "P1"),
        ("007", "007"),
        (f"{BLANKS}P 1{BLANKS}", "P 1"),
        ("12345678901234567890", "12345678901234567890"),
        ("=P1", "=P1"),
        ("1E10", "1E10"),
        ("é" * 255, "é" * 255),
    ],
)
def test_identifiers(text, identifier):
    assert read_cells(identifier=text) == [make_row(identifier=identifier)]


def test_blanks_are_those_of_the_addon():
    source = ast.parse((ADDON / "models" / "intakes" / "identifiers.py").read_text())
    (blanks,) = (
        ast.literal_eval(node.value)
        for node in source.body
        if isinstance(node, ast.Assign) and node.targets[0].id == "BLANKS"
    )
    assert blanks == BLANKS


@pytest.mark.parametrize(
    ("text", "category"),
    [(word, "present") for word in PRESENT_WORDS]
    + [(word, "absent") for word in ABSENT_WORDS]
    + [(word, "unknown") for word in UNKNOWN_WORDS]
    + [(" PRÉSENT\u200f", "present"), ("pre\u0301sente", "present"), ("✔\ufe0f", "present")]
    + [("NOT  attended", "absent")],
)
def test_categories(text, category):
    assert read_cells(category=text) == [make_row(category=category)]


def test_words_of_a_layout():
    layout = replace(LIST, present_words=("Da", "?"), absent_words=("x",), type="", location="")
    layout = replace(layout, time="", record_id="", description="")
    day = "2026-11-04"
    content = make_text(
        ["ID", "Date", "Presence"],
        *(["P1", day, word] for word in ("DA", "X", "?", "unknown", "1")),
    )
    *found, wrong = read(content, layout)
    assert [row.category for row in found] == ["present", "absent", "present", "unknown"]
    assert wrong.message == (
        "This is no word for a presence. Write one of these. For present: Da, ?. For absent: x. "
        "For excused: excused, or the name of a reason. Write ? where it isn't known."
    )


@pytest.mark.parametrize(
    ("text", "record"),
    [
        ("", ""),
        (" ", ""),
        ("7", "#7"),
        (" 7 ", "#7"),
        ("123456789012345678", "#123456789012345678"),
    ]
    + [
        (text, "#" + blake2b(text.strip().encode(), digest_size=16).hexdigest())
        for text in ("07", "0", "-7", "7.5", "x", " x ", "#7", "1234567890123456789", "٧", "é")
    ],
)
def test_record_ids(text, record):
    assert read_cells(record_id=text) == [make_row(record=record)]


@pytest.mark.parametrize(
    ("text", "type_id"),
    [("", None), (" ", None), ("Training", 1), (" HEALTH VISIT\u00a0", 2), ("FORMACIÓN", 3)],
)
def test_types(text, type_id):
    assert read_cells(type=text) == [make_row(type_id=type_id)]


def test_names_are_casefolded():
    table = open_table(make_text(["ID", "Date", "Type"], ["P1", "2026-11-04", "\u200bStraße"]), "")
    (row,) = read_rows(table, Layout("ID", "Date", type="Type"), {"strasse": 5}, {}, TODAY)
    assert row.type_id == 5


@pytest.mark.parametrize(
    ("cells", "time"),
    [
        (dict(time="8:30"), "08:30:00"),
        (dict(time="00:00"), "00:00:00"),
        (dict(time=" "), ""),
        (dict(date="2026-11-04 08:30"), "08:30:00"),
        (dict(date="2026-11-04 08:30", time=""), "08:30:00"),
        (dict(date="2026-11-04 08:30", time="09:30"), "09:30:00"),
        (dict(date="2026-11-04 00:00"), ""),
    ],
)
def test_times(cells, time):
    assert read_cells(**cells) == [make_row(time=time)]


def test_one_column_may_hold_both_date_and_time():
    content = make_text(["ID", "When"], ["P1", "2026-11-04 08:30"])
    assert read(content, Layout("ID", "When")) == [make_row(time="08:30:00")]


def test_descriptions_are_cleaned_as_those_of_a_server():
    random.seed(12)
    for _number in range(200):
        text = "".join(
            chr(random.choice((random.randrange(1, 300), 0xD800))) for _char in range(99)
        )
        assert clean(text, 50) == clean_of_connector(text, 50)
    assert read_cells(description="a\x01\tb\n" + "x" * 3000)[0].description == (
        "a\tb\n" + "x" * (LONGEST_DESCRIPTION - 5)
    )


@pytest.mark.parametrize(
    ("format", "text", "day"),
    [
        (None, "2026-11-04", date(2026, 11, 4)),
        (None, " 2026/11/4 ", date(2026, 11, 4)),
        (None, "10/10/10", date(2010, 10, 10)),
        ("ymd", "26-11-04", date(2026, 11, 4)),
        ("dmy", "04/11/2026", date(2026, 11, 4)),
        ("mdy", "04/11/2026", date(2026, 4, 11)),
        ("dmy", "2026-11-04", date(2026, 11, 4)),
        ("mdy", "2026-11-04", date(2026, 11, 4)),
        ("dmy", "01/01/1900", date(1900, 1, 1)),
        ("dmy", "27/11/2026", TODAY),
    ],
)
def test_dates(format, text, day):
    content = make_text(["ID", "Date"], ["P1", text])
    assert read(content, Layout("ID", "Date", date_format=format)) == [make_row(date=day)]


@pytest.mark.parametrize(
    ("format", "text", "message"),
    [
        (None, "", "The date is missing."),
        (None, "x", "This is not a date: write it as YYYY-MM-DD."),
        ("dmy", "x", "This is not a date: write it as DD/MM/YYYY."),
        ("dmy", "11/14/2026", "This is not a date written as DD/MM/YYYY."),
        ("mdy", "14/11/2026", "This is not a date written as MM/DD/YYYY."),
        ("ymd", "14/11/2026", "This is not a date written as YYYY-MM-DD."),
        (None, "2026-11-28", f"2026-11-28 {OTHER_DAY}"),
        ("dmy", "28/11/2026", f"2026-11-28 {OTHER_DAY}"),
        (None, "1899-12-31", f"1899-12-31 {OTHER_DAY}"),
    ],
)
def test_dates_that_are_refused(format, text, message):
    content = make_text(["ID", "Date"], ["P1", text])
    found = read(content, Layout("ID", "Date", date_format=format))
    assert found == [RowError(2, "Date", message)]


@pytest.mark.parametrize("text", ["04/11/2026", "14/11/2026", "26-11-04"])
def test_dates_that_can_be_read_in_several_ways(text):
    content = make_text(["ID", "Date"], ["P1", "2026-11-04"], ["P2", text])
    table = open_table(content, "")
    rows = read_rows(table, Layout("ID", "Date"), {}, {}, TODAY)
    assert next(rows) == make_row()
    with pytest.raises(FileError) as raised:
        next(rows)
    assert str(raised.value) == (
        f'The date "{text}" can be read in several ways: choose whether the day or the month comes '
        "first in this file."
    )


@pytest.mark.parametrize(
    ("field", "text", "message"),
    [
        ("identifier", " \u200b", "The ID is missing."),
        ("identifier", "\u200f", "The ID is missing."),
        ("identifier", "x" * 256, "The ID has more than 255 characters."),
        (
            "identifier",
            "1.23457E+11",
            "The ID was shortened by a spreadsheet program: format the column as text, enter the "
            "ID again and save the file anew.",
        ),
        ("category", "", f"The presence is missing. {WORDS}"),
        ("category", "late", f"This is no word for a presence. {WORDS}"),
        (
            "type",
            " Traning ",
            'There is no type with the name "Traning": correct it, or ask an administrator to add '
            "this type.",
        ),
        (
            "location",
            "x\x01" * 80,
            f'There is no location with the name "{"x" * 40}": correct it, or ask an administrator '
            "to add this location.",
        ),
        ("time", "25:00", "This is not a time of day: write it as HH:MM."),
        ("time", "x", "This is not a time of day: write it as HH:MM."),
    ],
)
def test_what_is_refused(field, text, message):
    assert read_cells(**{field: text}) == [RowError(2, field, message)]


def test_all_that_is_wrong_with_a_row_is_told():
    content = make_text(
        ["ID", "Date", "Presence", "Type", "Location", "Time", "Record ID", "Remark"],
        ["", "x", "late", "y", "z", "25:00", "", ""],
        ["P1", "2026-11-04", "1", "", "", "", "", ""],
        ["P1", "2026-11-04", "1", "", "", "", "", "", "more"],
    )
    *wrong, row, long = read(content)
    assert [(error.number, error.column) for error in wrong] == [
        (2, column) for column in ("ID", "Date", "Presence", "Type", "Location", "Time")
    ]
    assert row == make_row(3)
    assert long == RowError(
        4,
        "",
        "The row has more cells than there are titles: a text that holds the separator must stand "
        "in quotation marks.",
    )


def test_no_sentence_holds_an_identifier():
    """Even where the IDs are in the wrong column."""
    content = make_text(["ID", "Date", "Presence", "Time"], ["", "SECRET", "SECRET", "SECRET"])
    layout = Layout("ID", "Date", "Presence", time="Time")
    assert "SECRET" not in " ".join(get_messages(read(content, layout)).values())


@pytest.mark.parametrize(
    ("layout", "message"),
    [
        (
            Layout("Number", "Date"),
            'no column with the title "Number" (ID): co',
        ),
        (Layout("ID", "Day"), 'no column with the title "Day" (date): correct'),
        (
            Layout("ID", "Date", type="Kind"),
            'no column with the title "Kind" (',
        ),
        (Layout("ID", day_columns=True), "No column has a date as its title: write the days as ti"),
        (Layout("ID", "Date", type_name="Tr"), 'There is no type with the name "Tr": correct it, '),
        (
            Layout("ID", "Date", location_name="H"),
            'There is no location with the name "H": correct',
        ),
        (Layout("ID"), "Choose the column that holds the dates, or say that the titles"),
        (Layout(), "Choose the column that holds the IDs of the persons."),
    ],
)
def test_a_layout_that_does_not_go_with_the_file(layout, message):
    table = open_table(make_text(["ID", "Date"], ["P1", "2026-11-04"]), "")
    with pytest.raises(FileError) as raised:
        read_rows(table, layout, TYPES, LOCATIONS, TODAY)  # before any row is asked for
    assert message in str(raised.value)


def test_the_next_file_may_have_its_columns_elsewhere():
    assert read(
        make_text(["date ", "x", "Id"], ["2026-11-04", "", "P1"]), Layout("ID", "Date")
    ) == [make_row()]


def test_a_class_sheet():
    content = make_text(
        ["ID", "Name", "2026-11-04", "Type", "Time", "05/11/2026", "Total"],
        ["P1", "Ana", "x", "Training", "8:30", "0", "1"],
        ["P2", "Ben", "", "", "", "", "0"],
        ["P3", "Eva", "", "", "", " ? ", "0"],
    )
    training = dict(type_id=1, time="08:30:00")
    assert read(content, replace(SHEET, date_format="dmy", location_name="Hall A")) == [
        make_row(location_id=11, **training),
        make_row(date=date(2026, 11, 5), category="absent", location_id=11, **training),
        make_row(4, "P3", date=date(2026, 11, 5), category="unknown", location_id=11),
    ]


def test_a_wrong_cell_of_a_class_sheet_spoils_no_other():
    content = make_text(
        ["ID", "2026-11-03", "2026-11-04", "2026-11-28", "Type", "Time"],
        ["P1", "late", "x", "", "", ""],
        ["P1", "", "x", "x", "", ""],
        ["", "late", "x", "x", "y", "25:00"],
        ["", "", "", "", "y", "25:00"],
        ["P1", "", "x", "", "", "", "more"],
    )
    found = read(content, SHEET)
    assert [row for row in found if not isinstance(row, RowError)] == [make_row(2), make_row(3)]
    wrong = [error for error in found if isinstance(error, RowError)]
    assert [(error.number, error.column) for error in wrong] == [
        (2, "2026-11-03"),
        (3, "2026-11-28"),
        (4, "ID"),
        (4, "Type"),
        (4, "Time"),
        (4, "2026-11-03"),
        (4, "2026-11-28"),
        (6, ""),
    ]
    assert wrong[0].message == f"This is no word for a presence. {WORDS}"
    assert wrong[1].message == f"2026-11-28 {OTHER_DAY}"


@pytest.mark.parametrize(
    ("titles", "format", "message"),
    [
        ("ID,2026-11-04,2026-11-04", None, "Two columns have 2026-11-04 as their title: correct"),
        ("ID,2026-11-04,04/11/2026", "dmy", "Two columns have 2026-11-04 as their title: correct"),
        (
            "ID,04/11/2026",
            None,
            'The date "04/11/2026" can be read in several ways: choose whether',
        ),
    ],
)
def test_titles_of_class_sheets_that_are_refused(titles, format, message):
    table = open_table(make_text(titles.split(","), ["P1", "x", "x"]), "")
    with pytest.raises(FileError, match=message):
        read_rows(table, Layout("ID", day_columns=True, date_format=format), {}, {}, TODAY)


def test_a_column_that_is_mapped_is_no_day():
    content = make_text(["2026-11-03", "2026-11-04"], ["P1", "x"])
    assert read(content, Layout("2026-11-03", day_columns=True)) == [make_row()]


FORMULA = "The cell holds a formula, which is not computed: put its value in its place."
SHORTENED = (
    "Excel shortens numbers of more than 15 digits: format the column as text and enter the number "
    "again."
)


def test_formulas_in_cells():
    fields = ("identifier", "date", "category", "type", "location", "time", "record_id")
    layout = Layout(**{field: chr(65 + place) for place, field in enumerate(fields)})
    formulas = ["<c><f>A1</f><v>1</v></c>"] * 7
    messages = get_messages(read(make_workbook(make_cells(*formulas)), layout))
    assert messages == dict.fromkeys("ABCDEFG", FORMULA)


def test_the_text_of_a_formula_is_a_description():
    cells = [make_inline("P1"), make_inline("2026-11-04"), "<c><f>A1</f></c>"]
    layout = Layout("A", "B", description="C")
    assert read(make_workbook(make_cells(*cells)), layout) == [make_row(description="=A1")]


def test_a_formula_is_none_even_if_its_text_is_known():
    rows = [
        f'<row r="{number}">{make_inline("P1")}{make_inline("2026-11-04")}{cell}</row>'
        for number, cell in enumerate([make_inline("=A1"), "<c><f>A1</f></c>"], 2)
    ]
    titles = f'<row r="1">{make_inline("A")}{make_inline("B")}{make_inline("C")}</row>'
    content = make_workbook(titles + "".join(rows))
    table = open_table(content, "")
    layout = Layout("A", "B", type="C")
    found = list(read_rows(table, layout, {"=a1": 5}, {}, TODAY))
    assert found == [make_row(type_id=5), RowError(3, "C", FORMULA)]


@pytest.mark.parametrize("number", ["1234567890123456", "1.2345678901234568E+19"])
def test_numbers_that_excel_shortens(number):
    cells = [f"<c><v>{number}</v></c>", make_inline("2026-11-04"), f"<c><v>{number}</v></c>"]
    content = make_workbook(make_cells(*cells))
    found = read(content, Layout("A", "B", record_id="C"))
    assert found == [RowError(2, "A", SHORTENED), RowError(2, "C", SHORTENED)]
    assert read(content, Layout("B", "B", description="C"))[0].description.startswith("12345678")


def test_numbers_of_15_digits_are_kept():
    cells = ["<c><v>123456789012345</v></c>", make_inline("2026-11-04")]
    content = make_workbook(make_cells(*cells))
    assert read(content, Layout("A", "B")) == [make_row(identifier="123456789012345")]
