from odoo import models


class AttendanceLocation(models.Model):
    _name = "spp.res.config.attendance.location"
    _inherit = "spp.attendance.category.mixin"
    _description = "Attendance Location"
    _event_field = "attendance_location_id"

    _sql_constraints = [
        (
            "external_unique",
            "unique (external_source, external_id)",
            "This location of the attendance system is here already.",
        ),
    ]
