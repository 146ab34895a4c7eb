import logging
import math
import time
from datetime import timedelta

from psycopg2 import errors

from odoo import _, api, fields, models
from odoo.tools import config

from odoo.addons.g2p_programs.models.constants import STATE_CANCELLED, STATE_ENDED

from ..exceptions import SettlementUnderWay
from .cycle_end import STATES_TO_END
from .settlement_queue import BATCH_SIZE

_logger = logging.getLogger(__name__)

MAX_TRIES = 3
CONCURRENCY_ERRORS = (errors.SerializationFailure, errors.DeadlockDetected)
# What the next nightly run does with a cycle.
PLANS = [
    ("requested", "Settles and ends it, as a person asked"),
    ("end", "Settles and ends it"),
    ("settle", "Settles what has changed"),
    ("none", "Nothing: it is settled"),
    ("not_over", "Nothing: it is not over"),
    ("grace", "Waits: days of grace"),
    ("held", "Nothing: held back until a person settles it or leaves it"),
    ("left", "Nothing: a person left it alone"),
    ("paused", "Nothing: the nightly run is paused for its company"),
    ("locked", "Nothing: a background task is working on it"),
    ("state", "Nothing: it was never approved"),
    ("cancelled", "Nothing: it is cancelled"),
]
SETTLING_PLANS = ("requested", "end", "settle", "none")


class G2PCycle(models.Model):
    """What happens to the cycles every night, and when a settlement fails."""

    _inherit = "g2p.cycle"

    nightly_plan = fields.Selection(
        PLANS, "The Next Night", compute="_compute_nightly_plan", compute_sudo=True
    )
    days_overdue = fields.Integer(
        compute="_compute_days_overdue",
        compute_sudo=True,
        help="The days since the last day of the cycle, until it ends.",
    )

    # What the night will do

    @api.depends("state", "end_date", "locked", "settlement_hold", "end_requested_by_id")
    def _compute_nightly_plan(self):
        for cycle in self:
            cycle.nightly_plan = cycle._get_plan()

    @api.depends("state", "is_expired", "end_date")
    def _compute_days_overdue(self):
        for cycle in self:
            is_open = cycle.is_expired and cycle.state not in (STATE_ENDED, STATE_CANCELLED)
            today = cycle._get_company()._get_settlement_today()
            cycle.days_overdue = (today - cycle.end_date).days if is_open else 0

    def _get_plan(self):
        """Return what the next nightly run does with this cycle: one of `PLANS`."""
        company = self._get_company()
        is_requested = bool(self.end_requested_by_id)
        if self.state == STATE_CANCELLED:
            return "cancelled"
        if self.state not in (*STATES_TO_END, STATE_ENDED):
            return "state"
        if self.state == STATE_ENDED and not self._has_entitlements_to_settle():
            return "none"
        if self.state != STATE_ENDED and not is_requested and not self.is_expired:
            return "not_over"
        if self.locked:
            return "locked"
        if is_requested:
            return "requested"
        if self.settlement_hold:
            return self.settlement_hold
        if company.is_settlement_paused:
            return "paused"
        if self.state == STATE_ENDED:
            return "settle"
        is_waiting = self.end_date >= company._get_settlement_today() - company._get_grace()
        return "grace" if is_waiting else "end"

    @api.model
    def _get_cycles_for_the_night(self):
        """Return the cycles that there may be something to do with, the urgent ones first."""
        requested = self.search([("end_requested_by_id", "!=", False)], order="id")
        expired = self.search(
            [("state", "in", STATES_TO_END), *self._get_expired_domain(with_grace=True)],
            order="end_date, id",
        )
        running = self.env["spp.cycle.settlement"].sudo().search([("state", "=", "running")])
        return requested | expired | self._get_ended_cycles_to_settle() | running.cycle_id

    @api.model
    def _get_ended_cycles_to_settle(self):
        self.env.flush_all()
        self.env.cr.execute(
            """
            SELECT cycle.id FROM g2p_cycle AS cycle
            WHERE cycle.state = %s AND cycle.settlement_hold IS NULL AND (
                EXISTS (
                    SELECT FROM g2p_entitlement
                    WHERE cycle_id = cycle.id AND is_settled IS NOT TRUE
                ) OR EXISTS (
                    SELECT FROM g2p_entitlement_inkind
                    WHERE cycle_id = cycle.id AND is_settled IS NOT TRUE
                )
            )
            ORDER BY cycle.end_date, cycle.id
            """,
            [STATE_ENDED],
        )
        return self.browse(row[0] for row in self.env.cr.fetchall())

    # The cron

    @api.model
    def _cron_settle(self):
        """Settle the cycles that are over and end them; settle again where facts have changed.

        Commits after each batch. Before the server's time limit for crons would stop it, it stops
        itself, and is called again.
        """
        try:
            goes_on_at = self._settle_all()
            if goes_on_at:
                self._start_cron(goes_on_at)
                self._commit()
        except Exception:
            if self.env.cr.closed:
                # The connection is lost, not the settlements: they go on in a moment.
                with self.env.registry.cursor() as cr:
                    self.with_env(self.env(cr=cr))._start_cron()
            raise

    @api.model
    def _settle_all(self):
        """Settle what there is to settle, as far as the time allows.

        :return: when to go on, or ``None`` if all is done
        """
        started = time.monotonic()
        budget = self._get_time_budget()
        unseen = self._queue_changes(started + budget / 2)
        goes_on_at = self._settle_cycles(started + budget)
        if unseen:
            goes_on_at = fields.Datetime.now()
        self.env["spp.settlement.turn"]._keep_unseen(unseen if goes_on_at else None)
        return goes_on_at

    @api.model
    def _settle_cycles(self, deadline):
        """Settle the cycles; returns as `_settle_all`."""
        goes_on_at = None
        for cycle in self._get_cycles_for_the_night():
            try:
                is_done = cycle._settle_by_cron(deadline)
            except SettlementUnderWay as error:
                _logger.info("%s", error)
                self._rollback()
                goes_on_at = fields.Datetime.now() + timedelta(minutes=5)
                continue
            if not is_done:
                return fields.Datetime.now()
            self._try(cycle._refresh_service_points)
        return goes_on_at

    @api.model
    def _get_time_budget(self):
        """Return how many seconds the cron takes before it lets others have their turn."""
        limit = config["limit_time_real_cron"]
        if limit < 0:
            limit = config["limit_time_real"]
        return limit / 2 or math.inf

    @api.model
    def _queue_changes(self, deadline):
        """Queue what has changed without a word: states set by SQL, and rates that came late.

        :return: after which ids there is more that can't be read and is still to look at, by kind
        """
        models_by_kind = self._get_entitlement_models()
        for model in models_by_kind.values():
            self._try(model._queue_changed_states)
        unseen = self.env["spp.settlement.turn"]._get_unseen(models_by_kind)
        for kind in list(unseen):
            while batch := models_by_kind[kind]._get_unreadable(unseen[kind], BATCH_SIZE):
                self._try(batch._compute_anew)
                unseen[kind] = batch.ids[-1]
                if time.monotonic() > deadline:
                    return unseen
            del unseen[kind]
        return unseen

    def _carry_out(self, step):
        """Carry out a step and commit it; what collides with others is tried again."""
        for tries_left in reversed(range(MAX_TRIES)):
            try:
                with self.env.cr.savepoint():
                    result = step()
                self._commit()
                return result
            except CONCURRENCY_ERRORS:
                self._rollback()
                if not tries_left:
                    raise

    def _try(self, step):
        """Carry out a step that is no reason to stop the others if it fails."""
        try:
            self._carry_out(step)
        except Exception:
            if self.env.cr.closed:
                raise
            _logger.exception("A step of the nightly run failed")

    def _settle_by_cron(self, deadline=math.inf):
        """Settle and end one cycle, and keep what is done after each batch.

        Whatever goes wrong is shown on the cycle and stops no other.

        :return: whether all is done; if not, the deadline is past
        :raise SettlementUnderWay: if another transaction is working on the cycle
        """
        cursor = {}
        while True:
            try:
                is_done = self._carry_out(lambda: self._take_nightly_step(cursor))
            except SettlementUnderWay:
                raise
            except Exception as error:
                if self.env.cr.closed:
                    raise
                _logger.exception("The settlement of cycle %s failed", self.id)
                self._try(lambda error=error: self._report_failure(error))
                return True
            if is_done or time.monotonic() > deadline:
                return is_done

    def _take_nightly_step(self, cursor):
        """Look at the cycle as it is now; settle the next batch, or end it.

        :return: whether there is nothing more to do
        """
        self._lock_for_settlement()
        if not cursor:
            self._queue_changed_states()
        plan = self._get_plan()
        if plan not in SETTLING_PLANS:
            self._stop_settlement(plan)
            return True
        user = self.end_requested_by_id or self.env.user
        settling = self.with_user(user).sudo()
        if settling._settle_next_batch("user" if plan == "requested" else "cron", cursor):
            self.env.flush_all()
            self.env.invalidate_all()
            return False
        if self.state != STATE_ENDED:
            settling._end()
        elif self.end_requested_by_id:
            # Somebody else has ended it meanwhile.
            self._as_writer().end_requested_by_id = False
        self._clear_failure()
        return True

    def _stop_settlement(self, plan):
        """Interrupt what was going on in a cycle that is not to be settled any more."""
        reason = dict(self._fields["nightly_plan"]._description_selection(self.env))[plan]
        settlement = self.env["spp.cycle.settlement"].sudo()._as_writer()._get_running(self)
        settlement._interrupt(reason)
        if self.end_requested_by_id and plan in ("state", "cancelled"):
            self._as_writer().end_requested_by_id = False
            self.message_post(
                body=_(
                    "The cycle was set as ended, but is not approved any more: it stays as it is."
                )
            )

    @api.model
    def _commit(self):
        # In a test the transaction belongs to the test.
        if not config["test_enable"]:
            self.env.cr.commit()  # pylint: disable=invalid-commit

    @api.model
    def _rollback(self):
        if not config["test_enable"]:
            self.env.cr.rollback()
