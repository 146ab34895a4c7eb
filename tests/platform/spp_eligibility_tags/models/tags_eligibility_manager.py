from odoo import fields, models


class TagBasedEligibilityManager(models.Model):
    _name = "g2p.program_membership.manager.tags"
    _inherit = ["g2p.program_membership.manager", "g2p.manager.source.mixin"]
    _description = "Tag-based Eligibility"

    tags_id = fields.Many2one("g2p.registrant.tags")

    def _prepare_eligible_domain(self, membership=None):
        domain = [("disabled", "=", False)]
        if membership:
            domain.insert(0, ("id", "in", membership.partner_id.ids))
        if self.program_id.target_type:
            domain.append(("is_group", "=", self.program_id.target_type == "group"))
        if self.tags_id:
            domain.append(("tags_ids", "=", self.tags_id.id))
        return domain
