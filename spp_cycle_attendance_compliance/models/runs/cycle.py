from psycopg2 import OperationalError
from psycopg2.errors import UniqueViolation

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.queue_job.exception import RetryableJobError

from ...connector import AttendanceError, Limits
from ...verdicts import DECIDED_STATES
from .attendance_run import APPLY, DONE, EVALUATE, PREVIEW, RUNNING, TAKEN_BACK, WAITING

# Below so many memberships a run is made at once, as the platform does its own work.
MIN_ROW_JOB_QUEUE = 200
# The run says these. Odoo would press the button once more after a collision.
TOLD_ERRORS = (
    AttendanceError,
    UserError,
    RetryableJobError,
    OperationalError,
    UniqueViolation,
)
# Whoever pressed the button is waiting.
LIMITS_AT_ONCE = Limits(tries=3, deadline=60.0)


class G2PCycle(models.Model):
    """The attendance runs of a cycle: one at a time."""

    _inherit = "g2p.cycle"

    attendance_run_ids = fields.One2many(
        "spp.attendance.run", "cycle_id", "Attendance Runs", readonly=True
    )
    attendance_run_count = fields.Integer(compute="_compute_attendance_run")
    attendance_run_state = fields.Char(compute="_compute_attendance_run")
    attendance_run_message = fields.Text(
        compute="_compute_attendance_run",
        help="What a person has to know about the last attendance run.",
    )
    attendance_taken_back_id = fields.Many2one(
        "spp.attendance.run",
        "Run Taken Back",
        compute="_compute_attendance_run",
        help="The run that was applied last, if it was taken back.",
    )
    attendance_progress = fields.Float(compute="_compute_attendance_run")
    attendance_to_do = fields.Text(
        compute="_compute_attendance_to_do",
        help="What is left to do for beneficiaries about whom attendance has decided, or not.",
    )

    # One at a time

    def _lock_attendance(self, error=UserError):
        """Keep others from checking or changing this cycle until the transaction ends.

        What is known of it afterwards is what it is now.

        :raise error: if another transaction is working on it
        """
        self.ensure_one()
        self.flush_recordset()
        self.env.cr.execute(
            "SELECT id FROM g2p_cycle WHERE id = %s FOR NO KEY UPDATE SKIP LOCKED", [self.id]
        )
        if not self.env.cr.fetchone():
            raise error(
                _(
                    "The cycle %(cycle)s is being worked on right now. Reload the page in a "
                    "moment.",
                    cycle=self.name,
                )
            )
        # Whoever began before this transaction ends, and waits for it, has to begin anew: what
        # they know of the cycle's runs is older. A lock alone would not tell them.
        self.env.cr.execute("UPDATE g2p_cycle SET locked = locked WHERE id = %s", [self.id])
        self.invalidate_recordset()

    def _get_attendance_version(self):
        """Return how often runs of this cycle were applied, or taken back."""
        numbers, taken_back = self._count_applied_runs()
        return numbers + taken_back

    def _get_next_applied_number(self):
        return self._count_applied_runs()[0] + 1

    def _count_applied_runs(self):
        self.env["spp.attendance.run"].flush_model(["cycle_id", "applied_number", "state"])
        self.env.cr.execute(
            """
            SELECT coalesce(max(applied_number), 0), count(*) FILTER (WHERE state = 'taken_back')
            FROM spp_attendance_run WHERE cycle_id = %s
            """,
            [self.id],
        )
        return self.env.cr.fetchone()

    def _check_can_run_attendance(self, mode):
        """Refuse a run that can't be, with a sentence that says what to do."""
        self.ensure_one()
        # Of a cycle that is not open any more, both are but a look at what would have been.
        if mode == APPLY or (mode == EVALUATE and self._is_open_for_attendance()):
            self._check_can_apply()
        self._check_attendance_not_locked()
        if self._is_attendance_running():
            raise UserError(
                _(
                    "The attendance of %(cycle)s is being checked right now. Reload the page in a "
                    "moment.",
                    cycle=self.name,
                )
            )
        if not self._has_members_to_decide(1):
            raise UserError(
                _(
                    "The cycle %(cycle)s has no beneficiaries in the states draft, enrolled or "
                    "non-compliant: there is nobody to check.",
                    cycle=self.name,
                )
            )
        self._check_can_count()
        self._check_source()
        if self.sudo().attendance_source_id._is_asked() and mode != EVALUATE:
            self._check_can_ask()

    def _check_attendance_not_locked(self):
        """Refuse what can't be while a background task works on the cycle, unless it is a run."""
        if self.locked and not self._is_attendance_running():
            raise UserError(self._explain_lock())

    def _explain_lock(self):
        return _(
            "A background task is working on the cycle %(cycle)s (%(reason)s). Wait until it is "
            "done, then try again.",
            cycle=self.name,
            reason=self.locked_reason or "",
        )

    def _is_attendance_running(self):
        return RUNNING in self.sudo().attendance_run_ids.mapped("state")

    def _has_members_to_decide(self, count):
        """Return whether attendance decides about so many members at least."""
        domain = [("cycle_id", "=", self.id), ("state", "in", DECIDED_STATES)]
        memberships = self.env["g2p.cycle.membership"].sudo()
        return memberships.search_count(domain, limit=count) >= count

    def _is_big_for_attendance(self):
        """Return whether what is done to all of the cycle's members is done in the background."""
        return self._has_members_to_decide(MIN_ROW_JOB_QUEUE)

    # Running

    def _start_attendance_run(self, mode, takes_over=False):
        self.ensure_one()
        self._check_may_run_attendance()
        self._lock_attendance()
        self._check_can_run_attendance(mode)
        runs = self.env["spp.attendance.run"].sudo()._as_attendance_writer()
        unfinished = [("cycle_id", "=", self.id), ("state", "=", WAITING)]
        runs.search(unfinished)._discard(self.env.user)
        run = runs._open(self, mode, takes_over)
        if self._is_big_for_attendance():
            self.sudo()._queue_attendance_run(run)
        else:
            self.sudo()._run_attendance_at_once(run)
        return run._get_form_action()

    def _run_attendance_at_once(self, run):
        """Ask, decide and apply, each in a transaction of its own: the world goes on meanwhile."""
        try:
            self._carry_out_attendance(run._plan_intakes)
            if run.intake_ids:
                with run._get_client(LIMITS_AT_ONCE) as client:
                    for intake in run.intake_ids:
                        self._carry_out_attendance(lambda intake=intake: run._ask(intake, client))
            self._carry_out_attendance(run._finish)
        except Exception as error:
            failure = error
            if not self.env.cr.closed:
                self._carry_out_attendance(lambda: run._fail(failure))
            if not isinstance(error, TOLD_ERRORS):
                raise

    # Buttons

    def action_filter_beneficiaries_by_compliance_criteria(self):
        """Check the members' attendance, if the cycle uses attendance criteria."""
        self.ensure_one()
        if not self.use_attendance_criteria:
            return super().action_filter_beneficiaries_by_compliance_criteria()
        return self._start_attendance_run(APPLY)

    def action_preview_attendance(self):
        """Show what a run would do, and apply nothing unless told to."""
        return self._start_attendance_run(PREVIEW)

    def action_evaluate_attendance(self):
        """Decide anew from what is stored, without asking the attendance system."""
        return self._start_attendance_run(EVALUATE)

    def action_open_attendance_runs(self):
        """Open the attendance runs of this cycle."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": _("Attendance Runs"),
            "res_model": "spp.attendance.run",
            "view_mode": "list,kanban,form",
            "domain": [("cycle_id", "=", self.id)],
            "context": {"create": False},
        }

    def action_open_last_attendance_run(self):
        """Open the last attendance run of this cycle."""
        self.ensure_one()
        return self.sudo().attendance_run_ids[:1]._get_form_action()

    # Screens

    @api.depends("attendance_run_ids.state")
    @api.depends_context("uid", "su", "allowed_company_ids")
    def _compute_attendance_run(self):
        for cycle in self:
            runs = cycle.sudo().attendance_run_ids
            last = runs[:1]
            cycle.attendance_run_count = len(runs)
            cycle.attendance_run_state = last.state
            why = filter(None, (last.error, last.outdated_reason or last.brake_reason))
            message = not cycle._is_another_companys() and "\n".join(why)
            cycle.attendance_run_message = message
            cycle.attendance_progress = last.progress if last.state == RUNNING else 0
            applied = runs.sorted("applied_number")[-1:]
            cycle.attendance_taken_back_id = applied if applied.state == TAKEN_BACK else False

    @api.depends_context("lang", "uid", "su", "allowed_company_ids")
    def _compute_attendance_to_do(self):
        self.attendance_to_do = False
        for cycle in self:
            if cycle._is_another_companys():
                continue
            last = cycle.sudo().attendance_run_ids.sorted("applied_number")[-1:]
            sentences = []
            if last.state == DONE and last.error and cycle._is_open_for_attendance():
                sentences.append(_("A run could not be taken back: %(error)s", error=last.error))
            if last.state == DONE and cycle._is_open_for_attendance():
                sentences += filter(None, [last.sudo()._explain_other_waivers()])
            lost = cycle._count_without_entitlement()
            if lost:
                sentences.append(
                    _(
                        "%(count)s have no entitlement any more: prepare entitlements again.",
                        count=lost,
                    )
                )
            cycle.attendance_to_do = "\n".join(sentences)
