{
    "name": "OpenSPP programs (stand-in)",
    "summary": "Stand-in: entitlements in kind, and what OpenSPP adds to programs and cycles",
    "version": "17.0.1.0.0",
    "category": "OpenSPP",
    "website": "https://openspp.org",
    "author": "OpenSPP Community",
    "license": "LGPL-3",
    "depends": [
        "g2p_programs",
        "product",
    ],
    "data": [
        "security/ir.model.access.csv",
        "views/main_view.xml",
        "views/entitlement_view.xml",
        "views/entitlement_cash_view.xml",
        "views/cycle_view.xml",
        "views/programs_view.xml",
        "views/registrant_view.xml",
        "views/managers/entitlement_manager_view.xml",
    ],
}
