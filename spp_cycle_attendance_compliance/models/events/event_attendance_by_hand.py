from collections import Counter
from datetime import date

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_date

from .event_attendance import EXCUSED

FIRST_DAY = date(1900, 1, 1)


class EventAttendance(models.Model):
    """What is refused of who records by hand. Intakes don't come along here.

    Only what is changed is looked at: what an earlier version let in stays correctable.
    """

    _name = "spp.event.attendance"
    _inherit = ["spp.event.attendance", "spp.attendance.untyped.mixin"]

    @api.onchange("attendance_category")
    def _onchange_attendance_category(self):
        if self.attendance_category != EXCUSED:
            self.excuse_reason_id = False

    @api.constrains("attendance_category", "excuse_reason_id")
    def _check_excuse(self):
        for event in self:
            if event.attendance_category == EXCUSED and not event.excuse_reason_id:
                raise ValidationError(
                    _(
                        "Choose for which reason %(name)s is excused.",
                        name=event.individual_id.display_name,
                    )
                )
            if event.attendance_category != EXCUSED and event.excuse_reason_id:
                raise ValidationError(
                    _("Only who is excused has a reason: choose Excused, or take the reason out.")
                )

    @api.model_create_multi
    def create(self, vals_list):
        events = super().create(vals_list)
        events._refuse_impossible_days()
        events._refuse_twins()
        return events

    def write(self, vals):
        if vals.get("attendance_category", EXCUSED) != EXCUSED:
            vals = {"excuse_reason_id": False, **vals}
        before = {event: event._get_told() for event in self}
        days = {event: event.attendance_date for event in self}
        res = super().write(vals)
        self.filtered(lambda event: event.attendance_date != days[event])._refuse_impossible_days()
        self.filtered(lambda event: event._get_told() != before[event])._refuse_twins()
        return res

    def _refuse_impossible_days(self):
        if self._is_attendance_writer():
            return
        for event in self:
            company = (event.individual_id.company_id or self.env.company).sudo()
            today = fields.Date.context_today(self.with_context(tz=company.partner_id.tz or "UTC"))
            if event.attendance_date > today:
                raise ValidationError(
                    _(
                        "%(day)s is still to come: attendance is recorded on its day, or later. "
                        "Correct the date.",
                        day=format_date(self.env, event.attendance_date),
                    )
                )
            if event.attendance_date < FIRST_DAY:
                raise ValidationError(
                    _(
                        "%(day)s is before %(first)s: no attendance that counts is so old. "
                        "Correct the date.",
                        day=event.attendance_date.isoformat(),
                        first=format_date(self.env, FIRST_DAY),
                    )
                )

    def _refuse_twins(self):
        """Refuse to record the very same twice; of who came twice on a day the times say so."""
        events = self.filtered(lambda event: not (event.withdrawn or event.is_fetched))
        if not events:
            return
        same_days = self.sudo().search(
            [
                ("individual_id", "in", events.individual_id.ids),
                ("attendance_date", "in", list(set(events.mapped("attendance_date")))),
                ("withdrawn", "=", False),
                ("is_fetched", "=", False),
            ]
        )
        counts = Counter(event._get_told() for event in same_days)
        for event in events:
            if counts[event._get_told()] > 1:
                raise ValidationError(
                    _(
                        "The very same attendance of %(name)s on %(day)s is recorded already. If "
                        "there were two, enter the time of each.",
                        name=event.individual_id.display_name,
                        day=format_date(self.env, event.attendance_date),
                    )
                )

    def _get_told(self):
        """Return all that tells this attendance from others."""
        self.ensure_one()
        time = self.attendance_time or ""
        return (
            self.individual_id.id,
            self.attendance_date,
            f"{time}:00" if len(time) == len("09:30") else time,
            self.attendance_type_id.id,
            self.attendance_location_id.id,
            self.attendance_category,
            bool(self.withdrawn),
        )
