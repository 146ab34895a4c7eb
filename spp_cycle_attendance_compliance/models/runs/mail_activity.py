from odoo import _, models


class MailActivity(models.Model):
    """Whose task it is has done something about its problem when she says that it is done.

    So has who may mark the problem itself as done. If anybody else closes the task, the problem
    stays to do, and is nobody's.
    """

    _inherit = "mail.activity"

    def _action_done(self, feedback=False, attachment_ids=None):
        lines = self.env["spp.attendance.run.line"].sudo()
        lines = lines.search(
            [("problem_activity_id", "in", self.ids), ("problem_done_at", "=", False)]
        )
        done = lines.filtered(lambda line: line.problem_user_id == self.env.user)
        own = self.env["spp.attendance.run.line"]
        if own._may_solve_problems():
            done |= own.search([("id", "in", lines.ids)]).sudo()
        (lines - done)._as_attendance_writer().problem_activity_id = False
        # Who may mark a problem as done may end its task, whosever it is: a team finishes together.
        tasks = self & done.problem_activity_id.with_env(self.env)
        messages, next_activities = self.env["mail.message"], self.browse()
        for part in filter(None, (tasks.sudo(), self - tasks)):
            posted, following = super(MailActivity, part)._action_done(
                feedback=feedback, attachment_ids=attachment_ids
            )
            messages |= posted
            next_activities |= following
        # In the list of activities nobody is asked for a remark.
        done._note_problems_done(
            (feedback or "").strip()
            or _("Marked as done in the list of activities, without a remark.")
        )
        return messages, next_activities
