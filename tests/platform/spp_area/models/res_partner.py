from odoo import fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    area_id = fields.Many2one("spp.area")
