from odoo import _, fields, models
from odoo.exceptions import UserError


class LiftAttendanceOverride(models.TransientModel):
    """Asks why an override is lifted."""

    _name = "spp.attendance.override.lift"
    _description = "Reason for Lifting an Attendance Override"

    override_id = fields.Many2one("spp.attendance.override", required=True, ondelete="cascade")
    reason = fields.Text(required=True)

    def action_confirm(self):
        """Lift the override, and keep the reason on it."""
        self.ensure_one()
        reason = self.reason.strip()
        if not reason:
            raise UserError(_("Give the reason: whoever asks later has to understand it."))
        self.override_id._lift(reason)
        return {"type": "ir.actions.act_window_close"}
