"""Who came when, as the attendance system told it or people recorded it: counted by hand.

Nothing of the addon decides here. What it says that it asked, and by what identifier, is taken from
it; what was answered, what that makes of each person and which verdict follows are not.
"""

from collections import Counter, defaultdict
from datetime import date
from itertools import accumulate, compress
from typing import NamedTuple

# Records of the answers to what was asked since; their content comes from the server itself.
ANSWERS = """
    SELECT answer.id, answer.partner_id AS person_id, answer.identifier, intake.run_id,
        intake.from_date, intake.to_date
    FROM spp_attendance_answer AS answer
    JOIN spp_attendance_intake AS intake ON intake.id = answer.intake_id
    WHERE answer.partner_id = ANY(%s) AND answer.id > %s ORDER BY answer.id
"""
LINES = """
    SELECT line.id, line.kind, line.partner_id AS person_id, line.household_line_id, line.counts,
        line.finding, line.number_of_attendance AS number, line.unclear, line.recorded,
        line.undated, line.verdict, run.id AS run_id, run.mode, run.takes_over,
        source.protocol AS source, run.attendance_unit AS unit, run.from_date, run.to_date,
        CASE WHEN run.attendance_requirement = 'percentage' THEN run.required_percentage END
            AS percentage, run.required_number_of_attendance AS required,
        run.household_rule AS rule, run.household_number, run.household_percentage
    FROM spp_attendance_run_line AS line JOIN spp_attendance_run AS run ON run.id = line.run_id
    JOIN spp_attendance_source AS source ON source.id = run.attendance_source_id
    WHERE run.cycle_id = ANY(%s) AND line.id > %s ORDER BY line.id
"""
IDENTIFIERS = """
    SELECT partner_id, value FROM g2p_reg_id
    WHERE partner_id = ANY(%s) AND id_type = %s AND status IS DISTINCT FROM 'invalid'
"""
MAY_MEET = ("compliant", "undecided", "no_data")


class Told(NamedTuple):
    """What was told of a person when somebody asked."""

    person_id: int
    identifier: str
    run_id: int
    from_date: date
    to_date: date
    is_known: bool
    undated: int


class Found(NamedTuple):
    """What has to be on a line."""

    finding: str | None
    verdict: str
    number: int = 0
    unclear: int = 0
    recorded: int = 0
    undated: int = 0


class Register:
    """Remembers what was told, and holds each new line of a run against it."""

    def __init__(self, world):
        self.world = world
        self.told = []
        # By person: of each attendance (by its number on the server), the day and the category.
        self.fetched = defaultdict(dict)
        self.by_hand = defaultdict(dict)
        self.found = {}
        # Runs whose lines were seen already.
        self.decided = set()
        self.last_answer_id = self.last_line_id = 0

    def observe(self):
        """Take down what came, and was decided, in the transaction that has just ended."""
        answers = self.world.stage.ask(ANSWERS, self.world.person_ids, self.last_answer_id)
        lines = self.world.stage.ask(LINES, self.world.cycle_ids, self.last_line_id)
        if not answers + lines:
            return
        identifiers = self.get_identifiers()
        for answer in answers:
            self.last_answer_id = answer.pop("id")
            assert identifiers.get(answer["person_id"]) == answer["identifier"], answer
            self._take_down(answer)
        members, decided = defaultdict(list), frozenset(self.decided)
        for line in reversed(lines):
            own = members[line["id"]] if line["kind"] == "household" else None
            if line["run_id"] in decided:
                # Who joined while the run waited was not asked about.
                found = Found(line["finding"], "undecided")
            elif own is not None:
                found = self._judge_household(line, own)
            else:
                found = self._find(line, identifiers)
            self.found[line["id"]] = found
            members[line["household_line_id"]].append((line["counts"], found))
            shown = tuple(line[name] or 0 for name in Found._fields[2:])
            assert (line["verdict"], *shown) == found[1:], (line, found)
            assert line["finding"] == found.finding, (line, found)
            self.last_line_id = max(self.last_line_id, line["id"])
            self.decided.add(line["run_id"])

    def get_identifiers(self):
        """Return by what each person is known, if it is by something of her own."""
        rows = self.world.stage.ask(IDENTIFIERS, self.world.person_ids, self.world.stage.id_type_id)
        return {row["partner_id"]: row["value"] for row in rows}

    def _take_down(self, answer):
        items = self.world.server.people.get(answer["identifier"])
        person_id = answer["person_id"]
        told = {}
        undated = 0
        for item in items or ():
            try:
                day = date.fromisoformat(item["date"])
            except ValueError:
                undated += 1
                continue
            if answer["from_date"] <= day <= answer["to_date"]:
                told[item["id"]] = day, item["attendance_category"]
        own = self.fetched[person_id]
        if not undated:
            # Any of those that are not told any more may be the one that can't be read.
            for number, (day, _category) in list(own.items()):
                if answer["from_date"] <= day <= answer["to_date"]:
                    del own[number]
        for number in told:
            for others in self.fetched.values():
                others.pop(number, None)
        own.update(told)
        self.told.append(Told(**answer, is_known=items is not None, undated=undated))

    # What has to be on the lines

    def _find(self, line, identifiers):
        person_id = line["person_id"]
        if line["source"] == "recorded":
            entries = [*self.fetched[person_id].values(), *self.by_hand[person_id].values()]
            found = self._count(line, entries, 0)
            if not found.recorded:
                return Found("unrecorded", "no_data")
            return found._replace(finding="recorded")
        identifier = identifiers.get(person_id)
        if not identifier:
            return Found("no_identifier", "no_data")
        if Counter(identifiers.values())[identifier] > 1:
            return Found("shared_identifier", "undecided")
        told = self._get_told(line, identifier)
        if not told:
            return Found("not_asked", "undecided")
        if not told.is_known:
            return Found("unknown", "no_data")
        return self._count(line, self.fetched[person_id].values(), told.undated)

    def _get_told(self, line, identifier):
        """Return what was told last of a person, of what the run goes by."""
        for told in reversed(self.told):
            if (told.person_id, told.identifier) != (line["person_id"], identifier):
                continue
            if line["mode"] == "evaluate":
                is_usable = told.from_date <= line["from_date"] and told.to_date >= line["to_date"]
            else:
                question = told.from_date, told.to_date
                is_usable = told.run_id == line["run_id"] or (
                    line["takes_over"] and question == (line["from_date"], line["to_date"])
                )
            if is_usable:
                return told
        return None

    def _count(self, line, entries, undated):
        counted = [
            (day, category)
            for day, category in entries
            if line["from_date"] <= day <= line["to_date"]
        ]
        if line["unit"] == "days":
            counted = [(day, _fold({c for d, c in counted if d == day})) for day, _c in counted]
            counted = set(counted)
        categories = Counter(category for _day, category in counted)
        present, absent = categories.pop("present", 0), categories.pop("absent", 0)
        unclear = sum(categories.values())
        numbers = present, unclear, present + absent + unclear, undated
        return Found("known", _judge(line, present, absent, unclear, undated), *numbers)

    def _judge_household(self, line, members):
        counting = [found for counts, found in members if counts]
        verdicts = Counter(found.verdict for found in counting)
        if not counting:
            return Found(None, "exempt")
        # How many meet the criteria, then may meet them, then would with data.
        may_meet = accumulate(verdicts[maybe] for maybe in MAY_MEET)
        enough = (_is_enough(line, meeting, len(counting)) for meeting in may_meet)
        return Found(
            None,
            next(compress(MAY_MEET, enough), "non_compliant"),
            number=sum(found.number for found in counting),
            recorded=sum(found.recorded for found in counting),
        )


def _is_enough(line, meeting, counting):
    return {
        "any": meeting > 0,
        "all": meeting == counting,
        "number": meeting >= line["household_number"],
        "percentage": meeting * 100 >= line["household_percentage"] * counting,
    }[line["rule"]]


def _fold(categories):
    """Return what a day is on which there are records of several categories."""
    if "present" in categories:
        return "present"
    return "absent" if categories == {"absent"} else "late"


def _judge(line, present, absent, unclear, undated):
    """Return the verdict on all that what can't be read may have been: the same, or none."""
    if line["percentage"] and not present + absent + unclear + undated:
        return "no_data"
    on_absent_days = min(undated, absent) if line["unit"] == "days" else 0
    met = {
        _is_met(line, present + came + own + on_absent, recorded - on_absent)
        for recorded in [present + absent + unclear + undated]
        for came in range(unclear + 1)
        for on_absent in range(on_absent_days + 1)
        for own in range(undated - on_absent + 1)
    }
    if len(met) > 1:
        return "undecided"
    return "compliant" if met.pop() else "non_compliant"


def _is_met(line, present, recorded):
    if line["percentage"]:
        return present > 0 and present * 100 >= line["percentage"] * recorded
    return present >= line["required"]
