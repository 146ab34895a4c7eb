"""What has to be so of a run that was applied just now: it is about the world as it is."""

from datetime import date

from .recount import ONE_DAY, Facts, get_spans
from .told import LINES, RUNS

# Runs with other conditions than their cycle has.
OTHER_CONDITIONS = """
    SELECT run.id FROM spp_attendance_run AS run
    WHERE run.id = ANY(%s) AND (
        SELECT jsonb_agg(jsonb_build_array(about, coalesce(age_from, 0),
            coalesce(age_to, 0), type_id, unit, requirement,
            CASE requirement WHEN 'number' THEN required_number ELSE required_percentage END, over)
            ORDER BY sequence, id)
        FROM spp_attendance_condition WHERE cycle_id = run.cycle_id
    ) IS DISTINCT FROM (
        SELECT jsonb_agg(jsonb_build_array(own->'about', own->'age_from', own->'age_to',
            own->'type_id', own->'unit', own->'kind', own->'amount', own->'over') ORDER BY number)
        FROM jsonb_array_elements(run.attendance_conditions) WITH ORDINALITY AS each (own, number)
    )
"""
# Those of a run that decide its own cycle, and those that are in force in it.
KEPT_WAIVERS = """
    SELECT waiver.id FROM spp_attendance_run_spp_attendance_waiver_rel AS kept
    JOIN spp_attendance_waiver AS waiver ON waiver.id = kept.spp_attendance_waiver_id
    WHERE kept.spp_attendance_run_id = %s AND coalesce(waiver.cycle_id, %s) = %s
        AND waiver.from_date <= %s AND waiver.to_date >= %s
"""
REGISTRANTS = """
    SELECT line.id, line.cycle_membership_id AS membership_id, line.partner_id, line.kind,
        line.passes_criteria, line.verdict, line.status, line.warning, line.failed_cycles,
        line.state_after, line.override_id, line.proof, ARRAY(
            SELECT partner_id FROM spp_attendance_run_line WHERE household_line_id = line.id
        ) AS member_ids
    FROM spp_attendance_run_line AS line
    WHERE line.run_id = %s AND line.kind != 'member' AND line.left_alone IS NULL
        AND line.cycle_membership_id IS NOT NULL
"""


class Applied:
    """Looks at runs that were applied in a step.

    :param memberships: as they are, by their ids
    :param standing: the applied lines of each membership, the one that stands first
    """

    def __init__(self, world, memberships, standing):
        self.world = world
        self.stage = world.stage
        self.memberships = memberships
        self.standing = standing

    def check(self, run_ids):
        assert not self.stage.ask(OTHER_CONDITIONS, run_ids), OTHER_CONDITIONS
        for run in self.stage.ask(RUNS, self.world.cycle_ids, 0):
            if run["id"] in run_ids:
                self._check_run(run)

    def _check_run(self, run):
        registrants = self.stage.ask(REGISTRANTS, run["id"])
        ids = {line["id"] for line in registrants}
        lines = self.stage.ask(LINES, [run["cycle_id"]], 0)
        persons = [
            line
            for line in lines
            if line["kind"] != "household" and {line["id"], line["household_line_id"]} & ids
        ]
        facts = Facts(self.stage, run, {line["person_id"] for line in persons})
        for line in persons:
            self._check_person(run, facts, line)
        # Of all that the run has kept, only its own cycle's decide it.
        kept = self.stage.ask(
            KEPT_WAIVERS, run["id"], *[run["cycle_id"]] * 2, run["to_date"], run["from_date"]
        )
        in_force = {
            each["id"]
            for each in facts.waivers
            if each["from_date"] <= run["to_date"] and each["to_date"] >= run["from_date"]
        }
        assert {each["id"] for each in kept} == in_force, (run, kept, in_force)
        for line in registrants:
            self._check_registrant(run, line)

    def _check_person(self, run, facts, line):
        """Check that the conditions are about her, and the days free for her, as they are now."""
        person_id = line["person_id"]
        about = facts.get_about(person_id)
        proof = line["proof"] or {"cells": []}
        shown = [tuple(cell[:2]) for cell in proof["cells"]]
        expected = [(span.number, span.month) for span in get_spans(run) if span.number in about]
        assert shown == expected, (line, expected)
        if not about:
            return
        free = facts.get_free(person_id, line["household_id"] or person_id)
        shown = [tuple(days[:2]) for days in proof.get("free", ())]
        assert merge(shown) == merge((str(first), str(last)) for first, last in free), (line, free)

    def _check_registrant(self, run, line):
        """Check that failures are those that stand now, and who is warned is not refused."""
        failures = self._find_failures(run, line) if run["warnings"] else []
        shown = [cycle_id for cycle_id, _name in line["failed_cycles"] or ()]
        assert shown == failures, (line, failures)
        fails = _is_failure(line, run["no_data_rule"])
        is_warned = fails and len(failures) < run["warnings"]
        assert line["warning"] == (len(failures) + 1 if is_warned else 0), (line, failures)
        if line["override_id"]:
            return
        if line["passes_criteria"]:
            assert (line["status"] == "warned") == is_warned, line
        if is_warned and line["passes_criteria"]:
            assert line["state_after"] == "enrolled", line
        if line["passes_criteria"] and line["kind"] == "person" and not line["proof"]:
            assert line["state_after"] == "enrolled", f"no condition is about {line}"

    def _find_failures(self, run, line):
        """Return the earlier cycle in which attendance failed, as it stands now, if it did."""
        cycle_ids = self.world.cycle_ids
        earlier = dict(zip(cycle_ids[:2], cycle_ids[2:], strict=True)).get(run["cycle_id"])
        for id_, own in self.memberships.items():
            is_meant = (own["cycle_id"], own["partner_id"]) == (earlier, line["partner_id"])
            if not is_meant or own["override"] or id_ not in self.standing:
                continue
            past = self.standing[id_][0]
            if _is_failure(past, past["no_data_rule"]) and not self._is_waived(run, past, line):
                return [earlier]
        return []

    def _is_waived(self, run, past, line):
        """Return whether a waiver came after a failure that is about it."""
        (before,) = self.stage.ask(
            f"{RUNS} AND run.id = %s", self.world.cycle_ids, 0, past["run_id"]
        )
        own = (before["cycle_id"],) * 2
        days = before["to_date"], before["from_date"]
        known = {each["id"] for each in self.stage.ask(KEPT_WAIVERS, before["id"], *own, *days)}
        partners = {line["partner_id"], *line["member_ids"]}
        return any(
            each["id"] not in known
            and each["from_date"] <= days[0]
            and each["to_date"] >= days[1]
            and (each["scope"] == "everybody" or partners & {*each["partner_ids"]})
            for each in Facts(self.stage, before, ()).waivers
        )


def _is_failure(line, no_data_rule):
    failing = ["non_compliant"] + (["no_data"] if no_data_rule == "absent" else [])
    return line["passes_criteria"] and line["verdict"] in failing


def merge(days):
    """Return times that follow on each other as one: pairs of a first and a last day, as texts."""
    merged = []
    for first, last in sorted(days):
        if merged and first <= _get_next(merged[-1][1]):
            merged[-1][1] = max(last, merged[-1][1])
        else:
            merged.append([first, last])
    return merged


def _get_next(day):
    return str(date.fromisoformat(day) + ONE_DAY)
