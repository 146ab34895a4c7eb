from odoo import api, fields, models
from odoo.tools import SQL

from ..redemption import FULLY_REDEEMED, PARTIALLY_REDEEMED, PURCHASE
from .entitlement_facts import Line
from .program import PAYMENTS


class G2PEntitlement(models.Model):
    _name = "g2p.entitlement"
    _inherit = [
        "g2p.entitlement",
        "spp.settlement.mixin",
        "spp.redemption.mixin",
        "spp.settlement.registrant.mixin",
    ]
    _granted_fields = ("initial_amount",)
    _common_columns = ("currency_id",)
    _unit_fields = ("journal_id", "company_id")
    _measure = "amount"

    cycle_id = fields.Many2one(index=True)
    partner_id = fields.Many2one(index=True)
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
        "Left",
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
        # The figures do not follow from these, but what is listed does.
        "valid_from",
        "valid_until",
        "transaction_ids.receipt_number",
        "transaction_ids.service_point_device_id",
        "transaction_ids.service_point_id",
        "transaction_ids.transaction_type",
        "transaction_ids.amount_charged_by_service_point",
        "transaction_ids.currency_id",
        "transaction_ids.timestamp_transaction_created",
        "payment_ids.status",
        "payment_ids.amount_paid",
        "payment_ids.journal_id",
        "payment_ids.company_id",
        "payment_ids.payment_datetime",
        "payment_ids.issuance_date",
    )
    def _compute_redemption(self):
        return super()._compute_redemption()

    @api.model
    def _get_granted_columns(self):
        return [SQL("entitlement.initial_amount::text")]

    @api.model
    def _get_joins_of_granted(self):
        return SQL()

    def _get_movements(self):
        """Return the query of what was bought, or paid out: see `_group_by_day`."""
        by_payments = self.env["g2p.cycle"].sudo().search([("redemption_source", "=", PAYMENTS)])
        cycle_ids = set(by_payments.ids)
        paid_ids = cycle_ids and {
            id_ for id_, cycle_id in self._read_columns("cycle_id") if cycle_id in cycle_ids
        }
        if not paid_ids:
            return self._get_bought()
        bought = self.browse(id_ for id_ in self.ids if id_ not in paid_ids)
        return SQL("%s UNION ALL %s", bought._get_bought(), self.browse(paid_ids)._get_paid())

    def _get_bought(self):
        return SQL(
            """
            SELECT entitlement_id, transaction_type AS kind, currency_id, NULL AS problem,
                amount_charged_by_service_point AS amount, timestamp_transaction_created AS moment,
                NULLIF(receipt_number, '') AS receipt
            FROM %s
            WHERE %s AND amount_charged_by_service_point <> 0
            """,
            self._get_transactions(),
            self._is_one_of_these("entitlement_id"),
        )

    def _get_paid(self):
        self.env["g2p.payment"].flush_model()
        return SQL(
            """
            SELECT payment.entitlement_id, %s AS kind,
                COALESCE(journal.currency_id, company.currency_id) AS currency_id,
                CASE WHEN COALESCE(payment.amount_paid, 0) = 0 THEN 'amount' END AS problem,
                payment.amount_paid AS amount,
                COALESCE(payment.payment_datetime, payment.issuance_date, payment.create_date)
                    AS moment,
                NULL AS receipt
            FROM g2p_payment AS payment
            JOIN g2p_entitlement AS entitlement ON entitlement.id = payment.entitlement_id
            LEFT JOIN account_journal AS journal
                ON journal.id = COALESCE(payment.journal_id, entitlement.journal_id)
            LEFT JOIN res_company AS company ON company.id = COALESCE(
                journal.company_id, payment.company_id, entitlement.company_id
            )
            WHERE %s AND payment.status = 'paid'
            """,
            PURCHASE,
            self._is_one_of_these("payment", "entitlement_id"),
        )

    @api.model
    def _get_line(self, kind, value, currency_id):  # pylint: disable=arguments-differ
        return Line(kind, currency_id, amount=value)

    def _add_up_lines(self, facts, lines, rates=None):
        return self._add_up_money(facts, facts.granted[0], lines, rates)

    @api.model
    def _is_by_transactions(self, cycle):
        return cycle.redemption_source != PAYMENTS

    @api.model
    def _get_moved_columns(self):
        return SQL(
            """
            NULL::integer AS product_id, moved.currency_id, NULL::integer AS uom_id,
            NULL::integer AS own_uom_id,
            moved.amount_charged_by_service_point AS value
            """
        )

    def _get_unit(self):
        """Return what the figures are in."""
        return self.redemption_currency_id

    def _get_factor(self, _product_id, currency_id, _uom_id, moment):
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
