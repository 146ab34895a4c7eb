"""The client, and the server of these tests, against exchanges recorded with a real server."""

import json
import time
from datetime import date
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from attendance_faults import Fault
from attendance_server import AttendanceServer
from connector import (
    AuthenticationError,
    BadAnswerError,
    Category,
    RefusedError,
    TemporaryError,
)

EXCHANGES = {
    exchange["note"].partition(":")[0]: exchange
    for exchange in json.loads(Path(__file__).with_name("recordings.json").read_text())
}
FOUR = "four persons"


def _recorded(note):
    """A fault that answers as the real server did."""
    response = EXCHANGES[note]["response"]
    body = response["body"]
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return Fault.status(response["status"], raw, Content_Type=response["content_type"])


def _asked(note):
    return EXCHANGES[note]["request"]["body"]["person_ids"]


def _get_days(answer):
    """Return the number of different days present by person."""
    return {
        person_id: len({item.date for item in person.attendances if item.category == "present"})
        for person_id, person in answer.persons.items()
    }


def test_every_recording_is_used_here():
    assert len(EXCHANGES) == 25


def test_types(client, server):
    server.next("types", _recorded("types"))
    assert client.fetch_types() == [
        Category(2, "Health Check-up", "Health Check-up"),
        Category(1, "Training Session", "Training Session"),
    ]


def test_locations(client, server):
    server.next("locations", _recorded("locations"))
    assert client.fetch_locations() == [
        Category(3, "Barangay Hall Nº 3 – Niño", "Évènements"),
        Category(1, "Community Center A", ""),
        Category(2, "District Office", ""),
    ]


@pytest.mark.parametrize(
    ("note", "days"),
    [
        (FOUR, {"NID000003": 4, "NID000004": 5, "NID000020": 0}),
        ("date range", {"NID000003": 3}),
        ("from_date alone", {"NID000003": 4}),
        ("type filter", {"NID000003": 3}),
        ("type and location filter", {"NID000003": 1}),
        ("only unknown persons", {}),
    ],
)
def test_attendance(client, server, ask, note, days):
    server.next("attendance", _recorded(note))
    answer = ask(client, _asked(note))
    assert _get_days(answer) == days
    assert (answer.set_aside, answer.contradictions, answer.not_asked_for) == ((), (), 0)
    received = EXCHANGES[note]["response"]["body"]["records"]
    for row in received:
        attendances = answer.persons[row["person_id"]].attendances
        assert len(attendances) == len(row["attendance_list"])


def test_one_attendance_in_full(client, server, ask):
    server.next("attendance", _recorded(FOUR))
    person = ask(client, _asked(FOUR)).persons["NID000003"]
    assert person.attendances[4]._asdict() == {
        "external_id": 2962,
        "date": date(2026, 11, 4),
        "time": "14:30:00",
        "category": "present",
        "type_id": 1,
        "location_id": None,
        "description": "afternoon session",
        "external_url": "https://attendance.example/records/1",
        "submitted_by": "officer 2",
        "submitted_datetime": "2026-11-20 11:00:00",
        "submission_source": "tablet-7",
        "word": "",
    }
    assert [item.category for item in person.attendances] == ["present"] * 5 + ["absent"]


def test_two_pages(client, server, ask):
    server.next("attendance", _recorded("page 1 of 2"))
    server.next("attendance", _recorded("page 2 of 2"))
    answer = ask(client, _asked("page 1 of 2"))
    assert _get_days(answer) == {"NID000003": 4, "NID000004": 5, "NID000005": 6}


@pytest.mark.parametrize(
    ("note", "error", "status", "said"),
    [
        ("page past the end", BadAnswerError, None, ""),
        ("EMPTY person_ids", BadAnswerError, None, ""),
        ("unknown type", RefusedError, 400, "Available Attendance Types: 2 for Health Check-up"),
        ("type not an integer", RefusedError, 400, "Attendance Type must be an integer."),
        ("reversed dates", RefusedError, 400, "FromDate must be less than or equal to ToDate."),
        ("bad date format", RefusedError, 400, "in the format YYYY-MM-DD."),
        ("page 0", RefusedError, 400, "Page and limit must be positive integers."),
        ("invalid token", AuthenticationError, 401, "Unauthorized"),
        ("no Authorization header", TemporaryError, 500, "The server encountered an internal"),
        ("no such endpoint", RefusedError, 404, "The requested URL was not found"),
    ],
)
def test_failures(client, server, ask, note, error, status, said):
    server.next("attendance", _recorded(note), times=None)
    with pytest.raises(error) as raised:
        ask(client, ["NID000003"])
    assert (type(raised.value), raised.value.status) == (error, status)
    assert said in raised.value.server_message
    assert raised.value.server_message in str(raised.value)


@pytest.mark.parametrize(
    ("note", "said"),
    [
        ("token, form body", "client_id and client_secret are required."),
        ("token, wrong secret", "Invalid client id or secret."),
        ("token, missing secret", "client_id and client_secret are required."),
        ("token, not JSON", "data must be in JSON format."),
    ],
)
def test_a_token_refused(client, server, note, said):
    server.next("token", _recorded(note), times=None)
    with pytest.raises(AuthenticationError, match="client ID or secret refused") as raised:
        client.authenticate()
    assert said in raised.value.server_message
    assert client.calls == 1


def test_a_token_given(client, server):
    server.next("token", _recorded("token, JSON body"))
    client.authenticate()
    client.fetch_types()  # with another token, as this server doesn't know that one
    assert server.asked("types")[0].headers["Authorization"] == "Bearer <token>"


@pytest.fixture(scope="module")
def likeness():
    """A server with what the recorded one had."""
    people = {f"NID{number:06}": [] for number in range(300)}
    for note in ("EMPTY person_ids", FOUR, "page 2 of 2"):
        for row in EXCHANGES[note]["response"]["body"]["records"]:
            people[row["person_id"]] = [
                {
                    **item,
                    "attendance_type": item["attendance_type"].get("id"),
                    "attendance_location": item["attendance_location"].get("id"),
                }
                for item in reversed(row["attendance_list"])
            ]
    categories = {
        note: EXCHANGES[note]["response"]["body"]["records"] for note in ("types", "locations")
    }
    credentials = {"client_id": "<client_id>", "client_secret": "<client_secret>"}
    with AttendanceServer(people, **categories, **credentials) as server:
        server.tokens["<token>"] = time.monotonic() + 600
        yield server


@pytest.mark.parametrize("note", EXCHANGES)
def test_our_server_answers_like_the_recorded_one(likeness, note):
    request, response = EXCHANGES[note]["request"], EXCHANGES[note]["response"]
    sent, headers = request["body"], dict(request["headers"])
    if "form" in note:
        sent = urlencode(sent)
    elif isinstance(sent, dict):
        sent, headers["Content-Type"] = json.dumps(sent), "application/json"
    data = sent.encode() if sent else None
    asked = Request(likeness.url + request["path"], data, headers, method=request["method"])
    try:
        with urlopen(asked, timeout=5) as reply:
            status, kind, text = reply.status, reply.headers["Content-Type"], reply.read()
    except HTTPError as refusal:
        status, kind, text = refusal.code, refusal.headers["Content-Type"], refusal.read()
    assert (status, kind) == (response["status"], response["content_type"])
    if isinstance(response["body"], dict):
        assert _normalise(json.loads(text)) == _normalise(response["body"])


def _normalise(payload):
    for row in payload.get("records", ()):
        if "dates_present" in row:
            row["dates_present"].sort()
    if "access_token" in payload:
        payload["access_token"] = "<token>"
    return payload
