"""Faults 20 to 25: what a person's record can be like, and an answer; digests; categories."""

import copy
import json
import random
from datetime import date

import pytest
from attendance_faults import Fault
from connector import BadAnswerError, Category, Known, PersonAnswer, Question, SetAside
from samples import NOVEMBER, make_item, make_person, read

NO_ID = "id is not a number that an ID can be"
NO_DATE = "date is not a day written YYYY-MM-DD"
NO_TEXT = "date is not text"


@pytest.mark.parametrize(
    ("row", "person_id", "reason"),
    [
        (make_person(person_id=...), None, "person_id is missing"),
        (make_person(person_id=None), None, "person_id is missing"),
        (make_person(person_id=False), None, "person_id is missing"),
        (make_person(person_id=""), None, "person_id is missing"),
        (make_person(person_id=1.0), None, "person_id is neither text nor a number"),
        (make_person(person_id=True), None, "person_id is neither text nor a number"),
        (make_person(person_id=["P1"]), None, "person_id is neither text nor a number"),
        (None, None, "the record is not an object"),
        ("P1", None, "the record is not an object"),
        (make_person(attendance_list=...), "P1", "attendance_list is not a list"),
        (make_person(attendance_list=None), "P1", "attendance_list is not a list"),
        (make_person(attendance_list=False), "P1", "attendance_list is not a list"),
        (make_person(attendance_list={}), "P1", "attendance_list is not a list"),
    ],
)
def test_21_persons_that_are_set_aside(row, person_id, reason):
    answer = read(row, make_person(person_id="P2"))
    assert answer.set_aside == (SetAside(person_id, reason),)
    assert tuple(answer.persons) == ("P2",)


def test_a_number_for_a_person():
    assert tuple(read(make_person(person_id=7), asked=("7",)).persons) == ("7",)


@pytest.mark.parametrize(
    ("good", "bad", "is_refused"), [(0, 1, False), (0, 2, True), (26, 3, False), (25, 3, True)]
)
def test_21_too_many_are_bad(good, bad, is_refused):
    # The person's own record counts too: 26 good and 3 bad ones are 30 with it.
    items = [make_item(number + 1) for number in range(good)] + [make_item(0)] * bad
    if not is_refused:
        assert len(read(make_person(*items)).set_aside) == bad
        return
    with pytest.raises(BadAnswerError) as raised:
        read(make_person(*items))
    total = good + bad + 1
    assert f"{bad} of {total} records can't be used: {NO_ID} ({bad} times)" in str(raised.value)


def test_21_the_most_frequent_reasons():
    bad = [{"id": 0}] * 4 + [{"date": "x"}] * 3 + [{"date": 1}] * 2 + [None]
    with pytest.raises(BadAnswerError) as raised:
        read(make_person(*(values and make_item(**values) for values in bad)))
    listed = f"{NO_ID} (4 times); {NO_DATE} (3 times); {NO_TEXT} (2 times). Nothing"
    assert listed in str(raised.value)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"id": 11,', b'"id": 1e400,'),
        (b'"id": 11,', b'"id": NaN,'),
        (b'"id": 11,', b'"id": -Infinity,'),
        (b'"id": 11,', b'"id": ' + b"9" * 4000 + b","),
        (b'"number_of_days_present": 2', b'"number_of_days_present": 1e400'),
        (b'"attendance_external_url": ""', b'"x": ' + b"[" * 400 + b"]" * 400),
        (b'"submitted_by": "officer"', b'"submitted_by": "\\ud800\\u0000"'),
        (b'"person_id": "P1"', b'"person_id": "P1", "x": "\\udfff", "y": 1e999'),
    ],
)
def test_23_odd_values_harm_nobody_else(client, server, ask, old, new):
    server.next("attendance", Fault.replace(old, new))
    answer = ask(client)
    assert tuple(answer.persons) == ("P1", "P2", "P3")
    assert len(answer.set_aside) == (old == b'"id": 11,')


@pytest.mark.parametrize("value", [b"[" * 10**6, b'{"a":' * 10**6, b"9" * 10**6])
def test_23_odd_answers(client, server, ask, value):
    server.next("attendance", Fault.replace(b'"id": 11', b'"id": ' + value))
    with pytest.raises(BadAnswerError, match="not JSON"):
        ask(client)


def test_23_a_record_nested_too_deeply():
    deep = nested = []
    for _level in range(5000):
        nested.append([])
        nested = nested[0]
    answer = read(make_person(make_item(), extra=deep), make_person(person_id="P2"))
    assert answer.set_aside == (SetAside("P1", "the record is nested too deeply"),)
    assert tuple(answer.persons) == ("P2",)


@pytest.mark.parametrize(
    ("said", "is_wrong"),
    [(1, False), ("1", False), (0, True), (2, True), ("2", True)]
    + [(value, False) for value in (None, ..., "x", -1, True, 1.5, float("nan"), [], {})],
)
def test_25_another_number_of_days(said, is_wrong):
    items = [
        make_item(1),
        make_item(2),
        make_item(3, date="2026-11-05", attendance_category="absent"),
    ]
    answer = read(make_person(*items, number_of_days_present=said))
    assert answer.contradictions == (("P1",) if is_wrong else ())
    assert len(answer.persons["P1"].attendances) == 3


@pytest.mark.parametrize(("said", "is_wrong"), [(0, True), (1, False), (2, False), (3, True)])
def test_25_what_is_set_aside_may_be_a_day(said, is_wrong):
    answer = read(
        make_person(make_item(1), make_item(2, date="2026-02-30"), number_of_days_present=said)
    )
    assert answer.contradictions == (("P1",) if is_wrong else ())


@pytest.mark.parametrize(
    ("question", "kept"),
    [
        (NOVEMBER, [1, 2, 3]),
        (Question(date(2026, 11, 5), date(2026, 11, 5)), [2]),
        (Question(date(2026, 11, 1), date(2026, 11, 30), type_id=2), [1, 2]),
        (Question(date(2026, 11, 1), date(2026, 11, 30), location_id=9), [2]),
        (Question(date(2026, 11, 1), date(2026, 11, 30), type_id=2, location_id=9), [2]),
        (Question(date(2026, 11, 6), date(2026, 11, 30)), [3]),
        (Question(date(2026, 10, 1), date(2026, 10, 31)), []),
    ],
)
def test_20_what_was_not_asked_for(question, kept):
    items = [
        make_item(1),
        make_item(2, date="2026-11-05", attendance_location={"id": 9}),
        make_item(3, date="2026-11-06", attendance_type={}),
    ]
    answer = read(make_person(*items), make_person(person_id="P3"), question=question)
    assert [item.external_id for item in answer.persons["P1"].attendances] == kept
    assert answer.not_asked_for == 3 - len(kept) + 1
    assert answer.contradictions == ()
    assert "P3" not in answer.persons


def test_19_versions_of_an_attendance():
    old = make_item(1, submitted_datetime="2026-11-20 10:00:00", attendance_category="absent")
    new = make_item(1, submitted_datetime="2026-11-21 10:00:00")
    same = make_item(1, submitted_datetime="2026-11-21 10:00:00", submitted_by="another")
    for one, other in ((old, new), (new, old)):
        for rows in ([make_person(one, other)], [make_person(one), make_person(other)]):
            (found,) = read(*rows).persons["P1"].attendances
            assert found.category == "present"
    found = {
        read(make_person(*pair)).persons["P1"].attendances for pair in ((new, same), (same, new))
    }
    assert len(found) == 1


def test_19_halves_of_a_person_are_put_together():
    first, second = make_person(make_item(1), make_item(2)), make_person(make_item(2), make_item(3))
    answers = [read(first, second), read(second, first)]
    assert answers[0] == answers[1]
    found = answers[0].persons["P1"].attendances
    assert [item.external_id for item in found] == [1, 2, 3]
    assert answers[0].duplicates == 1


def test_digests_do_not_depend_on_the_order():
    chance = random.Random(1)
    items = [make_item(number, date=f"2026-11-{number:02}") for number in range(1, 20)]
    row = make_person(*items)
    digests = {read(row).persons["P1"].digest}
    for _repetition in range(5):
        for shuffled in (row["attendance_list"], row["dates_present"]):
            chance.shuffle(shuffled)
        digests.add(read(copy.deepcopy(row)).persons["P1"].digest)
        digests.add(read(json.loads(json.dumps(row))).persons["P1"].digest)
        digests.add(read(row, row).persons["P1"].digest)
    assert len(digests) == 1
    assert len(digests.pop()) == 32


@pytest.mark.parametrize("name", make_item())
@pytest.mark.parametrize("lacking", [(), ("time",)])
def test_digests_depend_on_all_that_is_read(name, lacking):
    """Of ordinary attendances, and of those that lack something."""
    other = {field: value for field, value in make_item(2).items() if field not in lacking}
    before = read(make_person(make_item(), other))
    after = read(make_person(make_item(**{name: "2026-11-09"}), other))
    assert before.persons["P1"].digest != after.persons["P1"].digest


@pytest.mark.parametrize("values", [{"number_of_days_present": 5}, {"dates_present": []}, {"x": 0}])
def test_digests_depend_on_the_person(values):
    before, after = read(make_person(make_item())), read(make_person(make_item(), **values))
    assert before.persons["P1"].digest != after.persons["P1"].digest


def test_what_is_known_is_not_read_again():
    rows = make_person(make_item(), make_item(0)), make_person(make_item(9), person_id="P2")
    first = read(*rows)
    digest = first.persons["P1"].digest
    again = read(*rows, known={"P1": Known(digest, None), "P2": Known("another", None)})
    assert again.persons["P1"] == PersonAnswer("P1", digest, None)
    assert again.persons["P2"] == first.persons["P2"]
    assert (len(first.set_aside), len(again.set_aside)) == (1, 0)


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([], []),
        ([{"id": 1, "name": "A\x00B"}], [Category(1, "AB", "")]),
        ([{"id": 1, "name": " <b> ", "description": "x" * 3000}], [Category(1, "<b>", "x" * 2000)]),
        ([{"id": 1}, {"id": "2", "name": False}], [Category(1, "1", ""), Category(2, "2", "")]),
        ([{"id": 1, "name": "A"}, {"id": 1, "name": "B"}], [Category(1, "A", "")]),
        ([{"id": 2**31}, None, {"name": "A"}, {"id": 3, "name": "C"}], [Category(3, "C", "")]),
    ],
)
def test_categories(client, server, rows, found):
    server.next("types", Fault.body({"records": rows}))
    server.next("locations", Fault.body({"records": rows}))
    assert client.fetch_types() == client.fetch_locations() == found


@pytest.mark.parametrize("rows", [None, {}, "x", [{"id": "x"}], [None]])
def test_categories_that_are_none(client, server, rows):
    server.next("types", Fault.body({"records": rows}))
    with pytest.raises(BadAnswerError, match="asking for|Asking for"):
        client.fetch_types()
