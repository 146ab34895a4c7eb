from odoo import _, api, fields, models
from odoo.exceptions import ValidationError


class ResCompany(models.Model):
    _inherit = "res.company"

    attendance_criteria_by_default = fields.Boolean(
        "Use Attendance Criteria",
        help="Whether the first cycle of a program uses attendance criteria.",
    )
    attendance_no_data_limit = fields.Integer(
        "Limit of Persons without Data",
        default=50,
        help="In percent of the persons that count.",
    )
    attendance_non_compliant_limit = fields.Integer(
        "Limit of Beneficiaries Turned Non-Compliant",
        default=50,
        help="In percent of the beneficiaries who are not non-compliant yet, drafts too.",
    )
    attendance_poll_paused = fields.Boolean(
        "Pause the Nightly Questions",
        help="No attendance system is asked at night about the cycles of the company.",
    )

    @api.constrains("attendance_no_data_limit", "attendance_non_compliant_limit")
    def _check_attendance_limits(self):
        for company in self:
            limits = (company.attendance_no_data_limit, company.attendance_non_compliant_limit)
            if not all(1 <= limit <= 100 for limit in limits):
                raise ValidationError(_("The limits are percentages, from 1 to 100."))
