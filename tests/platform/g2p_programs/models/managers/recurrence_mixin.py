from dateutil import rrule

from odoo import _, api, fields, models
from odoo.exceptions import UserError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class CycleRecurrenceMixin(models.AbstractModel):
    """When cycles start. The platform takes this from Odoo's calendar, with a few more fields."""

    _name = "g2p.cycle.recurrence.mixin"
    _description = "Cycle Recurrence Mixin"

    name = fields.Char(required=True)
    rrule_type = fields.Selection(
        [
            ("daily", "Days"),
            ("weekly", "Weeks"),
            ("monthly", "Months"),
            ("yearly", "Years"),
        ],
        "Recurrence Unit",
        default="monthly",
        required=True,
    )
    interval = fields.Integer(default=1, compute="_compute_interval", store=True)
    count = fields.Integer(default=10)
    mon = fields.Boolean()
    tue = fields.Boolean()
    wed = fields.Boolean()
    thu = fields.Boolean()
    fri = fields.Boolean()
    sat = fields.Boolean()
    sun = fields.Boolean()
    month_by = fields.Selection(
        [("date", "Date of month"), ("day", "Day of month")], default="date"
    )
    day = fields.Integer(default=1)
    weekday = fields.Selection(
        [
            ("MON", "Monday"),
            ("TUE", "Tuesday"),
            ("WED", "Wednesday"),
            ("THU", "Thursday"),
            ("FRI", "Friday"),
            ("SAT", "Saturday"),
            ("SUN", "Sunday"),
        ]
    )
    byday = fields.Selection(
        [("1", "First"), ("2", "Second"), ("3", "Third"), ("4", "Fourth"), ("-1", "Last")],
        default="1",
    )

    @api.depends()
    def _compute_interval(self):
        raise NotImplementedError()

    def _get_starts(self, first):
        """Return the starts of cycles from a moment on: a rule that has no end.

        By default the first of a month, so that the first cycle of a program starts at the next
        first of a month rather than today.
        """
        options = {"dtstart": first, "interval": self.interval}
        if self.rrule_type == "weekly":
            options["byweekday"] = [number for number, day in enumerate(DAYS) if self[day]]
            if not options["byweekday"]:
                raise UserError(_("Choose a day of the week."))
        elif self.rrule_type == "monthly" and self.month_by == "date":
            options["bymonthday"] = self.day
        elif self.rrule_type == "monthly":
            weekday = getattr(rrule, self.weekday[:2])
            options["byweekday"] = weekday(int(self.byday))
        return rrule.rrule(getattr(rrule, self.rrule_type.upper()), **options)
