"""Prints which of the Python packages named Odoo does not find, by its own check. For `odoo shell`.

A manifest may name the package or what is imported of it: Odoo looks for the one, then the other.
"""

import json
import sys

from odoo.modules.module import check_python_external_dependency

unmet = []
for package in sys.argv[1:]:
    try:
        check_python_external_dependency(package)
    except Exception:  # Odoo 17 raises no other
        unmet.append(package)
print("unmet:" + json.dumps(unmet))
