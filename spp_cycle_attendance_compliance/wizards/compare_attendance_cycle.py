from odoo import _, models


class G2PCycle(models.Model):
    """Other criteria can be tried before they bite."""

    _inherit = "g2p.cycle"

    def action_compare_attendance(self):
        """Open a second set of criteria, the same to begin with, beside the cycle's own."""
        self.ensure_one()
        wizards = self.env["spp.attendance.compare"]
        wizard = wizards.create(wizards._prepare_from(self))
        return {
            "type": "ir.actions.act_window",
            "name": _("Compare"),
            "res_model": wizard._name,
            "res_id": wizard.id,
            "view_mode": "form",
            "views": [[False, "form"]],
            "context": {"create": False},
        }
