from math import ceil

from odoo import _, api, fields, models

from ...verdicts import NO_DATA, UNDECIDED
from ..sources.attendance_source import RECORDED, SERVER
from .attendance_run import APPLY, DONE, MODES, PREVIEW, RUNNING, TAKEN_BACK, WAITING
from .attendance_run_line import STATUSES
from .verdict_bar import LOOKS


class AttendanceRun(models.Model):
    """What the page of a run says in words, and as a bar."""

    _inherit = "spp.attendance.run"

    kind = fields.Selection(
        MODES, compute="_compute_kind", help="A preview that was applied is a check as any other."
    )
    nothing_known_count = fields.Integer("No Data", compute="_compute_nothing_known_count")
    verdict_bar = fields.Html("Result", compute="_compute_verdict_bar", sanitize=False)
    duration = fields.Integer(
        "Seconds", compute="_compute_duration", help="From the start to the verdicts."
    )
    progress_text = fields.Char("How Far It Is", compute="_compute_progress_text")
    change_text = fields.Char("What Applying Does", compute="_compute_change_text")
    files_taken_back = fields.Text(
        compute="_compute_files_taken_back",
        help="Files that were taken back since the attendance was decided about.",
    )
    replaced_by_id = fields.Many2one(
        "spp.attendance.run",
        compute="_compute_replaced_by_id",
        help="The run of the cycle that was applied next.",
    )

    @api.depends("mode", "state")
    def _compute_kind(self):
        for run in self:
            is_applied = run.state in (DONE, TAKEN_BACK)
            run.kind = APPLY if run.mode == PREVIEW and is_applied else run.mode

    @api.depends("no_data_count", "undecided_count")
    def _compute_nothing_known_count(self):
        for run in self:
            # Those who are not decided are without data, too, as far as their status goes.
            run.nothing_known_count = run.no_data_count - run.undecided_count

    def _get_verdict_counts(self):
        """Return how many got each verdict, as the bar takes it."""
        self.ensure_one()
        counts = {status: self[f"{status}_count"] for status, _label in STATUSES}
        known = {NO_DATA: self.nothing_known_count, UNDECIDED: self.undecided_count}
        return {**counts, **known}

    @api.depends(*(f"{status}_count" for status, _label in STATUSES), "undecided_count")
    @api.depends_context("lang")
    def _compute_verdict_bar(self):
        bar = self.env["spp.attendance.verdict.bar"]
        for run in self:
            counts = run._get_verdict_counts()
            run.verdict_bar = bar._render(counts) if any(counts.values()) else False

    @api.depends("decided_at")
    def _compute_duration(self):
        for run in self:
            lasted = run.decided_at and run.create_date and run.decided_at - run.create_date
            run.duration = max(1, ceil(lasted.total_seconds())) if lasted else 0

    @api.depends("intake_ids.is_done", "state")
    @api.depends_context("lang")
    def _compute_progress_text(self):
        for run in self:
            intakes = run.sudo().intake_ids
            done = len(intakes.filtered("is_done"))
            if run.state != RUNNING:
                run.progress_text = False
            elif done < len(intakes):
                run.progress_text = _(
                    "%(done)s of %(total)s parts are answered.", done=done, total=len(intakes)
                )
            elif intakes:
                run.progress_text = _("All parts are answered: the verdicts are next.")
            else:
                run.progress_text = _("The beneficiaries are looked at.")

    @api.depends("losing_count", "gaining_count")
    @api.depends_context("lang")
    def _compute_change_text(self):
        for run in self:
            values = {"losing": run.losing_count, "gaining": run.gaining_count}
            if not run.losing_count and not run.gaining_count:
                run.change_text = _("No membership gets another state.")
            elif run._is_about_households():
                run.change_text = _(
                    "Families that become non-compliant: %(losing)s; that become enrolled: "
                    "%(gaining)s.",
                    **values,
                )
            else:
                run.change_text = _(
                    "Persons who become non-compliant: %(losing)s; who become enrolled: "
                    "%(gaining)s.",
                    **values,
                )

    @api.depends("state", "decided_at")
    @api.depends_context("lang")
    def _compute_files_taken_back(self):
        for run in self:
            run.files_taken_back = run.state == WAITING and run._explain_files_taken_back()

    def _explain_files_taken_back(self):
        """Return that files were taken back since this run decided, if so."""
        source = self.attendance_source_id
        if source.protocol == SERVER or not self.decided_at:
            return ""
        domain = [("taken_back_at", ">", self.decided_at)]
        if source.protocol != RECORDED:
            domain.append(("source_id", "=", source.id))
        if self.from_date and self.to_date:
            domain += [("from_date", "<=", self.to_date), ("to_date", ">=", self.from_date)]
        files = self.env["spp.attendance.intake"].sudo().search(domain, limit=5)
        if not files:
            return ""
        return _(
            "Taken back since the attendance was decided about: %(files)s. Whose attendance that "
            "changed would keep what stood: discard this run, and preview the attendance again.",
            files=", ".join(files.mapped("file_name")),
        )

    @api.depends("state", "applied_number", "cycle_id.attendance_run_ids.state")
    def _compute_replaced_by_id(self):
        for run in self:
            later = run.sudo().cycle_id.attendance_run_ids.filtered(
                lambda other, run=run: (
                    run.state == DONE == other.state and other.applied_number > run.applied_number
                )
            )
            run.replaced_by_id = later.sorted("applied_number")[:1]

    # Buttons

    def action_ask_to_apply(self):
        """Say what applying does, and ask whether to."""
        self.ensure_one()
        self._check_waiting()
        return self._ask_for_reason(APPLY, _("Apply the Verdicts"))

    def action_open_verdicts(self, verdict):
        """Open the verdicts of one kind.

        :param str verdict: one of those of the bar
        """
        domain = [("status", "=", NO_DATA if verdict == UNDECIDED else verdict)]
        if verdict in (NO_DATA, UNDECIDED):
            domain.append(("verdict", "=" if verdict == UNDECIDED else "!=", UNDECIDED))
        if verdict not in LOOKS:
            domain = []
        action = self._open_lines(_("Verdicts"), [("kind", "!=", "member"), *domain])
        # A field's widget opens it, to which nobody adds the views as to that of a button.
        views = [[False, mode] for mode in action["view_mode"].split(",")]
        return {**action, "views": views}
