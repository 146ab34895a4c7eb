"""Makes databases of the earlier modules, upgrades them, and says what is in them.

`EARLIER_PATH` names the folder that holds the real earlier modules, on a real platform of Odoo
17.0 (`ADDONS_PATH`): then all is done with what they make, too. Without it, the facts about them
in `earlier_modules.json` take their place.
"""

import json
import os
import re
import subprocess
from pathlib import Path

from copies import Copies

from harness.addons import needed_from_outside
from harness.problem import Problem
from harness.steps import BUILD, ROOT, last_lines

HERE = Path(__file__).parent
SCRIPTS = HERE / "scripts"
FACTS = HERE / "earlier_modules.json"
MODULES = ("spp_auto_update_entitlements", "spp_cycle_attendance_compliance")
EARLIER_PATH = os.environ.get("EARLIER_PATH")
EVENTS = "spp_event_attendance"
MEMBERS = "spp_cycle_group_membership_attendance"
TYPES = "spp_res_config_attendance_type"
LOCATIONS = "spp_res_config_attendance_location"
# Lines of Odoo's log, which begin with a moment, the process and the level, that name what is ours.
OURS = "attendance|settle|rede[em]|balance|is_expired|personal_identifier|spp_auto_update"
COMPLAINT = re.compile(rf"^\S+ \S+ \d+ (?:WARNING \S+ .*(?:{OURS})|ERROR|CRITICAL).*", re.M)


def rows(columns, source):
    """A query for some columns of all rows, by id: `(1,text,,t) (2, ...`; NULL is nothing."""
    return f"SELECT string_agg(ROW({columns})::text, ' ' ORDER BY id) FROM {source}"


# What no upgrade may change, row for row.
KEPT = {
    "events": rows(
        "id, individual_id, attendance_date, attendance_time, attendance_description, "
        "attendance_external_url, submitted_by, submitted_datetime, submission_source",
        EVENTS,
    ),
    "event data": rows(
        "id, model, res_id, partner_id, collection_date, registrar, expiry_date", "spp_event_data"
    ),
    "types": rows("id, name, description", TYPES),
    "locations": rows("id, name, description", LOCATIONS),
    "household members": rows("id, cycle_membership_id, individual_id, state", MEMBERS),
    "memberships": rows(
        "id, cycle_id, partner_id, state, number_of_attendance", "g2p_cycle_membership"
    ),
    "cycles": rows(
        "id, name, state, start_date, end_date, from_date, to_date, "
        "greatest(coalesce(required_number_of_attendance, 0), 0), "
        "coalesce(use_attendance_criteria, false)",
        "g2p_cycle",
    ),
    "persons": rows("id, name, personal_identifier", "res_partner"),
    "cash": rows("id, state, initial_amount, partner_id, code", "g2p_entitlement"),
    "in kind": rows("id, state, qty, partner_id, code", "g2p_entitlement_inkind"),
    "transactions": rows(
        "id, entitlement_id, amount_charged_by_service_point", "spp_entitlement_transactions"
    ),
    "in-kind transactions": rows(
        "id, entitlement_id, quantity", "spp_inkind_entitlement_transactions"
    ),
    "filters": rows("id, name, domain, action_id", "ir_filters"),
}


class Earlier(Copies):
    """A database of the earlier modules, and copies of it."""

    def __init__(self, env, is_real):
        super().__init__(env, "elder")
        self.is_real = is_real

    def make(self, server_url):
        """Make the database that all others are copies of, and remember what is in it."""
        platform = self.databases.platform(needed_from_outside(self.env.addons))
        self.name = self.copy(platform)
        if self.is_real:
            self.run("--no-http", "-i", ",".join(MODULES), "--stop-after-init")
            self.facts = json.loads(self.shell("read_earlier.py", "facts", *MODULES))
        else:
            self.facts = json.loads(FACTS.read_text())
            self.shell("build_earlier.py", None, str(FACTS))
        self.shell("fill_earlier.py", None, server_url)
        if not self.is_real:
            quoted = ", ".join(f"'{module}'" for module in MODULES)
            self.sql(f"UPDATE ir_module_module SET state = 'installed' WHERE name IN ({quoted})")
            for module in MODULES:
                self.set_version(self.name, module, self.facts[module]["version"])
        self.held = self.read_kept(self.name)

    def read_kept(self, name):
        return {what: self.sql(query, name) for what, query in KEPT.items()}

    def set_version(self, name, module, version):
        version = self.env.server.series + version.removeprefix("17.0")
        self.sql(
            f"UPDATE ir_module_module SET latest_version = '{version}' WHERE name = '{module}'",
            name,
        )

    def upgrade(self, name, log):
        """Upgrade a database in place; return the log of that."""
        self.env.run_odoo(
            log, "--no-http", "-u", ",".join(MODULES), db=name, failing="The upgrade failed:"
        )
        return log.read_text(errors="replace")

    def check(self, name):
        """Open all pages of an upgraded database and work with it; return what was found."""
        output = self.env.shell(name, SCRIPTS / "check_upgraded.py", str(FACTS))
        return json.loads(re.search(r"^found:(.*)", output, re.M)[1])

    # With the real earlier modules on the addons path, in front of ours.

    def get_config(self):
        text = self.env.config.read_text()
        found = re.search(r"^addons_path = (.*)$", text, re.M)
        folders = [folder for folder in found[1].split(",") if Path(folder) != ROOT]
        path = BUILD / f"{self.env.config.stem}-earlier.conf"
        path.write_text(text.replace(found[1], ",".join([EARLIER_PATH, *folders])))
        return path

    def get_command(self, *arguments):
        if self.is_real:
            return [*self.env.server.command, *arguments, "-c", self.get_config(), "-d", self.name]
        return self.env.odoo(*arguments, db=self.name)

    def run(self, *arguments, **options):
        log = self.env.config.with_suffix(".earlier.log")
        log.unlink(missing_ok=True)
        answer = subprocess.run(
            self.get_command(*arguments, f"--logfile={log}"),
            env=self.env.variables,
            capture_output=True,
            text=True,
            check=False,
            **options,
        )
        if answer.returncode:
            raise Problem(f"{answer.stderr}\n{last_lines(log, 30)}")
        return answer.stdout

    def shell(self, script, answer, *arguments):
        """Run a script on the database; return what it prints behind a word."""
        start = f"import sys; sys.argv = {[script, *arguments]!r}\n"
        code = compile_call(SCRIPTS / script)
        output = self.run("shell", "--no-http", input=start + code)
        return answer and re.search(rf"^{answer}:(.*)", output, re.M)[1]


def compile_call(script):
    return f"exec(compile(open({str(script)!r}).read(), {str(script)!r}, 'exec'), globals())\n"
