"""Runs the property test in time: inside `odoo shell`, on a database of its own.

    FOLDER [MINUTES [SEED]]

FOLDER is of the Python packages that Odoo's Python lacks. Without minutes, a fixed budget, the same
each time; with them, one seed after the other until the time is up. Prints how far it came.
"""

import sys
import time
from itertools import count
from pathlib import Path

sys.path += [sys.argv[1], str(Path(sys.argv[0]).parents[1])]

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test
from in_time.machine import Settlement
from in_time.nights import Nights
from in_time.queries import WATCH_DECISIONS
from in_time.stage import Stage

WORLDS, STEPS = 60, 50
BUDGET = settings(
    max_examples=WORLDS,
    stateful_step_count=STEPS,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)


def run_for(minutes, first_seed):
    deadline = time.monotonic() + 60 * minutes
    for number in count(first_seed):
        if time.monotonic() > deadline:
            break
        print(f"seed {number} after {Settlement.steps} steps", flush=True)
        run_state_machine_as_test(
            seed(number)(Settlement), settings=settings(BUDGET, derandomize=False)
        )


env.cr.execute(WATCH_DECISIONS)
Settlement.stage = Stage(env)
Settlement.nights = Nights(Settlement.stage)
Settlement.nights.watch(env)
env.cr.commit()
started = time.monotonic()
if len(sys.argv) > 2:
    run_for(float(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 1)
else:
    run_state_machine_as_test(Settlement, settings=BUDGET)
seconds = time.monotonic() - started
print(f"{Settlement.steps} steps in {Settlement.worlds} worlds, {seconds:.0f} s", flush=True)
