from odoo import models


class DefaultCycleManager(models.Model):
    _inherit = "g2p.cycle.manager.default"

    def on_start_date_change(self, cycle):
        pass

    def mark_prepare_entitlement_as_done(self, cycle, msg):
        super().mark_prepare_entitlement_as_done(cycle, msg)
        cycle._compute_inkind_entitlements_count()

    def _prepare_entitlements(self, cycle, offset=0, limit=None, do_count=False):
        super()._prepare_entitlements(cycle, offset, limit, do_count)
        if do_count:
            cycle._compute_inkind_entitlements_count()
