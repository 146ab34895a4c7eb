"""Which verdict stands when anything happens in any order: a property test on a real Odoo.

People run, preview, apply, discard, retry, evaluate, enrol, override, lift, take back; they change
criteria, identifiers, households, states, entitlements and the cycle's state; conditions, waivers,
warnings, days from which absences count, and what words mean (`in_time/rules.py`); the attendance
system changes, fails, and tells what can't be read; jobs are done, killed and lost in between; and
an earlier cycle of the same program is decided, taken back and overridden. After each step one
verdict stands for each membership, and its number, status, state, reason and members agree with it;
the proof is what the attendance system told, counted by hand (`in_time/told.py`, `recount.py`), and
stays as it is; nothing is lost (`in_time/checks.py`); what was applied is by the conditions,
waivers and failures of that moment (`in_time/applied.py`); nobody who is refused keeps a prepared
entitlement, and what was cancelled comes back (`in_time/entitlements.py`).

Every two steps that a cycle can see are taken one right after the other, too
(`in_time/pairs.py`).

The budget is fixed, and the steps are the same each time. For a longer run by hand, other steps
each time, one seed after the other:

    IN_TIME_MINUTES=60 IN_TIME_SEED=1 ./setup/test tests/attendance/test_in_time.py
"""

import os
import re
from pathlib import Path

SCRIPT = Path(__file__).parent / "scripts" / "in_time.py"


def test_in_whatever_order_it_went(odoo_env, database, packages_in_odoo):
    minutes, seed = os.environ.get("IN_TIME_MINUTES"), os.environ.get("IN_TIME_SEED", "1")
    longer = [minutes, seed] if minutes else []
    said = odoo_env.shell(database(), SCRIPT, str(packages_in_odoo), *longer)
    print(said)
    steps, worlds = map(int, re.search(r"^(\d+) steps in (\d+) worlds", said, re.M).groups())
    # Else Hypothesis has given up, and the test has tested little.
    assert worlds >= 50
    assert steps >= 3000


def test_every_two_steps(odoo_env, database, packages_in_odoo):
    said = odoo_env.shell(database(), SCRIPT, str(packages_in_odoo), "pairs")
    print(said)
    # Of the others, the first step leaves nothing to do for the second one: see what is printed.
    assert "450 of 484 pairs" in said
