{
    "name": "OpenSPP event data (stand-in)",
    "summary": "Stand-in: events in the life of registrants, the newest of a kind active",
    "version": "17.0.1.0.0",
    "category": "OpenSPP",
    "website": "https://openspp.org",
    "author": "OpenSPP Community",
    "license": "LGPL-3",
    "depends": [
        "g2p_registry_group",
        "g2p_registry_individual",
    ],
    "data": [
        "security/ir.model.access.csv",
        "views/event_data_view.xml",
        "views/registrant_view.xml",
        "wizard/create_event_wizard.xml",
    ],
}
