/** @odoo-module **/

import {GraphRenderer} from "@web/views/graph/graph_renderer";
import {graphView} from "@web/views/graph/graph_view";
import {registry} from "@web/core/registry";

const GREEN = "#198754";
const AMBER = "#ffc107";
const RED = "#dc3545";
const BLUE = "#0d6efd";
const GREY = "#6c757d";
const PALE = "#ced4da";

// By field and value: the same colours as the badges of the lists.
const COLORS = {
    state: {
        rdpd2ben: GREEN,
        parrdpd2ben: AMBER,
        approved: BLUE,
        trans2FSP: BLUE,
        expired: GREY,
        cancelled: PALE,
        draft: PALE,
    },
    outcome: {
        over: RED,
        contradicted: AMBER,
        closed_with_transactions: BLUE,
        over_voided: GREY,
        unreadable: PALE,
    },
    measure: {allocated: BLUE, redeemed: GREEN, redeemed_share: GREEN, balance: GREY},
};

// The colour of a dataset all of which has one value of a field.
function findColor(dataset) {
    for (const field of ["state", "outcome"]) {
        const values = (dataset.domains || []).map(
            (domain) => (domain.find((leaf) => leaf[0] === field) || [])[2]
        );
        if (values.length && values.every((value) => value === values[0])) {
            const color = COLORS[field][values[0]];
            if (color) {
                return color;
            }
        }
    }
    return null;
}

export class MeaningfulGraphRenderer extends GraphRenderer {
    getBarChartData() {
        const data = super.getBarChartData();
        const bars = data.datasets.filter((dataset) => dataset.type !== "line");
        for (const dataset of bars) {
            const alone = bars.length === 1 && COLORS.measure[this.model.metaData.measure];
            dataset.backgroundColor = findColor(dataset) || alone || dataset.backgroundColor;
        }
        return data;
    }
}

registry.category("views").add("settlement_graph", {
    ...graphView,
    Renderer: MeaningfulGraphRenderer,
});
