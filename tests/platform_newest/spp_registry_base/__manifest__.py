{
    "name": "OpenSPP registry (stand-in)",
    "summary": "Stand-in: groups that may read, write or create registrants",
    "version": "17.0.1.0.0",
    "category": "OpenSPP",
    "website": "https://openspp.org",
    "author": "OpenSPP Community",
    "license": "LGPL-3",
    "depends": [
        "g2p_registry_group",
        "g2p_registry_individual",
        "g2p_registry_membership",
    ],
    "data": [
        "security/security_access.xml",
        "security/ir.model.access.csv",
        "views/menus.xml",
    ],
    # No module brings this script, as on the platform: the browser's console says so.
    "assets": {
        "web.assets_backend": ["spp_registry/static/src/import_records/import_records.js"],
    },
}
