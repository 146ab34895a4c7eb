from odoo import fields, models


class LiftAttendanceOverride(models.TransientModel):
    """Asks why an override is lifted."""

    _name = "spp.attendance.override.lift"
    _inherit = "spp.attendance.reason.mixin"
    _description = "Reason for Lifting an Attendance Override"

    override_id = fields.Many2one("spp.attendance.override", required=True, ondelete="cascade")

    def _confirm(self, reason):
        self.override_id._lift(reason)
