"""Give menus, actions and views the external ids that they had in the earlier module (17.0.1).

People's filters, menus and inherited views refer to them. On a database of that module there is
nothing to rename.
"""

MODULE = "spp_cycle_attendance_compliance"
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
    for present, earlier in EXTERNAL_IDS.items():
        cr.execute(
            "UPDATE ir_model_data SET name = %s WHERE module = %s AND name = %s",
            [earlier, MODULE, present],
        )
