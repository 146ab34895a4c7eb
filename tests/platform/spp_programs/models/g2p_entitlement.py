from odoo import _, fields, models
from odoo.exceptions import ValidationError


class G2PEntitlement(models.Model):
    _inherit = "g2p.entitlement"

    id_number = fields.Char()

    def approve_entitlement(self):
        if any(cycle.state != cycle.STATE_APPROVED for cycle in self.cycle_id):
            raise ValidationError(_("Approve the cycle first."))
        return super().approve_entitlement()
