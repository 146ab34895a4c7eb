from odoo import SUPERUSER_ID, api

# Where a night's turn stopped looking, until now: every user may write it.
UNSEEN = "spp_auto_update_entitlements.unseen"


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    env["ir.config_parameter"].search([("key", "=", UNSEEN)]).unlink()
    sum_up_cycles(env)


def sum_up_cycles(env):
    """Sum up what was granted and redeemed in each cycle that is settled, as a settlement does."""
    settlements = env["spp.cycle.settlement"]._read_group([("state", "=", "done")], ["cycle_id"])
    for (cycle,) in settlements:
        env["spp.cycle.redemption"]._compute_of(cycle)
