from odoo import _, api, fields, models
from odoo.exceptions import ValidationError


class G2PCycleMembership(models.Model):
    _name = "g2p.cycle.membership"
    _description = "Cycle Membership"
    _order = "partner_id asc,id desc"

    partner_id = fields.Many2one("res.partner", "Registrant", required=True, index=True)
    cycle_id = fields.Many2one("g2p.cycle", required=True, index=True)
    # A moment where a date belongs, as on the platform: the day in UTC.
    enrollment_date = fields.Date(default=lambda self: fields.Datetime.now())
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("enrolled", "Enrolled"),
            ("paused", "Paused"),
            ("exited", "Exited"),
            ("not_eligible", "Not Eligible"),
        ],
        default="draft",
        copy=False,
    )

    _sql_constraints = [
        (
            "cycle_membership_unique",
            "unique (partner_id, cycle_id)",
            "A registrant is in a cycle once.",
        ),
    ]

    @api.depends("cycle_id", "partner_id")
    def _compute_display_name(self):
        for membership in self:
            cycle, partner = membership.cycle_id.name, membership.partner_id.name
            membership.display_name = f"[{cycle or ''}] {partner or ''}"

    def open_cycle_membership_form(self):
        return {
            "name": _("Cycle Membership"),
            "type": "ir.actions.act_window",
            "res_model": "g2p.cycle.membership",
            "res_id": self.id,
            "view_mode": "form",
            "view_id": self.env.ref("g2p_programs.view_cycle_membership_form").id,
            "target": "new",
        }

    def open_registrant_form(self):
        return self.partner_id._open_registrant()

    def unlink(self):
        if not self:
            return None
        drafts = self.filtered(lambda m: m.cycle_id.state == "draft")
        if not drafts:
            raise ValidationError(_("Beneficiaries leave a cycle only while it is a draft."))
        for membership in drafts:
            entitlement = membership.cycle_id.entitlement_ids.filtered(
                lambda e, m=membership: e.partner_id == m.partner_id
            )
            if entitlement and entitlement.state == "approved":
                raise ValidationError(_("The entitlement is approved already."))
            entitlement.unlink()
        # All of them, those of other cycles included, as on the platform.
        return super().unlink()
