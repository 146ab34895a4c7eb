"""Runs, previews, overrides and what others do in between, in any order."""

from contextlib import suppress
from datetime import timedelta
from unittest.mock import patch

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from .checks import Checks
from .world import FIRST, Killed, World

CYCLES = st.integers(0, 1)
MEMBERS = st.integers(0, 5)
DAYS = st.integers(0, 4)
CATEGORIES = st.sampled_from(["present", "present", "present", "absent", "late"])
STATES = st.sampled_from(["draft", "enrolled", "non_compliant", "paused", "exited", "not_eligible"])
VERDICTS = st.sampled_from(["compliant", "non_compliant"])
REASON = "As agreed"


class Attendance(RuleBasedStateMachine):
    """After each step, one verdict stands, and all agree with it."""

    stage = None
    steps = worlds = 0

    def __init__(self):
        super().__init__()
        type(self).worlds += 1
        self.world = World(self.stage)
        self.checks = Checks(self.world)

    def _step(self):
        type(self).steps += 1

    # What people do

    def _watch(self, action, *arguments, **options):
        """Take a step of ours: whose state it changes, or confirms, no person has changed."""
        self._step()
        before = self.checks.read()
        result = action(*arguments, **options)
        for id_, row in self.checks.read().items():
            old = before.get(id_)
            is_ours = old and any(
                row[name] != old[name] for name in ("attendance_state", "status", "before")
            )
            if is_ours and row["attendance_state"] in (None, row["state"]):
                self.checks.changed_by_person.discard(id_)
        return result

    @rule(cycle=CYCLES, is_big=st.booleans())
    def run(self, cycle, is_big):
        button = "action_filter_beneficiaries_by_compliance_criteria"
        self._watch(self.world.press, self.world.cycle_ids[cycle], button, is_big)

    @rule(cycle=CYCLES)
    def preview(self, cycle):
        self._watch(self.world.press, self.world.cycle_ids[cycle], "action_preview_attendance")

    @rule(cycle=CYCLES)
    def evaluate(self, cycle):
        self._watch(self.world.press, self.world.cycle_ids[cycle], "action_evaluate_attendance")

    @rule(cycle=CYCLES, is_big=st.booleans())
    def apply(self, cycle, is_big):
        self._decide(cycle, "waiting", lambda run: run._decide_to_apply(REASON), is_big)

    @rule(cycle=CYCLES)
    def discard(self, cycle):
        self._decide(cycle, "waiting", lambda run: run.action_discard())

    @rule(cycle=CYCLES, state=st.sampled_from(["failed", "outdated"]))
    def retry(self, cycle, state):
        self._decide(cycle, state, lambda run: run.action_retry())

    @rule(cycle=CYCLES, is_big=st.booleans())
    def take_back(self, cycle, is_big):
        self._decide(cycle, "done", lambda run: run._take_back(REASON), is_big)

    def _decide(self, cycle, state, decide, is_big=False):
        self._watch(self.world.decide, self.world.cycle_ids[cycle], state, decide, is_big)

    def _get_membership(self, env, cycle, number):
        memberships = env["g2p.cycle.membership"].search(
            [("cycle_id", "=", self.world.cycle_ids[cycle])], order="id"
        )
        return memberships[number % len(memberships)] if memberships else memberships

    @rule(cycle=CYCLES, number=MEMBERS, verdict=VERDICTS)
    def override(self, cycle, number, verdict):
        def step(env):
            membership = self._get_membership(env, cycle, number)
            env["spp.attendance.override"].create(
                {"cycle_membership_id": membership.id, "verdict": verdict, "reason": REASON}
            )

        self._watch(self.world.do, step)

    @rule(cycle=CYCLES)
    def lift(self, cycle):
        def step(env):
            domain = [("cycle_id", "=", self.world.cycle_ids[cycle])]
            memberships = env["g2p.cycle.membership"].search(
                [*domain, ("attendance_override_id", "!=", False)], limit=1
            )
            if memberships:
                memberships.action_lift_attendance_override()

        self._watch(self.world.do, step)

    @rule(cycle=CYCLES, number=MEMBERS, state=STATES)
    def set_state(self, cycle, number, state):
        self._step()

        def step(env):
            membership = self._get_membership(env, cycle, number)
            if membership and membership.state != state:
                membership.state = state
                self.checks.changed_by_person.add(membership.id)

        self.world.do(step)

    @rule(cycle=CYCLES, required=st.integers(1, 3), no_data=st.sampled_from(["absent", "keep"]))
    def change_criteria(self, cycle, required, no_data):
        self._step()
        vals = {"required_number_of_attendance": required, "no_data_rule": no_data}
        self.world.do(lambda env: env["g2p.cycle"].browse(self.world.cycle_ids[cycle]).write(vals))

    @rule(cycle=CYCLES, days=st.integers(0, 3))
    def change_period(self, cycle, days):
        self._step()
        vals = {"from_date": FIRST + timedelta(days=days)}
        self.world.do(lambda env: env["g2p.cycle"].browse(self.world.cycle_ids[cycle]).write(vals))

    @rule(cycle=CYCLES, state=st.sampled_from(["draft", "draft", "to_approve", "approved"]))
    def set_cycle_state(self, cycle, state):
        self._step()
        self.world.do(
            lambda env: env["g2p.cycle"].browse(self.world.cycle_ids[cycle]).write({"state": state})
        )

    @rule(number=MEMBERS, other=MEMBERS)
    def change_identifier(self, number, other):
        """Two persons change their identifiers; with itself, one gets a new one."""
        self._step()

        def step(env):
            first, second = (
                self.world.get_identifier(env, self.world.person_ids[each])
                for each in (number, other)
            )
            if first == second:
                first.value = f"NEW{next(self.stage.numbers)}"
            else:
                first.value, second.value = second.value, first.value

        self.world.do(step)

    @rule(number=MEMBERS, other=MEMBERS)
    def share_identifier(self, number, other):
        self._step()

        def step(env):
            first, second = (
                self.world.get_identifier(env, self.world.person_ids[each])
                for each in (number, other)
            )
            first.value = second.value

        self.world.do(step)

    @rule(number=MEMBERS, status=st.sampled_from(["invalid", "valid"]))
    def check_identifier(self, number, status):
        self._step()
        person_id = self.world.person_ids[number]
        self.world.do(
            lambda env: self.world.get_identifier(env, person_id).write({"status": status})
        )

    @rule(cycle=CYCLES, locked=st.booleans())
    def lock(self, cycle, locked):
        """A task of the platform begins to work on a cycle, or ends."""
        self._step()

        def step(env):
            own = env["g2p.cycle"].browse(self.world.cycle_ids[cycle])
            runs = own.attendance_run_ids
            if "running" not in runs.mapped("state") and not any(runs.mapped("request")):
                own.locked = locked

        self.world.do(step)

    @rule(number=MEMBERS, day=DAYS, category=CATEGORIES)
    def attend(self, number, day, category):
        self._step()
        with self.stage.transaction() as env:
            identifier = self.world.get_identifier(env, self.world.person_ids[number]).value
        self.world.attend(identifier, day, category)

    @rule(number=MEMBERS)
    def withdraw(self, number):
        self._step()
        people = sorted(self.world.server.people)
        attendances = self.world.server.people[people[number % len(people)]]
        if attendances:
            attendances.pop(0)

    @rule(number=MEMBERS, day=DAYS)
    def correct(self, number, day):
        self._step()
        people = sorted(self.world.server.people)
        for item in self.world.server.people[people[number % len(people)]][:1]:
            item["date"] = str(FIRST + timedelta(days=day))

    @rule(number=MEMBERS)
    def forget_person(self, number):
        self._step()
        people = sorted(self.world.server.people)
        if len(people) > 1:
            del self.world.server.people[people[number % len(people)]]

    @rule(number=st.integers(0, 2), member=MEMBERS)
    def join_household(self, number, member):
        self._step()

        def step(env):
            memberships = env["g2p.group.membership"]
            own = {
                "group": self.world.household_ids[number],
                "individual": self.world.person_ids[member],
            }
            domain = [(name, "=", value) for name, value in own.items()]
            known = memberships.search(domain, limit=1)
            if not known:
                memberships.create({**own, "start_date": "2020-01-01 00:00:00"})
            else:
                is_over = bool(known.ended_date)
                known.ended_date = False if is_over else "2021-01-01 00:00:00"

        self.world.do(step)

    @rule(number=st.integers(0, 2))
    def join_without_identifier(self, number):
        """Somebody without an ID joins a household, perhaps after it was asked about."""
        self._step()
        household_id = self.world.household_ids[number]

        def step(env):
            person = env["res.partner"].create({"name": "N", "is_registrant": True})
            vals = {"group": household_id, "individual": person.id}
            env["g2p.group.membership"].create({**vals, "start_date": "2020-01-01 00:00:00"})

        if not self.world.do(step):
            self.checks.joined(household_id)

    @rule(cycle=CYCLES, number=MEMBERS)
    def leave_cycle(self, cycle, number):
        self._step()

        def step(env):
            memberships = env["g2p.cycle.membership"].search(
                [("cycle_id", "=", self.world.cycle_ids[cycle])]
            )
            if len(memberships) > 1:
                self._get_membership(env, cycle, number).unlink()

        self.world.do(step)

    @rule(cycle=CYCLES, number=MEMBERS, state=st.sampled_from(["draft", "enrolled"]))
    def join_cycle(self, cycle, number, state):
        self._step()

        def step(env):
            partner_ids = (self.world.person_ids, self.world.household_ids)[cycle]
            vals = {
                "cycle_id": self.world.cycle_ids[cycle],
                "partner_id": partner_ids[number % len(partner_ids)],
            }
            domain = [(name, "=", value) for name, value in vals.items()]
            if not env["g2p.cycle.membership"].search_count(domain):
                env["g2p.cycle.membership"].create({**vals, "state": state})

        self.world.do(step)

    # The background

    @rule(most=st.integers(1, 3))
    def work(self, most):
        self._watch(self.world.work, most)

    @rule(
        method=st.sampled_from(
            [
                *("_plan_intakes", "_ask", "_decide", "_apply", "_write_members"),
                *("_restore_memberships", "_carry_out_request"),
            ]
        )
    )
    def work_and_die(self, method):
        """The process is killed in the middle of a job, after something was written."""
        runs = self.stage.registry["spp.attendance.run"]
        original = getattr(runs, method)

        def die(run, *arguments):
            original(run, *arguments)
            raise Killed

        def work():
            with patch.object(runs, method, die), suppress(Killed):
                self.world.work()

        self._watch(work)

    @rule()
    def jobs_vanish(self):
        def step(env):
            env["queue.job"].search([]).unlink()
            env["g2p.cycle"]._cron_release_attendance_runs()

        self._watch(self.world.do, step)

    @rule(status=st.sampled_from([403, 500]))
    def server_fails(self, status):
        self._step()
        self.world.server.next("attendance", self.stage.make_fault(status), times=1)

    @invariant()
    def one_verdict_stands(self):
        self.checks.check()

    def teardown(self):
        self.world.work()
        self.checks.check()
