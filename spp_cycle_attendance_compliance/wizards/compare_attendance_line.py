from odoo import fields, models

from ..verdicts import COMPLIANT, EXEMPT, NON_COMPLIANT, OVERRIDDEN, UNDECIDED, WARNED

OUTCOMES = [
    (NON_COMPLIANT, "Non-Compliant"),
    (WARNED, "Warned"),
    (UNDECIDED, "Not Decided"),
    (COMPLIANT, "Compliant"),
    (EXEMPT, "Exempt"),
    (OVERRIDDEN, "Overridden"),
]


class CompareAttendanceLine(models.TransientModel):
    """A registrant of whom two sets of criteria say something else."""

    _name = "spp.attendance.compare.line"
    _description = "Who Changes between Attendance Criteria"
    _order = "id"

    wizard_id = fields.Many2one("spp.attendance.compare", required=True, ondelete="cascade")
    partner_id = fields.Many2one("res.partner", "Registrant", required=True, ondelete="cascade")
    own_outcome = fields.Selection(OUTCOMES, "By the Cycle's Criteria")
    own_reason = fields.Char("Because")
    outcome = fields.Selection(OUTCOMES, "By the Second Set")
    reason = fields.Char("Why")

    def action_open_registrant(self):
        """Open the person or household."""
        self.ensure_one()
        line = self.env["spp.attendance.run.line"].new({"partner_id": self.partner_id.id})
        return line.action_open_registrant()
