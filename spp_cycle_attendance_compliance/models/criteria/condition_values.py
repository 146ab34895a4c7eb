from datetime import date, timedelta
from typing import NamedTuple

from dateutil.relativedelta import relativedelta

from ...verdicts import DAYS, NUMBER, Condition

EVERYBODY, BY_AGE, BY_DOMAIN = "everybody", "age", "domain"
PERIOD, MONTH = "period", "month"


class Span(NamedTuple):
    """The days that a condition looks at in one go: a calendar month, or the whole period.

    :param number: of the condition, from 1
    :param month: its first day, ``None`` for the whole period
    :param first, last: those of its days that are in the period
    :param total: how many days a required number is meant for; 0 if they have no first one
    """

    number: int
    month: date | None
    first: date
    last: date
    total: int


class ConditionValues(NamedTuple):
    """What is asked for, of whom: a condition of a cycle, as it was when somebody looked.

    Names are kept beside the ids: a proof reads as it did on its day.

    :param about: ``everybody``, ``age`` or ``domain``
    :param age_to: the last year of age; 0 for no limit, but for those who are not yet 1
    :param over: ``period`` or ``month``
    """

    name: str = ""
    about: str = EVERYBODY
    age_from: int = 0
    age_to: int = 0
    domain: str = "[]"
    type_id: int | None = None
    type_name: str = ""
    location_id: int | None = None
    location_name: str = ""
    unit: str = DAYS
    kind: str = NUMBER
    amount: int = 10
    over: str = PERIOD

    @property
    def rule(self) -> Condition:
        return Condition(self.unit, self.kind, self.amount)

    @property
    def scope(self):
        """The ids of the type and the location that count, ``None`` for all."""
        return self.type_id, self.location_id

    def get_age_domain(self, day: date) -> list:
        """Return the domain of who has the age on a day."""
        born = [("birthdate", "<=", day - relativedelta(years=self.age_from))]
        last_year = self.age_to
        if last_year or not self.age_from:
            born.append(("birthdate", ">", day - relativedelta(years=last_year + 1)))
        return born

    def get_spans(self, number: int, first: date, last: date, has_first_day: bool) -> list[Span]:
        """Return what the condition looks at, in the order of time.

        :param has_first_day: whether the first day is one that somebody meant
        """
        if self.over == PERIOD:
            total = (last - first).days + 1 if has_first_day else 0
            return [Span(number, None, first, last, total)]
        spans, month = [], first.replace(day=1)
        while month <= last:
            end = month + relativedelta(months=1) - timedelta(days=1)
            spans.append(Span(number, month, max(first, month), min(last, end), end.day))
            month = end + timedelta(days=1)
        return spans
