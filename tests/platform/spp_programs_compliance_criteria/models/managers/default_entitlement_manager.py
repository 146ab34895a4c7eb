from odoo import models

from .default_cycle_manager import MECHANISM


class DefaultEntitlementManager(models.Model):
    _inherit = "g2p.program.entitlement.manager.default"

    def prepare_entitlements(self, cycle, beneficiaries):
        mechanism = self.env["ir.config_parameter"].sudo().get_param(MECHANISM, "0")
        if mechanism == "2" and cycle.program_id.compliance_managers:
            domain = cycle._get_compliance_criteria_domain()
            satisfied = self.env["res.partner"].sudo().search(domain)
            beneficiaries = beneficiaries.filtered(lambda m: m.partner_id in satisfied)
        return super().prepare_entitlements(cycle, beneficiaries)
