from uuid import uuid4

from odoo import api, fields, models


class G2PPayment(models.Model):
    _name = "g2p.payment"
    _description = "Payment"
    _order = "id desc"

    name = fields.Char(
        "Internal Reference #", default=lambda self: str(uuid4()), readonly=True, copy=False
    )
    entitlement_id = fields.Many2one("g2p.entitlement", required=True)
    cycle_id = fields.Many2one("g2p.cycle", readonly=True)
    program_id = fields.Many2one(related="cycle_id.program_id")
    partner_id = fields.Many2one(related="entitlement_id.partner_id", string="Beneficiary")
    batch_id = fields.Many2one("g2p.payment.batch", "Payment Batch")
    state = fields.Selection(
        [("issued", "Issued"), ("sent", "Sent"), ("reconciled", "Reconciled")],
        required=True,
        default="issued",
    )
    status = fields.Selection([("paid", "Paid"), ("failed", "Failed")], "Payment Status")
    amount_issued = fields.Monetary(required=True)
    amount_paid = fields.Monetary()
    issuance_date = fields.Datetime(default=fields.Datetime.now)
    payment_datetime = fields.Datetime()
    journal_id = fields.Many2one(
        "account.journal", "Program Journal", compute="_compute_journal_id", store=True
    )
    currency_id = fields.Many2one(related="journal_id.currency_id")
    company_id = fields.Many2one("res.company", default=lambda self: self.env.company)

    @api.depends("entitlement_id.cycle_id.program_id.journal_id")
    def _compute_journal_id(self):
        for payment in self:
            payment.journal_id = payment.entitlement_id.cycle_id.program_id.journal_id
