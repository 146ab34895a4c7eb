"""What the scripts that `odoo_processes` runs inside `odoo shell` share."""

import sys
import time
from pathlib import Path

PATIENCE_SECONDS = 120


def wait_at_gate():
    """Say that it waits, until the test opens the gate."""
    print("waiting", flush=True)
    gate, deadline = Path(sys.argv[1]), time.monotonic() + PATIENCE_SECONDS
    while not gate.exists():
        if time.monotonic() > deadline:
            raise TimeoutError(gate)
        time.sleep(0.05)


def carry_out(env, functions):
    """Call a function for each argument: its name and what is given to it; and commit."""
    for command in sys.argv[2:]:
        name, *arguments = command.split()
        functions[name](*arguments)
        env.cr.commit()
