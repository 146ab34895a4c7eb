from odoo import models


class AttendanceLocation(models.Model):
    _name = "spp.res.config.attendance.location"
    _inherit = "spp.attendance.category.mixin"
    _description = "Attendance Location"
    _event_field = "attendance_location_id"

    _sql_constraints = [
        (
            "external_unique",
            "unique (source_id, external_id)",
            "This location of the source is here already.",
        ),
    ]
