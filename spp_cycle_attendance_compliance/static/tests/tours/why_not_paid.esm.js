/** @odoo-module **/

import {registry} from "@web/core/registry";

function click(content, trigger) {
    return {content, trigger, run: "click"};
}

function see(content, trigger) {
    return {content, trigger, run() {}};
}

function search(text) {
    return {
        content: `Look for ${text}`,
        trigger: ".o_searchview_input",
        run() {
            const input = document.querySelector(".o_searchview_input");
            input.value = text;
            input.dispatchEvent(new Event("input", {bubbles: true}));
        },
    };
}

// Of the very days: one that she missed, one that she came on, one that was withdrawn since.
function seeDays() {
    const day = (title) => `.o_field_widget[name=counted_days] td[title*='${title}']`;
    return [
        see("Who did not meet the criteria", "section:contains(Rosa):contains(non-compliant)"),
        see("A day that she missed", `${day("Absent")}:contains(✕)`),
        see("A day that she came on", `${day("Present")}:contains(✓)`),
        see("What was changed since is marked", `${day("Changed since")}:contains(*)`),
        see("How many were needed", "section p:contains(Needed):contains(5)"),
    ];
}

// From the menu "Verdicts": with the two clicks to it, five.
registry.category("web_tour.tours").add("spp_cycle_attendance_compliance.why_from_menu", {
    test: true,
    steps: () => [
        see("The verdicts", ".o_data_row"),
        search("Family of Rosa"),
        click(
            "The third click: the family",
            ".o_searchview_autocomplete li:contains(Registrant)," +
                " .o_searchview_autocomplete .dropdown-item:contains(Registrant)"
        ),
        see("Only hers", ".o_facet_value:contains(Family of Rosa)"),
        click(
            "The fourth: the days of the cycle",
            ".o_data_row:contains(Three Years Ago) button[name=action_open_days]"
        ),
        ...seeDays(),
    ],
});

// From the family's page: three clicks.
registry.category("web_tour.tours").add("spp_cycle_attendance_compliance.why_from_family", {
    test: true,
    steps: () => [
        click(
            "The first click: the page of all programs",
            ".o_notebook a.nav-link[name=attendance_history]"
        ),
        see("The newest cycles", ".o_data_row:contains(Cycle 25)"),
        click("The second: all cycles", "button[name=action_open_attendance_memberships]"),
        click(
            "The third: the days of the cycle",
            ".o_data_row:contains(Three Years Ago) button[name=action_open_attendance_days]"
        ),
        ...seeDays(),
    ],
});
