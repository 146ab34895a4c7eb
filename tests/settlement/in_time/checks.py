"""What holds after every step, in whatever order they came."""

from .facts import expect
from .queries import CYCLES, DECIDED, DECISIONS, ENTITLEMENTS, LINES, SETTLEMENTS, TOTALS

OPEN_CYCLES = ("approved", "distributed")


def find_plan(world, cycle):
    """Return whether a night settles a cycle."""
    if cycle.state not in (*OPEN_CYCLES, "ended") or cycle.is_locked:
        return False
    if cycle.is_requested:
        return True
    if cycle.hold or world.is_paused:
        return False
    return cycle.state == "ended" or (cycle.is_over and not world.has_grace)


class Checks:
    """Compares a world's facts with what the database says, and takes over what a night did."""

    def __init__(self, world):
        self.world, self.stage = world, world.stage
        self.lines, self.settlement_ids, self.running_ids = {}, set(), set()

    def read(self):
        """Return the rows of the entitlements that are still there, by entitlement."""
        rows = {}
        for is_cash, table in ((True, "g2p_entitlement"), (False, "g2p_entitlement_inkind")):
            ours = {
                each.id: each
                for each in self.world.entitlements
                if each.is_cash == is_cash and not each.is_deleted
            }
            for row in self.stage.ask(ENTITLEMENTS.format(table), list(ours)):
                rows[ours.pop(row["id"])] = row
            assert not ours, f"lost: {ours}"
        return rows

    def check(self):
        rows = self.read()
        self._check_cycles(rows)
        lines = self._read_lines()
        for entitlement, row in rows.items():
            assert row["cycle_id"] == entitlement.cycle.id
            self._check_entitlement(entitlement, row, lines)
        self._check_settlements()
        self._check_none_is_lost("g2p_payment", self.world.payments)
        for is_cash, table in (
            (True, "spp_entitlement_transactions"),
            (False, "spp_inkind_entitlement_transactions"),
        ):
            moved = [each for each in self.world.transactions if each.is_cash == is_cash]
            self._check_none_is_lost(table, moved)

    def _check_none_is_lost(self, table, moved):
        ids = [each.id for each in moved]
        [row] = self.stage.ask(f"SELECT count(*) FROM {table} WHERE id = ANY(%s)", ids)
        assert row["count"] == len(ids), f"some of {moved} are lost"

    # Cycles

    def _check_cycles(self, rows):
        found = {
            row["id"]: row
            for row in self.stage.ask(CYCLES, [cycle.id for cycle in self.world.cycles])
        }
        for cycle in self.world.cycles:
            row = found[cycle.id]
            if row["state"] != cycle.state:
                self._take_over_end(cycle, row, rows)
            assert row["settlement_hold"] == cycle.hold, cycle
            if cycle.is_requested and self.world.may_drop_requests and not row["is_requested"]:
                cycle.is_requested = False
            assert row["is_requested"] == cycle.is_requested, cycle

    def _take_over_end(self, cycle, row, rows):
        """A settlement has ended the cycle: it may, and it left nothing behind."""
        assert cycle in self.world.may_end, f"{cycle} ended"
        assert (row["state"], cycle.state in OPEN_CYCLES) == ("ended", True)
        cycle.state, cycle.hold, cycle.is_requested = "ended", None, False
        for entitlement, each in rows.items():
            if entitlement.cycle == cycle:
                assert each["is_settled"], f"{cycle} ended with {entitlement} unsettled"

    # Entitlements

    def _check_entitlement(self, entitlement, row, lines):
        if entitlement.unseen:
            if row["version"] == entitlement.unseen:
                assert row["state"] == entitlement.state
                return
            entitlement.unseen = None
        expected = expect(entitlement, self.world.rates)
        assert row["redeemed"] + row["entitlement_balance"] == entitlement.granted or (
            not entitlement.is_cash
        )
        if not row["is_settled"]:
            self._check_queued(entitlement, row, expected)
            return
        entitlement.has_late_figures = False
        given = entitlement.given if expected.state != entitlement.given else None
        found = [row[name] for name in DECIDED if name != "settlement_id"]
        wanted = [expected.state, expected.outcome, given, expected.state]
        assert found == wanted, f"{entitlement}: {found} instead of {wanted}"
        self._check_figures(entitlement, row, expected)
        entitlement.state = entitlement.written = row["state"]
        self._check_listed(entitlement, row, expected, lines.get(entitlement, []))

    def _check_queued(self, entitlement, row, expected):
        """What is still to settle is as others, or the last settlement, left it."""
        assert row["state"] == entitlement.state, entitlement
        assert row["settled_state"] == entitlement.written, entitlement
        is_written = row["state"] == row["settled_state"] and row["state_before_settlement"]
        assert (is_written or row["state"]) == entitlement.given, entitlement
        if not entitlement.has_late_figures:
            self._check_figures(entitlement, row, expected)

    def _check_figures(self, entitlement, row, expected):
        figures = (row["redeemed"], row["redeemed"] + row["entitlement_balance"])
        wanted = (expected.redeemed, expected.granted)
        assert figures == wanted, f"{entitlement}: {figures} instead of {wanted}"
        problem = row["redemption_problem"]
        problems = expected.problems or {None}
        assert problem in problems, f"{entitlement}: {problem} instead of {problems}"

    # Lines

    def _read_lines(self):
        """Return the lines by entitlement; what a line says never changes, and none is lost."""
        found = self.stage.ask(LINES, [cycle.id for cycle in self.world.cycles])
        entitlements = self._get_entitlements()
        by_entitlement = {}
        earlier, self.lines = self.lines, {}
        for line in found:
            key = (
                bool(line["entitlement_id"]),
                line["entitlement_id"] or line["inkind_entitlement_id"],
            )
            if key in entitlements:
                by_entitlement.setdefault(entitlements[key], []).append(line)
            before = earlier.pop(line["id"], line)
            kept = set(line) - {"status", "entitlement_id", "inkind_entitlement_id"}
            assert {name: line[name] for name in kept} == {name: before[name] for name in kept}
            assert before["status"] in (line["status"], "open")
            self.lines[line["id"]] = line
        assert not earlier, f"lost: {earlier}"
        return by_entitlement

    def _check_listed(self, entitlement, row, expected, lines):
        waiting = [line for line in lines if line["status"] == "open"]
        if not expected.is_exception:
            assert not waiting, f"{entitlement} is still listed"
            return
        assert lines, f"{entitlement} is not listed"
        line = lines[-1]
        assert line["settlement_id"] == row["settlement_id"], f"{entitlement} is not listed"
        found = (*get_fingerprint(line), line["state_after"], line["is_exception"])
        problem = row["redemption_problem"]
        wanted = (
            *(expected.outcome, entitlement.given, expected.granted, expected.redeemed, problem),
            *(expected.is_twin, expected.is_outside, expected.state, True),
        )
        assert found == wanted, f"{entitlement}: {found} instead of {wanted}"
        assert line["balance"] == expected.granted - expected.redeemed
        is_cleared = get_fingerprint(line) in entitlement.cleared
        assert line["status"] == ("cleared" if is_cleared else "open"), entitlement
        assert waiting == ([] if is_cleared else [line]), f"{entitlement} is listed twice"

    def get_open_lines(self):
        """Return the lines that a person can clear, each with its entitlement."""
        entitlements = self._get_entitlements()
        return [
            (entitlements[get_key(line)], line)
            for line in self.lines.values()
            if line["status"] == "open" and get_key(line) in entitlements
        ]

    def _get_entitlements(self):
        return {(each.is_cash, each.id): each for each in self.world.entitlements}

    # Settlements

    def _check_settlements(self):
        found = self.stage.ask(SETTLEMENTS, [cycle.id for cycle in self.world.cycles])
        ids = [row["id"] for row in found]
        assert self.settlement_ids <= set(ids)
        self.settlement_ids = set(ids)
        self.running_ids = {row["id"] for row in found if row["state"] == "running"}
        for row in found:
            counts = [row[name] or 0 for name in ("entitlement_count", "changed_count")]
            assert counts == [row["decided"], row["changed"]]
            assert (row["exception_count"] or 0) == row["listed"]
        totals = [tuple(row.values()) for row in self.stage.ask(TOTALS, ids)]
        decisions = [tuple(row.values()) for row in self.stage.ask(DECISIONS, ids)]
        assert totals == decisions, f"{totals} instead of {decisions}"

    def take_versions(self):
        """Return the versions of all rows that a settlement writes."""
        versions = {}
        for table in (
            "g2p_entitlement",
            "g2p_entitlement_inkind",
            "g2p_cycle",
            "spp_cycle_settlement",
            "spp_cycle_settlement_line",
            "spp_cycle_settlement_total",
        ):
            rows = self.stage.ask(f"SELECT id, xmin::text FROM {table}")
            versions[table] = {row["id"]: row["xmin"] for row in rows}
        return versions


def get_key(line):
    """Return whether the entitlement of a line is in cash, and its id."""
    return bool(line["entitlement_id"]), line["entitlement_id"] or line["inkind_entitlement_id"]


def get_fingerprint(line):
    """Return the facts of a line: where these come back, it stays cleared."""
    return (
        line["outcome"],
        line["state_given"],
        line["allocated"],
        line["redeemed"],
        line["problem"],
        bool(line["is_twin"]),
        bool(line["is_outside"]),
    )
