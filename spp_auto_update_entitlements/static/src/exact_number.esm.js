/** @odoo-module **/

import {FloatField, floatField} from "@web/views/fields/float/float_field";
import {formatFloat} from "@web/views/fields/formatters";
import {registry} from "@web/core/registry";

// Quantities, and sums of several currencies: no digit is cut off, and none is added.
export function formatExactNumber(value, options = {}) {
    return formatFloat(value, {...options, digits: [16, 6], trailingZeros: false});
}

export class ExactNumberField extends FloatField {
    get formattedValue() {
        const value = this.props.record.data[this.props.name];
        return this.props.readonly ? formatExactNumber(value) : super.formattedValue;
    }
}

registry.category("fields").add("exact_number", {...floatField, component: ExactNumberField});
registry.category("formatters").add("exact_number", formatExactNumber);
