from odoo import _, api, models
from odoo.exceptions import AccessError

from .attendance_settings import SECRET_PARAMETER


class IrConfigParameter(models.Model):
    _inherit = "ir.config_parameter"

    @api.model
    def get_param(self, key, default=False):
        """Keep the attendance system's secret from everybody but the server itself.

        The platform lets every user read the parameters. A record rule hides the record; this
        method does not look at rules.
        """
        if key == SECRET_PARAMETER and not self.env.su:
            raise AccessError(_("The secret of the attendance system is shown to nobody."))
        return super().get_param(key, default)
