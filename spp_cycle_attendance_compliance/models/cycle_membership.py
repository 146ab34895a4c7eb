from odoo import _, api, fields, models
from odoo.exceptions import AccessError

from .. import verdicts
from .attendance_run import DONE
from .attendance_run_line import STATUSES

GUARDED_FIELDS = frozenset(
    (
        "number_of_attendance",
        "attendance_status",
        "attendance_override_id",
        "cycle_group_membership_attendance_ids",
    )
)


class G2PCycleMembership(models.Model):
    _inherit = "g2p.cycle.membership"

    number_of_attendance = fields.Integer(
        "Attendance",
        readonly=True,
        copy=False,
        help="Days or sessions attended, as the last run counted them. "
        "Of a household: those of all members that count.",
    )
    attendance_status = fields.Selection(STATUSES, readonly=True, copy=False)
    attendance_reason = fields.Char("Why", compute="_compute_attendance_reason")
    attendance_override_id = fields.Many2one(
        "spp.attendance.override", "Override", readonly=True, copy=False
    )
    attendance_override_ids = fields.One2many(
        "spp.attendance.override", "cycle_membership_id", "Overrides"
    )
    cycle_group_membership_attendance_ids = fields.One2many(
        "spp.cycle.group.membership.attendance", "cycle_membership_id", "Members", readonly=True
    )
    attendance_line_ids = fields.One2many(
        "spp.attendance.run.line",
        "cycle_membership_id",
        "Attendance Verdicts",
        domain=[("kind", "!=", "member")],
    )
    uses_attendance_criteria = fields.Boolean(related="cycle_id.use_attendance_criteria")
    is_household = fields.Boolean(related="partner_id.is_group")

    def _get_last_attendance_lines(self):
        """Return the line of the last applied run about each membership, by membership."""
        lines = (
            self.env["spp.attendance.run.line"]
            .sudo()
            .search(
                [
                    ("cycle_membership_id", "in", self.ids),
                    ("kind", "!=", "member"),
                    ("run_id.state", "=", DONE),
                ],
                order="id",
            )
        )
        return {line.cycle_membership_id.id: line for line in lines}

    @api.depends("attendance_status", "attendance_override_id")
    @api.depends_context("lang")
    def _compute_attendance_reason(self):
        last_lines = self._get_last_attendance_lines()
        for membership in self:
            override = membership.sudo().attendance_override_id
            line = last_lines.get(membership.id)
            if override:
                membership.attendance_reason = override._get_reason()
            elif line and membership.attendance_status:
                membership.attendance_reason = line._get_verdict_sentence()
            else:
                membership.attendance_reason = False

    def _apply_attendance_verdict(self):
        """Give a membership the state that its override, or else the last run, justifies."""
        self.ensure_one()
        line = self._get_last_attendance_lines().get(self.id)
        override = self.attendance_override_id.verdict
        if not line and not override:
            self.attendance_status = False
            return
        cases = (line.verdict, line.passes_criteria) if line else (verdicts.NO_DATA, True)
        requirement = self.cycle_id._get_requirement()
        self.write(
            {
                "attendance_status": verdicts.get_status(*cases, override),
                "state": verdicts.get_state(requirement, *cases, override, self.state),
            }
        )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_guarded_fields(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._check_guarded_fields(vals)
        return super().write(vals)

    @api.model
    def _check_guarded_fields(self, vals):
        if not self.env.su and GUARDED_FIELDS.intersection(vals):
            raise AccessError(_("Attendance is counted by runs; nobody can write it."))

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
