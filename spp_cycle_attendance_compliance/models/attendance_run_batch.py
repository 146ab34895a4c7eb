from odoo import fields, models


class AttendanceRunBatch(models.Model):
    """The persons that a run asks for at once, and how that went."""

    _name = "spp.attendance.run.batch"
    _inherit = "spp.attendance.proof.mixin"
    _description = "Batch of an Attendance Run"
    _order = "number"

    run_id = fields.Many2one("spp.attendance.run", required=True, ondelete="cascade", index=True)
    number = fields.Integer()
    person_count = fields.Integer("Persons")
    is_done = fields.Boolean("Done")
    answered_at = fields.Datetime(
        "Answered",
        help="Tells in which order answers came: a run that is retried may be older than others.",
    )
    call_count = fields.Integer("Calls")
    duration = fields.Float("Seconds")
    new_count = fields.Integer("New")
    changed_count = fields.Integer("Corrected")
    withdrawn_count = fields.Integer("Withdrawn")
    set_aside_count = fields.Integer("Set Aside")
    set_aside_reasons = fields.Text("Why Set Aside")
    not_asked_for_count = fields.Integer("Not Asked For")
    duplicate_count = fields.Integer("Sent Twice")
    unknown_category_count = fields.Integer("Unknown Types or Locations")
