"""A database of our own 17.0.2.0.0 is upgraded in place."""

import pytest
from earlier import COMPLAINT, EVENTS, MEMBERS, MODULES, SCRIPTS, rows

# What 17.0.2.0.0 called what has the earlier modules' external ids again.
NAMES = {
    "spp_auto_update_entitlements": {
        "view_cycle_form": "view_cycle_custom_spp_form",
        "view_entitlement_form": "view_entitlement_custom_form",
    },
    "spp_cycle_attendance_compliance": {
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
    },
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
    " FROM ir_model_data WHERE (module, name) IN ({names})"
)


@pytest.fixture
def released(odoo_env, database):
    """A database of that version."""
    name = database()
    odoo_env.shell(name, SCRIPTS / "fill_release.py")
    odoo_env.databases.sql(GO_BACK, name)
    for module, names in NAMES.items():
        for before, after in names.items():
            odoo_env.databases.sql(
                f"UPDATE ir_model_data SET name = '{before}'"
                f" WHERE module = '{module}' AND name = '{after}'",
                name,
            )
        odoo_env.databases.sql(
            f"UPDATE ir_module_module SET latest_version = '{odoo_env.server.series}.2.0.0'"
            f" WHERE name = '{module}'",
            name,
        )
    return name


def test_upgrade_of_17_0_2_0_0(odoo_env, template, released, tmp_path):
    def ask(query, name=released):
        return odoo_env.databases.sql(query, name)

    names = ", ".join(
        f"('{module}', '{name}')" for module, names in NAMES.items() for name in names.values()
    )
    held = {what: ask(query) for what, query in KEPT.items()}
    log = tmp_path / "odoo.log"
    modules = ",".join(MODULES)
    odoo_env.run_odoo(log, "--no-http", "-u", modules, db=released, failing="The upgrade failed:")
    assert not COMPLAINT.findall(log.read_text())
    assert {what: ask(query) for what, query in KEPT.items()} == held
    assert ask(EXTERNAL_IDS.format(names=names)) == ask(EXTERNAL_IDS.format(names=names), template)
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
