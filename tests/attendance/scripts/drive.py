"""What the fault tests have a real Odoo process do: run inside `odoo shell`, with commands.

    seed SECRET              five persons, and two cycles that they are members of, of the second
                             one in the opposite order
    crowd COUNT URL          another cycle, of so many persons, whom a server at this address knows
    press CYCLE              "Check Attendance", as the web client has it called
    preview CYCLE            "Preview Attendance"
    apply CYCLE              "Apply" on its last run
    take_back CYCLE          "Take Back" on its last run
    retry                    "Retry" on the run that failed
    big                      from here on, each cycle is too big to be checked at once
    work CYCLE [COUNT]       the jobs of a cycle's run, as the job runner has them performed: all
                             that are due, or so many
    repeat CYCLE STEP        the same job as another process performs at this moment
    hasten                   jobs that were put off are due
    requeue                  the job runner finds out which jobs' processes are gone
    cron                     letting go of cycles whose jobs are gone
    pause MODEL METHOD       wait at the end of the next call of a method
    sized COUNT              from here on, about so many persons are asked in one job
    begin                    say that it begins
    chatty                   log what libraries log for debugging

The first argument is the gate, a file. Each other one is a command, and committed.
"""

import logging
import sys
from datetime import date, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

from psycopg2 import OperationalError

from odoo import fields
from odoo.service.model import PG_CONCURRENCY_ERRORS_TO_RETRY, retrying

from odoo.addons.queue_job.controllers import main as controllers
from odoo.addons.queue_job.exception import RetryableJobError
from odoo.addons.queue_job.job import Job
from odoo.addons.queue_job.jobrunner.runner import Database
from odoo.addons.spp_cycle_attendance_compliance.connector import Limits
from odoo.addons.spp_cycle_attendance_compliance.models.memberships import cycle_membership
from odoo.addons.spp_cycle_attendance_compliance.models.runs import asking
from odoo.addons.spp_cycle_attendance_compliance.models.runs import cycle as cycle_module
from odoo.addons.spp_cycle_attendance_compliance.models.sources import attendance_source

sys.path.append(str(Path(sys.argv[0]).parents[2]))
sys.path.append(str(Path(sys.argv[0]).parents[3] / "setup" / "benchmarks" / "tools"))

from attendance_world import connect, seed_cycle
from driving import carry_out, wait_at_gate

MEMBER_STATES = ("enrolled", "enrolled", "non_compliant", "enrolled", "enrolled")
MOST_JOBS = 50
WRITE_SIZE = cycle_membership.WRITE_SIZE


def seed(secret):
    id_type = env["g2p.id.type"].create({"name": "National ID"})
    source = (
        env["spp.attendance.source"]
        ._as_attendance_writer()
        .create(
            {
                "name": "Schools",
                "url": "http://127.0.0.1:1",
                "client_id": "client",
                "id_type_id": id_type.id,
            }
        )
    )
    source._set_connection({}, secret)
    persons = env["res.partner"].create(
        [{"name": f"Person {number}", "is_registrant": True} for number in range(1, 6)]
    )
    for number, person in enumerate(persons, 1):
        env["g2p.reg.id"].create(
            {"partner_id": person.id, "id_type": id_type.id, "value": f"NID{number}"}
        )
    members = list(zip(persons, MEMBER_STATES, strict=True))
    add_cycle(members)
    add_cycle(reversed(members))


def add_cycle(members):
    today = date.today()
    program = env["g2p.program"].create(
        {"name": f"Program {count_cycles()}", "target_type": "individual"}
    )
    cycle = env["g2p.cycle"].create(
        {
            "name": f"Cycle {count_cycles()}",
            "program_id": program.id,
            "start_date": today,
            "end_date": today + timedelta(days=30),
            "use_attendance_criteria": True,
            "attendance_period": "dates",
            "from_date": "2025-11-01",
            "to_date": "2025-11-30",
            "required_number_of_attendance": 2,
        }
    )
    for person, state in members:
        env["g2p.cycle.membership"].create(
            {"cycle_id": cycle.id, "partner_id": person.id, "state": state}
        )


def count_cycles():
    return env["g2p.cycle"].search_count([])


def get_cycle(number):
    return env["g2p.cycle"].search([], order="id")[int(number) - 1]


def get_jobs(number, domain):
    run = env["spp.attendance.run"].search([("cycle_id", "=", get_cycle(number).id)], limit=1)
    key = ("identity_key", "=like", f"{env['g2p.cycle']._get_job_key(run)}.%")
    return env["queue.job"].search([key, *domain], order="id")


def crowd(size, url):
    seed_cycle(env, int(size), connect(env, url))


def press(number):
    retrying(lambda: get_cycle(number).action_filter_beneficiaries_by_compliance_criteria(), env)


def preview(number):
    retrying(lambda: get_cycle(number).action_preview_attendance(), env)


def apply(number):
    retrying(lambda: get_cycle(number).attendance_run_ids[:1]._decide_to_apply("As agreed"), env)


def take_back(number):
    retrying(lambda: get_cycle(number).attendance_run_ids[:1]._take_back("As agreed"), env)


def retry():
    failed = [("state", "=", "failed")]
    retrying(lambda: env["spp.attendance.run"].search(failed).action_retry(), env)


def big():
    patch.object(cycle_module, "MIN_ROW_JOB_QUEUE", 0).start()


def work(number, most=MOST_JOBS):
    """Perform jobs. What was put off for some seconds, as after a conflict, counts as due."""
    for _job in range(int(most)):
        soon = fields.Datetime.now() + timedelta(minutes=1)
        due = [("state", "=", "pending"), "|", ("eta", "=", False), ("eta", "<", soon)]
        job = get_jobs(number, due)[:1]
        if not job:
            break
        uuid = job.uuid
        env.cr.execute(
            "UPDATE queue_job SET state = 'enqueued', date_enqueued = now() AT TIME ZONE 'utc'"
            " WHERE uuid = %s",
            [uuid],
        )
        env.cr.commit()
        perform(uuid)


def perform(uuid):
    """What Odoo does when the job runner calls it."""
    request = SimpleNamespace(env=env, session=SimpleNamespace(), update_env=lambda **_kwargs: None)
    call = partial(controllers.RunJobController().runjob, db=env.cr.dbname, job_uuid=uuid)
    try:
        with patch.object(controllers, "http", SimpleNamespace(request=request)):
            retrying(call, env)
    except Exception:
        env.cr.rollback()
        logging.getLogger("odoo.http").exception("Exception during request handling.")


def repeat(number, step):
    """Perform a job that is not ours any more, until the job runner would not try it again now."""
    uuid = get_jobs(number, [("identity_key", "like", f".{step}."), ("state", "=", "started")]).uuid
    for _try in range(MOST_JOBS):
        try:
            Job.load(env, uuid).perform()
            env.cr.commit()
        except RetryableJobError as error:
            env.cr.rollback()
            print("put off:", error)
        except OperationalError as error:
            env.cr.rollback()
            assert error.pgcode in PG_CONCURRENCY_ERRORS_TO_RETRY, error
            continue
        return
    raise AssertionError("conflict after conflict")


def hasten():
    env.cr.execute("UPDATE queue_job SET eta = NULL")


def requeue():
    # The job runner waits for some seconds before it believes that a job is dead.
    env.cr.execute("UPDATE queue_job SET date_enqueued = date_enqueued - INTERVAL '1 hour'")
    env.cr.commit()
    runner = Database(env.cr.dbname)
    runner.requeue_dead_jobs()
    runner.close()


def cron():
    env["g2p.cycle"]._cron_release_attendance_runs()


def pause(model, method):
    model_class = type(env[model])
    original = getattr(model_class, method)
    calls = count(1)

    def paused(*args, **kwargs):
        result = original(*args, **kwargs)
        if next(calls) == 1:
            wait_at_gate()
        return result

    patch.object(model_class, method, paused).start()


def sized(count):
    patch.object(asking, "INTAKE_SIZE", int(count)).start()
    patch.object(cycle_membership, "WRITE_SIZE", WRITE_SIZE).start()


def begin():
    print("waiting", flush=True)


def chatty():
    for name in ("urllib3", "requests", "odoo.addons"):
        logging.getLogger(name).setLevel(logging.DEBUG)


impatient = partial(Limits, tries=2, first_pause=0.01)
patch.object(attendance_source, "Limits", impatient).start()
patch.object(cycle_module, "LIMITS_AT_ONCE", impatient()).start()
patch.object(asking, "INTAKE_SIZE", 2).start()
patch.object(cycle_membership, "WRITE_SIZE", 1).start()
carry_out(env, globals())
