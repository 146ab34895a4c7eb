from odoo import fields, models


class TakeBackAttendance(models.TransientModel):
    """Asks why a file is taken back."""

    _name = "spp.attendance.take.back"
    _inherit = "spp.attendance.reason.mixin"
    _description = "Reason for Taking a File of Attendance Back"

    intake_id = fields.Many2one("spp.attendance.intake", required=True, ondelete="cascade")

    def _confirm(self, reason):
        self.intake_id._take_back(reason)
