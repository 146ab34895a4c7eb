from odoo import api, fields, models

# What two transactions that are probably one have in common; 0 is the same as nothing said.
TWIN_COLUMNS = (
    "transaction_type",
    "NULLIF(amount_charged_by_service_point, 0)",
    "currency_id",
    "service_point_id",
    "service_point_device_id",
)


class EntitlementTransactions(models.Model):
    _inherit = "spp.entitlement.transactions"
    _moved_condition = "amount_charged_by_service_point <> 0"

    entitlement_id = fields.Many2one(index=True)

    @api.model
    def _get_twin_columns(self):
        return TWIN_COLUMNS


class InkindEntitlementTransactions(models.Model):
    _inherit = "spp.inkind.entitlement.transactions"
    _moved_condition = "quantity <> 0 OR amount_charged_by_service_point <> 0"

    entitlement_id = fields.Many2one(index=True)

    @api.model
    def _get_twin_columns(self):
        return (*TWIN_COLUMNS, "NULLIF(quantity, 0)", "product_id", "uom_id")
