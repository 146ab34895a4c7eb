from odoo import _, fields, models
from odoo.exceptions import UserError


class WithdrawAttendance(models.TransientModel):
    """Asks why an attendance is withdrawn."""

    _name = "spp.attendance.withdraw"
    _description = "Reason for Withdrawing an Attendance"

    event_id = fields.Many2one("spp.event.attendance", required=True, ondelete="cascade")
    reason = fields.Text(required=True)

    def action_confirm(self):
        """Withdraw the attendance, and keep the reason in its trace."""
        self.ensure_one()
        reason = self.reason.strip()
        if not reason:
            raise UserError(_("Give the reason: whoever asks later has to understand it."))
        self.event_id._withdraw(reason)
        return {"type": "ir.actions.act_window_close"}
