from odoo import api, fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    inkind_entitlement_ids = fields.One2many(
        "g2p.entitlement.inkind", "partner_id", "In-kind Entitlements"
    )
    inkind_entitlements_count = fields.Integer(
        "# In-kind Entitlements", compute="_compute_inkind_entitlements_count", store=True
    )

    @api.depends("inkind_entitlement_ids")
    def _compute_inkind_entitlements_count(self):
        self._count_lines("inkind_entitlements_count", "g2p.entitlement.inkind")
