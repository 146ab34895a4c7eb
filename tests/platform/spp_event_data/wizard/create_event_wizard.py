from odoo import _, fields, models


class SPPCreateEventWizard(models.TransientModel):
    _name = "spp.create.event.wizard"
    _description = "Create Event Wizard"

    event_data_model = fields.Selection([("default", "None")], "Event Type", default="default")
    partner_id = fields.Many2one("res.partner", domain=[("is_registrant", "=", True)])
    registrar = fields.Char()
    # The day on which the server started, as on the platform.
    collection_date = fields.Date(default=fields.Date.today())
    expiry_date = fields.Date()

    def get_event_data_vals(self):
        self.ensure_one()
        return {
            "model": self.event_data_model,
            "partner_id": self.partner_id.id,
            "registrar": self.registrar,
            "collection_date": self.collection_date,
            "expiry_date": self.expiry_date,
        }

    def next_page(self):
        """Create the event, then open the wizard of its kind, which has ``event_id``."""
        for wizard in self:
            model = wizard.event_data_model
            if not model or model == "default":
                continue
            next_model = wizard._get_next_model(model)
            if not next_model:
                return None
            event = self.env["spp.event.data"].create(wizard.get_event_data_vals())
            following = self.env[next_model].create({"event_id": event.id})
            label = self.env["ir.model"].search([("model", "=", model)]).name
            return {
                "name": _("Create %(event)s", event=label),
                "type": "ir.actions.act_window",
                "res_model": next_model,
                "res_id": following.id,
                "view_mode": "form",
                "view_id": wizard.get_view_id(next_model),
                "target": "new",
            }
        return None

    def _get_next_model(self, model):
        """The kind ``spp.event.x`` has the wizard ``spp.create.event.x.wizard``."""
        prefix, rest = model.split(".", 1)
        return f"{prefix}.create.{rest}.wizard"

    def get_view_id(self, model_name):
        forms = [("model", "=", model_name), ("type", "=", "form")]
        return self.env["ir.ui.view"].search(forms, limit=1).id
