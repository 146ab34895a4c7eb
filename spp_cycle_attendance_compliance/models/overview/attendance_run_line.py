from odoo import fields, models

from ..unchecked_many2one import UncheckedMany2one


class AttendanceRunLine(models.Model):
    """Where a verdict was given, as it was then."""

    _inherit = "spp.attendance.run.line"

    area_id = fields.Many2one(
        "spp.area", "Area", ondelete="set null", help="Where they lived when it was decided."
    )
    location_id = UncheckedMany2one(
        "spp.res.config.attendance.location",
        "Location",
        help="Where they attended last when it was decided; of a household, where most of its "
        "members did.",
    )
