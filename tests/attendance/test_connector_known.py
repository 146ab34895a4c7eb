"""An answer that is the same as the last time is known at a glance, any other one is read."""

import pytest
from attendance_faults import Fault
from attendance_server import attendance
from connector import Known

ALL = ("P1", "P2", "P3", "P4", "P5", "unknown")


def _know(answer):
    return {person_id: Known(None, answer.digest) for person_id in answer.asked}


def test_the_same_answer_is_not_read(client, ask):
    first = ask(client, ALL)
    again = ask(client, ALL, known=_know(first))
    assert (first.is_known, again.is_known) == (False, True)
    assert again.digest == first.digest
    assert again.asked == ALL
    assert not again.persons


@pytest.mark.parametrize(
    "change",
    [
        lambda people: people["P5"].append(attendance(51, "2026-11-04")),
        lambda people: people["P1"].pop(),
        lambda people: people["P1"][0].update(time="09:00:01"),
        lambda people: people["P1"][0].update(id=13),
        lambda people: people["P2"].append(people["P1"].pop()),
        lambda people: people.pop("P5"),
        lambda people: people.update(unknown=[]),
    ],
)
def test_whatever_changes_is_read(client, server, ask, change):
    first = ask(client, ALL)
    change(server.people)
    again = ask(client, ALL, known=_know(first))
    assert not again.is_known
    assert (again.digest, again.persons) == (ask(client, ALL).digest, ask(client, ALL).persons)
    assert again.persons != first.persons
    assert again.digest != first.digest


@pytest.mark.parametrize(
    "asked",
    [ALL[:-1], ALL[::-1], (*ALL, "another"), (*ALL[:-1], "another")],
)
def test_about_others_it_is_another_answer(client, ask, asked):
    known = _know(ask(client, ALL))
    assert not ask(client, asked, known={**known, "another": known["P1"]}).is_known


@pytest.mark.parametrize("value", [None, Known(None, None), Known("same", "another")])
def test_all_must_be_known_by_it(client, ask, value):
    known = _know(ask(client, ALL))
    known["P5"] = value
    if value is None:
        del known["P5"]
    assert not ask(client, ALL, known=known).is_known


def _make_row(*items, **values):
    listed = [{**attendance(*item), "attendance_type": {}} for item in items]
    return {"person_id": "P1", "dates_present": [], "attendance_list": listed, **values}


@pytest.mark.parametrize(
    "rows",
    [
        [_make_row((0, "2026-11-04"))],
        [_make_row((1, "2026-11-04"), (1, "2026-11-04"))],
        [_make_row((1, "2026-12-04"))],
        [_make_row((1, "2026-11-04"), number_of_days_present=3)],
        [_make_row((1, "2026-11-04")), _make_row((1, "2026-11-04"))],
        [_make_row((1, "2026-11-04")), _make_row((1, "2026-11-04"), person_id="stranger")],
        [_make_row((1, "2026-11-04")), {}],
    ],
)
def test_an_odd_answer_is_never_known(client, server, ask, rows):
    for records in ([_make_row((1, "2026-11-04"))], rows):
        answer = {"records": records, "pagination": {"total_pages": 1}}
        server.next("attendance", Fault.body(answer))
    assert ask(client).digest
    assert ask(client).digest is None


def test_an_answer_of_many_pages_is_never_known(connect, serve, people, ask):
    client = connect(serve(people, page_size=2))
    answer = ask(client, ALL)
    assert len(answer.persons) == 5
    assert answer.digest is None
