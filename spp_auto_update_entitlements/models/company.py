from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

MAX_GRACE_DAYS = 3650


class ResCompany(models.Model):
    _inherit = "res.company"

    settlement_grace_days = fields.Integer(
        "Days of Grace",
        help="How many days after the end of a cycle the nightly run waits before it settles it.",
    )
    is_settlement_paused = fields.Boolean(
        "Pause the Nightly Run",
        help="The nightly run leaves the cycles of this company alone. A cycle that somebody sets "
        "as ended is settled.",
    )

    @api.constrains("settlement_grace_days")
    def _check_settlement_grace_days(self):
        for company in self:
            if not 0 <= company.settlement_grace_days <= MAX_GRACE_DAYS:
                raise ValidationError(
                    _("The days of grace must be a number from 0 to %(most)s.", most=MAX_GRACE_DAYS)
                )

    def _get_settlement_time_zone(self):
        """Return the name of the time zone of these days: of the company's partner, or UTC."""
        partner = self.sudo().partner_id
        partner.fetch(["tz"])  # and not all that a contact has, which is much
        return partner.tz or "UTC"

    def _get_settlement_today(self):
        """Return the date of today where the company is."""
        return fields.Date.context_today(self.with_context(tz=self._get_settlement_time_zone()))

    def _get_grace(self):
        """Return the days of grace, which may have been written past the settings."""
        return timedelta(days=min(max(self.settlement_grace_days, 0), MAX_GRACE_DAYS))
