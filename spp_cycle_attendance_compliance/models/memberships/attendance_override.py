from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL, format_date

from ...verdicts import COMPLIANT, DECIDED_STATES, NON_COMPLIANT


class AttendanceOverride(models.Model):
    """That a manager set a membership compliant or non-compliant, and why.

    Runs respect it until it is lifted. It stays on record after that.
    """

    _name = "spp.attendance.override"
    _inherit = "spp.attendance.guard.mixin"
    _description = "Attendance Override"
    _order = "id desc"
    _rec_name = "reason"

    # The platform lets members leave a draft cycle; what was decided about them stays.
    cycle_membership_id = fields.Many2one(
        "g2p.cycle.membership", "Membership", ondelete="set null", index=True
    )
    partner_id = fields.Many2one(
        "res.partner", "Registrant", compute="_compute_from_membership", store=True
    )
    company_id = fields.Many2one("res.company", compute="_compute_from_membership", store=True)
    verdict = fields.Selection(
        [(COMPLIANT, "Compliant"), (NON_COMPLIANT, "Non-Compliant")],
        "Set to",
        required=True,
        default=COMPLIANT,
    )
    reason = fields.Text(required=True)
    lifted_by_id = fields.Many2one(
        "res.users", "Lifted by", readonly=True, copy=False, ondelete="restrict"
    )
    lifted_at = fields.Datetime("Lifted on", readonly=True, copy=False)
    lifted_reason = fields.Text("Why Lifted", readonly=True, copy=False)
    withheld_ids = fields.One2many(
        "spp.attendance.withheld.entitlement", "override_id", "Withheld Entitlements", readonly=True
    )

    @api.depends("cycle_membership_id")
    def _compute_from_membership(self):
        for override in self:
            membership = override.sudo().cycle_membership_id
            override.partner_id = membership.partner_id
            override.company_id = membership.cycle_id._get_attendance_company()

    @api.constrains("reason")
    def _check_reason(self):
        if any(not (override.reason or "").strip() for override in self):
            raise ValidationError(_("Give the reason: whoever asks later has to understand it."))

    @api.model
    def _get_attendance_guarded_fields(self):
        return {
            *("lifted_by_id", "lifted_at", "lifted_reason"),
            *("partner_id", "company_id", "withheld_ids"),
        }

    @api.model_create_multi
    def create(self, vals_list):
        """Set memberships compliant or non-compliant, until that is lifted."""
        overrides = super().create(vals_list)
        for override in overrides:
            override._put_in_force()
        by_cycle = overrides.sudo().grouped(lambda each: each.cycle_membership_id.cycle_id)
        for cycle, made in by_cycle.items():
            told = _("Attendance overrides set: %(count)s.", count=len(made))
            cycle._log_attendance(self.env.user, told, cycle._get_standing_run())
        return overrides

    def _put_in_force(self):
        if not self.cycle_membership_id:
            raise ValidationError(_("Open the membership that you want to override."))
        self._check_may_override()
        membership = self.sudo().cycle_membership_id._as_attendance_writer()
        if membership.attendance_override_id:
            raise UserError(
                _(
                    "%(name)s is overridden already: %(reason)s. Lift that override first.",
                    name=membership.partner_id.name,
                    reason=membership.attendance_override_id._get_reason(),
                )
            )
        if not membership.state_before_attendance:
            membership.state_before_attendance = membership.state
        membership.attendance_override_id = self
        membership._let_stand(SQL("membership.id = %s", membership.id), self, is_override=True)

    def _check_may_override(self):
        for membership in self.sudo().cycle_membership_id:
            cycle = membership.cycle_id.with_env(self.env)
            cycle._check_may_run_attendance()
            cycle._check_can_apply()
            cycle._lock_attendance()
            cycle._check_attendance_not_locked()
            if membership.state not in DECIDED_STATES:
                raise UserError(
                    _(
                        "%(name)s is paused, exited or not eligible: attendance does not decide "
                        "about this membership.",
                        name=membership.partner_id.name,
                    )
                )

    def write(self, vals):
        if not self._is_attendance_writer():
            raise AccessError(_("An override is lifted, not changed. Lift it and make a new one."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _refuse_unlink(self):
        raise UserError(_("An override stays on record. Lift it instead."))

    def _lift(self, reason):
        """Let the attendance decide again: the verdict that stands comes back.

        :param str reason: why, in the words of who lifts it
        """
        self.ensure_one()
        self._check_may_override()
        membership = self.sudo().cycle_membership_id._as_attendance_writer()
        if membership.attendance_override_id != self:
            raise UserError(_("This override is not in force any more."))
        self.sudo()._as_attendance_writer().write(
            {
                "lifted_by_id": self.env.uid,
                "lifted_at": fields.Datetime.now(),
                "lifted_reason": reason,
            }
        )
        membership.attendance_override_id = False
        membership._let_stand(SQL("membership.id = %s", membership.id), self)
        cycle = membership.cycle_id
        told = _("Attendance overrides lifted: %(count)s.", count=1)
        cycle._log_attendance(self.env.user, told, cycle._get_standing_run())

    def _get_reason(self):
        """Return who set what and why, in one sentence."""
        self.ensure_one()
        verdict = dict(self._fields["verdict"]._description_selection(self.env))[self.verdict]
        return _(
            "Set to %(verdict)s by %(user)s on %(day)s: %(reason)s",
            verdict=verdict.lower(),
            user=self.sudo().create_uid.name,
            day=format_date(self.env, self.create_date),
            reason=self.reason,
        )
