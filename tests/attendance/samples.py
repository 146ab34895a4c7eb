"""What the tests of the attendance server's client share."""

from datetime import date

from connector import Question
from connector.reading import read_answer

# Marks in it are encoded in several ways: each is a chance to let it slip through.
SECRET = 'S3cret/+"&é'
NOVEMBER = Question(date(2026, 11, 1), date(2026, 11, 30))


def make_item(number=1, **values):
    """Return an attendance as the server gives it; a value ``...`` leaves the field out."""
    item = {
        "id": number,
        "date": "2026-11-04",
        "time": "09:00:00",
        "attendance_type": {"id": 2, "name": "Training", "description": False},
        "attendance_location": {"id": 3, "name": "Hall"},
        "attendance_description": "Afternoon",
        "attendance_external_url": "https://attendance.example/1",
        "submitted_by": "officer",
        "submitted_datetime": "2026-11-20 10:00:00",
        "submission_source": "tablet-7",
        "attendance_category": "present",
        **values,
    }
    return {name: value for name, value in item.items() if value is not ...}


def make_person(*items, person_id="P1", **values):
    """Return a person's record as the server gives it, its numbers right for a single item."""
    present = [
        item
        for item in items
        if isinstance(item, dict) and item.get("attendance_category") == "present"
    ]
    row = {
        "person_id": person_id,
        "dates_present": [item.get("date") for item in present],
        "number_of_days_present": len(present),
        "attendance_list": list(items),
        **values,
    }
    return {name: value for name, value in row.items() if value is not ...}


def read(*rows, asked=("P1", "P2"), question=NOVEMBER, known=None):
    """Return the answer about P1 and P2 for which the rows came."""
    return read_answer(asked, rows, question, known or {}, "asking")
