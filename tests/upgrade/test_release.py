"""A database of the attendance addon's 17.0.2.0.0 is upgraded in place."""

import pytest
from earlier import COMPLAINT, EVENTS, MEMBERS, SCRIPTS, rows

ADDON = "spp_cycle_attendance_compliance"
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
# Its tables, where they were others.
GO_BACK = f"""
    DROP INDEX {MEMBERS}_shown_unique;
    ALTER TABLE {MEMBERS} DROP active, DROP number_of_attendance_str,
        ADD CONSTRAINT {MEMBERS}_member_unique UNIQUE (cycle_membership_id, individual_id);
    ALTER TABLE {EVENTS} ALTER individual_id SET NOT NULL;
"""
KEPT = {
    "members": rows("id, individual_id, number_of_attendance, counts, state", MEMBERS),
    "memberships": rows(
        "id, state, number_of_attendance, attendance_status", "g2p_cycle_membership"
    ),
    "cycles": rows("id, required_number_of_attendance, no_data_rule", "g2p_cycle"),
    "verdicts": rows(
        "id, run_id, verdict, status, number_of_attendance", "spp_attendance_run_line"
    ),
    "events": rows("row.*", f"{EVENTS} AS row"),
    "filters": rows("name, action_id", "ir_filters"),
}
EXTERNAL_IDS = (
    "SELECT string_agg(concat_ws(' ', name, model, res_id), ', ' ORDER BY name)"
    f" FROM ir_model_data WHERE module = '{ADDON}' AND name IN {tuple(NAMES.values())}"
)


@pytest.fixture
def released(odoo_env, database):
    """A database of that version."""
    name = database()
    odoo_env.shell(name, SCRIPTS / "fill_release.py")
    odoo_env.databases.sql(GO_BACK, name)
    for before, after in NAMES.items():
        odoo_env.databases.sql(
            f"UPDATE ir_model_data SET name = '{before}'"
            f" WHERE module = '{ADDON}' AND name = '{after}'",
            name,
        )
    odoo_env.databases.sql(
        f"UPDATE ir_module_module SET latest_version = '{odoo_env.server.series}.2.0.0'"
        f" WHERE name = '{ADDON}'",
        name,
    )
    return name


def test_upgrade_of_17_0_2_0_0(odoo_env, template, released, tmp_path):
    def ask(query, name=released):
        return odoo_env.databases.sql(query, name)

    held = {what: ask(query) for what, query in KEPT.items()}
    log = tmp_path / "odoo.log"
    odoo_env.run_odoo(log, "--no-http", "-u", ADDON, db=released, failing="The upgrade failed:")
    assert not COMPLAINT.findall(log.read_text())
    assert {what: ask(query) for what, query in KEPT.items()} == held
    assert ask(EXTERNAL_IDS) == ask(EXTERNAL_IDS, template)
    assert (
        ask(rows("active, number_of_attendance, state", MEMBERS)) == "(t,1,included) (t,1,included)"
    )
    unique = f"SELECT indexdef FROM pg_indexes WHERE indexname = '{MEMBERS}_shown_unique'"
    assert ask(unique).endswith("(cycle_membership_id, individual_id) WHERE active")
    required = (
        "SELECT is_nullable FROM information_schema.columns WHERE column_name = 'individual_id'"
        " AND table_name = 'spp_event_attendance'"
    )
    assert ask(required) == "YES"
