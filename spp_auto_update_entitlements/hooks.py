"""Bring the stored redemption figures to databases that already hold entitlements.

Left to itself Odoo would compute them for all entitlements at once, in memory: a national registry
has millions. So the columns are made and filled in SQL first, and only the entitlements that have
transactions are computed, in batches.
"""

from odoo.tools import SQL
from odoo.tools.sql import column_exists, create_column

# (table, column that holds what was granted)
TABLES = (("g2p_entitlement", "initial_amount"), ("g2p_entitlement_inkind", "qty"))
COLUMNS = (
    ("redeemed", "numeric"),
    ("entitlement_balance", "numeric"),
    ("redemption_problem", "varchar"),
    ("is_settled", "boolean"),
)
BATCH_SIZE = 5000
TASKS = (
    "mail_activity_settlement_failed",
    "mail_activity_lines_to_look_at",
    "mail_activity_held_back",
)


def pre_init_hook(env):
    prepare_columns(env.cr)


def post_init_hook(env):
    compute_redemptions(env)
    env["g2p.cycle"]._hold_back()


def uninstall_hook(env):
    forget_tasks(env)


def forget_tasks(env):
    """Delete the tasks on cycles and programs: nothing would end them.

    Done ones would keep their kinds here; what was done about them is in the chatter.
    """
    tasks = env["mail.activity"].with_context(active_test=False)
    names = (f"spp_auto_update_entitlements.{name}" for name in TASKS)
    kinds = filter(None, (env.ref(name, raise_if_not_found=False) for name in names))
    tasks.search([("activity_type_id", "in", [kind.id for kind in kinds])]).unlink()


def prepare_columns(cr):
    """Create the columns of the redemption figures, as of an entitlement without transactions."""
    for table, allocated in TABLES:
        for name, kind in COLUMNS:
            if not column_exists(cr, table, name):
                create_column(cr, table, name, kind)
        cr.execute(
            SQL(
                "UPDATE %s SET redeemed = 0, entitlement_balance = %s",
                SQL.identifier(table),
                SQL.identifier(allocated),
            )
        )
    table = "g2p_entitlement_inkind"
    if not column_exists(cr, table, "redemption_basis"):
        create_column(cr, table, "redemption_basis", "varchar")
    cr.execute("UPDATE g2p_entitlement_inkind SET redemption_basis = 'quantity'")


def compute_redemptions(env):
    """Compute the redemption figures of the entitlements that have transactions."""
    for model in env["g2p.cycle"]._get_entitlement_models().values():
        transactions = env[model._fields["transaction_ids"].comodel_name]
        after_id = 0
        while True:
            env.cr.execute(
                SQL(
                    "SELECT DISTINCT entitlement_id FROM %s"
                    " WHERE entitlement_id > %s ORDER BY entitlement_id LIMIT %s",
                    SQL.identifier(transactions._table),
                    after_id,
                    BATCH_SIZE,
                )
            )
            ids = [row[0] for row in env.cr.fetchall()]
            if not ids:
                break
            model.browse(ids)._as_writer()._compute_redemption()
            env.flush_all()
            env.invalidate_all()
            after_id = ids[-1]
