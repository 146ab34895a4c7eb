"""Who is excused: the words for it, and the names of the reasons."""

from dataclasses import replace
from datetime import date

import pytest
from file_samples import LIST, SHEET, make_row, make_text, read, read_cells
from files import RowError, guess_layout, open_table
from files.words import EXCUSED_WORDS, PRESENT_WORDS, is_word


@pytest.mark.parametrize(
    ("text", "reason_id"),
    [(word, 26) for word in EXCUSED_WORDS]
    + [(" JUSTIFIE\u0301\u200f", 26), ("Falta  Justificada", 26)]
    + [("Illness", 21), (" CANNOT  get there ", 22), ("other", 26)],
)
def test_words(text, reason_id):
    assert read_cells(category=text) == [make_row(category="excused", reason_id=reason_id)]


def test_only_the_excused_have_a_reason():
    found = [read_cells(category=text)[0] for text in ("x", "a", "?", "e")]
    assert [(row.category, row.reason_id) for row in found] == [
        ("present", None),
        ("absent", None),
        ("unknown", None),
        ("excused", 26),
    ]


def test_days_of_a_class_sheet():
    days = [f"2026-11-0{number}" for number in range(1, 6)]
    content = make_text(
        ["ID", "Type", "Time", *days], ["P1", "", "", "x", "Illness", "", "e", "ill"]
    )
    *found, wrong = read(content, SHEET)
    assert [(row.date.day, row.category, row.reason_id) for row in found] == [
        (1, "present", None),
        (2, "excused", 21),
        (4, "excused", 26),
    ]
    assert wrong == RowError(2, days[4], wrong.message)
    assert "For excused: excused, or the name of a reason." in wrong.message


def test_without_a_reason_that_excused_alone_stands_for():
    layout = replace(LIST, type="", location="", time="", record_id="", description="")
    content = make_text(
        ["ID", "Date", "Presence"], ["P1", "2026-11-04", "e"], ["P1", "2026-11-05", "illness"]
    )
    wrong, row = read(content, layout, default_reason=None)
    assert wrong.message == "Why it was excused is missing: write the name of the reason instead."
    assert row == make_row(3, date=date(2026, 11, 5), category="excused", reason_id=21)
    assert row.reason_id == 21


def test_a_reason_takes_no_word_away():
    """A reason called as a word for a presence, in whatever language, changes no file."""
    layout = replace(LIST, type="", location="", time="", record_id="", description="")
    content = make_text(["ID", "Date", "Presence"], ["P1", "2026-11-04", "x"])
    assert read(content, layout, reasons={"x": 21}) == [make_row()]


def test_what_can_be_no_name_of_a_reason():
    assert all(map(is_word, (*PRESENT_WORDS, *EXCUSED_WORDS, " FALTA ", "?")))
    assert not any(map(is_word, ("Illness", "Other", "Cannot get there", "")))


def test_a_column_of_such_words_needs_no_title():
    content = make_text(
        ["ID", "Date", "?"], ["P1", "2026-11-04", "Justificada"], ["P1", "2026-11-05", "presente"]
    )
    assert guess_layout(open_table(content, "november.csv")).category == "?"
