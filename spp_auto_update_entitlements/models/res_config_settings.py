from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

GRACE_DAYS_PARAMETER = "spp_auto_update_entitlements.grace_days"


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    settlement_grace_days = fields.Integer(
        "Days of Grace",
        config_parameter=GRACE_DAYS_PARAMETER,
        help="How many days after the end of a cycle the nightly run waits before it settles it.",
    )

    @api.constrains("settlement_grace_days")
    def _check_settlement_grace_days(self):
        for settings in self:
            if settings.settlement_grace_days < 0:
                raise ValidationError(_("The days of grace can't be less than 0."))
