from datetime import timedelta

from odoo import _, fields, models
from odoo.exceptions import UserError


class AttendanceProblemStep(models.TransientModel):
    """Asks who is to see to some problems, or what was done about them."""

    _name = "spp.attendance.problem.step"
    _description = "What Is Done about Problems of the Attendance"

    step = fields.Selection([("assign", "Assign"), ("close", "Mark as Done")], required=True)
    line_ids = fields.Many2many("spp.attendance.run.line", string="Problems")
    user_id = fields.Many2one(
        "res.users",
        "Assigned to",
        domain=[("share", "=", False)],
        default=lambda self: self.env.user,
    )
    deadline = fields.Date(
        "Until", default=lambda self: fields.Date.context_today(self) + timedelta(days=7)
    )
    note = fields.Text("Remark")

    def action_confirm(self):
        """Assign the problems, or keep what was done about them."""
        self.ensure_one()
        note = (self.note or "").strip()
        if self.step == "assign":
            if not self.user_id or not self.deadline:
                raise UserError(_("Say who is to see to it, and until when."))
            self.line_ids._assign_problems(self.user_id, self.deadline, note)
        else:
            if not note:
                raise UserError(_("Say what was done: whoever asks later has to understand it."))
            self.line_ids._close_problems(note)
        return {"type": "ir.actions.act_window_close"}
