"""Give views the external ids that they had in the earlier module (17.0.1).

People's inherited views refer to them. On a database of that module there is nothing to rename.
"""

MODULE = "spp_auto_update_entitlements"
EXTERNAL_IDS = {
    "view_cycle_form": "view_cycle_custom_spp_form",
    "view_entitlement_form": "view_entitlement_custom_form",
}


def migrate(cr, version):
    for present, earlier in EXTERNAL_IDS.items():
        cr.execute(
            "UPDATE ir_model_data SET name = %s WHERE module = %s AND name = %s",
            [earlier, MODULE, present],
        )
