from odoo import _, api, fields, models

from ..models.criteria.attendance_condition import COPIED_FIELDS


class CompareAttendanceCondition(models.TransientModel):
    """A condition of the second set of criteria."""

    _name = "spp.attendance.compare.condition"
    _inherit = "spp.attendance.condition.mixin"
    _description = "Attendance Condition to Compare"

    wizard_id = fields.Many2one("spp.attendance.compare", required=True, ondelete="cascade")
    # Who deletes one is not held up by somebody's comparing.
    type_id = fields.Many2one(ondelete="cascade")
    location_id = fields.Many2one(ondelete="cascade")
    attendance_source_id = fields.Many2one(
        related="wizard_id.attendance_source_id", related_sudo=False
    )
    attendance_protocol = fields.Selection(
        related="wizard_id.attendance_protocol", related_sudo=False
    )
    not_stored = fields.Char(compute="_compute_not_stored", string="Left Out")

    def _get_criteria(self):
        return self.wizard_id

    @api.depends(
        *COPIED_FIELDS,
        "wizard_id.cycle_id",
        "wizard_id.attendance_period",
        "wizard_id.from_date",
        "wizard_id.to_date",
    )
    @api.depends_context("lang")
    def _compute_not_stored(self):
        for condition in self:
            wizard = condition.wizard_id
            is_stored = wizard._is_stored(wizard, condition._get_values())
            condition.not_stored = not is_stored and _("Nothing is stored for this")
