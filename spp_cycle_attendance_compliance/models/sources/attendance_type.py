from odoo import _, api, fields, models
from odoo.exceptions import ValidationError


class AttendanceType(models.Model):
    _name = "spp.res.config.attendance.type"
    _inherit = "spp.attendance.category.mixin"
    _description = "Attendance Type"
    _event_field = "attendance_type_id"

    set_as_default = fields.Boolean(
        "Default Type",
        help="The type of the attendance criteria of a program's first cycle.",
    )

    _sql_constraints = [
        (
            "external_unique",
            "unique (source_id, external_id)",
            "This type of the source is here already.",
        ),
    ]

    @api.constrains("set_as_default", "source_id")
    def _check_set_as_default(self):
        for kind in self.filtered("set_as_default"):
            others = [("set_as_default", "=", True), ("source_id", "=", kind.source_id.id)]
            if self.search_count(others) > 1:
                raise ValidationError(
                    _("Only one type of a source can be the default. Unset the other one first.")
                )

    @api.model
    def _warn_of_none(self, source=None):
        """Return what becomes of attendances without a type, as a sentence; or ``False``.

        :param source: whose types there are to choose from, beside those made here; else all
        """
        domain = [("source_id", "in", (False, source.id))] if source else []
        if not self.sudo().search_count(domain, limit=1):
            return False
        return _("Without a type, attendance counts only for conditions that ask for no type.")

    @api.model
    def _get_default(self, source):
        """Return the type of a program's first cycle whose attendance comes from a source."""
        domain = [("set_as_default", "=", True), ("source_id", "=", source.id)]
        return self.sudo().search(domain, limit=1) if source else self.browse()
