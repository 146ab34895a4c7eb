from collections import defaultdict
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL

from ..redemption import OUTCOMES, PURCHASE, Decision, Redemption, decide
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
        redemptions = self._get_redemptions()
        suspicions = self._get_suspicions()
        cases = {}  # of those that look alike one is decided
        stale = {}
        for (
            entitlement_id,
            state,
            given,
            settled_state,
            settlement_id,
            *figures,
        ) in self._read_columns(
            "state",
            "state_before_settlement",
            "settled_state",
            "settlement_id",
            *self._get_figures(Redemption()),
        ):
            redemption = redemptions[entitlement_id]
            if not given or state != settled_state:
                given = state
            suspicion = suspicions.get(entitlement_id, (False, False))
            key = (state, given, settlement_id, id(redemption), suspicion)
            if key not in cases:
                decision = decide(given, redemption)
                case = Case(state, given, settlement_id, redemption, *suspicion, decision)
                cases[key] = (case, [], list(self._get_figures(redemption).values()))
            _case, ids, right_figures = cases[key]
            ids.append(entitlement_id)
            if figures != right_figures:
                stale[entitlement_id] = redemption
        return [(case, ids) for case, ids, _figures in cases.values()], stale

    def _get_suspicions(self):
        """Look for transactions that are probable twins, or outside of their time.

        :return: a dict from entitlement id to whether it has the ones and the others
        """
        if not self:
            return {}
        transactions = self.env[self._fields["transaction_ids"].comodel_name]
        company = self[0].cycle_id._get_company()
        self.flush_model(["valid_from", "valid_until", "cycle_id"])
        self.env.cr.execute(
            SQL(
                """
                WITH moved AS MATERIALIZED (
                    SELECT entitlement_id, transaction_type AS kind, %(amounts)s,
                        COALESCE(service_point_id::text, service_point_device_id) AS point,
                        receipt_number AS receipt,
                        DATE_TRUNC('minute', timestamp_transaction_created) AS minute,
                        (timestamp_transaction_created AT TIME ZONE 'UTC' AT TIME ZONE %(zone)s)
                            ::date AS day
                    FROM %(transactions)s
                    WHERE entitlement_id = ANY(%(ids)s::integer[]) AND (%(moved)s)
                )
                SELECT entitlement_id, TRUE, FALSE FROM moved
                GROUP BY entitlement_id, kind, %(amounts)s, point, minute HAVING COUNT(*) > 1
                UNION ALL
                SELECT entitlement_id, TRUE, FALSE FROM moved WHERE receipt <> ''
                GROUP BY entitlement_id, kind, %(amounts)s, point, receipt HAVING COUNT(*) > 1
                UNION ALL
                SELECT entitlement_id, FALSE, TRUE FROM moved
                JOIN %(entitlements)s AS entitlement ON entitlement.id = entitlement_id
                JOIN g2p_cycle AS cycle ON cycle.id = entitlement.cycle_id
                WHERE kind = %(purchase)s AND (
                    day < COALESCE(entitlement.valid_from, cycle.start_date)
                    OR day > COALESCE(entitlement.valid_until, cycle.end_date)
                )
                """,
                zone=company._get_settlement_time_zone(),
                transactions=self._get_transactions(),
                entitlements=SQL.identifier(self._table),
                ids=self._get_ids_literal(),
                amounts=SQL(", ").join(map(SQL.identifier, transactions._get_amount_columns())),
                moved=SQL(" OR ").join(
                    SQL("%s <> 0", SQL.identifier(name)) for name in transactions._get_measures()
                ),
                purchase=PURCHASE,
            )
        )
        suspicions = {}
        for entitlement_id, is_twin, is_outside in self.env.cr.fetchall():
            was_twin, was_outside = suspicions.get(entitlement_id, (False, False))
            suspicions[entitlement_id] = (was_twin or is_twin, was_outside or is_outside)
        return suspicions

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
