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
    "unredeemed_state",
}


class Settled(NamedTuple):
    """What a settlement decided about one entitlement, and what it found."""

    entitlement: models.Model
    unit: dict  # the currency or unit of measure of the figures, as values
    state_before: str
    settlement_before: models.Model
    redemption: Redemption
    decision: Decision

    @property
    def is_changed(self):
        return self.decision.state != self.state_before

    @property
    def is_exception(self):
        return self.decision.outcome in EXCEPTIONS

    @property
    def is_correction(self):
        return self.is_changed and bool(self.settlement_before)


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
    settlement_outcome = fields.Selection(OUTCOMES, readonly=True, copy=False)
    state_before_settlement = fields.Selection(
        "_selection_state",
        readonly=True,
        copy=False,
        help="The state that the last settlement found.",
    )
    unredeemed_state = fields.Selection(
        "_selection_state",
        readonly=True,
        copy=False,
        help="The state this entitlement goes back to when all of its redemptions are voided. "
        "Empty if its present state was not put there by a settlement.",
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
        for entitlement in self:
            figures = entitlement._get_figures(redemptions[entitlement.id])
            entitlement.update(dict(figures, is_settled=False))

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
            vals = dict(vals, unredeemed_state=False)
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
        self.fetch(self._get_settlement_fields())
        redemptions = self._get_redemptions()
        settled = []
        groups = defaultdict(list)
        for entitlement in self:
            redemption = redemptions[entitlement.id]
            before, unredeemed = entitlement.state, entitlement.unredeemed_state
            decision = decide(before, unredeemed or None, redemption)
            entitlement._correct_figures(redemption)
            groups[before, unredeemed, decision].append(entitlement.id)
            settled.append(
                Settled(
                    entitlement,
                    entitlement._get_redemption_unit(),
                    before,
                    entitlement.settlement_id,
                    redemption,
                    decision,
                )
            )
        for (before, unredeemed, decision), ids in groups.items():
            vals = {
                "is_settled": True,
                "settlement_id": settlement.id,
                "settlement_outcome": decision.outcome,
                "state_before_settlement": before,
            }
            if decision.state != before:
                vals["state"] = decision.state
                restored = decision.outcome == "restored"
                vals["unredeemed_state"] = False if restored else unredeemed or before
            self.browse(ids).write(vals)
        return settled

    @api.model
    def _get_settlement_fields(self):
        return [
            "state",
            "unredeemed_state",
            "settlement_id",
            "company_id",
            "journal_id",
            "redeemed",
            "entitlement_balance",
            "redemption_problem",
        ]

    def _correct_figures(self, redemption):
        """Set figures that transactions written past the ORM (an SQL import, say) left behind."""
        figures = self._get_figures(redemption)
        wrong = {name: value for name, value in figures.items() if self[name] != value}
        if wrong:
            self.write(wrong)

    def _get_redemption_unit(self):
        """Return the unit of the redemption figures: ``currency_id`` and ``uom_id``, one set."""
        return {"currency_id": self.redemption_currency_id.id, "uom_id": False}

    def _get_money_movements(self):
        """Sum the transactions by money.

        :return: a dict from entitlement id to a list of `redemption.Movement`, in the currency
            of the entitlement
        """
        amount = "amount_charged_by_service_point"
        transactions = self.env[self._fields["transaction_ids"].comodel_name].sudo()
        movements = defaultdict(list)
        foreign_ids = []
        own = {entitlement._origin.id: entitlement for entitlement in self}
        for entitlement, kind, currency, total, lowest in transactions._read_group(
            [("entitlement_id", "in", self._origin.ids)],
            ["entitlement_id", "transaction_type", "currency_id"],
            [f"{amount}:sum", f"{amount}:min"],
        ):
            if currency != own[entitlement.id].redemption_currency_id:
                foreign_ids.append(entitlement.id)
                continue
            problem = "negative" if lowest and lowest < 0 else None
            movements[entitlement.id].append(Movement(kind, total or 0, problem))
        if foreign_ids:
            self._add_foreign_movements(transactions.with_context(tz="UTC"), foreign_ids, movements)
        return movements

    def _add_foreign_movements(self, transactions, entitlement_ids, movements):
        """Add what was paid in another currency, at the rate of the day; it is rare."""
        amount = "amount_charged_by_service_point"
        for entitlement, kind, currency, day, total, lowest in transactions._read_group(
            [("entitlement_id", "in", entitlement_ids)],
            [
                "entitlement_id",
                "transaction_type",
                "currency_id",
                "timestamp_transaction_created:day",
            ],
            [f"{amount}:sum", f"{amount}:min"],
        ):
            own = self.browse(entitlement.id)
            currency_to = own.redemption_currency_id
            if currency == currency_to:
                continue
            company = own.company_id or self.env.company
            problem = "negative" if lowest and lowest < 0 else None
            if all(self._has_rate(each, company, day.date()) for each in currency | currency_to):
                total = currency._convert(
                    total or 0, currency_to, company, day.date(), round=False
                )
            else:
                problem = problem or "currency"
            movements[entitlement.id].append(Movement(kind, total or 0, problem))

    @api.model
    def _has_rate(self, currency, company, day):
        # Without a rate Odoo converts at 1, which would be a guess about somebody's money.
        if currency == company.currency_id:
            return True
        return bool(
            self.env["res.currency.rate"]
            .sudo()
            .search_count(
                [
                    ("currency_id", "=", currency.id),
                    ("name", "<=", day),
                    ("company_id", "in", [False, company.root_id.id]),
                ],
                limit=1,
            )
        )
