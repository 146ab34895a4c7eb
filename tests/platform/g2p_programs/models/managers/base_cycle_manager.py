from odoo import _, fields, models
from odoo.exceptions import ValidationError

from ..notification import notification


class BaseCycleManager(models.AbstractModel):
    _name = "g2p.base.cycle.manager"
    _description = "Base Cycle Manager"

    # Fewer rows are handled at once, more of them in jobs of so many rows.
    MIN_ROW_JOB_QUEUE = 200
    MAX_ROW_JOB_QUEUE = 2000

    name = fields.Char("Manager Name", required=True)
    program_id = fields.Many2one("g2p.program", required=True)
    auto_approve_entitlements = fields.Boolean("Auto-approve Entitlements", default=False)

    def check_eligibility(self, cycle, beneficiaries=None):
        raise NotImplementedError()

    def prepare_entitlements(self, cycle):
        raise NotImplementedError()

    def new_cycle(self, name, new_start_date, sequence):
        raise NotImplementedError()

    def mark_distributed(self, cycle):
        raise NotImplementedError()

    def mark_ended(self, cycle):
        raise NotImplementedError()

    def mark_cancelled(self, cycle):
        raise NotImplementedError()

    def add_beneficiaries(self, cycle, beneficiaries, state="draft"):
        raise NotImplementedError()

    def on_start_date_change(self, cycle):
        raise NotImplementedError()

    def approve_cycle(self, cycle, auto_approve=False, entitlement_manager=None):
        if cycle.state != cycle.STATE_TO_APPROVE:
            return notification(
                _("Cycle"), _("Only a cycle that waits for approval can be approved."), "danger"
            )
        cycle.write(
            {
                "approved_date": fields.Datetime.now(),
                "approved_by": self.env.uid,
                "state": cycle.STATE_APPROVED,
            }
        )
        self.on_state_change(cycle)
        if not auto_approve:
            return None
        model = "g2p.entitlement"
        if not entitlement_manager.IS_CASH_ENTITLEMENT:
            model = "g2p.entitlement.inkind"
        if cycle.get_entitlements(["draft", "pending_validation"], entitlement_model=model):
            return entitlement_manager.validate_entitlements(cycle)
        return notification(_("Entitlements"), _("There is nothing to approve."), "warning")

    def on_state_change(self, cycle):
        if cycle.state != cycle.STATE_APPROVED:
            return
        if not self.approver_group_id:
            raise ValidationError(_("The cycle manager has no group of approvers."))
        members = self.env["res.users"].search([("groups_id", "in", self.approver_group_id.ids)])
        if self.env.uid != 1 and self.env.user not in members:
            raise ValidationError(_("You cannot approve this cycle."))

    def _ensure_can_edit_cycle(self, cycle):
        if cycle.state != cycle.STATE_DRAFT:
            raise ValidationError(_("The cycle is no draft."))

    def mark_import_as_done(self, cycle, msg):
        self.ensure_one()
        self._unlock(cycle, msg)

    def mark_prepare_entitlement_as_done(self, cycle, msg):
        self.ensure_one()
        self._unlock(cycle, msg)

    def mark_check_eligibility_as_done(self, cycle):
        self._unlock(cycle, _("Eligibility was checked."))

    def _lock(self, cycle, reason):
        cycle.message_post(body=_("Started: %(reason)s", reason=reason))
        cycle.write({"locked": True, "locked_reason": reason})

    def _unlock(self, cycle, message):
        cycle.write({"locked": False, "locked_reason": False})
        cycle.message_post(body=message)
