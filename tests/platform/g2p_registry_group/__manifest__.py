{
    "name": "Registry groups (stand-in)",
    "summary": "Stand-in: registrants that are groups, such as households",
    "version": "17.0.1.0.0",
    "category": "OpenSPP",
    "website": "https://openspp.org",
    "author": "OpenSPP Community",
    "license": "LGPL-3",
    "depends": [
        "g2p_registry_base",
    ],
    "data": [
        "security/ir.model.access.csv",
        "data/group_kinds.xml",
        "views/groups_view.xml",
    ],
}
