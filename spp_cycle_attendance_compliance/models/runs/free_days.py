"""Days that are free for somebody: absences don't count on them, and required numbers shrink."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import NamedTuple

ONE_DAY = timedelta(days=1)


class FreeDays(NamedTuple):
    """Some days that are free.

    :param first, last: the first and the last of them
    :param reason: why, in a few words
    :param location_ids: only for conditions that ask for one of these locations; empty: for all
    """

    first: date
    last: date
    reason: str
    location_ids: tuple = ()


def count_left(free: Iterable[FreeDays], first: date, last: date) -> int:
    """Return how many of some days are not free."""
    left, day = 0, first
    for each in sorted(free):
        if each.last < day or each.first > last:
            continue
        left += max((each.first - day).days, 0)
        day = max(day, each.last + ONE_DAY)
    return left + max((last - day).days + 1, 0)


def choose(free: Iterable[FreeDays], location_id: int | None) -> list[FreeDays]:
    """Return the days that are free for a condition."""
    return [each for each in free if not each.location_ids or location_id in each.location_ids]
