from odoo import api, fields, models


class EntitlementTransactions(models.Model):
    _inherit = "spp.entitlement.transactions"

    entitlement_id = fields.Many2one(index=True)

    @api.model
    def _get_measures(self):
        """Return the columns that say how much moved."""
        return ["amount_charged_by_service_point"]

    @api.model
    def _get_amount_columns(self):
        """Return the columns that say how much moved, and of what."""
        return [*self._get_measures(), "currency_id"]


class InkindEntitlementTransactions(models.Model):
    _inherit = "spp.inkind.entitlement.transactions"

    entitlement_id = fields.Many2one(index=True)

    @api.model
    def _get_measures(self):
        """Return the columns that say how much moved."""
        return ["amount_charged_by_service_point", "quantity"]

    @api.model
    def _get_amount_columns(self):
        """Return the columns that say how much moved, and of what."""
        return [*self._get_measures(), "currency_id", "product_id", "uom_id"]
