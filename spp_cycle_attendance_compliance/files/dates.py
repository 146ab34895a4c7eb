"""Days and times of day as people and programs write them. Digits of any script are digits."""

import re
from datetime import date
from typing import NamedTuple

# The order of year, month and day, by the name that a layout has for it.
FORMATS = {"ymd": "YYYY-MM-DD", "dmy": "DD/MM/YYYY", "mdy": "MM/DD/YYYY"}

_CLOCK = r"(\d{1,2})(?:[:hH](\d{2}))(?::(\d{2})(?:[.,]\d{1,9})?)?(?:\s?([aApP])\.?[mM]\.?)?"
_TIME = re.compile(_CLOCK)
_DAY = re.compile(
    r"(?P<a>\d{1,4})(?P<mark>[-/.])(?P<b>\d{1,2})(?P=mark)(?P<c>\d{1,4})"
    rf"(?:[T\s]\s?(?P<time>{_CLOCK})(?:\s?(?:Z|[-+]\d{{2}}(?::?\d{{2}})?))?)?"
)
_COMPACT_DAY = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})", re.ASCII)


class Moment(NamedTuple):
    """What a cell with a date can mean.

    :param days: the day in each of `FORMATS` in which it is one. A year of four digits that comes
        first leaves one meaning, which then stands in all of them
    :param time: "HH:MM:SS", or "" if there is none; midnight is none, which programs add to a day
    """

    days: dict[str, date]
    time: str

    @property
    def is_certain(self) -> bool:
        """Whether it is one and the same day in all formats."""
        return len(self.days) == len(FORMATS) and len(set(self.days.values())) == 1


def read_moment(text: str) -> Moment | None:
    """Return what a text can mean as a date, which may have a time of day behind it; ``None`` if
    it is no date."""
    compact = _COMPACT_DAY.fullmatch(text)
    if compact:
        days, time = dict.fromkeys(FORMATS, _make_day(*compact.groups())), ""
    else:
        match = _DAY.fullmatch(text)
        time = read_time(match["time"]) if match and match["time"] else ""
        if not match or time is None:
            return None
        days = _find_days(match["a"], match["b"], match["c"])
    days = {name: day for name, day in days.items() if day}
    return Moment(days, "" if time == "00:00:00" else time) if days else None


def read_time(text: str) -> str | None:
    """Return a time of day as "HH:MM:SS"; ``None`` if it is none. Parts of a second are cut."""
    match = _TIME.fullmatch(text)
    if not match:
        return None
    hour, minute, second = (int(part or 0) for part in match.group(1, 2, 3))
    if match[4]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + 12 * (match[4] in "pP")
    if hour > 23 or minute > 59 or second > 59:
        return None
    return f"{hour:02}:{minute:02}:{second:02}"


def _find_days(a, b, c):
    if len(a) == 4:
        return dict.fromkeys(FORMATS, _make_day(a, b, c))
    return {"ymd": _make_day(a, b, c), "dmy": _make_day(c, b, a), "mdy": _make_day(c, a, b)}


def _make_day(year, month, day):
    if len(year) not in (2, 4) or len(month) > 2 or len(day) > 2:
        return None
    try:
        return date(int(year) + (2000 if len(year) == 2 else 0), int(month), int(day))
    except ValueError:
        return None
