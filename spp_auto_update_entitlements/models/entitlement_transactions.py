from odoo import api, fields, models

# What two transactions that are probably one have in common.
TWIN_COLUMNS = (
    "transaction_type",
    "amount_charged_by_service_point",
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
        return (*TWIN_COLUMNS, "quantity", "product_id", "uom_id")
