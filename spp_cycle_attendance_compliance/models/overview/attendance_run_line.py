from odoo import models
from odoo.tools.sql import create_index

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

    def init(self):
        result = super().init()
        # A village's verdicts are some hundred among millions.
        for name in ("area_id", "location_id"):
            create_index(
                self.env.cr,
                f"{self._table}_{name}_index",
                self._table,
                [name, "run_id"],
                where=f"{name} IS NOT NULL",
            )
        return result
