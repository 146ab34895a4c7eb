"""Every two steps on a cycle, one right after the other: random steps come by a part of them only.

Each two are taken in a world of their own; of persons and of households by turns. A step must do
something where it can, and nothing where it can't. What it takes is said with the step: so which
steps can't be right after which is found, and printed.
"""

from itertools import product
from unittest.mock import patch

from .machine import Attendance
from .world import DECIDED

# What each step takes, and the step itself: in walk w, on cycle c, about its member number n.
STEPS = {
    "run": ("open free", lambda w, c, n: w.run(c)),
    "preview": ("free", lambda w, c, n: w.look(c, "preview")),
    "apply": ("open free waiting", lambda w, c, n: w.apply(c, is_big=False)),
    "discard": ("waiting", lambda w, c, n: w.discard(c)),
    "retry": ("open free failed", lambda w, c, n: w.retry(c, "failed")),
    "evaluate": ("free", lambda w, c, n: w.look(c, "evaluate")),
    "override": ("open free decidable", lambda w, c, n: w.override(c, n, "non_compliant")),
    "lift": ("open free overridden", lambda w, c, n: w.lift(c)),
    "take back": ("open free done", lambda w, c, n: w.take_back(c, is_big=False)),
    "change criteria": (
        "open",
        lambda w, c, n: w.change_criteria(c, {"required_number_of_attendance": 4 + n}),
    ),
    "change an ID": ("", lambda w, c, n: w.change_identifier(n, n + 1)),
    "pause": ("", lambda w, c, n: w.set_state(c, n, "paused")),
    "exit": ("", lambda w, c, n: w.set_state(c, n, "exited")),
    "approve": ("open", lambda w, c, n: w.close_for_good(is_locked=False)),
    "lock": ("free", lambda w, c, n: w.close_for_good(is_locked=True)),
    "new member": ("", lambda w, c, n: w.join_or_leave_cycle(c, 5 - n, "draft")),
    "member leaves": ("open", lambda w, c, n: w.join_or_leave_cycle(c, n, "draft")),
    "kill": ("job", lambda w, c, n: w.kill()),
    "change a condition": ("open", lambda w, c, n: w.change_first_condition(c)),
    "approve a waiver": ("", lambda w, c, n: w.waive(c, 0, 1, "everybody", n, of_all=False)),
    "revoke a waiver": ("waived", lambda w, c, n: w.revoke(n)),
    "prepare": ("unprepared", lambda w, c, n: w.prepare_entitlements(c, "draft")),
}
# What the background does, if the cycle is big.
IN_BACKGROUND = ("run", "preview", "evaluate", "retry", "apply", "take back")
ROWS = "SELECT to_jsonb(own) - 'write_date' AS row FROM {} AS own WHERE {} = %s ORDER BY id"
TABLES = (
    ("g2p_cycle", "id"),
    ("g2p_cycle_membership", "cycle_id"),
    ("spp_attendance_run", "cycle_id"),
    ("spp_attendance_condition", "cycle_id"),
    ("spp_attendance_waiver", "cycle_id"),
    ("g2p_entitlement", "cycle_id"),
    ("g2p_entitlement_inkind", "cycle_id"),
)
JOBS = "SELECT id FROM queue_job WHERE state = 'pending'"


class Walk(Attendance):
    """A world, and two steps in it."""

    def __init__(self, cycle):
        super().__init__()
        self.cycle = cycle

    def go(self, first, second):
        """Take two steps; return whether the second one did something."""
        self._make_ready(first, second)
        # Only what is done in the background is killed.
        is_killed, of_size = "kill" in (first, second), self.stage.of_size
        with patch.object(self.stage, "of_size", lambda _is_big: of_size(is_killed)):
            if is_killed and first not in IN_BACKGROUND:
                self._do_checked(self.look, self.cycle, "preview")
            assert self._take(first, 0), f"nothing to {first}"
            # The same twice is about two members; what comes after a new one is about that.
            other = -1 if first == "new member" else 0
            did = self._take(second, 1 if first == second else other)
            if is_killed:
                self._do_checked(self.work, 50)
        return did

    def _make_ready(self, first, second):
        """Have a run that was applied, a changed world, and what else the steps take."""
        self.checks.check()
        for number in (0, 4):
            self.attend(number, [0, 1], "present")
        for _number in range((first, second).count("revoke a waiver")):
            self.waive(self.cycle, 0, 1, "everybody", 0, of_all=False)
        for number in range((first, second).count("lift") if first != "override" else 0):
            self._do_checked(self.override, self.cycle, number, "non_compliant")
        self._do_checked(self.run, self.cycle)
        if "retry" in (first, second):
            self.server_fails(403)
            self._do_checked(self.run, self.cycle)
        self.change_attendance(0, 0, "withdraw")
        self.attend(2, [0, 1], "present")
        if second in ("apply", "discard") and first != "prepare":
            # Whoever would lose one of these has every run wait.
            self.prepare_entitlements(self.cycle, "draft")
        for number in range((first, second).count("new member")):
            self._do_checked(self.join_or_leave_cycle, self.cycle, 5 - number, "draft")
        if not {"apply", "discard"}.isdisjoint((first, second)):
            self._do_checked(self.look, self.cycle, "preview")

    def _take(self, name, number):
        """Take a step, if need be after what goes on in the background."""
        takes, step = STEPS[name]
        if not self._has(takes, number):
            self._do_checked(self.work, 50)
        can, before = self._has(takes, number), self._read()
        self._do_checked(step, self, self.cycle, number)
        # What was killed is still to be done.
        did = self._has("job", number) if name == "kill" else self._read() != before
        assert did == can, f"{name} did {'something' if did else 'nothing'}"
        return did

    def _do_checked(self, step, *arguments):
        step(*arguments)
        self.checks.check()

    def _read(self):
        of_cycle = [
            [
                row["row"]
                for row in self.stage.ask(ROWS.format(*table), self.world.cycle_ids[self.cycle])
            ]
            for table in TABLES
        ]
        return *of_cycle, self.world.register.get_identifiers()

    def _has(self, takes, number):
        """Return whether there is what a step takes, for the member that it is about."""
        (cycle,), members, runs, _conditions, waivers, cash, in_kind, _ids = self._read()
        prepared = {each["partner_id"] for each in cash + in_kind}
        decided = [each for each in members if each["state"] in DECIDED]
        overridden = [each for each in decided if each["attendance_override_id"]]
        member = members[number % len(members)]
        found = {
            "open": cycle["state"] == "draft",
            "free": not cycle["locked"],
            "decidable": member in decided and member not in overridden,
            "overridden": overridden,
            "unprepared": any(
                each["state"] == "enrolled" and each["partner_id"] not in prepared
                for each in members
            ),
            "job": self.stage.ask(JOBS),
            "waived": any(each["state"] == "approved" for each in waivers),
            **{run["state"]: True for run in runs},
        }
        return all(found.get(name) for name in takes.split())

    def change_first_condition(self, cycle):
        """Count over months, or over the whole period again."""

        def step(env):
            condition = self._get_conditions(env, cycle)[:1]
            condition.over = "period" if condition.over == "month" else "month"

        self._do(step)

    def close_for_good(self, is_locked):
        self.reopening.clear()
        self.close(self.cycle, is_locked, steps=4)

    def kill(self):
        is_requested = any(run["request"] for run in self._read()[2])
        self.work_and_die("_carry_out_request" if is_requested else "_decide")


def walk_pairs():
    """Take each two steps; print those of which the second one can't be right after the first."""
    pairs = list(product(STEPS, STEPS))
    apart = []
    for number, pair in enumerate(pairs):
        try:
            if not Walk(sum(divmod(number, len(STEPS))) % 2).go(*pair):
                apart.append(pair)
        except Exception as error:
            raise AssertionError(f"{' and then '.join(pair)}: {error}") from error
    for pair in apart:
        print(" and then ".join(pair), "can't be")
    print(f"{len(pairs) - len(apart)} of {len(pairs)} pairs", flush=True)
