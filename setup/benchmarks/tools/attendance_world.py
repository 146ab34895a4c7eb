"""A cycle of persons, and the attendance server that knows them."""

import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import attendance_conditions as conditions

from odoo.tools.misc import file_path

SERVER = "spp_cycle_attendance_compliance/tests/attendance_server.py"
SEED = 1
FIRST, LAST = date(2025, 11, 1), date(2025, 11, 30)
REQUIRED_DAYS = 5
PERSONS_PER_REQUEST = 500
CATEGORY_MODELS = ("spp.res.config.attendance.type", "spp.res.config.attendance.location")
EVENT_TABLES = ("spp_event_attendance", "spp_event_data")
TABLES = (
    "res_partner",
    "g2p_reg_id",
    "g2p_cycle_membership",
    "spp_attendance_answer",
    "spp_attendance_run_line",
    *EVENT_TABLES,
)

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


@contextmanager
def attendance_server(size, port=0):
    """Serve the attendance of ``size`` persons from another process; gives its address.

    Each such process has another order in which it gives a person's days.
    """
    options = ["--people", str(size), "--seed", str(SEED), "--port", str(port)]
    with _serving(file_path(SERVER), *options, "--from", str(FIRST), "--to", str(LAST)) as url:
        yield url


@contextmanager
def conditions_server(size):
    """Serve the attendance of the persons of `attendance_conditions`; gives its address."""
    with _serving(conditions.__file__, str(Path(file_path(SERVER)).parent), str(size)) as url:
        yield url


@contextmanager
def _serving(*command):
    with subprocess.Popen(
        [sys.executable, *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process.stdout.readline().split()[1]
        finally:
            process.terminate()


def connect(env, url):
    """Connect an attendance system, and take over its types and locations; return the source."""
    sources = env["spp.attendance.source"]._as_attendance_writer()
    source = sources.create(
        {
            "name": f"Benchmark {time.time()}",
            "url": url,
            "client_id": "client",
            "persons_per_request": PERSONS_PER_REQUEST,
        }
    )
    source._set_connection({}, "secret")
    with source._get_client() as client:
        answers = (client.fetch_types(), client.fetch_locations())
    for model, categories in zip(CATEGORY_MODELS, answers, strict=True):
        for _change, record, category in env[model]._compare(source, categories):
            record._take_over(source, *category)
    return source


def seed_cycle(env, size, source, **criteria):
    """Create a cycle of ``size`` enrolled persons, who are the only ones that the source knows.

    :param criteria: of the cycle, where they are others than the first world's
    """
    id_type = env["g2p.id.type"].create({"name": f"Benchmark ID {time.time()}"})
    source.id_type_id = id_type
    program = env["g2p.program"].create({"name": f"Benchmark {size}", "target_type": "individual"})
    cycle = env["g2p.cycle"].create(
        {
            "name": f"Benchmark {size}",
            "program_id": program.id,
            "start_date": date.today(),
            "end_date": date.today() + timedelta(days=30),
            "use_attendance_criteria": True,
            "attendance_source_id": source.id,
            "attendance_period": "dates",
            "from_date": FIRST,
            "to_date": LAST,
            "required_number_of_attendance": REQUIRED_DAYS,
            **criteria,
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
    cr.commit()
    return cycle


def seed_three_conditions(env, size, source):
    """Create a cycle with three conditions, two of them per month, and days that are waived."""
    types = env["spp.res.config.attendance.type"]._get_by_external_id(source)
    asked = [
        {
            "name": "School",
            "type_id": types[conditions.SCHOOL].id,
            "requirement": "percentage",
            "required_percentage": 75,
            "over": "month",
        },
        {
            "name": "Health",
            "type_id": types[conditions.HEALTH].id,
            "required_number": 1,
            "over": "month",
        },
        {
            "name": "Training",
            "type_id": types[conditions.TRAINING].id,
            "unit": "sessions",
            "required_number": 1,
        },
    ]
    cycle = seed_cycle(
        env,
        size,
        source,
        from_date=conditions.FIRST,
        to_date=conditions.LAST,
        attendance_condition_ids=[(0, 0, condition) for condition in asked],
    )
    first, last = conditions.FLOOD
    waiver = env["spp.attendance.waiver"].create(
        {
            "name": "Flood",
            "legal_basis": "Benchmark",
            "program_id": cycle.program_id.id,
            "from_date": first,
            "to_date": last,
        }
    )
    waiver.action_approve()
    env.cr.commit()
    return cycle


def seed_one_condition(env, size, source):
    """Create a cycle about all of the same events, with one condition."""
    return seed_cycle(
        env,
        size,
        source,
        from_date=conditions.FIRST,
        to_date=conditions.LAST,
        required_number_of_attendance=conditions.DAYS_OF_ONE,
    )


def map_excuses(env, source):
    """Say what the server's own word for excused days means."""
    env["spp.attendance.category.map"].create(
        {
            "source_id": source.id,
            "word": conditions.EXCUSED_WORD,
            "category": "excused",
            "excuse_reason_id": env.ref("spp_cycle_attendance_compliance.excuse_illness").id,
        }
    )


def get_person_ids(env, cycle):
    """Return the ids of a cycle's persons, by the ID that the attendance server knows."""
    env.cr.execute(
        """
        SELECT reg.value, membership.partner_id FROM g2p_cycle_membership AS membership
        JOIN g2p_reg_id AS reg ON reg.partner_id = membership.partner_id
        WHERE membership.cycle_id = %s ORDER BY partner_id
        """,
        [cycle.id],
    )
    return dict(env.cr.fetchall())


def forget_events(env):
    env.cr.execute(f"TRUNCATE {', '.join(EVENT_TABLES)} CASCADE")
    env.cr.commit()
    env.invalidate_all()


def check_attendance(env, cycle):
    """Press the button, and take the steps as the job runner does."""
    cycle.action_filter_beneficiaries_by_compliance_criteria()
    run = env["spp.attendance.run"].search([("cycle_id", "=", cycle.id)], limit=1)
    env.cr.commit()
    if run.state == "running":  # and not made at once, as with a few persons
        take_step(env, run, "plan")
        for intake_id in run.intake_ids.ids:
            take_step(env, run, "ask", intake_id)
        take_step(env, run, "finish")
    return run


def take_step(env, run, step, intake_id=None):
    """Take one step of a run as a job does: a transaction of its own, and nothing remembered."""
    run.cycle_id._attendance_job(run.cycle_id, run.id, step, intake_id)
    env.cr.commit()
    env.invalidate_all()
