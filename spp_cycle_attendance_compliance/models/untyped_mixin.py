from odoo import api, fields, models


class UntypedMixin(models.AbstractModel):
    """A form on which a type of attendance can be left out: it says what that means."""

    _name = "spp.attendance.untyped.mixin"
    _description = "Attendance that Can Be without a Type"
    _type_field = "attendance_type_id"

    untyped_warning = fields.Char("Without a Type", compute="_compute_untyped_warning")

    @api.depends(lambda self: [self._type_field])
    @api.depends_context("lang")
    def _compute_untyped_warning(self):
        warning = self.env["spp.res.config.attendance.type"]._warn_of_none()
        for record in self:
            record.untyped_warning = False if record[self._type_field] else warning
