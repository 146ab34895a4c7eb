from datetime import datetime, timezone

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..connector import AttendanceError, Limits
from .attendance_criteria_mixin import EXTERNAL

# Whoever pressed the button is waiting.
LIMITS_AT_ONCE = Limits(tries=3, deadline=60.0)

RUNNING, WAITING, DONE = "running", "waiting", "done"
DISCARDED, FAILED = "discarded", "failed"
APPLY, PREVIEW, EVALUATE = "apply", "preview", "evaluate"


class AttendanceRun(models.Model):
    """One time that the attendance of a cycle's members was held against its criteria.

    Kept for ever and changed by nobody: with its lines it is the proof of each verdict.
    """

    _name = "spp.attendance.run"
    _inherit = [
        "spp.attendance.proof.mixin",
        "spp.attendance.criteria.mixin",
        "spp.attendance.run.preparation",
        "spp.attendance.run.question",
        "spp.attendance.run.decision",
        "spp.attendance.run.application",
    ]
    _description = "Attendance Run"
    _order = "id desc"

    cycle_id = fields.Many2one("g2p.cycle", required=True, ondelete="restrict", index=True)
    program_id = fields.Many2one(related="cycle_id.program_id", store=True)
    company_id = fields.Many2one("res.company")
    mode = fields.Selection(
        [(APPLY, "Run"), (PREVIEW, "Preview"), (EVALUATE, "Evaluation again")],
        "Kind",
        required=True,
    )
    state = fields.Selection(
        [
            (RUNNING, "In progress"),
            (WAITING, "Waits for a decision"),
            (DONE, "Applied"),
            (DISCARDED, "Discarded"),
            (FAILED, "Failed"),
        ],
        required=True,
        default=RUNNING,
    )
    user_id = fields.Many2one("res.users", "By", required=True)
    decided_by_id = fields.Many2one("res.users", "Decided by")
    finished_at = fields.Datetime("Finished")
    duration = fields.Float(
        "Seconds", compute="_compute_duration", help="From the start to the verdicts."
    )
    decided_at = fields.Datetime("Verdicts on")
    server_url = fields.Char("Attendance System")
    question_key = fields.Char()
    is_prepared = fields.Boolean()
    attempt = fields.Integer(default=1)
    brake_reason = fields.Text("Why It Waits")
    error = fields.Text("What Failed")
    line_ids = fields.One2many("spp.attendance.run.line", "run_id", "Lines")
    batch_ids = fields.One2many("spp.attendance.run.batch", "run_id", "Batches")
    progress = fields.Float(compute="_compute_from_batches", help="In percent of the batches.")
    # Persons.
    person_count = fields.Integer("Persons", help="Who count: persons, or members that count.")
    asked_count = fields.Integer(
        "Asked",
        help="About all members of households, those that do not count too; not about who has no "
        "ID, or the same as somebody else.",
    )
    with_data_count = fields.Integer("With Data")
    without_data_count = fields.Integer("Without Data")
    # Memberships.
    membership_count = fields.Integer("Memberships")
    compliant_count = fields.Integer("Compliant")
    non_compliant_count = fields.Integer("Non-Compliant")
    no_data_count = fields.Integer("No Data")
    exempt_count = fields.Integer("Exempt")
    overridden_count = fields.Integer("Overridden")
    unchanged_count = fields.Integer("State Unchanged")
    exception_count = fields.Integer("Exceptions", compute="_compute_exception_count")
    # Calls and events.
    call_count = fields.Integer("Calls", compute="_compute_from_batches")
    new_count = fields.Integer("New", compute="_compute_from_batches")
    changed_count = fields.Integer("Corrected", compute="_compute_from_batches")
    withdrawn_count = fields.Integer("Withdrawn", compute="_compute_from_batches")
    set_aside_count = fields.Integer("Set Aside", compute="_compute_from_batches")
    not_asked_for_count = fields.Integer("Not Asked For", compute="_compute_from_batches")
    duplicate_count = fields.Integer("Sent Twice", compute="_compute_from_batches")
    unknown_category_count = fields.Integer(
        "Unknown Types or Locations", compute="_compute_from_batches"
    )
    set_aside_reasons = fields.Text("Why Set Aside", compute="_compute_from_batches")

    @api.depends("cycle_id", "create_date")
    def _compute_display_name(self):
        for run in self:
            at = fields.Datetime.context_timestamp(run, run.create_date or fields.Datetime.now())
            run.display_name = f"{run.cycle_id.name} {at:%Y-%m-%d %H:%M}"

    @api.depends("decided_at", "finished_at")
    def _compute_duration(self):
        for run in self:
            end = run.decided_at or run.finished_at
            started = run.create_date
            run.duration = (end - started).total_seconds() if end and started else 0

    @api.depends("batch_ids.is_done")
    def _compute_from_batches(self):
        for run in self:
            batches = run.sudo().batch_ids
            finished = run.state in (WAITING, DONE, DISCARDED)
            done = batches.filtered("is_done")
            share = sum(done.mapped("person_count")) / (sum(batches.mapped("person_count")) or 1)
            run.progress = 100.0 if finished else 100 * share
            for name in self._fields:
                if name.endswith("_count") and name in batches and name != "person_count":
                    run[name] = sum(batches.mapped(name))
            run.set_aside_reasons = "\n".join(filter(None, batches.mapped("set_aside_reasons")))

    def _compute_exception_count(self):
        counts = dict(
            self.env["spp.attendance.run.line"]._read_group(
                [("run_id", "in", self.ids), ("is_exception", "=", True)], ["run_id"], ["__count"]
            )
        )
        for run in self:
            run.exception_count = counts.get(run, 0)

    def _is_about_households(self):
        return self.cycle_id._is_about_households()

    # Going through

    @api.model
    def _open(self, cycle, mode):
        """Make the record of a run that begins, with the criteria as they are."""
        first, last = cycle._get_attendance_period()
        settings = self.env["spp.attendance.settings"]
        external = cycle.attendance_source == EXTERNAL
        run = self.create(
            {
                "cycle_id": cycle.id,
                "company_id": (cycle.company_id or cycle.program_id.company_id).id,
                "mode": mode,
                "user_id": self.env.uid,
                "from_date": first,
                "to_date": last,
                "server_url": external and settings._get_server_url(),
                **cycle._get_criteria_vals(),
            }
        )
        run.question_key = external and run._get_question_key()
        return run

    def _run_at_once(self):
        """Ask, decide, and apply, now.

        :raise connector.AttendanceError: if asking fails
        """
        self._prepare()
        if self.batch_ids:
            with self._get_client(LIMITS_AT_ONCE) as client:
                for batch in self.batch_ids:
                    self._fetch(batch, client)
        self._finish()

    def _get_client(self, limits=None):
        settings = self.env["spp.attendance.settings"]
        if settings._get_server_url() != self.server_url:
            # Its secret is not for this run's server.
            raise UserError(
                _("Another attendance system was connected since this run began. Run again.")
            )
        return settings._get_client(limits)

    def _finish(self):
        """Decide, and apply it unless somebody has to look at it first."""
        self._decide()
        self.decided_at = datetime.now(timezone.utc).replace(tzinfo=None)
        if self.mode == PREVIEW or self.brake_reason or not self.cycle_id._is_open_for_attendance():
            self.state = WAITING
        else:
            self._apply_and_close(self.user_id)

    def _apply_and_close(self, user):
        self._apply()
        self.write(
            {
                "state": DONE,
                "decided_by_id": user.id,
                "finished_at": fields.Datetime.now(),
            }
        )

    def _fail(self, message):
        """Keep why the run came to nothing."""
        self.write({"state": FAILED, "error": message, "finished_at": fields.Datetime.now()})

    @api.model
    def _describe_error(self, error):
        """Return what a person is told about an error; nothing that might be confidential."""
        if isinstance(error, AttendanceError | UserError):
            return str(error)
        return _(
            "An unexpected error (%(kind)s) stopped the run. The server's log has the details.",
            kind=type(error).__name__,
        )

    def _get_result(self):
        """Return in one sentence what came out."""
        if self.state == WAITING:
            return _("a person has to look at the result. %(why)s", why=self.brake_reason or "")
        return _(
            "%(compliant)s compliant, %(refused)s non-compliant, %(unknown)s without data",
            compliant=self.compliant_count + self.exempt_count,
            refused=self.non_compliant_count,
            unknown=self.no_data_count,
        )

    def _get_form_action(self):
        return {
            "type": "ir.actions.act_window",
            "name": _("Attendance Run"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [[False, "form"]],
            "context": {"create": False},
        }

    # Buttons

    def action_apply(self):
        """Apply the verdicts of a run that waits for a decision."""
        self.ensure_one()
        self._check_waiting()
        cycle = self.cycle_id
        cycle._check_can_apply()
        if not self._has_criteria_of_cycle():
            raise UserError(
                _(
                    "The criteria of the cycle were changed after this run. Discard it, and run "
                    "again."
                )
            )
        cycle._lock_attendance()
        self.sudo()._apply_and_close(self.env.user)

    def action_discard(self):
        """Close a run that waits for a decision without applying it."""
        self.ensure_one()
        self._check_waiting()
        self.cycle_id._lock_attendance()
        self.sudo().write(
            {
                "state": DISCARDED,
                "decided_by_id": self.env.uid,
                "finished_at": fields.Datetime.now(),
            }
        )

    def _check_waiting(self):
        self.cycle_id._check_may_run_attendance()
        if self.state != WAITING:
            raise UserError(_("This run does not wait for a decision any more."))

    def _has_criteria_of_cycle(self):
        now = self.cycle_id._get_criteria_vals()
        period = self.cycle_id._get_attendance_period()
        same = now == self._get_criteria_vals() and period == (self.from_date, self.to_date)
        return same and self.cycle_id.use_attendance_criteria

    def action_retry(self):
        """Go on with a run that failed: only the batches that are missing are asked for."""
        self.ensure_one()
        self.cycle_id._check_may_run_attendance()
        if self.state != FAILED:
            raise UserError(_("Only a run that failed can be tried again."))
        return self.cycle_id._retry_attendance_run(self)

    def action_open_lines(self):
        """Open the verdicts on the memberships."""
        return self._open_lines(_("Verdicts"), [("kind", "!=", "member")])

    def action_open_exceptions(self):
        """Open the persons and households that somebody should look at."""
        return self._open_lines(_("Exceptions"), [("is_exception", "=", True)])

    def _open_lines(self, name, domain):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": "spp.attendance.run.line",
            "view_mode": "list,form",
            "domain": [("run_id", "=", self.id), *domain],
            "context": {"create": False},
        }

    def action_open_events(self):
        """Open the attendances that this run brought."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": _("Attendances"),
            "res_model": "spp.event.attendance",
            "view_mode": "list,pivot,form",
            "domain": [("run_id", "=", self.id)],
            "context": {"create": False},
        }
