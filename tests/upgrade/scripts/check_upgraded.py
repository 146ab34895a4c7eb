"""Opens every page of the addons on an upgraded database, and works with it. For `odoo shell`.

Prints what it found as JSON. The argument is a file of facts about the earlier modules.
"""

import json
import sys

from dateutil.relativedelta import relativedelta
from lxml import etree

from odoo.fields import Date
from odoo.tools.safe_eval import safe_eval

MODULES = ("spp_auto_update_entitlements", "spp_cycle_attendance_compliance")
LISTED = {"tree": "list"}
with open(sys.argv[1]) as file:
    FACTS = json.load(file)
as_admin = env(user=env.ref("base.user_admin"))


def get_broken_external_ids():
    return [
        f"{module}.{record['name']}"
        for module, facts in FACTS.items()
        for record in facts["external_ids"]
        if getattr(env.ref(f"{module}.{record['name']}", False), "_name", None) != record["model"]
    ]


def open_pages():
    """Read on each view what a browser would, and return what the views are."""
    views = env["ir.model.data"].search([("module", "in", MODULES), ("model", "=", "ir.ui.view")])
    opened = set()
    for view in env["ir.ui.view"].browse(views.mapped("res_id")).exists():
        root = view
        while root.mode == "extension":
            root = root.inherit_id
        if root.type == "qweb":
            continue
        records = as_admin[root.model]
        arch = etree.fromstring(records.get_view(root.id, root.type)["arch"])
        names = [name for name in get_own_fields(arch) if is_readable(records._fields[name])]
        if root.type in ("pivot", "graph"):
            read_groups(records, arch)
        elif root.type == "search":
            try_filters(records, arch)
        elif names:  # a board has none, and no records
            records.search([], limit=200).read(names)
        opened.add(f"{LISTED.get(root.type, root.type)} {root.model}")
    return sorted(opened)


def get_own_fields(arch):
    """Return the fields of a view, without those of views inside of it."""
    return [
        node.get("name")
        for node in arch.iter("field")
        if not any(parent.tag == "field" for parent in node.iterancestors())
    ]


def is_readable(field):
    """Tell fields of the platform that refer to a module that is not installed."""
    return field.comodel_name != "_unknown"


def read_groups(records, arch):
    groupby, measures = [], ["__count"]
    for node in arch.findall("field"):
        name, kind = node.get("name"), node.get("type")
        field = records._fields[name]
        if kind == "measure":
            measures.append(f"{name}:{field.aggregator if hasattr(field, 'aggregator') else 'sum'}")
        else:
            interval = node.get("interval")
            groupby.append(f"{name}:{interval}" if interval else name)
    records._read_group([], groupby, measures)


def try_filters(records, arch):
    names = {
        "uid": env.uid,
        "context_today": lambda: Date.context_today(env.user),
        "relativedelta": relativedelta,
        "time": None,
    }
    for node in arch.iter("filter"):
        if node.get("domain"):
            records.search_count(safe_eval(node.get("domain"), dict(names)))
        if node.get("context"):
            grouping = safe_eval(node.get("context"), dict(names)).get("group_by")
            if grouping:
                is_date = records._fields[grouping.split(":")[0]].type in ("date", "datetime")
                by_month = ":" not in grouping and is_date
                records._read_group([], [grouping + ":month" * by_month], ["__count"])


def check_attendance():
    """Ask the attendance system about a cycle's members, as the next thing that people do."""
    cycle = as_admin["g2p.cycle"].search([("name", "=", "on")])
    run = run_attendance(cycle)
    return {
        "run": [run.state, run.error or ""],
        "memberships": {
            membership.partner_id.name: [
                membership.number_of_attendance,
                membership.attendance_status,
                membership.state,
            ]
            for membership in cycle.sudo().cycle_membership_ids
        },
        "without dates": check_without_dates(),
        "reversed": press_reversed(),
    }


def run_attendance(cycle):
    """Run it, and apply what waits, with a reason if a brake holds it."""
    action = cycle.action_filter_beneficiaries_by_compliance_criteria()
    run = as_admin["spp.attendance.run"].browse(action["res_id"])
    if run.state == "waiting":
        action = run.action_apply()
        if action:
            as_admin[action["res_model"]].with_context(**action["context"]).create(
                {"reason": "It is right"}
            ).action_confirm()
    return run


def check_without_dates():
    """Check a cycle that begins today, of which the earlier module counted all so far."""
    cycle = as_admin["g2p.cycle"].search([("name", "=", "lesson")])
    person = as_admin["res.partner"].search([("name", "=", "Ana")])
    membership = as_admin["g2p.cycle.membership"].create(
        {"cycle_id": cycle.id, "partner_id": person.id}
    )
    run = run_attendance(cycle)
    return [run.state, run.error or "", str(run.from_date), membership.number_of_attendance]


def press_reversed():
    cycle = as_admin["g2p.cycle"].search([("name", "=", "reversed")])
    person = as_admin["res.partner"].search([("name", "=", "Dan")])
    as_admin["g2p.cycle.membership"].create({"cycle_id": cycle.id, "partner_id": person.id})
    try:
        cycle.action_preview_attendance()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def run_night():
    cron = env.ref("spp_auto_update_entitlements.cron_settle_cycles")
    # Odoo 19 runs it in a transaction of its own.
    env.cr.commit()
    cron.method_direct_trigger()
    env.cr.commit()
    env.invalidate_all()


def get_settled(name):
    cycle = as_admin["g2p.cycle"].search([("name", "=", name)])
    return {
        "cycle": cycle.state,
        "settlement": [[each.state, each.entitlement_count] for each in cycle.settlement_ids],
        "cash": cycle.entitlement_ids.sorted("id").mapped("state"),
        "inkind": cycle.inkind_entitlement_ids.sorted("id").mapped("state"),
    }


def settle():
    """Have nights and a person settle what was over, and what was running, at the upgrade."""
    env.cr.execute(
        "UPDATE g2p_cycle SET start_date = '2026-01-01', end_date = '2026-01-31'"
        " WHERE name = 'unset'"
    )
    env.invalidate_all()
    run_night()
    held = as_admin["g2p.cycle"].search([("settlement_hold", "=", "held")])
    found = {
        "held back": sorted(held.mapped("name")),
        "told": held.program_id.activity_ids.mapped("note"),
        "night": {name: get_settled(name)["settlement"] for name in ("over", "ended", "unset")},
    }
    held.filtered(lambda cycle: cycle.name == "over").action_settle_held_back()
    return {**found, "person": get_settled("over")}


def get_own_changes():
    """Return what people had made of the earlier modules' pages."""
    filters = env["ir.filters"].search([("name", "=", "In January")])
    action = env["ir.actions.act_window"].browse(filters.action_id.id)
    menu = env["ir.ui.menu"].search([("name", "=", "Our types")])
    inherited = env["ir.ui.view"].with_context(active_test=False)
    return {
        "filter": as_admin[filters.model_id].search_count(safe_eval(filters.domain)),
        "filter's action": action.get_external_id()[action.id],
        "menu": [menu.parent_id.get_external_id()[menu.parent_id.id], menu.action.res_model],
        "views": sorted(
            [view.name, view.active]
            for view in inherited.search(
                ["|", ("name", "=ilike", "%fit%"), ("name", "=like", "Names a field%")]
            )
        ),
    }


print(
    "found:"
    + json.dumps(
        {
            "broken": get_broken_external_ids(),
            "opened": open_pages(),
            "own": get_own_changes(),
            "id_type": env["spp.attendance.source"]
            .search([("protocol", "=", "server")])
            .id_type_id.name,
            "attendance": check_attendance(),
            "settlement": settle(),
            "opened again": open_pages(),
        }
    )
)
env.cr.commit()
