"""How fast a cycle's attendance is checked, beside a plain loop and the bare limit.

    ./setup/bench attendance [--json] [--sizes 1000,10000,100000]

For each size as many persons are seeded, with 0 to 20 attendances each on an attendance server that
runs as a process of its own, on localhost. Then their cycle is checked the whole way, as in the
background: the button, and each step (plan, ask intake by intake, finish) in a transaction of
its own, until the memberships have their new states. And once more: nothing has changed then. And
once more after a restart of the server, which then gives the same in another order: all has to be
read, though nothing has changed. What takes less than half a minute is done three times; the
medians are shown.

The yardsticks, measured in the same run:

- the plain loop asks the same server, and searches and creates each event through the ORM;
- the bare limit parses the same JSON, copies it into a staging table, and inserts it from there
  into the same two tables, with all of their indexes and foreign keys. It is given the answers as
  files: it does not ask the server, checks nothing, and decides nothing.

Then the second world: as many persons, three months, a tenth of the days excused. Once with one
condition about all of it; and once with three, two of them per month, and days that are waived. Who
meets them is known beforehand, and compared.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(sys.argv[0]).parent / "tools"))
import attendance_conditions as conditions
from attendance_world import (
    TABLES,
    attendance_server,
    check_attendance,
    conditions_server,
    connect,
    forget_events,
    get_person_ids,
    map_excuses,
    seed_cycle,
    seed_one_condition,
    seed_three_conditions,
)
from attendance_yardsticks import fetch_answers, loop_through, store_bare
from measuring import measured, parse_arguments, print_json, print_row, repeat

LOOP_PERSONS = 1000
COLUMNS = (
    "persons",
    " events",
    "seconds",
    "events/s",
    "queries",
    "peak MB",
    "rerun s",
    "reordered s",
    "bare s",
    "x loop",
    "rerun x",
    "x bare",
)
# MB; times the loop's events per second, the unchanged run's time, the bare limit's time.
AIMS = ("aims", *[""] * 4, "< 100", "", "", "", "> 60", "> 5", "< 1.5")
CONDITIONS_COLUMNS = (
    "persons",
    " events",
    "a person",
    "one s",
    "queries",
    "three s",
    "queries",
    "peak MB",
    "three : one",
)
CONDITIONS_AIMS = ("aims", *[""] * 6, "< 100", "< 1.5")
# What the run and the bare limit must agree on.
EVENTS_STORED = """
    SELECT data.state, data.event_type, count(*), sum(hashtext(concat_ws('|',
        event.individual_id, event.source_id, event.event_data_source, event.event_data_external_id,
        event.attendance_date, event.attendance_time, event.attendance_category,
        event.attendance_type_id, event.attendance_location_id, event.submitted_by,
        event.submitted_datetime, event.company_id, event.cycle_id, event.program_id,
        event.withdrawn, data.partner_id, data.collection_date, data.registrar
    ))::bigint)
    FROM spp_event_attendance AS event
    JOIN spp_event_data AS data
        ON data.res_id = event.id AND data.model = 'spp.event.attendance'
    GROUP BY 1, 2 ORDER BY 1
"""


def measure_loop(env, size):
    """Ask for the same answers, and search and create event by event."""
    with attendance_server(size) as url, TemporaryDirectory() as folder:
        cycle = seed_cycle(env, size, connect(env, url))
        person_ids = get_person_ids(env, cycle)
        fetch_answers(url, list(person_ids), folder)  # as for the others: the server is warm then
        run = env["spp.attendance.run"]._as_attendance_writer()._open(cycle, "apply")
        forget_events(env)
        with measured(env, TABLES) as result, run._get_client() as client:
            events = loop_through(env, run, client, person_ids)
        run._fail("Only what the plain loop asks with.")
    forget_events(env)
    return {"persons": size, "events": events, "seconds": result["seconds"]}


def measure(env, size):
    with attendance_server(size) as url, TemporaryDirectory() as folder:
        cycle = seed_cycle(env, size, connect(env, url))
        person_ids = get_person_ids(env, cycle)
        asked = list(person_ids)
        fetch_answers(url, asked, folder)
        forget_events(env)

        bare_seconds = store_bare(env, cycle, url, folder, person_ids)
        env.cr.execute(EVENTS_STORED)
        expected = env.cr.fetchall()
        del person_ids
        forget_events(env)

        with measured(env, TABLES) as first:
            run = check_attendance(env, cycle)
        assert run.state == "done", run.error or run.brake_reason
        env.cr.execute(EVENTS_STORED)
        stored = env.cr.fetchall()
        assert stored == expected, f"the run and the bare limit disagree: {stored} {expected}"
        events = sum(row[2] for row in stored)
        assert (run.new_count, run.person_count) == (events, size)
        rerun_seconds = measure_unchanged(env, cycle, size)
    with attendance_server(size, urlsplit(url).port), TemporaryDirectory() as folder:
        fetch_answers(url, asked, folder)
        reordered_seconds = measure_unchanged(env, cycle, size)
    forget_events(env)
    return {
        "persons": size,
        "events": events,
        **first,
        "rerun_seconds": rerun_seconds,
        "reordered_seconds": reordered_seconds,
        "bare_seconds": bare_seconds,
    }


def measure_unchanged(env, cycle, size):
    with measured(env, TABLES) as result:
        run = check_attendance(env, cycle)
    assert run.state == "done", run.error or run.brake_reason
    assert not run.new_count + run.changed_count + run.withdrawn_count
    assert run.unchanged_count == size
    return result["seconds"]


def measure_conditions(env, size):
    """Measure the second world: the same events, for one condition and for three."""
    with conditions_server(size) as url:
        source = connect(env, url)
        map_excuses(env, source)
        one = measure_world(env, size, source, seed_one_condition, conditions.FAILING_ONE)
        three = measure_world(env, size, source, seed_three_conditions, conditions.FAILING_THREE)
    return {
        **three,
        "one_seconds": one["seconds"],
        "one_queries": one["queries"],
        "ratio": round(three["seconds"] / one["seconds"], 2),
    }


def measure_world(env, size, source, seed, failing_kinds):
    cycle = seed(env, size, source)
    with TemporaryDirectory() as folder:
        days = conditions.FIRST, conditions.LAST
        asked = list(get_person_ids(env, cycle))
        fetch_answers(source.url, asked, folder, *days)  # the server is warm then
    forget_events(env)
    with measured(env, TABLES) as result:
        run = check_attendance(env, cycle)
    assert run.state == "done", run.error or run.brake_reason
    failing = conditions.count_failing(size, failing_kinds)
    decided = run.compliant_count, run.non_compliant_count
    assert decided == (size - failing, failing), f"decided {decided}, but {failing} of {size} fail"
    events = size * len(conditions.PLAN)
    assert run.new_count == events, run.new_count
    forget_events(env)
    return {"persons": size, "events": events, **result}


def get_ratios(result, loop):
    """Return the events per second beside the loop's, and the time beside the two others."""
    seconds, loop_speed = result["seconds"], loop["events"] / loop["seconds"]
    return (
        round(result["events"] / seconds / loop_speed),
        round(seconds / result["rerun_seconds"], 1),
        round(seconds / result["bare_seconds"], 2),
    )


def main(env):
    options = parse_arguments("attendance", "1000,10000,100000", "persons of the cycles")
    measure(env, 500)  # what is loaded once is not part of the measurement
    loop = repeat(lambda: measure_loop(env, LOOP_PERSONS))
    speed = round(loop["events"] / loop["seconds"])
    print(f"Plain loop: {loop['events']} events in {loop['seconds']} s, {speed} events/s\n")
    print_row(COLUMNS, COLUMNS)
    results = []
    for size in options.sizes:
        result = repeat(lambda size=size: measure(env, size))
        results.append(result)
        print_row(
            COLUMNS,
            (
                size,
                result["events"],
                result["seconds"],
                round(result["events"] / result["seconds"]),
                result["queries"],
                result["peak_growth_mb"],
                result["rerun_seconds"],
                result["reordered_seconds"],
                result["bare_seconds"],
                *get_ratios(result, loop),
            ),
        )
    print_row(COLUMNS, AIMS)
    worlds = compare_conditions(env, options.sizes)
    if options.json:
        print_json("attendance", results, plain_loop=loop, conditions=worlds)


def compare_conditions(env, sizes):
    print("\nThree conditions beside one, about the same events\n")
    print_row(CONDITIONS_COLUMNS, CONDITIONS_COLUMNS)
    measure_conditions(env, 500)
    results = []
    for size in sizes:
        result = repeat(lambda size=size: measure_conditions(env, size))
        results.append(result)
        print_row(
            CONDITIONS_COLUMNS,
            (
                size,
                result["events"],
                len(conditions.PLAN),
                result["one_seconds"],
                result["one_queries"],
                result["seconds"],
                result["queries"],
                result["peak_growth_mb"],
                result["ratio"],
            ),
        )
    print_row(CONDITIONS_COLUMNS, CONDITIONS_AIMS)
    return results


main(env)
