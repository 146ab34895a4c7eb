"""What the classic attendance server answers: its HTTP contract, without the HTTP."""

import json
import random
import time
from datetime import date, timedelta
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

TYPES = ({"id": 1, "name": "Training Session"}, {"id": 2, "name": "Health Check-up"})
LOCATIONS = ({"id": 1, "name": "Community Center A"}, {"id": 2, "name": "District Office"})

# What the attendance that is shown is chosen by.
CHOICE = ("from_date", "to_date", "attendance_type", "attendance_location")


class Request(NamedTuple):
    """A request as it came. The body is the value of a JSON, or else a text."""

    call: str | None
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


class Reply(NamedTuple):
    """What is sent back, by `send(handler, reply)` if it isn't to be sent in the ordinary way."""

    status: int
    body: bytes
    headers: dict[str, str]
    send: Any = None


def attendance(number, day, type_id=1, location_id=1, category="present", **values) -> dict:
    """Return one attendance in the contract's words, but for the type and location: their IDs,
    ``None`` for none. `values` replaces and adds fields."""
    return {
        "id": number,
        "date": day,
        "time": "09:00:00",
        "attendance_type": type_id,
        "attendance_location": location_id,
        "attendance_description": "",
        "attendance_external_url": "",
        "submitted_by": "officer",
        "submitted_datetime": "2025-11-20 10:00:00",
        "submission_source": "",
        "attendance_category": category,
        **values,
    }


def generate(count, seed, first: date, last: date) -> dict[str, list[dict]]:
    """Return the attendance of `count` persons: 0 to 20 each, about a tenth of them absences."""
    chance = random.Random(seed)
    days = [str(first + timedelta(number)) for number in range((last - first).days + 1)]
    people, number = {}, 0
    for person in range(1, count + 1):
        records = people[f"P{person:07}"] = []
        for _repetition in range(chance.randint(0, 20)):
            number += 1
            category = "absent" if chance.random() < 0.1 else "present"
            kind, place = chance.randint(1, 2), chance.randint(1, 2)
            records.append(attendance(number, chance.choice(days), kind, place, category))
    return people


class Contract:
    """Answers requests about the attendance it is given.

    :param people: by person ID, the attendances as `attendance` makes them. Read anew for each
        request, so they can be changed in between
    :param auth_kind: ``json`` as the classic server, or ``oauth2``: a form, and an ``expires_in``
    :param lifetime: seconds that a token lives
    :param page_size: the most persons that it gives at once, whatever the ``limit``
    :param is_frozen: keep what is answered about each person, to serve it fast the next time:
        later changes don't show
    """

    def __init__(
        self,
        people,
        types=TYPES,
        locations=LOCATIONS,
        client_id="client",
        client_secret="secret",
        auth_kind="json",
        lifetime=600,
        page_size=None,
        is_frozen=False,
    ):
        self.people = people
        self.types = {item["id"]: {"description": False, **item} for item in types}
        self.locations = {item["id"]: {"description": False, **item} for item in locations}
        self.client = client_id, client_secret
        self.auth_kind = auth_kind
        self.lifetime = lifetime
        self.page_size = page_size
        self.tokens = {}  # when each ends
        self._render_person = cache(self._render) if is_frozen else self._render

    def respond(self, request) -> Reply:
        """Return what the contract says."""
        if request.call == "token":
            return self._give_token(request)
        if not request.call:
            return _html(404, "Not Found")
        authorization = request.headers.get("Authorization")
        if not authorization:
            return _html(500, "Internal Server Error")
        if self.tokens.get(authorization.removeprefix("Bearer "), 0) <= time.monotonic():
            return _error(401, "Unauthorized")
        if request.call == "attendance":
            return self._give_attendance(request)
        items = self.types if request.call == "types" else self.locations
        return _json(200, {"records": sorted(items.values(), key=lambda item: item["name"])})

    def _give_token(self, request):
        body, is_form = request.body, "form" in request.headers.get("Content-Type", "")
        if is_form:
            body = dict(parse_qsl(body))
        if self.auth_kind == "oauth2":
            if not is_form or body.get("grant_type") != "client_credentials":
                return _json(400, {"error": "unsupported_grant_type"})
        elif isinstance(body, str):
            return _refusal(400, "Bad Request", "data must be in JSON format.")
        elif is_form:
            body = {}
        given = body.get("client_id"), body.get("client_secret")
        if not all(given):
            said = "client_id and client_secret are required."
            return _refusal(400, "Bad Request", said)
        if given != self.client:
            return _refusal(401, "Unauthorized", "Invalid client id or secret.")
        token = f"token-{random.randrange(10**18):018}"
        self.tokens[token] = time.monotonic() + self.lifetime
        lifetime = {"expires_in": self.lifetime} if self.auth_kind == "oauth2" else {}
        return _json(200, {"access_token": token, "token_type": "Bearer", **lifetime})

    def _give_attendance(self, request):
        query = request.query
        page, limit = (query.get(key, default) for key, default in (("page", "1"), ("limit", "30")))
        if not all(text.isdigit() and int(text) for text in (page, limit)):
            return _error(400, "Page and limit must be positive integers.")
        page, limit = int(page), min(int(limit), self.page_size or int(limit))
        problem = (
            _check_choice(query, "attendance_type", "Attendance Type", self.types)
            or _check_choice(query, "attendance_location", "Attendance Location", self.locations)
            or _check_days(query)
        )
        if problem:
            return _error(400, problem)
        asked = request.body.get("person_ids") if isinstance(request.body, dict) else None
        # As the classic server does: no list, everybody.
        known = sorted(set(asked) & self.people.keys() if asked else self.people)
        shown = known[(page - 1) * limit : page * limit]
        pagination = {
            "page": page,
            "limit": limit,
            "total_records": len(known),
            "total_pages": -(-len(known) // limit),
        }
        choice = [query.get(key) for key in CHOICE]
        rows = b", ".join(self._render_person(person_id, *choice) for person_id in shown)
        body = b'{"records": [%s], "pagination": %s}' % (rows, json.dumps(pagination).encode())
        return Reply(200, body, {"Content-Type": "application/json; charset=utf-8"})

    def _render(self, person_id, first, last, kind, place):
        """Return the record of a person as JSON, the last attendance first."""
        if not (first and last):  # one alone is ignored
            first, last = "", "~"
        shown, present = [], set()
        for item in reversed(self.people[person_id]):
            type_id, location_id = item["attendance_type"], item["attendance_location"]
            if kind not in (None, str(type_id)) or place not in (None, str(location_id)):
                continue
            if not first <= item["date"] <= last:
                continue
            references = {
                "attendance_type": self.types.get(type_id, {}),
                "attendance_location": self.locations.get(location_id, {}),
            }
            shown.append({**item, **references})
            if item["attendance_category"] == "present":
                present.add(item["date"])
        record = {
            "person_id": person_id,
            "dates_present": list(present),
            "number_of_days_present": len(present),
            "attendance_list": shown,
        }
        return json.dumps(record).encode()


def _check_choice(query, key, label, items):
    if key not in query:
        return None
    if not query[key].isdigit():
        return f"{label} must be an integer."
    if int(query[key]) not in items:
        known = sorted(items.values(), key=lambda item: item["name"])
        listed = ", ".join(f"{item['id']} for {item['name']}" for item in known)
        return f"{label} does not exist. Available {label}s: {listed}."
    return None


def _check_days(query):
    days = query.get("from_date"), query.get("to_date")
    if not all(days):
        return None
    try:
        first, last = map(date.fromisoformat, days)
    except ValueError:
        return "FromDate and ToDate must be in the format YYYY-MM-DD."
    return "FromDate must be less than or equal to ToDate." if first > last else None


def _json(status, payload):
    body = json.dumps(payload).encode()
    return Reply(status, body, {"Content-Type": "application/json; charset=utf-8"})


def _error(status, message):
    return _json(status, {"error": {"code": status, "message": message}})


def _refusal(status, error, description):
    return _json(status, {"error": error, "error_description": description})


def _html(status, title):
    page = f"<!doctype html>\n<html lang=en>\n<title>{status} {title}</title>\n<h1>{title}</h1>\n"
    return Reply(status, page.encode(), {"Content-Type": "text/html; charset=utf-8"})
