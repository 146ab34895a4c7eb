"""Lets Odoo find Python packages that it does not have: behind its own, which go on counting.

A module that Odoo loads first of all, in a folder beside the packages.
"""

import sys
from pathlib import Path

folder = str(Path(__file__).parents[2] / "packages")
sys.path.append(folder)
# Odoo 17 asks this for packages; it has looked around when it was imported, and no more.
if "pkg_resources" in sys.modules:
    sys.modules["pkg_resources"].working_set.add_entry(folder)
