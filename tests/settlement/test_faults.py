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
    done = 2 * (pause - 1)
    killed = f"interrupted {done}, " if done else ""
    assert registry.settlements == f"{killed}done {5 - done}"


def test_two_runs_at_once(registry):
    registry.do("seed 40 100 0")
    first = registry.start("cron 1")
    registry.do("cron")
    assert registry.cycle == "distributed|f"
    with pytest.raises(ShellFailed, match="is being settled right now"):
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


def test_a_cycle_that_fails_is_rolled_back_and_tried_again(registry):
    registry.do("seed 40 100", "break_managers", "cron", "cron")
    assert registry.states == "approved approved"
    assert registry.cycle == "distributed|f"
    assert registry.settlements == "failed 0, failed 0"
    assert registry.ask(ACTIVITIES) == "1"
    registry.do("cron")
    assert registry.states == "parrdpd2ben rdpd2ben"
    assert (registry.cycle, registry.ask(ACTIVITIES)) == ("ended|f", "0")


def test_a_background_job_fails(registry):
    registry.do("seed 40 100", "queue")
    assert registry.cycle == "distributed|t"
    with pytest.raises(ShellFailed, match="ZeroDivisionError"):
        registry.do("break_managers", "job")
    assert registry.states == "approved approved"
    assert registry.cycle == "distributed|f"
    assert registry.settlements == "failed 0"
    assert registry.ask(ACTIVITIES) == "1"


def test_a_background_job_is_killed(registry):
    registry.do("seed 40 100 0", "queue")
    running = registry.start("job 2")
    registry.kill(running)
    registry.do("cron")  # the job may still come back: its cycle is left to it
    assert (registry.states, registry.cycle) == ("approved approved approved", "distributed|t")
    registry.do("job")  # what the job runner does with a job whose worker died
    assert registry.states == "parrdpd2ben rdpd2ben approved"
    assert (registry.cycle, registry.settlements) == ("ended|f", "done 3")


def test_a_background_job_is_gone(registry):
    registry.do("seed 40", "queue")
    registry.ask("DELETE FROM queue_job")
    registry.do("cron")
    assert (registry.states, registry.cycle) == ("parrdpd2ben", "ended|f")
    assert registry.settlements == "failed 0, done 1"
