from odoo import _, fields, models
from odoo.exceptions import UserError


class TakeBackAttendance(models.TransientModel):
    """Asks why a file is taken back."""

    _name = "spp.attendance.take.back"
    _description = "Reason for Taking a File of Attendance Back"

    intake_id = fields.Many2one("spp.attendance.intake", required=True, ondelete="cascade")
    reason = fields.Text(required=True)

    def action_confirm(self):
        """Take the file back, and keep the reason on it."""
        self.ensure_one()
        reason = self.reason.strip()
        if not reason:
            raise UserError(_("Give the reason: whoever asks later has to understand it."))
        self.intake_id._take_back(reason)
        return {"type": "ir.actions.act_window_close"}
