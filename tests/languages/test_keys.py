"""What the addons have people press is come to with Tab, and pressed with Enter: by real keys."""

import json

import pytest

from harness.chromium import Chromium
from harness.demo import served
from harness.network import HOST
from harness.pictures import log_in

CODES = {"Tab": 9, "Enter": 13, "ArrowRight": 39}
TABS = 150
SERVICES = "odoo.__WOWL_DEBUG__.root.env.services"
OPEN_RUN = f"""
{SERVICES}.orm.search("spp.attendance.run", [["state", "=", "done"]], {{limit: 1}}).then((ids) =>
    {SERVICES}.action.doAction({{
        type: "ir.actions.act_window",
        res_model: "spp.attendance.run",
        res_id: ids[0],
        views: [[false, "form"]],
    }})
)
"""
LIST = ".o_list_view .o_data_row, .o_kanban_view .o_kanban_record"


def open_action(name, view=None):
    options = {"clearBreadcrumbs": True, **({"viewType": view} if view else {})}
    return f"{SERVICES}.action.doAction({json.dumps(name)}, {json.dumps(options)})"


# How a screen is opened, what is pressed there, the keys, and what comes of it.
FLOWS = {
    "graph of attendance": (
        open_action("spp_cycle_attendance_compliance.action_attendance_board"),
        ".o-dashboard-action canvas",
        ("ArrowRight", "Enter"),
        LIST,
    ),
    "graph of the settlement": (
        open_action("spp_auto_update_entitlements.action_settlement_board"),
        ".o-dashboard-action canvas",
        ("ArrowRight", "Enter"),
        LIST,
    ),
    "pivot": (
        open_action("spp_cycle_attendance_compliance.action_attendance_count", "pivot"),
        "td.o_pivot_cell_value",
        ("Enter",),
        LIST,
    ),
    "bar of verdicts": (OPEN_RUN, "button[data-verdict]", ("Enter",), LIST),
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
        yield browser


@pytest.mark.parametrize("name", FLOWS)
def test_it_opens_its_list(page, name):
    opening, wanted, keys, result = FLOWS[name]
    page.run(f"{opening}.then(() => 0)")
    assert is_there(page, wanted)
    # Odoo 19 keeps Tab in its search.
    page.run("document.activeElement.blur()")
    for _tab in range(TABS):
        if page.run(f"document.activeElement.matches({json.dumps(wanted)})"):
            break
        press(page, "Tab")
    else:
        pytest.fail(f"Tab does not come to {wanted}")
    style = "getComputedStyle(document.activeElement)"
    assert page.run(f"{style}.outlineStyle !== 'none' || {style}.boxShadow !== 'none'")
    for key in keys:
        press(page, key)
    assert is_there(page, result)
