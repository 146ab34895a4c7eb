from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    attendance_criteria_by_default = fields.Boolean(
        related="company_id.attendance_criteria_by_default", readonly=False
    )
    attendance_no_data_limit = fields.Integer(
        related="company_id.attendance_no_data_limit", readonly=False
    )
    attendance_non_compliant_limit = fields.Integer(
        related="company_id.attendance_non_compliant_limit", readonly=False
    )
