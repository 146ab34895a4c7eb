{
    "name": "Areas (stand-in)",
    "summary": "Stand-in: the areas that registrants live in",
    "version": "17.0.1.0.0",
    "category": "OpenSPP",
    "website": "https://openspp.org",
    "author": "OpenSPP Community",
    "license": "LGPL-3",
    "depends": [
        "g2p_registry_individual",
        "g2p_registry_group",
    ],
    "data": [
        "security/ir.model.access.csv",
    ],
}
