"""The addon comes to a database that is in use: for the first time, or in place of its elder."""

from pathlib import Path

import pytest

from harness.addons import needed_from_outside

ADDON = "spp_auto_update_entitlements"
SEED = Path(__file__).parent / "scripts" / "seed_existing.py"
RUN_NIGHT = Path(__file__).parents[1] / "upgrade" / "scripts" / "run_night.py"
OURS = (
    "redeemed",
    "entitlement_balance",
    "redemption_problem",
    "is_settled",
    "settlement_id",
    "settlement_outcome",
    "state_before_settlement",
    "settled_state",
)
FIGURES = """
    SELECT string_agg(
        concat_ws(' ', state, redeemed::float, entitlement_balance::float, is_settled),
        ', ' ORDER BY id
    )
    FROM {table} WHERE cycle_id = (SELECT id FROM g2p_cycle WHERE name = 'ended')
"""
CYCLES = """
    SELECT name || ': ' || concat_ws(' ', state, settlement_hold, (
        SELECT state FROM g2p_entitlement WHERE cycle_id = cycle.id ORDER BY id DESC LIMIT 1
    )) FROM g2p_cycle AS cycle ORDER BY id
"""
TOLD = """
    SELECT concat_ws(' ', program.name, users.login, note)
    FROM mail_activity AS activity
    JOIN g2p_program AS program ON activity.res_id = program.id
    JOIN res_users AS users ON users.id = activity.user_id
    WHERE activity.res_model = 'g2p.program' ORDER BY program.id
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
def test_what_was_there_before(odoo_env, database, tmp_path, way):
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
    check_figures(odoo_env, name, partial)
    check_what_is_held_back(odoo_env, name)
    odoo_env.databases.sql(
        "UPDATE g2p_cycle SET end_date = CURRENT_DATE - 9 WHERE name = 'running'", name
    )
    odoo_env.shell(name, RUN_NIGHT)
    check_what_is_held_back(odoo_env, name, ran="ended parrdpd2ben")
    check_figures(odoo_env, name, partial)


def check_figures(env, name, partial):
    assert env.databases.sql(FIGURES.format(table="g2p_entitlement"), name) == (
        f"approved 0 100 f, {partial} 40 60 f, rdpd2ben 100 0 f"
    )
    assert env.databases.sql(FIGURES.format(table="g2p_entitlement_inkind"), name) == (
        "approved 0 10 f, rdpd2ben 4 6 f"
    )
    # One of them has none.
    assert env.databases.sql("SELECT count(*) FROM spp_entitlement_transactions", name) == "8"


def check_what_is_held_back(env, name, ran="approved approved"):
    """Cycles in all states, and who was told; `ran`: the states of the one that ran."""
    assert env.databases.sql(CYCLES, name).splitlines() == [
        "ended: ended held rdpd2ben",
        "ended, empty: ended",
        "approved, over: approved held approved",
        "distributed, over: distributed held approved",
        "draft, over: draft approved",
        "to approve, over: to_approve approved",
        "cancelled, over: cancelled approved",
        f"running: {ran}",
    ]
    told = env.databases.sql(TOLD, name).splitlines()
    assert [line.partition(" <")[0] for line in told] == ["Existing manager", "Another manager"]
    assert ": ended, approved, over." in told[0] or ": approved, over, ended." in told[0]
    assert ": distributed, over." in told[1]
