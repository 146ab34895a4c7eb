from odoo import fields, models

# What a column may mean, by the fields of `Layout`; one meaning is of no column's own.
MEANINGS = [
    ("identifier", "ID of the person"),
    ("date", "Date"),
    ("category", "Presence"),
    ("type", "Type"),
    ("location", "Location"),
    ("time", "Time"),
    ("record_id", "Record ID"),
    ("description", "Description"),
]


class UploadAttendanceColumn(models.TransientModel):
    _name = "spp.upload.attendance.column"
    _description = "Column of a File of Attendance"
    _order = "id"

    wizard_id = fields.Many2one("spp.upload.attendance", required=True, ondelete="cascade")
    name = fields.Char("Column", readonly=True)
    sample = fields.Char("For Instance", readonly=True)
    meaning = fields.Selection(MEANINGS, help="Empty: the column is not looked at.")
