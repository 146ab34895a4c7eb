/** @odoo-module **/

import {registry} from "@web/core/registry";

// The router forgets it later.
const serverUrl = new URLSearchParams(window.location.search).get("attendance_server");

function type(selector, text) {
    return () => {
        const input = document.querySelector(selector);
        input.value = text;
        input.dispatchEvent(new Event("input", {bubbles: true}));
        input.dispatchEvent(new Event("change", {bubbles: true}));
    };
}

function enter(content, selector, text) {
    return {content, trigger: selector, run: type(selector, text)};
}

function click(content, trigger) {
    return {content, trigger, run: "click"};
}

// On a narrow screen the button is in a menu.
function press(content, text) {
    return {
        content,
        trigger: ".o_control_panel",
        run() {
            const buttons = [...document.querySelectorAll(".o_control_panel button")];
            buttons.find((button) => button.textContent.includes(text)).click();
        },
    };
}

function changeCondition(required) {
    return [
        click("The condition", "div[name=attendance_condition_ids] td[name=sentence]"),
        enter("How much", "div[name=required_number] input", required),
        // On Odoo 17 tours look inside the dialog by themselves.
        click("Done", "footer .o_form_button_save"),
        see("The dialog is closed", "body:not(:has(.modal)) .o_notebook"),
    ];
}

function see(content, trigger) {
    return {content, trigger, run() {}};
}

registry.category("web_tour.tours").add("spp_cycle_attendance_compliance.connect", {
    test: true,
    steps: () => [
        press("Connect", "Connect a System"),
        enter("Its name", "div[name=name] input", "Schools of the Tour"),
        enter("The address", "div[name=url] input", serverUrl),
        click("The ID type: what is there to choose", "div[name=id_type_id] input"),
        click("The ID type", ".o-autocomplete--dropdown-item:contains(School ID of the Tour) a"),
        enter("The client ID", "div[name=client_id] input", "client"),
        enter("A wrong secret", "div[name=client_secret] input", "wrong"),
        click("Test Connection", "button[name=action_test]"),
        see("The token is refused", ".o_data_row.text-danger:contains(Token)"),
        click("Save", "button[name=action_save]"),
        see("It asks first", ".alert-danger:contains(Nothing was saved)"),
        enter("The right secret", "div[name=client_secret] input", "secret"),
        enter("A person to try", "div[name=sample_person] input", "NID1"),
        click("Test Connection", "button[name=action_test]"),
        see(
            "The person is known",
            ".o_data_row.text-success:contains(Sample person):contains(Known)"
        ),
        click("Import", "button[name=action_import]"),
        see("A type is new", ".o_data_row:contains(Training Session)"),
        see("A location is new", ".o_data_row:contains(Community Center A)"),
        click("Save and Take Over", "button[name=action_take_over]"),
        see("It says so", ".o_notification:contains(The connection was saved)"),
        see("Done", "body:not(:has(.modal)) .o_data_row:contains(Schools of the Tour)"),
    ],
});

registry.category("web_tour.tours").add("spp_cycle_attendance_compliance.check", {
    test: true,
    steps: () => [
        click("Open the cycle", ".o_data_row td[name=name]:contains(Cycle of the Tour)"),
        click("The criteria", ".o_notebook a.nav-link:contains(Attendance Compliance)"),
        click("Use them", "div[name=use_attendance_criteria] input"),
        ...changeCondition("2"),
        see("In words", "span:contains(At least 2 days), div:contains(At least 2 days)"),
        click("Preview", "button[name=action_preview_attendance]"),
        see("It waits", ".alert:contains(Nothing was applied yet)"),
        click("Look at the verdicts", "button[name=action_open_lines]"),
        see(
            "Why a family would be refused",
            ".o_data_row:contains(Family of Truants):contains(0 of 1 members)"
        ),
        click("Back", ".breadcrumb-item a:contains(Attendance Run), .o_back_button a"),
        click("Apply", "button[name=action_ask_to_apply]"),
        click("Confirm", ".modal-footer .btn-primary"),
        see("Applied", "div[name=finished_at]:contains(:)"),
        click("Back to the cycle", ".breadcrumb-item a:contains(Cycle of the Tour)"),
        click("The members", "button[name=open_all_members_form]"),
        click(
            "A family that was ill",
            ".o_data_row td[name=partner_id]:contains(Family in Hospital)"
        ),
        click("Override", "button[name=action_override_attendance]"),
        enter("Why", "div[name=reason] textarea", "Certificate seen"),
        click("Override it", ".modal-footer .btn-primary"),
        see("It is overridden", "div[name=attendance_shown_status]:contains(Overridden)"),
        see("And enrolled", ".ribbon:contains(ENROLLED)"),
        see("The reason is kept", "div[name=attendance_reason]:contains(Certificate seen)"),
        click(
            "Back to the members",
            ".breadcrumb-item a:contains(Cycle Members), .o_back_button a"
        ),
        click("Another family", ".o_data_row td[name=partner_id]:contains(Family of Truants)"),
        see("It was refused", "div[name=attendance_shown_status]:contains(Non-Compliant)"),
        see("And why", "div[name=attendance_reason]:contains(0 of 1 members)"),
        see("Who came how often", ".o_data_row:contains(Did Not Meet) td:contains(1)"),
    ],
});

function choose(content, field, text) {
    return [
        {
            content: `${content}: looked for by its name`,
            trigger: `div[name=${field}] input`,
            run() {
                const input = document.querySelector(`div[name=${field}] input`);
                input.focus();
                input.value = text;
                input.dispatchEvent(new Event("input", {bubbles: true}));
            },
        },
        click(content, `.o-autocomplete--dropdown-item:contains(${text}) a`),
    ];
}

// What is asked for of persons of an age, in the open dialog.
function fillCondition({name, ages, percentage, number, kind, month}) {
    return [
        enter("Its name", "div.o_field_widget[name=name] input[placeholder*=Training]", name),
        click("Who", "div[name=about] label:contains(Persons of an age)"),
        enter("From which age", "div[name=age_from] input", ages[0]),
        enter("To which age", "div[name=age_to] input", ages[1]),
        ...choose("What", "type_id", kind),
        ...(percentage
            ? [
                  click("A share", "div[name=requirement] label:contains(A percentage)"),
                  enter("How much", "div[name=required_percentage] input", percentage),
              ]
            : [enter("How much", "div[name=required_number] input", number)]),
        ...(month ? [click("Over what", "div[name=over] label:contains(month)")] : []),
        see("It is said in words", `div[name=sentence]:contains(${name})`),
        click("Done", "footer .o_form_button_save"),
        see("The dialog is closed", "body:not(:has(.modal)) .o_notebook"),
    ];
}

function addCondition(values) {
    return [
        click(
            "One more condition",
            "div[name=attendance_condition_ids] .o_field_x2many_list_row_add a"
        ),
        ...fillCondition(values),
    ];
}

registry.category("web_tour.tours").add("spp_cycle_attendance_compliance.conditions", {
    test: true,
    steps: () => [
        click("Open the cycle", ".o_data_row td[name=name]:contains(Cycle of the Tour)"),
        click("The criteria", ".o_notebook a.nav-link:contains(Attendance Compliance)"),
        click("Use them", "div[name=use_attendance_criteria] input"),
        see("They are shown", "p.lead:contains(At least 2 days)"),
        ...choose("From where", "attendance_source_id", "School lists"),
        click("The condition", "div[name=attendance_condition_ids] td[name=sentence]"),
        ...fillCondition({
            name: "School",
            ages: ["4", "5"],
            kind: "School day",
            percentage: "60",
            month: true,
        }),
        ...addCondition({
            name: "School",
            ages: ["6", "17"],
            kind: "School day",
            percentage: "75",
            month: true,
        }),
        ...addCondition({name: "Health", ages: ["0", "6"], kind: "Health visit", number: "1"}),
        enter("Warnings", "div[name=attendance_warnings] input", "2"),
        enter("Within cycles", "div[name=attendance_warning_cycles] input", "5"),
        click("Save", ".o_form_button_save"),
        see("Saved", ".o_form_saved"),
        see(
            "The small ones",
            ".o_data_row:contains(School: persons of 4 to 5 years, at least 60%" +
                " of the recorded days in each month, School day)"
        ),
        see("The bigger ones", ".o_data_row:contains(persons of 6 to 17 years, at least 75%)"),
        see(
            "Health",
            ".o_data_row:contains(Health: persons of 0 to 6 years, at least one day, Health visit)"
        ),
        see("The warnings", "p.lead:contains(warned 2 times within 5 cycles)"),
        click("Preview", "button[name=action_preview_attendance]"),
        see("It waits", ".alert:contains(Nothing was applied yet)"),
        click("Look at the verdicts", "button[name=action_open_lines]"),
        click("The family", ".o_data_row:contains(first of 2 warnings) td[name=partner_id]"),
        see(
            "Which condition, and which month",
            "div[name=member_line_ids] .o_data_row:contains(Tiago):contains(School: 2 of 4" +
                " recorded days):contains(75% needed):contains(November 2025)"
        ),
        see(
            "What the other condition says",
            "div[name=member_line_ids] .o_data_row:contains(Lia):contains(compliant)"
        ),
    ],
});

registry.category("web_tour.tours").add("spp_cycle_attendance_compliance.outdated", {
    test: true,
    steps: () => [
        click("Open the cycle", ".o_data_row td[name=name]:contains(Cycle of the Tour)"),
        click("Preview", "button[name=action_preview_attendance]"),
        see("It waits", ".alert:contains(Nothing was applied yet)"),
        click("Back to the cycle", ".breadcrumb-item a:contains(Cycle of the Tour)"),
        see("The cycle says so", ".alert:contains(waits to be applied or discarded)"),
        click("The criteria", ".o_notebook a.nav-link:contains(Attendance Compliance)"),
        ...changeCondition("1"),
        click("Save", ".o_form_button_save"),
        see("Saved", ".o_form_saved"),
        click("The run", ".alert-warning button[name=action_open_last_attendance_run]"),
        click("Apply", "button[name=action_ask_to_apply]"),
        click("Confirm", ".modal-footer .btn-primary"),
        see("It is outdated", ".alert:contains(This run is outdated)"),
        see(
            "What changed",
            "div[name=outdated_reason]:contains(criteria of the cycle were changed)"
        ),
        click("Back to the cycle", ".breadcrumb-item a:contains(Cycle of the Tour)"),
        see("The cycle says so", ".alert:contains(outdated, and nothing was applied)"),
        click("The run", ".alert:contains(outdated) button[name=action_open_last_attendance_run]"),
        click("Run again", "button[name=action_retry]:contains(Run Again)"),
        see("It waits", ".alert:contains(Nothing was applied yet)"),
        see(
            "By the new criteria",
            "div[name=attendance_criteria_summary]:contains(At least one day)"
        ),
        click("Apply", "button[name=action_ask_to_apply]"),
        click("Confirm", ".modal-footer .btn-primary"),
        see("Applied", "div[name=finished_at]:contains(:)"),
    ],
});

registry.category("web_tour.tours").add("spp_cycle_attendance_compliance.lift", {
    test: true,
    steps: () => [
        click("Open the cycle", ".o_data_row td[name=name]:contains(Cycle of the Tour)"),
        click("The members", "button[name=open_all_members_form]"),
        click("Who was refused", ".o_data_row td[name=partner_id]:contains(Ben)"),
        see("Refused", "div[name=attendance_shown_status]:contains(Non-Compliant)"),
        click("Override", "button[name=action_override_attendance]"),
        enter("Why", "div[name=reason] textarea", "Certificate seen"),
        click("Override it", ".modal-footer .btn-primary"),
        see("It is overridden", "div[name=attendance_shown_status]:contains(Overridden)"),
        see("And enrolled", ".ribbon:contains(ENROLLED)"),
        click("Lift it", "button[name=action_lift_attendance_override]"),
        enter("Why", "div[name=reason] textarea", "The certificate was false"),
        click("Confirm", ".modal-footer button[name=action_confirm]"),
        see(
            "The verdict stands again",
            "div[name=attendance_shown_status]:contains(Non-Compliant)"
        ),
        see("With its reason", "div[name=attendance_reason]:contains(1 day)"),
        see("And the state", "body:has(.o_arrow_button_current:contains(Non-Compliant))"),
        see(
            "Who lifted it is kept",
            "div[name=attendance_override_ids] .o_data_row:contains(Certificate seen)" +
                " td[name=lifted_by_id]:contains(attendance_manager)"
        ),
    ],
});

registry.category("web_tour.tours").add("spp_cycle_attendance_compliance.take_back", {
    test: true,
    steps: () => [
        click("Open the cycle", ".o_data_row td[name=name]:contains(Cycle of the Tour)"),
        click("Its runs", "button[name=action_open_attendance_runs]"),
        click("The one that was applied", ".o_data_row td[name=state]:contains(Applied)"),
        click("Take it back", "button[name=action_take_back]"),
        enter("Why", "div[name=reason] textarea", "The lists of another school"),
        click("Confirm", ".modal-footer button[name=action_confirm]:contains(Take Back)"),
        see("It was taken back", ".alert:contains(This run was taken back)"),
        see("And why", "div[name=taken_back_reason]:contains(The lists of another school)"),
        click("Back to the cycle", ".breadcrumb-item a:contains(Cycle of the Tour)"),
        see("The cycle says so", ".alert:contains(run was taken back)"),
        click("The members", "button[name=open_all_members_form]"),
        click("Who was refused", ".o_data_row td[name=partner_id]:contains(Ben)"),
        see("Is enrolled as before", ".ribbon:contains(ENROLLED)"),
        see("Without a verdict", "div[name=attendance_shown_status]:not(:contains(Non-Compliant))"),
        click("Its verdicts", "button[name=action_open_attendance_verdicts]"),
        see(
            "It stands no more, but is kept",
            ".o_data_row:contains(1 day) td[name=standing]:contains(Taken back)"
        ),
    ],
});

function upload(content, field, name, lines) {
    return {
        content,
        trigger: `div[name=${field}]`,
        run() {
            const input = document.querySelector(`div[name=${field}] input[type=file]`);
            const files = new DataTransfer();
            files.items.add(new File([lines.join("\n")], name, {type: "text/csv"}));
            input.files = files.files;
            input.dispatchEvent(new Event("change", {bubbles: true}));
        },
    };
}

registry.category("web_tour.tours").add("spp_cycle_attendance_compliance.file", {
    test: true,
    steps: () => [
        press("A file", "From a File"),
        upload("The file", "file", "november.csv", [
            "ID;Name;Date;Presence;Type",
            "ANA;Ana;2025-11-03;present;Lesson",
            "ANA;Ana;2025-11-04;absent;Lesson",
            "BEN;Ben;2025-11-03;perhaps;Lesson",
            "BEN;Ben;2025-11-04;present;Lesson",
        ]),
        see("It is chosen", "div[name=file] input:not([type=file]), div[name=file] a"),
        click("Look at it", "button[name=action_look]"),
        see("How many are new", "div[name=new_count]:contains(3)"),
        see("What is wrong", ".o_data_row:contains(no word for a presence)"),
        click("The columns", ".o_notebook a.nav-link:contains(What the Columns Mean)"),
        see("What they mean", ".o_data_row:contains(ANA, ANA, BEN)"),
        click("Leave it out", "button[name=action_store_good_rows]"),
        click("Yes", ".modal-footer .btn-primary:contains(Ok)"),
        see("It was stored", "h1:contains(november.csv)"),
        see("Three are new", "div[name=new_count]:contains(3)"),
        see("One was left out", "div[name=bad_row_count]:contains(1)"),
        click("The attendances", "button[name=action_open_events]"),
        see("Ana's", ".o_data_row:contains(Ana)"),
    ],
});

registry.category("web_tour.tours").add("spp_cycle_attendance_compliance.class_sheet", {
    test: true,
    steps: () => [
        click("Open the cycle", ".o_data_row td[name=name]:contains(Cycle of the Tour)"),
        click("The criteria", ".o_notebook a.nav-link:contains(Attendance Compliance)"),
        click("The class sheet", "button:contains(Class Sheet)"),
        click("Make it", "button[name=action_make]"),
        see("Two persons", "p:contains(Persons: 2)"),
        see("It is there", "div[name=sheet]:contains(Cycle of the Tour)"),
        click("Close", ".modal-footer button:contains(Close)"),
        see("Done", "body:not(:has(.modal))"),
    ],
});
