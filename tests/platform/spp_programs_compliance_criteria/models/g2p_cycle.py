from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from .domains import any_of


class G2PCycle(models.Model):
    _inherit = "g2p.cycle"

    allow_filter_compliance_criteria = fields.Boolean(
        compute="_compute_allow_filter_compliance_criteria"
    )
    all_members_count = fields.Integer("# Enrollments", compute="_compute_all_members_count")

    @api.depends("program_id.compliance_managers")
    def _compute_allow_filter_compliance_criteria(self):
        for cycle in self:
            cycle.allow_filter_compliance_criteria = bool(cycle.program_id.compliance_managers)

    def _compute_all_members_count(self):
        for cycle in self:
            cycle.all_members_count = self.env["g2p.cycle.membership"].search_count(
                cycle._get_beneficiaries_domain()
            )

    def action_filter_beneficiaries_by_compliance_criteria(self):
        self.ensure_one()
        if not self.program_id.compliance_managers:
            raise ValidationError(_("The program has no compliance manager."))
        members = self.cycle_membership_ids
        if self.state not in ("draft", "to_approve") or not members:
            return
        partners = self.env["res.partner"].sudo()
        satisfied = partners.search(self._get_compliance_criteria_domain())
        refused = members.filtered(lambda member: member.partner_id not in satisfied)
        refused.state = "non_compliant"
        # Whatever they were before: paused and exited ones come back, as on the platform.
        (members - refused).state = "enrolled"

    def _get_compliance_criteria_domain(self):
        self.ensure_one()
        domains = []
        for wrapper in self.program_id.compliance_managers:
            manager = wrapper.manager_ref_id
            if manager._name == "g2p.program_membership.manager.sql":
                domains.append([("id", "in", manager._get_beneficiaries_sql_query())])
            else:
                # Without members, None: the whole registry is looked at.
                members = self.cycle_membership_ids or None
                domains.append(manager._prepare_eligible_domain(members))
        return any_of(domains)

    def open_members_form(self):
        action = super().open_members_form()
        action["name"] = _("Cycle Beneficiaries")
        return action

    def open_all_members_form(self):
        self.ensure_one()
        return {
            "name": _("Cycle Members"),
            "type": "ir.actions.act_window",
            "res_model": "g2p.cycle.membership",
            "view_mode": "list,form",
            "domain": [("cycle_id", "=", self.id)],
            "context": {"create": False, "default_cycle_id": self.id},
        }
