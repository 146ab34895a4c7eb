from odoo import models


class SPPEventData(models.Model):
    _inherit = "spp.event.data"

    def _get_form_view_id(self):
        model = self.env[self.model]
        if hasattr(model, "get_view_id"):
            return model.get_view_id()
        forms = [("model", "=", self.model), ("type", "=", "form")]
        return self.env["ir.ui.view"].search(forms, limit=1).id
