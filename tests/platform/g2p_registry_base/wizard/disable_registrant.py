from odoo import api, fields, models


class G2PDisableRegistrantWizard(models.TransientModel):
    _name = "g2p.disable.registrant.wizard"
    _description = "Disable Registrant Wizard"

    partner_id = fields.Many2one("res.partner", "Registrant", required=True)
    disabled_reason = fields.Text("Reason for disabling", required=True)

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        if self.env.context.get("active_id"):
            values["partner_id"] = self.env.context["active_id"]
        return values

    def disable_registrant(self):
        for wizard in self:
            wizard.partner_id.write(
                {
                    "disabled": fields.Datetime.now(),
                    "disabled_reason": wizard.disabled_reason,
                    "disabled_by": self.env.uid,
                }
            )
