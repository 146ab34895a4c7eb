from odoo import models


class MailActivity(models.Model):
    """Who says that a task is done has done something about its problem."""

    _inherit = "mail.activity"

    def _action_done(self, feedback=False, attachment_ids=None):
        lines = self.env["spp.attendance.run.line"].sudo()
        lines = lines.search(
            [("problem_activity_id", "in", self.ids), ("problem_done_at", "=", False)]
        )
        result = super()._action_done(feedback=feedback, attachment_ids=attachment_ids)
        lines._note_problems_done(feedback)
        return result
