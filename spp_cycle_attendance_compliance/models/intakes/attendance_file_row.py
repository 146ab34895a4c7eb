from odoo import fields, models
from odoo.tools.sql import create_index

from ..unchecked_many2one import UncheckedMany2one


class AttendanceFileRow(models.Model):
    """What a file says of an attendance, by whom it was meant on the day that it was stored.

    Never changed. Of all files of a source that stand, the last one that says something of an
    attendance is right: so events can be made anew from these rows, in whatever order files came,
    were stored or taken back.
    """

    _name = "spp.attendance.file.row"
    _inherit = "spp.attendance.proof.mixin"
    _description = "Row of a File of Attendance"
    _order = "intake_id desc, number, id"
    _log_access = False  # the intake says who stored it, and when

    intake_id = UncheckedMany2one("spp.attendance.intake", "File", required=True)
    number = fields.Integer("Row")
    record = fields.Char(required=True, help="What tells an attendance from others.")
    individual_id = fields.Many2one("res.partner", "Person", required=True, ondelete="restrict")
    date = fields.Date()
    time = fields.Char()
    category = fields.Char("Presence")
    reason_id = UncheckedMany2one("spp.attendance.excuse.reason", "Reason")
    type_id = UncheckedMany2one("spp.res.config.attendance.type", "Type")
    location_id = UncheckedMany2one("spp.res.config.attendance.location", "Location")
    description = fields.Text()

    def init(self):
        result = super().init()
        for name, columns in (
            ("intake", ["intake_id", "individual_id"]),
            ("individual", ["individual_id", "record"]),
            ("record", ["record", "intake_id"]),
        ):
            create_index(self.env.cr, f"{self._table}_{name}_idx", self._table, columns)
        return result
