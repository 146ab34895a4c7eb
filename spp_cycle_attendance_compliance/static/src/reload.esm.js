/** @odoo-module **/

import {Component, onMounted, onWillUnmount, xml} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";

const SECONDS = 5;

// As long as it is shown, the page reads its record anew; not what somebody is changing there.
export class AttendanceReload extends Component {
    setup() {
        let timer = null;
        onMounted(() => {
            timer = setInterval(() => this.reload(), SECONDS * 1000);
        });
        onWillUnmount(() => clearInterval(timer));
    }

    async reload() {
        const {record} = this.props;
        if (record.resId && !document.hidden && !(await record.isDirty())) {
            await record.load();
        }
    }
}

AttendanceReload.template = xml`<i class="fa fa-spinner fa-spin" aria-hidden="true"/>`;
AttendanceReload.props = {...standardWidgetProps};

registry.category("view_widgets").add("attendance_reload", {component: AttendanceReload});
