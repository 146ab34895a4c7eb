"""Prints as JSON the sentences of verdicts by id, and what is said and remembered of memberships.
For `odoo shell`, on a database of attendance that was upgraded."""

import json

lines = env["spp.attendance.run.line"].search([], order="id")
memberships = env["g2p.cycle.membership"].search([], order="id")
standing = lines._get_standing(memberships)
found = {
    "verdicts": {line.id: line.reason for line in lines},
    "reasons": {
        f"{membership.cycle_id.name}/{membership.partner_id.name}": membership.attendance_reason
        for membership in memberships
        if membership.attendance_reason
    },
    "remembered": {
        membership.partner_id.name: [
            membership.state,
            membership.attendance_status or "",
            membership.state_before_attendance or "",
            membership.attendance_state or "",
            standing[membership.id].run_id.applied_number if membership.id in standing else 0,
        ]
        for membership in memberships
        if membership.cycle_id.name == "decided"
    },
}
# The answers that an evaluation goes by now: the newest ones.
cycle = env["g2p.cycle"].search([("name", "=", "answered")])
run = env["spp.attendance.run"].browse(cycle.action_evaluate_attendance()["res_id"])
found["evaluated"] = {line.partner_id.name: line.finding for line in run.line_ids}
print("found:" + json.dumps(found))
