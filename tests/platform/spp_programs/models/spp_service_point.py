from odoo import fields, models


class SPPServicePoint(models.Model):
    """Stands in for the module spp_service_points, which the platform can do without."""

    _name = "spp.service.point"
    _description = "Service Point"
    _order = "id desc"

    name = fields.Char("Agent", required=True)
