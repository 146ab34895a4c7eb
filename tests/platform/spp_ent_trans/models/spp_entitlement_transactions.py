from odoo import fields, models


class SPPEntitlementTransactions(models.Model):
    _name = "spp.entitlement.transactions"
    _description = "Entitlement Transactions"

    card_number = fields.Char()
    card_type = fields.Char()
    receipt_number = fields.Char()
    # No index, and not required, as on the platform.
    entitlement_id = fields.Many2one("g2p.entitlement")
    service_point_id = fields.Many2one("_unknown")
    service_point_device_id = fields.Char("Service Point Device ID")
    user_id = fields.Many2one("res.users", "POS User", required=True)
    timestamp_transaction_created = fields.Datetime("Transaction Created", required=True)
    # Free text. In use are PURCHASE, and VOID, which takes a purchase back.
    transaction_type = fields.Char()
    transaction_uuid = fields.Char("Transaction UUID", required=True)
    currency_id = fields.Many2one("res.currency", required=True)
    amount_charged_by_service_point = fields.Monetary(default=0.0)
    value_remaining = fields.Monetary(default=0.0)
    program_id = fields.Many2one(related="entitlement_id.cycle_id.program_id", string="Program")
    cycle_id = fields.Many2one(related="entitlement_id.cycle_id", string="Cycle")

    _sql_constraints = [
        (
            "transaction_uuid_unique",
            "unique(transaction_uuid)",
            "There is a transaction of this UUID already.",
        )
    ]
