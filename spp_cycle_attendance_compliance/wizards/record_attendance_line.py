from odoo import fields, models


class RecordAttendanceLine(models.TransientModel):
    _name = "spp.record.attendance.line"
    _description = "Person of a Page of Attendance"
    _order = "id"

    wizard_id = fields.Many2one("spp.record.attendance", required=True, ondelete="cascade")
    individual_id = fields.Many2one("res.partner", "Person", required=True, ondelete="cascade")
    is_present = fields.Boolean("Present", default=True)
