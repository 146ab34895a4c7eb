from odoo import fields, models


class AreaKind(models.Model):
    _name = "spp.area.kind"
    _description = "Kind of Area"
    _parent_store = True
    _order = "parent_id, name"

    parent_id = fields.Many2one("spp.area.kind")
    parent_path = fields.Char(index=True)
    name = fields.Char(required=True)
