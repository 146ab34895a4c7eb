from odoo import api, fields, models
from odoo.tools import SQL

from ..redemption import FULLY_REDEEMED, PARTIALLY_REDEEMED, PURCHASE
from .program import PAYMENTS


class G2PEntitlement(models.Model):
    _name = "g2p.entitlement"
    _inherit = ["g2p.entitlement", "spp.settlement.mixin", "spp.redemption.mixin"]

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
        help="What was bought, the purchases less the voids; or what was paid out, if the cycle "
        "goes by payments.",
    )
    entitlement_balance = fields.Monetary(
        compute="_compute_redemption",
        store=True,
        currency_field="redemption_currency_id",
        help="What is left of the amount. Below zero when more was redeemed than granted.",
    )
    redemption_source = fields.Selection(related="cycle_id.redemption_source")

    @api.depends(
        "initial_amount",
        "journal_id",
        "company_id",
        "cycle_id",
        "transaction_ids.transaction_type",
        "transaction_ids.amount_charged_by_service_point",
        "transaction_ids.currency_id",
        "transaction_ids.timestamp_transaction_created",
        "payment_ids.status",
        "payment_ids.amount_paid",
        "payment_ids.journal_id",
        "payment_ids.payment_datetime",
    )
    def _compute_redemption(self):
        return super()._compute_redemption()

    def _get_redemptions(self):
        bought, paid = [], []
        for *facts, source in self._read_facts("initial_amount", "journal_id"):
            (paid if source == PAYMENTS else bought).append(facts)
        redemptions = {}
        for rows, get_movements in (
            (bought, type(self)._get_money_transactions),
            (paid, type(self)._get_payments),
        ):
            entitlements = self.browse(row[0] for row in rows)
            redemptions |= entitlements._get_money_redemptions(rows, get_movements)
        return redemptions

    def _get_payments(self):
        """Return the query of what was paid out for these entitlements: see `_sum_money`."""
        self.env["g2p.payment"].flush_model()
        return SQL(
            """
            SELECT payment.entitlement_id, %s AS kind,
                COALESCE(journal.currency_id, company.currency_id) AS currency_id,
                COALESCE(payment.payment_datetime, payment.issuance_date, payment.create_date)
                    AS moment,
                payment.amount_paid AS amount,
                CASE WHEN COALESCE(payment.amount_paid, 0) = 0 THEN 'amount' END AS problem
            FROM g2p_payment AS payment
            JOIN g2p_entitlement AS entitlement ON entitlement.id = payment.entitlement_id
            LEFT JOIN account_journal AS journal
                ON journal.id = COALESCE(payment.journal_id, entitlement.journal_id)
            LEFT JOIN res_company AS company
                ON company.id = COALESCE(journal.company_id, payment.company_id)
            WHERE payment.entitlement_id = ANY(%s::integer[]) AND payment.status = 'paid'
            """,
            PURCHASE,
            self._get_ids_literal(),
        )

    @api.model
    def _is_by_transactions(self, cycle):
        return cycle.redemption_source != PAYMENTS

    def _get_suspicions(self):
        # Of a payment there is no receipt, and its day is not the beneficiary's.
        return super()._get_suspicions() if self._is_by_transactions(self[:1].cycle_id) else {}

    @api.model
    def _get_moved_columns(self):
        return SQL(
            """
            NULL::integer AS product_id, moved.currency_id, NULL::integer AS uom_id,
            moved.amount_charged_by_service_point AS value
            """
        )

    def _get_factor(self, currency_id, _uom_id, moment):
        return self._get_currency_factor(currency_id, moment)

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
