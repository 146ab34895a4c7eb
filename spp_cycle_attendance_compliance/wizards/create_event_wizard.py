from odoo import fields, models

from ..models.event_data import ATTENDANCE_MODEL


class CreateEventWizard(models.TransientModel):
    _inherit = "spp.create.event.wizard"

    event_data_model = fields.Selection(selection_add=[(ATTENDANCE_MODEL, "Attendance")])
