/** @odoo-module **/

import {registry} from "@web/core/registry";

registry.category("web_tour.tours").add("spp_auto_update_entitlements.end_cycle", {
    test: true,
    steps: () => [
        {
            content: "The overdue cycle is listed: open it",
            trigger: ".o_data_row td[name=name]:contains(March Allowance)",
            run: "click",
        },
        {
            content: "It is marked as expired",
            trigger: ".o_form_view .ribbon:contains(Expired)",
            run() {},
        },
        {
            content: "Set as Ended",
            trigger: "button[name=mark_ended]",
            run: "click",
        },
        {
            content: "Confirm",
            trigger: ".modal-footer .btn-primary",
            run: "click",
        },
        {
            content: "The cycle has ended",
            trigger: ".o_form_view:not(:has(button[name=mark_ended]))",
            run() {
                // Where other addons have buttons too, some are under "More".
                document.querySelector(".o-form-buttonbox .o_button_more")?.click();
            },
        },
        {
            content: "Open its settlement",
            trigger: "button[name=action_open_settlements]",
            run: "click",
        },
        {
            content: "There is one, and it is done",
            trigger: ".o_data_row td[name=exception_count]:contains(1)",
            run: "click",
        },
        {
            content: "Look at the exceptions",
            trigger: ".o_notebook a.nav-link:contains(Exceptions)",
            run: "click",
        },
        {
            content: "It says what is wrong: open the entitlement",
            trigger: ".o_data_row:contains(More was redeemed) button[name=action_open_entitlement]",
            run: "click",
        },
        {
            content: "The entitlement shows what was redeemed",
            trigger: ".o_form_view .o_field_widget[name=redeemed]:contains(130)",
            run() {},
        },
    ],
});
