"""Who came when, as the attendance system told it or people recorded it: counted by hand.

Nothing of the addon decides here. What it says that it asked, and by what identifier, is taken from
it; what was answered, what that makes of each person and which verdict follows are not.
"""

from collections import Counter, defaultdict
from datetime import date
from itertools import accumulate, compress
from typing import NamedTuple

from .recount import Facts, Person, count, find_held, get_spans, judge

# Records of the answers to what was asked since; their content comes from the server itself.
ANSWERS = """
    SELECT answer.id, answer.partner_id AS person_id, answer.identifier, intake.run_id,
        intake.from_date, intake.to_date, intake.asked_scopes AS scopes
    FROM spp_attendance_answer AS answer
    JOIN spp_attendance_intake AS intake ON intake.id = answer.intake_id
    WHERE answer.partner_id = ANY(%s) AND answer.id > %s ORDER BY answer.id
"""
RUNS = """
    SELECT run.id, run.mode, run.takes_over, source.protocol AS source, run.from_date, run.to_date,
        run.attendance_conditions AS conditions, run.attendance_counts_from AS counts_from,
        run.attendance_first_cycle_waived AS first_cycle_waived, run.no_data_rule,
        run.attendance_warnings AS warnings, run.household_rule AS rule, run.household_number,
        run.household_percentage, cycle.id AS cycle_id, cycle.program_id, cycle.start_date
    FROM spp_attendance_run AS run JOIN g2p_cycle AS cycle ON cycle.id = run.cycle_id
    JOIN spp_attendance_source AS source ON source.id = run.attendance_source_id
    WHERE run.cycle_id = ANY(%s) AND run.id > %s
"""
LINES = """
    SELECT line.id, line.run_id, line.kind, line.partner_id AS person_id, line.household_line_id,
        household.partner_id AS household_id, line.counts, line.finding,
        line.number_of_attendance AS number, line.unclear, line.recorded, line.undated,
        line.verdict, line.proof, line.left_alone
    FROM spp_attendance_run_line AS line JOIN spp_attendance_run AS run ON run.id = line.run_id
    LEFT JOIN spp_attendance_run_line AS household ON household.id = line.household_line_id
    WHERE run.cycle_id = ANY(%s) AND line.id > %s ORDER BY line.id
"""
IDENTIFIERS = """
    SELECT partner_id, value FROM g2p_reg_id
    WHERE partner_id = ANY(%s) AND id_type = %s AND status IS DISTINCT FROM 'invalid'
"""
WORDS = "SELECT word, category FROM spp_attendance_category_map WHERE source_id = %s"
# Cells of new lines that say another number of days, or sessions, than are stored.
NOT_ADDING_UP = """
    SELECT line.id, cell FROM spp_attendance_run_line AS line
    JOIN spp_attendance_run AS run ON run.id = line.run_id
    CROSS JOIN LATERAL jsonb_array_elements(line.proof->'cells') AS cell
    CROSS JOIN LATERAL (
        SELECT run.attendance_conditions->((cell->>0)::integer - 1) AS asked,
            nullif(cell->>1, '')::date AS month
    ) AS own
    WHERE line.id = ANY(%s) AND line.finding IN ('known', 'recorded') AND (
        SELECT CASE own.asked->>'unit' WHEN 'days' THEN count(DISTINCT event.attendance_date)
            ELSE count(*) END
        FROM spp_event_attendance AS event
        JOIN spp_attendance_source AS source ON source.id = run.attendance_source_id
        WHERE event.individual_id = line.partner_id AND event.withdrawn IS NOT TRUE
            AND (source.protocol = 'recorded' OR event.source_id = source.id)
            AND event.attendance_date BETWEEN run.from_date AND run.to_date
            AND (own.month IS NULL
                OR date_trunc('month', event.attendance_date)::date = own.month)
            AND coalesce((own.asked->>'type_id')::integer, event.attendance_type_id)
                IS NOT DISTINCT FROM event.attendance_type_id
    ) != (
        SELECT sum(value::integer)
        FROM jsonb_array_elements_text(cell) WITH ORDINALITY AS each (value, place)
        WHERE place BETWEEN 3 AND 7
    )
"""
UNSETTLED = ("shared_identifier", "not_asked")
MAY_MEET = ("compliant", "undecided", "no_data")


class Told(NamedTuple):
    """What was told of a person when somebody asked."""

    person_id: int
    identifier: str
    run_id: int
    from_date: date
    to_date: date
    # Of the types that were asked for; ``None`` among them for all.
    types: frozenset
    # What the words of the attendance system meant.
    words: dict
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
    cells: tuple = ()


class Register:
    """Remembers what was told, and holds each new line of a run against it."""

    def __init__(self, world):
        self.world = world
        self.told = []
        # By person: of each attendance (by its number on the server), day, category and type.
        self.fetched = defaultdict(dict)
        self.by_hand = defaultdict(dict)
        self.found = {}
        self.runs = {}
        # Runs whose lines were seen already.
        self.decided = set()
        self.last_answer_id = self.last_line_id = self.last_run_id = 0

    def observe(self):
        """Take down what came, and was decided, in the transaction that has just ended."""
        stage = self.world.stage
        answers = stage.ask(ANSWERS, self.world.person_ids, self.last_answer_id)
        lines = stage.ask(LINES, self.world.cycle_ids, self.last_line_id)
        runs = stage.ask(RUNS, self.world.cycle_ids, self.last_run_id)
        if not answers + lines + runs:
            return
        identifiers, words = self.get_identifiers(), self._get_words()
        for run in runs:
            self.last_run_id = max(self.last_run_id, run["id"])
            self.runs[run["id"]] = {**run, "words": words}
        for answer in answers:
            self.last_answer_id = answer.pop("id")
            assert identifiers.get(answer["person_id"]) == answer["identifier"], answer
            self._take_down(answer, words)
        by_run = defaultdict(list)
        for line in lines:
            by_run[line["run_id"]].append(line)
            self.last_line_id = max(self.last_line_id, line["id"])
        for run_id, own in by_run.items():
            self._check_lines(self.runs[run_id], own, identifiers)
        assert not stage.ask(NOT_ADDING_UP, [line["id"] for line in lines])

    def _check_lines(self, run, lines, identifiers):
        """Hold new lines of a run against what has to be on them."""
        if run["id"] in self.decided:
            # Who joined while the run waited was not asked about.
            for line in lines:
                self.found[line["id"]] = Found(line["finding"], "undecided")
        else:
            self.found.update(self._find(run, lines, identifiers))
            self.decided.add(run["id"])
        for line in lines:
            found = self.found[line["id"]]
            shown = tuple(line[name] or 0 for name in Found._fields[2:-1])
            assert (line["finding"], line["verdict"], *shown) == found[:-1], (line, found)
            cells = tuple(map(tuple, (line["proof"] or {}).get("cells", ())))
            assert cells == found.cells, (line, found)

    def _get_words(self):
        rows = self.world.stage.ask(WORDS, self.world.stage.source_ids["server"])
        return {row["word"]: row["category"] for row in rows}

    def get_identifiers(self):
        """Return by what each person is known, if it is by something of her own."""
        rows = self.world.stage.ask(IDENTIFIERS, self.world.person_ids, self.world.stage.id_type_id)
        return {row["partner_id"]: row["value"] for row in rows}

    def _take_down(self, answer, words):
        items = self.world.server.people.get(answer["identifier"])
        person_id = answer["person_id"]
        types = frozenset(type_id for type_id, _location_id in answer.pop("scopes"))
        told = {}
        undated = 0
        for item in items or ():
            type_id = self.world.stage.type_ids[item["attendance_type"]]
            if types.isdisjoint((None, type_id)):
                continue
            try:
                day = date.fromisoformat(item["date"])
            except ValueError:
                undated += 1
                continue
            if answer["from_date"] <= day <= answer["to_date"]:
                word = item["attendance_category"]
                meaning = word if word in ("present", "absent") else words.get(word, "unknown")
                told[item["id"]] = day, meaning, type_id
        own = self.fetched[person_id]
        if not undated:
            # Any of those that are not told any more may be the one that can't be read.
            for number, (day, _category, type_id) in list(own.items()):
                is_asked = not types.isdisjoint((None, type_id))
                if is_asked and answer["from_date"] <= day <= answer["to_date"]:
                    del own[number]
        for number in told:
            for others in self.fetched.values():
                others.pop(number, None)
        own.update(told)
        known = {"types": types, "words": words, "is_known": items is not None}
        self.told.append(Told(**answer, **known, undated=undated))

    # What has to be on the lines

    def _find(self, run, lines, identifiers):
        """Return what has to be on the lines of a run, by their ids."""
        persons = [line for line in lines if line["kind"] != "household"]
        facts = Facts(self.world.stage, run, {line["person_id"] for line in persons})
        counted = {line["id"]: self._count(run, line, facts, identifiers) for line in persons}
        held = find_held(person for _finding, person in counted.values())
        found, members = {}, defaultdict(list)
        for line in persons:
            finding, person = counted[line["id"]]
            verdict, judgements = judge(run, person, held)
            assert line["kind"] == "person" or line["counts"] == bool(person.cells), line
            found[line["id"]] = _sum_up(finding, verdict, person, judgements)
            members[line["household_line_id"]].append((line["counts"], found[line["id"]]))
        for line in lines:
            if line["kind"] == "household":
                found[line["id"]] = self._judge_household(run, members[line["id"]])
        return found

    def _count(self, run, line, facts, identifiers):
        """Return what is found of a person, and how often she came."""
        person_id = line["person_id"]
        entries = list(self.fetched[person_id].values())
        finding, undated = "recorded", 0
        if run["source"] == "recorded":
            entries += self.by_hand[person_id].values()
        else:
            finding, undated = self._get_finding(run, person_id, identifiers)
            if finding != "known":
                entries = []
        about = facts.get_about(person_id)
        free = facts.get_free(person_id, line["household_id"] or person_id)
        cells = {
            span: count(run["conditions"][span.number - 1], span, entries, free)
            for span in get_spans(run)
            if span.number in about
        }
        if finding == "recorded" and not any(each.recorded for each in cells.values()):
            finding = "unrecorded"
        data = "known" if finding in ("known", "recorded") else None
        if finding in UNSETTLED:
            data = "unsettled"
        return finding, Person(person_id, data, undated, cells, free)

    def _get_finding(self, run, person_id, identifiers):
        """Return what is found of a person, and how many records about her can't be read."""
        identifier = identifiers.get(person_id)
        if not identifier:
            return "no_identifier", 0
        if Counter(identifiers.values())[identifier] > 1:
            return "shared_identifier", 0
        told = self._get_told(run, person_id, identifier)
        if not told:
            return "not_asked", 0
        return "known" if told.is_known else "unknown", told.undated

    def _get_told(self, run, person_id, identifier):
        """Return what was told last of a person, of what a run goes by."""
        types = {condition["type_id"] for condition in run["conditions"]}
        for told in reversed(self.told):
            if (told.person_id, told.identifier) != (person_id, identifier):
                continue
            if run["mode"] == "evaluate":
                is_usable = told.from_date <= run["from_date"] and told.to_date >= run["to_date"]
                is_usable = is_usable and (None in told.types or types <= told.types)
            else:
                question = told.from_date, told.to_date, told.types, told.words
                own = run["from_date"], run["to_date"], types, run["words"]
                is_usable = told.run_id == run["id"] or (run["takes_over"] and question == own)
            if is_usable:
                return told
        return None

    def _judge_household(self, run, members):
        counting = [found for counts, found in members if counts]
        verdicts = Counter(found.verdict for found in counting)
        numbers = {
            "number": sum(found.number for found in counting),
            "recorded": sum(found.recorded for found in counting),
        }
        exempt = verdicts.pop("exempt", 0)
        if len(counting) == exempt:
            return Found(None, "exempt", **numbers)
        verdicts["compliant"] += exempt
        # How many meet the criteria, then may meet them, then would with data.
        may_meet = accumulate(verdicts[maybe] for maybe in MAY_MEET)
        enough = (_is_enough(run, meeting, len(counting)) for meeting in may_meet)
        verdict = next(compress(MAY_MEET, enough), "non_compliant")
        return Found(None, verdict, **numbers)


def _sum_up(finding, verdict, person, judgements):
    """Return what has to be on the line of a person."""
    cells = list(person.cells.items())
    first = [counts for span, counts in cells if span.number == cells[0][0].number]
    shown = []
    for span, counts in cells:
        cell, why = judgements[span]
        shown.append((span.number, span.month, *counts, cell.required, cell.verdict, why))
    return Found(
        finding,
        verdict,
        number=sum(counts.present for counts in first),
        unclear=sum(
            counts.unclear + counts.excused_unclear + counts.free_unclear for _span, counts in cells
        ),
        recorded=sum(counts.recorded for counts in first),
        undated=person.undated,
        cells=tuple(shown),
    )


def _is_enough(run, meeting, counting):
    return {
        "any": meeting > 0,
        "all": meeting == counting,
        "number": meeting >= run["household_number"],
        "percentage": meeting * 100 >= run["household_percentage"] * counting,
    }[run["rule"]]
