from odoo import _, api, fields, models

from ..redemption import OPEN_STATES
from .amounts_mixin import format_share, set_apart


class CycleRedemption(models.Model):
    """What was granted and redeemed in a cycle, in one currency or unit of measure.

    As of its last settlement, corrections included. Of what is payable or redeemed: a draft or a
    cancelled entitlement grants nothing.
    """

    _name = "spp.cycle.redemption"
    _inherit = ["spp.settlement.guard.mixin", "spp.settlement.amounts.mixin"]
    _description = "Redemption in a Cycle"
    _order = "cycle_id desc, kind, id"
    _rec_name = "cycle_id"

    cycle_id = fields.Many2one("g2p.cycle", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one("res.company")
    kind = fields.Selection([("cash", "Cash"), ("inkind", "In-kind")], required=True)
    entitlement_count = fields.Integer("Entitlements")
    redeemed_share = fields.Float("Redeemed (%)", digits=(16, 1))
    summary = fields.Char(compute="_compute_summary", exportable=False)

    @api.depends("allocated", "redeemed", "balance", "currency_id", "uom_id", "redeemed_share")
    @api.depends_context("lang")
    def _compute_summary(self):
        for row in self:
            row.summary = _(
                "%(redeemed)s of %(granted)s redeemed (%(share)s), %(left)s left",
                redeemed=set_apart(self.env, row.redeemed_shown),
                granted=set_apart(self.env, row.allocated_shown),
                share=format_share(self.env, row.redeemed_share),
                left=set_apart(self.env, row.balance_shown),
            )

    @api.model
    def _compute_of(self, cycle):
        """Put the rows of ``cycle`` as its entitlements are now in place of the stored ones."""
        rows = self.sudo()._as_writer()
        rows.search([("cycle_id", "=", cycle.id)]).unlink()
        for model in cycle._get_entitlement_models().values():
            model.flush_model()
        sums = (
            self.env["spp.redemption.report"]
            .sudo()
            ._read_group(
                [("cycle_id", "=", cycle.id), ("state", "in", OPEN_STATES)],
                ["kind", "currency_id", "uom_id"],
                ["entitlement_count:sum", "allocated:sum", "redeemed:sum", "balance:sum"],
            )
        )
        return rows.create(
            [
                {
                    "cycle_id": cycle.id,
                    "company_id": cycle._get_company().id,
                    "kind": kind,
                    "currency_id": currency.id,
                    "uom_id": uom.id,
                    "entitlement_count": count,
                    "allocated": allocated,
                    "redeemed": redeemed,
                    "balance": balance,
                    "redeemed_share": 100 * redeemed / allocated if allocated else 0,
                }
                for kind, currency, uom, count, allocated, redeemed, balance in sums
            ]
        )

    def action_open_entitlements(self):
        """Open the entitlements of this cycle that are payable or redeemed."""
        self.ensure_one()
        model = self.cycle_id._get_entitlement_models()[self.kind]
        domain = [("cycle_id", "=", self.cycle_id.id), ("state", "in", OPEN_STATES)]
        return self.cycle_id._get_list(_("Entitlements"), model, domain)
