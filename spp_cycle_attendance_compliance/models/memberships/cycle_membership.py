from collections import defaultdict
from typing import NamedTuple

from odoo import _, api, fields, models
from odoo.tools import SQL, split_every

from ... import verdicts
from ...verdicts import DECIDED_STATES, ENROLLED_STATE, NON_COMPLIANT_STATE
from ..runs.attendance_run_line import STATUSES

# How many memberships change their state in one write.
WRITE_SIZE = 1000


class Standing(NamedTuple):
    """A membership, and what attendance remembers of it."""

    id: int
    state: str
    attendance_state: str | None
    state_before_attendance: str | None
    override: str | None


class AppliedLine(NamedTuple):
    """The line of a run that was applied to a membership."""

    id: int | None
    verdict: str
    passes_criteria: bool
    number: int
    no_data_rule: str | None


class G2PCycleMembership(models.Model):
    """What attendance says about a membership. Which verdict stands is looked up, never stored."""

    _name = "g2p.cycle.membership"
    _inherit = ["g2p.cycle.membership", "spp.attendance.guard.mixin"]

    number_of_attendance = fields.Integer(
        "Attendance",
        readonly=True,
        copy=False,
        help="Days or sessions attended, as the verdict that stands counted them. "
        "Of a household: those of all members that count.",
    )
    attendance_status = fields.Selection(STATUSES, readonly=True, copy=False)
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
    lost_entitlement = fields.Boolean(
        readonly=True,
        copy=False,
        help="An entitlement in draft was deleted when the membership became non-compliant.",
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
            "lost_entitlement",
        }

    @api.model
    def _selection_membership_state(self):
        state = self._fields.get("state")
        return state._description_selection(self.env) if state else []

    @api.depends("attendance_status", "attendance_override_id")
    @api.depends_context("lang")
    def _compute_attendance_reason(self):
        standing = self.env["spp.attendance.run.line"]._get_standing(self)
        for membership in self:
            override = membership.sudo().attendance_override_id
            line = standing.get(membership.id)
            if override:
                membership.attendance_reason = override._get_reason()
            else:
                membership.attendance_reason = line and line._get_verdict_sentence()

    # What stands

    def _let_stand(self, is_override=False):
        """Give these memberships what stands now: an override, or else the standing verdict.

        Where nothing of attendance decides any more, the state before it first did comes back.
        A state that a person has changed since stays.

        :param is_override: an override decides, whatever a person has changed
        """
        self.env.flush_all()
        by_state, by_wanted = defaultdict(list), defaultdict(list)
        values, shown = [], []
        for own, lines in self._read_applied():
            given, state, before = own.attendance_state, own.state, own.state_before_attendance
            decided = self._get_decided_state(own, lines)
            wanted = (decided or before) if state in DECIDED_STATES else None
            if wanted and (is_override or state == given):
                given = state = wanted
                if wanted != own.state:
                    by_state[wanted].append(own.id)
            if state == wanted:
                by_wanted[wanted].append(own.id)
            if not decided:
                given = before = None
            if not lines and not own.override:
                values.append((own.id, 0, None, given, before))
                continue
            line = lines[0] if lines else AppliedLine(None, verdicts.NO_DATA, True, 0, None)
            status = verdicts.get_status(line.verdict, line.passes_criteria, own.override)
            values.append((own.id, line.number, status, given, before))
            shown.append(line.id)
        self._set_states(by_state)
        self.browse(by_wanted[NON_COMPLIANT_STATE])._withhold_entitlements()
        self.browse(by_wanted[ENROLLED_STATE])._give_entitlements_back()
        self._write_standing(values)
        self.env["spp.cycle.group.membership.attendance"]._show_only(self, shown)
        self.env.invalidate_all()

    def _read_applied(self):
        """Return what is to know of each membership, and of its lines, the standing one first."""
        self.env.cr.execute(
            """
            SELECT membership.id, membership.state, membership.attendance_state,
                membership.state_before_attendance, override.verdict,
                line.id, line.verdict, line.passes_criteria, line.number_of_attendance,
                line.no_data_rule
            FROM g2p_cycle_membership AS membership
            LEFT JOIN spp_attendance_override AS override
                ON override.id = membership.attendance_override_id
            LEFT JOIN (
                SELECT line.*, run.applied_number, run.no_data_rule
                FROM spp_attendance_run_line AS line
                JOIN spp_attendance_run AS run ON run.id = line.run_id AND run.state = 'done'
                WHERE line.cycle_membership_id = ANY(%(ids)s) AND line.kind != 'member'
                    AND line.left_alone IS NULL
            ) AS line ON line.cycle_membership_id = membership.id
            WHERE membership.id = ANY(%(ids)s)
            ORDER BY membership.id, line.applied_number DESC
            """,
            {"ids": self.ids},
        )
        applied = {}
        for row in self.env.cr.fetchall():
            lines = applied.setdefault(Standing(*row[:5]), [])
            if row[5]:
                lines.append(AppliedLine(*row[5:]))
        return applied.items()

    @api.model
    def _get_decided_state(self, own, lines):
        """Return the state by the override, or by the last applied verdict that decides.

        :return: ``None`` if nothing of attendance decides
        """
        if own.override:
            refused = own.override == verdicts.NON_COMPLIANT
            return NON_COMPLIANT_STATE if refused else ENROLLED_STATE
        for line in lines:
            requirement = verdicts.Requirement(no_data_rule=line.no_data_rule)
            decided = line.verdict, line.passes_criteria, None
            state = verdicts.get_state(requirement, *decided, DECIDED_STATES[0])
            if state != DECIDED_STATES[0]:
                return state
        return None

    def _write_standing(self, values):
        self.env.cr.execute(
            SQL(
                """
                UPDATE g2p_cycle_membership AS membership
                SET number_of_attendance = standing.number, attendance_status = standing.status,
                    attendance_state = standing.state, state_before_attendance = standing.before,
                    write_uid = %s, write_date = %s
                FROM (VALUES %s) AS standing (id, number, status, state, before)
                WHERE standing.id = membership.id
                """,
                self.env.uid,
                self.env.cr.now(),
                SQL(", ").join(
                    SQL("(%s, %s, %s::varchar, %s::varchar, %s::varchar)", *row) for row in values
                ),
            )
        )

    @api.model
    def _set_states(self, by_state):
        """Give memberships another state.

        :param dict by_state: lists of ids by the state that they get
        """
        for state, ids in by_state.items():
            for some in split_every(WRITE_SIZE, ids):
                self.browse(some).write({"state": state})
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
        """Let the attendance decide again."""
        self.ensure_one()
        self.attendance_override_id.action_lift()

    def action_open_attendance_verdicts(self):
        """Open what each run decided about this membership."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": _("Attendance Verdicts"),
            "res_model": "spp.attendance.run.line",
            "view_mode": "list,form",
            "views": [
                [
                    self.env.ref("spp_cycle_attendance_compliance.view_attendance_verdict_tree").id,
                    "list",
                ],
                [False, "form"],
            ],
            "domain": [("cycle_membership_id", "=", self.id), ("kind", "!=", "member")],
            "context": {"create": False},
        }
