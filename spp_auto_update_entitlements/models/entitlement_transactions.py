from odoo import fields, models


class EntitlementTransactions(models.Model):
    _inherit = "spp.entitlement.transactions"

    entitlement_id = fields.Many2one(index=True)


class InkindEntitlementTransactions(models.Model):
    _inherit = "spp.inkind.entitlement.transactions"

    entitlement_id = fields.Many2one(index=True)
