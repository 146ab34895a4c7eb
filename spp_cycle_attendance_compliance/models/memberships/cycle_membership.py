from functools import partial
from itertools import count, product

from odoo import _, api, fields, models
from odoo.tools import SQL

from ... import verdicts
from ...verdicts import (
    DECIDED_STATES,
    ENROLLED_STATE,
    NON_COMPLIANT_STATE,
    Rules,
    get_shown_status,
)
from ..runs.attendance_run_line import SHOWN_STATUSES, STATUSES, VERDICTS

# How many memberships change their state in one write.
WRITE_SIZE = 1000
STANDING = SQL.identifier("spp_attendance_standing")


def get_decisions():
    """Yield what each verdict of an applied run decides, by whether it only warned, and by the
    run's rule for who has no data.

    The state is ``None`` where the membership stays as it is.
    """
    undecided = DECIDED_STATES[0]
    for verdict, passes, rule, warned in product(
        (*dict(VERDICTS), verdicts.UNDECIDED),
        (True, False),
        (verdicts.ABSENT, verdicts.KEEP),
        (False, True),
    ):
        decided = verdict, passes, None
        state = verdicts.get_state(Rules(no_data_rule=rule), *decided, undecided, warned)
        status = verdicts.get_status(*decided, warned)
        yield verdict, passes, rule, warned, None if state == undecided else state, status


class G2PCycleMembership(models.Model):
    """What attendance says about a membership. Which verdict stands is looked up, never stored."""

    _name = "g2p.cycle.membership"
    _inherit = ["g2p.cycle.membership", "spp.attendance.guard.mixin"]

    number_of_attendance = fields.Integer(
        "Attendance",
        readonly=True,
        copy=False,
        help="Days or sessions attended, as the verdict that stands counted them. "
        "Of a household: those of all members that count, added up; what decides is how many "
        "members met the conditions.",
    )
    attendance_status = fields.Selection(STATUSES, readonly=True, copy=False)
    attendance_shown_status = fields.Selection(
        SHOWN_STATUSES,
        "Verdict",
        compute="_compute_attendance_shown_status",
        search="_search_attendance_shown_status",
        help="What stands, overrides included.",
    )
    attendance_reason = fields.Char("Why", compute="_compute_attendance_reason")
    attendance_override_id = fields.Many2one(
        "spp.attendance.override", "Override", readonly=True, copy=False
    )
    attendance_override_ids = fields.One2many(
        "spp.attendance.override", "cycle_membership_id", "Overrides", readonly=True
    )
    cycle_group_membership_attendance_ids = fields.One2many(
        "spp.cycle.group.membership.attendance", "cycle_membership_id", "Members", readonly=True
    )
    attendance_line_ids = fields.One2many(
        "spp.attendance.run.line",
        "cycle_membership_id",
        "Attendance Verdicts",
        domain=[("kind", "!=", "member")],
        readonly=True,
    )
    state_before_attendance = fields.Selection(
        "_selection_membership_state",
        validate=False,
        readonly=True,
        copy=False,
        help="The state before attendance first decided. It comes back where nothing of "
        "attendance stands any more.",
    )
    attendance_state = fields.Selection(
        "_selection_membership_state",
        validate=False,
        readonly=True,
        copy=False,
        help="The state that attendance gave last. If it is another one now, a person changed it.",
    )
    uses_attendance_criteria = fields.Boolean(related="cycle_id.use_attendance_criteria")
    is_household = fields.Boolean(related="partner_id.is_group")

    @api.model
    def _get_attendance_guarded_fields(self):
        return {
            "number_of_attendance",
            "attendance_status",
            "attendance_override_id",
            "attendance_override_ids",
            "cycle_group_membership_attendance_ids",
            "attendance_line_ids",
            "state_before_attendance",
            "attendance_state",
        }

    @api.model
    def _selection_membership_state(self):
        state = self._fields.get("state")
        return state._description_selection(self.env) if state else []

    @api.depends("attendance_status", "attendance_override_id")
    @api.depends_context("lang", "uid", "su", "allowed_company_ids")
    def _compute_attendance_reason(self):
        standing = self.env["spp.attendance.run.line"]._get_standing(self)
        for membership in self:
            override = membership.sudo().attendance_override_id
            line = standing.get(membership.id)
            if membership.cycle_id._is_another_companys():
                membership.attendance_reason = False
            elif override:
                membership.attendance_reason = override._get_reason()
            else:
                membership.attendance_reason = line and line._get_verdict_sentence()

    @api.depends("attendance_status")
    def _compute_attendance_shown_status(self):
        lines = self.env["spp.attendance.run.line"]
        without_data = self.filtered(lambda each: each.attendance_status == verdicts.NO_DATA)
        standing = lines._get_standing(without_data)
        for membership in self:
            status = membership.attendance_status
            verdict = standing.get(membership.id, lines).verdict
            membership.attendance_shown_status = status and get_shown_status(status, verdict)

    @api.model
    def _search_attendance_shown_status(self, operator, value):
        values = set(value if operator in ("in", "not in") else [value])
        if operator in ("!=", "not in"):
            values = {False, *dict(SHOWN_STATUSES)} - values
        stored = {verdicts.NO_DATA if each == verdicts.UNDECIDED else each for each in values}
        domain = [("attendance_status", "in", list(stored))]
        if (verdicts.NO_DATA in values) == (verdicts.UNDECIDED in values):
            return domain
        # Of the very row that is looked at, so that an index finds a cycle's memberships first: a
        # set of ids would be made of all cycles.
        shown = self._field_to_sql(self._table, "attendance_shown_status")
        is_shown = SQL(
            "(SELECT %s WHERE coalesce(%s, '') IN %s)",
            SQL.identifier(self._table, "id"),
            shown,
            tuple(each or "" for each in values),
        )
        return ["&", *domain, ("id", "in", is_shown)]

    def _field_to_sql(self, alias, fname, query=None):
        """Group by what is shown, which is no column: only of who has no data, it is looked up
        whether the run that stands could decide."""
        if fname != "attendance_shown_status":
            return super()._field_to_sql(alias, fname, query)
        for name in (self._name, "spp.attendance.run.line", "spp.attendance.run"):
            self.env[name].flush_model()
        return SQL(
            """
            CASE WHEN %(status)s = %(no_data)s AND (
                SELECT line.verdict FROM spp_attendance_run_line AS line
                JOIN spp_attendance_run AS run ON run.id = line.run_id AND run.state = 'done'
                WHERE line.cycle_membership_id = %(id)s AND line.kind != 'member'
                    AND line.left_alone IS NULL
                ORDER BY run.applied_number DESC LIMIT 1
            ) = %(undecided)s THEN %(undecided)s ELSE %(status)s END
            """,
            status=self._field_to_sql(alias, "attendance_status", query),
            id=SQL.identifier(alias, "id"),
            no_data=verdicts.NO_DATA,
            undecided=verdicts.UNDECIDED,
        )

    # What stands

    @api.model
    def _let_stand(self, which, decision, is_override=False):
        """Give memberships what stands now: an override, or else the standing verdict.

        Where nothing of attendance decides any more, the state before it first did comes back.
        A state that a person has changed since stays.

        :param SQL which: the condition of the ``membership``
        :param decision: the run that is taken back, or the override that is made or lifted
        :param is_override: an override decides, whatever a person has changed
        :return: how many memberships got another state
        """
        self.env.flush_all()
        self._find_standing(which, is_override)
        changing = SQL("SELECT id, wanted FROM %s WHERE is_changing ORDER BY id", STANDING)
        self._set_states(changing)
        self.env.cr.execute(SQL("SELECT count(*) FROM %s WHERE is_changing", STANDING))
        (changed,) = self.env.cr.fetchone()
        for see_to, state in (
            (partial(self._withhold_entitlements, decision=decision), NON_COMPLIANT_STATE),
            (self._give_entitlements_back, ENROLLED_STATE),
        ):
            see_to(SQL("SELECT id FROM %s WHERE wanted = %s AND agrees", STANDING, state))
        self._write_standing()
        self.env["spp.cycle.group.membership.attendance"]._show_only(STANDING)
        self.env.invalidate_all()
        return changed

    @api.model
    def _find_standing(self, which, is_override):
        """Make a table of what stands, which lives as long as its transaction.

        Attendance decides by the override, or by the last applied verdict that decides. The number
        and the status are those of the last applied verdict, whether it decides or not.
        """
        self.env.cr.execute(SQL("DROP TABLE IF EXISTS pg_temp.%s", STANDING))
        self.env.cr.execute(
            SQL(
                """
                CREATE TEMPORARY TABLE %(standing)s ON COMMIT DROP AS
                WITH decision
                    (verdict, passes_criteria, no_data_rule, is_warned, state, status)
                AS (
                    VALUES %(decisions)s
                ), found AS (
                    SELECT membership.id, membership.state, membership.attendance_state AS given,
                        membership.state_before_attendance AS before, override.id AS override_id,
                        applied.line_id, applied.number, applied.status,
                        CASE
                            WHEN override.verdict = %(refused)s THEN %(refused_state)s
                            WHEN override.id IS NOT NULL THEN %(enrolled_state)s
                            ELSE applied.state
                        END AS decided
                    FROM g2p_cycle_membership AS membership
                    LEFT JOIN spp_attendance_override AS override
                        ON override.id = membership.attendance_override_id
                    CROSS JOIN LATERAL (
                        SELECT
                            (array_agg(line.id ORDER BY run.applied_number DESC))[1] AS line_id,
                            (array_agg(line.number_of_attendance
                                ORDER BY run.applied_number DESC))[1] AS number,
                            (array_agg(decision.status
                                ORDER BY run.applied_number DESC))[1] AS status,
                            (array_agg(decision.state ORDER BY run.applied_number DESC)
                                FILTER (WHERE decision.state IS NOT NULL))[1] AS state
                        FROM spp_attendance_run_line AS line
                        JOIN spp_attendance_run AS run ON run.id = line.run_id
                        LEFT JOIN decision ON decision.verdict = line.verdict
                            AND decision.passes_criteria = line.passes_criteria
                            AND decision.no_data_rule = run.no_data_rule
                            AND decision.is_warned = (coalesce(line.warning, 0) > 0)
                        WHERE line.cycle_membership_id = membership.id AND line.kind != 'member'
                            AND line.left_alone IS NULL AND run.state = 'done'
                    ) AS applied
                    WHERE %(which)s
                ), wishing AS (
                    SELECT found.*,
                        CASE WHEN state IN %(states)s THEN coalesce(decided, before) END AS wanted,
                        %(is_override)s OR state IS NOT DISTINCT FROM given AS may_change
                    FROM found
                )
                SELECT id, line_id, wanted, coalesce(number, 0) AS number,
                    CASE WHEN override_id IS NULL THEN status ELSE %(overridden)s END AS status,
                    CASE WHEN decided IS NULL THEN NULL WHEN may_change THEN coalesce(wanted, given)
                        ELSE given END AS given,
                    CASE WHEN decided IS NOT NULL THEN before END AS before,
                    may_change AND wanted != state AS is_changing,
                    may_change OR wanted = state AS agrees
                FROM wishing
                """,
                standing=STANDING,
                decisions=SQL(", ").join(SQL("%s", decision) for decision in get_decisions()),
                states=DECIDED_STATES,
                refused=verdicts.NON_COMPLIANT,
                refused_state=NON_COMPLIANT_STATE,
                enrolled_state=ENROLLED_STATE,
                overridden=verdicts.OVERRIDDEN,
                is_override=is_override,
                which=which,
            )
        )
        self.env.cr.execute(SQL("ANALYZE %s", STANDING))

    @api.model
    def _write_standing(self):
        """Write what stands on the memberships; what attendance remembers of one goes with it."""
        self.env.cr.execute(
            SQL(
                """
                UPDATE g2p_cycle_membership AS membership
                SET number_of_attendance = standing.number, attendance_status = standing.status,
                    attendance_state = standing.given, state_before_attendance = standing.before,
                    write_uid = %s, write_date = %s
                FROM %s AS standing
                WHERE standing.id = membership.id AND (
                    membership.number_of_attendance, membership.attendance_status,
                    membership.attendance_state, membership.state_before_attendance
                ) IS DISTINCT FROM (
                    standing.number, standing.status, standing.given, standing.before
                )
                """,
                self.env.uid,
                self.env.cr.now(),
                STANDING,
            )
        )

    @api.model
    def _set_states(self, changes):
        """Give memberships another state.

        :param SQL changes: the query of the memberships' ids, and the ``state`` that each gets
        """
        self.env.cr.execute("DROP TABLE IF EXISTS pg_temp.spp_attendance_state")
        self.env.cr.execute(
            "CREATE TEMPORARY TABLE spp_attendance_state"
            " (number serial PRIMARY KEY, id int4, state varchar) ON COMMIT DROP"
        )
        self.env.cr.execute(SQL("INSERT INTO spp_attendance_state (id, state) %s", changes))
        for first in count(1, WRITE_SIZE):
            self.env.cr.execute(
                "SELECT state, array_agg(id ORDER BY id) FROM spp_attendance_state"
                " WHERE number BETWEEN %s AND %s GROUP BY state",
                [first, first + WRITE_SIZE - 1],
            )
            by_state = self.env.cr.fetchall()
            if not by_state:
                break
            for state, ids in by_state:
                self.browse(ids).write({"state": state})
            self.env.flush_all()
            self.env.invalidate_all()

    # Buttons

    def action_override_attendance(self):
        """Ask for the verdict and the reason of an override."""
        self.ensure_one()
        self.cycle_id._check_may_run_attendance()
        return {
            "type": "ir.actions.act_window",
            "name": _("Override the Attendance of %(name)s", name=self.partner_id.name),
            "res_model": "spp.attendance.override",
            "view_mode": "form",
            "views": [[False, "form"]],
            "target": "new",
            "context": {"default_cycle_membership_id": self.id},
        }

    def action_lift_attendance_override(self):
        """Ask why the attendance shall decide again."""
        self.ensure_one()
        self.cycle_id._check_may_run_attendance()
        return {
            "type": "ir.actions.act_window",
            "name": _("Lift the Override of %(name)s", name=self.partner_id.name),
            "res_model": "spp.attendance.override.lift",
            "view_mode": "form",
            "views": [[False, "form"]],
            "target": "new",
            "context": {"default_override_id": self.attendance_override_id.id},
        }

    def action_open_attendance_verdicts(self):
        """Open what each run decided about this membership."""
        self.ensure_one()
        return self.env["spp.attendance.run.line"]._get_verdict_action(
            _("Attendance Verdicts"),
            [("cycle_membership_id", "=", self.id), ("kind", "!=", "member")],
        )
