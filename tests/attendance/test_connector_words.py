"""What a server says instead of present or absent, and days that no attendance can be of."""

from datetime import date

import pytest
from connector import BadAnswerError, Question, SetAside
from connector.checking import AttendanceReader
from connector.reading import read_answer
from samples import make_item, make_person, read

EVER = Question(date(1, 1, 1), date(9999, 12, 31))


def read_item(**values):
    (found,) = read(make_person(make_item(**values))).persons["P1"].attendances
    return found


@pytest.mark.parametrize(
    ("sent", "word"),
    [
        ("excused", "excused"),
        (" Late\x00 ", "Late"),
        ("Present", "Present"),
        ("\u0645\u0639\u0630\u0648\u0631", "\u0645\u0639\u0630\u0648\u0631"),
        ("x" * 300, "x" * 64),
        ("x" * 63 + " y", "x" * 63),
        (3, "3"),
        (10**4000, ""),
        *((value, "") for value in (..., None, False, "", "  ", [], {})),
    ],
)
def test_words(sent, word):
    found = read_item(attendance_category=sent, date="2026-11-05")
    assert (found.category, found.word) == ("unknown", word)


@pytest.mark.parametrize("category", ["present", "absent"])
def test_what_is_understood_has_no_word(category):
    found = read_item(attendance_category=category)
    assert (found.category, found.word) == (category, "")


@pytest.mark.parametrize("category", [None, ""])
def test_a_day_that_is_listed_as_present_has_no_word(category):
    row = make_person(make_item(attendance_category=category), dates_present=["2026-11-04"])
    (found,) = read(row).persons["P1"].attendances
    assert (found.category, found.word) == ("present", "")


def read_days(*days, last_day):
    items = [make_item(number, date=day) for number, day in enumerate(days, 1)]
    return read_answer(("P1",), [make_person(*items)], EVER, {}, "asking", last_day)


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        ("2026-11-27", None),
        ("2026-11-28", "date is still to come"),
        ("6209-11-04", "date is still to come"),
        ("1900-01-01", None),
        ("1899-12-31", "date is before 1900-01-01"),
        ("0003-11-04", "date is before 1900-01-01"),
    ],
)
def test_days(day, reason):
    answer = read_days(day, last_day=date(2026, 11, 27))
    assert answer.set_aside == ((SetAside("P1", reason),) if reason else ())
    assert len(answer.persons["P1"].attendances) == (not reason)
    assert answer.persons["P1"].unreadable == bool(reason)


def test_a_day_that_is_refused_is_refused_each_time():
    answer = read_days(
        "2026-11-28", "2026-11-28", *["2026-11-04"] * 18, last_day=date(2026, 11, 27)
    )
    assert len(answer.set_aside) == 2


def test_the_client_passes_the_last_day_on(client, ask):
    assert not ask(client, last_day=date(2026, 11, 30)).set_aside
    with pytest.raises(BadAnswerError, match="date is still to come"):
        ask(client, last_day=date(2026, 10, 31))


@pytest.mark.parametrize(
    ("category", "word"),
    [
        (0, "0"),
        (3.0, "3.0"),
        (True, "True"),
        ({"id": 3, "name": "Excused"}, "Excused"),
        ({"id": 3}, "3"),
        ([3, "Excused"], "Excused"),
        (None, ""),
        (False, ""),
        ([], ""),
        ({}, ""),
    ],
)
def test_categories_that_are_no_text(category, word):
    item = {"id": 1, "date": "2026-01-05", "attendance_category": category}
    found = AttendanceReader().read_item(item, [])
    assert (found.category, found.word) == ("unknown", word)
    # Only where nothing is said, the days with a presence say it.
    found = AttendanceReader().read_item(item, ["2026-01-05"])
    assert found.category == ("unknown" if word else "present")
