from collections import defaultdict
from decimal import Decimal

from odoo import api, fields, models
from odoo.tools import SQL

from ..redemption import PROBLEMS, Movement, Redemption, sum_up, to_decimal


class RedemptionMixin(models.AbstractModel):
    """What has been redeemed of an entitlement, cash or in-kind: the figures.

    A model that inherits it brings ``redeemed`` and ``entitlement_balance`` (both stored, computed
    by `_compute_redemption`), and `_get_redemptions`.
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
        help="Why what moved of this entitlement can't be added up.",
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
        """Add up what moved of these entitlements, with aggregate queries.

        :return: a dict from entitlement id to `redemption.Redemption`; where two are alike, it is
            the same object
        """
        raise NotImplementedError

    def _read_columns(self, *columns):
        """Return the rows (id, \\*columns) of these entitlements.

        In SQL, because a cycle has a million of them and a record costs ten times a row.
        """
        self.flush_model(columns)
        return self._read_rows(
            SQL(
                "SELECT entitlement.id, %s FROM %s AS entitlement",
                SQL(", ").join(SQL.identifier("entitlement", column) for column in columns),
                SQL.identifier(self._table),
            )
        )

    def _read_facts(self, *columns):
        """Return the rows (id, \\*columns, company id, what redemption means in the cycle)."""
        self.flush_model([*columns, "company_id", "cycle_id"])
        self.env["g2p.cycle"].flush_model(["company_id", "program_id", "redemption_source"])
        return self._read_rows(
            SQL(
                """
                SELECT entitlement.id, %s,
                    COALESCE(entitlement.company_id, cycle.company_id, program.company_id),
                    cycle.redemption_source
                FROM %s AS entitlement
                JOIN g2p_cycle AS cycle ON cycle.id = entitlement.cycle_id
                JOIN g2p_program AS program ON program.id = cycle.program_id
                """,
                SQL(", ").join(SQL.identifier("entitlement", column) for column in columns),
                SQL.identifier(self._table),
            )
        )

    def _read_rows(self, query):
        ids = self.ids
        if not ids:
            return []
        # The range keeps PostgreSQL from reading the whole table for a batch, whose ids lie side
        # by side.
        self.env.cr.execute(
            SQL(
                "%s WHERE entitlement.id = ANY(%s::integer[]) AND entitlement.id BETWEEN %s AND %s",
                query,
                self._get_ids_literal(),
                min(ids),
                max(ids),
            )
        )
        return self.env.cr.fetchall()

    def _get_ids_literal(self):
        """Return the ids as one PostgreSQL array, which it parses faster than a list of numbers."""
        return "{" + ",".join(map(str, self.ids)) + "}"

    def _get_transactions(self):
        """Return the table of transactions of these entitlements, of which nothing is pending."""
        transactions = self.env[self._fields["transaction_ids"].comodel_name]
        transactions.flush_model()
        return SQL.identifier(transactions._table)

    # Money

    def _get_money_transactions(self, unfit=()):
        """Return the query of what was bought with these entitlements: see `_sum_money`.

        :param unfit: the transactions that can't be read: (entitlement id, product id, unit id,
            problem)
        """
        return SQL(
            """
            SELECT bought.entitlement_id, transaction_type AS kind, currency_id,
                timestamp_transaction_created AS moment,
                amount_charged_by_service_point AS amount, %s AS problem
            FROM %s AS bought %s
            WHERE bought.entitlement_id = ANY(%s::integer[])
                AND amount_charged_by_service_point <> 0
            """,
            SQL("unfit.problem" if unfit else "NULL"),
            self._get_transactions(),
            self._join_unfit(unfit) if unfit else SQL(),
            self._get_ids_literal(),
        )

    @api.model
    def _join_unfit(self, unfit):
        entitlement_ids, product_ids, uom_ids, problems = map(list, zip(*unfit, strict=True))
        return SQL(
            """
            LEFT JOIN UNNEST(%s::integer[], %s::integer[], %s::integer[], %s::text[])
                AS unfit (entitlement_id, product_id, uom_id, problem)
                ON unfit.entitlement_id = bought.entitlement_id
                AND unfit.product_id IS NOT DISTINCT FROM bought.product_id
                AND unfit.uom_id IS NOT DISTINCT FROM bought.uom_id
            """,
            entitlement_ids,
            product_ids,
            uom_ids,
            problems,
        )

    def _sum_money(self, movements, time_zone=None):
        """Sum movements of these entitlements, and of each day if a time zone is given.

        :param movements: a query of (entitlement_id, kind, currency_id, moment, amount, problem)
        :return: rows (entitlement id, kind, currency id, problem, day or ``None``, sum as text,
            whether the amounts are below 0)
        """
        day = SQL("NULL")
        if time_zone:
            day = SQL("(moment AT TIME ZONE 'UTC' AT TIME ZONE %s)::date", time_zone)
        self.env.cr.execute(
            SQL(
                """
                SELECT entitlement_id, kind, currency_id, problem, %s AS day,
                    SUM(amount)::text, amount < 0 AS is_negative
                FROM (%s) AS movement
                GROUP BY entitlement_id, kind, currency_id, problem, day, is_negative
                """,
                day,
                movements,
            )
        )
        return self.env.cr.fetchall()

    def _get_money_redemptions(self, rows, get_movements):
        """Add up the movements of these entitlements by money.

        :param rows: (entitlement id, amount granted, journal id, company id)
        :param get_movements: the method that returns the query of movements
        :return: as `_get_redemptions`
        """
        if not rows:
            return {}
        currencies = self._get_currencies(rows)
        companies = {entitlement_id: company_id for entitlement_id, _a, _j, company_id in rows}
        movements = defaultdict(list)
        foreign_ids = defaultdict(list)  # by company
        for entitlement_id, kind, currency_id, problem, _day, total, is_negative in self._sum_money(
            get_movements(self)
        ):
            if currency_id == currencies[entitlement_id].id:
                movement = Movement(kind, Decimal(total or 0), is_negative, problem)
                movements[entitlement_id].append(movement)
            else:
                foreign_ids[companies[entitlement_id]].append(entitlement_id)
        for company_id, ids in foreign_ids.items():
            foreign = self.browse(dict.fromkeys(ids))
            foreign._add_foreign_movements(movements, currencies, company_id, get_movements)
        known = {}
        redemptions = {}
        for entitlement_id, amount, _journal_id, _company_id in rows:
            currency = currencies[entitlement_id]
            key = (amount, currency.id, *movements.get(entitlement_id, ()))
            if key not in known:
                known[key] = sum_up(amount, key[2:], currency.rounding, currency_id=currency.id)
            redemptions[entitlement_id] = known[key]
        return redemptions

    def _get_currencies(self, rows):
        """Return a dict from entitlement id to its currency; ``rows`` as above."""
        known = {}  # by journal and company: the same few, a million times
        currencies = {}
        for entitlement_id, _amount, journal_id, company_id in rows:
            key = (journal_id, company_id)
            if key not in known:
                known[key] = self.sudo().browse(entitlement_id).redemption_currency_id
            currencies[entitlement_id] = known[key]
        return currencies

    def _add_foreign_movements(self, movements, currencies, company_id, get_movements):
        """Add what moved in another currency, at the rate of its day where the company is."""
        company = self.env["res.company"].browse(company_id) or self.env.company
        rates = {}
        for entitlement_id, kind, currency_id, problem, day, total, is_negative in self._sum_money(
            get_movements(self), company._get_settlement_time_zone()
        ):
            own = currencies[entitlement_id]
            if currency_id == own.id:
                continue
            key = (currency_id, own, day)
            if key not in rates:
                rates[key] = self._get_rate(currency_id, own, company, day)
            rate = rates[key]
            value = Decimal(total or 0) * (rate or 0)
            problem = problem or (None if rate else "currency")
            movements[entitlement_id].append(Movement(kind, value, is_negative, problem))

    def _get_currency_factor(self, currency_id, moment):
        """Return what one of a currency was in the entitlement's own at a moment; 0 if unknown."""
        own = self.redemption_currency_id
        if currency_id == own.id:
            return Decimal(1)
        company = self.company_id or self.cycle_id._get_company() or self.env.company
        zone = company._get_settlement_time_zone()
        day = fields.Datetime.context_timestamp(self.with_context(tz=zone), moment).date()
        return self._get_rate(currency_id, own, company, day) or Decimal(0)

    def _get_rate(self, currency_id, own_currency, company, day):
        """Return the rate into the entitlement's own currency on a day, or ``None``."""
        currency = self.env["res.currency"].browse(currency_id)
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
                return None
        return to_decimal(currency._get_conversion_rate(currency, own_currency, company, day))
