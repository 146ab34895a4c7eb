import logging

from markupsafe import Markup
from psycopg2 import errors

from odoo import _, api, models
from odoo.exceptions import UserError
from odoo.tools import config

from odoo.addons.g2p_programs.models.constants import (
    STATE_APPROVED,
    STATE_DISTRIBUTED,
    STATE_ENDED,
)

from ..exceptions import SettlementUnderWay
from .res_config_settings import GRACE_DAYS_PARAMETER

_logger = logging.getLogger(__name__)

MAX_TRIES = 3
MAY_SETTLE_GROUPS = ("g2p_programs.g2p_program_manager", "g2p_registry_base.group_g2p_admin")
CONCURRENCY_ERRORS = (errors.SerializationFailure, errors.DeadlockDetected)


class NightlyRunMixin(models.AbstractModel):
    """What `g2p.cycle` does by itself every night, and when a settlement fails."""

    _name = "spp.nightly.run.mixin"
    _description = "Nightly Run over the Cycles"

    @api.model
    def _cron_settle(self):
        """Settle the expired cycles and end them; settle again where transactions came late."""
        self._release_abandoned_cycles()
        for cycle in self._get_expired_cycles_to_end() + self._get_ended_cycles_to_settle():
            cycle._settle_by_cron()

    @api.model
    def _get_expired_cycles_to_end(self):
        return self.search(
            [
                ("state", "in", (STATE_APPROVED, STATE_DISTRIBUTED)),
                ("locked", "=", False),
                *self._get_expired_domain(self._get_grace_days()),
            ],
            order="end_date, id",
        )

    @api.model
    def _get_grace_days(self):
        value = self.env["ir.config_parameter"].sudo().get_param(GRACE_DAYS_PARAMETER, "0")
        if value.isdecimal():
            return int(value)
        _logger.warning("%s is no number of days: 0 is used", GRACE_DAYS_PARAMETER)
        return 0

    @api.model
    def _get_ended_cycles_to_settle(self):
        ended = self.search(
            [
                ("state", "=", STATE_ENDED),
                ("locked", "=", False),
                ("settlement_ids.state", "=", "done"),
            ],
            order="end_date, id",
        )
        return ended.filtered(lambda cycle: cycle._has_entitlements_to_settle())

    def _settle_by_cron(self, tries=MAX_TRIES):
        """Settle and end one cycle, and keep what is done after each batch.

        Whatever goes wrong is shown on the cycle and stops no other.
        """
        try:
            steps = self._settle_and_end()
            finished = False
            while not finished:
                with self.env.cr.savepoint():
                    finished = next(steps, True)
                self._commit()
        except SettlementUnderWay as error:
            _logger.info("%s", error)
        except CONCURRENCY_ERRORS as error:
            self.env.cr.rollback()
            if tries > 1:
                self._settle_by_cron(tries - 1)
            else:
                self._report_failure(error)
                self._commit()
        except Exception as error:
            _logger.exception("The settlement of cycle %s failed", self.id)
            self._report_failure(error)
            self._commit()

    def _settle_and_end(self):
        for _batch in self._settle("cron"):
            yield False
        if self.state != STATE_ENDED:
            self.mark_ended()

    @api.model
    def _commit(self):
        # In a test the transaction belongs to the test.
        if not config["test_enable"]:
            self.env.cr.commit()  # pylint: disable=invalid-commit

    @api.model
    def _release_abandoned_cycles(self):
        """Unlock the cycles whose background job is gone: failed, cancelled or deleted."""
        queued = self.env["spp.cycle.settlement"].sudo().search([("state", "=", "queued")])
        for settlement in queued.filtered(lambda settlement: not settlement._is_job_alive()):
            settlement.cycle_id._report_failure(
                UserError(_("The background job of this settlement was stopped."))
            )
        self._commit()

    def _report_failure(self, error):
        """Unlock the cycle, and show to a person why its settlement failed."""
        self.ensure_one()
        reason = str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
        settlements = self.env["spp.cycle.settlement"].sudo()._as_writer()
        open_ones = settlements.search(
            [("cycle_id", "=", self.id), ("state", "in", ("queued", "running"))]
        )
        vals = dict(settlements._prepare_vals(self, "cron"), state="failed")
        (open_ones or settlements.create(vals))._fail(reason)
        cycle = self.sudo()
        if cycle.locked:
            cycle.write({"locked": False, "locked_reason": False})
        cycle._clear_failure()
        cycle.activity_schedule(
            "spp_auto_update_entitlements.mail_activity_settlement_failed",
            user_id=cycle._get_responsible_user().id,
            note=Markup("<p>%s</p><p>%s</p>")
            % (
                _("The settlement of this cycle failed. The next nightly run tries it again."),
                reason,
            ),
        )

    def _clear_failure(self):
        self.sudo().activity_unlink(
            ["spp_auto_update_entitlements.mail_activity_settlement_failed"]
        )

    def _get_responsible_user(self):
        """Return who is to hear of a failure: who made the cycle, or another program manager."""
        company = self.company_id or self.program_id.company_id
        users = self.create_uid | self.env["res.users"].sudo().search([("share", "=", False)])
        for user in users:
            in_company = not company or company in user.company_ids
            if user.active and in_company and any(map(user.has_group, MAY_SETTLE_GROUPS)):
                return user
        return self.env.ref("base.user_admin")
