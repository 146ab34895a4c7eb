from collections import defaultdict
from decimal import Decimal

from odoo import api, fields, models

from ..redemption import PROBLEMS, Movement, Redemption, sum_up


class RedemptionMixin(models.AbstractModel):
    """What has been redeemed of an entitlement, cash or in-kind: the figures.

    A model that inherits it brings ``transaction_ids``, ``redeemed`` and ``entitlement_balance``
    (both stored, computed by `_compute_redemption`), and `_get_redemptions`.
    """

    _name = "spp.redemption.mixin"
    _description = "Redemption of an Entitlement"

    redemption_currency_id = fields.Many2one(
        "res.currency", compute="_compute_redemption_currency_id"
    )
    redemption_problem = fields.Selection(
        PROBLEMS,
        compute="_compute_redemption",
        store=True,
        help="Why the transactions of this entitlement can't be added up.",
    )

    @api.depends("journal_id", "company_id")
    def _compute_redemption_currency_id(self):
        for entitlement in self:
            # On the platform a journal without a currency is in its company's.
            journal = entitlement.journal_id
            company = journal.company_id or entitlement.company_id or self.env.company
            entitlement.redemption_currency_id = journal.currency_id or company.currency_id

    def _compute_redemption(self):
        redemptions = self._get_redemptions()
        nothing = Redemption()  # of an entitlement that is not saved yet
        for entitlement in self:
            redemption = redemptions.get(entitlement._origin.id, nothing)
            entitlement.update(self._get_figures(redemption))

    @api.model
    def _get_figures(self, redemption):
        """Return a redemption as values of the entitlement's stored fields."""
        return {
            "redeemed": float(redemption.redeemed),
            "entitlement_balance": float(redemption.balance),
            "redemption_problem": redemption.problem,
        }

    def _get_redemptions(self):
        """Add up the transactions of these entitlements, with aggregate queries.

        :return: a dict from entitlement id to `redemption.Redemption`
        """
        raise NotImplementedError

    def _read_columns(self, *columns):
        """Return the rows (id, \\*columns) of these entitlements.

        In SQL, because a cycle has a million of them and a record costs ten times a row. The range
        keeps PostgreSQL from reading the whole table for a batch, whose ids lie side by side.
        """
        ids = self.ids
        if not ids:
            return []
        self.flush_model(columns)
        self.env.cr.execute(
            f"SELECT id, {', '.join(columns)} FROM {self._table}"
            " WHERE id = ANY(%s::integer[]) AND id BETWEEN %s AND %s",
            [self._get_ids_literal(), min(ids), max(ids)],
        )
        return self.env.cr.fetchall()

    def _get_ids_literal(self):
        """Return the ids as one PostgreSQL array, which it parses faster than a list of numbers."""
        return "{" + ",".join(map(str, self.ids)) + "}"

    def _sum_transactions(self, measure, *columns):
        """Sum the transactions of these entitlements.

        :param measure: the column to sum
        :param columns: what to group by beside the entitlement, SQL expressions
        :return: rows (entitlement id, \\*columns, sum as text, whether a value is below 0,
            whether one is not 0)
        """
        if not self.ids:
            return []
        transactions = self.env[self._fields["transaction_ids"].comodel_name]
        transactions.flush_model()
        self.env.cr.execute(
            f"SELECT entitlement_id, {', '.join(columns)}, "
            f"COALESCE(SUM({measure}), 0)::text, BOOL_OR({measure} < 0), BOOL_OR({measure} <> 0) "
            f"FROM {transactions._table} WHERE entitlement_id = ANY(%s::integer[]) "
            f"GROUP BY entitlement_id, {', '.join(columns)}",
            [self._get_ids_literal()],
        )
        return self.env.cr.fetchall()

    def _get_money_redemptions(self, rows):
        """Add up the transactions by money.

        :param rows: (entitlement id, amount granted, journal id, company id)
        :return: a dict from entitlement id to `redemption.Redemption`
        """
        currency_id_by_key = {}  # by journal and company: the same few, a million times
        rounding_by_id = {}
        currency_ids = {}
        for entitlement_id, _amount, journal_id, company_id in rows:
            key = (journal_id, company_id)
            if key not in currency_id_by_key:
                currency = self.sudo().browse(entitlement_id).redemption_currency_id
                currency_id_by_key[key] = currency.id
                rounding_by_id[currency.id] = currency.rounding
            currency_ids[entitlement_id] = currency_id_by_key[key]
        movements = self._get_money_movements(currency_ids)
        redemptions = {}
        for entitlement_id, amount, _journal_id, _company_id in rows:
            currency_id = currency_ids[entitlement_id]
            redemptions[entitlement_id] = sum_up(
                amount,
                movements.get(entitlement_id, ()),
                rounding_by_id[currency_id],
                currency_id=currency_id,
            )
        return redemptions

    def _get_money_movements(self, currency_ids):
        """Sum the transactions by money.

        :param currency_ids: a dict from entitlement id to the id of its currency
        :return: a dict from entitlement id to a list of `redemption.Movement`, in the currency
            of the entitlement
        """
        measure = "amount_charged_by_service_point"
        movements = defaultdict(list)
        foreign_ids = set()
        for entitlement_id, kind, currency_id, total, has_negative, _any in self._sum_transactions(
            measure, "transaction_type", "currency_id"
        ):
            if currency_id == currency_ids[entitlement_id]:
                movements[entitlement_id].append(Movement(kind, Decimal(total), has_negative))
            else:
                foreign_ids.add(entitlement_id)
        # What was paid in another currency counts at the rate of its day; it is rare.
        foreign = self.browse(foreign_ids)
        for (
            entitlement_id,
            kind,
            currency_id,
            day,
            total,
            has_negative,
            _any,
        ) in foreign._sum_transactions(
            measure, "transaction_type", "currency_id", "timestamp_transaction_created::date"
        ):
            own_currency_id = currency_ids[entitlement_id]
            if currency_id != own_currency_id:
                value, problem = foreign.browse(entitlement_id)._convert_money(
                    float(total), currency_id, own_currency_id, day
                )
                movements[entitlement_id].append(Movement(kind, value, has_negative, problem))
        return movements

    def _convert_money(self, amount, currency_id, own_currency_id, day):
        """Convert to the entitlement's currency at the rate of ``day``.

        :return: the amount, and the problem (one of `redemption.PROBLEMS`) or ``None``
        """
        company = self.company_id or self.env.company
        currency, own_currency = self.env["res.currency"].browse([currency_id, own_currency_id])
        for each in currency | own_currency:
            # Without a rate Odoo converts at 1, which would be a guess about somebody's money.
            if each != company.currency_id and not self.env["res.currency.rate"].search_count(
                [
                    ("currency_id", "=", each.id),
                    ("name", "<=", day),
                    ("company_id", "in", [False, company.root_id.id]),
                ],
                limit=1,
            ):
                return 0, "currency"
        return currency._convert(amount, own_currency, company, day, round=False), None
