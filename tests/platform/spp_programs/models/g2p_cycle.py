from odoo import _, api, fields, models
from odoo.exceptions import ValidationError


class G2PCycle(models.Model):
    _inherit = "g2p.cycle"

    inkind_entitlement_ids = fields.One2many(
        "g2p.entitlement.inkind", "cycle_id", "In-Kind Entitlements"
    )
    # A plain stored number, as on the platform: only the cycle manager refreshes it, when it
    # prepares entitlements. Created in another way, they are not counted.
    inkind_entitlements_count = fields.Integer("# In-kind Entitlements", readonly=True)
    validate_async_err = fields.Boolean(default=False)

    def _compute_inkind_entitlements_count(self):
        for cycle in self:
            cycle.inkind_entitlements_count = self.env["g2p.entitlement.inkind"].search_count(
                [("cycle_id", "=", cycle.id)]
            )

    @api.constrains("start_date", "end_date")
    def _check_dates(self):
        # Also refuses a new end date for a cycle that has started.
        for cycle in self:
            if cycle.start_date and cycle.start_date < fields.Date.today():
                raise ValidationError(_("A cycle cannot start before today."))
            if cycle.start_date and cycle.end_date and cycle.end_date < cycle.start_date:
                raise ValidationError(_("A cycle cannot end before its start."))
