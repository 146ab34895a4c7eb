from odoo import api, fields, models


class SPPCreateEventWizard(models.TransientModel):
    _inherit = "spp.create.event.wizard"

    event_data_model = fields.Selection(
        selection="_get_event_data_model_selection", string="Event Type", default="default"
    )

    @api.model
    def _get_event_data_model_selection(self):
        kinds = self.env["ir.model"].search([("is_event_model", "=", True)], order="name")
        return [("default", "None"), *((kind.model, kind.name) for kind in kinds)]

    def _get_next_model(self, model):
        """The wizard of the kind; else a general one, named after the second part of the kind's
        model; else None."""
        for name in (
            super()._get_next_model(model),
            f"{model.split('.')[1]}.create.dynamic.event.wizard",
        ):
            if name in self.env:
                return name
        return None
