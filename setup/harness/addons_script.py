"""Prints where an Odoo looks for addons by itself. For `odoo shell`."""

import json

import odoo.addons

print("addons:" + json.dumps(list(odoo.addons.__path__)))
