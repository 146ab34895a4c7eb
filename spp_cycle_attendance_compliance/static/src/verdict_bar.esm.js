/** @odoo-module **/

import {Component, xml} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";
import {useService} from "@web/core/utils/hooks";

// What the server made of the verdicts; a click on one of them opens its list.
export class VerdictBar extends Component {
    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
    }

    async onClick(ev) {
        const piece = ev.target.closest("[data-verdict]");
        if (!piece) {
            return;
        }
        ev.stopPropagation();
        const {resModel, resId} = this.props.record;
        const args = [[resId], piece.dataset.verdict];
        this.action.doAction(await this.orm.call(resModel, "action_open_verdicts", args));
    }
}

VerdictBar.template = xml`<div t-on-click="onClick" t-out="props.record.data[props.name]"/>`;
VerdictBar.props = {...standardFieldProps};

registry.category("fields").add("attendance_verdicts", {
    component: VerdictBar,
    supportedTypes: ["html"],
});
