from odoo import api, fields, models

from ..models.events.event_attendance import ABSENT, EXCUSED, PRESENT


class RecordAttendanceLine(models.TransientModel):
    _name = "spp.record.attendance.line"
    _description = "Person of a Page of Attendance"
    _order = "id"

    wizard_id = fields.Many2one("spp.record.attendance", required=True, ondelete="cascade")
    individual_id = fields.Many2one("res.partner", "Person", required=True, ondelete="cascade")
    # One tap tells who did not come; why she is excused, the reason.
    is_present = fields.Boolean("Present", default=True)
    excuse_reason_id = fields.Many2one(
        "spp.attendance.excuse.reason", "Excused for", ondelete="cascade"
    )

    @api.onchange("is_present")
    def _onchange_is_present(self):
        if self.is_present:
            self.excuse_reason_id = False

    def _get_presence(self):
        """Return what is to be recorded: the category, and the reason of who is excused."""
        self.ensure_one()
        if self.is_present:
            return PRESENT, self.excuse_reason_id.browse()
        return (EXCUSED if self.excuse_reason_id else ABSENT), self.excuse_reason_id
