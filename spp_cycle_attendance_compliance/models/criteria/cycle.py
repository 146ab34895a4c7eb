from datetime import timedelta

import pytz
from dateutil.relativedelta import relativedelta

from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import format_date

from odoo.addons.g2p_programs.models.constants import (
    STATE_DRAFT,
    STATE_TO_APPROVE,
)

from ..sources.attendance_source import SourceError
from .attendance_condition import CLASSIC_FIELDS
from .attendance_criteria_mixin import (
    ALL_SO_FAR,
    BEFORE,
    CRITERIA_FIELDS,
    DATES,
    FIRST_DAY_OF_ALL,
)
from .condition_values import MONTH

MAY_RUN_GROUPS = ("g2p_programs.g2p_program_manager", "g2p_registry_base.group_g2p_admin")
OPEN_STATES = (STATE_DRAFT, STATE_TO_APPROVE)
ONE_DAY = timedelta(days=1)
# What only some may set, and nobody once the cycle is approved.
LOCKED_FIELDS = (
    *CRITERIA_FIELDS,
    *CLASSIC_FIELDS,
    "attendance_condition_ids",
    "use_attendance_criteria",
    "from_date",
    "to_date",
)


def _of_first_condition(**keywords):
    return {
        "compute": "_compute_from_first_condition",
        "store": True,
        "readonly": False,
        **keywords,
    }


class G2PCycle(models.Model):
    """The attendance criteria of a cycle."""

    _name = "g2p.cycle"
    _inherit = ["g2p.cycle", "spp.attendance.criteria.mixin"]

    use_attendance_criteria = fields.Boolean(
        tracking=True,
        help="Let the attendance of the members decide who stays enrolled in the cycle.",
    )
    can_set_attendance_criteria = fields.Boolean(compute="_compute_can_set_attendance_criteria")
    attendance_condition_ids = fields.One2many(
        "spp.attendance.condition", "cycle_id", "Attendance Conditions", copy=True
    )
    # As before there were several: from outside they can be read and written still.
    attendance_type_id = fields.Many2one(**_of_first_condition(copy=False))
    attendance_location_id = fields.Many2one(**_of_first_condition(copy=False))
    attendance_unit = fields.Selection(**_of_first_condition(copy=False, default=None))
    attendance_requirement = fields.Selection(**_of_first_condition(copy=False, default=None))
    required_number_of_attendance = fields.Integer(**_of_first_condition(copy=False, default=None))
    required_percentage = fields.Integer(**_of_first_condition(copy=False, default=None))

    @api.depends(
        *(f"attendance_condition_ids.{name}" for name in ("sequence", *CLASSIC_FIELDS.values()))
    )
    def _compute_from_first_condition(self):
        for cycle in self:
            first = cycle.attendance_condition_ids.sorted()[:1]
            for name, own in CLASSIC_FIELDS.items():
                cycle[name] = first[own]

    def _write_first_condition(self, classic):
        """Write to the first condition what is said by the cycle's own fields; make it if needed.

        :param dict classic: values of `CLASSIC_FIELDS`
        """
        vals = {CLASSIC_FIELDS[name]: value for name, value in classic.items()}
        for cycle in self:
            first = cycle.attendance_condition_ids.sorted()[:1]
            if first:
                first.write(vals)
            else:
                cycle.attendance_condition_ids.create({"cycle_id": cycle.id, **vals})

    def _get_conditions(self):
        # Who may see the cycle may see what it asks for.
        conditions = self.sudo().attendance_condition_ids.sorted()
        return [condition._get_values() for condition in conditions]

    @api.depends("state", "locked")
    @api.depends_context("uid")
    def _compute_can_set_attendance_criteria(self):
        may = self._may_run_attendance()
        for cycle in self:
            is_open = cycle._is_open_for_attendance() and not cycle.locked
            cycle.can_set_attendance_criteria = may and is_open

    @api.depends("program_id.target_type")
    def _compute_is_about_households(self):
        return super()._compute_is_about_households()

    def _is_about_households(self):
        return self.sudo().program_id.target_type != "individual"

    @api.depends(
        "start_date", "end_date", "program_id.target_type", "attendance_condition_ids.sentence"
    )
    def _compute_attendance_criteria_summary(self):
        return super()._compute_attendance_criteria_summary()

    @api.depends("use_attendance_criteria")
    def _compute_allow_filter_compliance_criteria(self):
        res = super()._compute_allow_filter_compliance_criteria()
        self.filtered("use_attendance_criteria").allow_filter_compliance_criteria = True
        return res

    # The days that count

    def _get_attendance_period(self):
        if self.attendance_period == DATES:
            return self.from_date, self.to_date
        if self.attendance_period == ALL_SO_FAR:
            return FIRST_DAY_OF_ALL, self._get_attendance_day(fields.Datetime.now())
        if self.attendance_period == BEFORE and self.start_date and self.end_date:
            return self._get_days_before()
        return self.start_date, self.end_date

    def _get_days_before(self):
        """Return the first and the last of the days before the cycle.

        The previous cycle's own days, if it ends on the day before this one begins; else, for a
        cycle of whole calendar months, as many whole months before; else as many days.
        """
        last = self.start_date - ONE_DAY
        previous = self.sudo().search(
            [
                ("program_id", "=", self.program_id.id),
                ("end_date", "=", last),
                ("id", "!=", self._origin.id),
            ],
            limit=1,
        )
        if previous:
            return previous.start_date, last
        if self.start_date.day == 1 and (self.end_date + ONE_DAY).day == 1:
            lasted = relativedelta(self.end_date + ONE_DAY, self.start_date)
            return self.start_date - lasted, last
        return self.start_date - (self.end_date - self.start_date) - ONE_DAY, last

    def _get_attendance_company(self):
        """Return the company whose cycle this is: its own, or else its program's."""
        cycle = self.sudo()
        return cycle.company_id or cycle.program_id.company_id

    def _get_attendance_day(self, moment):
        """Return the day of a moment where the cycle's company is."""
        zone = pytz.timezone(self._get_attendance_company().partner_id.sudo().tz or "UTC")
        return pytz.utc.localize(moment).astimezone(zone).date()

    @api.constrains(
        "attendance_period",
        "from_date",
        "to_date",
        "start_date",
        "end_date",
        "use_attendance_criteria",
    )
    def _check_attendance_period(self):
        for cycle in self.filtered("use_attendance_criteria"):
            cycle._refuse_reversed_period()

    @api.constrains("attendance_period")
    def _check_months(self):
        for cycle in self:
            overs = cycle.attendance_condition_ids.mapped("over")
            if cycle.attendance_period == ALL_SO_FAR and MONTH in overs:
                raise ValidationError(
                    _(
                        "All attendance so far has no first month: a condition of each calendar "
                        "month needs another period."
                    )
                )

    def _refuse_reversed_period(self):
        first, last = self._get_attendance_period()
        if first and last and first > last:
            raise ValidationError(
                _(
                    "Attendance would count from %(first)s to %(last)s. Correct the dates in the "
                    "attendance criteria of %(cycle)s: the last day must not be before the first "
                    "one.",
                    first=format_date(self.env, first),
                    last=format_date(self.env, last),
                    cycle=self.name,
                )
            )

    def _check_can_count(self):
        """Refuse a period that is no period.

        :raise UserError: with what to do
        """
        if not all(self._get_attendance_period()):
            raise UserError(
                _(
                    "Attendance counts from one day to another, but one of the two is missing. "
                    "Enter both in the attendance criteria of %(cycle)s, or choose another period.",
                    cycle=self.name,
                )
            )
        # An earlier version of the addon let them be entered the wrong way round.
        self._refuse_reversed_period()
        if not self.attendance_condition_ids:
            raise UserError(
                _(
                    "%(cycle)s has no attendance condition: add what is required to its attendance "
                    "criteria.",
                    cycle=self.name,
                )
            )

    # Taken over, and guarded

    @api.model_create_multi
    def create(self, vals_list):
        """Give a new cycle the attendance criteria of the program's previous one."""
        default_program_id = self.env.context.get("default_program_id")
        complete, to_make = [], []
        for vals in vals_list:
            self._check_may_set_criteria(vals)
            program_id = vals.get("program_id", default_program_id)
            domain = [("program_id", "=", program_id)]
            previous = self.sudo().search(domain, order="sequence desc, id desc", limit=1)
            criteria = self._get_inherited_criteria(previous, program_id, vals.get("company_id"))
            complete.append({**criteria, **vals})
            # Of a condition that is not there yet.
            given = vals if "attendance_condition_ids" in vals else complete[-1]
            classic = {name: given[name] for name in CLASSIC_FIELDS if name in given}
            for name in CLASSIC_FIELDS:
                complete[-1].pop(name, None)
            commands = complete[-1].pop("attendance_condition_ids", None)
            to_make.append((previous, commands, classic))
        cycles = super().create(complete)
        for cycle, criteria in zip(cycles, to_make, strict=True):
            cycle.sudo()._make_conditions(*criteria)
        return cycles

    def _make_conditions(self, previous, commands, classic):
        """Make the conditions of a new cycle: those that are given, or of the one before, or one.

        The cycle may be approved already, such as a copy of one that is.

        :param commands: what is said of them, if anything: new ones only
        :param dict classic: what is said of the first one, by the cycle's own fields
        """
        conditions = self.env["spp.attendance.condition"]._as_attendance_writer()
        # Defaults from elsewhere made these.
        conditions.browse(self.attendance_condition_ids.ids).unlink()
        copied = [each._prepare_copy() for each in previous.attendance_condition_ids.sorted()]
        if commands is not None:
            default = conditions._prepare_default()
            copied = [{**default, **vals} for code, _id, vals in commands if code == 0]
            if not copied:
                return
        copied = copied or [conditions._prepare_default()]
        copied[0].update({CLASSIC_FIELDS[name]: value for name, value in classic.items()})
        conditions.create([{**vals, "cycle_id": self.id} for vals in copied])

    @api.model
    def _get_inherited_criteria(self, previous, program_id, company_id):
        """Return the criteria of a new cycle, each of them: no default from elsewhere counts."""
        if previous:
            criteria = previous._get_criteria_vals()
            if not previous.attendance_source_id.active:
                criteria["attendance_source_id"] = False
            use_criteria = previous.use_attendance_criteria
        else:
            defaults = ((name, self._fields[name].default) for name in CRITERIA_FIELDS)
            criteria = {name: default(self) if default else False for name, default in defaults}
            # The one that the cycle will have, though its program may have another.
            company_id = company_id or self.default_get(["company_id"]).get("company_id")
            company = (
                self.env["res.company"].browse(company_id or ())
                or self.env["g2p.program"].sudo().browse(program_id or ()).company_id
                or self.env.company
            ).sudo()
            source = self.env["spp.attendance.source"]._get_default(company)
            types = self.env["spp.res.config.attendance.type"]
            criteria["attendance_source_id"] = source.id
            criteria["attendance_type_id"] = types._get_default(source).id
            use_criteria = company.attendance_criteria_by_default
        return {
            "use_attendance_criteria": use_criteria,
            "from_date": False,
            "to_date": False,
            **criteria,
        }

    def write(self, vals):
        self._check_may_set_criteria(vals)
        if not set(LOCKED_FIELDS).isdisjoint(vals):
            self._check_criteria_are_open()
        classic = {name: value for name, value in vals.items() if name in CLASSIC_FIELDS}
        res = super().write({name: vals[name] for name in vals if name not in classic})
        if classic:
            self._write_first_condition(classic)
        return res

    @api.model
    def _check_may_set_criteria(self, vals):
        if not set(LOCKED_FIELDS).isdisjoint(vals) and not self._may_run_attendance():
            raise AccessError(_("Only program managers may set the attendance criteria."))

    def _check_criteria_are_open(self):
        for cycle in self:
            if cycle._is_another_companys():
                raise AccessError(
                    _("The cycle %(cycle)s belongs to another company.", cycle=cycle.sudo().name)
                )
            if not cycle._is_open_for_attendance():
                raise UserError(
                    _(
                        "The attendance criteria of %(cycle)s can't be changed any more: they say "
                        "why its beneficiaries were paid. Only those of a cycle in draft or to be "
                        "approved can.",
                        cycle=cycle.name,
                    )
                )

    # Who, and when

    @api.model
    def _may_run_attendance(self):
        return self.env.su or any(map(self.env.user.has_group, MAY_RUN_GROUPS))

    def _is_another_companys(self):
        company = self._get_attendance_company()
        return not self.env.su and company and company not in self.env.companies

    def _check_may_run_attendance(self):
        if not self._may_run_attendance():
            raise AccessError(_("Only program managers may check the attendance of a cycle."))
        for cycle in self:
            if cycle._is_another_companys():
                raise AccessError(
                    _("The cycle %(cycle)s belongs to another company.", cycle=cycle.sudo().name)
                )

    def _is_open_for_attendance(self):
        return self.state in OPEN_STATES

    def _check_can_apply(self):
        if not self.use_attendance_criteria:
            raise UserError(_("The cycle %(cycle)s uses no attendance criteria.", cycle=self.name))
        if not self._is_open_for_attendance():
            raise UserError(
                _(
                    "The compliance of %(cycle)s can't be changed any more: only that of a cycle "
                    "in draft or to be approved can. A preview is possible.",
                    cycle=self.name,
                )
            )

    # The source

    @api.onchange("attendance_source_id")
    def _onchange_attendance_source_id(self):
        """Another source has other types and locations."""
        for condition in self.attendance_condition_ids:
            for name in ("type_id", "location_id"):
                if not self._is_of_source(condition[name]):
                    condition[name] = False

    def _is_of_source(self, category):
        """Return whether the cycle's source may know a type or a location.

        What is recorded in OpenSPP is of all sources, and made by hand.
        """
        source = self.attendance_source_id
        return not source._is_asked() or category.sudo().source_id == source._origin

    def _check_source(self):
        """Refuse a source that can't be gone by.

        :raise UserError: with what to do
        """
        source = self.sudo().attendance_source_id
        if not source:
            raise UserError(
                _(
                    "Choose in the attendance criteria of %(cycle)s where attendance comes from. "
                    "An attendance system has to be connected before, by an administrator, under "
                    "Programs > Configuration > Attendance > Attendance Sources.",
                    cycle=self.name,
                )
            )
        if not source.active and self._is_open_for_attendance():
            raise UserError(
                _(
                    "%(system)s is archived. Choose another source in the attendance criteria of "
                    "%(cycle)s.",
                    system=source.name,
                    cycle=self.name,
                )
            )
        if not source.active:
            raise UserError(
                _(
                    "%(system)s is archived. To look at a cycle that is approved or over, have an "
                    "administrator unarchive it.",
                    system=source.name,
                )
            )
        company = self._get_attendance_company()
        if source.company_id and company and source.company_id != company:
            raise UserError(
                _(
                    "%(system)s belongs to another company. Choose another source in the "
                    "attendance criteria of %(cycle)s.",
                    system=source.name,
                    cycle=self.name,
                )
            )
        unfinished = source._explain_unfinished_file(company)
        if unfinished:
            raise UserError(unfinished)
        conditions = self.sudo().attendance_condition_ids
        for category in (*conditions.type_id, *conditions.location_id):
            if not self.sudo()._is_of_source(category):
                raise UserError(
                    _(
                        "%(name)s does not come from %(system)s. Choose another one in the "
                        "attendance criteria of the cycle.",
                        name=category.name,
                        system=source.name,
                    )
                )

    def _check_can_ask(self):
        source = self.sudo().attendance_source_id
        try:
            source._get_client().close()
        except SourceError as error:
            # Whoever runs it can't mend it. This transaction is about to be rolled back.
            with self.env.registry.cursor() as cr:
                for known in source.with_env(source.env(cr=cr)).exists():
                    known._ask_administrator(str(error))
            raise UserError(str(error)) from None  # a browser shows no other kind
        if not source._has_identifiers():
            raise UserError(
                _(
                    "No ID type is chosen by which %(system)s knows people. An administrator "
                    "chooses it under Programs > Configuration > Attendance > Attendance Sources.",
                    system=source.name,
                )
            )
