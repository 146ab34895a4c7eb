from odoo import SUPERUSER_ID, _, fields, models
from odoo.exceptions import AccessError, UserError

from .attendance_run import APPLY, DISCARDED, DONE, TAKEN_BACK, WAITING

TAKE_BACK = "take_back"
REQUESTS = [(APPLY, "Apply"), (TAKE_BACK, "Take back")]


class AttendanceRun(models.Model):
    """What a person asks for of a run that has its verdicts: to apply, discard or take it back.

    Of a big cycle the background does it. What a person asked for is decided about the world as it
    is when it is done.
    """

    _inherit = "spp.attendance.run"

    request = fields.Selection(
        REQUESTS, "Asked For", help="What a person asked for, and the background is to do yet."
    )
    requested_by_id = fields.Many2one("res.users", "Asked For by", ondelete="restrict")
    request_reason = fields.Text("Why It Was Asked For")
    in_background = fields.Boolean(help="The cycle is, or was, locked for what this run does.")

    # Buttons

    def action_apply(self):
        """Apply the verdicts of a run that waits for a decision; ask why, if a brake held it."""
        self.ensure_one()
        if not self.brake_reason:
            return self._decide_to_apply()
        self._check_waiting()
        return self._ask_for_reason(APPLY, _("Apply Nevertheless"))

    def _decide_to_apply(self, reason=False):
        """Apply a run that waits, unless the world has changed too much since.

        :param reason: why, though a brake held it
        :return: what to show next, if it is not applied
        """
        return self._request(APPLY, reason)

    def action_discard(self):
        """Close a run that waits for a decision without applying it."""
        self.ensure_one()
        self._check_waiting()
        self.cycle_id._lock_attendance()
        self.sudo()._as_attendance_writer()._discard(self.env.user)

    def _discard(self, user):
        self._forget_request()
        self.write(
            {
                "state": DISCARDED,
                "decided_by_id": user.id,
                "finished_at": fields.Datetime.now(),
            }
        )

    def action_take_back(self):
        """Ask why, then let what stood before this run stand again."""
        self.ensure_one()
        self._check_can_take_back()
        return self._ask_for_reason(TAKE_BACK, _("Take Back"))

    def _take_back(self, reason):
        """Let what stood before this run stand again, and keep who took it back and why."""
        return self._request(TAKE_BACK, reason)

    def _ask_for_reason(self, step, title):
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": "spp.attendance.run.reason",
            "view_mode": "form",
            "views": [[False, "form"]],
            "target": "new",
            "context": {"default_run_id": self.id, "default_step": step},
        }

    # At once, or in the background

    def _request(self, request, reason):
        """Do what a person asks for, or have the background do it if the cycle is big.

        :return: what to show next, if it can't be done
        """
        self.ensure_one()
        self._check_request(request)
        cycle = self.cycle_id
        cycle._lock_attendance()
        if cycle.locked:
            raise UserError(cycle._explain_lock())
        run = self.sudo()._as_attendance_writer()
        if not cycle._is_big_for_attendance():
            return run._carry_out(request, self.env.user, reason)
        if request == APPLY and run._close_if_outdated():
            return self._get_form_action()
        run.write({"request": request, "requested_by_id": self.env.uid, "request_reason": reason})
        cycle.sudo()._queue_attendance_request(run)
        return None

    def _check_waiting(self):
        self.cycle_id._check_may_run_attendance()
        if self.state != WAITING or self.request:
            raise UserError(_("This run does not wait for a decision any more."))

    def _check_can_take_back(self):
        self.cycle_id._check_may_run_attendance()
        if self.state != DONE:
            raise UserError(_("Only a run that was applied can be taken back."))
        self.cycle_id._check_can_apply()

    def _check_request(self, request):
        if request == APPLY:
            self._check_waiting()
            self.cycle_id._check_can_apply()
        else:
            self._check_can_take_back()

    def _carry_out_request(self):
        """Do what was asked for before: if whoever asked may still, and about the world of now."""
        request, user, reason = self.request, self.requested_by_id, self.request_reason
        self._forget_request()
        if not user.active and user.id != SUPERUSER_ID:
            raise AccessError(_("Whoever asked for this is no user any more."))
        self.with_user(user)._check_request(request)
        self._carry_out(request, user, reason)

    def _describe_request(self):
        """Return what was asked for, by whom, and why."""
        label = dict(self._fields["request"]._description_selection(self.env))[self.request]
        name = self.requested_by_id.name
        asked = _("%(request)s, as %(name)s asked for", request=label, name=name)
        return f"{asked} ({self.request_reason})" if self.request_reason else asked

    def _forget_request(self):
        self.write({"request": False, "requested_by_id": False, "request_reason": False})

    def _carry_out(self, request, asked_by, reason):
        """Apply this run, or take it back; nobody else works on the cycle.

        :return: what to show next, if it can't be done
        """
        self.error = False
        if request == TAKE_BACK:
            self.write(
                {
                    "state": TAKEN_BACK,
                    "taken_back_by_id": asked_by.id,
                    "taken_back_at": fields.Datetime.now(),
                    "taken_back_reason": reason,
                }
            )
            changed = self._restore_memberships()
            self._tell_cycle(asked_by, self._describe_taking_back(changed))
            return None
        if self._close_if_outdated():
            return self._get_form_action()
        if self._would_more_lose():
            self.error = _(
                "More beneficiaries would lose than you were shown, or more entitlements were "
                "prepared for them meanwhile, so nothing was applied: look at the verdicts again."
            )
            return self._get_look_again_action()
        self._apply_and_close(asked_by, reason)
        return None

    def _get_look_again_action(self):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning",
                "sticky": True,
                "message": self.error,
                "next": self._get_form_action(),
            },
        }

    def _apply_and_close(self, user, reason=False):
        self._apply()
        self.write(
            {
                "state": DONE,
                "applied_number": self.cycle_id._get_next_applied_number(),
                "decided_by_id": user.id,
                "apply_reason": reason,
                "finished_at": fields.Datetime.now(),
            }
        )
        self._tell_cycle(user, f"{_('The verdicts were applied.')} {self.change_text}")

    def _describe_taking_back(self, count):
        taken_back = _("The run was taken back: what stood before it counts.")
        if self._is_about_households():
            changed = _("Families whose state changed: %(count)s.", count=count)
        else:
            changed = _("Persons whose state changed: %(count)s.", count=count)
        return f"{taken_back} {changed}"

    def _tell_cycle(self, user, sentences):
        """Say in the cycle's chatter what a person did; nobody whom it is about is named."""
        self.cycle_id._log_attendance(user, sentences, self)
