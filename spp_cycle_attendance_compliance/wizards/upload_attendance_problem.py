from odoo import fields, models


class UploadAttendanceProblem(models.TransientModel):
    _name = "spp.upload.attendance.problem"
    _description = "Row of a File of Attendance that Can't Be Used"
    _order = "id"

    wizard_id = fields.Many2one("spp.upload.attendance", required=True, ondelete="cascade")
    number = fields.Integer("Row", readonly=True)
    column = fields.Char(readonly=True)
    message = fields.Char("What Is Wrong", readonly=True)
