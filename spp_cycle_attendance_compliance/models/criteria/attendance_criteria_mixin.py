from datetime import date, datetime, time

from dateutil.relativedelta import relativedelta

from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_date
from odoo.tools.safe_eval import safe_eval

from ...verdicts import (
    ABSENT,
    ALL,
    ANY,
    DAYS,
    KEEP,
    NUMBER,
    PERCENTAGE,
    SESSIONS,
    Requirement,
)

OWN_DAYS, BEFORE, ALL_SO_FAR, DATES = "cycle", "before", "all", "dates"
# Nobody was registered before.
FIRST_DAY_OF_ALL = date(1900, 1, 1)
# What a new cycle takes over from the one before, and what a run keeps as it was.
CRITERIA_FIELDS = (
    "attendance_source_id",
    "attendance_type_id",
    "attendance_location_id",
    "attendance_period",
    "attendance_unit",
    "attendance_requirement",
    "required_number_of_attendance",
    "required_percentage",
    "household_rule",
    "household_number",
    "household_percentage",
    "member_domain",
    "no_data_rule",
)


class AttendanceCriteriaMixin(models.AbstractModel):
    """The criteria of a cycle; and of a run, as they were then."""

    _name = "spp.attendance.criteria.mixin"
    _description = "Attendance Criteria"

    attendance_source_id = fields.Many2one(
        "spp.attendance.source", "Attendance from", ondelete="restrict", tracking=True
    )
    attendance_protocol = fields.Selection(
        related="attendance_source_id.protocol", string="Kind of Source"
    )
    attendance_type_id = fields.Many2one(
        "spp.res.config.attendance.type", help="Empty: all types count.", tracking=True
    )
    attendance_location_id = fields.Many2one(
        "spp.res.config.attendance.location",
        help="Empty: all locations count.",
        tracking=True,
    )
    attendance_period = fields.Selection(
        [
            (BEFORE, "The days before the cycle"),
            (OWN_DAYS, "The cycle's own days"),
            (ALL_SO_FAR, "All attendance so far"),
            (DATES, "From one day to another"),
        ],
        "Days that Count",
        required=True,
        default=BEFORE,
        help="The days before the cycle: those of the previous cycle, if it ends the day before; "
        "else as many days, or whole months, as this one has.",
        tracking=True,
    )
    from_date = fields.Date(tracking=True)
    to_date = fields.Date(tracking=True)
    attendance_unit = fields.Selection(
        [(DAYS, "Days with a presence"), (SESSIONS, "Sessions (presences)")],
        "Count",
        required=True,
        default=DAYS,
        tracking=True,
    )
    attendance_requirement = fields.Selection(
        [(NUMBER, "A number"), (PERCENTAGE, "A percentage of what is recorded")],
        "Required",
        required=True,
        default=NUMBER,
        tracking=True,
    )
    required_number_of_attendance = fields.Integer(
        "Required Number",
        default=10,
        help="0: being known to the attendance system is enough.",
        tracking=True,
    )
    required_percentage = fields.Integer(
        default=80, help="Of the recorded days or sessions: absences are the rest.", tracking=True
    )
    household_rule = fields.Selection(
        [
            (ANY, "Any member"),
            (ALL, "All members"),
            (NUMBER, "A number of members"),
            (PERCENTAGE, "A percentage of the members"),
        ],
        "Who Must Attend",
        required=True,
        default=ANY,
        help="Of the members that count.",
        tracking=True,
    )
    household_number = fields.Integer("Number of Members", default=1, tracking=True)
    household_percentage = fields.Integer("Percentage of Members", default=50, tracking=True)
    member_domain = fields.Char(
        "Members that Count",
        default="[]",
        help="Which members of a household count. A household with none of them is exempt.",
        tracking=True,
    )
    no_data_rule = fields.Selection(
        [(ABSENT, "Counts as not attended"), (KEEP, "The membership stays as it is")],
        "If There Is No Data",
        required=True,
        default=ABSENT,
        help="Of who has no ID, is unknown to the attendance system, or has no record of which a "
        "percentage could be taken.",
        tracking=True,
    )
    is_about_households = fields.Boolean(compute="_compute_is_about_households")
    attendance_criteria_summary = fields.Char(
        "In Words", compute="_compute_attendance_criteria_summary"
    )

    @api.model
    def _valid_field_parameter(self, field, name):
        # Known where there is a chatter: each change is in that of the cycle.
        return name == "tracking" or super()._valid_field_parameter(field, name)

    @api.constrains(
        "attendance_requirement",
        "required_number_of_attendance",
        "required_percentage",
        "household_rule",
        "household_number",
        "household_percentage",
    )
    def _check_attendance_numbers(self):
        for criteria in self:
            if criteria.attendance_requirement == NUMBER:
                criteria._check_at_least("required_number_of_attendance", 0)
            else:
                criteria._check_percentage("required_percentage")
            if criteria.household_rule == NUMBER:
                criteria._check_at_least("household_number", 1)
            elif criteria.household_rule == PERCENTAGE:
                criteria._check_percentage("household_percentage")

    def _check_at_least(self, name, least):
        if self[name] < least:
            label = self.fields_get([name], ["string"])[name]["string"]
            raise ValidationError(
                _("%(field)s: enter %(least)s or more.", field=label, least=least)
            )

    def _check_percentage(self, name):
        if not 1 <= self[name] <= 100:
            label = self.fields_get([name], ["string"])[name]["string"]
            raise ValidationError(_("%(field)s: enter a number from 1 to 100.", field=label))

    @api.constrains("member_domain")
    def _check_member_domain(self):
        for criteria in self:
            try:
                criteria.env["res.partner"].search(criteria._get_member_domain(), limit=1)
            except UserError:
                raise
            except Exception as error:
                raise ValidationError(
                    _(
                        "The condition of the members that count can't be used: %(error)s",
                        error=error,
                    )
                ) from error

    def _get_member_domain(self):
        """Return the domain of the persons that count in a household.

        Ages and other relative dates are taken on the first day that counts, so that the same run
        gives the same verdict whenever it is made; of all attendance so far, which has no first
        day, on the last one.

        :raise ValidationError: if it is no domain
        """
        self.ensure_one()
        first, last = self._get_attendance_period()
        day = (last if first == FIRST_DAY_OF_ALL else first) or fields.Date.context_today(self)
        context = {
            "context_today": lambda: day,
            "today": day,
            "now": datetime.combine(day, time.min),
            "relativedelta": relativedelta,
        }
        text = (self.member_domain or "[]").strip()
        try:
            domain = safe_eval(text, context) if text != "[]" else []
        except Exception:
            domain = None
        if not isinstance(domain, list):
            raise ValidationError(
                _("%(domain)s is no condition on persons.", domain=self.member_domain)
            )
        return domain

    def _get_attendance_period(self):
        """Return the first and the last day that count."""
        self.ensure_one()
        return self.from_date, self.to_date

    def _get_requirement(self):
        """Return the criteria as `verdicts` takes them."""
        self.ensure_one()
        by_number = self.attendance_requirement == NUMBER
        rule = self.household_rule
        return Requirement(
            unit=self.attendance_unit,
            kind=self.attendance_requirement,
            amount=self.required_number_of_attendance if by_number else self.required_percentage,
            household_rule=rule,
            household_amount=(
                self.household_percentage if rule == PERCENTAGE else self.household_number
            ),
            no_data_rule=self.no_data_rule,
        )

    def _get_criteria_vals(self):
        """Return the criteria as values for another record, without the dates."""
        self.ensure_one()
        return {
            name: self[name].id if self._fields[name].type == "many2one" else self[name]
            for name in CRITERIA_FIELDS
        }

    # In words

    @api.depends(*CRITERIA_FIELDS, "from_date", "to_date")
    @api.depends_context("lang")
    def _compute_attendance_criteria_summary(self):
        for criteria in self:
            sentences = [criteria._describe_requirement() + "."]
            if criteria._is_about_households():
                sentences.append(criteria._describe_household_rule() + ".")
            criteria.attendance_criteria_summary = " ".join(sentences)

    def _compute_is_about_households(self):
        for criteria in self:
            criteria.is_about_households = criteria._is_about_households()

    def _is_about_households(self):
        """Return whether the program is for households, which then have rules of their own."""
        return False

    def _describe_requirement(self):
        requirement = self._get_requirement()
        if not requirement.amount:
            known = _("Whoever is known is compliant, however often they came")
            return f"{known}, {self._describe_scope()}"
        needed = {
            (NUMBER, DAYS): _("At least %(number)s days"),
            (NUMBER, SESSIONS): _("At least %(number)s sessions"),
            (PERCENTAGE, DAYS): _("At least %(number)s%% of the recorded days"),
            (PERCENTAGE, SESSIONS): _("At least %(number)s%% of the recorded sessions"),
        }[self.attendance_requirement, self.attendance_unit]
        return f"{needed % {'number': requirement.amount}}, {self._describe_scope()}"

    def _describe_scope(self):
        """Return the period, type and location that count, in words."""
        first, last = self._get_attendance_period()
        period = _("all attendance so far")
        if self.attendance_period != ALL_SO_FAR:
            period = _(
                "%(first)s to %(last)s",
                first=format_date(self.env, first),
                last=format_date(self.env, last),
            )
        return ", ".join([period, *self._get_scope_names()])

    def _get_scope_names(self):
        """Return the names of the type and the location that count, if they are chosen."""
        criteria = self.sudo()
        names = criteria.attendance_type_id.name, criteria.attendance_location_id.name
        return list(filter(None, names))

    def _describe_needed_members(self):
        """Return how many members must attend, in a few words."""
        return {
            ANY: _("one is enough"),
            ALL: _("all are needed"),
            NUMBER: _("%(number)s are needed", number=self.household_number),
            PERCENTAGE: _("%(number)s%% are needed", number=self.household_percentage),
        }[self.household_rule]

    def _describe_household_rule(self):
        return {
            ANY: _("Any member that counts is enough"),
            ALL: _("All members that count must attend"),
            NUMBER: _(
                "At least %(number)s members that count must attend", number=self.household_number
            ),
            PERCENTAGE: _(
                "At least %(number)s%% of the members that count must attend",
                number=self.household_percentage,
            ),
        }[self.household_rule]
