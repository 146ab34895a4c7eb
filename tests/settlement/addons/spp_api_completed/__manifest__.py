{
    "name": "OpenSPP API, completed",
    "summary": "For tests: lets the platform's REST API answer on Odoo 17.0",
    "version": "17.0.1.0.0",
    "license": "LGPL-3",
    "author": "OpenSPP.org",
    "depends": ["spp_api_records", "spp_auto_update_entitlements"],
    "auto_install": ["spp_auto_update_entitlements"],
}
