from odoo import _, api, fields, models
from odoo.tools import format_date, format_datetime

from ..unchecked_many2one import UncheckedMany2one

# Every field of an attendance that tells what happened.
TRACED_FIELDS = (
    "individual_id",
    "attendance_date",
    "attendance_time",
    "attendance_type_id",
    "attendance_location_id",
    "attendance_category",
    "excuse_reason_id",
    "attendance_description",
    "attendance_external_url",
    "submitted_by",
    "submitted_datetime",
    "submission_source",
    "withdrawn",
)


class EventAttendanceChange(models.Model):
    """What an attendance was before it was corrected or withdrawn, and by whom."""

    _name = "spp.event.attendance.change"
    _inherit = "spp.attendance.guard.mixin"
    _description = "Change of an Attendance"
    _order = "id desc"

    event_id = fields.Many2one(
        "spp.event.attendance", "Attendance", required=True, ondelete="cascade", index=True
    )
    intake_id = UncheckedMany2one("spp.attendance.intake", "By the Intake")
    field_name = fields.Selection("_selection_field_name", "Changed", required=True)
    old_value = fields.Char("Before")
    new_value = fields.Char("After")
    reason = fields.Text(help="Why it was withdrawn.")
    shown_old = fields.Char("Was", compute="_compute_shown")
    shown_new = fields.Char("Became", compute="_compute_shown")

    @api.depends("field_name", "old_value", "new_value")
    @api.depends_context("lang", "tz")
    def _compute_shown(self):
        for change in self:
            # What was told of two at once is withdrawn from the first one from the beginning.
            event = change.event_id
            is_first = change.intake_id and (change.intake_id, change.create_date) == (
                event.intake_id,
                event.create_date,
            )
            change.shown_old = not is_first and change._describe_value(change.old_value)
            change.shown_new = change._describe_value(change.new_value)

    def _describe_value(self, value):
        """Return a value as people say it: it is kept as whoever changed it wrote it."""
        if self.field_name == "withdrawn":
            return _("Withdrawn") if value else _("Counted")
        field = self.env["spp.event.attendance"]._fields.get(self.field_name)
        if not value or not field:
            return value
        try:
            if field.type == "date":
                return format_date(self.env, value)
            if field.type == "datetime":
                return format_datetime(self.env, fields.Datetime.to_datetime(value[:19]))
        except ValueError:
            return value
        if field.type == "selection":
            return dict(field._description_selection(self.env)).get(value, value)
        return value

    @api.model
    def _get_attendance_guarded_fields(self):
        return self._fields.keys()

    @api.model
    def _selection_field_name(self):
        events = self.env["spp.event.attendance"]
        labels = events.fields_get(TRACED_FIELDS, ["string"])
        return [(name, labels[name]["string"]) for name in TRACED_FIELDS if name in labels]

    @api.model
    def _get_traced_fields(self):
        return TRACED_FIELDS

    @api.model
    def _log(self, events, before, reason=False):
        """Keep what changed on each event since ``before``, a dict of its traced values.

        :param str reason: why they were withdrawn, if they were
        """
        changes = [
            {
                "event_id": event.id,
                "field_name": name,
                "old_value": self._to_text(old),
                "new_value": self._to_text(new),
                "reason": name == "withdrawn" and reason,
            }
            for event, values in zip(events, before, strict=True)
            for (name, old), new in zip(
                values.items(), event._get_traced_values().values(), strict=True
            )
            if old != new
        ]
        self.create(changes)

    @api.model
    def _to_text(self, value):
        return "true" if value is True else str(value or "")
