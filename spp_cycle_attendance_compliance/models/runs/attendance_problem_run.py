from odoo import _, fields, models
from odoo.tools.misc import clean_context

from .attendance_run import APPLY, DONE, WAITING

# A week to look at what a check could not decide.
DAYS_TO_LOOK = 7


class AttendanceRun(models.Model):
    """How many problems a run found, how many are done, and one task for who started it."""

    _inherit = "spp.attendance.run"

    exception_count = fields.Integer("Problems", help="Each counts once: the person who has it.")
    problem_done_count = fields.Integer("Problems Done", compute="_compute_problem_done_count")
    problem_activity_id = fields.Many2one(
        "mail.activity", "Task", ondelete="set null", index="btree_not_null"
    )

    def _compute_problem_done_count(self):
        done = [
            ("run_id", "in", self.ids),
            ("problem", "!=", False),
            ("problem_done_at", "!=", False),
        ]
        lines = self.env["spp.attendance.run.line"]
        counts = dict(lines._read_group(done, ["run_id"], ["__count"]))
        for run in self:
            run.problem_done_count = counts.get(run, 0)

    def _sum_up(self):
        result = super()._sum_up()
        lines = self.env["spp.attendance.run.line"].sudo()
        self.exception_count = lines.search_count(
            [("run_id", "=", self.id), ("problem", "!=", False)]
        )
        return result

    # One task, whatever the number of problems

    def _finish(self):
        result = super()._finish()
        if self.mode == APPLY and self.state in (WAITING, DONE):
            self._replace_problem_task()
        return result

    def _apply_and_close(self, user, reason=False):
        result = super()._apply_and_close(user, reason)
        # What was only looked at was nobody's task until now.
        if self.mode != APPLY and self.problem_done_count < self.exception_count:
            self._replace_problem_task()
        return result

    def _replace_problem_task(self):
        """Have who started this run look at its problems; of earlier ones nobody needs to."""
        earlier = self.search(
            [("cycle_id", "=", self.cycle_id.id), ("problem_activity_id", "!=", False)]
        )
        earlier._drop_problem_task()
        user = self.user_id
        if not self.exception_count or not user.active or user.share:
            return
        cycle = self.cycle_id.sudo()
        cycle = cycle.with_context(**{**clean_context(self.env.context), "lang": user.lang})
        self.problem_activity_id = cycle.activity_schedule(
            "mail.mail_activity_data_todo",
            fields.Date.add(fields.Date.context_today(self), days=DAYS_TO_LOOK),
            summary=self.with_context(lang=user.lang)._describe_problem_task(),
            user_id=user.id,
        )

    def _discard(self, user):
        self._drop_problem_task()
        return super()._discard(user)

    def _restore_memberships(self):
        self._drop_problem_task()
        return super()._restore_memberships()

    def _drop_problem_task(self):
        self.problem_activity_id.filtered("active").unlink()

    def _describe_problem_task(self):
        if self.exception_count == 1:
            return _("1 problem of the attendance to look at")
        return _("%(count)s problems of the attendance to look at", count=self.exception_count)

    def _close_problem_task(self):
        """Close the tasks of the runs of which every problem is done."""
        for run in self.filtered(lambda run: run.problem_activity_id.active):
            if run.problem_done_count >= run.exception_count:
                run.problem_activity_id.action_feedback(feedback=_("All problems are done."))

    # Buttons

    def action_open_exceptions(self):
        """Open what somebody has to look at."""
        return self._open_problems({"search_default_to_do": 1})

    def action_open_done_problems(self):
        """Open what somebody has marked as done."""
        return self._open_problems({"search_default_done": 1})

    def _open_problems(self, context):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "spp_cycle_attendance_compliance.action_attendance_problem"
        )
        return {
            **action,
            "name": _("Problems"),
            "domain": [("run_id", "=", self.id), ("problem", "!=", False)],
            "context": {"create": False, **context},
        }
