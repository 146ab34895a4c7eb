{
    "name": "OpenSPP compliance criteria (stand-in)",
    "summary": "Stand-in: criteria that members of a cycle must keep to",
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
        "security/ir.model.access-newest.csv",
        "views/g2p_cycle_views.xml",
        "views/g2p_program_views.xml",
        "views/res_config_settings_views.xml",
        "views/cycle_membership_views.xml",
    ],
}
