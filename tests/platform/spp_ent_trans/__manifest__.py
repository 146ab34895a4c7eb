{
    "name": "OpenSPP entitlement transactions (stand-in)",
    "summary": "Stand-in: what points of service report about redeemed entitlements",
    "version": "17.0.1.0.0",
    "category": "OpenSPP",
    "website": "https://openspp.org",
    "author": "OpenSPP Community",
    "license": "LGPL-3",
    "depends": [
        "spp_programs",
    ],
    "data": [
        "security/ir.model.access.csv",
        "views/transactions_view.xml",
        "views/inkind_transactions_view.xml",
    ],
}
