from datetime import date, datetime, time

from dateutil.relativedelta import relativedelta

from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_date
from odoo.tools.safe_eval import safe_eval

from ...verdicts import ABSENT, ALL, ANY, DAYS, KEEP, NUMBER, PERCENTAGE, SESSIONS, Rules
from .attendance_condition import KINDS, UNITS
from .condition_values import BY_AGE, BY_DOMAIN, EVERYBODY, MONTH

OWN_DAYS, BEFORE, ALL_SO_FAR, DATES = "cycle", "before", "all", "dates"
FIRST_DAY, ENROLMENT, JOINING = "first", "enrolment", "joining"
# Nobody was registered before.
FIRST_DAY_OF_ALL = date(1900, 1, 1)
# What a new cycle takes over from the one before, and a run keeps as it was, beside conditions.
CRITERIA_FIELDS = (
    "attendance_source_id",
    "attendance_period",
    "household_rule",
    "household_number",
    "household_percentage",
    "member_domain",
    "no_data_rule",
    "attendance_counts_from",
    "attendance_first_cycle_waived",
    "attendance_warnings",
    "attendance_warning_cycles",
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
    # Of the first condition: what there was before there were several.
    attendance_type_id = fields.Many2one("spp.res.config.attendance.type")
    attendance_location_id = fields.Many2one("spp.res.config.attendance.location")
    attendance_unit = fields.Selection(UNITS, "Count", default=DAYS)
    attendance_requirement = fields.Selection(KINDS, "Required", default=NUMBER)
    required_number_of_attendance = fields.Integer("Required Number", default=10)
    required_percentage = fields.Integer(default=80)
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
    attendance_counts_from = fields.Selection(
        [
            (FIRST_DAY, "The first day that counts, for everybody"),
            (ENROLMENT, "Their enrolment in the program, if that is later"),
            (JOINING, "The day they joined their household, if that is later"),
        ],
        "Absences Count From",
        required=True,
        default=FIRST_DAY,
        help="Days before are free: absences don't count, and required numbers shrink. The "
        "platform sets the enrolment anew whenever somebody is enrolled again.",
        tracking=True,
    )
    attendance_first_cycle_waived = fields.Boolean(
        "First Cycle Is Free",
        help="In the first cycle of the program in which a registrant takes part, all days are "
        "free.",
        tracking=True,
    )
    attendance_warnings = fields.Integer(
        "Warnings First",
        help="Who fails is warned so many times, and stays enrolled, before becoming "
        "non-compliant.",
        tracking=True,
    )
    attendance_warning_cycles = fields.Integer(
        "Within Cycles",
        default=3,
        help="Failures are counted in so many cycles, this one included.",
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

    @api.constrains("household_rule", "household_number", "household_percentage")
    def _check_household_numbers(self):
        for criteria in self:
            if criteria.household_rule == NUMBER and criteria.household_number < 1:
                raise ValidationError(_("Number of Members: enter 1 or more."))
            if criteria.household_rule == PERCENTAGE and not (
                1 <= criteria.household_percentage <= 100
            ):
                raise ValidationError(_("Percentage of Members: enter a number from 1 to 100."))

    @api.constrains("attendance_warnings", "attendance_warning_cycles")
    def _check_warnings(self):
        for criteria in self:
            warnings, cycles = criteria.attendance_warnings, criteria.attendance_warning_cycles
            if warnings < 0 or (warnings and not warnings < cycles <= 120):
                raise ValidationError(
                    _(
                        "Warnings: enter 0 or more, within a greater number of cycles: else nobody "
                        "would ever become non-compliant."
                    )
                )

    @api.constrains("member_domain")
    def _check_member_domain(self):
        for criteria in self:
            criteria._check_person_domain(criteria.member_domain)

    def _check_person_domain(self, text):
        domain = self._get_person_domain(text)
        try:
            self.env["res.partner"].search(domain, limit=1)
        except UserError:
            raise
        except Exception as error:
            raise ValidationError(
                _("The condition on persons can't be used: %(error)s", error=error)
            ) from error

    def _get_person_domain(self, text):
        """Return the domain of persons that is written as a text.

        :raise ValidationError: if it is no domain
        """
        day = self._get_day_of_ages()
        context = {
            "context_today": lambda: day,
            "today": day,
            "now": datetime.combine(day, time.min),
            "relativedelta": relativedelta,
        }
        written = (text or "[]").strip()
        try:
            domain = safe_eval(written, context) if written != "[]" else []
        except Exception:
            domain = None
        if not isinstance(domain, list):
            raise ValidationError(_("%(domain)s is no condition on persons.", domain=text))
        return domain

    def _get_day_of_ages(self):
        """Return the day on which ages and other relative dates are taken.

        The first day that counts, so that the same run gives the same verdict whenever it is made;
        of all attendance so far, which has no first day, the last one.
        """
        self.ensure_one()
        first, last = self._get_attendance_period()
        day = first if self._has_first_day() else last
        return day or fields.Date.context_today(self)

    def _has_first_day(self):
        """Return whether the period begins on a day that somebody meant."""
        return self._get_attendance_period()[0] != FIRST_DAY_OF_ALL

    def _get_domain_of(self, values):
        """Return the domain of the persons whom a condition is about, ``None`` for everybody."""
        if values.about == BY_AGE:
            return values.get_age_domain(self._get_day_of_ages())
        return self._get_person_domain(values.domain) if values.about == BY_DOMAIN else None

    def _get_attendance_period(self):
        """Return the first and the last day that count."""
        self.ensure_one()
        return self.from_date, self.to_date

    def _get_conditions(self):
        """Return the conditions, in their order: a list of `ConditionValues`."""
        raise NotImplementedError

    def _get_spans(self):
        """Return what each condition looks at in one go: a list of `Span`."""
        period, has_first_day = self._get_attendance_period(), self._has_first_day()
        return [
            span
            for number, condition in enumerate(self._get_conditions(), 1)
            for span in condition.get_spans(number, *period, has_first_day)
        ]

    def _get_rules(self):
        """Return what the criteria say beside their conditions, as `verdicts` takes it."""
        self.ensure_one()
        rule = self.household_rule
        by_percentage = rule == PERCENTAGE
        return Rules(
            household_rule=rule,
            household_amount=self.household_percentage if by_percentage else self.household_number,
            no_data_rule=self.no_data_rule,
            warnings=self.attendance_warnings,
        )

    def _get_criteria_vals(self):
        """Return the criteria as values for another record, without conditions and dates."""
        self.ensure_one()
        return {
            name: self[name].id if self._fields[name].type == "many2one" else self[name]
            for name in CRITERIA_FIELDS
        }

    @api.model
    def _get_classic_vals(self, values):
        """Return the fields of the first condition."""
        by_number = values.kind == NUMBER
        return {
            "attendance_type_id": values.type_id,
            "attendance_location_id": values.location_id,
            "attendance_unit": values.unit,
            "attendance_requirement": values.kind,
            "required_number_of_attendance" if by_number else "required_percentage": values.amount,
        }

    def _has_same_criteria(self, other):
        """Return whether both ask for the same; names aside, which may change."""
        rules = [
            (
                criteria._get_criteria_vals(),
                [
                    condition._replace(name="", type_name="", location_name="")
                    for condition in criteria._get_conditions()
                ],
            )
            for criteria in (self, other)
        ]
        return rules[0] == rules[1]

    # In words

    @api.depends(*CRITERIA_FIELDS, "from_date", "to_date")
    @api.depends_context("lang")
    def _compute_attendance_criteria_summary(self):
        for criteria in self:
            sentences = [criteria._describe_conditions(), *criteria._describe_rules()]
            criteria.attendance_criteria_summary = " ".join(f"{each}." for each in sentences)

    def _compute_is_about_households(self):
        for criteria in self:
            criteria.is_about_households = criteria._is_about_households()

    def _is_about_households(self):
        """Return whether the program is for households, which then have rules of their own."""
        return False

    def _describe_conditions(self):
        conditions = self._get_conditions()
        if len(conditions) == 1:
            return self._describe_condition(conditions[0], self._describe_period())
        if not conditions:
            return _("There is no condition yet: add one")
        return _(
            "%(count)s conditions, %(period)s: each person has to meet those that are about them",
            count=len(conditions),
            period=self._describe_period(),
        )

    def _describe_rules(self):
        if self._is_about_households():
            yield self._describe_household_rule()
        if self.attendance_counts_from == ENROLMENT:
            yield _("Days before the enrolment in the program are free")
        elif self.attendance_counts_from == JOINING:
            yield _("Days before a person joined the household are free")
        if self.attendance_first_cycle_waived:
            yield _("The first cycle of a registrant is free")
        if self.attendance_warnings:
            yield self._describe_warnings()

    def _describe_warnings(self):
        cycles = self.attendance_warning_cycles
        if self.attendance_warnings == 1:
            return _(
                "Who fails is warned once within %(cycles)s cycles before becoming non-compliant",
                cycles=cycles,
            )
        return _(
            "Who fails is warned %(warnings)s times within %(cycles)s cycles before becoming "
            "non-compliant",
            warnings=self.attendance_warnings,
            cycles=cycles,
        )

    @api.model
    def _describe_condition(self, condition, period=""):
        """Return a condition as a sentence, without its full stop."""
        who = "" if condition.about == EVERYBODY else self._describe_who(condition)
        where = condition.type_name, condition.location_name
        parts = who, self._describe_needed(condition), period, *where
        sentence = ", ".join(filter(None, parts))
        if condition.name:
            return f"{condition.name}: {sentence}"
        return sentence[0].upper() + sentence[1:]

    @api.model
    def _describe_who(self, condition):
        first, last = condition.age_from, condition.age_to
        if condition.about == BY_DOMAIN:
            return _("persons with certain features")
        if first == last == 0:
            return _("children who are not yet 1 year old")
        if not last:
            return _("persons from %(age)s years on", age=first)
        if first == last:
            return _("persons of %(age)s years", age=first)
        return _("persons of %(first)s to %(last)s years", first=first, last=last)

    @api.model
    def _describe_needed(self, condition):
        if condition.kind == NUMBER and not condition.amount:
            return _("whoever is known is compliant, however often they came")
        if condition.kind == NUMBER and condition.amount == 1:
            needed = {DAYS: _("at least one day"), SESSIONS: _("at least one session")}
            needed = needed[condition.unit]
        else:
            needed = self._describe_amount(condition)
        if condition.over == MONTH:
            return _("%(needed)s in each month", needed=needed)
        return needed

    @api.model
    def _describe_amount(self, condition):
        return {
            (NUMBER, DAYS): _("at least %(number)s days"),
            (NUMBER, SESSIONS): _("at least %(number)s sessions"),
            (PERCENTAGE, DAYS): _("at least %(number)s%% of the recorded days"),
            (PERCENTAGE, SESSIONS): _("at least %(number)s%% of the recorded sessions"),
        }[condition.kind, condition.unit] % {"number": condition.amount}

    def _describe_period(self):
        if self.attendance_period == ALL_SO_FAR:
            return _("all attendance so far")
        return self._describe_days(*self._get_attendance_period())

    @api.model
    def _describe_days(self, first, last):
        return _(
            "%(first)s to %(last)s",
            first=format_date(self.env, first),
            last=format_date(self.env, last),
        )

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
