from odoo import _, api, models
from odoo.exceptions import UserError


class AttendanceProofMixin(models.AbstractModel):
    """What shows, years later, why a verdict was given: nobody deletes it."""

    _name = "spp.attendance.proof.mixin"
    _description = "Proof of Attendance Verdicts"

    @api.ondelete(at_uninstall=False)
    def _refuse_unlink(self):
        raise UserError(_("Attendance runs are kept for ever: they are the proof of the verdicts."))
