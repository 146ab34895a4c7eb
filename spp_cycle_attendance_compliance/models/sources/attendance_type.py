from odoo import _, api, fields, models
from odoo.exceptions import ValidationError


class AttendanceType(models.Model):
    _name = "spp.res.config.attendance.type"
    _inherit = "spp.attendance.category.mixin"
    _description = "Attendance Type"
    _event_field = "attendance_type_id"

    set_as_default = fields.Boolean(
        "Default Type",
        help="The type of the attendance criteria of a program's first cycle.",
    )

    _sql_constraints = [
        (
            "external_unique",
            "unique (external_source, external_id)",
            "This type of the attendance system is here already.",
        ),
    ]

    @api.constrains("set_as_default")
    def _check_set_as_default(self):
        if self.search_count([("set_as_default", "=", True)]) > 1:
            raise ValidationError(_("Only one type can be the default. Unset the other one first."))

    @api.model
    def _get_default(self):
        return self.sudo().search([("set_as_default", "=", True)], limit=1)
