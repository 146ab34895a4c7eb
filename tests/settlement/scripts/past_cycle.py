"""What the scripts of these tests share."""

from datetime import date, timedelta
from uuid import uuid4


def create_past_cycle(env):
    """Return a distributed cycle that is over; the platform itself lets none start in the past."""
    today = date.today()
    program = env["g2p.program"].create({"name": f"Program {uuid4()}"})
    manager = env["g2p.cycle.manager.default"].create({"name": "M", "program_id": program.id})
    program.cycle_managers = env["g2p.cycle.manager"].create(
        {"program_id": program.id, "manager_ref_id": f"{manager._name},{manager.id}"}
    )
    cycle = env["g2p.cycle"].create(
        {
            "name": "Cycle",
            "program_id": program.id,
            "start_date": today,
            "end_date": today + timedelta(days=1),
            "state": "distributed",
        }
    )
    env.flush_all()
    env.cr.execute(
        "UPDATE g2p_cycle SET start_date = %s, end_date = %s WHERE id = %s",
        [today - timedelta(days=9), today - timedelta(days=2), cycle.id],
    )
    cycle.invalidate_recordset()
    return cycle
