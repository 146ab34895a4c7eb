"""Databases of our own 17.0.2.0.0 and 17.0.2.1.0, in which attendance was checked."""

import json
import re
from contextlib import contextmanager

from attendance_server import AttendanceServer, attendance
from earlier import EVENTS, HERE, MEMBERS, SCRIPTS
from released import Released

ADDON = "spp_cycle_attendance_compliance"
WRITTEN = HERE / "attended.json"
# What 17.0.2.0.0 called what has the earlier modules' external ids again.
NAMES = {
    "action_attendance_location": "config_attendance_location_window",
    "action_attendance_type": "config_attendance_type_window",
    "action_event_attendance": "action_spp_event_attendance",
    "menu_attendance_configuration": "menu_attendance_settings",
    "res_config_settings_view_form": "res_config_settings_programs_view_form",
    "view_attendance_location_tree": "config_attendance_location_tree",
    "view_attendance_type_tree": "config_attendance_type_tree",
    "view_cycle_form": "view_cycle_form_inherit",
    "view_event_attendance_form": "view_spp_event_attendance_form",
    "view_event_attendance_tree": "view_spp_event_attendance_tree",
    "view_individuals_form": "view_individual_event_data_form",
}
# Its tables, where they were others; and its external ids.
OF_17_0_2_0_0 = f"""
    DROP INDEX {MEMBERS}_shown_unique;
    ALTER TABLE {MEMBERS} DROP active, DROP number_of_attendance_str,
        ADD CONSTRAINT {MEMBERS}_member_unique UNIQUE (cycle_membership_id, individual_id);
    ALTER TABLE {EVENTS} ALTER individual_id SET NOT NULL;
""" + "".join(
    f"UPDATE ir_model_data SET name = '{then}' WHERE module = '{ADDON}' AND name = '{now}';"
    for then, now in NAMES.items()
)
RUNS, LINES, OVERRIDES = (
    "spp_attendance_run",
    "spp_attendance_run_line",
    "spp_attendance_override",
)


class ReleasedAttendance(Released):
    addon, facts = ADDON, HERE / "released_attendance.json"

    def __init__(self, env, folder, server):
        super().__init__(env, folder)
        self.server = server

    def fill(self):
        self.env.shell(self.name, SCRIPTS / "fill_attended.py", str(WRITTEN), self.server.url)

    def use(self, name, script="use_attended.py"):
        """Return what a script finds in a database."""
        output = self.env.shell(name, SCRIPTS / script)
        return json.loads(re.search(r"^found:(.*)", output, re.M)[1])


def read_people():
    """Return what the attendance system knows at last: what is stored of it, and counts."""
    people = {name: [] for name in ("ANA", "BEN", "CLEO", "EVE", "FAY", "GUS", "HAL", "IDA")}
    for event in json.loads(WRITTEN.read_text())["rows"][EVENTS]:
        if event.get("event_data_external_id") and not event.get("withdrawn"):
            people[event["individual_id"].upper()].append(
                attendance(
                    event["event_data_external_id"],
                    event["attendance_date"],
                    type_id=1 if event.get("attendance_type_id") else None,
                    category=event["attendance_category"],
                    submitted_datetime=event["submitted_datetime"],
                )
            )
    return people


@contextmanager
def make_attended(env, folder):
    with AttendanceServer(read_people()) as server:
        attended = ReleasedAttendance(env, folder, server)
        try:
            attended.make()
            yield attended
        finally:
            attended.drop_all()
