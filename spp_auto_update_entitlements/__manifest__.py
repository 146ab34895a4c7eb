{
    "name": "OpenSPP Auto-Update Entitlements",
    "summary": "Settle entitlements against their redemptions when a cycle is over, and end it.",
    "category": "OpenSPP",
    "version": "17.0.2.0.0",
    "author": "OpenSPP.org",
    "website": "https://github.com/OpenSPP/openspp-modules",
    "license": "LGPL-3",
    "development_status": "Production/Stable",
    "depends": [
        "g2p_programs",
        "spp_programs",
        "spp_ent_trans",
    ],
    "data": [
        "security/ir.model.access.csv",
        "security/settlement_rules.xml",
        "data/mail_activity_type.xml",
        "data/ir_cron.xml",
        "views/cycle_settlement_views.xml",
        "views/cycle_views.xml",
        "views/entitlement_views.xml",
        "views/entitlement_inkind_views.xml",
        "report/redemption_report_views.xml",
        "views/res_config_settings_views.xml",
    ],
    "assets": {
        "web.assets_tests": [
            "spp_auto_update_entitlements/static/tests/tours/*.js",
        ],
    },
    "pre_init_hook": "pre_init_hook",
    "post_init_hook": "post_init_hook",
}
