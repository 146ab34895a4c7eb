from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from ...verdicts import DAYS, NUMBER, PERCENTAGE, SESSIONS
from .condition_values import BY_AGE, BY_DOMAIN, EVERYBODY, MONTH, PERIOD, ConditionValues

UNITS = [(DAYS, "Days with a presence"), (SESSIONS, "Sessions (presences)")]
KINDS = [(NUMBER, "A number"), (PERCENTAGE, "A percentage of what is recorded")]
# What a condition and the cycle's own field of its first one are called.
CLASSIC_FIELDS = {
    "attendance_type_id": "type_id",
    "attendance_location_id": "location_id",
    "attendance_unit": "unit",
    "attendance_requirement": "requirement",
    "required_number_of_attendance": "required_number",
    "required_percentage": "required_percentage",
}
COPIED_FIELDS = (
    *("sequence", "name", "about", "age_from", "age_to", "domain", "over"),
    *CLASSIC_FIELDS.values(),
)


class AttendanceConditionMixin(models.AbstractModel):
    """One thing that is asked for of some persons; somebody has to say of which criteria."""

    _name = "spp.attendance.condition.mixin"
    _description = "Attendance Condition"
    _rec_name = "sentence"
    _order = "sequence, id"

    sequence = fields.Integer(default=10)
    name = fields.Char(help="Such as School, or Health visits: verdicts say it.")
    about = fields.Selection(
        [
            (EVERYBODY, "Everybody"),
            (BY_AGE, "Persons of an age"),
            (BY_DOMAIN, "Persons with other features"),
        ],
        "Who",
        required=True,
        default=EVERYBODY,
        help="Who no condition is about does not count.",
    )
    age_from = fields.Integer("From Age")
    age_to = fields.Integer(
        "To Age",
        help="Years completed on the first day that counts. 0: no limit; from 0 to 0: not yet 1.",
    )
    domain = fields.Char("Features", default="[]")
    type_id = fields.Many2one(
        "spp.res.config.attendance.type", help="Empty: all types count.", ondelete="restrict"
    )
    location_id = fields.Many2one(
        "spp.res.config.attendance.location",
        help="Empty: all locations count.",
        ondelete="restrict",
    )
    unit = fields.Selection(UNITS, "Count", required=True, default=DAYS)
    requirement = fields.Selection(KINDS, "Required", required=True, default=NUMBER)
    required_number = fields.Integer(
        default=10, help="0: being known to the attendance system is enough."
    )
    required_percentage = fields.Integer(
        default=80, help="Of the recorded days or sessions: absences are the rest."
    )
    over = fields.Selection(
        [(PERIOD, "The whole period"), (MONTH, "Each calendar month")],
        required=True,
        default=PERIOD,
    )
    sentence = fields.Char("In Words", compute="_compute_sentence")

    def _get_criteria(self):
        """Return the criteria that the conditions are of."""
        raise NotImplementedError

    @api.depends(*COPIED_FIELDS)
    @api.depends_context("lang")
    def _compute_sentence(self):
        for condition in self:
            values = condition._get_values()
            condition.sentence = condition._get_criteria()._describe_condition(values)

    @api.constrains("about", "age_from", "age_to")
    def _check_ages(self):
        for condition in self.filtered(lambda each: each.about == BY_AGE):
            first, last = condition.age_from, condition.age_to
            if not 0 <= first <= 150 or not 0 <= last <= 150 or (last and last < first):
                raise ValidationError(
                    _("From Age and To Age: enter years from 0 to 150, the first one first.")
                )

    @api.constrains("requirement", "required_number", "required_percentage")
    def _check_amounts(self):
        for condition in self:
            if condition.requirement == NUMBER and condition.required_number < 0:
                raise ValidationError(_("Required Number: enter 0 or more."))
            if condition.requirement == PERCENTAGE and not (
                1 <= condition.required_percentage <= 100
            ):
                raise ValidationError(_("Required Percentage: enter a number from 1 to 100."))

    @api.constrains("about", "domain")
    def _check_domain(self):
        for condition in self.filtered(lambda each: each.about == BY_DOMAIN):
            condition._get_criteria()._check_person_domain(condition.domain)

    def _get_values(self):
        """Return the condition as the run takes it."""
        self.ensure_one()
        by_number = self.requirement == NUMBER
        kind, location = self.sudo().type_id, self.sudo().location_id
        return ConditionValues(
            name=self.name or "",
            about=self.about,
            age_from=self.age_from,
            age_to=self.age_to,
            domain=self.domain or "[]",
            type_id=kind._origin.id or None,
            type_name=kind.name or "",
            location_id=location._origin.id or None,
            location_name=location.name or "",
            unit=self.unit,
            kind=self.requirement,
            amount=self.required_number if by_number else self.required_percentage,
            over=self.over,
        )

    def _prepare_copy(self):
        """Return the values of the same condition of other criteria.

        Also of a type or location that is archived, or of another source: without any, all would
        count.
        """
        self.ensure_one()
        vals = self.copy_data()[0]
        return {name: vals.get(name) for name in COPIED_FIELDS}

    @api.model
    def _prepare_default(self):
        """Return the values of a condition of which nothing is said, and no default elsewhere."""
        defaults = ((name, self._fields[name].default) for name in COPIED_FIELDS)
        return {name: default(self) if default else False for name, default in defaults}


class AttendanceCondition(models.Model):
    """A condition of a cycle: a person has to meet each that is about her."""

    _name = "spp.attendance.condition"
    _inherit = ["spp.attendance.condition.mixin", "spp.attendance.guard.mixin"]
    _description = "Attendance Condition of a Cycle"

    cycle_id = fields.Many2one("g2p.cycle", required=True, ondelete="cascade", index=True)
    attendance_source_id = fields.Many2one(related="cycle_id.attendance_source_id")
    attendance_protocol = fields.Selection(related="cycle_id.attendance_protocol")

    def _get_criteria(self):
        return self.cycle_id

    @api.model_create_multi
    def create(self, vals_list):
        """Add conditions to cycles whose criteria may be set still."""
        conditions = super().create(vals_list)
        if not self._is_attendance_writer():
            conditions._check_may_set()
            conditions._log_on_cycle(_("Attendance condition added: %s"))
        return conditions

    def write(self, vals):
        self._check_may_set()
        before = {condition: condition.sentence for condition in self}
        res = super().write(vals)
        self._check_may_set()
        for condition, sentence in before.items():
            if condition.sentence != sentence:
                condition._log_on_cycle(_("Attendance condition changed: %s"), sentence)
        return res

    @api.ondelete(at_uninstall=False)
    def _check_before_unlink(self):
        if not self._is_attendance_writer():
            self._check_may_set()
            self._log_on_cycle(_("Attendance condition removed: %s"))

    def _check_may_set(self):
        for cycle in self.cycle_id:
            cycle._check_may_set_criteria(["attendance_condition_ids"])
            cycle._check_criteria_are_open()

    def _log_on_cycle(self, words, before=None):
        for condition in self:
            sentence = condition.sentence
            if before:
                sentence = f"{before} → {sentence}"
            condition.cycle_id.sudo()._message_log(body=words % sentence)

    @api.constrains("over", "cycle_id")
    def _check_months(self):
        self.cycle_id._check_months()
