from odoo import fields, models


class DefaultPaymentManager(models.Model):
    """Only there to be there: payments are not part of the stand-in."""

    _name = "g2p.program.payment.manager.default"
    _inherit = "g2p.manager.source.mixin"
    _description = "Default Payment Manager"

    name = fields.Char("Manager Name", required=True)
    program_id = fields.Many2one("g2p.program", required=True)
