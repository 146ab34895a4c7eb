from odoo import _, api, fields, models
from odoo.exceptions import ValidationError


class ResPartner(models.Model):
    _inherit = "res.partner"

    group_membership_ids = fields.One2many("g2p.group.membership", "group", "Group Members")
    individual_membership_ids = fields.One2many(
        "g2p.group.membership", "individual", "Membership to Groups"
    )
    force_recompute_canary = fields.Datetime(compute="_compute_force_recompute_group", store=True)
    z_ind_grp_num_individuals = fields.Integer(
        "Number of individuals", compute="_compute_ind_grp_num_individuals", store=True
    )

    @api.model_create_multi
    def create(self, vals_list):
        # One partner at a time, as on the platform: a thousand cost a thousand inserts.
        return self.browse().concat(*(self._create_one(vals) for vals in vals_list))

    def _create_one(self, vals):
        partner = super().create([vals])
        partner._recompute_parent_groups()
        return partner

    def write(self, vals):
        res = super().write(vals)
        for partner in self:
            # Searched anew for each partner, as on the platform.
            partner._check_unique_kinds()
        self._recompute_parent_groups()
        return res

    def _check_unique_kinds(self):
        for kind in self.env["g2p.group.membership.kind"].search([("is_unique", "=", True)]):
            if len(self.group_membership_ids.filtered(lambda m, k=kind: k in m.kind)) > 1:
                raise ValidationError(_("A group has one %(kind)s only.", kind=kind.name))

    def _recompute_parent_groups(self):
        field = self._fields["force_recompute_canary"]
        for person in self.filtered(lambda p: p.is_registrant and not p.is_group):
            groups = person.individual_membership_ids.group
            for group in groups:
                group._check_unique_kinds()
            self.env.add_to_compute(field, groups)

    def _compute_force_recompute_group(self):
        self.with_delay(priority=5, channel="root.recompute_indicators").recompute_indicators()
        for group in self:
            group.force_recompute_canary = fields.Datetime.now()

    def _compute_ind_grp_num_individuals(self):
        counts = dict(self.count_individuals())
        for partner in self:
            partner.z_ind_grp_num_individuals = counts.get(partner.id, 0)

    def recompute_indicators(self, recomputed_fields=None):
        names = recomputed_fields or ["z_ind_grp_num_individuals"]
        for name in names:
            self.env.add_to_compute(self._fields[name], self)

    def count_individuals(self, relationship_kinds=None, domain=None):
        """Count the members of groups.

        :param relationship_kinds: names of membership kinds, or None for all
        :param domain: a domain on the individuals, or None for all
        :return: list of (group id, number), groups without a member left out
        """
        groups = self.filtered("is_group")
        if not groups.group_membership_ids:
            return []
        of_groups = [
            ("individual_membership_ids.group", "in", groups.ids),
            ("disabled", "=", False),
        ]
        members = self.search([*of_groups, *(domain or [])])
        conditions = [
            ("group", "in", groups.ids),
            ("is_ended", "=", False),
            ("individual", "in", members.ids),
        ]
        if relationship_kinds:
            conditions.append(("kind.name", "in", relationship_kinds))
        counted = self.env["g2p.group.membership"]._read_group(conditions, ["group"], ["__count"])
        return [(group.id, count) for group, count in counted]
