"""Layouts: what is checked, kept and guessed."""

import json
from dataclasses import replace

import pytest
from file_samples import LIST, SHEET, make_text
from files import FileError, Layout, guess_layout, open_table
from files.texts import fold
from files.words import (
    ABSENT_WORDS,
    EXCUSED_WORDS,
    PRESENT_WORDS,
    UNKNOWN_WORDS,
    find_columns,
    is_absence,
)

KEPT = "What was kept about the columns of this source can't be used: "


@pytest.mark.parametrize(
    "layout",
    [Layout(), LIST, SHEET, replace(LIST, date_format="dmy", type_name="Training")]
    + [replace(SHEET, present_words=("X",), absent_words=(), location_name="Hall A")],
)
def test_a_layout_is_kept_as_json(layout):
    assert Layout.from_dict(json.loads(json.dumps(layout.to_dict()))) == layout


def test_a_part_of_a_layout():
    assert Layout.from_dict({"identifier": "ID"}) == Layout("ID")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (None, KEPT + "it is not one, or one of another version"),
        ([], KEPT + "it is not one, or one of another version"),
        ({"other": 1}, KEPT + "it is not one, or one of another version"),
        ({1: 1}, KEPT + "it is not one, or one of another version"),
        ({"identifier": None}, KEPT + "identifier has a value that it can't have"),
        ({"identifier": 1}, KEPT + "identifier has a value that it can't have"),
        ({"day_columns": "yes"}, KEPT + "day_columns has a value that it can't have"),
        ({"day_columns": 1}, KEPT + "day_columns has a value that it can't have"),
        ({"date_format": "ydm"}, KEPT + "date_format has a value that it can't have"),
        ({"date_format": []}, KEPT + "date_format has a value that it can't have"),
        ({"present_words": "x"}, KEPT + "present_words has a value that it can't have"),
        ({"present_words": [1]}, KEPT + "present_words has a value that it can't have"),
        ({"absent_words": [" "]}, KEPT + "absent_words has a value that it can't have"),
        ({"day_columns": True, "date": "Date"}, "are the dates, no column can hold the date"),
    ],
)
def test_what_is_no_layout(values, message):
    with pytest.raises(FileError) as raised:
        Layout.from_dict(values)
    assert message in str(raised.value)
    if message.startswith(KEPT):
        assert str(raised.value).endswith(". Choose the columns once more.")


CLASS = "Where the titles of the columns are the dates, no column can hold the "


@pytest.mark.parametrize(
    ("layout", "message"),
    [
        (Layout(), "Choose the column that holds the IDs of the persons."),
        (Layout("ID"), "Choose the column that holds the dates, or say that the titles of the"),
        (replace(SHEET, date="Date"), CLASS + "date: choose one or the other."),
        (replace(SHEET, category="Presence"), CLASS + "presence: choose one or the other."),
        (replace(SHEET, record_id="Number"), CLASS + "record ID: choose one or the other."),
        (
            replace(LIST, present_words=("x", "O "), absent_words=("o",)),
            '"o" means both present and absent: take it out of one of the two.',
        ),
        (
            replace(LIST, absent_words=("a", "E")),
            '"e" means both absent and excused: take it out of one of the two.',
        ),
    ],
)
def test_what_is_incomplete_or_contradicts_itself(layout, message):
    with pytest.raises(FileError) as raised:
        layout.check()
    assert str(raised.value).startswith(message)


def test_what_is_complete():
    LIST.check()
    SHEET.check()
    Layout("ID", "Date").check()


def test_no_word_means_two_things():
    words = list(map(fold, PRESENT_WORDS + ABSENT_WORDS + EXCUSED_WORDS + UNKNOWN_WORDS))
    assert len(words) == len({*words})


@pytest.mark.parametrize(
    ("titles", "columns"),
    [
        (
            "ID, Name, Date, Presence, Type, Location, Time, Record ID, Remarks",
            "identifier=ID, date=Date, category=Presence, type=Type, location=Location, time=Time,"
            " record_id=Record ID, description=Remarks",
        ),
        (
            "Identifiant, Nom, Date de présence, Présence, Type d’activité, Lieu, Heure",
            "identifier=Identifiant, date=Date de présence, category=Présence,"
            " type=Type d’activité, location=Lieu, time=Heure",
        ),
        (
            "Cédula, Nombre, Fecha, Asistencia, Tipo, Lugar, Hora, Observaciones",
            "identifier=Cédula, date=Fecha, category=Asistencia, type=Tipo, location=Lugar,"
            " time=Hora, description=Observaciones",
        ),
        (
            "NIS, Nome, Data, Frequência, Atividade, Local, Horário",
            "identifier=NIS, date=Data, category=Frequência, type=Atividade, location=Local,"
            " time=Horário",
        ),
        (
            "رقم الهوية, الاسم, التاريخ, الحضور, النوع, المكان, الوقت, ملاحظات",
            "identifier=رقم الهوية, date=التاريخ, category=الحضور, type=النوع, location=المكان,"
            " time=الوقت, description=ملاحظات",
        ),
        (
            "PERSON_ID, attendance-date, STATUS",
            "identifier=PERSON_ID, date=attendance-date, category=STATUS",
        ),
        (
            "Numero d'identification, Presence",
            "identifier=Numero d'identification, category=Presence",
        ),
        # The more telling title is the one.
        ("ID, National ID, Date", "identifier=National ID, date=Date"),
        ("_id, ID, Date", "record_id=_id, identifier=ID, date=Date"),
        ("_id, Date", "record_id=_id, date=Date"),
        (
            "Attendance type, Attendance location, Attendance",
            "type=Attendance type, location=Attendance location, category=Attendance",
        ),
        ("ID, Was there?", "identifier=ID, category=Was there?"),
        ("ID, Came", "identifier=ID, category=Came"),
        ("Household, Sex, Birth date", ""),
    ],
)
def test_titles(titles, columns):
    found = find_columns(titles.split(", "))
    assert found == dict(pair.strip().split("=") for pair in columns.split(",") if pair)


def guess(titles, *rows):
    return guess_layout(open_table(make_text(titles.split(","), *(r.split(",") for r in rows)), ""))


@pytest.mark.parametrize(
    ("titles", "rows", "layout"),
    [
        ("ID,Date,Presence", [], Layout("ID", "Date", "Presence")),
        ("ID,Date", ["1,2026-11-04", "2,"], Layout("ID", "Date", date_format="ymd")),
        ("ID,Date", ["1,2026-11-04", "2,14/11/2026"], Layout("ID", "Date", date_format="dmy")),
        ("ID,Date", ["1,04/11/2026", "2,14/11/2026"], Layout("ID", "Date", date_format="dmy")),
        ("ID,Date", ["1,04/11/2026", "2,11/14/2026"], Layout("ID", "Date", date_format="mdy")),
        ("ID,Date", ["1,26-11-14", "2,26-11-30"], Layout("ID", "Date")),
        ("ID,Date", ["1,99-11-14", "2,00-11-31"], Layout("ID", "Date", date_format="ymd")),
        ("ID,Date", ["1,04/11/2026", "2,05/11/2026"], Layout("ID", "Date")),
        ("ID,Date", ["1,14/11/2026", "2,11/14/2026"], Layout("ID", "Date")),
        ("ID,Date", ["1,14/11/2026", "2,n/a"], Layout("ID", "Date", date_format="dmy")),
        ("ID,Date", ["1,x"], Layout("ID", "Date")),
        # By what is in the rows.
        ("ID,When", ["1,2026-11-04"], Layout("ID", "When", date_format="ymd")),
        ("ID,When", [], Layout("ID")),
        ("ID,When,Until", ["1,2026-11-04,2026-11-05"], Layout("ID")),
        ("ID,Date of birth", ["1,2006-11-04"], Layout("ID")),
        ("ID,When,DOB", ["1,14/11/2026,2006-11-04"], Layout("ID", "When", date_format="dmy")),
        ("ID,Date,Was", ["1,,Present", "2,,absent"], Layout("ID", "Date", "Was")),
        ("ID,Date,Was", ["1,,present", "2,,late"], Layout("ID", "Date")),
        ("ID,Date,Poor", ["1,,yes", "2,,no"], Layout("ID", "Date")),
        ("ID,Date,Absent", ["1,,no", "2,,yes"], Layout("ID", "Date")),
        ("ID,Date,What,Was", ["1,,yes,absent"], Layout("ID", "Date", "Was")),
        ("ID,Date,Absent", ["1,,present"], Layout("ID", "Date", "Absent")),
        ("Code,When", ["1,x"], Layout()),
        # Class sheets.
        (
            "ID,Name,Type,2026-11-04,2026-11-05",
            ["1,Ana,Training,x,"],
            Layout("ID", type="Type", day_columns=True, date_format="ymd"),
        ),
        ("ID,13/11/2026,04/11/2026", [], Layout("ID", day_columns=True, date_format="dmy")),
        ("ID,04/11/2026,05/11/2026", [], Layout("ID", day_columns=True)),
        (
            "ID,Attendance,Record ID,2026-11-04",
            [],
            Layout("ID", day_columns=True, date_format="ymd"),
        ),
        ("ID,Date,2026-11-04", ["1,14/11/2026,x"], Layout("ID", "Date", date_format="dmy")),
        ("ID,2026-11-04,2026-11-04", [], Layout("ID", day_columns=True, date_format="ymd")),
    ],
)
def test_guesses(titles, rows, layout):
    assert guess(titles, *rows) == layout


def test_only_the_first_rows_are_looked_at():
    rows = ["1,04/11/2026"] * 199
    assert guess("ID,Date", *rows, "2,14/11/2026").date_format == "dmy"
    assert guess("ID,Date", *rows, "2,04/11/2026", "3,14/11/2026").date_format is None


def test_rows_with_too_many_cells_are_no_hindrance():
    assert guess("ID,Date", "1,2026-11-04,x") == Layout("ID", "Date", date_format="ymd")


@pytest.mark.parametrize(
    "title, is_one",
    [
        *[(title, True) for title in ("Absent", "¿Ausente?", "Faltou", "Did not come", "غائب")],
        *[(title, True) for title in ("Was not present", "N'est pas venu", "No asistió (sí/no)")],
        *[(title, False) for title in ("Present", "Came?", "Present or absent", "Absent/Present")],
        *[
            (title, False)
            for title in ("Present or not", "Attendance: yes or no", "No.", "House No")
        ],
        *[(title, False) for title in ("Présence (oui ou non)", "Missing documents", "Name")],
    ],
)
def test_titles_that_ask_who_was_absent(title, is_one):
    assert is_absence(title) is is_one
