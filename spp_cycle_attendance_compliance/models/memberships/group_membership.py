from odoo import fields, models


class GroupMembership(models.Model):
    _inherit = "g2p.group.membership"

    # Each intake looks up the members of its households, and some persons' households.
    group = fields.Many2one(index=True)
    individual = fields.Many2one(index=True)
