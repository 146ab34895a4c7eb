"""The days behind a verdict: what each one counted as, by the rules that `cells.py` has in SQL."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from ..events.event_attendance import ABSENT, EXCUSED, PRESENT, UNKNOWN
from .free_days import FreeDays

FREE = "free"


class Record(NamedTuple):
    """An attendance as it was stored when a run decided, or as it has become since.

    :param category: ``present``, ``absent``, ``excused`` or ``unknown``
    :param counted: whether it counted then
    :param changed: whether it was corrected, withdrawn or recorded since
    """

    date: date
    category: str
    type_id: int | None = None
    location_id: int | None = None
    counted: bool = True
    changed: bool = False
    event_id: int | None = None


class Day(NamedTuple):
    """What a day counted as.

    :param counts: how many of each kind: ``present``, ``excused``, ``absent``, ``unknown`` or
        ``free``; of a condition that counts days, one at most
    :param is_free: whether an absence on it does not count
    :param changed: whether anything of it was changed since
    """

    counts: dict
    is_free: bool = False
    changed: bool = False


def fold(records: Iterable[Record], by_days: bool, free: Iterable[FreeDays]) -> dict[date, Day]:
    """Return what each day counted as that has a record.

    On one day a presence comes before an excuse, and an excuse before an absence; what can't be
    read comes before an absence, too. Sessions are never folded.

    :param free: the days that are free for the condition
    """
    by_date = defaultdict(list)
    for record in records:
        by_date[record.date].append(record)
    return {
        day: Day(
            dict(_count([record.category for record in own if record.counted], by_days, is_free)),
            is_free,
            any(record.changed for record in own),
        )
        for day, own in sorted(by_date.items())
        for is_free in [is_among(day, free)]
    }


def is_among(day: date, free: Iterable[FreeDays]) -> bool:
    return any(each.first <= day <= each.last for each in free)


def _count(categories, by_days, is_free):
    found = Counter()
    for group in [categories] if by_days and categories else [[each] for each in categories]:
        kind = next(each for each in (PRESENT, EXCUSED, UNKNOWN, ABSENT) if each in group)
        found[FREE if is_free and kind in (UNKNOWN, ABSENT) else kind] += 1
    return found


def sum_up(days: Iterable[Day]) -> Counter:
    """Return how many of each kind some days counted as."""
    return sum((Counter(day.counts) for day in days), Counter())
