from odoo import fields, models

TRANSACTIONS = "transactions"
PAYMENTS = "payments"
REDEMPTION_SOURCES = [
    (TRANSACTIONS, "What was bought (transactions)"),
    (PAYMENTS, "What was paid out (payments)"),
]


class G2PProgram(models.Model):
    _inherit = "g2p.program"

    redemption_source = fields.Selection(
        REDEMPTION_SOURCES,
        "Cash Is Redeemed By",
        default=TRANSACTIONS,
        required=True,
        help="What counts as redeemed in new cycles. Never both: a card is loaded, then spent.",
    )
