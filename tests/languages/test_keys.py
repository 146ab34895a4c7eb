"""What the addons have people press is come to with Tab, and pressed with Enter: by real keys."""

import json
from datetime import date

import pytest

from harness.chromium import Chromium
from harness.demo import served
from harness.network import HOST
from harness.pictures import log_in

CODES = {"Tab": 9, "Enter": 13, "ArrowRight": 39, "ArrowDown": 40}
TABS = 150
SERVICES = "odoo.__WOWL_DEBUG__.root.env.services"
ROW = ":is(.o_list_view .o_data_row, .o_kanban_view .o_kanban_record)"
# A board has lists, too.
LIST = f".o_action_manager:not(:has(.o-dashboard-action, .o_pivot, .o_form_view)) {ROW}"
NO_DIALOG = "body:not(:has(.modal))"
# A page can't see that the machine is asked for a file, or given one.
TELL_OF_FILES = """
addEventListener("click", (ev) => {
    if (ev.target.type === "file" || ev.target.download) {
        ev.preventDefault();
        document.body.classList.add(ev.target.download ? "file_given" : "file_asked_for");
    }
}, true)
"""


def open_action(name, view=None):
    options = {"clearBreadcrumbs": True, **({"viewType": view} if view else {})}
    return f"{SERVICES}.action.doAction({json.dumps(name)}, {json.dumps(options)})"


def open_form(model, *domain):
    return f"""
    {SERVICES}.orm.search("{model}", {json.dumps(domain)}, {{limit: 1}}).then((ids) =>
        {SERVICES}.action.doAction(
            {{
                type: "ir.actions.act_window",
                res_model: "{model}",
                res_id: ids[0],
                views: [[false, "form"]],
            }},
            {{clearBreadcrumbs: true}}
        )
    )
    """


def open_family(name):
    return f"""
    {SERVICES}.orm.search("res.partner", [["name", "=", "{name}"]]).then(([resId]) =>
        {SERVICES}.action.doAction(
            "g2p_registry_group.action_groups_list",
            {{clearBreadcrumbs: true, viewType: "form", props: {{resId}}}}
        )
    )
    """


OPEN_PRINT = f"""
{SERVICES}.orm.search("g2p.cycle", [["name", "=", "Pupils, last month"]]).then(([id]) =>
    {SERVICES}.action.doAction("spp_cycle_attendance_compliance.action_attendance_print", {{
        additionalContext: {{default_cycle_id: id}},
    }})
)
"""
OPEN_FILE = f"""
{SERVICES}.orm.search("spp.attendance.source", [["protocol", "=", "file"]], {{limit: 1}})
    .then(([source_id]) =>
        {SERVICES}.orm.create("spp.upload.attendance", [
            {{source_id, file_name: "a.csv", file: btoa("ID,Date,Presence\\n1,2026-1-12,x")}},
        ])
    )
    .then((ids) => {SERVICES}.orm.call("spp.upload.attendance", "action_look", [ids]))
    .then((action) => {SERVICES}.action.doAction(action))
"""
ASKED = ("cycle_id.name", "=", "Families, this month")
OPEN_FILED_CYCLE = open_form(
    "g2p.cycle", ("state", "=", "draft"), ("attendance_source_id.protocol", "=", "file")
)
CONDITIONS = "div[name=attendance_condition_ids]"
LEAVE_DIALOG = (
    ("tab", ".modal footer .btn-secondary:last-child"),
    ("press", "Enter"),
    ("see", NO_DIALOG),
)
GIVE_A_REASON = (
    ("tab", ".modal div[name=reason] textarea"),
    ("type", "The lists were seen"),
    ("tab", ".modal footer button[name=action_confirm]"),
    ("press", "Enter"),
    ("see", NO_DIALOG),
)
# How a screen is opened, and what is done there with nothing but keys. Later ones need the earlier.
FLOWS = {
    "graph of attendance": (
        open_action("spp_cycle_attendance_compliance.action_attendance_board"),
        ("tab", ".o-dashboard-action canvas"),
        ("press", "ArrowRight"),
        ("press", "Enter"),
        ("see", LIST),
    ),
    "graph of the settlement": (
        open_action("spp_auto_update_entitlements.action_settlement_board"),
        ("tab", ".o-dashboard-action canvas"),
        ("press", "ArrowRight"),
        ("press", "Enter"),
        ("see", LIST),
    ),
    "pivot of attendance": (
        open_action("spp_cycle_attendance_compliance.action_attendance_count", "pivot"),
        ("tab", "td.o_pivot_cell_value"),
        ("press", "Enter"),
        ("see", LIST),
    ),
    "pivot of the settlement": (
        open_action("spp_auto_update_entitlements.action_settlement_overview", "pivot"),
        ("tab", "td.o_pivot_cell_value"),
        ("press", "Enter"),
        ("see", LIST),
    ),
    "bar of verdicts": (
        open_form("spp.attendance.run", ("state", "=", "done")),
        ("tab", "button[data-verdict]"),
        ("press", "Enter"),
        ("see", LIST),
    ),
    "a run is applied": (
        open_form("spp.attendance.run", ASKED, ("state", "=", "waiting")),
        ("tab", "button[name=action_apply]"),
        ("press", "Enter"),
        *GIVE_A_REASON,
        ("see", "button[name=action_take_back]"),
    ),
    "an override, and its end": (
        open_form("g2p.cycle.membership", ASKED, ("state", "=", "non_compliant")),
        ("tab", "button[name=action_override_attendance]"),
        ("press", "Enter"),
        ("tab", ".modal div[name=reason] textarea"),
        ("type", "A certificate was seen"),
        ("tab", ".modal footer .btn-primary"),
        ("press", "Enter"),
        ("see", f"{NO_DIALOG} button[name=action_lift_attendance_override]"),
        ("tab", "button[name=action_lift_attendance_override]"),
        ("press", "Enter"),
        *GIVE_A_REASON,
        ("see", "button[name=action_override_attendance]"),
    ),
    "a run is taken back": (
        open_form("spp.attendance.run", ASKED, ("state", "=", "done")),
        ("tab", "button[name=action_take_back]"),
        ("press", "Enter"),
        *GIVE_A_REASON,
        ("see", ".o_form_view:not(:has(button[name=action_take_back]))"),
    ),
    "a cycle is ended": (
        open_form(
            "g2p.cycle",
            ("state", "in", ("approved", "distributed")),
            ("end_date", "<", str(date.today())),
            ("settlement_hold", "=", False),
        ),
        ("tab", "button[name=mark_ended]"),
        ("press", "Enter"),
        ("tab", ".modal-footer .btn-primary"),
        ("press", "Enter"),
        ("see", f"{NO_DIALOG} .o_form_view:not(:has(button[name=mark_ended]))"),
    ),
    "a list is made": (
        OPEN_PRINT,
        ("tab", ".modal div[name=content] input"),
        ("press", "ArrowDown"),
        ("tab", ".modal footer .btn-primary:not([data-hotkey=q])"),
        ("press", "Enter"),
        ("see", ".modal .alert-success"),
    ),
    "a file is chosen": (
        open_action("spp_cycle_attendance_compliance.action_upload_attendance"),
        ("tab", ".modal .o_select_file_button"),
        ("press", "Enter"),
        ("see", ".file_asked_for"),
        *LEAVE_DIALOG,
    ),
    "what a file's column means": (
        OPEN_FILE,
        ("tab", ".modal .o_notebook a[name=columns]"),
        ("press", "Enter"),
        ("tab", ".modal div[name=column_ids] td.o_data_cell"),
        ("press", "Enter"),
        ("see", ".modal div[name=column_ids] .o_selected_row"),
        *LEAVE_DIALOG,
    ),
    "a system is tried": (
        open_action("spp_cycle_attendance_compliance.action_connect_attendance"),
        ("tab", ".modal div[name=name] input"),
        ("type", "Schools"),
        ("tab", ".modal div[name=url] input"),
        ("type", "http://localhost:9"),
        ("tab", ".modal div[name=id_type_id] input"),
        ("press", "ArrowDown"),
        ("see", ".modal .o-autocomplete--dropdown-item .ui-state-active"),
        ("press", "Enter"),
        ("tab", ".modal div[name=client_id] input"),
        ("type", "client"),
        ("tab", ".modal div[name=client_secret] input"),
        ("type", "secret"),
        ("tab", ".modal button[name=action_test]"),
        ("press", "Enter"),
        ("see", ".modal .o_data_row.text-danger"),
        ("tab", ".modal button[name=action_save]"),
        ("press", "Enter"),
        ("see", ".modal .alert-danger"),
        *LEAVE_DIALOG,
    ),
    "a condition is added, and changed": (
        OPEN_FILED_CYCLE,
        ("tab", ".o_notebook a[name=attendance_compliance]"),
        ("press", "Enter"),
        ("tab", f"{CONDITIONS} .o_field_x2many_list_row_add a"),
        ("press", "Enter"),
        ("tab", ".modal div[name=name] input"),
        ("type", "Lessons"),
        ("tab", ".modal div[name=about] input"),
        ("press", "ArrowDown"),
        ("tab", ".modal div[name=age_to] input"),
        ("type", "17"),
        ("tab", ".modal .o_form_button_save"),
        ("press", "Enter"),
        ("see", f"{NO_DIALOG} {CONDITIONS} .o_data_row:nth-child(4)"),
        ("tab", f"{CONDITIONS} td.o_data_cell"),
        ("press", "Enter"),
        ("tab", ".modal div[name=name] input"),
        ("type", "School"),
        ("tab", ".modal .o_form_button_save"),
        ("press", "Enter"),
        ("see", NO_DIALOG),
        ("tab", ".o_form_button_save"),
        ("press", "Enter"),
        ("see", ".o_form_saved"),
    ),
    "a class sheet is made": (
        OPEN_FILED_CYCLE,
        ("tab", ".o_notebook a[name=attendance_compliance]"),
        ("press", "Enter"),
        ("tab", ".o_notebook button.text-nowrap:not([name^=action])"),
        ("press", "Enter"),
        ("tab", ".modal button[name=action_make]"),
        ("press", "Enter"),
        ("tab", ".modal div[name=sheet] a"),
        ("press", "Enter"),
        ("see", ".file_given"),
        *LEAVE_DIALOG,
    ),
    "a listed line is cleared": (
        open_action("spp_auto_update_entitlements.action_lines_to_look_at"),
        ("tab", ".o_data_row button[name=action_clear]"),
        ("press", "Enter"),
        ("tab", ".modal div[name=remark] textarea"),
        ("type", "The receipts were seen"),
        ("tab", ".modal footer button[name=action_confirm]"),
        ("press", "Enter"),
        ("see", NO_DIALOG),
    ),
    "why a family was not paid, on its page": (
        open_family("Barros family"),
        ("tab", ".o_notebook a[name=attendance_history]"),
        ("press", "Enter"),
        ("tab", ".o_data_row button[name=action_open_attendance_days]"),
        ("press", "Enter"),
        ("see", ".modal div[name=counted_days] td[title]"),
        *LEAVE_DIALOG,
    ),
    "why a family was not paid, in the list": (
        open_action("spp_cycle_attendance_compliance.action_attendance_verdict"),
        ("tab", ".o_data_row button[name=action_open_days]"),
        ("press", "Enter"),
        ("see", ".modal div[name=counted_days] table"),
        *LEAVE_DIALOG,
    ),
    "what a family redeemed": (
        open_family("Toure family 60"),
        ("tab", ".o_notebook a[name=redemption]"),
        ("press", "Enter"),
        ("tab", ".o_data_row button[name=action_open_entitlement]"),
        ("press", "Enter"),
        ("see", "div[name=redeemed]"),
        ("tab", ".o_notebook a[name=redemption]"),
        ("press", "Enter"),
        ("tab", "div[name=transaction_ids] td.o_data_cell"),
    ),
}


def press(browser, key):
    for kind in ("rawKeyDown", "keyUp"):
        browser.call(
            "Input.dispatchKeyEvent",
            type=kind,
            key=key,
            code=key,
            windowsVirtualKeyCode=CODES[key],
        )
        if kind == "rawKeyDown" and key == "Enter":
            # Without it, no button is pressed.
            browser.call("Input.dispatchKeyEvent", type="char", key=key, text="\r")


def is_there(browser, selector):
    return browser.wait_for(f"!!document.querySelector({json.dumps(selector)})", 20)


@pytest.fixture(scope="module")
def page(odoo_env, demo):
    database, port = demo
    with served(odoo_env, database, port), Chromium(odoo_env.variables) as browser:
        log_in(browser, f"http://{HOST}:{port}", "admin")
        browser.run(TELL_OF_FILES)
        yield browser


def tab_to(browser, selector):
    assert is_there(browser, selector), selector
    has_focus = f"document.activeElement.matches({json.dumps(selector)})"
    for _tab in range(TABS):
        # Fields of dates take the focus again, of who passes them faster than people do.
        if browser.run(has_focus) and not browser.wait_for(f"!{has_focus}", 0.2):
            break
        press(browser, "Tab")
    else:
        pytest.fail(f"Tab does not come to {selector}")
    style = "getComputedStyle(document.activeElement)"
    is_seen = f"{style}.outlineStyle !== 'none' || {style}.boxShadow !== 'none'"
    # A text has a mark where it is written, and a line below.
    assert browser.run(f"document.activeElement.matches('textarea, input') || {is_seen}"), selector


@pytest.mark.parametrize("name", FLOWS)
def test_it_is_gone_through_by_keys(page, name):
    opening, *steps = FLOWS[name]
    page.run(f"{opening}.then(() => 0)")
    # Odoo 19 keeps Tab in its search.
    page.run("document.activeElement.blur()")
    for kind, value in steps:
        if kind == "tab":
            tab_to(page, value)
        elif kind == "press":
            press(page, value)
        elif kind == "type":
            page.call("Input.insertText", text=value)
        else:
            assert is_there(page, value), value


def test_keys_inside_of_a_head_are_not_its_own(page):
    """As of a menu that Odoo 17 has there."""
    opening = open_action("spp_cycle_attendance_compliance.action_attendance_count", "pivot")
    page.run(f"{opening}.then(() => 0)")
    assert is_there(page, ".o_pivot th.cursor-pointer[tabindex]")
    send = "new KeyboardEvent('keydown', {key: 'Enter', bubbles: true, cancelable: true})"
    head = "document.querySelector('.o_pivot th.cursor-pointer[tabindex]')"
    assert page.run(f"{head}.appendChild(document.createElement('i')).dispatchEvent({send})")
    assert not page.run(f"{head}.dispatchEvent({send})")


def test_a_graph_says_what_it_draws_and_what_can_be_done(page):
    opening = open_action("spp_auto_update_entitlements.action_settlement_overview", "graph")
    page.run(f"{opening}.then(() => 0)")
    assert is_there(page, "canvas[aria-label]")
    label = "document.querySelector('canvas').getAttribute('aria-label')"
    first = page.run(label)
    page.run("document.querySelector('.o_graph_button[data-mode=line]').click()")
    assert page.wait_for(f"{label} !== {json.dumps(first)}", 10)
    page.run("document.querySelector('.o_graph_button[data-mode=bar]').click()")
    assert page.wait_for(f"{label} === {json.dumps(first)}", 10)
