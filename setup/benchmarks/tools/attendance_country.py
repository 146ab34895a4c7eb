"""A country whose attendance was checked, and what its officials look at and print.

Verdicts are counted by where people live and attend. So they do it here as people do: a few towns
and many hamlets; each school is in one village, each clinic serves some villages side by side, and
few go to the next village's school. Spread at random, nearly all pairs of an area and a place
would have somebody; with some areas only, hardly any would.
"""

from datetime import date, timedelta

from attendance_world import CATEGORY_MODELS, TABLES, check_attendance, take_step
from measuring import vacuum
from screens import Found, Print
from seeding import add_entitlement_manager, copy_rows, seed_registrants
from web_client import Action

LINE = "spp.attendance.run.line"
# What was recorded by hand: how often of each person, on the average, and within how many days.
RECORDED = 5
RECORDED_SOURCE = "spp_cycle_attendance_compliance.source_recorded"
RECORDED_DAYS = 400
# How many of each there are in one of the level above.
LEVELS = (("Region", 8), ("Province", 5), ("District", 5), ("Village", 10))
VILLAGES = 2000
VILLAGES_PER_CLINIC = 3
# Of a program with a cycle a month, for two years.
EARLIER_CYCLES = 23
FAMILY_OF_PERSON = "(n + 1) / 2"


def seed_checked_cycles(env, size):
    """Seed what the attendance's screens show, and have the addon check it.

    Of persons, who were recorded `RECORDED` times each on the average, within the last
    `RECORDED_DAYS`; and, a tenth as many, of households of two of them.

    :return: by model, ids of the records to look at
    """
    villages = _create_villages(env)
    area = _pick(villages, _get_village(FAMILY_OF_PERSON))
    persons = seed_registrants(env, size, is_group=False, changes={"area_id": area})
    area = _pick(villages, _get_village("n"))
    households = seed_registrants(env, size // 10, changes={"area_id": area})
    _seed_household_members(env, households, persons, size // 10)
    _seed_events(env, persons, size)
    cycles = []
    for target_type, base, count in (
        ("individual", persons, size),
        ("group", households, size // 10),
    ):
        cycle = _create_recorded_cycle(env, target_type)
        _seed_memberships(env, cycle, base, count)
        cycles.append(cycle)
    env.cr.commit()
    vacuum(env, (*TABLES, "g2p_group_membership"))
    for cycle in cycles:
        run = check_attendance(env, cycle)
        if run.state == "waiting":
            run._decide_to_apply("All of them were seeded.")
            take_step(env, run, "request")
        assert run.state == "done", run.error or run.brake_reason
    _seed_earlier_counts(env, cycles[0])
    vacuum(env, (*TABLES, "spp_cycle_group_membership_attendance", "spp_attendance_count"))
    return {
        "g2p.cycle": cycles[0].ids,
        "spp.attendance.run": cycles[0].attendance_run_ids[:1].ids,
        "spp.area": [_find_average_village(env, size)],
    }


def find_more(env, chosen):
    """Give what people choose on these screens, and print there, of the cycle that was checked."""
    (cycle_id,), (run_id,) = chosen["g2p.cycle"], chosen["spp.attendance.run"]
    (area_id,) = chosen["spp.area"]
    run_list, verdict_list = (
        env.ref(f"spp_cycle_attendance_compliance.view_attendance_{name}_tree").id
        for name in ("run_line", "verdict")
    )
    of_run = [("run_id", "=", run_id), ("kind", "!=", "member")]
    in_village = [("area_id", "child_of", area_id)]
    undecided = [("verdict", "=", "undecided")]
    stands = [("cycle_id", "=", cycle_id), ("kind", "!=", "member"), ("standing", "=", "stands")]
    for name, view_id, domain in (
        ("Run > Not decided", run_list, of_run + undecided),
        ("Run > One village", run_list, of_run + in_village),
        ("Run > Not decided, one village", run_list, of_run + undecided + in_village),
        ("Verdicts > Not decided", verdict_list, stands + undecided),
        ("Verdicts > One village", verdict_list, stands + in_village),
    ):
        values = {"res_model": LINE, "views": [(view_id, "list")], "domain": domain}
        yield Found(name, "list", "list", lambda env, values=values: Action.read(env, values))
    of_village = {"cycle_id": cycle_id, "area_id": area_id}
    yield Print("Verdict list of one village", {**of_village, "run_id": run_id})
    yield Print("Verdict list of one village, what stands", of_village)
    yield Print("Letters of one village", {**of_village, "content": "letters", "which": "failing"})


def _create_villages(env):
    """Create all areas; return the villages' ids, neighbours side by side."""
    parents = [False]
    for level, number in LEVELS:
        values = [
            {"draft_name": f"{level} {n}", "parent_id": parents[n // number]}
            for n in range(len(parents) * number)
        ]
        parents = env["spp.area"].create(values).ids
    return parents


def _find_average_village(env, size):
    env.cr.execute(
        "SELECT area_id FROM res_partner WHERE area_id IS NOT NULL AND NOT is_group"
        " GROUP BY 1 HAVING count(*) >= %s ORDER BY count(*), 1 LIMIT 1",
        [size / VILLAGES],
    )
    return env.cr.fetchone()[0]


def _get_village(family):
    """Return the SQL expression of where a family lives: the first villages are the towns."""
    share = f"((hashint4(({family})::integer) & 2147483647) / 2147483648.0)"
    return f"floor({VILLAGES} * {share} * {share})::integer"


def _pick(ids, number):
    """Return the SQL expression of one of some ids, by a number from 0 on."""
    return f"('{{{','.join(map(str, ids))}}}'::integer[])[1 + ({number})]"


def _seed_earlier_counts(env, cycle):
    """Seed what the overview would have of earlier cycles, each as the one that was checked."""
    counted = env["spp.attendance.count"].search([("cycle_id", "=", cycle.id)])
    for number in range(1, EARLIER_CYCLES + 1):
        earlier = cycle.copy({"name": f"Earlier {number:02}"})
        changes = {"cycle_id": str(earlier.id)}
        copy_rows(env, counted._table, counted.ids, len(counted), changes)
        env.cr.execute(
            "UPDATE g2p_cycle SET start_date = start_date - %(days)s,"
            " end_date = end_date - %(days)s WHERE id = %(cycle)s",
            {"days": 30 * number, "cycle": earlier.id},
        )
    env.invalidate_all()
    env.cr.commit()


def _create_recorded_cycle(env, target_type):
    program = env["g2p.program"].create({"name": f"Seeded {target_type}"})
    program.target_type = target_type
    add_entitlement_manager(program)
    today = date.today()
    return env["g2p.cycle"].create(
        {
            "name": f"Checked, {target_type}",
            "program_id": program.id,
            "start_date": today,
            "end_date": today + timedelta(days=30),
            "use_attendance_criteria": True,
            "attendance_source_id": env.ref(RECORDED_SOURCE).id,
            "attendance_period": "dates",
            "from_date": today - timedelta(days=RECORDED_DAYS),
            "to_date": today,
            "required_number_of_attendance": RECORDED - 1,
        }
    )


def _seed_household_members(env, households, persons, count):
    original = env["g2p.group.membership"].create(
        {"group": households + 1, "individual": persons + 1}
    )
    changes = {"group": f"{households} + 1 + n / 2", "individual": f"{persons} + 1 + n"}
    copy_rows(env, "g2p_group_membership", original.ids, 2 * count - 1, changes)


def _seed_memberships(env, cycle, base, count):
    original = env["g2p.cycle.membership"].create(
        {"cycle_id": cycle.id, "partner_id": base + 1, "state": "enrolled"}
    )
    changes = {"partner_id": f"{base} + 1 + n"}
    copy_rows(env, "g2p_cycle_membership", original.ids, count - 1, changes)


def _seed_events(env, persons, count):
    original = env["spp.event.attendance"].create({"individual_id": persons + 1})
    data = env["spp.event.data"].search(
        [("model", "=", original._name), ("res_id", "=", original.id)]
    )
    person = f"(1 + (hashint4(n) & 2147483647) % {count})"
    day = f"CURRENT_DATE - (hashint4(-n) & 2147483647) % {RECORDED_DAYS}"
    number = RECORDED * count
    names = [f"School {n}" for n in range(VILLAGES)]
    names += [f"Clinic {n}" for n in range(-(-VILLAGES // VILLAGES_PER_CLINIC))]
    places = env[CATEGORY_MODELS[1]].create([{"name": name} for name in names])
    # One in ten goes to the next village's school; every fifth time it is the clinic.
    village = _get_village(FAMILY_OF_PERSON.replace("n", person))
    place = f"""CASE
        WHEN n % 5 = 0 THEN {VILLAGES} + {village} / {VILLAGES_PER_CLINIC}
        WHEN {person} % 10 = 0 THEN ({village} + 1) % {VILLAGES}
        ELSE {village}
    END"""
    changes = {
        "individual_id": f"{persons} + {person}",
        "attendance_date": day,
        "attendance_location_id": _pick(places.ids, place),
        "attendance_category": "CASE WHEN n % 41 = 0 THEN 'unknown'"
        " ELSE (ARRAY['present', 'present', 'absent', 'excused'])[1 + n % 4] END",
    }
    base = copy_rows(env, original._table, original.ids, number, changes)
    changes = {
        "partner_id": changes["individual_id"],
        "collection_date": day,
        "res_id": f"{base} + n",
    }
    copy_rows(env, data._table, data.ids, number, changes)
