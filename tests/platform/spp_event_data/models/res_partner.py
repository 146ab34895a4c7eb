from odoo import _, fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    event_data_ids = fields.One2many("spp.event.data", "partner_id", "Event Data IDs")

    def open_create_event_wizard(self):
        # Registrars have no access to the wizard: the button fails for them.
        self.ensure_one()
        wizard = self.env["spp.create.event.wizard"].create({"partner_id": self.id})
        return {
            "name": _("Create Event Data"),
            "type": "ir.actions.act_window",
            "res_model": wizard._name,
            "res_id": wizard.id,
            "view_mode": "form",
            "view_id": self.env.ref("spp_event_data.create_event_data_form_view").id,
            "target": "new",
        }

    def _get_active_event_id(self, model):
        """Return the id of the active event of a model, or None."""
        for partner in self:
            events = self.env["spp.event.data"].search(
                [
                    ("model", "=", model),
                    ("state", "=", "active"),
                    ("partner_id", "=", partner.id),
                ]
            )
            return events.id or None
        return None
