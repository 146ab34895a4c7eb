/** @odoo-module **/

import {hexToRGBA} from "@web/core/colors/colors";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";
import {GraphModel} from "@web/views/graph/graph_model";
import {GraphRenderer} from "@web/views/graph/graph_renderer";
import {graphView} from "@web/views/graph/graph_view";
import {PivotRenderer} from "@web/views/pivot/pivot_renderer";
import {pivotView} from "@web/views/pivot/pivot_view";
import {onMounted} from "@odoo/owl";
import {useGraphKeys, usePivotKeys} from "./keys.esm";

const COUNT = "spp.attendance.count";
// Each stands out from white, and from black, by 3:1 at least, as WCAG AA asks of graphs.
export const COLOURS = {
    attendance_category: {
        present: "#198754",
        absent: "#808890",
        excused: "#3b7ddd",
        unknown: "#b8720a",
    },
    status: {
        compliant: "#198754",
        warned: "#b8720a",
        non_compliant: "#dc3545",
        no_data: "#808890",
        undecided: "#d9730d",
        exempt: "#8c7ae6",
        overridden: "#0a8ba8",
    },
};

const ORDER = Object.values(COLOURS).flatMap((colours) => Object.values(colours));

function getValue(point, name) {
    const groups = JSON.parse(point.identifier);
    return Object.assign({}, ...groups)[name];
}

function findColour(point) {
    const name = Object.keys(COLOURS).find((field) => getValue(point, field));
    return name && COLOURS[name][getValue(point, name)];
}

/* Knows the colours of what it shows, and the share of who was present. */
export class AttendanceGraphModel extends GraphModel {
    _getData(points, ...more) {
        const data = super._getData(points, ...more);
        this.labelColours = [];
        this.datasetColours = {};
        for (const point of points) {
            const colour = findColour(point);
            this.labelColours[point.labelIndex] = colour;
            this.datasetColours[this._getDatasetLabel(point)] = colour;
        }
        // Each colour has its place, whoever is not there.
        const getPlace = ({label}) => ORDER.indexOf(this.datasetColours[label]);
        data.datasets.sort((one, other) => getPlace(one) - getPlace(other));
        this.shares = this._getShares(points);
        return data;
    }

    // A line from one cycle, or place, to the next would say nothing.
    _getLineOverlayDataset() {
        return null;
    }

    /* By label: the percentage of who was present. */
    _getShares(points) {
        const {groupBy, measure, mode} = this.metaData;
        const isByCategory = groupBy.length === 2 && groupBy[1].fieldName === "attendance_category";
        if (!isByCategory || measure !== "__count" || mode === "pie") {
            return [];
        }
        const all = [];
        const present = [];
        for (const point of points) {
            const index = point.labelIndex;
            const isPresent = getValue(point, "attendance_category") === "present";
            all[index] = (all[index] || 0) + point.value;
            present[index] = (present[index] || 0) + (isPresent ? point.value : 0);
        }
        return all.map((count, index) => Math.floor((100 * present[index]) / count));
    }
}

export class AttendanceGraphRenderer extends GraphRenderer {
    setup() {
        super.setup();
        useGraphKeys(this);
        this.orm = useService("orm");
        // A board makes each wider than its column.
        onMounted(() => (this.rootRef.el.style.minWidth = "0"));
    }

    formatValue(value, _allIntegers, ...more) {
        return super.formatValue(value, Number.isInteger(value), ...more);
    }

    getChartConfig() {
        const config = super.getChartConfig();
        const {groupBy, mode} = this.model.metaData;
        const {labelColours, datasetColours} = this.model;
        for (const dataset of this.model.data.datasets) {
            const colour = groupBy.length > 1 && datasetColours[dataset.label];
            if (mode === "pie") {
                const own = dataset.backgroundColor;
                dataset.backgroundColor = own.map((each, index) => labelColours[index] || each);
            } else if (colour && mode === "bar") {
                dataset.backgroundColor = colour;
            } else if (colour) {
                dataset.borderColor = colour;
                dataset.backgroundColor = hexToRGBA(colour, 0.4);
            }
        }
        return config;
    }

    getLegendOptions() {
        const options = super.getLegendOptions();
        if (this.model.metaData.mode === "pie") {
            const generateLabels = options.labels.generateLabels;
            options.labels.generateLabels = (chart) =>
                generateLabels(chart).map((label) => ({
                    ...label,
                    fillStyle: this.model.labelColours[label.index] || label.fillStyle,
                }));
        }
        return options;
    }

    getScaleOptions() {
        const scales = super.getScaleOptions();
        if (!scales.y) {
            return scales;
        }
        scales.y.ticks.precision = 0; // what is counted is whole
        const {shares} = this.model;
        const getLabel = scales.x.ticks.callback;
        scales.x.ticks.callback = (value, index) =>
            shares[index] === undefined
                ? getLabel(value, index)
                : [
                      getLabel(value, index),
                      _t("%(share)s present", {share: `${shares[index]} %`}).toString(),
                  ];
        return scales;
    }

    async onGraphClickedFinal(domain) {
        if (this.model.metaData.resModel !== COUNT) {
            return super.onGraphClickedFinal(domain);
        }
        return this.actionService.doAction(
            await this.orm.call(COUNT, "action_open_counted", [domain])
        );
    }
}

/* Opens the verdicts behind a figure, not the counts. */
export class AttendancePivotRenderer extends PivotRenderer {
    setup() {
        super.setup();
        this.orm = useService("orm");
        usePivotKeys(this);
    }

    async openView(domain, ...more) {
        if (this.model.metaData.resModel !== COUNT) {
            return super.openView(domain, ...more);
        }
        return this.actionService.doAction(
            await this.orm.call(COUNT, "action_open_counted", [domain])
        );
    }
}

registry.category("views").add("attendance_graph", {
    ...graphView,
    Model: AttendanceGraphModel,
    Renderer: AttendanceGraphRenderer,
});
registry.category("views").add("attendance_pivot", {
    ...pivotView,
    Renderer: AttendancePivotRenderer,
});
