/** @odoo-module **/

import {BinaryField, binaryField} from "@web/views/fields/binary/binary_field";
import {registry} from "@web/core/registry";

// A file that is chosen by keys as well: Tab does not come to Odoo's own label.
export class FileField extends BinaryField {
    onKeydown(ev) {
        if (ev.target === ev.currentTarget && (ev.key === "Enter" || ev.key === " ")) {
            ev.preventDefault();
            ev.target.click();
        }
    }
}

FileField.template = "spp_cycle_attendance_compliance.FileField";

registry.category("fields").add("attendance_file", {...binaryField, component: FileField});
