import logging

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.queue_job.exception import RetryableJobError

from ...connector import PermanentError, TemporaryError

_logger = logging.getLogger(__name__)

POLLED_STATES = ("draft", "to_approve", "approved", "distributed")


class G2PCycle(models.Model):
    """The nightly poll: what a run of the cycle would ask is asked for before, and stored.

    It decides nothing, and is never in a run's way: it locks no cycle, and where a run is in
    progress it leaves the cycle alone until the next night.
    """

    _inherit = "g2p.cycle"

    def _get_cycle(self):
        return self

    @api.model
    def _cron_poll_attendance(self):
        """Queue the questions of all cycles whose sources are asked every night."""
        domain = [
            ("attendance_source_id.is_polled", "=", True),
            ("attendance_source_id.active", "=", True),
            ("use_attendance_criteria", "=", True),
            ("state", "in", POLLED_STATES),
        ]
        for cycle in self.sudo().search(domain):
            try:
                with self.env.cr.savepoint():
                    if cycle._may_attendance_be_polled():
                        cycle._queue_attendance_poll()
            except Exception:
                # The others are asked about all the same.
                _logger.exception("The attendance of cycle %s can't be asked for", cycle.id)

    def _may_attendance_be_polled(self):
        """Return whether attendance of the days that count may still come, and be of use."""
        company = self._get_attendance_company()
        if company.attendance_poll_paused or self._is_attendance_running():
            return False
        try:
            self._check_can_count()
        except UserError:
            return False  # whoever runs it is told
        first, last = self._get_attendance_period()
        today = self._get_attendance_day(fields.Datetime.now())
        if today < first or (last < today and not self._is_open_for_attendance()):
            return False
        try:
            self._check_source()
            self._check_can_ask()
        except UserError:
            return False  # whoever runs it is told
        return True

    def _queue_attendance_poll(self):
        for first_id, last_id, _count in self._deal_memberships():
            delayable = self.env["g2p.cycle"].delayable(
                description=_("Nightly question about the attendance of %s", self.name),
                identity_key=f"spp.attendance.poll.{self.id}.{first_id}",
            )
            delayable._attendance_poll_job(self, first_id, last_id).delay()

    def _attendance_poll_job(self, cycle, first_id, last_id):
        """Job: ask about some memberships, and store what is answered."""
        cycle = cycle.sudo()
        if not cycle.attendance_source_id.is_polled or not cycle._may_attendance_be_polled():
            return
        try:
            with self.env.cr.savepoint():
                cycle._poll_attendance(first_id, last_id)
        except TemporaryError as error:
            raise RetryableJobError(str(error), seconds=error.retry_after) from None
        except PermanentError as error:
            cycle.attendance_source_id._ask_administrator(str(error))

    def _poll_attendance(self, first_id, last_id):
        intakes = self.env["spp.attendance.intake"].sudo()._as_attendance_writer()
        intake = intakes.create(
            {
                **self._prepare_question_vals(),
                "user_id": self.env.uid,
                "first_membership_id": first_id,
                "last_membership_id": last_id,
            }
        )
        draft = self._draft_persons(0, first_id, last_id)
        self._set_identifiers(draft)
        with self.attendance_source_id._get_client() as client:
            self._receive_answers(intake, client, draft.get_persons_to_ask([]))
