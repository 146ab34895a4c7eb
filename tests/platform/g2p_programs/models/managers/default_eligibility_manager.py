from odoo import fields, models


class DefaultEligibilityManager(models.Model):
    _name = "g2p.program_membership.manager.default"
    _inherit = ["g2p.program_membership.manager", "g2p.manager.source.mixin"]
    _description = "Simple Eligibility"

    eligibility_domain = fields.Text("Domain", default="[]")

    def _prepare_eligible_domain(self, membership=None):
        domain = [("disabled", "=", False), ("is_registrant", "=", True)]
        if membership is not None:
            domain.insert(0, ("id", "in", membership.partner_id.ids))
        if self.program_id.target_type:
            domain.append(("is_group", "=", self.program_id.target_type == "group"))
        return domain + self._safe_eval(self.eligibility_domain)
