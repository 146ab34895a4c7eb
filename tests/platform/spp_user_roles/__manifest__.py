{
    "name": "User roles (stand-in)",
    "summary": "Stand-in: who works with registrants in one place",
    "version": "17.0.1.0.0",
    "category": "OpenSPP",
    "website": "https://openspp.org",
    "author": "OpenSPP Community",
    "license": "LGPL-3",
    "depends": [
        "g2p_registry_base",
        "spp_area",
    ],
    "data": [
        "security/user_roles.xml",
        "security/ir.model.access.csv",
    ],
}
