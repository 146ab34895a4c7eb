from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import format_date

from odoo.addons.g2p_programs.models.constants import (
    STATE_DRAFT,
    STATE_TO_APPROVE,
)

from ..connector import AttendanceError
from ..verdicts import DECIDED_STATES
from .attendance_criteria_mixin import CRITERIA_FIELDS, EXTERNAL
from .attendance_run import APPLY, DISCARDED, EVALUATE, PREVIEW, RUNNING, WAITING
from .attendance_settings import DEFAULT_CRITERIA_PARAMETER

MAY_RUN_GROUPS = ("g2p_programs.g2p_program_manager", "g2p_registry_base.group_g2p_admin")
# Below so many memberships a run is made at once, as the platform does its own work.
MIN_ROW_JOB_QUEUE = 200
# The key of the PostgreSQL advisory locks that keep a cycle from being checked twice at once.
ATTENDANCE_LOCK = 1_402_771_093
GUARDED_FIELDS = frozenset((*CRITERIA_FIELDS, "use_attendance_criteria", "from_date", "to_date"))


class G2PCycle(models.Model):
    _name = "g2p.cycle"
    _inherit = ["g2p.cycle", "spp.attendance.criteria.mixin", "spp.attendance.job.mixin"]

    use_attendance_criteria = fields.Boolean(
        help='Let the attendance of the members decide when "Compliance Criteria" is pressed.'
    )
    can_set_attendance_criteria = fields.Boolean(compute="_compute_can_set_attendance_criteria")
    attendance_run_ids = fields.One2many("spp.attendance.run", "cycle_id", "Attendance Runs")
    attendance_run_count = fields.Integer(compute="_compute_attendance_run")
    attendance_run_state = fields.Char(compute="_compute_attendance_run")
    attendance_run_message = fields.Text(
        compute="_compute_attendance_run",
        help="What a person has to know about the last attendance run.",
    )
    attendance_progress = fields.Float(compute="_compute_attendance_run")

    # Criteria

    @api.depends_context("uid")
    def _compute_can_set_attendance_criteria(self):
        self.can_set_attendance_criteria = self._may_run_attendance()

    @api.depends("program_id.target_type")
    def _compute_is_about_households(self):
        return super()._compute_is_about_households()

    def _is_about_households(self):
        return self.sudo().program_id.target_type != "individual"

    @api.depends("start_date", "end_date", "program_id.target_type")
    def _compute_attendance_criteria_summary(self):
        return super()._compute_attendance_criteria_summary()

    @api.depends("use_attendance_criteria")
    def _compute_allow_filter_compliance_criteria(self):
        res = super()._compute_allow_filter_compliance_criteria()
        self.filtered("use_attendance_criteria").allow_filter_compliance_criteria = True
        return res

    def _get_attendance_period(self):
        return self.from_date or self.start_date, self.to_date or self.end_date

    @api.constrains("from_date", "to_date", "start_date", "end_date", "use_attendance_criteria")
    def _check_attendance_period(self):
        for cycle in self.filtered("use_attendance_criteria"):
            cycle._refuse_reversed_period()

    def _refuse_reversed_period(self):
        first, last = self._get_attendance_period()
        if first and last and first > last:
            raise ValidationError(
                _(
                    "Attendance would count from %(first)s to %(last)s. Correct the dates in the "
                    "attendance criteria of %(cycle)s: the last day must not be before the first "
                    "one.",
                    first=format_date(self.env, first),
                    last=format_date(self.env, last),
                    cycle=self.name,
                )
            )

    @api.model_create_multi
    def create(self, vals_list):
        """Give a new cycle the attendance criteria of the program's previous one."""
        for vals in vals_list:
            self._check_may_set_criteria(vals)
        default_program_id = self.env.context.get("default_program_id")
        taken_over = [
            self._get_inherited_criteria(vals.get("program_id", default_program_id))
            for vals in vals_list
        ]
        return super().create(
            [{**criteria, **vals} for criteria, vals in zip(taken_over, vals_list, strict=True)]
        )

    @api.model
    def _get_inherited_criteria(self, program_id):
        previous = self.sudo().search(
            [("program_id", "=", program_id)], order="sequence desc, id desc", limit=1
        )
        if previous:
            criteria = previous._get_criteria_vals()
            criteria["use_attendance_criteria"] = previous.use_attendance_criteria
            for name in ("attendance_type_id", "attendance_location_id"):
                if not previous[name].active:
                    criteria[name] = False
            return criteria
        get_param = self.env["ir.config_parameter"].sudo().get_param
        return {
            "use_attendance_criteria": bool(get_param(DEFAULT_CRITERIA_PARAMETER)),
            "attendance_type_id": self.env["spp.res.config.attendance.type"]._get_default().id,
        }

    def write(self, vals):
        self._check_may_set_criteria(vals)
        return super().write(vals)

    @api.model
    def _check_may_set_criteria(self, vals):
        if not self.env.su and GUARDED_FIELDS.intersection(vals) and not self._may_run_attendance():
            raise AccessError(_("Only program managers may set the attendance criteria."))

    # Who, and when

    @api.model
    def _may_run_attendance(self):
        return self.env.su or any(map(self.env.user.has_group, MAY_RUN_GROUPS))

    def _check_may_run_attendance(self):
        if not self._may_run_attendance():
            raise AccessError(_("Only program managers may check the attendance of a cycle."))
        for cycle in self.sudo():
            company = cycle.company_id or cycle.program_id.company_id
            if not self.env.su and company and company not in self.env.companies:
                raise AccessError(
                    _("The cycle %(cycle)s belongs to another company.", cycle=cycle.name)
                )

    def _is_open_for_attendance(self):
        self.ensure_one()
        return self.state in (STATE_DRAFT, STATE_TO_APPROVE)

    def _check_can_run_attendance(self, mode):
        """Refuse a run that can't be, with a sentence that says what to do."""
        self.ensure_one()
        if mode != PREVIEW:
            self._check_can_apply()
        if self.locked:
            raise UserError(
                _(
                    "A background task is working on the cycle %(cycle)s (%(reason)s). "
                    "Wait until it is done, then try again.",
                    cycle=self.name,
                    reason=self.locked_reason or "",
                )
            )
        if not self._count_decided_memberships():
            raise UserError(
                _(
                    "The cycle %(cycle)s has no members in the states draft, enrolled or "
                    "non-compliant: there is nobody to check.",
                    cycle=self.name,
                )
            )
        # An earlier version of the addon let them be entered the wrong way round.
        self._refuse_reversed_period()
        if self.attendance_source == EXTERNAL and mode != EVALUATE:
            self._check_can_ask()

    def _check_can_apply(self):
        if not self.use_attendance_criteria:
            raise UserError(_("The cycle %(cycle)s uses no attendance criteria.", cycle=self.name))
        if not self._is_open_for_attendance():
            raise UserError(
                _(
                    "The compliance of %(cycle)s can't be changed any more: only that of a cycle "
                    "in draft or to be approved can. A preview is possible.",
                    cycle=self.name,
                )
            )

    def _check_can_ask(self):
        settings = self.env["spp.attendance.settings"]
        settings._get_client()
        if not settings._get_id_type():
            raise UserError(
                _(
                    "No ID type is chosen by which the attendance system knows people. An "
                    "administrator chooses it under Programs > Configuration > Attendance > "
                    "Attendance System."
                )
            )
        for record in (self.sudo().attendance_type_id, self.sudo().attendance_location_id):
            known = record.external_id and record.external_source == settings._get_server_url()
            if record and not known:
                raise UserError(
                    _(
                        "%(name)s does not come from the attendance system that is connected. "
                        "Choose another one in the attendance criteria of the cycle.",
                        name=record.name,
                    )
                )

    def _count_decided_memberships(self):
        return (
            self.env["g2p.cycle.membership"]
            .sudo()
            .search_count([("cycle_id", "=", self.id), ("state", "in", DECIDED_STATES)])
        )

    def _lock_attendance(self, error=UserError):
        """Keep others from checking this cycle until the transaction ends."""
        self.env.cr.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [ATTENDANCE_LOCK, self.id])
        if not self.env.cr.fetchone()[0]:
            raise error(
                _(
                    "The attendance of %(cycle)s is being checked right now. Reload the page in a "
                    "moment.",
                    cycle=self.name,
                )
            )

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
            "view_mode": "list,form",
            "domain": [("cycle_id", "=", self.id)],
            "context": {"create": False},
        }

    def action_open_last_attendance_run(self):
        """Open the last attendance run of this cycle."""
        self.ensure_one()
        return self.sudo().attendance_run_ids[:1]._get_form_action()

    def _start_attendance_run(self, mode):
        self.ensure_one()
        self._check_may_run_attendance()
        self._check_can_run_attendance(mode)
        self._lock_attendance()
        runs = self.env["spp.attendance.run"].sudo()
        unfinished = [("cycle_id", "=", self.id), ("state", "=", WAITING)]
        runs.search(unfinished).write({"state": DISCARDED, "finished_at": fields.Datetime.now()})
        return self._go_on_with_attendance_run(runs._open(self, mode))

    def _go_on_with_attendance_run(self, run):
        """Make a run now, or in the background if the cycle is big."""
        if self._count_decided_memberships() >= MIN_ROW_JOB_QUEUE:
            self.sudo()._queue_attendance_run(run)
            return run._get_form_action()
        try:
            with self.env.cr.savepoint():
                run._run_at_once()
        except (AttendanceError, UserError) as error:
            run._fail(run._describe_error(error))
        return run._get_form_action()

    # Screens

    @api.depends("attendance_run_ids.state")
    def _compute_attendance_run(self):
        for cycle in self:
            runs = cycle.sudo().attendance_run_ids
            last = runs[:1]
            cycle.attendance_run_count = len(runs)
            cycle.attendance_run_state = last.state
            cycle.attendance_run_message = last.error or last.brake_reason
            cycle.attendance_progress = last.progress if last.state == RUNNING else 0
