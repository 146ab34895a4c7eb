from odoo import fields, models


class G2PProgram(models.Model):
    _inherit = "g2p.program"

    compliance_managers = fields.One2many("spp.compliance.manager", "program_id")
