from odoo import _, api, models
from odoo.exceptions import UserError

from odoo.addons.g2p_programs.models.constants import (
    MANAGER_CYCLE,
    STATE_APPROVED,
    STATE_DISTRIBUTED,
    STATE_ENDED,
)

from ..exceptions import SettlementUnderWay
from .settlement_queue import BATCH_SIZE

# Above this many entitlements, "Set as Ended" leaves the settlement to the cron.
MAX_SETTLED_AT_ONCE = 2000
STATES_TO_END = (STATE_APPROVED, STATE_DISTRIBUTED)


class G2PCycle(models.Model):
    """Settling a cycle batch by batch, and ending it."""

    _inherit = "g2p.cycle"

    def mark_ended(self):
        """Settle the entitlements of these cycles, then end them the platform's way.

        A cycle with more than `MAX_SETTLED_AT_ONCE` entitlements to settle is left to the cron,
        which is started at once. One that has ended already stays as it is.

        :raise AccessError: if the user may not settle
        :raise UserError: if a cycle is in no state to end, or is being worked on
        """
        self._check_may_settle()
        return self.filtered(lambda cycle: cycle.state != STATE_ENDED)._settle_and_end()

    def _settle_and_end(self):
        """Settle these cycles and end what has not ended, or have the cron do it."""
        requested = self.browse()
        for cycle in self:
            cycle._lock_for_settlement()
            is_open = cycle.state != STATE_ENDED
            if is_open:
                cycle._check_can_end()
            if not cycle._settle_if_small():
                cycle._request_end()
                requested |= cycle
                continue
            if is_open:
                cycle._end()
            cycle._sum_up_service_points()
        return requested._get_requested_notification() if requested else None

    def _end(self):  # pylint: disable=missing-return
        """End this cycle, of which all is settled, the platform's way."""
        self._as_writer().write({"end_requested_by_id": False, "settlement_hold": False})
        if self.program_id.get_manager(MANAGER_CYCLE):
            super().mark_ended()  # pylint: disable=super-method-mismatch
        else:
            self.state = STATE_ENDED

    def _check_can_end(self):
        self.ensure_one()
        if self.state not in STATES_TO_END:
            raise UserError(
                _(
                    "The cycle %(cycle)s can't be ended: only an approved or distributed cycle "
                    "can. If it is to be settled, have it approved first.",
                    cycle=self.name,
                )
            )

    def _check_not_locked(self):
        if self.locked:
            raise SettlementUnderWay(
                _(
                    "A background task is working on the cycle %(cycle)s (%(reason)s). "
                    "Wait until it is done, then try again.",
                    cycle=self.name,
                    reason=self.locked_reason or "",
                )
            )

    def _lock_for_settlement(self):
        """Keep others from settling or changing this cycle until the transaction ends.

        What is known of it afterwards is what it is now. Entitlements can still be made in it.

        :raise SettlementUnderWay: if another transaction is working on it
        """
        self.ensure_one()
        self.flush_recordset()
        self.env.cr.execute(
            "SELECT id FROM g2p_cycle WHERE id = %s FOR NO KEY UPDATE SKIP LOCKED", [self.id]
        )
        if not self.env.cr.fetchone():
            raise SettlementUnderWay(
                _(
                    "The cycle %(cycle)s is being worked on right now. Reload the page in a "
                    "moment.",
                    cycle=self.name,
                )
            )
        self.invalidate_recordset()

    # Settling

    def _settle_if_small(self):
        """Settle what there is to settle, if it is little enough for this transaction.

        :return: whether it was
        :raise SettlementUnderWay: if something else is working on the cycle
        """
        self._lock_for_settlement()
        self._check_not_locked()
        self._queue_changed_states()
        if self._is_too_big_for_now():
            return False
        self._settle_now()
        return True

    def _settle_now(self):
        """Settle what there is to settle, in this transaction.

        :raise SettlementUnderWay: if another transaction is working on the cycle
        """
        self._check_may_settle()
        self._lock_for_settlement()
        self._queue_changed_states()
        cursor = {}
        while self._settle_next_batch("user", cursor):
            pass

    def _queue_changed_states(self):
        for model in self._get_entitlement_models().values():
            model._queue_changed_states(self)

    def _settle_next_batch(self, trigger, cursor):
        """Settle some of what there is to settle; the caller holds the lock of the cycle.

        :param trigger: who starts it, ``cron`` or ``user``
        :param cursor: where the last call was, by kind of entitlement; the caller keeps it
        :return: whether there was anything, if only the settlement to close
        """
        self.ensure_one()
        settlements = self.env["spp.cycle.settlement"].sudo()._as_writer()
        running = settlements._get_running(self)
        for kind, model in self._get_entitlement_models().items():
            # From where the last batch ended: what it left behind in the index is read only once.
            batch = model._get_to_settle(self, cursor.get(kind, 0), BATCH_SIZE, running)
            if not batch and kind in cursor:
                batch = model._get_to_settle(self, 0, BATCH_SIZE, running)
            if batch:
                cursor[kind] = batch.ids[-1]
                settlements._open(self, trigger)._settle(kind, batch)
                return True
        # What changed after its batch is for another settlement: each counts an entitlement once.
        running._close()
        return bool(running)

    def _get_entitlement_models(self):
        """Return the models that are settled, by kind of entitlement."""
        return {
            "cash": self.env["g2p.entitlement"].sudo(),
            "inkind": self.env["g2p.entitlement.inkind"].sudo(),
        }

    def _has_entitlements_to_settle(self):
        return any(
            model._get_to_settle(self, limit=1) for model in self._get_entitlement_models().values()
        )

    def _is_too_big_for_now(self):
        limit = MAX_SETTLED_AT_ONCE + 1
        batches = (
            model._get_to_settle(self, limit=limit)
            for model in self._get_entitlement_models().values()
        )
        return sum(map(len, batches)) >= limit

    # To be ended by the cron

    def _request_end(self):
        self._start_cron()
        if self.end_requested_by_id:
            return
        self._as_writer().end_requested_by_id = self.env.user
        if self.state != STATE_ENDED:
            self.message_post(
                body=_(
                    "%(user)s set the cycle as ended. Its entitlements are settled in the "
                    "background.",
                    user=self.env.user.name,
                )
            )

    def _start_cron(self, at=None):
        cron = self.env.ref("spp_auto_update_entitlements.cron_settle_cycles").sudo()
        if not cron.active:
            raise UserError(
                _(
                    "The scheduled action “%(name)s” is archived, so nothing would settle the "
                    "cycle in the background. Ask an administrator to activate it.",
                    name=cron.name,
                )
            )
        cron._trigger(at)

    def _get_requested_notification(self):
        return self._get_notification(
            _(
                "The entitlements of %(cycles)s are being settled in the background. "
                "What has not ended ends by itself when that is done.",
                cycles=", ".join(self.mapped("name")),
            )
        )

    @api.model
    def _get_notification(self, message, is_warning=False):
        """Return what shows a message; a warning stays until it is closed."""
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "title": _("Settlement"),
                "message": message,
                "type": "warning" if is_warning else "info",
                "sticky": is_warning,
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
