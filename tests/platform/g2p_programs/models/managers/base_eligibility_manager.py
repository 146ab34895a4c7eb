from odoo import fields, models


class BaseEligibilityManager(models.AbstractModel):
    _name = "g2p.program_membership.manager"
    _inherit = "base.programs.manager"
    _description = "Base Eligibility"

    name = fields.Char("Manager Name", required=True)
    program_id = fields.Many2one("g2p.program", required=True)

    def _prepare_eligible_domain(self, membership=None):
        raise NotImplementedError()

    def _verify_eligibility(self, membership):
        domain = self._prepare_eligible_domain(membership)
        return self.env["res.partner"].search(domain).ids

    def enroll_eligible_registrants(self, program_memberships):
        """Return those of the program's memberships whose registrants are eligible."""
        return self.env["g2p.program_membership"].search(
            [
                ("partner_id", "in", self._verify_eligibility(program_memberships)),
                ("program_id", "=", self.program_id.id),
            ]
        )

    def verify_cycle_eligibility(self, cycle, membership):
        # Returns memberships in every cycle, not in this one only, as on the platform.
        return self.env["g2p.cycle.membership"].search(
            [("partner_id", "in", self._verify_eligibility(membership))]
        )

    def import_eligible_registrants(self, state="draft"):
        """Add the eligible registrants to the program; return how many are new."""
        self.ensure_one()
        known = self.program_id.get_beneficiaries().partner_id
        new = self.env["res.partner"].search(self._prepare_eligible_domain()) - known
        self.env["g2p.program_membership"].create(
            [
                {"program_id": self.program_id.id, "partner_id": partner.id, "state": state}
                for partner in new
            ]
        )
        return len(new)
