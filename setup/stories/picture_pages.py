"""Finds the pages of the pictures in the demo; runs inside Odoo's shell.

Prints for each its path on the server, and the action that is to be done there, if there is one.
"""

import json
import sys
from base64 import b64encode

ATTENDANCE = "spp_cycle_attendance_compliance"
SETTLEMENT = "spp_auto_update_entitlements"
URL = sys.argv[1]
CSV = """ID,Date,Presence
00000001,2026-01-12,present
00000002,2026-01-12,absent
00000003,2026-01-12,Illness
99999999,2026-01-12,present
00000005,31.31.,present
"""


def find(model, *domain, order=None):
    found = env[model].search(list(domain), order=order, limit=1)
    if not found:
        raise LookupError(f"The demo has no {model} with {domain}")
    return found


def form(record, action=None):
    page = f"id={record.id}&model={record._name}&view_type=form"
    return f"/web#{f'action={env.ref(action).id}&' if action else ''}{page}"


def action(name):
    return f"/web#action={env.ref(name).id}"


def dialog(wizard, behind, name):
    """A wizard above a list."""
    shown = {
        "type": "ir.actions.act_window",
        "name": env.ref(name).name,
        "res_model": wizard._name,
        "res_id": wizard.id,
        "views": [[False, "form"]],
        "target": "new",
    }
    return f"{action(behind)} {json.dumps(shown)}"


def connect():
    """The wizard, after it tried."""
    wizard = env["spp.connect.attendance"].create(
        {
            "name": "District schools",
            "url": URL,
            "client_id": "client",
            "client_secret": "secret",
            "id_type_id": find("g2p.id.type", ("name", "=", "School ID")).id,
        }
    )
    wizard.action_test()
    return wizard


def bring_in():
    """The wizard, after it looked at a registrar's file; nobody else sees it."""
    registrar = find("res.users", ("login", "=", "registrar"))
    lists = find("spp.attendance.source", ("name", "=", "Lists of the training centre"))
    wizard = (
        env["spp.upload.attendance"]
        .with_user(registrar)
        .create(
            {
                "source_id": lists.id,
                "file": b64encode(CSV.encode()),
                "file_name": "training centre.csv",
            }
        )
    )
    wizard.action_look()
    return wizard


env = env(user=env.ref("base.user_admin").id)
over = find("g2p.cycle", ("name", "=", "Cash, last month"))
pupils = find("g2p.cycle", ("name", "=", "Pupils, last month"))
stipend = find("g2p.cycle", ("name", "=like", "Family Stipend %"), order="id desc")
partial = over.entitlement_ids.filtered(lambda one: one.settlement_outcome == "partial")[:1]
barros = find("res.partner", ("name", "=", "Barros family"))
of_barros = ("partner_id", "=", barros.id), ("cycle_id", "=", stipend.id)
PAGES = {
    f"{SETTLEMENT}/expired_cycle": action(f"{SETTLEMENT}.action_expired_cycles"),
    f"{SETTLEMENT}/cycle": form(over, "g2p_programs.action_cycle"),
    f"{SETTLEMENT}/overview": action(f"{SETTLEMENT}.action_settlement_board"),
    f"{SETTLEMENT}/settlement": form(
        over.settlement_ids[-1:], f"{SETTLEMENT}.action_cycle_settlement"
    ),
    f"{SETTLEMENT}/entitlement": form(partial),
    f"{SETTLEMENT}/analysis": action(f"{SETTLEMENT}.action_redemption_report_cash"),
    f"{ATTENDANCE}/cycle": form(pupils, "g2p_programs.action_cycle"),
    f"{ATTENDANCE}/connect": dialog(
        connect(),
        f"{ATTENDANCE}.action_attendance_source",
        f"{ATTENDANCE}.action_connect_attendance",
    ),
    f"{ATTENDANCE}/criteria": form(stipend, "g2p_programs.action_cycle"),
    f"{ATTENDANCE}/file": dialog(
        bring_in(),
        f"{ATTENDANCE}.action_attendance_intake",
        f"{ATTENDANCE}.action_upload_attendance",
    ),
    f"{ATTENDANCE}/history": form(barros, "g2p_registry_group.action_groups_list"),
    f"{ATTENDANCE}/days": form(barros, "g2p_registry_group.action_groups_list"),
    f"{ATTENDANCE}/overview": action(f"{ATTENDANCE}.action_attendance_board"),
    f"{ATTENDANCE}/membership": form(find("g2p.cycle.membership", *of_barros)),
    f"{ATTENDANCE}/run": form(pupils.attendance_run_ids[:1], f"{ATTENDANCE}.action_attendance_run"),
    f"{ATTENDANCE}/verdicts": action(f"{ATTENDANCE}.action_attendance_verdict"),
    f"{ATTENDANCE}/waiver": form(
        find("spp.attendance.waiver"), f"{ATTENDANCE}.action_attendance_waiver"
    ),
}
env.cr.commit()
print("pages:" + json.dumps(PAGES))
