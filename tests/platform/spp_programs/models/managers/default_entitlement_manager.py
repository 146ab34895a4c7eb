from odoo import models


class DefaultEntitlementManager(models.Model):
    _inherit = "g2p.program.entitlement.manager.default"

    def _prepare_entitlement_vals(self, cycle, partner, size):
        vals = super()._prepare_entitlement_vals(cycle, partner, size)
        number = partner.reg_ids.filtered(lambda reg: reg.id_type == self.id_type)[:1]
        if number:
            vals["id_number"] = number.value
        return vals
