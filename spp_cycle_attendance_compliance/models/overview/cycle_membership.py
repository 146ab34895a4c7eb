from odoo import api, models

# So many are counted one by one, which takes less than to count a cycle of a million anew.
FEW = 100


class G2PCycleMembership(models.Model):
    """What stands is counted when it changes."""

    _inherit = "g2p.cycle.membership"

    @api.model
    def _let_stand(self, which, decision, is_override=False):
        counts = self.env["spp.attendance.count"].sudo()
        if decision._name == "spp.attendance.run":
            super()._let_stand(which, decision, is_override)
            counts._count_standing(decision.sudo().cycle_id)
            return
        membership = decision.sudo().cycle_membership_id
        before = membership.attendance_status
        super()._let_stand(which, decision, is_override)
        if not counts._move(membership, before, membership.attendance_status):
            counts._count_standing(membership.cycle_id)

    def unlink(self):
        """Count those who are left: all of them anew, where many leave."""
        counts = self.env["spp.attendance.count"].sudo()
        cycles = counts.search(
            [("cycle_id", "in", self.cycle_id.ids), ("is_total", "=", True)]
        ).cycle_id
        if len(self) <= FEW:
            moved = self.filtered(lambda each: counts._move(each, each.attendance_status, None))
            cycles &= (self - moved).cycle_id
        res = super().unlink()
        for cycle in cycles:
            counts._count_standing(cycle)
        return res
