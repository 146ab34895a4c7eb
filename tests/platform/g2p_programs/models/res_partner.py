from odoo import _, api, fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    program_membership_ids = fields.One2many(
        "g2p.program_membership", "partner_id", "Program Memberships"
    )
    cycle_ids = fields.One2many("g2p.cycle.membership", "partner_id", "Cycle Memberships")
    entitlement_ids = fields.One2many("g2p.entitlement", "partner_id", "Entitlements")
    # Stored counts: a new membership or entitlement writes its partner, too.
    program_membership_count = fields.Integer(
        "# Program Memberships", compute="_compute_program_membership_count", store=True
    )
    entitlements_count = fields.Integer(
        "# Cash Entitlements", compute="_compute_entitlements_count", store=True
    )
    cycles_count = fields.Integer("# Cycles", compute="_compute_cycle_count", store=True)

    @api.depends("program_membership_ids")
    def _compute_program_membership_count(self):
        self._count_lines("program_membership_count", "g2p.program_membership")

    @api.depends("entitlement_ids")
    def _compute_entitlements_count(self):
        self._count_lines("entitlements_count", "g2p.entitlement")

    @api.depends("cycle_ids")
    def _compute_cycle_count(self):
        self._count_lines("cycles_count", "g2p.cycle.membership")

    def _count_lines(self, field, model):
        # One search for each partner, as on the platform.
        for partner in self:
            partner[field] = self.env[model].search_count([("partner_id", "=", partner.id)])

    def _open_registrant(self):
        view = "g2p_registry_individual.view_individuals_form"
        if self.is_group:
            view = "g2p_registry_group.view_groups_form"
        return {
            "name": _("Registrant"),
            "type": "ir.actions.act_window",
            "res_model": "res.partner",
            "res_id": self.id,
            "view_mode": "form",
            "view_id": self.env.ref(view).id,
            "target": "new",
            "context": {"default_is_group": self.is_group},
        }
