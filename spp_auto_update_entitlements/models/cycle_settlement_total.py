from odoo import api, fields, models
from odoo.tools import SQL

from ..redemption import OPEN_STATES, OUTCOMES, to_decimal
from .settlement_mixin import READER_VIEW

# Outcomes of entitlements in any state, that count as granted only where these are payable. Each
# is an exception, so each of these entitlements is a line of its settlement.
OF_ANY_STATE = ("over_voided", "unreadable")


class CycleSettlementTotal(models.Model):
    """Counts and amounts of one outcome of a settlement, in one currency or unit of measure."""

    _name = "spp.cycle.settlement.total"
    _inherit = ["spp.settlement.guard.mixin", "spp.settlement.amounts.mixin"]
    _description = "Cycle Settlement Total"
    _order = "settlement_id, kind, id"

    settlement_id = fields.Many2one(
        "spp.cycle.settlement", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="settlement_id.company_id")
    kind = fields.Selection([("cash", "Cash"), ("inkind", "In-kind")], required=True)
    outcome = fields.Selection(OUTCOMES, required=True)
    count = fields.Integer("Entitlements")
    redeemed_share = fields.Float("Redeemed (%)", compute="_compute_redeemed_share")
    # Of the outcomes that entitlements in any state have, the part that grants nothing: without a
    # figure, as of settlements before there was one, all of it does. See `_find_unpayable`.
    unpayable_count = fields.Integer()
    unpayable_allocated = fields.Float(digits=0)
    unpayable_redeemed = fields.Float(digits=0)

    @api.model
    def _prepare_vals(
        self,
        kind,
        key,
        count,
        allocated,
        redeemed,
        unpayable_count,
        unpayable_allocated,
        unpayable_redeemed,
    ):
        """Return the values of a total.

        :param key: (outcome, currency id, unit id)
        :param allocated: what was granted, a `Decimal`, as is ``redeemed``
        :param unpayable_count: how many of them are neither payable nor redeemed
        """
        outcome, currency_id, uom_id = key
        return {
            "kind": kind,
            "outcome": outcome,
            "currency_id": currency_id,
            "uom_id": uom_id,
            "count": count,
            "allocated": float(allocated),
            "redeemed": float(redeemed),
            "balance": float(allocated - redeemed),
            "unpayable_count": unpayable_count,
            "unpayable_allocated": float(unpayable_allocated),
            "unpayable_redeemed": float(unpayable_redeemed),
        }

    def _get_sums(self):
        """Return what `spp.cycle.settlement._sum_up` returned for this total."""
        return (
            self.count,
            to_decimal(self.allocated),
            to_decimal(self.redeemed),
            self.unpayable_count,
            to_decimal(self.unpayable_allocated),
            to_decimal(self.unpayable_redeemed),
        )

    @api.model
    def _find_unpayable(self):
        """Find, by their lines, what grants nothing in totals that were made without that figure.

        Where the lines are not as many as the total counts, nobody can tell: it stays as it was.
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                UPDATE spp_cycle_settlement_total AS total
                SET unpayable_count = found.count, unpayable_allocated = found.allocated,
                    unpayable_redeemed = found.redeemed
                FROM (
                    SELECT own.id,
                        count(line.id) FILTER (WHERE line.state_after NOT IN %(open)s) AS count,
                        coalesce(sum(line.allocated) FILTER (
                            WHERE line.state_after NOT IN %(open)s), 0) AS allocated,
                        coalesce(sum(line.redeemed) FILTER (
                            WHERE line.state_after NOT IN %(open)s), 0) AS redeemed
                    FROM spp_cycle_settlement_total AS own
                    LEFT JOIN spp_cycle_settlement_line AS line
                        ON line.settlement_id = own.settlement_id AND line.outcome = own.outcome
                            AND line.currency_id IS NOT DISTINCT FROM own.currency_id
                            AND line.uom_id IS NOT DISTINCT FROM own.uom_id
                            AND (line.inkind_entitlement_id IS NULL) = (own.kind = 'cash')
                    WHERE own.unpayable_count IS NULL AND own.outcome IN %(outcomes)s
                    GROUP BY own.id, own.count
                    HAVING count(line.id) = own.count
                ) AS found
                WHERE found.id = total.id
                """,
                open=OPEN_STATES,
                outcomes=OF_ANY_STATE,
            )
        )
        self.invalidate_model()

    @api.depends("allocated", "redeemed")
    def _compute_redeemed_share(self):
        for total in self:
            total.redeemed_share = total.redeemed / total.allocated if total.allocated else 0

    def action_open_entitlements(self):
        """Open the entitlements behind this total that no later settlement has touched."""
        self.ensure_one()
        cycle = self.settlement_id.cycle_id
        model = cycle._get_entitlement_models()[self.kind]
        domain = [
            ("cycle_id", "=", cycle.id),
            ("settlement_id", "=", self.settlement_id.id),
            ("settlement_outcome", "=", self.outcome),
        ]
        same_outcome = self.settlement_id.total_ids.filtered_domain(
            [("kind", "=", self.kind), ("outcome", "=", self.outcome)]
        )
        if len(same_outcome) > 1:
            domain += self._get_unit_domain(model, domain)
        label = dict(self._fields["outcome"]._description_selection(self.env))[self.outcome]
        return {
            "type": "ir.actions.act_window",
            "name": label,
            "res_model": model._name,
            "view_mode": "list,form",
            "domain": domain,
            "context": {"create": False, **READER_VIEW},
        }

    def _get_unit_domain(self, model, domain):
        """Return which of the entitlements in ``domain`` have this total's currency or unit.

        No column says so: it follows from those by which they are grouped here.
        """
        names = model._unit_fields
        found = [(0, "=", 1)]
        for *_values, first_id in model._read_group(domain, names, ["id:min"]):
            first = model.browse(first_id)
            if first._get_unit() == (self.currency_id or self.uom_id):
                alike = first.read(names, load=None)[0]
                conditions = [(name, "=", alike[name]) for name in names]
                found = ["|", *found, *["&"] * (len(names) - 1), *conditions]
        return found
