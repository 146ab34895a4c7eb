from odoo import _, api, models


class AttendanceProofMixin(models.AbstractModel):
    """What shows, years later, why a verdict was given: nobody changes or deletes it."""

    _name = "spp.attendance.proof.mixin"
    _inherit = "spp.attendance.guard.mixin"
    _description = "Proof of Attendance Verdicts"

    @api.model
    def _get_attendance_guarded_fields(self):
        return self._fields.keys()

    @api.model
    def _explain_attendance_guard(self):
        return _(
            "Attendance runs and intakes are the proof of the verdicts: they are kept for ever, "
            "and nobody can write or delete them."
        )
