/** @odoo-module **/

import {ListRenderer} from "@web/views/list/list_renderer";
import {_t} from "@web/core/l10n/translation";
import {patch} from "@web/core/utils/patch";
import {useEffect} from "@odoo/owl";

const STEPS = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1};

// What stands for a figure, in the order in which a graph is read.
function getPlaces(chart) {
    const metas = chart.getSortedVisibleDatasetMetas();
    return chart.data.labels.flatMap((_label, index) =>
        metas
            .filter((meta) => chart.data.datasets[meta.index].data[index])
            .map((meta) => ({datasetIndex: meta.index, index}))
    );
}

// Has a graph's renderer obey keys as it does a mouse: the arrows choose, Enter opens.
export function useGraphKeys(renderer) {
    let chosen = null;

    function choose(place) {
        const {chart} = renderer;
        const active = place ? [place] : [];
        const element = place && chart.getDatasetMeta(place.datasetIndex).data[place.index];
        chosen = place;
        chart.setActiveElements(active);
        chart.tooltip.setActiveElements(active, element ? element.getCenterPoint() : {x: 0, y: 0});
        chart.update("none");
    }

    function isOpening() {
        const {disableLinking, mode} = renderer.model.metaData;
        return !disableLinking && mode !== "line";
    }

    function getLabel() {
        const {measure, measures, title} = renderer.model.metaData;
        const names = {graph: title, measure: measures[measure].string};
        return isOpening()
            ? _t("%(graph)s, %(measure)s: the arrow keys choose, Enter opens.", names)
            : _t("%(graph)s, %(measure)s: the arrow keys choose.", names);
    }

    function onKeydown(ev) {
        const places = getPlaces(renderer.chart);
        const number = places.findIndex(
            ({datasetIndex, index}) =>
                chosen && datasetIndex === chosen.datasetIndex && index === chosen.index
        );
        if (STEPS[ev.key]) {
            const next = number + STEPS[ev.key];
            choose(places.at(next < 0 ? -1 : next % places.length));
        } else if (ev.key === "Enter" && number >= 0 && isOpening()) {
            const {domains} = renderer.chart.data.datasets[chosen.datasetIndex];
            // What stands for a period without figures has none.
            if (domains) {
                renderer.onGraphClickedFinal(domains[chosen.index]);
            }
        } else {
            return;
        }
        ev.preventDefault();
        ev.stopPropagation();
    }

    useEffect(
        (canvas) => {
            if (!canvas) {
                return;
            }
            canvas.tabIndex = 0;
            canvas.setAttribute("role", "application");
            // What is chosen is said: its figures appear there.
            canvas.parentElement.setAttribute("aria-live", "polite");
            const forget = () => choose(null);
            canvas.addEventListener("keydown", onKeydown);
            canvas.addEventListener("blur", forget);
            return () => {
                canvas.removeEventListener("keydown", onKeydown);
                canvas.removeEventListener("blur", forget);
            };
        },
        () => [renderer.canvasRef.el]
    );
    // At each patch: the measure and the kind of graph change.
    useEffect(() => {
        renderer.canvasRef.el?.setAttribute("aria-label", getLabel().toString());
    });
}

// The same for a pivot's figures and heads: Tab comes to them, Enter and Space press them.
export function usePivotKeys(renderer) {
    useEffect(() => {
        for (const cell of renderer.tableRef.el?.querySelectorAll(".cursor-pointer") || []) {
            cell.tabIndex = 0;
            cell.onkeydown = (ev) => {
                // A head has its menu inside: its keys are not the head's.
                if (ev.target === cell && (ev.key === "Enter" || ev.key === " ")) {
                    ev.preventDefault();
                    cell.click();
                }
            };
        }
    });
}

// Lists on the addons' own pages, and on those that they add to.
patch(ListRenderer.prototype, {
    setup() {
        super.setup(...arguments);
        // Tab comes into a form's list, and the arrow keys go on: Odoo's own Tab passes it by.
        useEffect(() => {
            const {el} = this.tableRef;
            const cell = el?.querySelector(".o_spp_readable .o_data_row .o_data_cell");
            if (cell && this.isX2Many && !this.props.archInfo.noOpen) {
                cell.tabIndex = 0;
            }
        });
    },

    onCellKeydown(ev, ...more) {
        // Enter presses a button in a row: Odoo opens the row instead.
        if (ev.key === "Enter" && ev.target.matches(".o_spp_readable .o_data_cell button")) {
            return;
        }
        super.onCellKeydown(ev, ...more);
    },
});
