from collections import Counter

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..models.events.event_attendance import ABSENT, EXCUSED, PRESENT


class RecordAttendance(models.TransientModel):
    """One page for one day, place and type: who of some persons came."""

    _name = "spp.record.attendance"
    _inherit = "spp.attendance.untyped.mixin"
    _description = "Record Attendance"

    attendance_date = fields.Date("Date", required=True, default=fields.Date.context_today)
    attendance_type_id = fields.Many2one("spp.res.config.attendance.type", "Type")
    attendance_location_id = fields.Many2one("spp.res.config.attendance.location", "Location")
    line_ids = fields.One2many("spp.record.attendance.line", "wizard_id", "Persons")

    @api.model
    def default_get(self, fields_list):
        """Show the persons that were chosen, and the members of the households that were."""
        res = super().default_get(fields_list)
        if "line_ids" in fields_list and self.env.context.get("active_model") == "res.partner":
            chosen = self.env["res.partner"].browse(self.env.context.get("active_ids", []))
            households = chosen.filtered("is_group")
            memberships = households.group_membership_ids.filtered(
                lambda each: not each.ended_date or each.ended_date > fields.Datetime.now()
            )
            persons = (chosen - households) | memberships.individual
            persons = persons.filtered(lambda person: person.is_registrant and not person.disabled)
            res["line_ids"] = [
                (0, 0, {"individual_id": person.id})
                for person in persons.sorted(lambda person: (person.name or "", person.id))
            ]
        return res

    @api.onchange("attendance_date", "attendance_type_id", "attendance_location_id")
    def _onchange_what_is_recorded(self):
        """Show what is recorded already; who is not is taken for present."""
        recorded = self._find_recorded()
        for line in self.line_ids:
            known = recorded.get(line.individual_id)
            line.is_present = not known or PRESENT in known.mapped("attendance_category")
            line.excuse_reason_id = not line.is_present and known.excuse_reason_id[:1]

    def action_record(self):
        """Record who came and who did not; what was recorded of that day by hand is corrected."""
        self.ensure_one()
        if not self.line_ids:
            raise UserError(
                _("Choose persons or households in the registry before, in their list.")
            )
        recorded = self._find_recorded()
        events, counts = self.env["spp.event.attendance"], Counter()
        for line in self.line_ids:
            category, reason = line._get_presence()
            counts[category] += 1
            known = recorded.get(line.individual_id, events)
            if not known:
                events.create(self._prepare_event(line, category, reason))
            else:
                counts["corrected"] += self._correct(known, category, reason)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": _(
                    "Recorded: %(present)s present, %(absent)s absent, %(excused)s excused; of "
                    "these, %(corrected)s were corrected.",
                    corrected=counts["corrected"],
                    present=counts[PRESENT],
                    absent=counts[ABSENT],
                    excused=counts[EXCUSED],
                ),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    @api.model
    def _correct(self, events, category, reason):
        """Have a person's attendances that were recorded by hand say what is so, and return whether
        that corrects any. Of several that contradict each other, one stays."""
        right = events.filtered(
            lambda event: event.attendance_category == category and event.excuse_reason_id == reason
        )
        if right == events:
            return False
        (events - (right or events[:1]))._withdraw(_("Recorded again on a page of attendance."))
        if not right:
            events[0].write({"attendance_category": category, "excuse_reason_id": reason.id})
        return True

    def _find_recorded(self):
        """Return what is recorded by hand of this day, place and type, by person."""
        events = self.env["spp.event.attendance"].search(
            [
                ("individual_id", "in", self.line_ids.individual_id.ids),
                ("attendance_date", "=", self.attendance_date),
                ("attendance_type_id", "=", self.attendance_type_id.id),
                ("attendance_location_id", "=", self.attendance_location_id.id),
                ("attendance_time", "=", False),
                ("withdrawn", "=", False),
                ("is_fetched", "=", False),
            ],
            order="id",
        )
        return events.grouped("individual_id")

    def _prepare_event(self, line, category, reason):
        return {
            "individual_id": line.individual_id.id,
            "attendance_date": self.attendance_date,
            "attendance_type_id": self.attendance_type_id.id,
            "attendance_location_id": self.attendance_location_id.id,
            "attendance_category": category,
            "excuse_reason_id": reason.id,
        }
