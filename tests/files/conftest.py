"""The reading of files, found without importing Odoo."""

import sys
from pathlib import Path

# The addon itself imports Odoo, so what needs none is found beside its __init__.py.
sys.path.insert(0, str(Path(__file__).parents[2] / "spp_cycle_attendance_compliance"))
sys.path.insert(0, str(Path(__file__).parent))
