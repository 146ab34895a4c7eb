from markupsafe import Markup

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .. import verdicts
from ..models.criteria.attendance_condition import COPIED_FIELDS
from ..models.criteria.attendance_criteria_mixin import ALL_SO_FAR, CRITERIA_FIELDS
from ..models.criteria.condition_values import MONTH
from ..models.runs.attendance_run import EVALUATE
from ..verdicts import (
    COMPLIANT,
    EXEMPT,
    NO_DATA,
    NON_COMPLIANT,
    OVERRIDDEN,
    UNDECIDED,
    WARNED,
)
from .compare_attendance_line import OUTCOMES

SHOWN_CHANGES = 1000
# What is compared beside conditions; the source is the same.
OWN_FIELDS = (
    *(name for name in CRITERIA_FIELDS if name != "attendance_source_id"),
    "from_date",
    "to_date",
)


class CompareAttendance(models.TransientModel):
    """Holds a second set of criteria beside a cycle's own, over what is stored.

    It only looks: nobody is asked, nothing is applied, and nothing is kept. Both sets are decided
    by the code of Evaluate Again, each as a run that is never stored.
    """

    _name = "spp.attendance.compare"
    _inherit = "spp.attendance.criteria.mixin"
    _description = "Compare Attendance Criteria"

    cycle_id = fields.Many2one("g2p.cycle", required=True, readonly=True, ondelete="cascade")
    attendance_source_id = fields.Many2one(
        related="cycle_id.attendance_source_id", related_sudo=False
    )
    condition_ids = fields.One2many(
        "spp.attendance.compare.condition", "wizard_id", "Attendance Conditions"
    )
    own_summary = fields.Char(
        "The Cycle's Criteria", related="cycle_id.attendance_criteria_summary", related_sudo=False
    )
    own_conditions = fields.Text("Conditions of the Cycle", compute="_compute_own_conditions")
    is_compared = fields.Boolean(help="What is shown is about the criteria as they are here.")
    counts = fields.Json(readonly=True, help="Memberships by what each set says of them.")
    summary = fields.Text(readonly=True)
    result = fields.Html(compute="_compute_result")
    line_ids = fields.One2many("spp.attendance.compare.line", "wizard_id", "Who Changes")
    not_shown_count = fields.Integer("Changes Not Shown", readonly=True)

    # What is compared

    @api.model
    def _prepare_from(self, cycle):
        """Return the values of a second set that is the same as the cycle's own."""
        cycle._check_may_run_attendance()
        conditions = [condition.copy_data()[0] for condition in cycle.attendance_condition_ids]
        return {
            "cycle_id": cycle.id,
            **{name: cycle[name] for name in OWN_FIELDS},
            "condition_ids": [
                (0, 0, {name: vals.get(name) for name in COPIED_FIELDS}) for vals in conditions
            ],
        }

    @api.model_create_multi
    def create(self, vals_list):
        """Begin to compare; only who may run a cycle may look at it."""
        wizards = super().create(vals_list)
        wizards.cycle_id._check_may_run_attendance()
        return wizards

    def write(self, vals):
        res = super().write(vals)
        if "cycle_id" in vals:
            self.cycle_id._check_may_run_attendance()
        return res

    @api.depends("cycle_id")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for wizard in self:
            wizard.display_name = _("Compare: %(cycle)s", cycle=wizard.cycle_id.name)

    @api.onchange(*OWN_FIELDS, "condition_ids")
    def _onchange_criteria(self):
        """What was found out about other criteria says nothing about these."""
        self.is_compared = False

    def _get_cycle(self):
        return self.cycle_id

    def _is_about_households(self):
        return self.cycle_id._is_about_households()

    def _get_conditions(self):
        return [condition._get_values() for condition in self.condition_ids.sorted()]

    def _get_attendance_period(self):
        # The cycle's, if it had this choice.
        names = "attendance_period", "from_date", "to_date"
        vals = {name: self[name] for name in names}
        return self.cycle_id.new(vals, origin=self.cycle_id)._get_attendance_period()

    @api.depends("cycle_id", "condition_ids.sentence")
    def _compute_attendance_criteria_summary(self):
        return super()._compute_attendance_criteria_summary()

    @api.depends("cycle_id")
    @api.depends_context("lang")
    def _compute_own_conditions(self):
        for wizard in self:
            cycle = wizard.cycle_id
            conditions = cycle._get_conditions()
            sentences = []
            for values in conditions:
                note = "" if wizard._is_stored(cycle, values) else _("Nothing is stored for this.")
                # Of a single one the summary has it all.
                if note or len(conditions) > 1:
                    sentences.append(f"{cycle._describe_condition(values)}. {note}".strip())
            wizard.own_conditions = "\n".join(sentences)

    def _make_run(self, criteria, conditions):
        """Return a run by some criteria that is not stored, as Evaluate Again would make it."""
        first, last = criteria._get_attendance_period()
        return self.env["spp.attendance.run"].new(
            {
                "cycle_id": self.cycle_id._origin.id,
                "mode": EVALUATE,
                "from_date": first,
                "to_date": last,
                "attendance_conditions": [values._asdict() for values in conditions],
                **criteria._get_criteria_vals(),
            }
        )

    def _is_stored(self, criteria, values):
        """Return whether the source was ever asked for what a condition asks for."""
        has_period = all(criteria._get_attendance_period())
        if not self.sudo().attendance_source_id._is_asked() or not has_period:
            return True
        self.cycle_id._check_may_run_attendance()
        self.env["spp.attendance.intake"].flush_model()
        return bool(self.sudo()._make_run(criteria, [values])._get_usable_intakes())

    # Comparing

    def action_compare(self):
        """Show what each set would say, and of whom they say something else."""
        self.ensure_one()
        cycle = self.cycle_id
        cycle._check_may_run_attendance()
        cycle._check_can_count()
        cycle._check_source()
        self._check_second_set()
        sides = [self.sudo()._decide(number, of) for number, of in enumerate((cycle, self), 1)]
        self.sudo()._keep(*sides)

    def _check_second_set(self):
        """Refuse a second set that can't be decided by.

        :raise UserError: with what to do
        """
        if not self.condition_ids:
            raise UserError(_("Add what is required: the second set has no condition."))
        first, last = self._get_attendance_period()
        if not first or not last or first > last:
            raise UserError(
                _("Enter from which day to which attendance counts, the first one first.")
            )
        overs = self.condition_ids.mapped("over")
        if self.attendance_period == ALL_SO_FAR and MONTH in overs:
            raise UserError(
                _(
                    "All attendance so far has no first month: a condition of each calendar month "
                    "needs another period."
                )
            )
        cycle = self.cycle_id.sudo()
        conditions = self.sudo().condition_ids
        for category in (*conditions.type_id, *conditions.location_id):
            if not cycle._is_of_source(category):
                raise UserError(
                    _(
                        "%(name)s does not come from %(system)s. Choose another one.",
                        name=category.name,
                        system=cycle.attendance_source_id.name,
                    )
                )
        # By the rights of who asks: what is decided later is decided by the superuser.
        for text in (self.member_domain, *self.condition_ids.mapped("domain")):
            self._check_person_domain(text)

    def _decide(self, number, criteria):
        """Put what a set says of each membership into a table of this transaction.

        A condition that was never asked for is left out.

        :param int number: of the set
        :return: the run, ``None`` if nothing is left that could be decided by
        """
        criteria = criteria.sudo()
        conditions = [
            values for values in criteria._get_conditions() if self._is_stored(criteria, values)
        ]
        if not conditions:
            return None
        run = self._make_run(criteria, conditions)
        draft, cells = run._draft_world()
        run._judge(draft, cells)
        run._resolve_states(draft)
        draft.execute("ALTER TABLE spp_attendance_draft ADD COLUMN outcome varchar")

        def get_outcome(status, verdict):
            if status != NO_DATA:
                return (status,)
            refused = verdicts.is_failure(run.no_data_rule, verdict)
            return (NON_COMPLIANT if refused else UNDECIDED,)

        is_registrant = SQL("kind != 'member'")
        draft.set_by_case(SQL("status, verdict"), is_registrant, ["outcome"], get_outcome)
        table = self._get_table(number)
        draft.execute("DROP TABLE IF EXISTS pg_temp.%(table)s", table=table)
        draft.execute("ALTER TABLE spp_attendance_draft RENAME TO %(table)s", table=table)
        return run

    @api.model
    def _get_table(self, number):
        return SQL.identifier(f"spp_attendance_set_{number}")

    def _keep(self, *runs):
        """Put what was found on this page."""
        self.line_ids.unlink()
        found = {
            "is_compared": True,
            "not_shown_count": 0,
            "counts": [run and self._count(number) for number, run in enumerate(runs, 1)],
        }
        if all(runs):
            changes = self._find_changes()
            found["not_shown_count"] = max(sum(changes.values()) - self._get_most_changes(), 0)
            sentences = *self._describe_changes(changes), *self._describe_gaps(*runs)
            found["summary"] = "\n".join(sentences)
            self.env["spp.attendance.compare.line"].create(list(self._prepare_lines(*runs)))
        else:
            found["summary"] = _(
                "Nothing is stored for what one of the two asks for, so nobody is counted for it. "
                "Run the cycle, or preview it, with such conditions first: then the attendance "
                "system is asked."
            )
        self.write(found)

    def _count(self, number):
        self.env.cr.execute(
            SQL(
                "SELECT outcome, count(*) FROM %s WHERE kind != 'member' GROUP BY outcome",
                self._get_table(number),
            )
        )
        return dict(self.env.cr.fetchall())

    def _get_changed(self):
        """Return the SQL of the memberships of which the two sets say something else."""
        return SQL(
            """
            FROM %s AS own JOIN %s AS other ON other.cycle_membership_id = own.cycle_membership_id
            WHERE own.kind != 'member' AND other.kind != 'member' AND own.outcome != other.outcome
            """,
            self._get_table(1),
            self._get_table(2),
        )

    def _find_changes(self):
        """Return how many change, by the outcomes of both sets."""
        self.env.cr.execute(
            SQL("SELECT own.outcome, other.outcome, count(*) %s GROUP BY 1, 2", self._get_changed())
        )
        return {(own, other): count for own, other, count in self.env.cr.fetchall()}

    @api.model
    def _get_most_changes(self):
        """Return how many of those who change are shown."""
        return SHOWN_CHANGES

    def _describe_changes(self, changes):
        total = sum(changes.values())
        if not total:
            yield _("Nobody changes.")
            return
        newly = sum(count for (_own, other), count in changes.items() if other == NON_COMPLIANT)
        spared = sum(count for (own, _other), count in changes.items() if own == NON_COMPLIANT)
        yield _(
            "%(total)s change: %(newly)s would newly be non-compliant, %(spared)s would not be "
            "non-compliant any more, %(others)s change otherwise.",
            total=total,
            newly=newly,
            spared=spared,
            others=total - newly - spared,
        )

    def _describe_gaps(self, *runs):
        sets = _("the cycle's criteria"), _("the second set")
        for name, run in zip(sets, runs, strict=True):
            if run.attendance_source_id._is_asked() and not run._get_usable_intakes():
                yield _(
                    "The attendance system was never asked for all conditions of %(set)s at once: "
                    "nobody is decided by them, as by Evaluate Again.",
                    set=name,
                )

    def _prepare_lines(self, *runs):
        """Return the values of the lines that are shown: those newly refused come first."""
        self.env.cr.execute(
            SQL(
                """
                SELECT own.id, other.id %s
                ORDER BY other.outcome != %s, own.outcome != %s, own.cycle_membership_id LIMIT %s
                """,
                self._get_changed(),
                NON_COMPLIANT,
                NON_COMPLIANT,
                self._get_most_changes(),
            )
        )
        pairs = self.env.cr.fetchall()
        sides = [
            self._read_lines(number, run, [pair[number - 1] for pair in pairs])
            for number, run in enumerate(runs, 1)
        ]
        for own_id, other_id in pairs:
            own, own_outcome = sides[0][own_id]
            other, outcome = sides[1][other_id]
            yield {
                "wizard_id": self.id,
                "partner_id": own.partner_id.id,
                "own_outcome": own_outcome,
                "own_reason": own._get_reason(),
                "outcome": outcome,
                "reason": other._get_reason(),
            }

    def _read_lines(self, number, run, ids):
        """Return lines of a run that are not stored, and their outcomes, by the ids of the rows."""
        lines = self.env["spp.attendance.run.line"]
        names = [
            name
            for name, field in lines._fields.items()
            if field.store and field.column_type and name not in ("id", "run_id")
        ]
        columns = SQL(", ").join(map(SQL.identifier, names))
        self.env.cr.execute(
            SQL(
                "SELECT id, outcome, %s FROM %s WHERE id = ANY(%s)",
                columns,
                self._get_table(number),
                ids,
            )
        )
        return {
            row_id: (lines.new({**dict(zip(names, row, strict=True)), "run_id": run}), outcome)
            for row_id, outcome, *row in self.env.cr.fetchall()
        }

    # Shown

    @api.depends("counts", "is_about_households")
    @api.depends_context("lang")
    def _compute_result(self):
        for wizard in self:
            wizard.result = bool(wizard.counts) and wizard._make_table(*wizard.counts)

    def _make_table(self, own, other):
        titles = _("Households") if self.is_about_households else _("Persons")
        head = titles, _("The cycle's criteria"), _("The second set"), _("Difference")
        labels = dict(OUTCOMES)
        order = NON_COMPLIANT, WARNED, UNDECIDED, COMPLIANT, EXEMPT, OVERRIDDEN
        rows = [
            (labels[outcome], *self._get_figures(own, other, outcome))
            for outcome in order
            if outcome != OVERRIDDEN or OVERRIDDEN in {**(own or {}), **(other or {})}
        ]
        cell = Markup('<td class="text-end">%s</td>')
        return Markup(
            '<div class="table-responsive"><table class="table table-sm">'
            "<thead><tr>%s</tr></thead><tbody>%s</tbody></table></div>"
        ) % (
            Markup("<th>%s</th>") % head[0]
            + Markup().join(Markup('<th class="text-end">%s</th>') % title for title in head[1:]),
            Markup().join(
                Markup("<tr><td>%s</td>%s</tr>")
                % (label, Markup().join(cell % figure for figure in figures))
                for label, *figures in rows
            ),
        )

    def _get_figures(self, own, other, outcome):
        """Return how many, by each set, and the difference; a dash for who is not counted."""
        figures = [side.get(outcome, 0) if side is not None else None for side in (own, other)]
        difference = "" if None in figures else f"{figures[1] - figures[0]:+d}"
        if difference in ("+0", "-0"):
            difference = ""
        return *("–" if figure is None else figure for figure in figures), difference
