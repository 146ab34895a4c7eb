from odoo import SUPERUSER_ID, _, api, fields, models

from odoo.addons.g2p_programs.models.notification import notification

APPROVERS = "spp_programs.approve_entitlement"


class G2PEntitlement(models.Model):
    _inherit = "g2p.entitlement"

    state = fields.Selection(selection_add=[("reject", "Rejected")])
    date_rejected = fields.Date()
    rejected_reason = fields.Text()

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        if not self.env.user.has_group("g2p_registry_base.group_g2p_admin"):
            self = self.with_user(SUPERUSER_ID)
        return super()._get_view(view_id, view_type, **options)

    def write(self, vals):
        # For who may approve, every write goes on with all rights, as on the platform.
        if self.env.user.has_group(APPROVERS):
            self = self.sudo()
        return super().write(vals)

    def approve_entitlement(self):
        if self.env.user.has_group(APPROVERS):
            self = self.sudo()
        return super().approve_entitlement()

    def reject_entitlement(self):
        return self._open_wizard("reject_entitlement_wizard", to_state="reject")

    def reset_to_pending(self):
        return self._open_wizard("reset_to_pending_entitlement_wizard")

    def _open_wizard(self, name, **context):
        view = self.env.ref(f"spp_programs.{name}")
        return {
            "name": view.name,
            "type": "ir.actions.act_window",
            "res_model": view.model,
            "view_mode": "form",
            "view_id": view.id,
            "target": "new",
            "context": context,
        }

    @staticmethod
    def allowed_to_reject_entitlement():
        return ["draft", "pending_validation"]

    def _reject_entitlement(self, to_state="reject", reject_reason=""):
        # With all rights, whoever asks, as on the platform.
        for entitlement in self.sudo():
            if entitlement.state in self.allowed_to_reject_entitlement():
                entitlement.state = to_state
                entitlement.rejected_reason = reject_reason
                entitlement.date_rejected = fields.Date.today()
        return notification(_("Entitlement"), _("Entitlements were rejected."), "danger")

    def _reset_to_pending(self):
        # From whatever state; date and reason of the rejection stay.
        for entitlement in self.sudo():
            entitlement.state = "pending_validation"
        return notification(_("Entitlement"), _("Entitlements wait for approval again."))
