from odoo import models

from ..domains import both

MECHANISM = "spp_programs_compliance_criteria.beneficiaries_automated_filtering_mechanism"


class DefaultCycleManager(models.Model):
    _inherit = "g2p.cycle.manager.default"

    def _add_beneficiaries(self, cycle, beneficiaries, state="draft", do_count=False):
        mechanism = self.env["ir.config_parameter"].sudo().get_param(MECHANISM, "0")
        if mechanism == "1" and cycle.program_id.compliance_managers:
            domain = cycle._get_compliance_criteria_domain()
            partners = self.env["res.partner"].sudo()
            beneficiaries = partners.search(both(domain, [("id", "in", beneficiaries)])).ids
        return super()._add_beneficiaries(cycle, beneficiaries, state, do_count)
