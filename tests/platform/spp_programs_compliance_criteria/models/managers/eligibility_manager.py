from odoo import api, models


class EligibilityManager(models.Model):
    """On the platform, the two kinds of managers come with modules of their own."""

    _inherit = "g2p.eligibility.manager"

    @api.model
    def _selection_manager_ref_id(self):
        return [
            *super()._selection_manager_ref_id(),
            ("g2p.program_membership.manager.sql", "SQL-based Eligibility"),
            ("g2p.program_membership.manager.tags", "Tag-based Eligibility"),
        ]
