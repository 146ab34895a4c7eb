from collections import defaultdict

from odoo import api, fields, models
from odoo.tools import SQL

from ..redemption import PROBLEMS, PURCHASE, VOID, Redemption
from .entitlement_facts import Line


class RedemptionMixin(models.AbstractModel):
    """What has been redeemed of an entitlement, cash or in-kind: the figures.

    A model that inherits it brings ``redeemed`` and ``entitlement_balance`` (both stored, computed
    by `_compute_redemption`), the names below, and how its movements are read and added up:
    `_get_movements`, `_get_line` and `_add_up_lines`; and `_get_unit`.
    """

    _name = "spp.redemption.mixin"
    _description = "Redemption of an Entitlement"
    # What says how much was granted; of what something moved, beside money; where movements have
    # these in common, what is added up of them; what the unit of the figures follows from.
    _granted_fields = ()
    _goods_columns = ()
    _common_columns = ()
    _measure = None
    _unit_fields = ()

    redemption_currency_id = fields.Many2one(
        "res.currency", compute="_compute_redemption_currency_id"
    )
    redemption_problem = fields.Selection(
        PROBLEMS,
        compute="_compute_redemption",
        store=True,
        help="Why what moved of this entitlement can't be added up.",
    )

    @api.depends("journal_id", "company_id", "cycle_id")
    def _compute_redemption_currency_id(self):
        for entitlement in self:
            _company, entitlement.redemption_currency_id = self._get_company_and_currency(
                entitlement.company_id, entitlement.journal_id, entitlement.cycle_id
            )

    @api.model
    def _get_company_and_currency(self, company, journal, cycle):
        """Return whose days count for an entitlement, and its own currency."""
        company = company or cycle._get_company() or self.env.company
        return company, journal._get_settlement_currency() or company.currency_id

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
        return {id_: alike.redemption for alike in self._add_up_alike() for id_ in alike.ids}

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
        self.env.cr.execute(SQL("%s WHERE %s", query, self._is_one_of_these("entitlement", "id")))
        return self.env.cr.fetchall()

    def _is_one_of_these(self, *column):
        """Return the condition that a column has the id of one of these entitlements.

        A cycle's ids lie side by side. A range with few gaps is found fastest, and PostgreSQL
        foresees how much that is; of a list beside a range it expects far too little.
        """
        column = SQL.identifier(*column)
        ids = self.ids or [0]
        first, last = min(ids), max(ids)
        within = SQL("%s BETWEEN %s AND %s", column, first, last)
        if (last + 1 - first) - len(ids) > len(ids) // 100:
            return SQL("%s AND %s IN (SELECT UNNEST(%s::integer[]))", within, column, ids)
        gaps = sorted(set(range(first, last + 1)).difference(ids))
        return SQL("%s AND %s <> ALL(%s)", within, column, gaps) if gaps else within

    def _get_transactions(self):
        """Return the table of transactions of these entitlements, of which nothing is pending."""
        transactions = self.env[self._fields["transaction_ids"].comodel_name]
        transactions.flush_model()
        return SQL.identifier(transactions._table)

    # The facts

    def _read_facts(self, columns, time_zone):
        """Read what was granted and what moved of these entitlements, in one query.

        :param columns: SQL expressions to read beside it
        :param time_zone: of the days that an entitlement is valid
        :return: rows (ids of the entitlements of which the rest is the same, \\*columns,
            \\*`_get_granted_columns`, the ids of company, journal and cycle, \\*the fixed facts,
            \\*`_common_columns`)
        """
        self.flush_model(
            [*self._granted_fields, "journal_id", "company_id", "cycle_id"]
            + ["valid_from", "valid_until"]
        )
        self.env["g2p.cycle"].flush_model(["redemption_source", "start_date", "end_date"])
        facts = [
            *columns,
            *self._get_granted_columns(),
            *(
                SQL.identifier("entitlement", name)
                for name in ("company_id", "journal_id", "cycle_id")
            ),
            SQL("COALESCE(moved.is_mixed, FALSE)"),
            SQL("COALESCE(moved.may_have_twins, FALSE)"),
            SQL(
                """
                COALESCE(
                    moved.first_purchase < COALESCE(valid_from, start_date)::timestamp
                        AT TIME ZONE %(zone)s AT TIME ZONE 'UTC'
                    OR moved.last_purchase >= (COALESCE(valid_until, end_date) + 1)::timestamp
                        AT TIME ZONE %(zone)s AT TIME ZONE 'UTC',
                    FALSE
                )
                """,
                zone=time_zone,
            ),
            SQL("moved.purchased::text"),
            SQL("moved.voided::text"),
            *(SQL.identifier("moved", name) for name in self._common_columns),
        ]
        self.env.cr.execute(
            SQL(
                """
                SELECT ARRAY_AGG(entitlement.id), %(facts)s
                FROM %(entitlements)s AS entitlement
                JOIN g2p_cycle AS cycle ON cycle.id = entitlement.cycle_id
                %(joins)s
                LEFT JOIN (%(moved)s) AS moved ON moved.entitlement_id = entitlement.id
                WHERE %(is_one)s
                GROUP BY %(ordinals)s
                ORDER BY MIN(entitlement.id)
                """,
                facts=SQL(", ").join(facts),
                entitlements=SQL.identifier(self._table),
                joins=self._get_joins_of_granted(),
                moved=self._sum_movements(self._get_movements()),
                is_one=self._is_one_of_these("entitlement", "id"),
                ordinals=SQL(", ".join(str(2 + number) for number in range(len(facts)))),
            )
        )
        return self.env.cr.fetchall()

    def _sum_movements(self, movements):
        """Return the query of what moved of each entitlement, summed up, and when.

        The sums say all only where movements are not mixed: of one currency, product and unit, and
        each of them to be read.

        :param movements: as of `_group_by_day`
        """
        common = [SQL.identifier(name) for name in self._common_columns]
        # A bit for each movement: those of two that are alike add up to more than the bits
        # together. To count distinct ones, PostgreSQL would sort all that moved.
        marks = {
            name: SQL(
                "1::bigint << MOD((hash_numeric(COALESCE(%s, 0)::numeric) # %s) & 65535, 63)",
                SQL.identifier(self._measure),
                SQL(hashed),
            )
            for name, hashed in (
                ("minute_mark", "timestamp_hash(DATE_TRUNC('minute', moment))"),
                ("receipt_mark", "hashtext(receipt)"),
            )
        }
        return SQL(
            """
            SELECT entitlement_id,
                MIN(moment) FILTER (WHERE kind = %(purchase)s) AS first_purchase,
                MAX(moment) FILTER (WHERE kind = %(purchase)s) AS last_purchase,
                SUM(%(measure)s) FILTER (WHERE kind = %(purchase)s) AS purchased,
                SUM(%(measure)s) FILTER (WHERE kind = %(void)s) AS voided,
                %(twins)s AS may_have_twins,
                NOT BOOL_AND(problem IS NULL AND COALESCE(
                    kind IN (%(purchase)s, %(void)s) AND %(measure)s > 0, FALSE
                )) %(differ)s AS is_mixed, %(lowest)s
            FROM (SELECT *, %(marks)s FROM (%(movements)s) AS movement OFFSET 0) AS movement
            GROUP BY entitlement_id
            """,
            purchase=PURCHASE,
            void=VOID,
            measure=SQL.identifier(self._measure),
            twins=SQL(" OR ").join(
                SQL("SUM(%s) > BIT_OR(%s)", *[SQL.identifier(name)] * 2) for name in marks
            ),
            # Each is used twice: OFFSET keeps PostgreSQL from working it out twice.
            marks=SQL(", ").join(
                SQL("%s AS %s", mark, SQL.identifier(name)) for name, mark in marks.items()
            ),
            differ=SQL(" ").join(
                SQL("OR MIN(COALESCE(%s, 0)) < MAX(COALESCE(%s, 0))", name, name) for name in common
            ),
            lowest=SQL(", ").join(SQL("MIN(%s) AS %s", name, name) for name in common),
            movements=movements,
        )

    def _group_by_day(self, movements, time_zone):
        """Return the query of what moved of each entitlement: as `Line` reads it.

        :param movements: a query of (entitlement_id, kind, currency_id, problem, amount, moment,
            receipt, \\*`_goods_columns`)
        """
        goods = [SQL.identifier(name) for name in self._goods_columns]
        return SQL(
            """
            SELECT entitlement_id, STRING_AGG(CONCAT(
                kind, E'\\t', currency_id, E'\\t', problem, E'\\t', amount, E'\\t', number,
                E'\\t', day %(goods_in_line)s
            ), E'\\n') AS lines
            FROM (
                SELECT entitlement_id,
                    CASE WHEN kind IN (%(purchase)s, %(void)s) THEN kind ELSE '?' END AS kind,
                    currency_id, problem, amount, %(goods)s COUNT(*) AS number,
                    (moment AT TIME ZONE 'UTC' AT TIME ZONE %(zone)s)::date AS day
                FROM (%(movements)s) AS movement
                GROUP BY %(goods)s entitlement_id, 2, currency_id, problem, amount, day
            ) AS alike
            GROUP BY entitlement_id
            """,
            purchase=PURCHASE,
            void=VOID,
            zone=time_zone,
            movements=movements,
            goods=SQL(" ").join(SQL("%s,", name) for name in goods),
            goods_in_line=SQL(" ").join(SQL(", E'\\t', %s", name) for name in goods),
        )

    def _get_days(self, facts_by_id):
        """Return what moved, by day, of those of which the sums do not say all.

        :param facts_by_id: a dict from entitlement id to its `Facts`
        :return: a dict from entitlement id to a list of `Line`
        """
        ids_by_company = defaultdict(list)
        for entitlement_id, facts in facts_by_id.items():
            ids_by_company[facts.company_id].append(entitlement_id)
        lines = {}
        for company_id, ids in ids_by_company.items():
            company = self.env["res.company"].browse(company_id)
            self.env.cr.execute(
                self._group_by_day(
                    self.browse(ids)._get_movements(), company._get_settlement_time_zone()
                )
            )
            lines |= {id_: Line.parse(moved) for id_, moved in self.env.cr.fetchall()}
        return lines
