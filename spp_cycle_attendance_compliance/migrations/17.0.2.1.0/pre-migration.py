"""Bring a database of 17.0.2.0.0 to what the models of this version expect."""

from odoo.tools import SQL

MODULE = "spp_cycle_attendance_compliance"
MEMBERS = "spp_cycle_group_membership_attendance"
# Of the earlier module (17.0.1): people's filters, menus and inherited views refer to them.
EXTERNAL_IDS = {
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


def migrate(cr, version):
    # Unique among those that are shown, from now on.
    cr.execute(
        SQL(
            "ALTER TABLE IF EXISTS %s DROP CONSTRAINT IF EXISTS %s",
            SQL.identifier(MEMBERS),
            SQL.identifier(f"{MEMBERS}_member_unique"),
        )
    )
    for present, earlier in EXTERNAL_IDS.items():
        cr.execute(
            "UPDATE ir_model_data SET name = %s WHERE module = %s AND name = %s",
            [earlier, MODULE, present],
        )
