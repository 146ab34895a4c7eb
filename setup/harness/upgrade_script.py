"""Runs Odoo's own upgrader on one folder. For `odoo shell`: arguments are folder and series."""

import sys

from odoo.cli.upgrade_code import migrate
from odoo.tools import parse_version

folder, series = sys.argv[1:]
migrate(
    [folder],
    glob="**/*",
    from_version=parse_version("17.0"),
    to_version=parse_version(series),
)
