from odoo import api, fields, models


class EntitlementWizardMixin(models.AbstractModel):
    """Takes the selected entitlements that are in a state to be changed."""

    _name = "spp.entitlement.wizard.mixin"
    _description = "Wizard on Entitlements"

    STATES = ()

    @api.model
    def default_get(self, fields_list):
        vals = super().default_get(fields_list)
        entitlements = self.env["g2p.entitlement"].browse(self.env.context.get("active_ids", []))
        if entitlements:
            chosen = entitlements.filtered(lambda each: each.state in self.STATES)
            vals["entitlement_ids"] = [(0, 0, {"entitlement_id": each.id}) for each in chosen]
        return vals


class RejectEntitlementWizard(models.TransientModel):
    _name = "spp.reject.entitlement.wizard"
    _inherit = "spp.entitlement.wizard.mixin"
    _description = "Reject Entitlements"

    STATES = ("draft", "pending_validation")

    entitlement_ids = fields.One2many("spp.entitlement.reject", "wizard_id", required=True)
    reject_reason = fields.Text("Reason")
    to_state = fields.Char(default=lambda self: self.env.context.get("to_state", "reject"))

    def reject_entitlements(self):
        return self.entitlement_ids.entitlement_id._reject_entitlement(
            self.to_state, self.reject_reason
        )


class EntitlementReject(models.TransientModel):
    _name = "spp.entitlement.reject"
    _description = "Entitlement to Reject"

    wizard_id = fields.Many2one("spp.reject.entitlement.wizard", required=True)
    entitlement_id = fields.Many2one("g2p.entitlement", required=True)
    partner_id = fields.Many2one(related="entitlement_id.partner_id")


class ResetPendingEntitlementWizard(models.TransientModel):
    _name = "spp.reset.pending.entitlement.wizard"
    _inherit = "spp.entitlement.wizard.mixin"
    _description = "Reset Entitlements to Pending"

    STATES = ("reject",)

    entitlement_ids = fields.One2many("spp.entitlement.reset.pending", "wizard_id", required=True)

    def reset_to_pending(self):
        return self.entitlement_ids.entitlement_id._reset_to_pending()


class EntitlementResetPending(models.TransientModel):
    _name = "spp.entitlement.reset.pending"
    _description = "Entitlement to Reset to Pending"

    wizard_id = fields.Many2one("spp.reset.pending.entitlement.wizard", required=True)
    entitlement_id = fields.Many2one("g2p.entitlement", required=True)
    partner_id = fields.Many2one(related="entitlement_id.partner_id")
