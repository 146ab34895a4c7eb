from odoo import fields, models


class G2PPayment(models.Model):
    _inherit = "g2p.payment"

    entitlement_id = fields.Many2one(index=True)
