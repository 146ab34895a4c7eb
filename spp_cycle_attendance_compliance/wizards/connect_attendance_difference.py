from odoo import fields, models

from .connect_attendance import LOCATION_MODEL, TYPE_MODEL


class ConnectAttendanceDifference(models.TransientModel):
    _name = "spp.connect.attendance.difference"
    _description = "Difference to the Attendance System"

    wizard_id = fields.Many2one("spp.connect.attendance", required=True, ondelete="cascade")
    model = fields.Selection(
        [(TYPE_MODEL, "Type"), (LOCATION_MODEL, "Location")], "What", required=True
    )
    record_id = fields.Integer()
    change = fields.Selection(
        [
            ("new", "New"),
            ("renamed", "Renamed"),
            ("described", "Description Changed"),
            ("gone", "Gone"),
        ],
        required=True,
    )
    external_id = fields.Integer("External ID")
    name = fields.Char()
    former_name = fields.Char()
    description = fields.Text()

    def _take_over(self, source):
        """Make here what the attendance system has; what is gone there is archived, not deleted."""
        for difference in self:
            record = self.env[difference.model].browse(difference.record_id or [])
            if difference.change == "gone":
                record.active = False
            else:
                record._take_over(
                    source, difference.external_id, difference.name, difference.description
                )
