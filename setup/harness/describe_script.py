"""Prints where an Odoo looks for addons by itself, and its Python. For `odoo shell`."""

import json
import sys
from importlib.metadata import distributions

import odoo.addons

there = {}
for found in distributions():
    # Of two with one name, the first one is what gets imported.
    there.setdefault(found.metadata["Name"], found.version)
description = {
    "addons": list(odoo.addons.__path__),
    "python": sys.executable,
    "path": sys.path,
    "packages": there,
}
print("description:" + json.dumps(description))
