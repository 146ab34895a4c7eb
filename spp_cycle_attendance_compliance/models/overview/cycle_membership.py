from odoo import api, models


class G2PCycleMembership(models.Model):
    """What stands is counted when it changes."""

    _inherit = "g2p.cycle.membership"

    @api.model
    def _let_stand(self, which, decision, is_override=False):
        counts = self.env["spp.attendance.count"].sudo()
        if decision._name == "spp.attendance.run":
            changed = super()._let_stand(which, decision, is_override)
            counts._count_standing(decision.sudo().cycle_id)
            return changed
        membership = decision.sudo().cycle_membership_id
        before = membership.attendance_status
        changed = super()._let_stand(which, decision, is_override)
        if not counts._move(membership, before):
            counts._count_standing(membership.cycle_id)
        return changed

    def unlink(self):
        """Count those who are left: what each was counted for is known no more afterwards."""
        self.env["spp.attendance.count"].sudo()._take_out(self)
        return super().unlink()
