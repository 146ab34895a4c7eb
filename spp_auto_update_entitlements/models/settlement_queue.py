from datetime import timedelta

from odoo import api, models
from odoo.tools import SQL

from ..redemption import Redemption
from .settlement_mixin import SETTLEMENT_FIELDS

# Entitlements that are looked at in one go.
BATCH_SIZE = 20_000
ONE_DAY = timedelta(days=1)


class SettlementMixin(models.AbstractModel):
    """Which entitlements are still to settle, and what queues them."""

    _inherit = "spp.settlement.mixin"

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

    @api.model
    def _get_to_settle(self, cycle, after_id=0, limit=None, running=None):
        """Return the entitlements of ``cycle`` that are still to settle, in order of id.

        :param running: a settlement; what it has decided already is left to the next one

        In SQL, because the search's own way to say "not true" keeps PostgreSQL from using the
        index of what is to settle.
        """
        self.flush_model(["cycle_id", "is_settled"])
        self.env.cr.execute(
            SQL(
                """
                SELECT id FROM %s
                WHERE cycle_id = %s AND is_settled IS NOT TRUE AND id > %s %s
                ORDER BY id LIMIT %s
                """,
                SQL.identifier(self._table),
                cycle.id,
                after_id,
                SQL("AND settlement_id IS DISTINCT FROM %s", running.id) if running else SQL(),
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
    def _queue_bought_between(self, cycle, own_day, day, other_day):
        """Queue what may be outside of its time now, or not any more: a day of ``cycle`` has moved.

        :param own_day: which day of an entitlement goes before that of the cycle
        """
        if not (day and other_day) or day == other_day or not self._is_by_transactions(cycle):
            return
        # A day more on each side: whatever the time zone, it is between.
        first, last = min(day, other_day) - ONE_DAY, max(day, other_day) + 2 * ONE_DAY
        self.flush_model(["cycle_id", "is_settled", own_day])
        self.env.cr.execute(
            SQL(
                """
                UPDATE %s AS entitlement SET is_settled = FALSE
                WHERE cycle_id = %s AND is_settled AND %s IS NULL AND EXISTS (
                    SELECT FROM %s AS moved
                    WHERE moved.entitlement_id = entitlement.id
                        AND moved.timestamp_transaction_created BETWEEN %s AND %s
                )
                """,
                SQL.identifier(self._table),
                cycle.id,
                SQL.identifier("entitlement", own_day),
                self._get_transactions(),
                first,
                last,
            )
        )
        self.invalidate_model(["is_settled"], flush=False)

    @api.model
    def _compute_anew_in(self, domain):
        """Compute the figures of all entitlements in ``domain`` anew, in bounded memory."""
        after_id = 0
        while batch := self.search([*domain, ("id", ">", after_id)], order="id", limit=BATCH_SIZE):
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
