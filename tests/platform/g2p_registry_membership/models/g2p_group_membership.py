from odoo import _, api, fields, models
from odoo.exceptions import ValidationError


class G2PGroupMembership(models.Model):
    _name = "g2p.group.membership"
    _description = "Group Membership"
    _order = "id desc"
    _rec_names_search = ["group"]

    group = fields.Many2one(
        "res.partner",
        required=True,
        domain=[("is_group", "=", True), ("is_registrant", "=", True)],
    )
    individual = fields.Many2one(
        "res.partner",
        required=True,
        domain=[("is_group", "=", False), ("is_registrant", "=", True)],
    )
    kind = fields.Many2many("g2p.group.membership.kind")
    start_date = fields.Datetime(default=lambda self: fields.Datetime.now())
    ended_date = fields.Datetime()
    # Both are stored and recomputed only when the date is written: a membership whose date
    # of end was in the future when it was written never ends here by itself.
    status = fields.Selection(
        [("inactive", "Inactive"), ("active", " ")], compute="_compute_status", store=True
    )
    is_ended = fields.Boolean(default=False, compute="_compute_is_ended", store=True)
    individual_birthdate = fields.Date(related="individual.birthdate")
    individual_gender = fields.Selection(related="individual.gender")

    @api.depends("group")
    def _compute_display_name(self):
        for membership in self:
            membership.display_name = membership.group.name or "NONE"

    @api.depends("ended_date")
    def _compute_is_ended(self):
        now = fields.Datetime.now()
        for membership in self:
            membership.is_ended = bool(membership.ended_date and membership.ended_date <= now)

    @api.depends("ended_date")
    def _compute_status(self):
        now = fields.Datetime.now()
        for membership in self:
            ended = membership.ended_date and membership.ended_date <= now
            membership.status = "inactive" if ended else "active"

    @api.constrains("individual")
    def _check_group_members(self):
        for membership in self:
            others = membership.group.group_membership_ids - membership
            if membership.individual in others.individual:
                raise ValidationError(_("A person is a member of a group once."))

    @api.constrains("ended_date")
    def _check_ended_date(self):
        for membership in self:
            if membership.ended_date and membership.ended_date < membership.start_date:
                raise ValidationError(_("A membership cannot end before its start."))

    @api.model_create_multi
    def create(self, vals_list):
        memberships = super().create(vals_list)
        memberships._recompute_parent_groups(memberships.group)
        return memberships

    def write(self, vals):
        res = super().write(vals)
        self._recompute_parent_groups(self.group)
        return res

    def unlink(self):
        groups = self.group
        res = super().unlink()
        self._recompute_parent_groups(groups)
        return res

    def _recompute_parent_groups(self, groups):
        # Its computation queues a job: one for each time that groups are recomputed.
        field = self.env["res.partner"]._fields["force_recompute_canary"]
        self.env.add_to_compute(field, groups)

    def open_individual_form(self):
        return self._open_partner(self.individual, "g2p_registry_individual.view_individuals_form")

    def open_group_form(self):
        return self._open_partner(self.group, "g2p_registry_group.view_groups_form")

    def _open_partner(self, partner, view):
        return {
            "name": partner.display_name,
            "type": "ir.actions.act_window",
            "res_model": "res.partner",
            "res_id": partner.id,
            "view_mode": "form",
            "view_id": self.env.ref(view).id,
            "target": "new",
            "context": {"default_is_group": partner.is_group},
        }
