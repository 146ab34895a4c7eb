"""The addon comes to a database that is in use: for the first time, or in place of its elder."""

from pathlib import Path

import pytest

from harness.addons import needed_from_outside

ADDON = "spp_auto_update_entitlements"
SEED = Path(__file__).parent / "scripts" / "seed_existing.py"
OURS = (
    "redeemed",
    "entitlement_balance",
    "redemption_problem",
    "is_settled",
    "settlement_id",
    "settlement_outcome",
    "state_before_settlement",
)
FIGURES = """
    SELECT string_agg(
        concat_ws(' ', state, redeemed::float, entitlement_balance::float, is_settled),
        ', ' ORDER BY id
    )
    FROM {table}
"""


def forget_the_addon(env, name):
    """Leave the database as the elder addon of the same name would: its tables, not our columns."""
    for table in ("g2p_entitlement", "g2p_entitlement_inkind"):
        for column in OURS:
            env.databases.sql(f"ALTER TABLE {table} DROP COLUMN {column} CASCADE", name)
    env.databases.sql(
        "ALTER TABLE g2p_entitlement_inkind DROP COLUMN redemption_basis CASCADE", name
    )
    elder = f"{env.server.series}.1.3.0"
    env.databases.sql(
        f"UPDATE ir_module_module SET latest_version = '{elder}' WHERE name = '{ADDON}'", name
    )


@pytest.mark.parametrize("way", ["install", "upgrade"])
def test_figures_of_what_was_there_before(odoo_env, database, tmp_path, way):
    name = database()
    partial = "parrdpd2ben" if way == "upgrade" else "expired"
    if way == "install":
        platform = odoo_env.databases.platform(needed_from_outside(odoo_env.addons))
        odoo_env.databases.copy(platform, name)
    odoo_env.shell(name, SEED, partial)
    if way == "upgrade":
        forget_the_addon(odoo_env, name)
    option = "-u" if way == "upgrade" else "-i"
    odoo_env.run_odoo(
        tmp_path / "odoo.log", "--no-http", option, ADDON, db=name, failing=f"{way} failed:"
    )
    assert odoo_env.databases.sql(FIGURES.format(table="g2p_entitlement"), name) == (
        f"approved 0 100 f, {partial} 40 60 f, rdpd2ben 100 0 f"
    )
    assert odoo_env.databases.sql(FIGURES.format(table="g2p_entitlement_inkind"), name) == (
        "approved 0 10 f, rdpd2ben 4 6 f"
    )
    assert odoo_env.databases.sql("SELECT count(*) FROM spp_entitlement_transactions", name) == "2"
