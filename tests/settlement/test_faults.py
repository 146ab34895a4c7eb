"""What goes wrong in real life, provoked for real: processes killed, or in each other's way."""

from pathlib import Path

import pytest
from odoo_processes import Registry

from harness.environment import ShellFailed

DRIVE = Path(__file__).parent / "scripts" / "drive.py"
STATES = "SELECT string_agg(state, ' ' ORDER BY id) FROM g2p_entitlement"
CYCLE = "SELECT state, locked FROM g2p_cycle"
SETTLEMENTS = """
    SELECT string_agg(concat_ws(' ', state, COALESCE(entitlement_count, 0)), ', ' ORDER BY id)
    FROM spp_cycle_settlement
"""
ACTIVITIES = "SELECT count(*) FROM mail_activity WHERE res_model = 'g2p.cycle'"
CUT_ALL_CONNECTIONS = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
TRIGGERS = """
    SELECT count(*) FROM ir_cron_trigger AS trigger
    JOIN ir_model_data AS data ON data.model = 'ir.cron' AND data.res_id = trigger.cron_id
    WHERE data.name = 'cron_settle_cycles'
"""


class SettlementRegistry(Registry):
    @property
    def cycle(self):
        return self.ask(CYCLE)

    @property
    def states(self):
        return self.ask(STATES)

    @property
    def settlements(self):
        return self.ask(SETTLEMENTS)


@pytest.fixture
def registry(odoo_env, database, tmp_path):
    registry = SettlementRegistry(odoo_env, database(), DRIVE, tmp_path / "gate")
    yield registry
    registry.close()


@pytest.mark.parametrize(
    ("pause", "kept"),
    [
        (1, "approved approved approved approved approved"),
        (2, "parrdpd2ben rdpd2ben approved approved approved"),
        (3, "parrdpd2ben rdpd2ben approved rdpd2ben approved"),
    ],
)
def test_the_nightly_run_is_killed(registry, pause, kept):
    registry.do("seed 40 100 0 130 40")
    running = registry.start(f"cron {pause}")
    registry.kill(running)
    assert registry.states == kept
    assert registry.cycle == "distributed|f"

    registry.do("cron")
    assert registry.states == "parrdpd2ben rdpd2ben approved rdpd2ben parrdpd2ben"
    assert registry.cycle == "ended|f"
    # The settlement goes on where it was; what was not committed is done anew.
    assert registry.settlements == "done 5"


def test_two_runs_at_once(registry):
    registry.do("seed 40 100 0")
    first = registry.start("cron 1")
    registry.do("cron")
    assert registry.cycle == "distributed|f"
    with pytest.raises(ShellFailed, match="is being worked on right now"):
        registry.do("end")
    registry.open_gate()
    registry.finish(first)
    assert registry.states == "parrdpd2ben rdpd2ben approved"
    assert registry.cycle == "ended|f"
    assert registry.settlements == "done 3"
    assert registry.ask(ACTIVITIES) == "0"


@pytest.mark.parametrize(("bought", "after"), [(60, "rdpd2ben"), (0, "parrdpd2ben")])
def test_a_purchase_comes_in_while_its_cycle_is_settled(registry, bought, after):
    """Whoever commits first, the purchase is neither lost nor left out."""
    registry.do(f"seed {bought} 40")
    purchase = registry.start("buy 40 pause")
    settlement = registry.start_unwatched("cron")
    registry.wait_for_lock()
    registry.open_gate()
    registry.finish(purchase)
    registry.finish(settlement)
    assert registry.states == f"{after} parrdpd2ben"
    assert (registry.cycle, registry.settlements) == ("ended|f", "done 2")


def test_a_purchase_after_the_settlement_is_noticed(registry):
    registry.do("seed 0 40", "cron", "buy 100")
    assert registry.states == "approved parrdpd2ben"
    registry.do("cron")
    assert registry.states == "rdpd2ben parrdpd2ben"
    assert registry.settlements == "done 2, done 1"


def test_a_cycle_that_fails_keeps_what_is_settled_and_is_tried_again(registry):
    registry.do("seed 40 100", "break_managers", "cron", "cron")
    assert registry.states == "parrdpd2ben rdpd2ben"
    assert registry.cycle == "distributed|f"
    assert registry.settlements == "done 2, failed 0, failed 0"
    assert registry.ask(ACTIVITIES) == "1"
    registry.do("cron")
    assert (registry.cycle, registry.ask(ACTIVITIES)) == ("ended|f", "0")
    assert registry.settlements == "done 2, failed 0, failed 0"


def test_a_big_cycle_is_ended_by_the_cron(registry):
    registry.do("seed 40 100 0", "request")
    assert (registry.cycle, registry.states) == ("distributed|f", "approved approved approved")
    assert registry.ask(TRIGGERS) == "1"
    running = registry.start("cron 2")
    registry.kill(running)
    assert registry.states == "parrdpd2ben rdpd2ben approved"
    registry.do("cron")
    assert (registry.cycle, registry.settlements) == ("ended|f", "done 3")


def test_all_connections_are_cut(registry):
    registry.do("seed 40 100 0 130 40")
    running = registry.start("cron 2")
    registry.ask(CUT_ALL_CONNECTIONS)
    registry.open_gate()
    with pytest.raises(AssertionError):
        registry.finish(running)
    # It is called again by itself, and nobody is told of a failure.
    assert registry.ask(TRIGGERS) == "1"
    assert (registry.settlements, registry.ask(ACTIVITIES)) == ("running 2", "0")
    registry.do("cron")
    assert registry.states == "parrdpd2ben rdpd2ben approved rdpd2ben parrdpd2ben"
    assert (registry.cycle, registry.settlements) == ("ended|f", "done 5")


def test_a_cycle_is_cancelled_in_the_middle(registry):
    registry.do("seed 40 100 0 130 40")
    running = registry.start("cron 1")
    cancelling = registry.start_unwatched("cancel")
    registry.wait_for_lock()
    registry.open_gate()
    registry.finish(cancelling)
    registry.finish(running)
    # If it could not look at the cycle for the cancelling's lock, it is called again.
    registry.do("cron")
    # Whether the cancelling came after the first batch or after the second.
    settled = 4 if registry.states.split()[3] == "rdpd2ben" else 2
    states = ["parrdpd2ben", "rdpd2ben", "approved", "rdpd2ben", "parrdpd2ben"][:settled]
    assert registry.states.split() == states + ["approved"] * (5 - settled)
    assert (registry.cycle, registry.settlements) == ("cancelled|f", f"interrupted {settled}")
    assert registry.ask(ACTIVITIES) == "0"
