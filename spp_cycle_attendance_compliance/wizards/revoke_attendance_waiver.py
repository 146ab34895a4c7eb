from odoo import _, fields, models
from odoo.exceptions import UserError


class RevokeAttendanceWaiver(models.TransientModel):
    """Asks why a waiver is revoked."""

    _name = "spp.attendance.waiver.revoke"
    _description = "Reason for Revoking an Attendance Waiver"

    waiver_id = fields.Many2one("spp.attendance.waiver", required=True, ondelete="cascade")
    reason = fields.Text(required=True)

    def action_confirm(self):
        """Revoke the waiver, and keep the reason on it."""
        self.ensure_one()
        reason = self.reason.strip()
        if not reason:
            raise UserError(_("Give the reason: whoever asks later has to understand it."))
        self.waiver_id._revoke(reason)
        return {"type": "ir.actions.act_window_close"}
