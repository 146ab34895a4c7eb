"""The job worker is killed at a random moment of its work and started again, over and over: of a
run, of applying one, and of taking one back.

Each time on a copy of the same database, and each time it must end as when nobody kills it: the
same verdicts, states and events, each event once, no cycle locked. The moments are spread over the
whole work. A bigger one by hand, shown as it goes:

    KILLS=20 KILL_PERSONS=20000 KILL_SEED=1 \\
        .build/tests-python/bin/python -m pytest -s tests/attendance/test_kills.py
"""

import os
import random
import time
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest
from attendance_contract import generate
from attendance_server import AttendanceServer
from odoo_processes import Registry

DRIVE = Path(__file__).parent / "scripts" / "drive.py"
KILLS = int(os.environ.get("KILLS", "4"))
PERSONS = int(os.environ.get("KILL_PERSONS", "1000"))
SEED = int(os.environ.get("KILL_SEED", "1"))
ASKS = 10
SIZED = f"sized {PERSONS // ASKS}"
# What is done before; the jobs, when all are done; how the run ends.
PREPARED = {
    "run": (("press 1",), ASKS + 2, "done 1 "),
    "apply": (("preview 1", "work 1", "apply 1"), ASKS + 3, "done 1 "),
    "take_back": (("press 1", "work 1", "take_back 1"), ASKS + 3, "taken_back 1 "),
}
JOBS_DONE = "SELECT count(*) FROM queue_job WHERE state = 'done'"
FACTS = """
    SELECT (
        SELECT concat_ws(' ', state, applied_number, membership_count, compliant_count,
            non_compliant_count, losing_count, person_count, with_data_count)
        FROM spp_attendance_run
    ), (
        SELECT md5(string_agg(concat_ws('|', partner_id, state, number_of_attendance,
            attendance_status, attendance_state, state_before_attendance), ',' ORDER BY id))
        FROM g2p_cycle_membership
    ), (
        SELECT concat_ws(' ', count(*), md5(string_agg(concat_ws('|', partner_id, verdict,
            number_of_attendance, state_after), ',' ORDER BY partner_id)))
        FROM spp_attendance_run_line
    ), (
        SELECT concat_ws(' ', count(*), md5(string_agg(concat_ws('|', individual_id,
            event_data_external_id, attendance_date, attendance_category, withdrawn), ','
            ORDER BY individual_id, event_data_external_id)))
        FROM spp_event_attendance
    ),
    (SELECT count(*) FROM spp_event_data), (SELECT count(*) FROM spp_attendance_answer),
    (SELECT sum(new_count) FROM spp_attendance_intake), (SELECT bool_or(locked) FROM g2p_cycle),
    (SELECT string_agg(state, ' ' ORDER BY id) FROM queue_job)
"""


@pytest.fixture
def copies(request, odoo_env, database, tmp_path):
    """Makes databases with something that is about to be worked on, one at a time."""
    people = generate(PERSONS, SEED, date(2025, 11, 1), date(2025, 11, 30))
    with AttendanceServer(people, is_frozen=True) as server:
        seeded = database()
        seeding = Registry(odoo_env, seeded, DRIVE, tmp_path / "gate")
        seeding.do(f"crowd {PERSONS} {server.url}", "big", SIZED, *request.param)
        seeding.ask("ANALYZE")  # as autovacuum would have

        @contextmanager
        def make():
            name = f"{seeded}_killed"
            odoo_env.databases.copy(seeded, name)
            registry = Registry(odoo_env, name, DRIVE, tmp_path / "gate")
            try:
                yield registry
            finally:
                registry.close()
                odoo_env.databases.drop(name)

        yield make


@pytest.mark.parametrize(
    ("copies", "jobs", "end"), PREPARED.values(), ids=PREPARED, indirect=["copies"]
)
def test_a_worker_is_killed_at_random_moments(copies, jobs, end):
    with copies() as registry:
        working = registry.start(SIZED, "begin", "work 1", "begin")
        started = time.monotonic()
        registry.wait_for_pause(working)
        seconds = time.monotonic() - started
        registry.finish(working)
        expected = registry.ask(FACTS)
    print(f"undisturbed: {seconds:.1f} s; {expected}", flush=True)
    assert expected.startswith(end)

    chance, interrupted = random.Random(SEED), 0
    moments = [seconds * (number + chance.random()) / KILLS for number in range(KILLS)]
    chance.shuffle(moments)
    for moment in moments:
        with copies() as registry:
            working = registry.start(SIZED, "begin", "work 1")
            time.sleep(moment)
            registry.kill(working)
            done = int(registry.ask(JOBS_DONE))
            interrupted += done < jobs
            print(f"killed after {moment:.1f} s: {done} of {jobs} jobs done", flush=True)
            registry.do(SIZED, "requeue", "work 1")
            assert registry.ask(FACTS) == expected
    # Else it was too late each time.
    assert interrupted >= KILLS / 2
