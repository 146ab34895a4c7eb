from odoo import fields, models


class WithdrawAttendance(models.TransientModel):
    """Asks why an attendance is withdrawn."""

    _name = "spp.attendance.withdraw"
    _inherit = "spp.attendance.reason.mixin"
    _description = "Reason for Withdrawing an Attendance"

    event_id = fields.Many2one("spp.event.attendance", required=True, ondelete="cascade")

    def _confirm(self, reason):
        self.event_id._withdraw(reason)
