"""The settlement among the steps of others: buttons, lines, and nights that pause and break."""

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from .checks import find_plan, get_fingerprint
from .nights import Killed
from .others import CYCLES, STATES, Others
from .queries import DECIDED

BREAKS = st.sampled_from(["killed", "bug", "in each other's way", "connection lost"])


class Settlement(Others):
    """After each step, everything adds up."""

    # What persons do about settlements

    @rule(cycle=CYCLES)
    def settle_held_back(self, cycle):
        self._press(self.world.cycles[cycle], "action_settle_held_back")

    @rule(cycle=CYCLES)
    def end_cycle(self, cycle):
        self._press(self.world.cycles[cycle], "mark_ended")

    @rule(cycle=CYCLES)
    def settle_now(self, cycle):
        cycle = self.world.cycles[cycle]
        if cycle.state in ("approved", "distributed", "ended"):
            self._step()
            assert not self.stage.press(cycle, "_settle_now")

    def _press(self, cycle, method):
        self._step()
        was_ended, may_end = cycle.state == "ended", cycle.state in ("approved", "distributed")
        may_end = may_end and not cycle.is_locked
        self.world.may_end = {cycle} if may_end else set()
        unsettled = self._count_unsettled(cycle)
        is_refused = self.stage.press(cycle, method)
        may = may_end or was_ended
        if method == "action_settle_held_back":
            may = may and not cycle.is_locked
        assert is_refused == (not may), method
        if method == "action_settle_held_back" and not is_refused:
            cycle.hold = None
        if may_end and unsettled > 3:
            cycle.is_requested = True

    def _count_unsettled(self, cycle):
        return sum(
            not row["is_settled"]
            for entitlement, row in self.checks.read().items()
            if entitlement.cycle == cycle
        )

    @rule(number=st.integers(0, 9))
    def clear(self, number):
        listed = self.checks.get_open_lines()
        if listed:
            self._step()
            entitlement, line = listed[number % len(listed)]
            self.stage.clear(line["id"])
            entitlement.cleared.add(get_fingerprint(line))

    @rule(number=st.integers(0, 9))
    def let_transactions_decide(self, number):
        listed = [
            (entitlement, line)
            for entitlement, line in self.checks.get_open_lines()
            if line["outcome"] == "contradicted"
        ]
        if not listed:
            return
        self._step()
        entitlement, line = listed[number % len(listed)]
        row = self.checks.read()[entitlement]
        may = line["settlement_id"] == row["settlement_id"] and bool(row["is_settled"])
        may = may and entitlement.cycle.state in ("approved", "distributed", "ended")
        may = may and not entitlement.cycle.is_locked
        refusal = self.stage.let_transactions_decide(line["id"])
        assert bool(refusal) != may, f"{entitlement}: {refusal or 'not refused'}"
        if may:
            entitlement.cleared.add(get_fingerprint(line))
            if entitlement.state == entitlement.written:
                entitlement.given = "approved"

    # Nights

    @precondition(lambda self: not self.nights.is_paused)
    @rule()
    def night(self):
        self._step()
        before = self._look_before()
        settled = [cycle for cycle in self.world.cycles if find_plan(self.world, cycle)]
        self.nights.begin()
        assert not self.nights.error, repr(self.nights.error)
        self._look_after(before)
        for cycle in self.world.cycles:
            if cycle in settled or cycle.state not in ("approved", "distributed", "ended"):
                cycle.is_requested = False
        self.checks.check()
        assert not self.checks.running_ids
        for entitlement, row in self.checks.read().items():
            if entitlement.cycle in settled:
                assert row["is_settled"], f"{entitlement} was left out"
                assert not entitlement.unseen, f"{entitlement} was not noticed"
        assert all(cycle.state == "ended" for cycle in settled)
        versions = self.checks.take_versions()
        self.nights.begin()
        assert self.checks.take_versions() == versions, "settled again, for nothing"

    @precondition(lambda self: not self.nights.is_paused)
    @rule(pause_after=st.integers(1, 9))
    def begin_night(self, pause_after):
        self._part_of_a_night(self.nights.begin, pause_after)

    @precondition(lambda self: not self.nights.is_paused)
    @rule(pause_after=st.integers(1, 9), entitlement=Others.entitlements, state=STATES)
    def set_state_in_the_night(self, pause_after, entitlement, state):
        self.begin_night(pause_after)
        self.checks.check()
        self.set_state(entitlement, state)
        if self.nights.is_paused:
            self.go_on_to_the_end()

    @precondition(lambda self: not self.nights.is_paused)
    @rule()
    def short_night(self):
        self._part_of_a_night(self.nights.begin, is_short=True)
        # The rest of this night never comes: the next one is on another day.
        self.stage.forget_turn()

    @precondition(lambda self: not self.nights.is_paused)
    @rule(break_at=st.integers(0, 3), breaking=BREAKS)
    def break_night(self, break_at, breaking):
        self._part_of_a_night(self.nights.begin, break_at=break_at, breaking=breaking)

    @precondition(lambda self: self.nights.is_paused)
    @rule(pause_after=st.integers(0, 4))
    def go_on(self, pause_after):
        self._part_of_a_night(self.nights.go_on, pause_after)

    @precondition(lambda self: self.nights.is_paused)
    @rule()
    def go_on_to_the_end(self):
        self._part_of_a_night(self.nights.go_on)

    @precondition(lambda self: self.nights.is_paused)
    @rule()
    def kill(self):
        self._part_of_a_night(self.nights.kill)

    def _part_of_a_night(self, action, *arguments, **options):
        self._step()
        before = self._look_before()
        action(*arguments, **options)
        breaking = options.get("breaking")
        if self.nights.error and breaking != "connection lost":
            assert isinstance(self.nights.error, Killed), repr(self.nights.error)
        self._look_after(before)
        self.world.may_drop_requests = True

    def _look_before(self):
        """Return what a night must leave as it is: held back, paused, locked, waiting ..."""
        self.world.may_end = {cycle for cycle in self.world.cycles if find_plan(self.world, cycle)}
        return self._look_at_others()

    def _look_at_others(self):
        return {
            entitlement: [row[name] for name in DECIDED]
            for entitlement, row in self.checks.read().items()
            if entitlement.cycle not in self.world.may_end
        }

    def _look_after(self, before):
        assert self._look_at_others() == before

    @invariant()
    def everything_adds_up(self):
        self.checks.check()

    def teardown(self):
        if self.nights.is_paused:
            self.nights.kill()
        self.world.set_company(False, False)
        self.night()
