/** @odoo-module **/

import {GraphModel} from "@web/views/graph/graph_model";
import {GraphRenderer} from "@web/views/graph/graph_renderer";
import {graphView} from "@web/views/graph/graph_view";
import {PivotRenderer} from "@web/views/pivot/pivot_renderer";
import {pivotView} from "@web/views/pivot/pivot_view";
import {registry} from "@web/core/registry";
import {onMounted} from "@odoo/owl";
import {useGraphKeys, usePivotKeys} from "./keys.esm";

// Each stands out from white, and from black, by 3:1 at least, as WCAG AA asks of graphs.
const GREEN = "#198754";
const AMBER = "#b8720a";
const RED = "#dc3545";
const BLUE = "#3b7ddd";
const GREY = "#808890";
const PURPLE = "#8c7ae6";

// By field and value.
const COLORS = {
    state: {
        rdpd2ben: GREEN,
        parrdpd2ben: AMBER,
        approved: BLUE,
        trans2FSP: BLUE,
        expired: GREY,
        cancelled: PURPLE,
    },
    outcome: {
        over: RED,
        contradicted: AMBER,
        closed_with_transactions: BLUE,
        over_voided: GREY,
        unreadable: PURPLE,
    },
    measure: {allocated: BLUE, redeemed: GREEN, redeemed_share: GREEN, balance: GREY},
};

// The colour of a dataset all of which has one value of a field.
function findColor(dataset) {
    const groups = [...(dataset.identifiers || [])].map((identifier) =>
        Object.assign({}, ...JSON.parse(identifier))
    );
    for (const field of ["state", "outcome"]) {
        const values = new Set(groups.map((group) => group[field]));
        const [value] = values;
        if (values.size === 1 && COLORS[field][value]) {
            return COLORS[field][value];
        }
    }
    return null;
}

export class MeaningfulGraphModel extends GraphModel {
    // A line from one cycle to the next would say nothing.
    _getLineOverlayDataset() {
        return null;
    }
}

export class MeaningfulGraphRenderer extends GraphRenderer {
    setup() {
        super.setup();
        useGraphKeys(this);
        // A board makes each wider than its column.
        onMounted(() => (this.rootRef.el.style.minWidth = "0"));
    }

    getBarChartData() {
        const data = super.getBarChartData();
        const bars = data.datasets.filter((dataset) => dataset.type !== "line");
        for (const dataset of bars) {
            const alone = bars.length === 1 && COLORS.measure[this.model.metaData.measure];
            dataset.backgroundColor = findColor(dataset) || alone || dataset.backgroundColor;
        }
        return data;
    }

    getScaleOptions() {
        const scales = super.getScaleOptions();
        if (scales.y && this.model.metaData.allIntegers !== false) {
            // What is counted is whole.
            scales.y.ticks.precision = 0;
            scales.y.ticks.callback = (value) => this.formatValue(value, true);
        }
        return scales;
    }
}

export class SettlementPivotRenderer extends PivotRenderer {
    setup() {
        super.setup();
        usePivotKeys(this);
    }
}

registry.category("views").add("settlement_graph", {
    ...graphView,
    Model: MeaningfulGraphModel,
    Renderer: MeaningfulGraphRenderer,
});
registry.category("views").add("settlement_pivot", {
    ...pivotView,
    Renderer: SettlementPivotRenderer,
});
