import logging
from datetime import timedelta

from psycopg2 import InterfaceError, OperationalError
from psycopg2.errors import UniqueViolation

from odoo import _, api, fields, models
from odoo.tools import config

from odoo.addons.queue_job.delay import group
from odoo.addons.queue_job.exception import RetryableJobError
from odoo.addons.queue_job.job import ENQUEUED, FAILED, PENDING, STARTED, WAIT_DEPENDENCIES

from ...connector import TemporaryError
from .attendance_run import APPLY, DONE, OUTDATED, RUNNING

_logger = logging.getLogger(__name__)

# What passes by itself: collisions with other transactions (of two that give an attendance to
# different persons at once, the last one begins anew), and connections that were cut.
PASSING_ERRORS = (OperationalError, InterfaceError, UniqueViolation)
PASSING_NAMES = [f"{error.__module__}.{error.__name__}" for error in PASSING_ERRORS]
PASSING_SECONDS = 5
MAX_TRIES = 3
PATIENCE_MINUTES = 10
PATIENCE_HOURS = 12


class G2PCycle(models.Model):
    """What is done in the background when a cycle is too big to check at once.

    The steps of a run (plan, then one question per intake, then finish; and what a person asks for
    later: to apply it, or to take it back) are jobs of one method, whose first argument is the
    cycle: the platform's "Related Job(s)" button looks for it there.
    """

    _inherit = "g2p.cycle"

    def _queue_attendance_run(self, run):
        """Lock the cycle, and queue the first step of a run."""
        self._queue_step(run, "plan", _("The attendance of its beneficiaries is being checked."))

    def _queue_attendance_request(self, run):
        """Lock the cycle, and queue what a person asked for."""
        if run.request == APPLY:
            reason = _("The verdicts on its members' attendance are being applied.")
        else:
            reason = _("A check of its members' attendance is being taken back.")
        self._queue_step(run, "request", reason)

    def _queue_step(self, run, step, reason):
        self.ensure_one()
        self.write({"locked": True, "locked_reason": reason})
        run.in_background = True
        self._delay_step(run, step).delay()

    def _delay_step(self, run, step, intake=None):
        delayable = self.env["g2p.cycle"].delayable(
            description=_("Attendance of %(cycle)s: %(step)s", cycle=self.name, step=step),
            identity_key=f"{self._get_job_key(run)}.{step}.{intake.number if intake else 0}",
        )
        return delayable._attendance_job(self, run.id, step, intake and intake.id)

    @api.model
    def _get_job_key(self, run):
        return f"spp.attendance.run.{run.id}"

    def _attendance_job(self, cycle, run_id, step, intake_id=None):
        """Job: one step of a run. Whatever goes wrong for good unlocks the cycle."""
        run = self.env["spp.attendance.run"].sudo()._as_attendance_writer().browse(run_id)
        # What was done already is not done again, whoever calls the job again.
        is_due = run.request if step == "request" else run.state == RUNNING
        if not is_due:
            return
        try:
            with self.env.cr.savepoint():
                getattr(cycle, f"_attendance_{step}")(run, run.intake_ids.browse(intake_id))
        except Exception as error:
            later = self._get_later(error)
            if later and not self._is_last_try():
                raise later from None
            self._report_attendance_failure(cycle, run, error)
            raise

    @api.model
    def _get_later(self, error):
        """Return what tells the job runner to try again later, if an error may pass by itself."""
        if isinstance(error, RetryableJobError):
            return error
        if isinstance(error, PASSING_ERRORS):
            # The job runner tries it again by itself, but only what it knows.
            return RetryableJobError(type(error).__name__, seconds=PASSING_SECONDS)
        if isinstance(error, TemporaryError):
            return RetryableJobError(str(error), seconds=error.retry_after)
        return None

    def _attendance_plan(self, run, _intake):
        run._plan_intakes()
        finish = self._delay_step(run, "finish")
        if not run.intake_ids:
            finish.delay()
            return
        asks = [self._delay_step(run, "ask", intake) for intake in run.intake_ids]
        group(*asks).on_done(finish).delay()

    def _attendance_ask(self, run, intake):
        if not intake.is_done:
            with run._get_client() as client:
                run._ask(intake, client)

    def _attendance_finish(self, run, _intake):
        self._lock_attendance(RetryableJobError)
        self.write({"locked": False, "locked_reason": False})
        run._finish()
        if run.state != DONE:  # that it was applied is told already
            result = run._get_result()
            self.message_post(body=_("Attendance was checked: %(result)s", result=result))

    def _attendance_request(self, run, _intake):
        self._lock_attendance(RetryableJobError)
        asked = run._describe_request()
        self.write({"locked": False, "locked_reason": False})
        before = run.state
        run._carry_out_request()
        if run.state in (before, OUTDATED):  # that it is done is told already
            result = run._get_result()
            self.message_post(body=_("%(asked)s: %(result)s", asked=asked, result=result))

    @api.model
    def _is_last_try(self):
        """Return whether the job runner will not call this job again."""
        uuid = self.env.context.get("job_uuid")
        job = self.env["queue.job"].sudo().search([("uuid", "=", uuid or "")], limit=1)
        return not job.max_retries or job.retry + 1 >= job.max_retries if job else True

    def _report_attendance_failure(self, cycle, run, error):
        """Keep a failure although the job's own transaction is about to be rolled back."""
        _logger.warning("The attendance run %s failed: %s", run.id, type(error).__name__)
        for tries_left in reversed(range(MAX_TRIES)):
            try:
                with self.env.registry.cursor() as cr:
                    env = self.env(cr=cr)
                    cycle.with_env(env)._stop_attendance_run(run.with_env(env), error)
                return
            except PASSING_ERRORS:
                if not tries_left:
                    raise

    def _stop_attendance_run(self, run, error):
        """Let go of a cycle whose run, or what was asked for of it, failed, and say so.

        :param error: an exception, or a sentence
        """
        run = run.sudo()._as_attendance_writer()
        message = run._describe_error(error) if isinstance(error, Exception) else error
        if run.request:
            body = _(
                "%(asked)s: it failed, and no membership was changed. %(error)s Open the run and "
                "press the button again.",
                asked=run._describe_request(),
                error=message,
            )
            run._forget_request()
            run.error = message
        elif run.state == RUNNING:
            body = _(
                "The check of the attendance failed, and no membership was changed: %(error)s "
                "Open the run and press Retry to run again.",
                error=message,
            )
            run._fail(error)
        else:
            return
        if run.in_background:
            self.write({"locked": False, "locked_reason": False})
        self.message_post(body=body)

    @api.model
    def _cron_release_attendance_runs(self):
        """Stop the runs whose jobs are gone: failed, cancelled or deleted."""
        unfinished = ["|", ("state", "=", RUNNING), ("request", "!=", False)]
        runs = self.env["spp.attendance.run"].sudo().search(unfinished)
        for run in runs:
            self._requeue_cut_jobs(run)
        for run in runs.filtered(lambda run: not self._is_alive(run)):
            run.cycle_id._stop_attendance_run(
                run, _("The background jobs of this run were stopped.")
            )

    def _requeue_cut_jobs(self, run):
        """Try the jobs again that failed because the connection to the database was cut.

        Some versions of the job runner roll back after an error, which fails then, too: they
        take that for an error of the job, and not for one that passes.
        """
        # It was written last when it was made, or something was asked for of it.
        if run.write_date > fields.Datetime.now() - timedelta(hours=PATIENCE_HOURS):
            self._get_attendance_jobs(run).filtered(
                lambda job: job.state == FAILED and job.exc_name in PASSING_NAMES
            ).requeue()

    @api.model
    def _get_attendance_jobs(self, run):
        key = f"{self._get_job_key(run)}.%"
        return self.env["queue.job"].sudo().search([("identity_key", "=like", key)])

    def _is_alive(self, run):
        recently = fields.Datetime.now() - timedelta(minutes=PATIENCE_MINUTES)
        if not run.in_background:
            # Made at once, by somebody who waits for it.
            return run.create_date > recently
        jobs = self._get_attendance_jobs(run)
        states = set(jobs.mapped("state"))
        if not states.isdisjoint((PENDING, ENQUEUED, STARTED)):
            return True
        # Between the end of the last batch and the start of what waits for it, there is a moment.
        is_recent = any(done > recently for done in jobs.mapped("date_done") if done)
        return WAIT_DEPENDENCIES in states and is_recent

    # Made at once

    def _carry_out_attendance(self, step):
        """Carry out a step and commit it; what collides with others is tried again."""
        for tries_left in reversed(range(MAX_TRIES)):
            try:
                with self.env.cr.savepoint():
                    result = step()
                self._commit_attendance()
                return result
            except (OperationalError, UniqueViolation):
                if config["test_enable"] or not tries_left or self.env.cr.closed:
                    raise
                self.env.cr.rollback()

    @api.model
    def _commit_attendance(self):
        # In a test the transaction belongs to the test.
        if not config["test_enable"]:
            self.env.cr.commit()  # pylint: disable=invalid-commit
