"""Inside Odoo's shell: tells where the PDFs of the demo are, and what must stand in each.

``pages`` are the numbers of pages that are right, ``terms`` stand on the first page, translated;
``begins`` are lists of texts: each list begins on a page of its own, and goes on in its order.
"""

import json

ATTENDANCE = "spp_cycle_attendance_compliance"
SETTLEMENT = "spp_auto_update_entitlements"


def find_cycle(name):
    return env["g2p.cycle"].search([("name", "=", name)])


def open_dialog(cycle, **vals):
    dialog = env["spp.attendance.print"].create({"cycle_id": cycle.id, **vals})
    dialog.action_print()
    return dialog


def take_the_systems_font():
    """Have the PDFs in a font of the machine, for the tests to read words in them.

    Debian's wkhtmltopdf draws the letters of Odoo's own web fonts as pictures. So this tells
    nothing of how those look.
    """
    style = "* {font-family: 'DejaVu Sans' !important}"
    url = "/languages/font.css"
    env["ir.attachment"].create(
        {"name": url, "url": url, "type": "binary", "raw": style.encode(), "public": True}
    )
    bundle = "web.report_assets_common"
    env["ir.asset"].create({"name": url, "path": url, "bundle": bundle})


def describe_list():
    dialog = open_dialog(find_cycle("Pupils, last month"), grouped_by="area")
    # The administrator's lists have the IDs first.
    begins = [[row[1] for row in rows] for _name, rows in dialog._get_pdf_groups()]
    return {
        "path": f"/report/pdf/{ATTENDANCE}.verdict_list/{dialog.id}",
        "addon": ATTENDANCE,
        "pages": list(range(len(begins), 3 * len(begins))),
        "terms": ["Verdict", "Reason"],
        "begins": begins,
    }


def describe_letters(cycle):
    dialog = open_dialog(cycle, content="letters", which="all", is_unprinted=False)
    lines = env["spp.attendance.run.line"].browse(dialog.letter_numbers)
    return {
        "path": f"/report/pdf/{ATTENDANCE}.attendance_letters/{dialog.id}",
        "addon": ATTENDANCE,
        "pages": [len(lines)],
        "terms": ["Your Attendance", "What was found"],
        "begins": [[line.partner_id.name] for line in lines],
    }


def describe_settlement():
    settlement = find_cycle("Cash, last month").settlement_ids.sorted("exception_count")[-1]
    return {
        "path": f"/report/pdf/{SETTLEMENT}.settlement_report/{settlement.id}",
        "addon": SETTLEMENT,
        "pages": [1, 2],
        "terms": ["Settlement Report", "Granted"],
        "begins": [],
    }


env = env(user=env.ref("base.user_admin").id)
take_the_systems_font()
prints = {
    "list": describe_list(),
    "letters": describe_letters(find_cycle("Families, last month")),
    "settlement": describe_settlement(),
}
env.cr.commit()
print("prints:" + json.dumps(prints))
