from itertools import repeat

from odoo import SUPERUSER_ID, api, fields, models
from odoo.tools import SQL

from ..redemption import OUTCOMES
from .guard_mixin import Writer

REDEMPTION_FIELDS = {"redeemed", "entitlement_balance", "redemption_basis", "redemption_problem"}
SETTLEMENT_FIELDS = {
    "is_settled",
    "settlement_id",
    "settlement_outcome",
    "state_before_settlement",
    "settled_state",
}
READER = "spp_auto_update_entitlements.group_settlement_reader"
# In the context of what opens entitlements. When it loads views, the web client passes on only
# what ends like this.
READER_VIEW = {"settlement_view_ref": True}
# What is forgotten when something other than a settlement sets the state.
MEMORY_OF_STATE = ("is_settled", "settlement_outcome", "state_before_settlement", "settled_state")


class SettledState(Writer):
    """A settlement that sets a state, and what it writes beside it.

    :param columns: values of `SETTLEMENT_FIELDS`
    """

    def __init__(self, columns):
        self.columns = columns


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
    _inherit = "spp.settlement.guard.mixin"
    _description = "Settlement of an Entitlement"

    is_settled = fields.Boolean(
        compute="_compute_redemption",
        store=True,
        help="A settlement has taken the state and all of the transactions into account.",
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
    # The states are copied from the field state; to look one up a million times is slow.
    state_before_settlement = fields.Selection(
        "_selection_state",
        "State Given",
        validate=False,
        readonly=True,
        copy=False,
        help="The state that something other than a settlement gave, where the settlement wrote "
        "another one. What was redeemed is held against this one.",
    )
    settled_state = fields.Selection(
        "_selection_state",
        "State after the Last Settlement",
        validate=False,
        readonly=True,
        copy=False,
        help="If the state is another one now, something other than a settlement has set it.",
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

    # Who opens its views

    @api.model
    def _get_view_cache_key(self, view_id=None, view_type="form", **options):
        key = super()._get_view_cache_key(view_id, view_type, **options)
        return (*key, self._is_opened_by_reader())

    @api.model
    def _is_opened_by_reader(self):
        """Tell that a page of this addon opens it, for somebody who reads settlements."""
        is_ours = all(self.env.context.get(name) for name in READER_VIEW)
        # It is the superuser's while the view is loaded.
        return is_ours and (self.env.uid == SUPERUSER_ID or self.env.user.has_group(READER))

    @api.model
    def _get_view_cache(self, view_id=None, view_type="form", **options):
        """Load the view as the superuser, for who may read what it shows.

        The platform refuses views by role, also to those who have the right to read. What is
        cached is the same for all: what groups may not see is left out afterwards.
        """
        viewed = self.with_user(SUPERUSER_ID) if self._is_opened_by_reader() else self
        return super(SettlementMixin, viewed)._get_view_cache(view_id, view_type, **options)

    # Who sets the state

    def write(self, vals):
        self._refuse_guarded(vals)
        if "state" not in vals:
            return super(SettlementMixin, self._as_writer()).write(vals)
        writer = self.env.context.get("settlement_writer")
        if not isinstance(writer, SettledState):
            # Something else: its state is what is redeemed is held against from now on.
            vals = {**vals, **dict.fromkeys(MEMORY_OF_STATE, False)}
            return super(SettlementMixin, self._as_writer()).write(vals)
        computed = self._update_at_once(vals["state"], writer.columns)
        with self.env.protecting([self._fields[name] for name in computed], self):
            return super().write(vals)

    def _write_settlement(self, state, is_changed, columns):
        """Write what a settlement decided about these entitlements, which it decided alike.

        :param state: the state that they get
        :param is_changed: they have another one now
        :param columns: values of `SETTLEMENT_FIELDS`
        """
        if is_changed:
            self._as_writer(SettledState(columns)).write({"state": state})
        else:
            # Nothing that another addon could care about: not worth a write through the ORM.
            self._update(columns)

    def _update_at_once(self, state, columns):
        """Write a state and ``columns`` to all of these entitlements in one statement.

        The ORM writes one row at a time. Called first, this leaves it no row to write; whatever
        else the write of a state does, it does. The overrides of ``write`` in the models that
        inherit this mixin run before, so they see the entitlements as they were.

        :return: the values of `_get_computed_values`, written too
        """
        computed = self._get_computed_values(state)
        found_by_the_orm = {
            "state": state,
            **computed,
            "write_uid": self.env.uid,
            "write_date": self.env.cr.now(),
        }
        self._update({**columns, **found_by_the_orm})
        for name in ("state", "write_uid", "write_date"):
            self._put_into_cache(self._fields[name], found_by_the_orm[name])
        return computed

    def _put_into_cache(self, field, value):
        if hasattr(field, "_update_cache"):
            field._update_cache(self, value)
        else:  # before Odoo 19
            self.env.cache.update(self, field, repeat(value))

    @api.model
    def _get_computed_values(self, state):
        """Return what stored computed fields are sure to become in ``state``."""
        return {}

    def _update(self, columns):
        """Write values to all of these entitlements past the ORM."""
        # Of the whole model: to ask for each record, and for each column, takes long.
        self.flush_model(columns)
        self.env.cr.execute(
            SQL(
                "UPDATE %s SET %s WHERE id = ANY(%s::integer[])",
                SQL.identifier(self._table),
                SQL(", ").join(
                    SQL("%s = %s", SQL.identifier(name), None if value is False else value)
                    for name, value in columns.items()
                ),
                # One array, which PostgreSQL parses faster than a list of numbers.
                "{" + ",".join(map(str, self.ids)) + "}",
            )
        )
        self.invalidate_model(columns, flush=False)
