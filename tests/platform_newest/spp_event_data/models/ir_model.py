from odoo import fields, models


class IrModel(models.Model):
    _inherit = "ir.model"

    is_event_model = fields.Boolean(default=False)
