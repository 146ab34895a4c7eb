from odoo import _, fields, models
from odoo.exceptions import UserError

from ..models.runs.attendance_run import APPLY
from ..models.runs.attendance_run_request import REQUESTS


class AttendanceRunReason(models.TransientModel):
    """Says what applying a run does, and asks why if a brake held it; or why it is taken back."""

    _name = "spp.attendance.run.reason"
    _description = "Reason for a Decision about an Attendance Run"

    run_id = fields.Many2one("spp.attendance.run", required=True, ondelete="cascade")
    step = fields.Selection(REQUESTS, required=True, default=APPLY)
    brake_reason = fields.Text(related="run_id.brake_reason", related_sudo=False)
    change_text = fields.Char(related="run_id.change_text", related_sudo=False)
    reason = fields.Text()

    def action_confirm(self):
        """Do what was asked for, and keep the reason on the run."""
        self.ensure_one()
        reason = (self.reason or "").strip()
        if not reason and (self.step != APPLY or self.brake_reason):
            raise UserError(_("Give the reason: whoever asks later has to understand it."))
        done = {"type": "ir.actions.act_window_close"}
        return self.run_id._request(self.step, reason or False) or done
