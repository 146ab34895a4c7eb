"""Runs, previews, overrides and what others do in between, in any order."""

from contextlib import suppress
from unittest.mock import patch

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from odoo.addons.queue_job.exception import RetryableJobError

from .others import CYCLES, DAYS, MEMBERS
from .rules import Rules
from .world import BIRTH_DATES, REASON, Killed

LAST_MEMBERSHIP = 2**31 - 1
# Where the earlier cycles begin.
EARLIER = 2
VERDICTS = st.sampled_from(["compliant", "non_compliant"])
RUN = "action_filter_beneficiaries_by_compliance_criteria"


class Attendance(Rules):
    """After each step, one verdict stands, and all agree with it."""

    # What people do

    def _watch(self, action, *arguments, **options):
        """Take a step of ours, and look what it did."""
        self._step()
        self.before = self.checks.remember()
        action(*arguments, **options)
        self.checks.check_step(*self.before)

    @rule(cycle=CYCLES)
    def run(self, cycle):
        self._watch(self.world.press, self.world.cycle_ids[cycle], RUN)

    @rule(cycle=CYCLES)
    def run_in_background(self, cycle):
        self._watch(self.world.press, self.world.cycle_ids[cycle], RUN, is_big=True)

    @rule(cycle=CYCLES, number=MEMBERS, others=st.sampled_from(["lock", "approve", "ID", "pause"]))
    def run_meanwhile(self, cycle, number, others):
        """While a run at once asks, others do something."""
        steps = {
            "lock": lambda: self._close(cycle, is_locked=True, steps=2),
            "approve": lambda: self._close(cycle, is_locked=False, steps=2),
            "ID": lambda: self.change_identifier(number, (number + 1) % 6),
            "pause": lambda: self.set_state(cycle, number, "paused"),
        }
        runs = self.stage.registry["spp.attendance.run"]
        finish = runs._finish

        def finish_late(run):
            self.world.register.observe()
            steps[others]()
            self.before = self.checks.remember()
            finish(run)

        with patch.object(runs, "_finish", finish_late):
            self.run(cycle)

    @rule(
        cycle=CYCLES,
        number=MEMBERS,
        day=DAYS,
        others=st.sampled_from(["enrolment", "joining", "age", "failure"]),
    )
    def change_while_waiting(self, cycle, number, day, others):
        """What a run was decided by changes while it waits; then it is applied."""
        if others == "age":
            self.change_condition(cycle, 0, {"ages": (0, 6)})
        elif others == "failure":
            self._write(cycle, {"attendance_warnings": 1})
            self.run(EARLIER + cycle)
        else:
            self._write(cycle, {"attendance_counts_from": others})
        self.checks.check()
        self.look(cycle, "preview")
        self.checks.check()
        {
            "enrolment": lambda: self.enrol_again(cycle, number, day),
            "joining": lambda: self.join_later(number % 3, number, day),
            "age": lambda: self.correct_birth_date(number, BIRTH_DATES[day % 2]),
            "failure": lambda: self.take_back(EARLIER + cycle, is_big=False),
        }[others]()
        self.checks.check()
        self.apply(cycle, is_big=False)

    @rule(cycle=CYCLES, number=MEMBERS)
    def run_while_lost(self, cycle, number):
        """What was known of a person is lost while one cycle asks, and there for the other one."""
        people = self.world.server.people
        identifier = list(people)[number % len(people)]
        lost = people[identifier]
        people[identifier] = []
        self.run(cycle)
        self.checks.check()
        people[identifier] = lost
        self.run(cycle ^ 1)

    @rule(cycle=CYCLES)
    def poll(self, cycle):
        """The nightly question: it stores, and decides nothing."""

        def step(env):
            env["spp.attendance.source"].browse(self.stage.source_ids["server"]).is_polled = True
            cycles = env["g2p.cycle"]
            cycles._attendance_poll_job(
                cycles.browse(self.world.cycle_ids[cycle]), 0, LAST_MEMBERSHIP
            )

        def poll():
            with suppress(RetryableJobError):
                self.world.do(step)

        self._watch(poll)

    @rule(cycle=CYCLES, button=st.sampled_from(["preview", "evaluate"]))
    def look(self, cycle, button):
        self._watch(self.world.press, self.world.cycle_ids[cycle], f"action_{button}_attendance")

    @rule(cycle=CYCLES, is_big=st.booleans())
    def apply(self, cycle, is_big):
        self._decide(cycle, "waiting", lambda run: _press(run, "action_apply"), is_big)

    @rule(cycle=CYCLES)
    def discard(self, cycle):
        self._decide(cycle, "waiting", lambda run: run.action_discard())

    @rule(cycle=CYCLES, state=st.sampled_from(["failed", "outdated"]))
    def retry(self, cycle, state):
        self._decide(cycle, state, lambda run: run.action_retry())

    @rule(cycle=CYCLES, is_big=st.booleans())
    def take_back(self, cycle, is_big):
        self._decide(cycle, "done", lambda run: _press(run, "action_take_back"), is_big)

    def _decide(self, cycle, state, decide, is_big=False):
        self._watch(self.world.decide, self.world.cycle_ids[cycle], state, decide, is_big)

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
                memberships.attendance_override_id._lift(REASON)

        self._watch(self.world.do, step)

    @rule(cycle=CYCLES, number=MEMBERS, age=st.integers(0, 2))
    def enrol(self, cycle, number, age):
        """Enrol somebody of the list of a run's undecided ones, however old that list is."""

        def step(env):
            runs = env["spp.attendance.run"].search(
                [("cycle_id", "=", self.world.cycle_ids[cycle]), ("undecided_draft_count", ">", 0)]
            )
            if runs:
                domain = runs[age % len(runs)].action_open_undecided()["domain"]
                lines = env["spp.attendance.run.line"].search(domain)
                lines[number % len(lines)].action_enrol()

        self._watch(self.world.do, step)
        self.checks.check_enrolled(self.before[0])

    @rule(cycle=CYCLES, action=st.sampled_from(["run", "run", "take_back", "override", "lift"]))
    def go_back(self, cycle, action):
        """Something is done about the earlier cycle of the same program."""
        arguments = {"take_back": [False], "override": [0, "compliant"]}.get(action, [])
        getattr(self, action)(EARLIER + cycle, *arguments)

    @initialize(warnings=st.sampled_from([0, 1, 1, 2]), is_decided=st.booleans())
    def begin_with_warnings(self, warnings, is_decided):
        """Half of the worlds begin after earlier cycles, in which most have failed."""
        self.checks.check()
        for cycle in (0, 1):
            self._write(cycle, {"attendance_warnings": warnings})
        if is_decided:
            self.attend(0, [0, 1], "present")
            self.attend(3, [1], "present")
            for cycle in (0, 1):
                self.run(EARLIER + cycle)
                self.checks.check()

    # The background

    @rule(most=st.sampled_from([1, 2, 50]))
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

    @invariant()
    def one_verdict_stands(self):
        self.checks.check()

    def teardown(self):
        self.world.work()
        self.checks.check()


def _press(run, button):
    """Press a button of a run, and give the reason if it asks for one."""
    shown = getattr(run, button)()
    wizard = "spp.attendance.run.reason"
    if shown and shown.get("res_model") == wizard:
        asking = run.env[wizard].with_context(**shown["context"])
        asking.create({"reason": REASON}).action_confirm()
