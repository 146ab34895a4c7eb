from collections import defaultdict
from decimal import Decimal

from odoo import api, fields, models
from odoo.tools import SQL

from ..redemption import PROBLEMS, PURCHASE, VOID, Movement, Redemption, sum_up, to_decimal
from .entitlement_facts import Facts, Line


class RedemptionMixin(models.AbstractModel):
    """What has been redeemed of an entitlement, cash or in-kind: the figures.

    A model that inherits it brings ``redeemed`` and ``entitlement_balance`` (both stored, computed
    by `_compute_redemption`), and `_get_redemptions`.
    """

    _name = "spp.redemption.mixin"
    _description = "Redemption of an Entitlement"
    # What says how much was granted; and of what something moved, beside money.
    _granted_fields = ()
    _goods_columns = ()

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
        self.mapped("redemption_currency_id")  # or Odoo reads one journal after the other
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
        """Add up what moved of these entitlements.

        :return: a dict from entitlement id to `redemption.Redemption`; where the facts are alike,
            it is the same object
        """
        return self._add_up([(row[0], self._get_facts(row)) for row in self._read_facts()])

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

    # The facts

    def _read_facts(self, *columns, time_zone="UTC"):
        """Read what was granted and what moved of these entitlements, in one query.

        :param columns: SQL expressions to read beside it
        :param time_zone: of the days that an entitlement is valid
        :return: rows (entitlement id, \\*columns, \\*what `_get_facts` needs)
        """
        self.flush_model(
            [*self._granted_fields, "journal_id", "company_id", "cycle_id"]
            + ["valid_from", "valid_until"]
        )
        self.env["g2p.cycle"].flush_model(
            ["company_id", "program_id", "redemption_source", "start_date", "end_date"]
        )
        return self._read_rows(
            SQL(
                """
                SELECT entitlement.id, %(columns)s %(granted)s,
                    COALESCE(journal.currency_id, owner.currency_id),
                    COALESCE(entitlement.company_id, cycle.company_id, program.company_id),
                    moved.lines, COALESCE(moved.has_equal, FALSE), COALESCE(
                        moved.first_purchase < COALESCE(valid_from, start_date)::timestamp
                            AT TIME ZONE %(zone)s AT TIME ZONE 'UTC'
                        OR moved.last_purchase >= (COALESCE(valid_until, end_date) + 1)::timestamp
                            AT TIME ZONE %(zone)s AT TIME ZONE 'UTC',
                        FALSE
                    )
                FROM %(entitlements)s AS entitlement
                JOIN g2p_cycle AS cycle ON cycle.id = entitlement.cycle_id
                JOIN g2p_program AS program ON program.id = cycle.program_id
                LEFT JOIN account_journal AS journal ON journal.id = entitlement.journal_id
                LEFT JOIN res_company AS owner ON owner.id = COALESCE(
                    journal.company_id, entitlement.company_id, cycle.company_id, program.company_id
                )
                %(joins)s
                LEFT JOIN (%(moved)s) AS moved ON moved.entitlement_id = entitlement.id
                """,
                columns=SQL(" ").join(SQL("%s,", column) for column in columns),
                granted=self._get_granted_columns(),
                zone=time_zone,
                entitlements=SQL.identifier(self._table),
                joins=self._get_joins_of_granted(),
                moved=self._group_movements(self._get_movements()),
            )
        )

    def _get_facts(self, row, skip=1):
        """Return the `Facts` in a row of `_read_facts`, after so many others."""
        *granted, currency_id, company_id, moved, has_equal, is_outside = row[skip:]
        return Facts(
            tuple(granted),
            currency_id or self.env.company.currency_id.id,
            company_id,
            moved,
            has_equal,
            is_outside,
        )

    def _group_movements(self, movements, time_zone=None):
        """Return the query of what moved of each entitlement: as `Line` reads it, and when.

        :param movements: a query of (entitlement_id, kind, currency_id, problem, amount, moment,
            \\*`_goods_columns`)
        :param time_zone: group by the days of this time zone, too
        """
        day = SQL("NULL::date")
        if time_zone:
            day = SQL("(moment AT TIME ZONE 'UTC' AT TIME ZONE %s)::date", time_zone)
        goods = [SQL.identifier(name) for name in self._goods_columns]
        return SQL(
            """
            SELECT entitlement_id, BOOL_OR(number > 1) AS has_equal,
                MIN(first_moment) FILTER (WHERE kind = %(purchase)s) AS first_purchase,
                MAX(last_moment) FILTER (WHERE kind = %(purchase)s) AS last_purchase,
                STRING_AGG(CONCAT(
                    kind, E'\\t', currency_id, E'\\t', problem, E'\\t', amount, E'\\t', number,
                    E'\\t', day %(goods_in_line)s
                ), E'\\n') AS lines
            FROM (
                SELECT entitlement_id,
                    CASE WHEN kind IN (%(purchase)s, %(void)s) THEN kind ELSE '?' END AS kind,
                    currency_id, problem, amount, %(day)s AS day, %(goods)s
                    COUNT(*) AS number, MIN(moment) AS first_moment, MAX(moment) AS last_moment
                FROM (%(movements)s) AS movement
                GROUP BY %(goods)s entitlement_id, 2, currency_id, problem, amount, day
            ) AS alike
            GROUP BY entitlement_id
            """,
            purchase=PURCHASE,
            void=VOID,
            day=day,
            movements=movements,
            goods=SQL(" ").join(SQL("%s,", name) for name in goods),
            goods_in_line=SQL(" ").join(SQL(", E'\\t', %s", name) for name in goods),
        )

    def _get_days(self, ids, facts):
        """Return what moved of those of which something moved in another currency, by day.

        :param facts: a dict from entitlement id to its `Facts`
        :return: a dict from entitlement id to a list of `Line`
        """
        ids_by_company = defaultdict(list)
        for entitlement_id in ids:
            ids_by_company[facts[entitlement_id].company_id].append(entitlement_id)
        lines = {}
        for company_id, ids_of_company in ids_by_company.items():
            company = self.env["res.company"].browse(company_id) or self.env.company
            entitlements = self.browse(ids_of_company)
            self.env.cr.execute(
                SQL(
                    "SELECT entitlement_id, lines FROM (%s) AS moved",
                    self._group_movements(
                        entitlements._get_movements(), company._get_settlement_time_zone()
                    ),
                )
            )
            lines |= {id_: Line.parse(moved) for id_, moved in self.env.cr.fetchall()}
        return lines

    # Adding up

    def _add_up(self, rows):
        """Add up what moved; of those whose facts are alike, once.

        :param rows: pairs of an entitlement id and its `Facts`
        :return: as `_get_redemptions`
        """
        known = {}
        foreign = []
        redemptions = {}
        for entitlement_id, facts in rows:
            if facts not in known:
                known[facts] = self._add_up_lines(facts, Line.parse(facts.moved))
            redemptions[entitlement_id] = known[facts]
            if known[facts] is None:
                foreign.append(entitlement_id)
        if foreign:
            rates = {}
            facts_by_id = dict(rows)
            days = self._get_days(foreign, facts_by_id)
            for entitlement_id in foreign:
                facts = facts_by_id[entitlement_id]
                redemptions[entitlement_id] = self._add_up_lines(facts, days[entitlement_id], rates)
        return redemptions

    def _add_up_lines(self, facts, lines, rates=None):
        """Add up what moved of one entitlement.

        :param rates: the rates that are known, a dict; only lines with a day can be converted
        :return: a `redemption.Redemption`, or ``None`` if the days are needed
        """
        raise NotImplementedError

    def _add_up_money(self, facts, granted, lines, rates=None):
        """Add up lines by their amounts; parameters as in `_add_up_lines`."""
        movements = []
        for line in lines:
            if not line.amount and not line.problem:
                continue
            value, problem = line.amount * line.number, line.problem
            if line.currency_id != facts.currency_id and not problem:
                if rates is None:
                    return None
                key = (line.currency_id, facts.currency_id, facts.company_id, line.day)
                if key not in rates:
                    rates[key] = self._get_rate(*key)
                value *= rates[key] or 0
                problem = None if rates[key] else "currency"
            movements.append(Movement(line.kind, value, line.amount < 0, problem))
        currency = self.env["res.currency"].browse(facts.currency_id)
        return sum_up(granted, movements, currency.rounding, currency_id=facts.currency_id)

    def _get_currency_factor(self, currency_id, moment):
        """Return what one of a currency was in the entitlement's own at a moment; 0 if unknown."""
        own = self.redemption_currency_id
        if currency_id == own.id:
            return Decimal(1)
        company = self.company_id or self.cycle_id._get_company()
        zone = company._get_settlement_time_zone()
        day = fields.Datetime.context_timestamp(self.with_context(tz=zone), moment).date()
        return self._get_rate(currency_id, own.id, company.id, day) or Decimal(0)

    @api.model
    def _get_rate(self, currency_id, own_currency_id, company_id, day):
        """Return the rate into the entitlement's own currency on a day, or ``None``."""
        company = self.env["res.company"].browse(company_id) or self.env.company
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
                return None
        return to_decimal(currency._get_conversion_rate(currency, own_currency, company, day))
