from collections import defaultdict
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL

from ..redemption import OUTCOMES, Decision, Redemption, decide
from .guard_mixin import Writer

REDEMPTION_FIELDS = {"redeemed", "entitlement_balance", "redemption_basis", "redemption_problem"}
SETTLEMENT_FIELDS = {
    "is_settled",
    "settlement_id",
    "settlement_outcome",
    "state_before_settlement",
    "settled_state",
}
# What is forgotten when something other than a settlement sets the state.
MEMORY_OF_STATE = ("is_settled", "settlement_outcome", "state_before_settlement", "settled_state")


class Case(NamedTuple):
    """Entitlements about which a settlement found, and decided, the same.

    :param state_before: the state that it found
    :param state_given: the state that something other than a settlement gave
    :param is_twin: two of the transactions are probably one
    :param is_outside: something was bought outside of the entitlement's time
    """

    state_before: str
    state_given: str
    settlement_before_id: int | None
    redemption: Redemption
    is_twin: bool
    is_outside: bool
    decision: Decision

    @property
    def is_changed(self):
        return self.decision.state != self.state_before

    @property
    def is_exception(self):
        return self.decision.is_listed or self.is_twin or self.is_outside

    @property
    def fingerprint(self):
        """The facts, and what they are listed for: where these are the same, so is a clearing."""
        redemption, decision = self.redemption, self.decision
        return "|".join(
            map(
                str,
                (
                    decision.outcome,
                    self.state_given,
                    redemption.allocated.normalize(),
                    redemption.redeemed.normalize(),
                    redemption.problem,
                    decision.is_listed,
                    self.is_twin,
                    self.is_outside,
                ),
            )
        )


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

    def init(self):
        result = super().init()
        if self._auto:
            for name, column, condition in (
                # What is still to settle: few even where millions are settled.
                ("to_settle", "cycle_id, id", "is_settled IS NOT TRUE"),
                ("changed", "cycle_id", "is_settled AND state IS DISTINCT FROM settled_state"),
                ("unreadable", "id", "redemption_problem IS NOT NULL"),
            ):
                self.env.cr.execute(
                    SQL(
                        "CREATE INDEX IF NOT EXISTS %s ON %s (%s) WHERE %s",
                        SQL.identifier(f"{self._table}_{name}_idx"),
                        SQL.identifier(self._table),
                        SQL(column),
                        SQL(condition),
                    )
                )
        return result

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
        self.fetch(["state", "write_uid", "write_date"])
        return computed

    @api.model
    def _get_computed_values(self, state):
        """Return what stored computed fields are sure to become in ``state``."""
        return {}

    def _update(self, columns):
        """Write values to all of these entitlements past the ORM."""
        self.flush_recordset(columns)
        self.env.cr.execute(
            SQL(
                "UPDATE %s SET %s WHERE id = ANY(%s::integer[])",
                SQL.identifier(self._table),
                SQL(", ").join(
                    SQL("%s = %s", SQL.identifier(name), None if value is False else value)
                    for name, value in columns.items()
                ),
                self._get_ids_literal(),
            )
        )
        self.invalidate_recordset(columns, flush=False)

    # The queue

    @api.model
    def _get_to_settle(self, cycle, after_id=0, limit=None):
        """Return the entitlements of ``cycle`` that are still to settle, in order of id.

        In SQL, because the search's own way to say "not true" keeps PostgreSQL from using the
        index of what is to settle.
        """
        self.flush_model(["cycle_id", "is_settled"])
        self.env.cr.execute(
            SQL(
                """
                SELECT id FROM %s
                WHERE cycle_id = %s AND is_settled IS NOT TRUE AND id > %s ORDER BY id LIMIT %s
                """,
                SQL.identifier(self._table),
                cycle.id,
                after_id,
                limit,
            )
        )
        return self.browse(row[0] for row in self.env.cr.fetchall())

    @api.model
    def _queue_changed_states(self, cycle=None):
        """Queue the entitlements whose state was set past the ORM since their settlement."""
        self.flush_model(["state", *SETTLEMENT_FIELDS])
        self.env.cr.execute(
            SQL(
                """
                UPDATE %s SET is_settled = FALSE
                WHERE is_settled AND state IS DISTINCT FROM settled_state %s
                """,
                SQL.identifier(self._table),
                SQL("AND cycle_id = %s", cycle.id) if cycle else SQL(),
            )
        )
        self.invalidate_model(["is_settled"], flush=False)

    @api.model
    def _get_unreadable(self, after_id, limit):
        """Return entitlements that have movements which can't be read, in order of id."""
        return self.search(
            [("redemption_problem", "!=", False), ("id", ">", after_id)], order="id", limit=limit
        )

    @api.model
    def _compute_anew_in(self, cycles):
        """Compute the figures of all entitlements of ``cycles`` anew, in bounded memory."""
        after_id = 0
        while batch := self.search(
            [("cycle_id", "in", cycles.ids), ("id", ">", after_id)], order="id", limit=5000
        ):
            after_id = batch.ids[-1]
            batch._compute_anew()
            self.env.invalidate_all()

    def _compute_anew(self):
        """Compute the figures anew, and queue the entitlements whose figures became others."""
        redemptions = self._get_redemptions()
        stale = {
            entitlement_id: redemptions[entitlement_id]
            for entitlement_id, *figures in self._read_columns(*self._get_figures(Redemption()))
            if figures != list(self._get_figures(redemptions[entitlement_id]).values())
        }
        self._correct_figures(stale)
        self.browse(stale)._update({"is_settled": False})

    # Settling

    def _settle(self, settlement):
        """Decide the state of these entitlements, write it, and remember which settlement did.

        :param settlement: the `spp.cycle.settlement` that asks
        :return: pairs of `Case` and a list of entitlement ids
        """
        cases, stale = self._decide()
        self._correct_figures(stale)
        ids_by_columns = defaultdict(list)
        for case, ids in cases:
            state, outcome, _is_listed = case.decision
            given = None if state == case.state_given else case.state_given
            ids_by_columns[state, case.is_changed, outcome, given] += ids
        for (state, is_changed, outcome, given), ids in ids_by_columns.items():
            columns = {
                "is_settled": True,
                "settlement_id": settlement.id,
                "settlement_outcome": outcome,
                "state_before_settlement": given,
                "settled_state": state,
            }
            self.browse(ids)._write_settlement(state, is_changed, columns)
        return cases

    def _decide(self):
        """Decide the state of these entitlements, which are of one cycle. Writes nothing.

        :return: pairs of `Case` and a list of entitlement ids; and a dict from the id of each
            entitlement whose stored figures are not right to its `redemption.Redemption`
        """
        # The little that a batch takes beyond the server's default would go to the disk.
        self.env.cr.execute("SET LOCAL work_mem = '64MB'")
        figures = self._get_figures(Redemption())
        state_columns = ("state", "state_before_settlement", "settled_state", "settlement_id")
        rows = self._read_facts(
            *(SQL.identifier("entitlement", name) for name in state_columns),
            *(self._get_figure_column(name) for name in figures),
            time_zone=self[:1].cycle_id._get_company()._get_settlement_time_zone(),
        )
        ids_by_look = defaultdict(list)  # of those that look alike one is decided
        for row in rows:
            ids_by_look[row[1:]].append(row[0])
        skip = len(state_columns) + len(figures)
        looks = [(look, ids, self._get_facts(look, skip)) for look, ids in ids_by_look.items()]
        redemptions = self._add_up([(ids[0], facts) for _look, ids, facts in looks])
        # Of a payment there is no receipt, and its day is not the beneficiary's.
        is_bought = self._is_by_transactions(self[:1].cycle_id)
        twins = self._get_ids_with_twins(
            [id_ for _look, ids, facts in looks if is_bought and facts.has_equal for id_ in ids]
        )
        cases, stale = [], {}
        for look, ids, facts in looks:
            redemption = redemptions[ids[0]]
            state, given, settled_state, settlement_id = look[: len(state_columns)]
            if not given or state != settled_state:
                given = state
            decision = decide(given, redemption)
            for is_twin, alike in self._split(ids, twins):
                is_outside = is_bought and facts.is_outside
                case = Case(state, given, settlement_id, redemption, is_twin, is_outside, decision)
                cases.append((case, alike))
            if list(look[len(state_columns) : skip]) != list(
                self._get_figures(redemption).values()
            ):
                stale.update(dict.fromkeys(ids, redemption))
        return cases, stale

    @api.model
    def _get_figure_column(self, name):
        column = SQL.identifier("entitlement", name)
        is_number = self._fields[name].type in ("float", "monetary")
        return SQL("%s::float8", column) if is_number else column

    @api.model
    def _split(self, ids, twins):
        """Yield whether entitlements have probable twins, and which of ``ids`` do and don't."""
        with_twins = [id_ for id_ in ids if id_ in twins] if twins else []
        if with_twins:
            yield True, with_twins
        if len(with_twins) < len(ids):
            yield False, [id_ for id_ in ids if id_ not in twins] if with_twins else ids

    @api.model
    def _get_ids_with_twins(self, candidates):
        """Return the ids of those with two transactions that are probably one.

        They say the same about the same, at one service point, and have one receipt or minute.

        :param candidates: ids of those of which the same moved twice; twins are few among them
        """
        if not candidates:
            return set()
        transactions = self.env[self._fields["transaction_ids"].comodel_name]
        keys = SQL(", ").join(map(SQL, transactions._get_twin_columns()))
        found = set()
        for criterion in ("DATE_TRUNC('minute', timestamp_transaction_created)", "receipt_number"):
            self.env.cr.execute(
                SQL(
                    """
                    SELECT entitlement_id FROM %s
                    WHERE entitlement_id = ANY(%s::integer[]) AND (%s) AND %s::text <> ''
                    GROUP BY entitlement_id, %s, %s HAVING COUNT(*) > 1
                    """,
                    SQL.identifier(transactions._table),
                    candidates,
                    SQL(transactions._moved_condition),
                    SQL(criterion),
                    keys,
                    SQL(criterion),
                )
            )
            found.update(row[0] for row in self.env.cr.fetchall())
        return found

    @api.model
    def _correct_figures(self, redemptions):
        """Write figures that are not the stored ones: transactions were written past the ORM.

        :param redemptions: a dict from entitlement id to its `redemption.Redemption`
        """
        if not redemptions:
            return
        names = list(self._get_figures(Redemption()))
        rows = [
            (entitlement_id, *self._get_figures(redemption).values())
            for entitlement_id, redemption in redemptions.items()
        ]
        self.flush_model(names)
        columns = SQL(", ").join(map(SQL.identifier, names))
        self.env.cr.execute(
            SQL(
                "UPDATE %s AS entitlement SET %s FROM UNNEST(%s) AS found (id, %s)"
                " WHERE found.id = entitlement.id",
                SQL.identifier(self._table),
                SQL(", ").join(SQL("%s = found.%s", *[SQL.identifier(name)] * 2) for name in names),
                SQL(", ").join(
                    SQL("%s::%s[]", list(values), SQL(kind))
                    for kind, values in zip(
                        ["integer", *(self._fields[name].column_type[1] for name in names)],
                        zip(*rows, strict=True),
                        strict=True,
                    )
                ),
                columns,
            )
        )
        entitlements = self.browse(redemptions)
        entitlements.invalidate_recordset(names, flush=False)
        entitlements.modified(names)
