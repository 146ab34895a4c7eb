/** @odoo-module **/

import {registry} from "@web/core/registry";

const BOARD_GRAPH = ".o-dashboard-action canvas";

// The bar grows first: it is pressed until its list is there.
function pressTheBar() {
    const timer = setInterval(() => {
        const canvas = document.querySelector(BOARD_GRAPH);
        if (!canvas) {
            clearInterval(timer);
            return;
        }
        const {left, top, width, height} = canvas.getBoundingClientRect();
        canvas.dispatchEvent(
            new MouseEvent("click", {
                bubbles: true,
                clientX: left + width / 2,
                clientY: top + height / 2,
            })
        );
    }, 500);
}

registry.category("web_tour.tours").add("spp_cycle_attendance_compliance.board", {
    test: true,
    steps: () => [
        {
            content: "The last of four graphs",
            trigger:
                ".o-dashboard-column:nth-child(2) .o-dashboard-action:nth-child(2) .o_graph_renderer",
            run() {},
        },
        {content: "Its bar", trigger: BOARD_GRAPH, run: pressTheBar},
        {
            content: "Whom it is about",
            trigger: ".o_data_row:contains(Ana of the Tour)",
            run() {},
        },
    ],
});

function pressKey(key) {
    return () => {
        const canvas = document.querySelector(BOARD_GRAPH);
        canvas.focus();
        canvas.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
    };
}

registry.category("web_tour.tours").add("spp_cycle_attendance_compliance.board_by_keys", {
    test: true,
    steps: () => [
        {
            content: "A graph that Tab comes to: its first bar",
            trigger: `${BOARD_GRAPH}[tabindex='0']`,
            run: pressKey("ArrowRight"),
        },
        {
            content: "What it stands for",
            trigger: ".o_graph_custom_tooltip",
            run: pressKey("Enter"),
        },
        {
            content: "Whom it is about",
            trigger: ".o_data_row:contains(Ana of the Tour)",
            run() {},
        },
    ],
});

registry.category("web_tour.tours").add("spp_cycle_attendance_compliance.compliance", {
    test: true,
    steps: () => [
        {
            content: "As a table",
            trigger: ".o_graph_renderer canvas",
            // On a narrow screen it is in a menu.
            run: () => document.querySelector(".o_switch_view.o_pivot").click(),
        },
        {content: "A figure", trigger: "td.o_pivot_cell_value:contains(1)", run: "click"},
        {
            content: "Whom it is about",
            trigger: ".o_data_row:contains(Ana of the Tour)",
            run() {},
        },
    ],
});
