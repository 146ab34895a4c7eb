from collections import defaultdict
from typing import NamedTuple

from odoo import _, api, fields, models
from odoo.exceptions import AccessError

from ..redemption import (
    EXCEPTIONS,
    OUTCOMES,
    PROBLEMS,
    Decision,
    Movement,
    Redemption,
    decide,
)

# Written by transactions and settlements alone: they are the proof of what was redeemed and why.
BOOKKEEPING_FIELDS = {
    "redeemed",
    "entitlement_balance",
    "redemption_basis",
    "redemption_problem",
    "is_settled",
    "settlement_id",
    "settlement_outcome",
    "state_before_settlement",
}


class Settled(NamedTuple):
    """What a settlement found about one entitlement, and decided."""

    entitlement_id: int
    currency_id: int | None  # the unit of the figures: a currency, or
    uom_id: int | None  # a unit of measure
    state_before: str
    settlement_before_id: int | None
    redemption: Redemption
    decision: Decision

    @property
    def is_changed(self):
        return self.decision.state != self.state_before

    @property
    def is_exception(self):
        return self.decision.outcome in EXCEPTIONS


class RedemptionMixin(models.AbstractModel):
    """What cash and in-kind entitlements share: redemption figures, and their settlement.

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
    is_settled = fields.Boolean(
        compute="_compute_redemption",
        store=True,
        help="A settlement has taken all of the transactions into account.",
    )
    settlement_id = fields.Many2one(
        "spp.cycle.settlement",
        "Last Settlement",
        readonly=True,
        copy=False,
        ondelete="restrict",
        help="The settlement that last looked at this entitlement.",
    )
    settlement_outcome = fields.Selection(
        OUTCOMES,
        readonly=True,
        copy=False,
        help="What the last settlement decided. Empty once something else has set the state.",
    )
    state_before_settlement = fields.Selection(
        "_selection_state",
        validate=False,  # copied from the field state; to look it up a million times is slow
        readonly=True,
        copy=False,
        help="The state before settlements changed it. The entitlement goes back to it when all "
        "of its redemptions are voided.",
    )

    @api.model
    def _selection_state(self):
        state = self._fields.get("state")
        return state._description_selection(self.env) if state else []

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
            entitlement.update(dict(self._get_figures(redemption), is_settled=False))

    @api.model
    def _get_figures(self, redemption):
        """Return a redemption as values of the entitlement's stored fields."""
        return {
            "redeemed": float(redemption.redeemed),
            "entitlement_balance": float(redemption.balance),
            "redemption_problem": redemption.problem or False,
        }

    def _get_redemptions(self):
        """Add up the transactions of these entitlements, with aggregate queries.

        :return: a dict from entitlement id to `redemption.Redemption`
        """
        raise NotImplementedError

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_bookkeeping(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._check_bookkeeping(vals)
        if "state" in vals and "settlement_id" not in vals:
            # Put there by something else: a later settlement must not undo it.
            vals = dict(vals, settlement_outcome=False)
        return super().write(vals)

    def _check_bookkeeping(self, vals):
        if not self.env.su and BOOKKEEPING_FIELDS.intersection(vals):
            raise AccessError(
                _("The redemption and settlement of an entitlement can't be edited by hand.")
            )

    def init(self):
        super().init()
        if self._auto:
            # The queue of what is still to settle: small even where millions are settled.
            self.env.cr.execute(
                f"CREATE INDEX IF NOT EXISTS {self._table}_to_settle_idx "
                f"ON {self._table} (cycle_id, id) WHERE is_settled IS NOT TRUE"
            )

    @api.model
    def _get_to_settle(self, cycle, after_id=0, limit=None):
        """Return the entitlements of ``cycle`` that are still to settle, in order of id.

        In SQL, because the search's own way to say "not true" keeps PostgreSQL from using the
        index of what is to settle.
        """
        self.flush_model(["cycle_id", "is_settled"])
        self.env.cr.execute(
            f"SELECT id FROM {self._table} WHERE cycle_id = %s AND is_settled IS NOT TRUE"
            " AND id > %s ORDER BY id LIMIT %s",
            [cycle.id, after_id, limit],
        )
        return self.browse(row[0] for row in self.env.cr.fetchall())

    def _settle(self, settlement):
        """Decide the state of these entitlements, write it, and remember which settlement did.

        :param settlement: the `spp.cycle.settlement` that asks
        :return: a list of `Settled`
        """
        redemptions = self._get_redemptions()
        figure_names = list(self._get_figures(Redemption()))
        settled = []
        ids_by_vals = defaultdict(list)
        for entitlement_id, state, outcome_before, state_before, settlement_before_id, *figures in (
            self._read_columns(
                "state",
                "settlement_outcome",
                "state_before_settlement",
                "settlement_id",
                *figure_names,
            )
        ):
            redemption = redemptions[entitlement_id]
            is_by_settlement = outcome_before and state_before != state
            decision = decide(state, state_before if is_by_settlement else None, redemption)
            settled.append(
                Settled(
                    entitlement_id,
                    redemption.currency_id,
                    redemption.uom_id,
                    state,
                    settlement_before_id,
                    redemption,
                    decision,
                )
            )
            vals = (decision.outcome, state, decision.state, bool(outcome_before))
            ids_by_vals[vals].append(entitlement_id)
            right_figures = self._get_figures(redemption)
            if [figure or False for figure in figures] != [
                figure or False for figure in right_figures.values()
            ]:
                # Transactions were written past the ORM: an SQL import, say.
                self.browse(entitlement_id).write(right_figures)
        for (outcome, state, state_after, is_settled_before), ids in ids_by_vals.items():
            vals = {
                "is_settled": True,
                "settlement_id": settlement.id,
                "settlement_outcome": outcome,
            }
            if not is_settled_before:
                vals["state_before_settlement"] = state
            if state_after != state:
                vals["state"] = state_after
            self.browse(ids).write(vals)
        return settled

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
            " WHERE id IN %s AND id BETWEEN %s AND %s",
            [tuple(ids), min(ids), max(ids)],
        )
        return self.env.cr.fetchall()

    def _sum_transactions(self, measure, *columns):
        """Sum the transactions of these entitlements.

        :param measure: the column to sum
        :param columns: what to group by beside the entitlement, SQL expressions
        :return: rows (entitlement id, \\*columns, sum, least, greatest)
        """
        if not self.ids:
            return []
        transactions = self.env[self._fields["transaction_ids"].comodel_name]
        transactions.flush_model()
        self.env.cr.execute(
            f"SELECT entitlement_id, {', '.join(columns)}, "
            f"SUM({measure}), MIN({measure}), MAX({measure}) "
            f"FROM {transactions._table} WHERE entitlement_id IN %s "
            f"GROUP BY entitlement_id, {', '.join(columns)}",
            [tuple(self.ids)],
        )
        return self.env.cr.fetchall()

    def _get_money_movements(self, currencies):
        """Sum the transactions by money.

        :param currencies: a dict from entitlement id to its currency
        :return: a dict from entitlement id to a list of `redemption.Movement`, in the currency
            of the entitlement
        """
        measure = "amount_charged_by_service_point"
        movements = defaultdict(list)
        foreign_ids = set()
        for entitlement_id, kind, currency_id, total, lowest, _highest in self._sum_transactions(
            measure, "transaction_type", "currency_id"
        ):
            if currency_id == currencies[entitlement_id].id:
                movements[entitlement_id].append(Movement(kind, total or 0, lowest or 0))
            else:
                foreign_ids.add(entitlement_id)
        # What was paid in another currency counts at the rate of its day; it is rare.
        foreign = self.browse(foreign_ids)
        for entitlement_id, kind, currency_id, day, total, lowest, _highest in (
            foreign._sum_transactions(
                measure, "transaction_type", "currency_id", "timestamp_transaction_created::date"
            )
        ):
            currency, own = self.env["res.currency"].browse(currency_id), currencies[entitlement_id]
            if currency == own:
                continue
            value, problem = foreign.browse(entitlement_id)._convert_money(
                total or 0, currency, own, day
            )
            movements[entitlement_id].append(Movement(kind, value, lowest or 0, problem))
        return movements

    def _convert_money(self, amount, currency, own_currency, day):
        """Convert to the entitlement's currency at the rate of ``day``.

        :return: the amount, and the problem (one of `redemption.PROBLEMS`) or ``None``
        """
        company = self.company_id or self.env.company
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

    def _get_currencies(self):
        """Return a dict from entitlement id to the currency of its redemption."""
        entitlements = self.sudo()
        known = {}  # the same few journals, a million times
        currencies = {}
        for entitlement_id, *key in entitlements._read_columns("journal_id", "company_id"):
            key = tuple(key)
            if key not in known:
                known[key] = entitlements.browse(entitlement_id).redemption_currency_id
            currencies[entitlement_id] = known[key]
        return currencies
