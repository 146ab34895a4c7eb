from odoo import models

from ..unchecked_many2one import UncheckedMany2one


class AttendanceRunLine(models.Model):
    """Where a verdict was given, as it was then."""

    _inherit = "spp.attendance.run.line"

    area_id = UncheckedMany2one("spp.area", "Area", help="Where they lived when it was decided.")
    location_id = UncheckedMany2one(
        "spp.res.config.attendance.location",
        "Location",
        help="Where they attended last when it was decided; of a household, where most of its "
        "members did.",
    )
