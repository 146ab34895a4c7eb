from odoo import SUPERUSER_ID, api

from odoo.addons.spp_auto_update_entitlements.hooks import compute_redemptions


def migrate(cr, version):
    compute_redemptions(api.Environment(cr, SUPERUSER_ID, {}))
