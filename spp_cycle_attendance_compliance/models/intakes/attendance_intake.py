from odoo import _, api, fields, models
from odoo.tools import format_datetime

from ..unchecked_many2one import UncheckedMany2one
from .identifiers import IDENTIFIERS_GROUP


class AttendanceIntake(models.Model):
    """What a source was asked for at once, and how that went. Events come in by intakes only.

    Kept for ever: answers and events point to the intake that brought them.
    """

    _name = "spp.attendance.intake"
    _inherit = "spp.attendance.proof.mixin"
    _description = "Attendance Intake"
    _order = "id"

    # The source.
    source_id = fields.Many2one(
        "spp.attendance.source", readonly=True, ondelete="restrict", index=True
    )
    server_url = fields.Char("Address", readonly=True, help="Of the source, when it was asked.")
    company_id = fields.Many2one("res.company", readonly=True)
    # The question.
    from_date = fields.Date(readonly=True)
    to_date = fields.Date(readonly=True)
    attendance_type_id = UncheckedMany2one("spp.res.config.attendance.type", "Type", readonly=True)
    attendance_location_id = UncheckedMany2one(
        "spp.res.config.attendance.location", "Location", readonly=True
    )
    asked_scopes = fields.Json(
        readonly=True,
        help="Pairs of type and location that were asked for; what else came was not stored.",
    )
    question_key = fields.Char(readonly=True, help="Tells its question from others.")
    # Who asked (a run, or else the nightly poll), and about whom: the memberships of the cycle
    # from one to another.
    run_id = fields.Many2one("spp.attendance.run", readonly=True, ondelete="restrict", index=True)
    cycle_id = fields.Many2one("g2p.cycle", readonly=True, ondelete="restrict")
    program_id = fields.Many2one("g2p.program", readonly=True, ondelete="restrict")
    user_id = fields.Many2one("res.users", "By", readonly=True)
    number = fields.Integer(readonly=True)
    first_membership_id = fields.Integer(readonly=True)
    last_membership_id = fields.Integer(readonly=True)
    worlds = fields.Text(
        readonly=True,
        prefetch=False,
        groups=IDENTIFIERS_GROUP,
        help="Of each membership: its override, members and identifiers when they were asked for. "
        "Empty as soon as the run has decided.",
    )
    # Or a file. No attachment: on Odoo 17 who reads a record reads those, whatever the groups.
    file = fields.Binary(readonly=True, attachment=False, groups=IDENTIFIERS_GROUP)
    file_name = fields.Char(readonly=True)
    file_layout = fields.Json("Columns of the File", readonly=True)
    is_complete = fields.Boolean(
        "File Is Complete",
        readonly=True,
        help="What its persons had, from its first to its last day and of its types, and was not "
        "in it, was withdrawn.",
    )
    file_type_ids = fields.Json("Types in the File", readonly=True)
    row_count = fields.Integer("Rows", readonly=True)
    bad_row_count = fields.Integer("Rows Left Out", readonly=True)
    # How it went.
    is_done = fields.Boolean("Done", readonly=True)
    answered_at = fields.Datetime("Answered", readonly=True)
    person_count = fields.Integer("Persons", readonly=True)
    call_count = fields.Integer("Calls", readonly=True)
    duration = fields.Float("Seconds", readonly=True)
    new_count = fields.Integer("New", readonly=True)
    changed_count = fields.Integer("Corrected", readonly=True)
    withdrawn_count = fields.Integer("Withdrawn", readonly=True)
    moved_count = fields.Integer(
        "Of Another Person",
        readonly=True,
        help="Attendances that the source now tells of somebody else than before.",
    )
    unclear_count = fields.Integer(
        "Neither Presence nor Absence", readonly=True, help="Each may be a presence, or not."
    )
    set_aside_count = fields.Integer("Set Aside", readonly=True)
    set_aside_reasons = fields.Text("Why Set Aside", readonly=True)
    not_asked_for_count = fields.Integer("Not Asked For", readonly=True)
    duplicate_count = fields.Integer("Sent Twice", readonly=True)
    unknown_category_count = fields.Integer("Unknown Types or Locations", readonly=True)

    @api.depends("cycle_id", "file_name", "create_date")
    @api.depends_context("lang", "tz")
    def _compute_display_name(self):
        for intake in self:
            at = intake.create_date or fields.Datetime.now()
            name = intake.file_name or intake.sudo().cycle_id.name
            intake.display_name = " · ".join(filter(None, (name, format_datetime(self.env, at))))

    def _covers(self, type_id, location_id):
        """Return whether attendances of a type and a location were asked for, and stored."""
        return not self.asked_scopes or any(
            asked_type in (None, type_id) and asked_location in (None, location_id)
            for asked_type, asked_location in self.asked_scopes
        )

    def _get_form_action(self):
        return {
            "type": "ir.actions.act_window",
            "name": _("Attendance Intake"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [[False, "form"]],
        }

    def action_open_events(self):
        """Open the attendances that this intake brought."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "spp_cycle_attendance_compliance.action_spp_event_attendance"
        )
        return {**action, "domain": [("intake_id", "=", self.id)], "context": {}}
