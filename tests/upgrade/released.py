"""Databases of our own 17.0.2.0.0 and 17.0.2.1.0, which have the same tables, in which settlements
were made."""

import json

from copies import Copies
from earlier import HERE, SCRIPTS
from settled import KINDS, LINES
from settled_cycles import CYCLES

from harness.addons import needed_from_outside

ADDON = "spp_auto_update_entitlements"
FACTS = HERE / "released_settlement.json"
SETTLED = """
    SELECT code || ': ' || concat_ws(' ', {columns})
    FROM (
        SELECT code, cycle_id, state, {figures}, {memory} FROM g2p_entitlement UNION ALL
        SELECT code, cycle_id, state, {figures}, {memory} FROM g2p_entitlement_inkind
    ) AS entitlement
    WHERE cycle_id = (SELECT id FROM g2p_cycle WHERE name = 'over')
"""
FIGURE_COLUMNS = "redeemed, entitlement_balance, redemption_problem"
MEMORY = "is_settled, settlement_outcome, state_before_settlement, settled_state"


class Released(Copies):
    """A database of a released version, and copies of it that are upgraded."""

    addon, facts = ADDON, FACTS

    def __init__(self, env, folder):
        super().__init__(env, "released")
        self.folder = folder

    def make(self):
        self.name = self.copy(self.databases.platform(needed_from_outside(self.env.addons)))
        self.env.shell(self.name, SCRIPTS / "build_earlier.py", str(self.facts))
        self.fill()
        self.sql(f"UPDATE ir_module_module SET state = 'installed' WHERE name = '{self.addon}'")

    def fill(self):
        data = {
            "kinds": [kind[:4] for kind in KINDS],
            "lines": [line[:3] for line in LINES],
            "cycles": [cycle[:4] for cycle in CYCLES],
        }
        path = self.folder / "data.json"
        path.write_text(json.dumps(data))
        self.env.shell(self.name, SCRIPTS / "fill_settled.py", str(path))

    def upgrade_copy(self, version, change=""):
        """Upgrade a copy that was of `version`, changed by SQL first; return it and the log."""
        name = self.copy(self.name)
        version = f"{self.env.server.series}.{version}"
        self.sql(
            "UPDATE ir_module_module SET latest_version ="
            f" '{version}' WHERE name = '{self.addon}';" + change,
            name,
        )
        return name, self.upgrade(name)

    def upgrade(self, name):
        log = self.folder / f"{name}.log"
        self.env.run_odoo(
            log, "--no-http", "-u", self.addon, db=name, failing="The upgrade failed:"
        )
        return log.read_text()

    def run_night(self, name):
        self.env.shell(name, SCRIPTS / "run_night.py")

    def read(self, query, name):
        """The rows of a query of texts `name: values`, by name."""
        return dict(row.split(": ") for row in self.sql(query, name).splitlines())

    def read_settled(self, columns, name, memory=MEMORY):
        query = SETTLED.format(columns=columns, figures=FIGURE_COLUMNS, memory=memory)
        return self.read(query, name)
