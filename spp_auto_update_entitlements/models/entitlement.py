from odoo import api, fields, models

from ..redemption import FULLY_REDEEMED, PARTIALLY_REDEEMED


class G2PEntitlement(models.Model):
    _name = "g2p.entitlement"
    _inherit = ["g2p.entitlement", "spp.settlement.mixin"]

    cycle_id = fields.Many2one(index=True)
    state = fields.Selection(
        selection_add=[
            (PARTIALLY_REDEEMED, "Partially Redeemed/Paid to Beneficiary"),
            (FULLY_REDEEMED,),
        ],
        # Without this addon nobody may be paid a second time for what was redeemed in part.
        ondelete={PARTIALLY_REDEEMED: lambda records: records.write({"state": FULLY_REDEEMED})},
    )
    transaction_ids = fields.One2many(
        "spp.entitlement.transactions", "entitlement_id", "Transactions", readonly=True
    )
    redeemed = fields.Monetary(
        compute="_compute_redemption",
        store=True,
        currency_field="redemption_currency_id",
        help="The sum of the purchases less the sum of the voids.",
    )
    entitlement_balance = fields.Monetary(
        compute="_compute_redemption",
        store=True,
        currency_field="redemption_currency_id",
        help="What is left of the amount. Below zero when more was redeemed than granted.",
    )

    @api.depends(
        "initial_amount",
        "journal_id",
        "company_id",
        "transaction_ids.transaction_type",
        "transaction_ids.amount_charged_by_service_point",
        "transaction_ids.currency_id",
        "transaction_ids.timestamp_transaction_created",
    )
    def _compute_redemption(self):
        return super()._compute_redemption()

    def _get_redemptions(self):
        rows = self._read_columns("initial_amount", "journal_id", "company_id")
        return self._get_money_redemptions(rows)

    @api.model
    def _get_computed_values(self, state):
        computed = super()._get_computed_values(state)
        if state != "approved" and self._is_ern_the_platforms():
            computed["ern"] = False
        return computed

    @api.model
    def _is_ern_the_platforms(self):
        """Tell that no other addon has its own way to compute the ERN."""
        name = "_compute_generate_ern"
        module = getattr(self, name).__module__
        return self._fields["ern"].compute == name and module.startswith(
            "odoo.addons.g2p_programs."
        )
