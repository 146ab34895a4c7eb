{
    "name": "Registry individuals (stand-in)",
    "summary": "Stand-in: registrants who are persons",
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
        "security/everybody.xml",
        "views/individuals_view.xml",
        "views/gender_view.xml",
    ],
}
