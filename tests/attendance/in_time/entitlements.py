"""What happens to entitlements that were prepared before attendance decided."""

ENTITLEMENTS = """
    SELECT id, cycle_id, partner_id, state FROM g2p_entitlement
    WHERE cycle_id = ANY(%s) ORDER BY id
"""
DRAFT, PENDING, CANCELLED = "draft", "pending_validation", "cancelled"


class Entitlements:
    """Remembers what attendance cancelled, until it is given back or somebody changes it."""

    def __init__(self, world):
        self.world = world
        self.withheld = set()

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
        touched = []
        for id_, old in before.items():
            new = after.get(id_)
            member = by_partner.get((old["cycle_id"], old["partner_id"]))
            if new == old:
                continue
            if new and new["state"] == PENDING:
                assert id_ in self.withheld and member["state"] == "enrolled", (old, member)
                self.withheld.remove(id_)
                continue
            taken = (old["state"], new and new["state"])
            assert taken in ((DRAFT, None), (PENDING, CANCELLED)), (old, new)
            assert member["state"] == "non_compliant", (old, member)
            touched.append(member)
            if new:
                self.withheld.add(id_)
        for new in after.values():
            member = by_partner.get((new["cycle_id"], new["partner_id"]))
            if not member or member["id"] not in decided:
                continue
            if member["state"] == "non_compliant":
                assert new["state"] not in (DRAFT, PENDING), (new, member)
            if member["state"] == "enrolled":
                assert new["id"] not in self.withheld, (new, member)
        return touched
