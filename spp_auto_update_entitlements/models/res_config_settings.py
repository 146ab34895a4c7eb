from odoo import _, api, fields, models
from odoo.tools import format_datetime


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    settlement_grace_days = fields.Integer(
        related="company_id.settlement_grace_days", readonly=False
    )
    is_settlement_paused = fields.Boolean(related="company_id.is_settlement_paused", readonly=False)
    settlement_next_run = fields.Char("Next Run", compute="_compute_settlement_next_run")

    @api.depends("is_settlement_paused", "company_id")
    @api.depends_context("lang", "tz")
    def _compute_settlement_next_run(self):
        night = self.env["g2p.cycle"]._get_next_night()
        for settings in self:
            if not night:
                settings.settlement_next_run = _(
                    "Switched off: the scheduled action is archived, so no cycle is settled by "
                    "night."
                )
            elif settings.is_settlement_paused:
                settings.settlement_next_run = _(
                    "%(night)s, without the cycles of this company: it is paused.",
                    night=format_datetime(self.env, night, dt_format=False),
                )
            else:
                settings.settlement_next_run = format_datetime(self.env, night, dt_format=False)
