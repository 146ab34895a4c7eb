from odoo import api, models


class SPPEventMixin(models.AbstractModel):
    """Makes a model a kind of event that can be recorded by hand."""

    _name = "spp.event.mixin"
    _description = "SPP Event Mixin"

    @api.model
    def _register_hook(self):
        # Marks the mixin itself, too, as on the platform.
        super()._register_hook()
        model = self.env["ir.model"].search([("model", "=", self._name)], limit=1)
        if model and not model.is_event_model:
            model.sudo().write({"is_event_model": True})

    def get_view_id(self):
        forms = [("model", "=", self._name), ("type", "=", "form")]
        return self.env["ir.ui.view"].search(forms, limit=1).id
