import logging
from datetime import timedelta

from odoo import _, api, fields, models

from odoo.addons.queue_job.delay import group
from odoo.addons.queue_job.exception import RetryableJobError
from odoo.addons.queue_job.job import ENQUEUED, PENDING, STARTED, WAIT_DEPENDENCIES

from ..connector import TemporaryError
from .attendance_run import RUNNING

_logger = logging.getLogger(__name__)

CHANNEL = "root_program.cycle"
# When a call failed that may work later, the job waits so long before it asks again.
RETRY_SECONDS = 300
CONCURRENCY_TRIES = 3
PATIENCE_MINUTES = 10


class AttendanceJobMixin(models.AbstractModel):
    """What `g2p.cycle` does in the background when a cycle is too big to check at once.

    The steps of a run (prepare, then one fetch per batch, then finish) are jobs of one method,
    whose first argument is the cycle: the platform's "Related Job(s)" button looks for it there.
    """

    _name = "spp.attendance.job.mixin"
    _description = "Background Jobs of Attendance Runs"

    def _queue_attendance_run(self, run):
        """Lock the cycle, and queue the first step of a run that is missing."""
        self.ensure_one()
        self.write(
            {"locked": True, "locked_reason": _("The attendance of its members is being checked.")}
        )
        self._queue_batches(run) if run.is_prepared else self._delay_step(run, "prepare").delay()

    def _queue_batches(self, run):
        finish = self._delay_step(run, "finish")
        missing = run.batch_ids.filtered(lambda batch: not batch.is_done)
        if not missing:
            finish.delay()
            return
        group(*(self._delay_step(run, "fetch", batch) for batch in missing)).on_done(finish).delay()

    def _delay_step(self, run, step, batch=None):
        key = f"{self._get_job_key(run)}.{run.attempt}.{step}.{batch.number if batch else 0}"
        delayable = self.env["g2p.cycle"].delayable(
            channel=CHANNEL,
            description=_("Attendance of %(cycle)s: %(step)s", cycle=self.name, step=step),
            identity_key=key,
        )
        return delayable._attendance_job(self, run.id, run.attempt, step, batch and batch.id)

    @api.model
    def _get_job_key(self, run):
        return f"spp.attendance.run.{run.id}"

    def _attendance_job(self, cycle, run_id, attempt, step, batch_id=None):
        """Job: one step of a run. Whatever goes wrong for good unlocks the cycle.

        :param attempt: the run's attempt that this job belongs to; those of earlier ones do nothing
        """
        run = self.env["spp.attendance.run"].sudo().browse(run_id)
        if run.state != RUNNING or run.attempt != attempt:
            return
        try:
            with self.env.cr.savepoint():
                getattr(cycle, f"_attendance_{step}")(run, run.batch_ids.browse(batch_id))
        except RetryableJobError:
            raise
        except TemporaryError as error:
            if not self._is_last_try():
                raise RetryableJobError(str(error), seconds=RETRY_SECONDS) from None
            self._report_attendance_failure(cycle, run, error)
            raise
        except Exception as error:
            if not self._is_concurrency_error(error):
                self._report_attendance_failure(cycle, run, error)
            raise

    def _attendance_prepare(self, run, _batch):
        run._prepare()
        self._queue_batches(run)

    def _attendance_fetch(self, run, batch):
        if not batch.is_done:
            with run._get_client() as client:
                run._fetch(batch, client)

    def _attendance_finish(self, run, _batch):
        self._lock_attendance(RetryableJobError)
        run._finish()
        self.write({"locked": False, "locked_reason": False})
        self.message_post(body=_("Attendance was checked: %(result)s", result=run._get_result()))

    @api.model
    def _is_last_try(self):
        """Return whether the job runner will not call this job again."""
        uuid = self.env.context.get("job_uuid")
        job = self.env["queue.job"].sudo().search([("uuid", "=", uuid or "")], limit=1)
        return not job.max_retries or job.retry + 1 >= job.max_retries if job else True

    @api.model
    def _is_concurrency_error(self, error):
        # What the job runner tries again by itself.
        return getattr(error, "pgcode", None) in ("40001", "40P01", "55P03")

    def _report_attendance_failure(self, cycle, run, error):
        """Keep a failure although the job's own transaction is about to be rolled back."""
        _logger.warning("The attendance run %s failed: %s", run.id, type(error).__name__)
        message = run._describe_error(error)
        for tries_left in reversed(range(CONCURRENCY_TRIES)):
            try:
                with self.env.registry.cursor() as cr:
                    env = self.env(cr=cr)
                    cycle.with_env(env)._stop_attendance_run(run.with_env(env).sudo(), message)
                return
            except Exception as failure:
                if not tries_left or not self._is_concurrency_error(failure):
                    raise

    def _stop_attendance_run(self, run, message):
        """Let go of a cycle whose run failed, and say so."""
        if run.state != RUNNING:
            return
        run._fail(message)
        self.write({"locked": False, "locked_reason": False})
        self.message_post(
            body=_(
                "The check of the attendance failed, and no membership was changed: %(error)s "
                "Open the run and press Retry to go on where it stopped.",
                error=message,
            )
        )

    @api.model
    def _cron_release_attendance_runs(self):
        """Stop the runs whose jobs are gone: failed, cancelled or deleted."""
        runs = self.env["spp.attendance.run"].sudo().search([("state", "=", RUNNING)])
        for run in runs.filtered(lambda run: not self._has_jobs(run)):
            run.cycle_id._stop_attendance_run(
                run, _("The background jobs of this run were stopped.")
            )

    def _has_jobs(self, run):
        jobs = (
            self.env["queue.job"]
            .sudo()
            .search([("identity_key", "=like", f"{self._get_job_key(run)}.%")])
        )
        states = set(jobs.mapped("state"))
        if not states.isdisjoint((PENDING, ENQUEUED, STARTED)):
            return True
        # Between the end of the last batch and the start of what waits for it, there is a moment.
        recently = fields.Datetime.now() - timedelta(minutes=PATIENCE_MINUTES)
        is_recent = any(done > recently for done in jobs.mapped("date_done") if done)
        return WAIT_DEPENDENCIES in states and is_recent

    def _retry_attendance_run(self, run):
        """Try a failed run again, at once or in the background."""
        self._check_can_run_attendance(run.mode)
        self._lock_attendance()
        run = run.sudo()
        run.write({"state": RUNNING, "error": False, "finished_at": False})
        run.attempt += 1
        return self._go_on_with_attendance_run(run)
