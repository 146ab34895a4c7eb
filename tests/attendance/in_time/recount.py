"""What is recorded of persons, held against conditions: counted by day, in plain Python.

Only what follows from the counts is asked of the addon's `verdicts`, which have tests of their own.
"""

from calendar import monthrange
from collections import defaultdict
from datetime import date, timedelta
from itertools import groupby
from typing import NamedTuple

from odoo.addons.spp_cycle_attendance_compliance import verdicts

FIRST_DAY_OF_ALL = date(1900, 1, 1)
ONE_DAY = timedelta(days=1)
WAIVERS = """
    SELECT waiver.*, ARRAY(
        SELECT partner_id FROM spp_attendance_waiver_partner_rel WHERE waiver_id = waiver.id
    ) AS partner_ids
    FROM spp_attendance_waiver AS waiver WHERE state = 'approved' AND program_id = ANY(%s)
"""
BIRTH_DATES = "SELECT id, birthdate FROM res_partner WHERE id = ANY(%s)"
ENROLMENTS = """
    SELECT partner_id, enrollment_date::date AS day FROM g2p_program_membership
    WHERE program_id = %s
"""
JOININGS = """
    SELECT "group" AS household_id, individual AS person_id, min(start_date)::date AS day
    FROM g2p_group_membership WHERE ended_date IS NULL GROUP BY 1, 2
"""
# Who took part in an earlier cycle of the program.
EARLIER = """
    SELECT partner_id FROM g2p_cycle_membership AS membership
    JOIN g2p_cycle AS cycle ON cycle.id = membership.cycle_id
    WHERE cycle.program_id = %s AND cycle.start_date < %s AND cycle.state != 'cancelled'
        AND membership.state NOT IN ('draft', 'not_eligible')
"""


class Span(NamedTuple):
    """What a condition looks at in one go; `month` is "" for the whole period."""

    number: int
    month: str
    first: date
    last: date
    total: int


class Counts(NamedTuple):
    present: int = 0
    excused: int = 0
    absent: int = 0
    unclear: int = 0
    free: int = 0
    excused_unclear: int = 0
    free_unclear: int = 0

    @property
    def recorded(self):
        return sum(self[:5])


def get_spans(run):
    first, last = run["from_date"], run["to_date"]
    for number, condition in enumerate(run["conditions"], 1):
        if condition["over"] == "period":
            total = 0 if first == FIRST_DAY_OF_ALL else (last - first).days + 1
            yield Span(number, "", first, last, total)
            continue
        days = (first + timedelta(each) for each in range((last - first).days + 1))
        for (year, month), found in groupby(days, lambda day: (day.year, day.month)):
            own = list(found)
            total = monthrange(year, month)[1]
            yield Span(number, f"{year}-{month:02}-01", own[0], own[-1], total)


class Facts:
    """What is so now that says what counts for whom.

    :param run: as `told.RUNS` tells it
    """

    def __init__(self, stage, run, person_ids):
        self.run = run
        waivers = stage.ask(WAIVERS, [run["program_id"]])
        self.waivers = [each for each in waivers if each["cycle_id"] in (None, run["cycle_id"])]
        self.birth_dates = {
            row["id"]: row["birthdate"] for row in stage.ask(BIRTH_DATES, list(person_ids))
        }
        self.starts = {}
        if run["counts_from"] == "enrolment":
            for row in stage.ask(ENROLMENTS, run["program_id"]):
                self.starts[row["partner_id"]] = row["day"]
        elif run["counts_from"] == "joining":
            for row in stage.ask(JOININGS):
                self.starts[row["household_id"], row["person_id"]] = row["day"]
        self.earlier = None
        if run["first_cycle_waived"]:
            rows = stage.ask(EARLIER, run["program_id"], run["start_date"])
            self.earlier = {row["partner_id"] for row in rows}

    def get_about(self, person_id):
        """Return the numbers of the conditions that are about a person."""
        return [
            number
            for number, condition in enumerate(self.run["conditions"], 1)
            if self._is_about(condition, self.birth_dates[person_id])
        ]

    def _is_about(self, condition, born):
        if condition["about"] != "age":
            return True
        day = self.run["from_date"]
        if day == FIRST_DAY_OF_ALL:
            day = self.run["to_date"]
        if not born:
            return False
        age = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
        return condition["age_from"] <= age <= (condition["age_to"] or 150)

    def get_free(self, person_id, main_id):
        """Return the days that are free for a person: the first and the last of each time.

        :param main_id: of the registrant: the person, or the household
        """
        first, last = self.run["from_date"], self.run["to_date"]
        free = [
            (max(each["from_date"], first), min(each["to_date"], last))
            for each in self.waivers
            if each["from_date"] <= last
            and each["to_date"] >= first
            and (each["scope"] == "everybody" or {person_id, main_id} & {*each["partner_ids"]})
        ]
        by_household = self.run["counts_from"] == "joining"
        start = self.starts.get((main_id, person_id) if by_household else main_id)
        if start and start > first:
            free.append((first, min(start - ONE_DAY, last)))
        if self.earlier is not None and main_id not in self.earlier:
            free.append((first, last))
        return free


def is_free(free, day):
    return any(first <= day <= last for first, last in free)


def count(condition, span, entries, free):
    """Count what is recorded in a cell.

    :param entries: pairs of a day, a category and a type
    """
    own = [
        (day, category)
        for day, category, type_id in entries
        if span.first <= day <= span.last and condition["type_id"] in (None, type_id)
    ]
    if condition["unit"] == "days":
        by_day = defaultdict(set)
        for day, category in own:
            by_day[day].add(category)
        own = by_day.items()
    else:
        own = [(day, {category}) for day, category in own]
    counts = defaultdict(int)
    for day, categories in own:
        maybe = "unknown" in categories
        if "present" in categories:
            counts["present"] += 1
        elif "excused" in categories:
            counts["excused"] += 1
            counts["excused_unclear"] += maybe
        elif is_free(free, day):
            counts["free"] += 1
            counts["free_unclear"] += maybe
        else:
            counts["unclear" if maybe else "absent"] += 1
    return Counts(**counts)


def count_left(span, free):
    if span.first == FIRST_DAY_OF_ALL:
        return int((span.first, span.last) not in free)
    days = (span.first + timedelta(each) for each in range((span.last - span.first).days + 1))
    return sum(not is_free(free, day) for day in days)


class Person(NamedTuple):
    """A person's line, before it is judged.

    :param data: ``known``; ``unsettled`` if nobody can tell; or ``None``
    :param cells: `Counts` by `Span`
    """

    person_id: int
    data: str | None
    undated: int
    cells: dict
    free: list


def find_held(persons):
    """Return by span who is known, and of whom of these anything is recorded."""
    known, having = defaultdict(set), defaultdict(set)
    for person in persons:
        for span, counts in person.cells.items():
            if person.data == "known":
                known[span].add(person.person_id)
                if counts.recorded:
                    having[span].add(person.person_id)
    return known, having


def judge(run, person, held):
    """Return the verdict on a person, and of each cell what is found, and whether by a holiday."""
    found, by_condition = {}, defaultdict(list)
    for span, counts in person.cells.items():
        condition = run["conditions"][span.number - 1]
        known, having = (each[span] - {person.person_id} for each in held)
        recorded = None
        if person.data == "known":
            named = counts._asdict()
            recorded = verdicts.Recorded(**named, undated=person.undated)
        holiday = verdicts.is_holiday(
            condition["kind"], bool(counts.recorded), len(known), len(having)
        )
        cell = verdicts.judge_cell(
            verdicts.Condition(condition["unit"], condition["kind"], condition["amount"]),
            recorded,
            verdicts.Days(span.total, count_left(span, person.free)),
            holiday,
            person.data == "unsettled",
        )
        found[span] = cell, "holiday" if holiday else ""
        by_condition[span.number].append(cell)
    return (
        verdicts.judge_person(
            verdicts.judge_condition(cells, person.undated) for cells in by_condition.values()
        ),
        found,
    )
