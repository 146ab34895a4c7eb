from odoo import fields, models


class G2PIDType(models.Model):
    """What the module spp_idpass adds, which always comes along with the platform."""

    _inherit = "g2p.id.type"

    target_type = fields.Selection(
        [("individual", "Individual"), ("group", "Group"), ("both", "Both")],
        default="individual",
    )

    def write(self, vals):
        # Several at once fail, as on the platform.
        if self:
            self.ensure_one()
        return super().write(vals)
