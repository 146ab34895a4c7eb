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
    sum_up,
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


class SettledGroup(NamedTuple):
    """Entitlements about which a settlement found, and decided, the same."""

    state_before: str
    state_before_settlements: str | None
    settlement_before_id: int | None
    decision: Decision
    currency_id: int | None  # the unit of the figures: a currency, or
    uom_id: int | None  # a unit of measure

    @property
    def is_changed(self):
        return self.decision.state != self.state_before

    @property
    def is_exception(self):
        return self.decision.outcome in EXCEPTIONS


class UncheckedMany2one(fields.Many2one):
    """A reference to records that nobody can delete.

    Without a foreign key: PostgreSQL would look the same settlement up for each of a million
    entitlements, for a third of the time of the whole update.
    """

    def update_db_foreign_key(self, model, column):
        """Leave it out."""


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
    settlement_id = UncheckedMany2one(
        "spp.cycle.settlement",
        "Last Settlement",
        readonly=True,
        copy=False,
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
            "redemption_problem": redemption.problem,
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
        :return: a dict from `SettledGroup` to a list of (entitlement id, `Redemption`)
        """
        redemptions = self._get_redemptions()
        groups = defaultdict(list)
        for entitlement_id, state, outcome, state_before, settlement_id, *figures in (
            self._read_columns(
                "state",
                "settlement_outcome",
                "state_before_settlement",
                "settlement_id",
                *self._get_figures(Redemption()),
            )
        ):
            redemption = redemptions[entitlement_id]
            # Without an outcome something else has set the state since.
            state_before_settlements = state_before if outcome else None
            is_by_settlement = state_before_settlements not in (None, state)
            decision = decide(state, state_before if is_by_settlement else None, redemption)
            group = SettledGroup(
                state,
                state_before_settlements,
                settlement_id,
                decision,
                redemption.currency_id,
                redemption.uom_id,
            )
            groups[group].append((entitlement_id, redemption))
            right_figures = self._get_figures(redemption)
            if figures != list(right_figures.values()):
                # Transactions were written past the ORM: an SQL import, say.
                self.browse(entitlement_id).write(right_figures)
        for group, members in groups.items():
            self.browse(entitlement_id for entitlement_id, _redemption in members)._apply(
                settlement, group
            )
        return groups

    def _apply(self, settlement, group):
        """Write what ``settlement`` decided about these entitlements, which are of one group."""
        vals = {
            "is_settled": True,
            "settlement_id": settlement.id,
            "settlement_outcome": group.decision.outcome,
            "state_before_settlement": group.state_before_settlements or group.state_before,
        }
        if group.is_changed:
            self.write(dict(vals, state=group.decision.state))
            return
        # Nothing that another addon could care about: not worth a write through the ORM.
        self.flush_recordset(vals)
        self.env.cr.execute(
            f"UPDATE {self._table} SET {', '.join(f'{name} = %s' for name in vals)}"
            " WHERE id IN %s",
            [*vals.values(), tuple(self.ids)],
        )
        self.invalidate_recordset(vals)

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

    def _get_money_redemptions(self, rows):
        """Add up the transactions by money.

        :param rows: (entitlement id, amount granted, journal id, company id)
        :return: a dict from entitlement id to `redemption.Redemption`
        """
        currency_by_key = {}  # by journal and company: the same few, a million times
        for entitlement_id, _amount, *key in rows:
            if tuple(key) not in currency_by_key:
                entitlement = self.sudo().browse(entitlement_id)
                currency_by_key[tuple(key)] = entitlement.redemption_currency_id
        rounding_by_id = {currency.id: currency.rounding for currency in currency_by_key.values()}
        currency_ids = {
            entitlement_id: currency_by_key[journal_id, company_id].id
            for entitlement_id, _amount, journal_id, company_id in rows
        }
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
        for entitlement_id, kind, currency_id, total, lowest, _highest in self._sum_transactions(
            measure, "transaction_type", "currency_id"
        ):
            if currency_id == currency_ids[entitlement_id]:
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
            own_currency_id = currency_ids[entitlement_id]
            if currency_id != own_currency_id:
                value, problem = foreign.browse(entitlement_id)._convert_money(
                    total or 0, currency_id, own_currency_id, day
                )
                movements[entitlement_id].append(Movement(kind, value, lowest or 0, problem))
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
