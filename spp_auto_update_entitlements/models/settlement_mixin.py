from collections import defaultdict
from typing import NamedTuple

from odoo import api, fields, models

from ..redemption import EXCEPTIONS, OUTCOMES, Decision, Redemption, decide

REDEMPTION_FIELDS = {"redeemed", "entitlement_balance", "redemption_basis", "redemption_problem"}
SETTLEMENT_FIELDS = {
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


class SettlementMixin(models.AbstractModel):
    """What cash and in-kind entitlements share: their settlement against the redemption figures."""

    _name = "spp.settlement.mixin"
    _inherit = ["spp.redemption.mixin", "spp.settlement.guard.mixin"]
    _description = "Settlement of an Entitlement"

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

    def _compute_redemption(self):
        self.is_settled = False
        return super()._compute_redemption()

    @api.model
    def _get_guarded_fields(self):
        return REDEMPTION_FIELDS | SETTLEMENT_FIELDS

    def write(self, vals):
        self._refuse_guarded(vals)
        if "state" in vals and "settlement_id" in vals:
            computed = self._update_at_once(vals)
            others = {name: value for name, value in vals.items() if name not in SETTLEMENT_FIELDS}
            with self.env.protecting([self._fields[name] for name in computed], self):
                return super().write(others)
        if "state" in vals:
            # Put there by something else: a later settlement must not undo it.
            vals = dict(vals, settlement_outcome=False)
        return super(SettlementMixin, self._as_writer()).write(vals)

    def _update_at_once(self, vals):
        """Write what a settlement decided to all of these entitlements in one statement.

        The ORM writes one row at a time. Called first, this leaves it no row to write; whatever
        else the write of a state does, it does. The overrides of ``write`` in the models that
        inherit this mixin run before, so they see the entitlements as they were.

        :param vals: what is to be written, of which this takes the state and `SETTLEMENT_FIELDS`
        :return: the values of `_get_computed_values`, written too
        """
        computed = self._get_computed_values(vals["state"])
        found_by_the_orm = {
            "state": vals["state"],
            **computed,
            "write_uid": self.env.uid,
            "write_date": self.env.cr.now(),
        }
        settlement = {name: value for name, value in vals.items() if name in SETTLEMENT_FIELDS}
        self._update({**settlement, **found_by_the_orm})
        self.fetch(found_by_the_orm)
        return computed

    @api.model
    def _get_computed_values(self, state):
        """Return what stored computed fields are sure to become in ``state``."""
        return {}

    def _update(self, columns):
        """Write values to all of these entitlements past the ORM."""
        self.flush_recordset(columns)
        self.env.cr.execute(
            f"UPDATE {self._table} SET {', '.join(f'{name} = %s' for name in columns)}"
            " WHERE id = ANY(%s::integer[])",
            [*(value or None for value in columns.values()), self._get_ids_literal()],
        )
        self.invalidate_recordset(columns, flush=False)

    def init(self):
        result = super().init()
        if self._auto:
            # The queue of what is still to settle: small even where millions are settled.
            self.env.cr.execute(
                f"CREATE INDEX IF NOT EXISTS {self._table}_to_settle_idx "
                f"ON {self._table} (cycle_id, id) WHERE is_settled IS NOT TRUE"
            )
        return result

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
        for (
            entitlement_id,
            state,
            outcome,
            state_before,
            settlement_id,
            *figures,
        ) in self._read_columns(
            "state",
            "settlement_outcome",
            "state_before_settlement",
            "settlement_id",
            *self._get_figures(Redemption()),
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
                self.browse(entitlement_id)._as_writer().write(right_figures)
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
            self._as_writer().write(dict(vals, state=group.decision.state))
            return
        # Nothing that another addon could care about: not worth a write through the ORM.
        self._update(vals)
