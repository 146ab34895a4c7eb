from uuid import uuid4

from odoo import fields, models


class G2PPaymentBatch(models.Model):
    _name = "g2p.payment.batch"
    _description = "Payment Batch"
    _order = "id desc"

    name = fields.Char(
        "Internal Batch Reference #",
        default=lambda self: str(uuid4()),
        readonly=True,
        copy=False,
    )
    cycle_id = fields.Many2one("g2p.cycle", readonly=True)
    program_id = fields.Many2one(related="cycle_id.program_id")
    external_batch_ref = fields.Char("External Batch Reference #")
    batch_has_started = fields.Boolean()
    batch_has_completed = fields.Boolean()
    payment_ids = fields.Many2many("g2p.payment", string="Payments")
