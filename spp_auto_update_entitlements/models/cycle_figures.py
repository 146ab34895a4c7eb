from markupsafe import Markup

from odoo import _, api, fields, models

from ..redemption import GRANTED_STATES
from .settlement_mixin import READER_VIEW

ACTIVITY = "spp_auto_update_entitlements.mail_activity_lines_to_look_at"


class G2PCycle(models.Model):
    """What the form of a cycle shows: of a million entitlements, aggregates."""

    _inherit = "g2p.cycle"

    settlement_count = fields.Integer(compute="_compute_settlement_count")
    unredeemed_count = fields.Integer(
        "Nothing Redeemed Yet",
        compute="_compute_unredeemed_counts",
        help="Payable cash entitlements of which nothing was redeemed.",
    )
    unredeemed_inkind_count = fields.Integer(
        "Nothing Redeemed Yet, In-kind",
        compute="_compute_unredeemed_counts",
        help="Payable in-kind entitlements of which nothing was redeemed.",
    )

    @api.depends("entitlement_ids")
    def _compute_total_amount(self):
        """Sum in the database: the platform reads every entitlement."""
        sums = dict(
            self.env["g2p.entitlement"]._read_group(
                [("cycle_id", "in", self.ids)], ["cycle_id"], ["initial_amount:sum"]
            )
        )
        for cycle in self:
            cycle.total_amount = sums.get(cycle._origin, 0)

    def _compute_show_approve_entitlement(self):
        """Look for one that is not approved: the platform reads every entitlement."""
        for cycle in self:
            cycle.show_approve_entitlements_button = not self.env["g2p.entitlement"].search_count(
                [("cycle_id", "=", cycle._origin.id), ("state", "!=", "approved")], limit=1
            )

    def _compute_settlement_count(self):
        counts = dict(
            self.env["spp.cycle.settlement"]
            .sudo()
            ._read_group([("cycle_id", "in", self.ids)], ["cycle_id"], ["__count"])
        )
        for cycle in self:
            cycle.settlement_count = counts.get(cycle, 0)

    def _get_unredeemed_domain(self):
        return [("cycle_id", "in", self.ids), ("state", "in", GRANTED_STATES), ("redeemed", "=", 0)]

    def _compute_unredeemed_counts(self):
        models_by_kind = self._get_entitlement_models()
        for cycle in self:
            domain = cycle._get_unredeemed_domain()
            cycle.unredeemed_count = models_by_kind["cash"].search_count(domain)
            cycle.unredeemed_inkind_count = models_by_kind["inkind"].search_count(domain)

    def action_open_unredeemed(self):
        """Open the payable cash entitlements of which nothing was redeemed yet."""
        return self._open_unredeemed("cash")

    def action_open_unredeemed_inkind(self):
        """Open the payable in-kind entitlements of which nothing was redeemed yet."""
        return self._open_unredeemed("inkind")

    def _open_unredeemed(self, kind):
        self.ensure_one()
        model = self._get_entitlement_models()[kind]
        return self._get_list(_("Nothing Redeemed Yet"), model, self._get_unredeemed_domain())

    def action_open_settlements(self):
        """Open the settlements of this cycle."""
        self.ensure_one()
        settlements = self.env["spp.cycle.settlement"]
        return self._get_list(_("Settlements"), settlements, [("cycle_id", "=", self.id)])

    def action_open_service_points(self):
        """Open what each service point redeemed in this cycle, as it is now."""
        self.ensure_one()
        # Where all is settled nothing has moved since, and a million of them take long to add up.
        if self._has_entitlements_to_settle() or self._is_summary_stale():
            self._sum_up_service_points()
        rows = self.env["spp.service.point.redemption"]
        domain = [("cycle_id", "=", self.id)]
        return self._get_list(_("Service Points"), rows, domain, "list,kanban,pivot,graph")

    @api.model
    def _get_list(self, title, model, domain, view_mode="list,form"):
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": model._name,
            "view_mode": view_mode,
            "domain": domain,
            "context": {"create": False, **READER_VIEW},
        }

    def _refresh_service_points(self):
        if self._is_summary_stale():
            self._sum_up_service_points()

    def _sum_up_service_points(self):
        self.env["spp.service.point.redemption"]._compute_of(self)

    def _is_summary_stale(self):
        """Tell whether a settlement is newer than what is summed up of the service points."""
        # Both are when a transaction began, by the database's clock: what is summed up in one that
        # began after the settlement's last has seen all that was settled.
        last = self.sudo().settlement_ids[:1]
        rows = self.env["spp.service.point.redemption"].sudo()
        newest = rows.search([("cycle_id", "=", self.id)], order="write_date desc", limit=1)
        return bool(last) and (not newest or newest.write_date < last.write_date)

    def _remind_of_open_lines(self):
        """Keep one activity for the responsible manager while lines are to be looked at."""
        counts = dict(
            self.env["spp.cycle.settlement.line"]
            .sudo()
            ._read_group(
                [("cycle_id", "in", self.ids), ("status", "=", "open")], ["cycle_id"], ["__count"]
            )
        )
        for cycle in self.sudo():
            cycle.activity_unlink([ACTIVITY])
            if counts.get(cycle):
                cycle.activity_schedule(
                    ACTIVITY,
                    user_id=cycle._get_responsible_user().id,
                    note=Markup("<p>%s</p>")
                    % _(
                        "Entitlements of this cycle that a person has to look at: %(count)s. Under "
                        "Programs > Cycles > Lines to Look At, clear each with a remark.",
                        count=counts[cycle],
                    ),
                )
