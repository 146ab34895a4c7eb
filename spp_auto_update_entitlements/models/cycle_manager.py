from odoo import models


class DefaultCycleManager(models.Model):
    _inherit = "g2p.cycle.manager.default"

    def mark_ended(self, cycle):
        """Settle the entitlements of ``cycle`` before it ends, whoever asks for the end."""
        for each in cycle:
            each._settle_now()
        return super().mark_ended(cycle)
