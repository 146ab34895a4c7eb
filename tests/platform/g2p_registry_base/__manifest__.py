{
    "name": "Registry base (stand-in)",
    "summary": "Stand-in: registrants, their IDs, and the access groups of the registry",
    "version": "17.0.1.0.0",
    "category": "OpenSPP",
    "website": "https://openspp.org",
    "author": "OpenSPP Community",
    "license": "LGPL-3",
    "depends": [
        "mail",
        "contacts",
    ],
    "data": [
        "security/g2p_security.xml",
        "security/ir.model.access.csv",
        "security/everybody.xml",
        "views/main_view.xml",
        "wizard/disable_registrant_view.xml",
        "views/id_types_view.xml",
        "views/tags_view.xml",
    ],
}
