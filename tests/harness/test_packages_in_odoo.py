"""Odoo's Python, whichever it is, gets what tests import inside Odoo."""

SCRIPT = """
import sys
sys.path.append(sys.argv[1])

import yaml
from hypothesis import find, settings
from hypothesis import strategies as st

# The smallest one of many: Hypothesis was at work, not merely imported.
options = settings(database=None)
found = find(st.integers(0, 10**6), lambda number: number > 4711, settings=options)
print("found", found, yaml.safe_load("[PURCHASE 60]"))
"""


def test_a_script_inside_odoo_uses_hypothesis(odoo_env, packages_in_odoo, tmp_path):
    script = tmp_path / "smallest.py"
    script.write_text(SCRIPT)
    said = odoo_env.shell(None, script, str(packages_in_odoo))
    assert "found 4712 ['PURCHASE 60']" in said
