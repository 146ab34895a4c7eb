from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """Count the verdicts of each cycle that was checked, for the overview."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    runs = env["spp.attendance.run"]._read_group([("state", "=", "done")], ["cycle_id"])
    for (cycle,) in runs:
        env["spp.attendance.count"]._count_standing(cycle)
