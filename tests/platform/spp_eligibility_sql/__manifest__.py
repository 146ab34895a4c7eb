{
    "name": "OpenSPP eligibility by an SQL query (stand-in)",
    "summary": "Stand-in: a manager that finds the eligible registrants by an SQL query",
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
    ],
}
