"""A cycle with a household whose members were checked, and a saved filter. For `odoo shell`."""

from datetime import date, timedelta

family, ana, ben = env["res.partner"].create(
    [
        {"name": name, "is_registrant": True, "is_group": name == "Family"}
        for name in ("Family", "Ana", "Ben")
    ]
)
for member in (ana, ben):
    env["g2p.group.membership"].create({"group": family.id, "individual": member.id})
    env["spp.event.attendance"].create({"individual_id": member.id})
cycle = env["g2p.cycle"].create(
    {
        "name": "Cycle",
        "program_id": env["g2p.program"].create({"name": "Program"}).id,
        "start_date": date.today(),
        "end_date": date.today() + timedelta(days=1),
        "use_attendance_criteria": True,
        "attendance_source": "recorded",
        "required_number_of_attendance": 1,
    }
)
env["g2p.cycle.membership"].create({"cycle_id": cycle.id, "partner_id": family.id})
action = cycle.action_filter_beneficiaries_by_compliance_criteria()
run = env["spp.attendance.run"].browse(action["res_id"])
if run.state == "waiting":
    run.action_apply()
env["ir.filters"].create(
    {
        "name": "Mine",
        "model_id": "spp.event.attendance",
        "action_id": env.ref("spp_cycle_attendance_compliance.action_spp_event_attendance").id,
    }
)
env.cr.commit()
