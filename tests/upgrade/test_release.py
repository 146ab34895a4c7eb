"""Databases of our own 17.0.2.0.0 and 17.0.2.1.0, in which attendance was checked, are upgraded.

`attended.json` is what both versions had written when they were used alike: by runs that were
applied (one of them retried after a later one), previewed, discarded, held by a brake, failed or
still going on; by overrides, and by persons. `released_attendance.json` is what 17.0.2.1.0 had made
in its database.
"""

import json
import re

import pytest
from attendance_server import AttendanceServer, attendance
from earlier import COMPLAINT, EVENTS, HERE, MEMBERS, SCRIPTS, rows
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
EXTERNAL_IDS = (
    "SELECT string_agg(concat_ws(' ', name, model, res_id), ', ' ORDER BY name)"
    f" FROM ir_model_data WHERE module = '{ADDON}' AND name IN {tuple(NAMES.values())}"
)
RUNS, LINES, OVERRIDES = (
    "spp_attendance_run",
    "spp_attendance_run_line",
    "spp_attendance_override",
)
COUNTS = (
    "call_count, duration, new_count, changed_count, withdrawn_count, set_aside_count, "
    "set_aside_reasons, not_asked_for_count, duplicate_count, unknown_category_count"
)
CRITERIA = (
    "attendance_source, attendance_type_id, attendance_location_id, attendance_unit, "
    "attendance_requirement, required_number_of_attendance, required_percentage, household_rule, "
    "household_number, household_percentage, member_domain, no_data_rule"
)
# What no upgrade may change, row for row.
KEPT = {
    "verdicts": rows(
        "id, run_id, kind, cycle_membership_id, partner_id, household_line_id, identifier, note, "
        "number_of_attendance, recorded, counts, members_counting, members_meeting, "
        "members_without_data, passes_criteria, override_id, verdict, status, state_before, "
        "state_after, is_changing, is_exception",
        LINES,
    ),
    "runs": rows(
        f"id, cycle_id, program_id, company_id, mode, from_date, to_date, user_id, decided_by_id, "
        f"decided_at, server_url, question_key, brake_reason, error, person_count, asked_count, "
        f"with_data_count, without_data_count, membership_count, compliant_count, "
        f"non_compliant_count, no_data_count, exempt_count, overridden_count, unchanged_count, "
        f"create_date, {CRITERIA}",
        RUNS,
    ),
    "events": rows(
        "id, individual_id, company_id, attendance_date, attendance_time, attendance_type_id, "
        "attendance_location_id, attendance_category, attendance_description, submitted_by, "
        "submitted_datetime, event_data_source, event_data_external_id, cycle_id, program_id, "
        "withdrawn",
        EVENTS,
    ),
    "changes": rows(
        "id, event_id, field_name, old_value, new_value, create_uid, create_date",
        f"{EVENTS}_change",
    ),
    "overrides": rows(
        "id, cycle_membership_id, partner_id, company_id, verdict, reason, lifted_by_id, "
        "lifted_at, create_uid, create_date",
        OVERRIDES,
    ),
    "members": rows("id, individual_id, number_of_attendance, counts, state", MEMBERS),
    "memberships": rows(
        "id, cycle_id, partner_id, state, number_of_attendance, attendance_status, "
        "attendance_override_id",
        "g2p_cycle_membership",
    ),
    "cycles": rows(
        f"id, name, state, start_date, end_date, use_attendance_criteria, {CRITERIA}", "g2p_cycle"
    ),
    "persons": rows("id, name, personal_identifier", "res_partner"),
    "event data": rows("id, model, res_id, partner_id, collection_date, state", "spp_event_data"),
    "types": rows("id, name, external_source, external_id", "spp_res_config_attendance_type"),
}
# The same, where it has another name now: the question before, and the one after.
MOVED = {
    "findings": (rows("id, answer", LINES), rows("id, finding", LINES)),
    "answers": (
        "SELECT string_agg(ROW(batch_id, identifier, partner_id, answer, digest, answer_digest)"
        "::text, ' ' ORDER BY batch_id, id) FROM spp_attendance_run_line"
        " WHERE answer IN ('known', 'unknown', 'unreadable')",
        "SELECT string_agg(ROW(intake_id, identifier, partner_id, answer, digest, answer_digest)"
        "::text, ' ' ORDER BY intake_id, id) FROM spp_attendance_answer",
    ),
    "answers of lines": (
        rows("id, answer, batch_id", f"{LINES} WHERE batch_id IS NOT NULL"),
        "SELECT string_agg(ROW(line.id, answer, intake_id)::text, ' ' ORDER BY line.id)"
        f" FROM {LINES} AS line JOIN spp_attendance_answer AS answer ON answer.id = answer_id",
    ),
    "intakes": (
        "SELECT string_agg(ROW(batch.id, run_id, number, batch.person_count, is_done, answered_at,"
        f" {COUNTS}, server_url, question_key, from_date, to_date, attendance_type_id,"
        " attendance_location_id, cycle_id, program_id, user_id, company_id)::text, ' '"
        f" ORDER BY batch.id) FROM spp_attendance_run_batch AS batch JOIN {RUNS} AS run"
        " ON run.id = run_id",
        rows(
            f"id, run_id, number, person_count, is_done, answered_at, {COUNTS}, server_url, "
            "question_key, from_date, to_date, attendance_type_id, attendance_location_id, "
            "cycle_id, program_id, user_id, company_id",
            "spp_attendance_intake",
        ),
    ),
    "what brought events": (
        rows("id, run_id, withdrawn_run_id", EVENTS),
        "SELECT string_agg(ROW(event.id, intake.run_id, withdrawing.run_id)::text, ' '"
        f" ORDER BY event.id) FROM {EVENTS} AS event"
        " LEFT JOIN spp_attendance_intake AS intake ON intake.id = intake_id"
        " LEFT JOIN spp_attendance_intake AS withdrawing ON withdrawing.id = withdrawn_intake_id",
    ),
    "what changed events": (
        rows("id, run_id", f"{EVENTS}_change"),
        "SELECT string_agg(ROW(change.id, intake.run_id)::text, ' ' ORDER BY change.id)"
        f" FROM {EVENTS}_change AS change"
        " LEFT JOIN spp_attendance_intake AS intake ON intake.id = intake_id",
    ),
}
OUTDATED = "The addon was updated while this run was in progress, or waited."


class ReleasedAttendance(Released):
    addon, facts = ADDON, HERE / "released_attendance.json"

    def __init__(self, env, folder, server):
        super().__init__(env, folder)
        self.server = server

    def fill(self):
        self.env.shell(self.name, SCRIPTS / "fill_attended.py", str(WRITTEN), self.server.url)

    def use(self, name):
        output = self.env.shell(name, SCRIPTS / "use_attended.py")
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
                )
            )
    return people


@pytest.fixture(scope="module")
def released(odoo_env, tmp_path_factory):
    with AttendanceServer(read_people()) as server:
        released = ReleasedAttendance(odoo_env, tmp_path_factory.mktemp("released"), server)
        try:
            released.make()
            yield released
        finally:
            released.drop_all()


@pytest.fixture(scope="module", params=["2.0.0", "2.1.0"])
def upgraded(released, request):
    """The name of an upgraded database, and the log of that."""
    change = OF_17_0_2_0_0 if request.param == "2.0.0" else ""
    return released.upgrade_copy(request.param, change)


@pytest.fixture(scope="module")
def used(released, upgraded):
    """A copy of it that is worked with, and what was found."""
    name = released.copy(upgraded[0])
    return name, released.use(name)


def test_nothing_to_complain_about(upgraded):
    assert not COMPLAINT.findall(upgraded[1])


@pytest.mark.parametrize("what", KEPT)
def test_nothing_is_lost(released, upgraded, what):
    held = released.sql(KEPT[what])
    assert held
    assert released.sql(KEPT[what], upgraded[0]) == held


@pytest.mark.parametrize("what", MOVED)
def test_what_moved_is_the_same(released, upgraded, what):
    before, after = MOVED[what]
    held = released.sql(before)
    assert held
    assert released.sql(after, upgraded[0]) == held
