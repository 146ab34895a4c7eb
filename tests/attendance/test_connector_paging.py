"""Faults 16 to 20: pages that don't end, don't add up, repeat themselves or bring strangers."""

import itertools
from datetime import date

import pytest
from attendance_faults import Fault
from attendance_server import attendance
from connector import BadAnswerError, Question
from connector.paging import collect
from samples import NOVEMBER

ALL = ("P1", "P2", "P3", "P4", "P5")


@pytest.fixture
def paged(serve, people):
    """A server that gives no more than two persons a page."""
    return serve(people, page_size=2)


def _get_pages(server):
    return [int(request.query["page"]) for request in server.asked("attendance")]


def test_what_is_asked(client, server, ask):
    ask(client, ["P1", "P3"])
    request = server.asked("attendance")[0]
    assert (request.method, request.path) == ("GET", "/attendances")
    assert request.body == {"person_ids": ["P1", "P3"]}
    assert request.query == {
        "page": "1",
        "limit": "2",
        "from_date": "2026-11-01",
        "to_date": "2026-11-30",
    }


def test_what_is_asked_about_a_type_and_a_location(client, server, ask):
    day = date(2026, 11, 6)
    answer = ask(client, ALL, Question(day, day, type_id=2, location_id=1))
    request = server.asked("attendance")[0]
    assert request.query["from_date"] == request.query["to_date"] == "2026-11-06"
    assert request.query["attendance_type"] == "2"
    assert request.query["attendance_location"] == "1"
    found = {key: len(person.attendances) for key, person in answer.persons.items()}
    assert found == {"P1": 0, "P2": 1, "P3": 0, "P4": 0, "P5": 0}


def test_batches(connect, server):
    client = connect(server, persons_per_request=2)
    answers = client.fetch_attendance(ALL, NOVEMBER)
    assert server.requests == []  # each is asked for when it is its turn
    assert next(answers).asked == ("P1", "P2")
    assert len(server.asked("attendance")) == 1
    rest = list(answers)
    assert [answer.asked for answer in rest] == [("P3", "P4"), ("P5",)]
    assert [tuple(answer.persons) for answer in rest] == [answer.asked for answer in rest]
    assert [request.query["limit"] for request in server.asked("attendance")] == ["2", "2", "1"]


def test_all_pages(connect, paged, server, ask):
    assert ask(connect(paged), ALL) == ask(connect(server), ALL)._replace(digest=None)
    assert _get_pages(paged) == [1, 2, 3]
    assert _get_pages(server) == [1]


def test_unknown_persons_are_missing(connect, paged, ask):
    answer = ask(connect(paged), ("P5", "P9", "P1"))
    assert tuple(answer.persons) == ("P5", "P1")
    assert answer.persons["P5"].attendances == ()
    assert _get_pages(paged) == [1]


def test_16_the_same_page_for_ever(connect, paged, ask):
    paged.next("attendance", Fault.same_page(), times=None)
    with pytest.raises(BadAnswerError, match="the pages don't end"):
        ask(connect(paged), ALL)
    assert _get_pages(paged) == [1, 2, 3]


def test_17_without_pagination(client, server, ask, people):
    expected = ask(client, (*ALL, "P9")).persons
    for payload in ({"pagination": None}, {"pagination": []}, {"pagination": "1 of 1"}):
        server.next("attendance", Fault.change(lambda answer, new=payload: answer.update(new)))
        assert ask(client, (*ALL, "P9")).persons == expected
    server.next("attendance", Fault.change(lambda answer: {"records": answer["records"]}))
    assert ask(client, (*ALL, "P9")).persons == expected
    # Who is missing may be on another page: it does not say that there is none.
    assert _get_pages(server) == [1] + [1, 2] * 4


@pytest.mark.parametrize(
    "answer",
    [
        {"next": "https://attendance.example/attendances?cursor=2"},
        {"pagination": {"has_more": True}},
        {"pagination": {"next_page": 2}},
        {"links": {"next": "/attendances?cursor=2"}},
    ],
)
def test_18_more_follow_that_can_not_be_reached(answer):
    with pytest.raises(BadAnswerError, match="bring nobody new"):
        collect(lambda _page: {"records": _rows("AB"), **answer}, "ABC", "asking")
    asked_for = []

    def ask(page):
        asked_for.append(page)
        return {"records": _rows("ABC"[page - 1]), **answer}

    assert len(collect(ask, "ABC", "asking")) == 3
    assert asked_for == [1, 2, 3]


def test_18_a_row_that_is_removed_while_one_pages(connect, paged, people, ask):
    # P3 moves to page 1 when P1 goes: page 2 doesn't bring it, though as many came as there are.
    original = paged.answer

    def remove_one(request):
        if request.query.get("page") == "2":
            people.pop("P1", None)
        return original(request)

    paged.answer = remove_one
    answer = ask(connect(paged), ALL)
    assert _get_pages(paged) == [1, 2, 3, 1, 2]
    assert tuple(answer.persons) == ("P2", "P3", "P4", "P5")


def test_18_a_row_that_is_added_while_one_pages(connect, paged, people, ask):
    original = paged.answer

    def add_one(request):
        if request.query.get("page") == "2":
            people["P0"] = []
        return original(request)

    paged.answer = add_one
    assert tuple(ask(connect(paged), ("P0", *ALL)).persons) == ("P0", *ALL)


def test_18_fewer_than_said_once(client, server, ask):
    expected = ask(client)
    server.next("attendance", Fault.change(lambda payload: payload["records"].pop() and None))
    server.next("attendance", Fault.body({"records": []}))
    assert ask(client) == expected._replace(digest=None)
    assert _get_pages(server) == [1, 1, 2, 1]


@pytest.mark.parametrize("total", [4, "4", 4.0])
def test_18_fewer_than_said_for_ever(client, server, ask, total):
    server.next("attendance", Fault.pagination(total_records=total), times=None)
    with pytest.raises(BadAnswerError, match="incomplete: the server has 4 persons and gave 3"):
        ask(client)


def test_19_a_person_twice_on_one_page(client, server, ask):
    expected = ask(client)
    again = Fault.change(lambda payload: payload["records"].append(payload["records"][0]))
    server.next("attendance", again)
    assert ask(client) == expected._replace(duplicates=1, digest=None)


def test_19_a_person_on_two_pages(connect, paged, ask):
    expected = ask(connect(paged), ALL)
    first = []

    def keep(payload):
        first.append(payload["records"][0])

    paged.next("attendance", Fault.change(keep))
    paged.next("attendance", Fault.change(lambda payload: payload["records"].append(first[0])))
    assert ask(connect(paged), ALL) == expected._replace(duplicates=1, digest=None)


def test_19_a_person_who_hides_another_one(client, server, ask):
    def repeat(payload):
        payload["records"][1:2] = payload["records"][:1]

    server.next("attendance", Fault.change(repeat), times=None)
    with pytest.raises(BadAnswerError, match="has 3 persons and gave 2"):
        ask(client)


def test_19_an_attendance_twice(client, server, ask):
    expected = ask(client)

    def repeat(payload):
        items = payload["records"][0]["attendance_list"]
        items.append(items[0])

    server.next("attendance", Fault.change(repeat))
    assert ask(client) == expected._replace(duplicates=1, digest=None)


def test_20_strangers_are_dropped(client, server, ask):
    expected = ask(client)
    server.next("attendance", Fault.everybody(), times=None)
    assert ask(client) == expected._replace(not_asked_for=2, digest=None)
    assert _get_pages(server) == [1, 1, 2]


def test_20_everybody_comes(serve, connect, ask):
    server = serve({f"P{number}": [] for number in range(2000)})
    server.next("attendance", Fault.everybody(), times=None)
    with pytest.raises(BadAnswerError, match="drops the body of GET requests"):
        ask(connect(server))
    assert len(server.asked("attendance")) == 1


def _rows(text):
    return [{"person_id": letter} if letter != "-" else {"x": 1} for letter in text]


# Asked about A, B and C. The pages as the server gives them, letter by letter ("-" has no ID, a
# space ends a page, the last page is repeated for ever) with total_records and total_pages, and
# which pages are asked for; None is an error.
@pytest.mark.parametrize(
    ("pages", "total", "count", "asked"),
    [
        ("ABC", 3, 1, [1]),
        ("AB C", 3, 2, [1, 2]),
        ("A B C", 3, 3, [1, 2, 3]),
        ("BA", 2, 1, [1]),
        ("", 0, 0, [1]),
        ("", None, None, [1]),
        # Only one of the two numbers, or none.
        ("AB C", 3, None, [1, 2]),
        ("AB C", None, 2, [1, 2]),
        ("AB", None, None, [1, 2]),
        ("ABC", None, None, [1]),
        ("ABX C ", None, None, [1, 2]),
        # Capped, without a word of it.
        ("A B C", None, None, [1, 2, 3]),
        ("A B ", None, None, [1, 2, 3]),
        ("ABX XYZ ", None, None, [1, 2, 3]),
        # Numbers that are none count as none.
        ("AB", "many", {}, [1, 2]),
        ("AB", -1, True, [1, 2]),
        ("AB", float("inf"), float("nan"), [1, 2]),
        ("AB", 1.5, "1" * 50, [1, 2]),
        ("AB C", "3", "2", [1, 2]),
        # More pages follow than it said, or fewer.
        ("A B C", 3, 1, [1, 2, 3]),
        ("ABC ", 3, 3, [1, 2]),
        ("ABC ", 3, 10**9, [1, 2]),
        # A page without news, but not two.
        ("AB AB C", 3, 3, [1, 2, 3]),
        ("AB", 3, 1, None),
        ("AB", 3, 10**9, None),
        ("ABC", 3, 10**9, None),
        ("A", 1, 10**9, None),
        # Too few, twice.
        ("AB ", 3, 1, None),
        ("AA B", 3, 2, None),
        # One without an ID was a person too.
        ("AB-", 3, 1, [1]),
        ("A- B", 3, 2, [1, 2]),
        ("-", 3, 5, None),
        # Strangers are as many as the server counts.
        ("AXY BZ C", 6, 3, [1, 2, 3]),
        ("AXY", 10**6, 10**6, None),
    ],
)
def test_pages(pages, total, count, asked):
    pages = pages.split(" ")
    asked_for = []

    def ask(page):
        assert len(asked_for) < 20
        asked_for.append(page)
        rows = _rows(pages[min(page, len(pages)) - 1])
        numbers = {"total_records": total, "total_pages": count}
        return {
            "records": rows,
            "pagination": {name: value for name, value in numbers.items() if value is not None},
        }

    if asked is None:
        with pytest.raises(BadAnswerError):
            collect(ask, "ABC", "asking")
    else:
        rows = collect(ask, "ABC", "asking")
        assert asked_for == asked
        assert rows == _rows("".join(pages[: len(asked)]))


@pytest.mark.parametrize("is_new", [True, False])
def test_16_ever_more_pages(is_new):
    numbers = itertools.count()

    def ask(page):
        rows = [{"person_id": f"X{next(numbers) if is_new else 0}"} for _row in range(3)]
        total = {"total_records": 3 * page + 3, "total_pages": page + 1}
        return {"records": rows, "pagination": total}

    with pytest.raises(BadAnswerError, match="everybody" if is_new else "don't end"):
        collect(ask, "ABC", "asking")


def test_a_change_is_seen(client, server, ask, people):
    before = ask(client)
    people["P1"][0]["attendance_category"] = "absent"
    people["P2"].clear()
    people["P3"].append(attendance(39, "2026-11-29"))
    after = ask(client)
    assert [item.category for item in after.persons["P1"].attendances] == ["absent", "present"]
    assert after.persons["P2"].attendances == ()
    assert [item.external_id for item in after.persons["P3"].attendances] == [31, 39]
    for person_id, person in before.persons.items():
        assert person.digest != after.persons[person_id].digest
