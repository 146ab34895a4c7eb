"""Bring the stored redemption figures to databases that already hold entitlements.

Left to itself Odoo would compute them for all entitlements at once, in memory: a national registry
has millions. So the columns are made and filled in SQL first, and only the entitlements that have
transactions are computed, in batches.
"""

# (table, column that holds what was granted)
TABLES = (("g2p_entitlement", "initial_amount"), ("g2p_entitlement_inkind", "qty"))
BATCH_SIZE = 5000


def pre_init_hook(env):
    prepare_columns(env.cr)


def post_init_hook(env):
    compute_redemptions(env)


def prepare_columns(cr):
    """Create the columns of the redemption figures, as of an entitlement without transactions."""
    for table, allocated in TABLES:
        cr.execute(
            f"""
            ALTER TABLE {table}
                ADD COLUMN IF NOT EXISTS redeemed numeric,
                ADD COLUMN IF NOT EXISTS entitlement_balance numeric,
                ADD COLUMN IF NOT EXISTS redemption_problem varchar,
                ADD COLUMN IF NOT EXISTS is_settled boolean
            """
        )
        cr.execute(f"UPDATE {table} SET redeemed = 0, entitlement_balance = {allocated}")
    cr.execute(
        "ALTER TABLE g2p_entitlement_inkind ADD COLUMN IF NOT EXISTS redemption_basis varchar"
    )
    cr.execute("UPDATE g2p_entitlement_inkind SET redemption_basis = 'quantity'")


def compute_redemptions(env):
    """Compute the redemption figures of the entitlements that have transactions."""
    for model in env["spp.cycle.settlement"]._get_entitlement_models().values():
        transactions = env[model._fields["transaction_ids"].comodel_name]
        after_id = 0
        while True:
            env.cr.execute(
                f"SELECT DISTINCT entitlement_id FROM {transactions._table}"
                " WHERE entitlement_id > %s ORDER BY entitlement_id LIMIT %s",
                [after_id, BATCH_SIZE],
            )
            ids = [row[0] for row in env.cr.fetchall()]
            if not ids:
                break
            model.browse(ids)._compute_redemption()
            env.flush_all()
            env.invalidate_all()
            after_id = ids[-1]
