"""How fast a cycle's attendance is checked, beside a plain loop and the bare limit.

    ./setup/bench attendance [--json] [--sizes 1000,10000,100000]

For each size as many persons are seeded, with 0 to 20 attendances each on an attendance server that
runs as a process of its own, on localhost. Then their cycle is checked the whole way, as in the
background: the button, and each step (prepare, fetch batch by batch, finish) in a transaction of
its own, until the memberships have their new states. And once more: nothing has changed then.

The yardsticks, measured in the same run:

- the plain loop asks the same server, and searches and creates each event through the ORM;
- the bare limit parses the same JSON, copies it into a staging table, and inserts it from there
  into the same two tables, with all of their indexes and foreign keys. It is given the answers as
  files: it does not ask the server, checks nothing, and decides nothing.
"""

import argparse
import csv
import ctypes
import gc
import io
import json
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import requests

from odoo.tools.misc import file_path

SERVER = "spp_cycle_attendance_compliance/tests/attendance_server.py"
SEED = 1
FIRST, LAST = date(2026, 11, 1), date(2026, 11, 30)
REQUIRED_DAYS = 5
PERSONS_PER_REQUEST = 500
LOOP_PERSONS = 1000
CATEGORY_MODELS = ("spp.res.config.attendance.type", "spp.res.config.attendance.location")
EVENT_TABLES = ("spp_event_attendance", "spp_event_data")
SEEDED_TABLES = ("res_partner", "g2p_reg_id", "g2p_cycle_membership", "spp_attendance_run_line")
# MB; times the loop's events per second, the unchanged run's time, the bare limit's time.
AIMS_SHOWN = ("< 100", "> 60", "> 5", "< 2")

# Copies of one person that Odoo made: the columns differ between platforms.
SEED_PERSONS = """
    INSERT INTO res_partner (name, {columns})
    SELECT 'Person ' || n, {columns} FROM res_partner, generate_series(1, %(size)s) n
    WHERE id = %(template)s
    RETURNING id
"""
SEED_IDS = """
    INSERT INTO g2p_reg_id (partner_id, id_type, value)
    SELECT id, %(id_type)s, 'P' || lpad(row_number() OVER (ORDER BY id)::text, 7, '0')
    FROM res_partner WHERE id > %(template)s
"""
SEED_MEMBERSHIPS = """
    INSERT INTO g2p_cycle_membership (partner_id, cycle_id, state, enrollment_date)
    SELECT id, %(cycle)s, 'enrolled', CURRENT_DATE FROM res_partner WHERE id > %(template)s
"""
STAGING = """
    CREATE TEMPORARY TABLE IF NOT EXISTS bare_staging (
        individual_id integer, event_data_external_id integer, attendance_date date,
        attendance_time varchar, attendance_category varchar, attendance_type_id integer,
        attendance_location_id integer, attendance_description text,
        attendance_external_url varchar, submitted_by varchar, submitted_datetime varchar,
        submission_source varchar, state varchar
    )
"""
BARE_INSERT = """
    WITH event AS (
        INSERT INTO spp_event_attendance (
            individual_id, event_data_external_id, attendance_date, attendance_time,
            attendance_category, attendance_type_id, attendance_location_id,
            attendance_description, attendance_external_url, submitted_by, submitted_datetime,
            submission_source, event_data_source, company_id, run_id, cycle_id, program_id,
            withdrawn, create_uid, create_date, write_uid, write_date
        )
        SELECT individual_id, event_data_external_id, attendance_date, attendance_time,
            attendance_category, attendance_type_id, attendance_location_id,
            attendance_description, attendance_external_url, submitted_by, submitted_datetime,
            submission_source, %(source)s, %(company)s, %(run)s, %(cycle)s, %(program)s, FALSE,
            1, now() AT TIME ZONE 'UTC', 1, now() AT TIME ZONE 'UTC'
        FROM bare_staging
        ON CONFLICT (individual_id, event_data_source, event_data_external_id) DO NOTHING
        RETURNING id, individual_id, event_data_external_id
    )
    INSERT INTO spp_event_data (
        model, res_id, partner_id, collection_date, registrar, event_type, name, state,
        create_uid, create_date, write_uid, write_date
    )
    SELECT 'spp.event.attendance', event.id, individual_id, staged.attendance_date,
        staged.submitted_by, %(label)s, %(name)s, staged.state,
        1, now() AT TIME ZONE 'UTC', 1, now() AT TIME ZONE 'UTC'
    FROM event JOIN bare_staging AS staged USING (individual_id, event_data_external_id)
    ON CONFLICT DO NOTHING
"""
# What the run and the bare limit must agree on.
EVENTS_STORED = """
    SELECT data.state, data.event_type, count(*), sum(hashtext(concat_ws('|',
        event.individual_id, event.event_data_source, event.event_data_external_id,
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


@contextmanager
def attendance_server(size):
    """Serve the attendance of ``size`` persons from another process; gives its address."""
    command = [sys.executable, file_path(SERVER), "--people", str(size), "--seed", str(SEED)]
    command += ["--from", str(FIRST), "--to", str(LAST)]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process.stdout.readline().split()[1]
        finally:
            process.terminate()


def connect(env, url):
    """Connect the attendance system, and take over its types and locations."""
    settings = env["spp.attendance.settings"]
    connection = {
        "url": url,
        "client_id": "client",
        "client_secret": "secret",
        "persons_per_request": str(PERSONS_PER_REQUEST),
    }
    settings._set_connection(connection)
    with settings._get_client() as client:
        answers = (client.fetch_types(), client.fetch_locations())
    for model, categories in zip(CATEGORY_MODELS, answers, strict=True):
        for _change, record, category in env[model]._compare(url, categories):
            record._take_over(url, *category)


def seed_cycle(env, size):
    """Create a cycle of ``size`` enrolled persons, who are the only ones with an ID."""
    id_type = env["g2p.id.type"].create({"name": f"Benchmark ID {time.time()}"})
    program = env["g2p.program"].create({"name": f"Benchmark {size}", "target_type": "individual"})
    cycle = env["g2p.cycle"].create(
        {
            "name": f"Benchmark {size}",
            "program_id": program.id,
            "start_date": date.today(),
            "end_date": date.today() + timedelta(days=30),
            "use_attendance_criteria": True,
            "from_date": FIRST,
            "to_date": LAST,
            "required_number_of_attendance": REQUIRED_DAYS,
        }
    )
    template = env["res.partner"].create({"name": "Person 0", "is_registrant": True})
    env.flush_all()
    values = {
        "size": size,
        "template": template.id,
        "cycle": cycle.id,
        "id_type": id_type.id,
    }
    cr = env.cr
    cr.execute(
        """
        SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute
        WHERE attrelid = 'res_partner'::regclass AND attnum > 0 AND NOT attisdropped
            AND attname NOT IN ('id', 'name')
        """
    )
    cr.execute(SEED_PERSONS.format(columns=cr.fetchone()[0]), values)
    cr.execute(SEED_IDS, values)
    cr.execute(SEED_MEMBERSHIPS, values)
    env.invalidate_all()
    id_parameter = "spp_cycle_attendance_compliance.attendance_id_type_id"
    env["ir.config_parameter"].set_param(id_parameter, id_type.id)
    env["res.partner"]._recompute_personal_identifiers(id_type)
    cr.commit()
    return cycle


def get_person_ids(env, cycle):
    """Return the ids of a cycle's persons, by the ID that the attendance server knows."""
    env.cr.execute(
        """
        SELECT personal_identifier, partner_id FROM g2p_cycle_membership AS membership
        JOIN res_partner AS person ON person.id = membership.partner_id
        WHERE membership.cycle_id = %s ORDER BY partner_id
        """,
        [cycle.id],
    )
    return dict(env.cr.fetchall())


def forget_events(env):
    env.cr.execute(f"TRUNCATE {', '.join(EVENT_TABLES)} CASCADE")
    env.cr.commit()
    env.invalidate_all()


def vacuum(env):
    """Leave no work for autovacuum to do in the middle of a measurement."""
    with env.registry.cursor() as cr:
        cr._cnx.autocommit = True
        for table in (*SEEDED_TABLES, *EVENT_TABLES):
            cr.execute(f"VACUUM ANALYZE {table}")
        cr.execute("CHECKPOINT")


def peak_memory():
    """Return the process's peak memory since `forget_peak_memory`, in MB."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def forget_peak_memory():
    """Begin anew, without what is free already: it would hide how much is taken later."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")


@contextmanager
def measured(env, result):
    """Put into ``result`` how long the body takes, its queries, and the growth of peak memory."""
    vacuum(env)
    env.invalidate_all()
    forget_peak_memory()
    memory, queries, started = peak_memory(), env.cr.sql_log_count, time.perf_counter()
    yield
    result["seconds"] = round(time.perf_counter() - started, 2)
    result["queries"] = env.cr.sql_log_count - queries
    result["peak_growth_mb"] = round(peak_memory() - memory, 1)


# The whole way


def check_attendance(env, cycle):
    """Press the button, and take the steps as the job runner does."""
    cycle.action_filter_beneficiaries_by_compliance_criteria()
    run = cycle.attendance_run_ids[:1]
    env.cr.commit()
    if run.state == "running":  # and not made at once, as with a few persons
        take_step(env, run, "prepare")
        for batch_id in run.batch_ids.ids:
            take_step(env, run, "fetch", batch_id)
        take_step(env, run, "finish")
    assert run.state == "done", run.error or run.brake_reason
    return run


def take_step(env, run, step, batch_id=None):
    """Take one step of a run as a job does: a transaction of its own, and nothing remembered."""
    run.cycle_id._attendance_job(run.cycle_id, run.id, run.attempt, step, batch_id)
    env.cr.commit()
    env.invalidate_all()


# The bare limit


def fetch_answers(url, person_ids, folder):
    """Keep the server's answers about all persons in files."""
    with requests.Session() as session:
        credentials = {"client_id": "client", "client_secret": "secret"}
        token = session.post(f"{url}/auth/token", json=credentials).json()["access_token"]
        session.headers["Authorization"] = f"Bearer {token}"
        params = {"limit": PERSONS_PER_REQUEST, "from_date": str(FIRST), "to_date": str(LAST)}
        for start in range(0, len(person_ids), PERSONS_PER_REQUEST):
            asked = person_ids[start : start + PERSONS_PER_REQUEST]
            answer = session.get(f"{url}/attendances", params=params, json={"person_ids": asked})
            answer.raise_for_status()
            (Path(folder) / f"{start:07}.json").write_bytes(answer.content)


def store_bare(env, cycle, url, folder, person_ids):
    """Parse, copy and insert the answers, and nothing else; one transaction each."""
    run = env["spp.attendance.run"]._open(cycle, "apply")
    run._fail("Only what the bare limit hangs its events on.")
    label = env["ir.model"]._get("spp.event.attendance").name
    person = env["res.partner"].browse(next(iter(person_ids.values())))  # the others are copies
    values = {
        "source": url,
        "company": person.company_id.id or None,
        "run": run.id,
        "cycle": cycle.id,
        "program": cycle.program_id.id,
        "label": label,
        "name": f"{label} - [{env.cr.now():%Y-%m-%d %H:%M}]",
    }
    categories = [
        {number: record.id for number, record in env[model]._get_by_external_id(url).items()}
        for model in CATEGORY_MODELS
    ]
    env.flush_all()
    env.cr.execute(STAGING)
    env.cr.commit()
    result = {}
    with measured(env, result):
        for path in sorted(Path(folder).iterdir()):
            lines = io.StringIO()
            payload = json.loads(path.read_bytes())
            csv.writer(lines).writerows(get_bare_rows(payload, person_ids, *categories))
            lines.seek(0)
            env.cr.execute("TRUNCATE bare_staging")
            env.cr.copy_expert("COPY bare_staging FROM STDIN (FORMAT csv)", lines)
            env.cr.execute(BARE_INSERT, values)
            env.cr.commit()
    return result["seconds"]


def get_bare_rows(payload, person_ids, type_ids, location_ids):
    for person in payload["records"]:
        person_id = person_ids[person["person_id"]]
        items = sorted(
            person["attendance_list"], key=lambda item: (item["date"], item["time"], item["id"])
        )
        for item in items:
            yield (
                person_id,
                item["id"],
                item["date"],
                item["time"],
                item["attendance_category"],
                type_ids[item["attendance_type"]["id"]],
                location_ids[item["attendance_location"]["id"]],
                item["attendance_description"],
                item["attendance_external_url"],
                item["submitted_by"],
                item["submitted_datetime"],
                item["submission_source"],
                "active" if item is items[-1] else "inactive",
            )


# The plain loop


def measure_loop(env, size):
    """Ask for the same answers, and search and create event by event."""
    with attendance_server(size) as url:
        connect(env, url)
        cycle = seed_cycle(env, size)
        person_ids = get_person_ids(env, cycle)
        run = env["spp.attendance.run"]._open(cycle, "apply")
        forget_events(env)
        result = {}
        with measured(env, result), run._get_client() as client:
            events = loop_through(env, run, client, person_ids)
        run._fail("Only what the plain loop asks with.")
    forget_events(env)
    return {"persons": size, "events": events, "seconds": result["seconds"]}


def loop_through(env, run, client, person_ids):
    model, count = env["spp.event.attendance"], 0
    types, locations = (env[name]._get_by_external_id(run.server_url) for name in CATEGORY_MODELS)
    for answer in client.fetch_attendance(list(person_ids), run._get_question()):
        for person in answer.persons.values():
            for item in person.attendances:
                key = {
                    "individual_id": person_ids[person.person_id],
                    "event_data_source": run.server_url,
                    "event_data_external_id": item.external_id,
                }
                count += 1
                if model.search([(name, "=", value) for name, value in key.items()], limit=1):
                    continue
                model.create(
                    {
                        **key,
                        "attendance_date": item.date,
                        "attendance_time": item.time,
                        "attendance_category": item.category,
                        "attendance_type_id": types[item.type_id].id,
                        "attendance_location_id": locations[item.location_id].id,
                        "attendance_description": item.description,
                        "attendance_external_url": item.external_url,
                        "submitted_by": item.submitted_by,
                        "submitted_datetime": item.submitted_datetime,
                        "submission_source": item.submission_source,
                        "run_id": run.id,
                    }
                )
    env.cr.commit()
    return count


# All together


def measure(env, size):
    with attendance_server(size) as url, TemporaryDirectory() as folder:
        connect(env, url)
        cycle = seed_cycle(env, size)
        person_ids = get_person_ids(env, cycle)
        fetch_answers(url, list(person_ids), folder)
        forget_events(env)

        bare_seconds = store_bare(env, cycle, url, folder, person_ids)
        env.cr.execute(EVENTS_STORED)
        expected = env.cr.fetchall()
        del person_ids
        forget_events(env)

        first, second = {}, {}
        with measured(env, first):
            run = check_attendance(env, cycle)
        env.cr.execute(EVENTS_STORED)
        stored = env.cr.fetchall()
        assert stored == expected, f"the run and the bare limit disagree: {stored} {expected}"
        events = sum(row[2] for row in stored)
        assert (run.new_count, run.person_count) == (events, size)
        with measured(env, second):
            run = check_attendance(env, cycle)
        assert not run.new_count + run.changed_count + run.withdrawn_count
        assert run.unchanged_count == size
    forget_events(env)
    return {
        "persons": size,
        "events": events,
        **first,
        "rerun_seconds": second["seconds"],
        "bare_seconds": bare_seconds,
    }


def parse_sizes(text):
    sizes = text.split(",")
    if not all(size.isdecimal() and int(size) for size in sizes):
        raise argparse.ArgumentTypeError(f"{text}: give numbers such as 1000,10000")
    return [int(size) for size in sizes]


def get_ratios(result, loop):
    """Return the events per second beside the loop's, and the time beside the two others."""
    seconds, loop_speed = result["seconds"], loop["events"] / loop["seconds"]
    return (
        round(result["events"] / seconds / loop_speed),
        round(seconds / result["rerun_seconds"], 1),
        round(seconds / result["bare_seconds"], 2),
    )


def main(env):
    parser = argparse.ArgumentParser(prog="setup/bench attendance")
    parser.add_argument("--json", action="store_true")
    parser.add_argument(
        "--sizes",
        type=parse_sizes,
        default="1000,10000,100000",
        help="persons of the cycles, separated by commas (default: %(default)s)",
    )
    options = parser.parse_args()
    measure(env, 500)  # what is loaded once is not part of the measurement
    loop = measure_loop(env, LOOP_PERSONS)
    loop_speed = round(loop["events"] / loop["seconds"])
    print(f"Plain loop: {loop['events']} events in {loop['seconds']} s, {loop_speed} events/s\n")
    row = "{:>8} {:>9} {:>8} {:>9} {:>8} {:>8} {:>8} {:>8}   {:>7} {:>6} {:>6}"
    print(
        row.format(
            "persons",
            "events",
            "seconds",
            "events/s",
            "queries",
            "peak MB",
            "rerun s",
            "bare s",
            "x loop",
            "rerun",
            "x bare",
        )
    )
    results = []
    for size in options.sizes:
        result = measure(env, size)
        results.append(result)
        print(
            row.format(
                size,
                result["events"],
                result["seconds"],
                round(result["events"] / result["seconds"]),
                result["queries"],
                result["peak_growth_mb"],
                result["rerun_seconds"],
                result["bare_seconds"],
                *get_ratios(result, loop),
            ),
            flush=True,
        )
    empty = [""] * 4
    print(row.format("aims", *empty, *AIMS_SHOWN[:1], "", "", *AIMS_SHOWN[1:]))
    if options.json:
        summary = {"bench": "attendance", "sizes": results, "plain_loop": loop}
        print(json.dumps(summary), flush=True)


main(env)
