from odoo import fields, models

from ..models.events.event_data import ATTENDANCE_MODEL, EVENT_MIXIN


class CreateEventWizard(models.TransientModel):
    _inherit = "spp.create.event.wizard"

    if not EVENT_MIXIN:
        event_data_model = fields.Selection(selection_add=[(ATTENDANCE_MODEL, "Attendance")])

    def get_view_id(self, model_name):
        """Find the form of the next page for registrars too, who may not read views."""
        return super(CreateEventWizard, self.sudo()).get_view_id(model_name)
