from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from .attendance_settings import (
    DEFAULT_CRITERIA_PARAMETER,
    DEFAULT_LIMIT_PERCENTAGE,
    NO_DATA_LIMIT_PARAMETER,
    NON_COMPLIANT_LIMIT_PARAMETER,
)


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    attendance_criteria_by_default = fields.Boolean(
        "Use Attendance Criteria",
        config_parameter=DEFAULT_CRITERIA_PARAMETER,
        help="Whether the first cycle of a program uses attendance criteria.",
    )
    attendance_no_data_limit = fields.Integer(
        "Limit of Persons without Data",
        default=DEFAULT_LIMIT_PERCENTAGE,
        config_parameter=NO_DATA_LIMIT_PARAMETER,
        help="In percent of the persons that count.",
    )
    attendance_non_compliant_limit = fields.Integer(
        "Limit of Members Turned Non-Compliant",
        default=DEFAULT_LIMIT_PERCENTAGE,
        config_parameter=NON_COMPLIANT_LIMIT_PARAMETER,
        help="In percent of the members who are not non-compliant yet, drafts too.",
    )

    @api.constrains("attendance_no_data_limit", "attendance_non_compliant_limit")
    def _check_attendance_limits(self):
        for settings in self:
            limits = (settings.attendance_no_data_limit, settings.attendance_non_compliant_limit)
            if not all(1 <= limit <= 100 for limit in limits):
                raise ValidationError(_("The limits are percentages, from 1 to 100."))

    def action_connect_attendance_system(self):
        """Open the wizard that connects an attendance system."""
        return self.env["ir.actions.act_window"]._for_xml_id(
            "spp_cycle_attendance_compliance.action_connect_attendance"
        )
