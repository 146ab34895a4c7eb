"""Runs the property test in time: inside `odoo shell`, on a database of its own.

    FOLDER [pairs | MINUTES SEED]

FOLDER is of the Python packages that Odoo's Python lacks. Every two steps, one right after the
other; or random steps, one seed after the other: without minutes a fixed budget of them, the same
each time; else until the time is up. Prints how far it came.
"""

import sys
import time
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from unittest.mock import patch

sys.path += [sys.argv[1], str(Path(sys.argv[0]).parents[1])]
sys.path.append(str(Path(sys.argv[0]).parents[3] / "spp_cycle_attendance_compliance/tests"))

from attendance_faults import Fault
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test
from in_time.machine import Attendance
from in_time.pairs import walk_pairs
from in_time.world import Stage

from odoo.addons.spp_cycle_attendance_compliance.connector import Limits
from odoo.addons.spp_cycle_attendance_compliance.models.runs import asking
from odoo.addons.spp_cycle_attendance_compliance.models.runs import cycle as cycle_module
from odoo.addons.spp_cycle_attendance_compliance.models.sources import attendance_source

# Few worlds by each seed: Hypothesis makes those that follow like the ones before.
SEEDS, WORLDS, STEPS = 8, 8, 70
BUDGET = settings(
    max_examples=WORLDS,
    stateful_step_count=STEPS,
    deadline=None,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)


@contextmanager
def of_size(is_big):
    with patch.object(cycle_module, "MIN_ROW_JOB_QUEUE", 0 if is_big else 200):
        yield


def run(seeds, minutes=float("inf")):
    started = time.monotonic()
    for number in seeds:
        if time.monotonic() > started + 60 * minutes:
            break
        print(f"seed {number} after {Attendance.steps} steps", flush=True)
        run_state_machine_as_test(seed(number)(Attendance), settings=BUDGET)
    seconds = time.monotonic() - started
    print(f"{Attendance.steps} steps in {Attendance.worlds} worlds, {seconds:.0f} s", flush=True)


impatient = partial(Limits, tries=2, first_pause=0.01)
patch.object(attendance_source, "Limits", impatient).start()
patch.object(cycle_module, "LIMITS_AT_ONCE", impatient()).start()
# Several questions by each run; of the many walks' runs but one, so that it takes less time.
walks = sys.argv[2:] == ["pairs"]
patch.object(asking, "INTAKE_SIZE", 6 if walks else 2).start()
stage = Attendance.stage = Stage(env)
stage.of_size, stage.make_fault = of_size, Fault.status
env.cr.commit()
if walks:
    walk_pairs()
elif len(sys.argv) > 2:
    run(count(int(sys.argv[3])), float(sys.argv[2]))
else:
    run(range(1, SEEDS + 1))
