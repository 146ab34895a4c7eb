from odoo import models


class AttendanceRun(models.Model):
    """What an applied run decided is counted."""

    _inherit = "spp.attendance.run"

    def _apply_and_close(self, user, reason=False):
        res = super()._apply_and_close(user, reason)
        self.env["spp.attendance.count"]._count_standing(self.cycle_id)
        return res
