from odoo import api, fields, models


class SPPComplianceManager(models.Model):
    _name = "spp.compliance.manager"
    _inherit = "g2p.manager.mixin"
    _description = "Compliance Criteria Manager"

    program_id = fields.Many2one("g2p.program", required=True, ondelete="cascade", readonly=True)

    @api.model
    def _selection_manager_ref_id(self):
        return [
            *super()._selection_manager_ref_id(),
            ("g2p.program_membership.manager.default", "Default Manager"),
        ]
