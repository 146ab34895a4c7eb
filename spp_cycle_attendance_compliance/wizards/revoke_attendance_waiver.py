from odoo import fields, models


class RevokeAttendanceWaiver(models.TransientModel):
    """Asks why a waiver is revoked."""

    _name = "spp.attendance.waiver.revoke"
    _inherit = "spp.attendance.reason.mixin"
    _description = "Reason for Revoking an Attendance Waiver"

    waiver_id = fields.Many2one("spp.attendance.waiver", required=True, ondelete="cascade")

    def _confirm(self, reason):
        self.waiver_id._revoke(reason)
