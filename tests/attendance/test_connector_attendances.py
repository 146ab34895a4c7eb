"""Faults 21 to 24: what one attendance can be like."""

from datetime import date

import pytest
from connector import SetAside
from samples import NOVEMBER, make_item, make_person, read


def _read_one(question=NOVEMBER, **values):
    """Return the one attendance with these values, or why it is set aside."""
    answer = read(make_person(make_item(**values)), question=question)
    if answer.set_aside:
        assert answer.persons["P1"].attendances == ()
        assert [bad.person_id for bad in answer.set_aside] == ["P1"]
        assert answer.persons["P1"].unreadable == 1
        return answer.set_aside[0].reason
    (found,) = answer.persons["P1"].attendances
    return found


NO_ID = "id is not a number that an ID can be"
NO_DATE = "date is not a day written YYYY-MM-DD"
NO_TEXT = "date is not text"


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"id": ...}, NO_ID),
        ({"id": None}, NO_ID),
        ({"id": 0}, NO_ID),
        ({"id": -1}, NO_ID),
        ({"id": 2**31}, NO_ID),
        ({"id": 10**400}, NO_ID),
        ({"id": "9" * 5000}, NO_ID),
        ({"id": True}, NO_ID),
        ({"id": 1.5}, NO_ID),
        ({"id": float("inf")}, NO_ID),
        ({"id": "x1"}, NO_ID),
        ({"id": "²"}, NO_ID),
        ({"id": [1]}, NO_ID),
        ({"date": ...}, NO_TEXT),
        ({"date": False}, NO_TEXT),
        ({"date": 20261104}, NO_TEXT),
        ({"date": ["2026-11-04"]}, NO_TEXT),
        ({"date": ""}, NO_DATE),
        ({"date": "2026-02-30"}, NO_DATE),
        ({"date": "0000-01-01"}, NO_DATE),
        ({"date": "20261104"}, NO_DATE),
        ({"date": "2026-W45-3"}, NO_DATE),
        ({"date": "2026-11-04T09:00:00"}, NO_DATE),
        ({"date": "2026-11-04\n"}, NO_DATE),
        ({"date": " 2026-11-04"}, NO_DATE),
        ({"date": "２０２６-11-04"}, NO_DATE),
        ({"date": "04/11/2026"}, NO_DATE),
    ],
)
def test_21_attendances_that_are_set_aside(values, reason):
    assert _read_one(**values) == reason


@pytest.mark.parametrize("item", [None, 1, "x", [], True])
def test_21_what_is_no_attendance(item):
    answer = read(make_person(make_item(), item))
    assert answer.set_aside == (SetAside("P1", "the attendance is not an object"),)
    assert len(answer.persons["P1"].attendances) == 1


@pytest.mark.parametrize(
    ("values", "name", "expected"),
    [
        ({"id": "17"}, "external_id", 17),
        ({"id": 2**31 - 1}, "external_id", 2**31 - 1),
        ({"date": "2026-11-30"}, "date", date(2026, 11, 30)),
        ({"time": "09:00"}, "time", "09:00:00"),
        ({"time": "23:59:59"}, "time", "23:59:59"),
        ({"time": ""}, "time", ""),
        ({"time": None}, "time", ""),
        ({"time": False}, "time", ""),
        ({"time": ...}, "time", ""),
        # It decides nothing, so it sets no attendance aside.
        ({"time": "24:00:00"}, "time", ""),
        ({"time": "9:00:00"}, "time", ""),
        ({"time": "09:60"}, "time", ""),
        ({"time": "morning"}, "time", ""),
        ({"time": "09:00:00.5"}, "time", ""),
        ({"time": 9.5}, "time", ""),
        ({"time": {"hour": 9}}, "time", ""),
        ({"attendance_category": "absent"}, "category", "absent"),
        # It may have been a presence.
        ({"attendance_category": "late"}, "category", "unknown"),
        ({"attendance_category": "Present"}, "category", "unknown"),
        ({"attendance_category": 1}, "category", "unknown"),
        ({"attendance_category": ["present"]}, "category", "unknown"),
        ({"attendance_category": ...}, "category", "unknown"),
        ({"attendance_category": False}, "category", "unknown"),
        # 22: an unknown one is as good as any here; what is none at all is none.
        ({"attendance_type": {"id": 99}}, "type_id", 99),
        ({"attendance_type": {}}, "type_id", None),
        ({"attendance_type": None}, "type_id", None),
        ({"attendance_type": False}, "type_id", None),
        ({"attendance_type": ...}, "type_id", None),
        ({"attendance_type": 2}, "type_id", None),
        ({"attendance_type": "Training"}, "type_id", None),
        ({"attendance_type": {"id": "2"}}, "type_id", None),
        ({"attendance_type": {"id": 2**31}}, "type_id", None),
        ({"attendance_type": {"id": True}}, "type_id", None),
        ({"attendance_location": {"id": 99}}, "location_id", 99),
        ({"attendance_location": {"id": None}}, "location_id", None),
        # 23: cleaned.
        ({"attendance_description": "a\x00b\x1b[31m\x85c"}, "description", "ab[31mc"),
        ({"attendance_description": "a\tb\nc\r\nd"}, "description", "a\tb\nc\nd"),
        ({"attendance_description": "a\ud800b\udfff"}, "description", "ab"),
        ({"attendance_description": "né\xa0 ñ 👍"}, "description", "né\xa0 ñ 👍"),
        ({"attendance_description": "x" * 10**6}, "description", "x" * 2000),
        ({"attendance_description": False}, "description", ""),
        ({"attendance_description": None}, "description", ""),
        ({"attendance_description": ...}, "description", ""),
        ({"attendance_description": 5}, "description", ""),
        ({"attendance_description": {"a": []}}, "description", ""),
        ({"submitted_by": "y" * 300}, "submitted_by", "y" * 255),
        ({"submitted_by": "\x00"}, "submitted_by", ""),
        ({"submitted_by": False}, "submitted_by", ""),
        ({"submission_source": "z" * 300}, "submission_source", "z" * 255),
        ({"submission_source": ["tablet"]}, "submission_source", ""),
        ({"submitted_datetime": "2026-11-20T10:00:00"}, "submitted_datetime", ""),
        ({"submitted_datetime": "2026-11-20 10:00:00.1"}, "submitted_datetime", ""),
        ({"submitted_datetime": False}, "submitted_datetime", ""),
        ({"submitted_datetime": [2026]}, "submitted_datetime", ""),
        # 24: markup is a text like any other, but no address to click on.
        ({"attendance_description": "<b>&amp;</b>"}, "description", "<b>&amp;</b>"),
        ({"attendance_external_url": "HTTP://a.example"}, "external_url", "HTTP://a.example"),
        ({"attendance_external_url": "javascript:alert(1)"}, "external_url", ""),
        ({"attendance_external_url": " https://a.example"}, "external_url", ""),
        ({"attendance_external_url": "java\x00script:alert(1)"}, "external_url", ""),
        ({"attendance_external_url": "//a.example"}, "external_url", ""),
        ({"attendance_external_url": "data:text/html,x"}, "external_url", ""),
        ({"attendance_external_url": "https://"}, "external_url", ""),
        (
            {"attendance_external_url": "http://a/" + "x" * 300},
            "external_url",
            "http://a/" + "x" * 246,
        ),
        ({"attendance_external_url": False}, "external_url", ""),
        ({"attendance_external_url": {}}, "external_url", ""),
    ],
)
def test_22_to_24_attendances_that_are_kept(values, name, expected):
    assert getattr(_read_one(**values), name) == expected


def test_a_missing_category():
    items = [make_item(1, attendance_category=...), make_item(2, attendance_category=None)]
    answer = read(make_person(*items, dates_present=["2026-11-04"], number_of_days_present=1))
    assert [item.category for item in answer.persons["P1"].attendances] == ["present"] * 2
    for dates_present in (None, "2026-11-04", {"2026-11-04": 1}, ["2026-11-05", []], ...):
        answer = read(make_person(items[0], dates_present=dates_present))
        assert [item.category for item in answer.persons["P1"].attendances] == ["unknown"]
