from odoo import api, fields, models


class SPPEventData(models.Model):
    _name = "spp.event.data"
    _description = "Event Data"
    _order = "id desc"

    name = fields.Char(compute="_compute_name", store=True)
    model = fields.Char("Related Document Model", index=True)
    event_type = fields.Char(compute="_compute_event_type", store=True)
    res_id = fields.Many2oneReference("Related data", index=True, model_field="model")
    registrar = fields.Char()
    partner_id = fields.Many2one("res.partner", domain=[("is_registrant", "=", True)])
    # The day on which the server started, as on the platform: not a function.
    collection_date = fields.Date(default=fields.Date.today(), required=True)
    expiry_date = fields.Date()
    state = fields.Selection([("active", "Active"), ("inactive", "Inactive")], default="active")

    @api.depends("model")
    def _compute_event_type(self):
        for event in self:
            event.event_type = event._get_model_label()

    @api.depends("model", "res_id")
    def _compute_name(self):
        for event in self:
            event.name = event._get_model_label()
            if event.model and event.create_date:
                event.name += f" - [{event.create_date:%Y-%m-%d %H:%M}]"

    def _get_model_label(self):
        # A search for every event and field, as on the platform.
        if not self.model:
            return ""
        return self.env["ir.model"].search([("model", "=", self.model)]).name or ""

    @api.model_create_multi
    def create(self, vals_list):
        # One event at a time, as on the platform.
        return self.browse().concat(*(self._create_one(vals) for vals in vals_list))

    def _create_one(self, vals):
        # Both keys must be there; a model that is empty ends nothing.
        if vals["model"]:
            self.search(
                [
                    ("model", "=", vals["model"]),
                    ("partner_id", "=", vals["partner_id"]),
                    ("state", "=", "active"),
                ]
            ).end_active_event()
        return super().create([vals])

    def end_active_event(self):
        for event in self:
            event.state = "inactive"

    def open_form(self):
        for event in self:
            return {
                "name": event.name,
                "type": "ir.actions.act_window",
                "res_model": event.model,
                "res_id": event.res_id,
                "view_mode": "form",
                "view_id": event._get_form_view_id(),
                "target": "new",
                "context": {"create": False, "edit": False},
            }
        return None

    def _get_form_view_id(self):
        # The model must bring get_view_id().
        return self.env[self.model].get_view_id()
