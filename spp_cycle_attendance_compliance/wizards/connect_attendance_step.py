from odoo import fields, models


class ConnectAttendanceStep(models.TransientModel):
    _name = "spp.connect.attendance.step"
    _description = "Step of a Connection Test"

    wizard_id = fields.Many2one("spp.connect.attendance", required=True, ondelete="cascade")
    name = fields.Char("Step")
    state = fields.Selection(
        [("ok", "Worked"), ("warning", "Look at This"), ("failed", "Failed")], "Outcome"
    )
    message = fields.Text("Result")
    duration = fields.Float("Seconds", digits=(16, 2))
