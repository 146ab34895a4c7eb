from odoo import api, fields, models


class Area(models.Model):
    _name = "spp.area"
    _description = "Area"
    _parent_store = True
    _order = "parent_id, name"

    parent_id = fields.Many2one("spp.area")
    parent_path = fields.Char(index=True)
    draft_name = fields.Char(required=True, translate=True)
    code = fields.Char()
    level = fields.Integer()
    name = fields.Char(compute="_compute_name", store=True, translate=True)
    kind = fields.Many2one("spp.area.kind")

    _sql_constraints = [("code_unique", "unique (code)", "There is an area of this code already.")]

    @api.depends("draft_name", "code")
    def _compute_name(self):
        for area in self:
            area.name = " - ".join(filter(None, (area.code, area.draft_name)))
