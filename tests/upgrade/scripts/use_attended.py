"""Works with a database of attendance that was upgraded, as people do next. For `odoo shell`.

Prints as JSON what is shown of memberships and cycles, and what new runs decide.
"""

import json

manager = env["res.users"].search([("login", "=", "attendance manager")])
cycles = env["g2p.cycle"].search([("use_attendance_criteria", "=", True)], order="id")


def read_memberships(cycle, *names):
    return {
        membership.partner_id.name: [membership[name] or "" for name in names]
        for membership in env["g2p.cycle.membership"].search([("cycle_id", "=", cycle.id)])
    }


def read_standing(cycle):
    """Return what each membership shows, and the status by the line that stands."""
    lines = env["spp.attendance.run.line"]
    standing = lines.search([("standing", "=", "stands"), ("run_id.cycle_id", "=", cycle.id)])
    by_line = {line.partner_id.name: line for line in standing if line.cycle_membership_id}
    shown = read_memberships(
        cycle, "state", "attendance_status", "state_before_attendance", "attendance_state"
    )
    return {
        name: [*values, by_line[name].run_id.applied_number if name in by_line else 0]
        for name, values in shown.items()
    }


def run(cycle):
    """Run it as its manager does, and apply what a brake holds; return what came out."""
    action = cycle.with_user(manager).action_filter_beneficiaries_by_compliance_criteria()
    run = env["spp.attendance.run"].browse(action["res_id"])
    if run.state == "waiting":
        run.with_user(manager)._decide_to_apply("It is right")
    env.cr.commit()
    return [run.state, run.error or "", run.new_count, run.changed_count, run.withdrawn_count]


found = {"before": {}, "runs": {}, "after": {}, "back": {}}
for cycle in cycles:
    found["before"][cycle.name] = read_standing(cycle)
for cycle in cycles.filtered(lambda cycle: cycle.cycle_membership_ids and cycle.state == "draft"):
    found["runs"][cycle.name] = run(cycle)
    found["after"][cycle.name] = read_memberships(cycle, "state", "attendance_status")
# What stood before the last run of the old version stands again, and what nobody had decided.
asked = cycles.filtered(lambda cycle: cycle.name == "asked")
for _number in range(3):
    standing = asked.attendance_run_ids.filtered(lambda run: run.state == "done")
    last = standing.sorted("applied_number")[-1]
    last.with_user(manager)._take_back("It was wrong")
    found["back"][last.applied_number] = read_memberships(asked, "state", "attendance_status")
override = env["spp.attendance.override"].search([("reason", "=", "Came late")])
override.with_user(manager)._lift("As I say")
found["lifted"] = read_memberships(asked, "state", "attendance_status")["Ana"]
env.cr.commit()
print("found:" + json.dumps(found))
