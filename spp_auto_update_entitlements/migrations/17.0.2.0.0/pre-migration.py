from odoo.addons.spp_auto_update_entitlements.hooks import prepare_columns


def migrate(cr, version):
    prepare_columns(cr)
