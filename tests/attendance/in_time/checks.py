"""What has to be so after each step, whatever the way that led there."""

from .applied import Applied
from .entitlements import Entitlements
from .world import DECIDED, EXCLUDED, REASON

MEMBERSHIPS = """
    SELECT membership.id, membership.cycle_id, membership.partner_id, membership.state,
        membership.number_of_attendance AS number, membership.attendance_status AS status,
        membership.attendance_state, membership.state_before_attendance AS before,
        override.verdict AS override, override.id AS override_id
    FROM g2p_cycle_membership AS membership
    LEFT JOIN spp_attendance_override AS override
        ON override.id = membership.attendance_override_id
    WHERE membership.cycle_id = ANY(%s) ORDER BY membership.id
"""
LINES = """
    SELECT line.id, line.cycle_membership_id AS membership_id, line.run_id, line.kind, line.status,
        line.verdict, line.passes_criteria, line.left_alone, line.state_after,
        line.warning, run.applied_number, run.state AS run_state, run.no_data_rule,
        run.attendance_conditions AS conditions
    FROM spp_attendance_run_line AS line JOIN spp_attendance_run AS run ON run.id = line.run_id
    WHERE run.cycle_id = ANY(%s) AND line.kind != 'member' ORDER BY line.id
"""
MEMBERS = """
    SELECT cycle_membership_id AS membership_id, individual_id, number_of_attendance AS number,
        counts, state
    FROM spp_cycle_group_membership_attendance
    WHERE active AND cycle_membership_id = ANY(%s) AND (counts OR state = 'included')
    ORDER BY 1, 2
"""
MEMBER_LINES = """
    SELECT line.cycle_membership_id AS membership_id, line.partner_id AS individual_id,
        line.number_of_attendance AS number, line.counts,
        CASE WHEN line.verdict = 'compliant' OR line.verdict = 'exempt' AND line.counts
            THEN 'included'
            ELSE 'not_included' END AS state
    FROM spp_attendance_run_line AS line
    WHERE line.kind = 'member' AND line.household_line_id = ANY(%s) ORDER BY 1, 2
"""
RUNS = """
    SELECT run.id, cycle_id, run.state, applied_number, request, locked, losing_count AS losing,
        entitlement_count AS with_entitlements, brake_reason, apply_reason, taken_back_reason
    FROM spp_attendance_run AS run JOIN g2p_cycle AS cycle ON cycle.id = cycle_id
    WHERE cycle_id = ANY(%s) ORDER BY run.id
"""
# What is proof, and never changes again: answers, and lines of runs that are over.
PROOF = """
    SELECT 'answer ' || id AS what, md5(answer.*::text) AS digest
    FROM spp_attendance_answer AS answer WHERE partner_id = ANY(%(persons)s)
    UNION ALL
    SELECT 'line ' || line.id, md5((to_jsonb(line.*) - 'cycle_membership_id')::text)
    FROM spp_attendance_run_line AS line JOIN spp_attendance_run AS run ON run.id = line.run_id
    WHERE run.cycle_id = ANY(%(cycles)s)
        AND run.state NOT IN ('running', 'waiting')
    UNION ALL
    SELECT 'event ' || id, NULL FROM spp_event_attendance WHERE individual_id = ANY(%(persons)s)
"""
# Runs that are not about their cycle as it is: when one is applied, there must be none.
OTHER_CRITERIA = """
    SELECT run.id FROM spp_attendance_run AS run JOIN g2p_cycle AS cycle ON cycle.id = run.cycle_id
    WHERE run.id = ANY(%s) AND (
        (run.attendance_source_id, run.no_data_rule, run.attendance_counts_from,
            run.attendance_first_cycle_waived, run.attendance_warnings,
            run.household_rule, run.household_number, run.household_percentage,
            run.attendance_period, run.from_date, run.to_date)
            IS DISTINCT FROM (
                cycle.attendance_source_id, cycle.no_data_rule, cycle.attendance_counts_from,
                cycle.attendance_first_cycle_waived, cycle.attendance_warnings,
                cycle.household_rule, cycle.household_number,
                cycle.household_percentage, cycle.attendance_period,
                CASE cycle.attendance_period WHEN 'all' THEN '1900-01-01' ELSE cycle.from_date END,
                CASE cycle.attendance_period WHEN 'all' THEN run.to_date ELSE cycle.to_date END
            )
        OR cycle.state NOT IN ('draft', 'to_approve') OR cycle.locked
    )
"""
# Applied lines that say something else about the program's own criteria than what is so now.
OTHER_PROGRAM_CRITERIA = f"""
    SELECT line.id FROM spp_attendance_run_line AS line
    JOIN res_partner AS registrant ON registrant.id = line.partner_id
    WHERE line.run_id = ANY(%s) AND line.kind != 'member' AND line.left_alone IS NULL
        AND line.passes_criteria = (registrant.name = '{EXCLUDED}')
"""
# Applied lines of persons who were asked about by what is not their identifier, or whose answer is
# about another person; and of those who were asked about by one that they have no more.
OTHER_IDENTIFIERS = """
    SELECT line.id FROM spp_attendance_run_line AS line
    LEFT JOIN spp_attendance_run_line AS household ON household.id = line.household_line_id
    JOIN spp_attendance_answer AS answer ON answer.id = line.answer_id
    LEFT JOIN g2p_reg_id AS identifier
        ON identifier.partner_id = line.partner_id AND identifier.value = answer.identifier
        AND identifier.status IS DISTINCT FROM 'invalid'
    WHERE line.run_id = ANY(%s) AND line.left_alone IS NULL AND household.left_alone IS NULL
        AND (identifier.id IS NULL OR answer.partner_id != line.partner_id)
"""
LOST_IDENTIFIERS = """
    SELECT line.id FROM spp_attendance_run_line AS line
    LEFT JOIN spp_attendance_run_line AS household ON household.id = line.household_line_id
    JOIN spp_attendance_run AS run ON run.id = line.run_id AND run.mode != 'evaluate'
    JOIN spp_attendance_intake AS intake ON intake.run_id = run.id
    JOIN spp_attendance_answer AS answer
        ON answer.intake_id = intake.id AND answer.partner_id = line.partner_id
    WHERE line.run_id = ANY(%s) AND line.left_alone IS NULL AND household.left_alone IS NULL
        AND line.counts AND line.finding = 'no_identifier'
"""
# Applied lines of a household that somebody joined after an intake had asked about it.
JOINED_LATER = """
    SELECT line.id FROM spp_attendance_run_line AS line
    JOIN spp_attendance_intake AS intake
        ON intake.run_id = line.run_id AND line.cycle_membership_id
            BETWEEN intake.first_membership_id AND intake.last_membership_id
    WHERE line.run_id = ANY(%s) AND line.kind = 'household' AND line.left_alone IS NULL
        AND line.partner_id = %s AND intake.id = ANY(%s)
"""
DONE_INTAKES = "SELECT id FROM spp_attendance_intake WHERE is_done AND cycle_id = ANY(%s)"
# Applied lines of households that have other members.
OTHER_MEMBERS = """
    SELECT line.id FROM spp_attendance_run_line AS line
    WHERE line.run_id = ANY(%s) AND line.kind = 'household' AND line.left_alone IS NULL
        AND line.cycle_membership_id IS NOT NULL
        AND (
            SELECT coalesce(array_agg(partner_id ORDER BY partner_id), '{}')
            FROM spp_attendance_run_line WHERE household_line_id = line.id
        ) != (
            SELECT coalesce(array_agg(DISTINCT individual ORDER BY individual), '{}')
            FROM g2p_group_membership
            WHERE "group" = line.partner_id AND ended_date IS NULL
        )
"""
TWICE = """
    SELECT event_data_external_id FROM spp_event_attendance
    WHERE withdrawn IS NOT TRUE AND event_data_external_id > 0 AND individual_id = ANY(%s)
    GROUP BY source_id, event_data_external_id HAVING count(*) > 1
"""
SAID = {
    "compliant": "compliant",
    "non_compliant": "non-compliant",
    "no_data": "no data",
    "exempt": "exempt",
    "undecided": "not decided",
}


# Of runs in which state something is asked for.
ASKED_OF = {"apply": "waiting", "take_back": "done"}


class Checks:
    """Remembers what must not change, and looks whether all agrees."""

    def __init__(self, world):
        self.world = world
        self.entitlements = Entitlements(world)
        self.proof = {}
        self.explained = {}
        self.applied_ids = set()
        # Memberships whose state a person changed since attendance decided about it last.
        self.changed_by_person = set()
        # Households that somebody joined, and the intakes that had asked by then.
        self.joinings = []
        self.decided_ids = set()
        # The state of each membership when nothing of attendance decided about it last.
        self.before = {}

    def read(self):
        rows = self.world.stage.ask(MEMBERSHIPS, self.world.cycle_ids)
        return {row["id"]: row for row in rows}

    def joined(self, household_id):
        done = self.world.stage.ask(DONE_INTAKES, self.world.cycle_ids)
        self.joinings.append((household_id, [row["id"] for row in done]))

    def is_worked_on(self, cycle):
        """Tell whether a run of a cycle is going on, or something is asked of one."""
        runs = self.world.stage.ask(RUNS, [self.world.cycle_ids[cycle]])
        return any(run["state"] == "running" or run["request"] for run in runs)

    # A step of ours

    def remember(self):
        """Return what is to be known of the world before a step of ours."""
        runs = self.world.stage.ask(RUNS, self.world.cycle_ids)
        return self.read(), {run["id"]: run for run in runs}, self.entitlements.read()

    def check_step(self, memberships, runs, entitlements):
        """Look what a step of ours did about what it found."""
        now = self.read()
        news = {
            run["id"]: run
            for run in self.world.stage.ask(RUNS, self.world.cycle_ids)
            if run["state"] != runs.get(run["id"], {}).get("state")
        }
        applied = {id_: run for id_, run in news.items() if run["state"] == "done"}
        judged = {
            line["membership_id"]
            for line in self.world.stage.ask(LINES, self.world.cycle_ids)
            if line["run_id"] in applied and not line["left_alone"]
        }
        decided = {*judged}
        losing = []
        for id_, row in now.items():
            old = memberships.get(id_, row)
            if _differ(row, old, "state", "override_id"):
                decided.add(id_)
            if row["state"] == "non_compliant" != old["state"]:
                losing.append(row)
            self._check_left_alone(row, old, id_ in judged)
            # Whose state it changes, or confirms, no person has changed.
            if _differ(row, old, "attendance_state", "status", "before") and (
                row["attendance_state"] == row["state"]
            ):
                self.changed_by_person.discard(id_)
        touched = self.entitlements.check_step(entitlements, now.values(), decided)
        for run in applied.values():
            own = [
                [row for row in rows if row["cycle_id"] == run["cycle_id"]]
                for rows in (losing, touched, memberships.values())
            ]
            self._check_brakes(runs.get(run["id"]), run, *own)

    def _check_left_alone(self, now, old, is_judged):
        """Check that what a person has changed stays where only what stands is looked up again.

        :param is_judged: whether a run was applied to it
        """
        by_person = old["attendance_state"] and old["state"] != old["attendance_state"]
        is_overridden = now["override_id"] and now["override_id"] != old["override_id"]
        # A person may enrol a draft of the list of undecided ones.
        is_enrolled = (old["state"], now["state"]) == ("draft", "enrolled")
        if by_person and not (is_judged or is_overridden or is_enrolled):
            assert now["state"] == old["state"], (now, old)

    def _check_brakes(self, run, now, losing, touched, memberships):
        """Check that nobody lost whom no person was shown, or more than may lose without that.

        :param run: as it was, if it was there before
        :param now: the same, as it is
        :param touched: the memberships whose entitlements were deleted or cancelled
        """
        if run and run["state"] == "waiting":
            assert len(losing) <= run["losing"], (run, losing)
            assert len(touched) <= run["with_entitlements"], (run, touched)
            assert now["apply_reason"] == (REASON if run["brake_reason"] else None), (run, now)
            return
        may_lose = [row for row in memberships if row["state"] in ("draft", "enrolled")]
        assert len(losing) * 100 <= self.world.brake_percentage * len(may_lose), losing
        assert not touched, touched

    def check_enrolled(self, memberships):
        """Look who of those about whom nothing was decided was enrolled by a person."""
        now = self.read()
        applied = self._read_applied(now)
        for id_, row in now.items():
            if row["state"] != memberships[id_]["state"]:
                lines = applied.get(id_)
                assert memberships[id_]["state"] == "draft", memberships[id_]
                assert not row["override"] and not (lines and _decides(lines[0])), (row, lines)
                self.changed_by_person.add(id_)

    # After each step

    def check(self):
        self.world.register.observe()
        memberships = self.read()
        applied = self._read_applied(memberships)
        for membership in memberships.values():
            self._check_membership(membership, applied.get(membership["id"], []))
        self._check_members(memberships, applied)
        self._check_reasons(memberships, applied)
        self._check_runs(Applied(self.world, memberships, applied))
        self._check_proof()
        assert not self.world.stage.ask(TWICE, self.world.person_ids), "an attendance counts twice"

    def _read_applied(self, memberships):
        """Return the lines that were applied to each membership, the standing one first."""
        applied = {}
        for line in self.world.stage.ask(LINES, self.world.cycle_ids):
            is_applied = line["run_state"] == "done" and not line["left_alone"]
            if is_applied and line["membership_id"] in memberships:
                applied.setdefault(line["membership_id"], []).append(line)
        for own in applied.values():
            own.sort(key=lambda line: -line["applied_number"])
        return applied

    def _check_membership(self, membership, lines):
        standing = lines[0] if lines else None
        override = membership["override"]
        expected = "overridden" if override else standing and _get_status(standing)
        assert membership["status"] == expected, (membership, standing)
        number = self.world.register.found[standing["id"]].number if standing else 0
        assert (membership["number"] or 0) == number, (membership, standing)
        self._check_state(membership, _get_decided(membership, lines))

    def _check_state(self, membership, decided):
        id_, state = membership["id"], membership["state"]
        if not decided:
            assert not membership["before"] and not membership["attendance_state"], membership
            if id_ in self.decided_ids and id_ not in self.changed_by_person:
                assert state == self.before[id_], (membership, self.before[id_])
            self.decided_ids.discard(id_)
            self.changed_by_person.discard(id_)
            self.before[id_] = state
            return
        self.decided_ids.add(id_)
        assert membership["before"] == self.before[id_], (membership, self.before[id_])
        if state in DECIDED and id_ not in self.changed_by_person:
            assert state == membership["attendance_state"] == decided, (membership, decided)

    def _check_reasons(self, memberships, applied):
        """Read the sentences of those of whom something else stands now than when last read."""
        standing = {
            id_: (row["override_id"], applied[id_][0]["id"] if id_ in applied else None)
            for id_, row in memberships.items()
        }
        news = [id_ for id_, now in standing.items() if self.explained.get(id_) != now]
        self.explained = standing
        if not news:
            return
        with self.world.stage.transaction() as env:
            for membership in env["g2p.cycle.membership"].browse(news):
                row, lines = memberships[membership.id], applied.get(membership.id, [None])
                reason = membership.attendance_reason
                if row["override"]:
                    assert reason.startswith(f"Set to {SAID[row['override']]} by"), reason
                elif lines[0]:
                    self._check_reason(lines[0], reason)
                else:
                    assert not reason, reason

    def _check_reason(self, line, reason):
        found = self.world.register.found[line["id"]]
        assert "Not applied" not in reason, reason
        if not line["passes_criteria"]:
            assert reason.endswith("compliance criteria: non-compliant"), reason
            return
        assert f": {SAID[found.verdict]}" in reason, (reason, found)
        assert (" warning" in reason) == bool(line["warning"]), (reason, line)
        if found.finding in ("known", "recorded") and len(found.cells) == 1:
            expected = _describe(found.cells[0], line["conditions"], found.undated)
            assert reason.startswith(expected), (reason, expected)

    def _check_members(self, memberships, applied):
        shown = self.world.stage.ask(MEMBERS, list(memberships))
        standing = [lines[0]["id"] for lines in applied.values()]
        expected = [
            row
            for row in self.world.stage.ask(MEMBER_LINES, standing)
            if row["counts"] or row["state"] == "included"
        ]
        assert shown == expected, (shown, expected)

    def _check_runs(self, just_applied):
        runs = self.world.stage.ask(RUNS, self.world.cycle_ids)
        for cycle_id in self.world.cycle_ids:
            own = [run for run in runs if run["cycle_id"] == cycle_id]
            unfinished = [run for run in own if run["state"] in ("running", "waiting")]
            assert len(unfinished) <= 1, unfinished
            asked_for = [run for run in own if run["request"]]
            assert len(asked_for) <= 1, asked_for
            for run in asked_for:
                assert run["state"] == ASKED_OF[run["request"]] and run["locked"], run
            for run in own:
                assert run["state"] != "taken_back" or run["taken_back_reason"] == REASON, run
            numbers = sorted(run["applied_number"] for run in own if run["applied_number"])
            assert numbers == list(range(1, len(numbers) + 1)), numbers
        applied_ids = {run["id"] for run in runs if run["state"] == "done"}
        run_ids = list(applied_ids - self.applied_ids)
        self._check_applied(run_ids)
        just_applied.check(run_ids)
        self.applied_ids |= applied_ids

    def _check_applied(self, run_ids):
        """Check that what was applied in this step is about the world as it is."""
        if run_ids:
            for query in (
                *(OTHER_CRITERIA, OTHER_PROGRAM_CRITERIA, OTHER_MEMBERS),
                *(OTHER_IDENTIFIERS, LOST_IDENTIFIERS),
            ):
                assert not self.world.stage.ask(query, run_ids), query
            for joining in self.joinings:
                assert not self.world.stage.ask(JOINED_LATER, run_ids, *joining), joining

    def _check_proof(self):
        parameters = {"persons": self.world.person_ids, "cycles": self.world.cycle_ids}
        with self.world.stage.registry.cursor() as cr:
            cr.execute(PROOF, parameters)
            proof = dict(cr.fetchall())
        for what, digest in self.proof.items():
            assert proof.get(what, "lost") == digest, f"{what} was changed, or lost"
        self.proof = proof


def _differ(row, other, *names):
    return any(row[name] != other[name] for name in names)


def _describe(cell, conditions, undated):
    """Return how the sentence about a person with one cell begins."""
    number, _month, present, excused, absent, unclear, *others = cell
    free, excused_unclear, free_unclear, required, verdict, _why = others
    condition = conditions[number - 1]
    if verdict == "exempt":
        return ""
    if verdict == "no_data" and not any(cell[2:9]):
        return "Nothing is recorded"
    least = "At least " if unclear + excused_unclear + free_unclear + undated else ""
    if condition["kind"] == "percentage":
        recorded = present + absent + unclear + undated
        return f"{least}{present} of {recorded} recorded {condition['unit']}"
    unit = condition["unit"][:-1] if present == 1 else condition["unit"]
    named = f" and {excused} excused" if excused else ""
    needed = required if condition["amount"] else "none"
    return f"{least}{present} {unit}{named} ({needed} needed"


def _get_status(line):
    if not line["passes_criteria"]:
        return "non_compliant"
    if line["warning"]:
        return "warned"
    return "no_data" if line["verdict"] == "undecided" else line["verdict"]


def _decides(line):
    """Return the state that a verdict gives, or ``None`` if the membership stays as it is."""
    if not line["passes_criteria"]:
        return "non_compliant"
    if line["warning"]:
        return "enrolled"
    if line["verdict"] == "non_compliant":
        return "non_compliant"
    if line["verdict"] == "undecided":
        return None
    if line["verdict"] == "no_data":
        return None if line["no_data_rule"] == "keep" else "non_compliant"
    return "enrolled"


def _get_decided(membership, lines):
    """Return the state by the override, or the last verdict that decides, if there is one."""
    if membership["override"]:
        return "enrolled" if membership["override"] == "compliant" else "non_compliant"
    return next(filter(None, map(_decides, lines)), None)
