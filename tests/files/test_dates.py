"""Days and times of day: what a text can mean."""

from datetime import date

import pytest
from files.dates import Moment, read_moment, read_time

FOURTH = date(2026, 11, 4)
APRIL = date(2026, 4, 11)
CERTAIN = dict.fromkeys(("ymd", "dmy", "mdy"), FOURTH)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("2026-11-04", CERTAIN),
        ("2026-11-4", CERTAIN),
        ("2026/11/04", CERTAIN),
        ("2026.11.04", CERTAIN),
        ("20261104", CERTAIN),
        ("٢٠٢٦-١١-٠٤", CERTAIN),
        ("2026-11-04T08:30", CERTAIN),
        ("04/11/2026", {"dmy": FOURTH, "mdy": APRIL}),
        ("4.11.2026", {"dmy": FOURTH, "mdy": APRIL}),
        ("04-11-2026", {"dmy": FOURTH, "mdy": APRIL}),
        ("14/11/2026", {"dmy": date(2026, 11, 14)}),
        ("11/14/2026", {"mdy": date(2026, 11, 14)}),
        ("٠٤/١١/٢٠٢٦", {"dmy": FOURTH, "mdy": APRIL}),
        ("04/11/26", {"dmy": FOURTH, "mdy": APRIL, "ymd": date(2004, 11, 26)}),
        ("26-11-04", {"ymd": FOURTH, "dmy": date(2004, 11, 26)}),
        ("31/12/99", {"dmy": date(2099, 12, 31)}),
        ("29/02/2028", {"dmy": date(2028, 2, 29)}),
    ],
)
def test_days(text, days):
    assert read_moment(text).days == days


@pytest.mark.parametrize(
    "text",
    ["", "x", "2026", "2026-11", "11/2026", "2026-02-29", "2026-13-01", "29/02/2026", "0000-01-01"]
    + ["2026-11-04x", "x2026-11-04", "2026-11/04", "04/11/202", "04/11/20266", "4 Nov 2026"]
    + ["2026-11-2026", "20261304", "18991231", "46330", "00/00/00", "1.5", "1.2.3.4", "²026-11-04"]
    + ["2026-11-04 24:00", "2026-11-04 x", "2026-11-04 08:30x", "2026-11-04 08:30 +3", "-1-1-1"],
)
def test_what_is_no_day(text):
    assert read_moment(text) is None


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-11-04", ""),
        ("2026-11-04 00:00", ""),
        ("2026-11-04T00:00:00.000", ""),
        ("2026-11-04 08:30", "08:30:00"),
        ("2026-11-04T08:30:15", "08:30:15"),
        ("2026-11-04T08:30:15.999", "08:30:15"),
        ("2026-11-04T08:30:15.123+03:00", "08:30:15"),
        ("2026-11-04T08:30:15Z", "08:30:15"),
        ("2026-11-04T08:30:15-0330", "08:30:15"),
        ("04/11/2026 8:30 PM", "20:30:00"),
    ],
)
def test_times_behind_a_day(text, time):
    moment = read_moment(text)
    assert FOURTH in moment.days.values()
    assert moment.time == time


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("08:30", "08:30:00"),
        ("8:30", "08:30:00"),
        ("8h30", "08:30:00"),
        ("08:30:15", "08:30:15"),
        ("08:30:15.9", "08:30:15"),
        ("8:30 am", "08:30:00"),
        ("8:30 p.m.", "20:30:00"),
        ("12:05 AM", "00:05:00"),
        ("12:05PM", "12:05:00"),
        ("00:00", "00:00:00"),
        ("23:59:59", "23:59:59"),
        ("٠٨:٣٠", "08:30:00"),
    ]
    + [(text, None) for text in ("", "8", "8:3", "24:00", "23:60", "23:59:60", "8.30", "0.35")]
    + [(text, None) for text in ("13:00 pm", "0:30 am", "08:30x", "-8:30", "008:30", "8:30:1")],
)
def test_times(text, time):
    assert read_time(text) == time


def test_what_is_certain():
    assert Moment(CERTAIN, "").is_certain
    assert not read_moment("14/11/2026").is_certain
    assert not read_moment("04/05/06").is_certain
    assert read_moment("05/05/05").is_certain
