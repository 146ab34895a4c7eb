from odoo import fields, models


class AreaKind(models.Model):
    _name = "spp.area.kind"
    _description = "Kind of Area"

    name = fields.Char(required=True)
