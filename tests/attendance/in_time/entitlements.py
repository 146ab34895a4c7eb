"""What happens to entitlements that were prepared before attendance decided."""

from collections import Counter

ENTITLEMENTS = """
    SELECT entitlement.* FROM (
        SELECT 'g2p.entitlement,' || id AS id, cycle_id, partner_id, state FROM g2p_entitlement
        UNION ALL
        SELECT 'g2p.entitlement.inkind,' || id, cycle_id, partner_id, state
        FROM g2p_entitlement_inkind
    ) AS entitlement WHERE cycle_id = ANY(%s) ORDER BY id
"""
KEPT = """
    SELECT kept.kind || ',' || kept.entitlement_id AS id, kept.action
    FROM spp_attendance_withheld_entitlement AS kept WHERE kept.cycle_id = ANY(%s)
"""
DRAFT, PENDING, CANCELLED = "draft", "pending_validation", "cancelled"


class Entitlements:
    """Remembers what attendance cancelled, until it is given back or somebody changes it."""

    def __init__(self, world):
        self.world = world
        self.withheld = set()
        # By which others people replaced those, while they were withheld.
        self.replaced = {}
        # What is kept of those that were withheld.
        self.kept = Counter()

    def read(self):
        rows = self.world.stage.ask(ENTITLEMENTS, self.world.cycle_ids)
        return {row["id"]: row for row in rows}

    def check_step(self, before, members, decided):
        """Check a step of ours.

        :param dict before: the entitlements, as they were
        :param members: the memberships, as they are
        :param decided: the ids of those about which the step decided
        :return: the memberships of which entitlements were deleted or cancelled
        """
        after = self.read()
        by_partner = {(each["cycle_id"], each["partner_id"]): each for each in members}
        touched, taken_from = {}, Counter()
        for id_, old in before.items():
            new = after.get(id_)
            member = by_partner.get((old["cycle_id"], old["partner_id"]))
            if new == old:
                continue
            if new and new["state"] == PENDING:
                assert id_ in self.withheld and member["state"] == "enrolled", (old, member)
                assert not self._is_replaced(id_, after), (old, after)
                self.withheld.remove(id_)
                continue
            taken = (old["state"], new and new["state"])
            assert taken in ((DRAFT, None), (PENDING, CANCELLED)), (old, new)
            assert member["state"] == "non_compliant", (old, member)
            touched[member["id"]] = member
            taken_from[id_, "cancelled" if new else "deleted"] += 1
            if new:
                self.withheld.add(id_)
                self.replaced.pop(id_, None)
        self._check_kept(taken_from)
        for new in after.values():
            member = by_partner.get((new["cycle_id"], new["partner_id"]))
            if not member or member["id"] not in decided:
                continue
            if member["state"] == "non_compliant":
                assert new["state"] not in (DRAFT, PENDING), (new, member)
            if member["state"] == "enrolled" and not self._is_replaced(new["id"], after):
                assert new["id"] not in self.withheld, (new, member)
        return touched.values()

    def change(self, entitlement):
        """Take down that somebody changed its state."""
        self.withheld.discard(_get_id(entitlement))

    def replace(self, cancelled, another):
        """Take down that somebody made another one in place of cancelled ones."""
        for id_ in self.withheld.intersection(map(_get_id, cancelled)):
            self.replaced.setdefault(id_, []).append(_get_id(another))

    def _is_replaced(self, id_, entitlements):
        return any(
            other_id in self.withheld or entitlements[other_id]["state"] != CANCELLED
            for other_id in self.replaced.get(id_, [])
        )

    def _check_kept(self, withheld):
        """Check that what was withheld is kept, and nothing else."""
        rows = self.world.stage.ask(KEPT, self.world.cycle_ids)
        kept = Counter((row["id"], row["action"]) for row in rows)
        assert kept - self.kept == withheld, (kept - self.kept, withheld)
        self.kept = kept


def _get_id(entitlement):
    return f"{entitlement._name},{entitlement.id}"
