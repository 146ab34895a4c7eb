from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """Find what grants nothing in the totals of settlements that were made before it was kept."""
    api.Environment(cr, SUPERUSER_ID, {})["spp.cycle.settlement.total"]._find_unpayable()
