from collections import defaultdict

from odoo import _, api, fields, models
from odoo.tools import SQL, split_every

from ... import verdicts
from ...verdicts import DECIDED_STATES, ENROLLED_STATE, NON_COMPLIANT_STATE
from ..runs.attendance_run_line import STATUSES

# How many memberships change their state in one write.
WRITE_SIZE = 1000


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
    def _get_guarded_fields(self):
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

        Where nothing of attendance stands any more, the state before it first decided comes back.
        A state that a person has changed since stays.

        :param is_override: an override decides, whatever a person has changed
        """
        by_state = defaultdict(list)
        for membership, state in self._find_what_stands():
            unchanged = membership.state == membership.attendance_state
            if state and state != membership.state and (unchanged or is_override):
                by_state[state].append(membership.id)
        self._set_states(by_state)
        for membership in self:
            memory = {"attendance_state": membership.state}
            if not membership.attendance_status:
                memory = {"attendance_state": False, "state_before_attendance": False}
            membership._as_writer().write(memory)

    def _find_what_stands(self):
        """Write number, status and members as they stand; yield each membership and its state.

        The state is ``None`` if attendance does not decide about it.
        """
        lines = self.env["spp.attendance.run.line"].sudo()
        applied = lines._get_applied(self)
        shown = []
        for membership in self._as_writer():
            own = applied.get(membership.id, lines)
            line, override = own[:1], membership.attendance_override_id.verdict
            cases = (line.verdict, line.passes_criteria) if line else (verdicts.NO_DATA, True)
            status = verdicts.get_status(*cases, override) if line or override else False
            membership.write(
                {
                    "number_of_attendance": line.number_of_attendance,
                    "attendance_status": status,
                }
            )
            shown += line.ids
            if not line:
                membership.cycle_group_membership_attendance_ids._as_writer().active = False
            yield membership, self._get_standing_state(membership, own, override)
        self.env.flush_all()
        self.env["spp.cycle.group.membership.attendance"]._show(
            SQL("line.id = ANY(%s)", shown or [0])
        )
        self.env.invalidate_all()

    @api.model
    def _get_standing_state(self, membership, applied, override):
        """Return the state by the override, or by the last applied verdict that decides."""
        if membership.state not in DECIDED_STATES:
            return None
        for line in applied if not override else applied[:1]:
            requirement = line.run_id._get_requirement()
            cases = line.verdict, line.passes_criteria, override
            state = verdicts.get_state(requirement, *cases, DECIDED_STATES[0])
            if state != DECIDED_STATES[0]:
                return state
        if override:
            refused = override == verdicts.NON_COMPLIANT
            return NON_COMPLIANT_STATE if refused else ENROLLED_STATE
        return membership.state_before_attendance

    @api.model
    def _set_states(self, by_state, run=None):
        """Give memberships another state, and see to their entitlements.

        :param dict by_state: lists of ids by the state that they get
        :param run: the run that does, if it is one; it keeps how many entitlements it touched
        """
        for state, ids in by_state.items():
            for some in split_every(WRITE_SIZE, ids):
                memberships = self.browse(some)
                memberships.write({"state": state})
                if state == NON_COMPLIANT_STATE:
                    memberships._withhold_entitlements(run)
                elif state == ENROLLED_STATE:
                    memberships._give_entitlements_back()
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
            "domain": [("cycle_membership_id", "=", self.id), ("kind", "!=", "member")],
            "context": {"create": False, "show_run": True},
        }
