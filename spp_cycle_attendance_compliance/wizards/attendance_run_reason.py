from odoo import _, fields, models
from odoo.exceptions import UserError

from ..models.runs.attendance_run import APPLY
from ..models.runs.attendance_run_request import REQUESTS


class AttendanceRunReason(models.TransientModel):
    """Asks why a run is applied though a brake held it, or why it is taken back."""

    _name = "spp.attendance.run.reason"
    _description = "Reason for a Decision about an Attendance Run"

    run_id = fields.Many2one("spp.attendance.run", required=True, ondelete="cascade")
    step = fields.Selection(REQUESTS, required=True, default=APPLY)
    brake_reason = fields.Text(related="run_id.brake_reason", related_sudo=False)
    losing_count = fields.Integer(related="run_id.losing_count", related_sudo=False)
    reason = fields.Text(required=True)

    def action_confirm(self):
        """Do what was asked for, and keep the reason on the run."""
        self.ensure_one()
        reason = self.reason.strip()
        if not reason:
            raise UserError(_("Give the reason: whoever asks later has to understand it."))
        done = {"type": "ir.actions.act_window_close"}
        return self.run_id._request(self.step, reason) or done
