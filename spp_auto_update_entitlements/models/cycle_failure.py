from markupsafe import Markup

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.g2p_programs.models.constants import STATE_ENDED

from .cycle import MAY_SETTLE_GROUPS


class G2PCycle(models.Model):
    """When the settlement of a cycle fails: who hears of it, and what they read."""

    _inherit = "g2p.cycle"

    settlement_failure = fields.Text(
        compute="_compute_settlement_failure", help="Why the last settlement failed."
    )

    def _report_failure(self, error):
        """Show to a person why the settlement of this cycle failed, and keep it."""
        self.ensure_one()
        self.env["spp.cycle.settlement"].sudo()._as_writer()._fail(self, self._get_reason(error))
        self._clear_failure()
        self.sudo().activity_schedule(
            "spp_auto_update_entitlements.mail_activity_settlement_failed",
            user_id=self._get_responsible_user().id,
            note=Markup("<p>%s</p><p>%s</p>")
            % (
                _("The settlement of this cycle failed. The next nightly run tries it again."),
                self._get_reason(error),
            ),
        )

    @api.model
    def _get_reason(self, error):
        """Return what people may read of an error: others may hold what was in the records."""
        if isinstance(error, UserError):
            return str(error)
        return _(
            "An error that is not foreseen (%(kind)s): see the server's log.",
            kind=type(error).__name__,
        )

    def _clear_failure(self):
        self.sudo().activity_unlink(
            ["spp_auto_update_entitlements.mail_activity_settlement_failed"]
        )

    def _get_responsible_user(self):
        """Return who is to hear of this cycle: who made it, or another program manager."""
        return self._find_responsible_user(self.create_uid, self._get_company())

    @api.model
    def _find_responsible_user(self, creator, company):
        users = creator | self.env["res.users"].sudo().search([("share", "=", False)])
        for user in users:
            in_company = not company or company in user.company_ids
            if user.active and in_company and any(map(user.has_group, MAY_SETTLE_GROUPS)):
                return user
        return self.env.ref("base.user_admin")

    @api.depends("state", "settlement_ids.state")
    def _compute_settlement_failure(self):
        for cycle in self:
            last = cycle.sudo().settlement_ids[:1]
            is_over = cycle.state == STATE_ENDED and not cycle._has_entitlements_to_settle()
            cycle.settlement_failure = last.state == "failed" and not is_over and last.error
