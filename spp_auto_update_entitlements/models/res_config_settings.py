from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    settlement_grace_days = fields.Integer(
        related="company_id.settlement_grace_days", readonly=False
    )
    is_settlement_paused = fields.Boolean(related="company_id.is_settlement_paused", readonly=False)
