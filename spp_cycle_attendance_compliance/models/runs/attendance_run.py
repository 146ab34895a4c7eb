from psycopg2 import DatabaseError

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_datetime

from odoo.addons.queue_job.exception import RetryableJobError

from ...connector import AttendanceError, PermanentError
from ...verdicts import NUMBER
from ..criteria.attendance_criteria_mixin import ALL_SO_FAR
from ..criteria.condition_values import ConditionValues
from ..sources.attendance_source import SourceError

RUNNING, WAITING, DONE = "running", "waiting", "done"
DISCARDED, FAILED, OUTDATED, TAKEN_BACK = "discarded", "failed", "outdated", "taken_back"
APPLY, PREVIEW, EVALUATE = "apply", "preview", "evaluate"
MODES = [(APPLY, "Check"), (PREVIEW, "Preview"), (EVALUATE, "Evaluation again")]


class AttendanceRun(models.Model):
    """One time that the attendance of a cycle's members was held against its criteria.

    Kept for ever and changed by nobody: with its lines it is the proof of each verdict. It is
    opened, asks, decides, and is applied or not; one that ended never comes back to life.
    """

    _name = "spp.attendance.run"
    _inherit = ["spp.attendance.proof.mixin", "spp.attendance.criteria.mixin"]
    _description = "Attendance Run"
    _order = "id desc"

    cycle_id = fields.Many2one("g2p.cycle", required=True, ondelete="restrict", index=True)
    program_id = fields.Many2one(related="cycle_id.program_id", store=True)
    company_id = fields.Many2one("res.company")
    mode = fields.Selection(MODES, "Begun as", required=True)
    takes_over = fields.Boolean(
        "Retry", help="Answers that are not old yet are taken over: only the others are asked for."
    )
    state = fields.Selection(
        [
            (RUNNING, "In progress"),
            (WAITING, "Previewed"),
            (DONE, "Applied"),
            (DISCARDED, "Discarded"),
            (OUTDATED, "Outdated"),
            (TAKEN_BACK, "Taken back"),
            (FAILED, "Failed"),
        ],
        required=True,
        default=RUNNING,
    )
    applied_number = fields.Integer(
        readonly=True,
        help="Of the cycle's runs that were applied, which one this is. The verdict of the highest "
        "one stands.",
    )
    is_cycle_open = fields.Boolean(compute="_compute_is_cycle_open")
    cycle_version = fields.Integer(
        help="How often runs of the cycle had been applied, or taken back, when this one began."
    )
    user_id = fields.Many2one("res.users", "By", required=True)
    decided_by_id = fields.Many2one("res.users", "Decided by", ondelete="restrict")
    finished_at = fields.Datetime("Finished")
    decided_at = fields.Datetime("Verdicts on")
    taken_back_by_id = fields.Many2one("res.users", "Taken Back by", ondelete="restrict")
    taken_back_at = fields.Datetime("Taken Back on")
    taken_back_reason = fields.Text("Why Taken Back")
    server_url = fields.Char("Address", help="Of the source, when the run began.")
    question_key = fields.Char()
    attendance_conditions = fields.Json(help="As they were then.")
    attendance_condition_sentences = fields.Text(
        "Conditions", compute="_compute_attendance_condition_sentences"
    )
    waiver_ids = fields.Many2many(
        "spp.attendance.waiver",
        "spp_attendance_run_waiver_rel",
        "run_id",
        "waiver_id",
        "Waivers",
        help="In force when it was decided.",
    )
    scope_names = fields.Char(help="Of runs before there were several conditions.")
    attendance_to_do = fields.Text(related="cycle_id.attendance_to_do", related_sudo=False)
    brake_reason = fields.Text("Why It Waits")
    observations = fields.Text(
        "What Else Was Found", help="Days on which nothing was held, and places without a report."
    )
    is_nothing_held = fields.Boolean(help="Of a whole condition; so somebody has to look at it.")
    late_count = fields.Integer("Absences Count from a Later Day")
    apply_reason = fields.Text("Why It Was Applied")
    outdated_reason = fields.Text("Why It Is Outdated")
    error = fields.Text("What Failed")
    line_ids = fields.One2many("spp.attendance.run.line", "run_id", "Lines")
    intake_ids = fields.One2many("spp.attendance.intake", "run_id", "Intakes")
    progress = fields.Float(compute="_compute_from_intakes", help="In percent of the persons.")
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
    compliant_count = fields.Integer("Compliant", help="They met the conditions.")
    non_compliant_count = fields.Integer("Non-Compliant", help="They did not meet the conditions.")
    no_data_count = fields.Integer(
        "No Data or Not Decided", help="Nothing is known of them, or not enough to decide."
    )
    warned_count = fields.Integer(
        "Warned", help="They did not meet the conditions, and stay enrolled this time."
    )
    exempt_count = fields.Integer(
        "Exempt", help="Nothing is required of them on the days that count."
    )
    overridden_count = fields.Integer("Overridden", help="A person decided about them.")
    undecided_count = fields.Integer("Not Decided", help="They have no data, or not enough.")
    unchanged_count = fields.Integer(
        "State Unchanged", help="Their membership stays in the state that it was in."
    )
    losing_count = fields.Integer(
        "Turning Non-Compliant", help="They were not non-compliant before this run."
    )
    gaining_count = fields.Integer(
        "Turning Enrolled", help="They were not enrolled before this run."
    )
    refused_count = fields.Integer(
        "Non-Compliant Afterwards", help="Before or by this run: they get nothing in the cycle."
    )
    undecided_draft_count = fields.Integer(
        "Still Draft",
        help="No data, or not decided: they get no entitlement until somebody enrols them.",
    )
    changed_meanwhile_count = fields.Integer(
        "Changed Meanwhile",
        help="Somebody changed their ID, household, override or membership, or what is recorded "
        "of them in OpenSPP, while the run went on or since, or they joined: they keep what stood.",
    )
    entitlement_count = fields.Integer("With Prepared Entitlements")
    # Calls and events.
    call_count = fields.Integer("Calls", compute="_compute_from_intakes")
    new_count = fields.Integer("New", compute="_compute_from_intakes")
    changed_count = fields.Integer("Corrected", compute="_compute_from_intakes")
    withdrawn_count = fields.Integer("Withdrawn", compute="_compute_from_intakes")
    moved_count = fields.Integer("Of Another Person", compute="_compute_from_intakes")
    unclear_count = fields.Integer("Neither Presence nor Absence", compute="_compute_from_intakes")
    set_aside_count = fields.Integer("Set Aside", compute="_compute_from_intakes")
    not_asked_for_count = fields.Integer("Not Asked For", compute="_compute_from_intakes")
    duplicate_count = fields.Integer("Sent Twice", compute="_compute_from_intakes")
    unknown_category_count = fields.Integer(
        "Unknown Types or Locations", compute="_compute_from_intakes"
    )
    set_aside_reasons = fields.Text("Why Set Aside", compute="_compute_from_intakes")
    unknown_words_text = fields.Text("Words that Are Not Mapped", compute="_compute_from_intakes")

    def init(self):
        result = super().init()
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS spp_attendance_run_applied_number_unique"
            " ON spp_attendance_run (cycle_id, applied_number) WHERE applied_number > 0"
        )
        return result

    @api.depends("cycle_id", "create_date")
    @api.depends_context("lang", "tz")
    def _compute_display_name(self):
        for run in self:
            # With seconds: two runs of a minute are told apart.
            at = format_datetime(self.env, run.create_date or fields.Datetime.now())
            run.display_name = _("%(cycle)s, %(at)s", cycle=run.cycle_id.name, at=at)

    @api.depends("intake_ids.is_done")
    def _compute_from_intakes(self):
        for run in self:
            intakes = run.sudo().intake_ids
            done = intakes.filtered("is_done")
            share = sum(done.mapped("person_count")) / (sum(intakes.mapped("person_count")) or 1)
            run.progress = 100 * share if run.state in (RUNNING, FAILED) else 100.0
            for name, field in self._fields.items():
                if field.compute == "_compute_from_intakes" and name.endswith("_count"):
                    run[name] = sum(intakes.mapped(name))
            run.set_aside_reasons = "\n".join(filter(None, intakes.mapped("set_aside_reasons")))
            run.unknown_words_text = intakes._name_unknown_words()

    @api.depends("cycle_id.state")
    def _compute_is_cycle_open(self):
        for run in self:
            run.is_cycle_open = run.sudo().cycle_id._is_open_for_attendance()

    def _get_cycle(self):
        return self.cycle_id

    def _is_about_households(self):
        return self.cycle_id._is_about_households()

    @api.depends("attendance_conditions")
    def _compute_attendance_criteria_summary(self):
        return super()._compute_attendance_criteria_summary()

    @api.depends("attendance_conditions")
    @api.depends_context("lang")
    def _compute_attendance_condition_sentences(self):
        for run in self:
            sentences = map(run._describe_condition, run._get_conditions())
            run.attendance_condition_sentences = "\n".join(f"{each}." for each in sentences)

    def _get_conditions(self):
        if self.attendance_conditions:
            return [ConditionValues(**values) for values in self.attendance_conditions]
        by_number = self.attendance_requirement == NUMBER
        return [
            ConditionValues(
                type_id=self.attendance_type_id.id or None,
                location_id=self.attendance_location_id.id or None,
                type_name=self.scope_names or "",
                unit=self.attendance_unit,
                kind=self.attendance_requirement,
                amount=(
                    self.required_number_of_attendance if by_number else self.required_percentage
                ),
            )
        ]

    # From the beginning to the end

    @api.model
    def _open(self, cycle, mode, takes_over=False):
        """Make the record of a run that begins, with the criteria as they are."""
        first, last = cycle._get_attendance_period()
        source = cycle.attendance_source_id
        conditions = cycle._get_conditions()
        run = self.create(
            {
                "cycle_id": cycle.id,
                "company_id": cycle._get_attendance_company().id,
                "mode": mode,
                "takes_over": takes_over,
                "user_id": self.env.uid,
                "from_date": first,
                "to_date": last,
                "server_url": source.url,
                "cycle_version": cycle._get_attendance_version(),
                "attendance_conditions": [values._asdict() for values in conditions],
                **cycle._get_classic_vals(conditions[0]),
                **cycle._get_criteria_vals(),
            }
        )
        run.question_key = source._is_asked() and run._get_question_key()
        return run

    def _finish(self):
        """Decide, and apply it unless somebody has to look at it first.

        :raise UserError: if another transaction is working on the cycle
        """
        self.cycle_id._lock_attendance()
        self._decide()
        if self._close_if_outdated():
            return
        if self.mode != APPLY or self.brake_reason or not self.cycle_id._is_open_for_attendance():
            self.state = WAITING
        else:
            self._apply_and_close(self.user_id)

    def _close_if_outdated(self):
        """Say what changed, if this run is not about the cycle as it is now.

        :return: whether it is outdated: nothing is applied then
        """
        reason = self._get_outdated_reason()
        if reason:
            self.write(
                {
                    "state": OUTDATED,
                    "outdated_reason": reason,
                    "error": False,
                    "finished_at": fields.Datetime.now(),
                }
            )
        return bool(reason)

    def _get_outdated_reason(self):
        cycle = self.cycle_id
        if not cycle._is_open_for_attendance():
            # Of such a cycle, too, people may look at what would have been.
            return _("The cycle is not open any more.") if self.mode == APPLY else ""
        if cycle.locked:
            return "" if self.mode == PREVIEW else cycle._explain_lock()
        if cycle._get_attendance_version() != self.cycle_version:
            return _("Another run of the cycle was applied, or taken back, since this one began.")
        if not cycle.use_attendance_criteria:
            return "" if self.mode == PREVIEW else _("The cycle uses no attendance criteria now.")
        if not cycle._has_same_criteria(self):
            return _("The criteria of the cycle were changed since this run began.")
        waivers = self.decided_at and self._explain_other_waivers()
        if waivers:
            return waivers
        source = cycle.attendance_source_id
        unfinished = source._explain_unfinished_file(cycle._get_attendance_company())
        if unfinished:
            return unfinished
        if self._has_other_days():
            return _("The days that count were changed since this run began.")
        return ""

    def _has_other_days(self):
        """Return whether other days of the cycle count now than when this run began."""
        first, last = self.cycle_id._get_attendance_period()
        # All attendance so far ends on another day tomorrow, though nobody changed anything.
        return first != self.from_date or (
            last != self.to_date and self.attendance_period != ALL_SO_FAR
        )

    def _explain_other_waivers(self):
        """Return that other waivers are in force than when this run decided, if so."""
        if self._get_waivers(self._get_earlier_cycles()) == self.waiver_ids:
            return ""
        return _("A waiver was approved or revoked since the attendance was decided about.")

    def _fail(self, error):
        """Keep why the run came to nothing.

        :param error: an exception, or a sentence
        """
        message = self._describe_error(error) if isinstance(error, Exception) else error
        self.write({"state": FAILED, "error": message, "finished_at": fields.Datetime.now()})
        self.intake_ids.write({"worlds": False})
        if isinstance(error, PermanentError | SourceError):
            self.attendance_source_id._ask_administrator(message)

    @api.model
    def _describe_error(self, error):
        """Return what a person is told about an error; nothing that might be confidential."""
        # PostgreSQL quotes values: whoever passes its words on is no better.
        cause = error.__cause__ or error.__context__
        is_told = isinstance(error, AttendanceError | UserError | RetryableJobError)
        if is_told and not isinstance(cause, DatabaseError):
            return str(error)
        return _(
            "An unexpected error (%(kind)s) stopped the run. The server's log has the details.",
            kind=type(cause if is_told else error).__name__,
        )

    def _get_result(self):
        """Return in one sentence why nothing was applied."""
        if self.state == OUTDATED:
            return _("nothing was applied. %(why)s Run again.", why=self.outdated_reason)
        why = self.error or self.brake_reason or ""
        return _("a person has to look at the result. %(why)s", why=why)

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

    def action_retry(self):
        """Run again: after a failure only those are asked for of whom there is no recent answer."""
        self.ensure_one()
        self.cycle_id._check_may_run_attendance()
        if self.state not in (FAILED, OUTDATED):
            raise UserError(_("Only a run that failed, or is outdated, can be tried again."))
        return self.cycle_id._start_attendance_run(self.mode, takes_over=self.state == FAILED)

    def action_open_lines(self):
        """Open the verdicts on the memberships."""
        return self._open_lines(_("Verdicts"), [("kind", "!=", "member")])

    def action_open_undecided(self):
        """Open those whom attendance left in draft: a person enrols them, or nobody."""
        action = self._open_lines(_("Still Draft"), self._get_undecided_domain())
        return {**action, "context": {**action["context"], "may_enrol": True}}

    @api.model
    def _get_undecided_domain(self):
        return [
            ("kind", "!=", "member"),
            ("status", "=", "no_data"),
            ("state_after", "=", "draft"),
        ]

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
            "domain": [("intake_id.run_id", "=", self.id)],
            "context": {"create": False},
        }
