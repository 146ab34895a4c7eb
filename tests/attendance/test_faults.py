"""What goes wrong in real life, provoked for real: processes killed, or in each other's way.

Five persons, asked about in batches of two. Each was there on two days, as the cycle requires, but
for the fifth, who was there on one.
"""

import json
import os
from pathlib import Path
from threading import Event
from urllib.parse import quote

import pytest
from attendance_faults import Fault
from attendance_server import attendance
from odoo_processes import PATIENCE_SECONDS, Registry
from samples import SECRET

from harness.environment import ShellFailed
from harness.steps import LOGS

DRIVE = Path(__file__).parent / "scripts" / "drive.py"
LOG = LOGS / f"shell-{DRIVE.stem}.log"

UNTOUCHED = "enrolled 0, enrolled 0, non_compliant 0, enrolled 0, enrolled 0"
CHECKED = "enrolled 2, enrolled 2, enrolled 2, enrolled 2, non_compliant 1"
MEMBERSHIPS = """
    SELECT string_agg(
        concat_ws(' ', state, coalesce(number_of_attendance, 0)), ', ' ORDER BY partner_id
    )
    FROM g2p_cycle_membership
    WHERE cycle_id = (SELECT id FROM g2p_cycle ORDER BY id OFFSET {} LIMIT 1)
"""
ALL_EVENTS = "11 12 21 22 31 32 41 42 51"
EVENTS = """
    SELECT string_agg(event_data_external_id::text, ' ' ORDER BY event_data_external_id)
    FROM spp_event_attendance WHERE withdrawn IS NOT TRUE
"""
# Of whom the first attendance counts.
HOLDERS = """
    SELECT string_agg(person.name, ', ')
    FROM spp_event_attendance AS event JOIN res_partner AS person ON person.id = individual_id
    WHERE event_data_external_id = 11 AND withdrawn IS NOT TRUE
"""
# How many events there are for the platform, and how many of them are the newest of a person.
EVENT_DATA = "SELECT count(*), count(*) FILTER (WHERE state = 'active') FROM spp_event_data"
RUNS = """
    SELECT string_agg(state, ', ' ORDER BY id) FROM spp_attendance_run
"""
# How many events the runs brought, as they say: what is stored twice would be counted twice.
NEW = "SELECT sum(new_count) FROM spp_attendance_intake"
AGE = "UPDATE spp_attendance_run SET create_date = create_date - INTERVAL '1 hour'"
LOCKED = "SELECT bool_or(locked) FROM g2p_cycle"
JOBS = "SELECT string_agg(state, ' ' ORDER BY id) FROM queue_job WHERE identity_key ~ 'attendance'"
ERRORS = "SELECT string_agg(error, '|' ORDER BY id) FROM spp_attendance_run"
MESSAGES = "SELECT string_agg(body, '|' ORDER BY id) FROM mail_message WHERE model = 'g2p.cycle'"
CUT = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE datname = current_database() AND pid != pg_backend_pid()
"""
DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"

IN_BACKGROUND = ("big", "press 1", "work 1")


class AttendanceRegistry(Registry):
    def connect(self, server):
        self.ask(
            f"UPDATE spp_attendance_source SET url = '{server.url}' WHERE name = 'Schools';"
            f" UPDATE spp_attendance_secret SET url = '{server.url}'"
        )

    def get_memberships(self, cycle=1):
        return self.ask(MEMBERSHIPS.format(cycle - 1))

    def check_untouched(self):
        assert self.get_memberships() == UNTOUCHED
        assert self.get_memberships(2) == UNTOUCHED

    def check_done(self, runs="done"):
        """Check that all has ended as it does when nothing goes wrong."""
        assert self.get_memberships() == CHECKED
        assert (self.ask(EVENTS), self.ask(EVENT_DATA)) == (ALL_EVENTS, "9|5")
        assert (self.ask(RUNS), self.ask(LOCKED)) == (runs, "f")
        assert self.ask(NEW) == "9"


class Held:
    """A fault: an answer that is held back."""

    def __init__(self):
        self.asked, self.may_go = Event(), Event()

    def __call__(self, request, respond):
        self.asked.set()
        self.may_go.wait(PATIENCE_SECONDS)
        return respond(request)

    def wait(self, process):
        while not self.asked.wait(0.1):
            assert process.poll() is None, process.stderr.read()


def no_fault(request, respond):
    return respond(request)


@pytest.fixture(scope="module")
def seeded(odoo_env, template):
    """A database with the five persons, to be copied."""
    name = odoo_env.databases.name(f"seeded{os.getpid()}")
    odoo_env.databases.copy(template, name)
    Registry(odoo_env, name, DRIVE, "no gate").do(f"seed {SECRET}")
    yield name
    odoo_env.databases.drop(name)


@pytest.fixture
def people():
    people = {
        f"NID{number}": [
            attendance(number * 10 + 1, "2025-11-04"),
            attendance(number * 10 + 2, "2025-11-05"),
        ]
        for number in range(1, 6)
    }
    people["NID5"].pop()
    return people


@pytest.fixture
def registry(odoo_env, database, seeded, server, tmp_path):
    registry = AttendanceRegistry(odoo_env, database(seeded), DRIVE, tmp_path / "gate")
    registry.connect(server)
    yield registry
    registry.close()


# Killed


def test_a_run_is_killed(registry, server):
    """Nobody can tell at once that it is dead; ten minutes later the cron lets go of it."""
    held = Held()
    server.next("attendance", held)
    asking = registry.start_unwatched("press 1")
    held.wait(asking)
    registry.kill(asking)
    with pytest.raises(ShellFailed, match="being checked right now"):
        registry.do("cron", "press 1")
    registry.ask(AGE)
    storing = registry.start("cron", "pause spp.attendance.run _ask", "press 1")
    registry.kill(storing)
    assert (registry.ask(EVENTS), registry.ask(RUNS)) == ("", "failed, running")
    registry.ask(AGE)
    applying = registry.start("cron", "pause g2p.cycle.membership write", "press 1")
    registry.kill(applying)
    registry.check_untouched()
    assert (registry.ask(EVENTS), registry.ask(RUNS)) == (ALL_EVENTS, "failed, failed, running")

    registry.ask(AGE)
    registry.do("cron", "press 1")
    registry.check_done("failed, failed, failed, done")


def test_background_jobs_are_killed(registry, server):
    """The job runner starts them again."""
    preparing = registry.start("pause spp.attendance.run _plan_intakes", *IN_BACKGROUND)
    registry.kill(preparing)
    assert (registry.ask(JOBS), registry.ask(LOCKED)) == ("started", "t")

    held = Held()
    server.next("attendance", no_fault)
    server.next("attendance", held)
    fetching = registry.start_unwatched("requeue", "work 1")
    held.wait(fetching)
    registry.kill(fetching)
    assert registry.ask(JOBS).split(" ").count("started") == 1
    assert len(registry.ask(EVENTS).split(" ")) < 9

    finishing = registry.start("requeue", "pause g2p.cycle.membership write", "work 1")
    registry.kill(finishing)
    registry.check_untouched()
    assert registry.ask(LOCKED) == "t"

    registry.do("cron", "requeue", "work 1")  # the job may come back: its cycle is left to it
    registry.check_done()
    assert registry.ask(JOBS) == "done done done done done"
    assert len(server.asked("attendance")) == 4


def test_killed_background_jobs_are_gone(registry, server):
    held = Held()
    server.next("attendance", no_fault)
    server.next("attendance", held)
    fetching = registry.start_unwatched(*IN_BACKGROUND)
    held.wait(fetching)
    registry.kill(fetching)
    registry.ask("DELETE FROM queue_job")
    registry.do("cron")
    assert (registry.ask(RUNS), registry.ask(LOCKED)) == ("failed", "f")
    registry.check_untouched()
    registry.do("big", "retry", "work 1")
    registry.check_done("failed, done")


def test_all_connections_are_cut(registry, server):
    """As when PostgreSQL is restarted: the job is tried again by itself, or by the cron where the
    job runner has taken that for an error of the job."""
    held = Held()
    server.next("attendance", no_fault)
    server.next("attendance", held)
    asking = registry.start_unwatched(*IN_BACKGROUND)
    held.wait(asking)
    registry.ask(CUT)
    held.may_go.set()
    asking.communicate(timeout=PATIENCE_SECONDS)
    registry.processes.remove(asking)
    assert (registry.ask(RUNS), registry.ask(LOCKED)) == ("running", "t")
    registry.check_untouched()
    registry.do("cron", "requeue", "work 1")
    registry.check_done()


# Two at once


def test_a_double_click(registry, server):
    held = Held()
    server.next("attendance", held)
    first = registry.start_unwatched("press 1")
    held.wait(first)
    with pytest.raises(ShellFailed, match="being checked right now"):
        registry.do("press 1")
    held.may_go.set()
    registry.finish(first)
    registry.check_done()


def test_a_second_click_that_has_not_seen_the_first_run(registry, server):
    """All of the first run passes between what the second click reads and what it writes: it
    begins anew, and knows of the first one then."""
    second = registry.start("pause g2p.cycle _check_may_run_attendance", "press 1")
    registry.do("press 1")
    registry.open_gate()
    registry.finish(second)
    registry.check_done("done, done")


def test_a_second_click_that_has_not_seen_the_first_ones_job(registry, server):
    second = registry.start("big", "pause g2p.cycle _check_may_run_attendance", "press 1")
    registry.do("big", "press 1")
    registry.open_gate()
    _output, errors = second.communicate(timeout=PATIENCE_SECONDS)
    assert "is being checked right now" in errors
    assert (registry.ask(RUNS), registry.ask(JOBS)) == ("running", "pending")


def test_the_same_job_twice_at_once(registry, server):
    """As when the job runner takes a process for dead that is not."""
    held = Held()
    server.next("attendance", held)
    first = registry.start_unwatched(
        "big", "press 1", "work 1 2", "pause g2p.cycle.membership write", "work 1"
    )
    held.wait(first)
    registry.do("repeat 1 ask")
    held.may_go.set()
    registry.wait_for_pause(first)
    assert "is being worked on right now" in registry.do("repeat 1 finish")
    registry.check_untouched()
    registry.open_gate()
    registry.finish(first)
    registry.check_done()
    assert registry.ask(JOBS) == "done done done done done"


def test_two_batches_at_once(registry, server):
    first = registry.start("big", "press 1", "work 1 1", "pause spp.attendance.run _ask", "work 1")
    registry.do("work 1")
    assert sorted(registry.ask(JOBS).split(" ")) == [
        *("done", "done", "done"),
        *("started", "wait_dependencies"),
    ]
    registry.check_untouched()
    registry.open_gate()
    registry.finish(first)
    registry.check_done()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("press 1",), ("press 2",)),
        (IN_BACKGROUND, ("big", "press 2", "work 2")),
    ],
    ids=["at once", "in the background"],
)
def test_two_cycles_with_the_same_persons_at_once(registry, server, first, second):
    first = registry.start("pause spp.attendance.run _ask", *first)
    second = registry.start_unwatched(*second)
    registry.wait_for_lock()
    registry.open_gate()
    registry.finish(first)
    registry.finish(second)
    registry.check_done("done, done")
    assert registry.get_memberships(2) == CHECKED


def test_two_cycles_ask_for_one_person_at_a_time(registry, server):
    """Each run must go by the same order, or two of them wait for each other: a deadlock."""
    registry.ask(
        "INSERT INTO ir_config_parameter (key, value)"
        " VALUES ('spp_cycle_attendance_compliance.attendance_persons_per_request', '1')"
    )
    first = registry.start("pause spp.attendance.intake _store_answer", "press 1")
    second = registry.start_unwatched("press 2")
    registry.wait_for_lock()
    registry.open_gate()
    registry.finish(first)
    registry.finish(second)
    registry.check_done("done, done")
    assert registry.ask(DEADLOCKS) == "0"


@pytest.fixture
def one_each(registry):
    """Of the first cycle, the first person is left; of the second one, the last."""
    registry.ask(
        """
        DELETE FROM g2p_cycle_membership AS membership USING res_partner AS person
        WHERE person.id = membership.partner_id AND person.name != CASE
            WHEN cycle_id = (SELECT min(id) FROM g2p_cycle) THEN 'Person 1' ELSE 'Person 5' END
        """
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("press 1",), ("press 2",)),
        (IN_BACKGROUND, ("big", "press 2", "work 2")),
    ],
    ids=["at once", "in the background"],
)
@pytest.mark.usefixtures("one_each")
def test_one_attendance_is_told_of_two_persons_at_once(registry, server, first, second):
    """The one that is stored last begins anew, and takes it from the other person."""
    server.people["NID5"][0]["id"] = 11
    first = registry.start("pause spp.attendance.run _ask", *first)
    second = registry.start_unwatched(*second)
    registry.wait_for_lock()
    assert registry.ask(HOLDERS) == ""
    registry.open_gate()
    registry.finish(first)
    registry.finish(second)
    assert registry.ask(HOLDERS) == "Person 5"
    assert registry.ask(EVENTS) == "11 12"


@pytest.mark.usefixtures("one_each")
def test_an_attendance_comes_back_while_another_person_gets_it(registry, server):
    attendances = [*server.people["NID1"]]
    registry.do("press 1")
    server.people["NID1"].clear()
    registry.do("press 1")
    assert registry.ask(HOLDERS) == ""
    server.people["NID1"].extend(attendances)
    server.people["NID5"] = attendances[:1]
    first = registry.start("pause spp.attendance.run _ask", "press 2")
    second = registry.start_unwatched("press 1")
    registry.wait_for_lock()
    registry.open_gate()
    registry.finish(first)
    registry.finish(second)
    assert registry.ask(HOLDERS) == "Person 1"
    assert registry.ask(EVENTS) == "11 12"


@pytest.mark.parametrize("commands", [("press 1",), IN_BACKGROUND], ids=["at once", "background"])
def test_members_are_paused_between_decision_and_application(registry, server, commands):
    running = registry.start("pause spp.attendance.run _decide", *commands)
    registry.ask("UPDATE g2p_cycle_membership SET state = 'paused' WHERE id % 5 IN (0, 1)")
    registry.open_gate()
    registry.finish(running)
    assert registry.ask(RUNS) == "done"
    assert registry.get_memberships() == "paused 0, enrolled 2, enrolled 2, enrolled 2, paused 0"


# The server fails


def test_a_batch_fails_for_good(registry, server):
    server.next("attendance", no_fault)
    server.next("attendance", Fault.status(403, {"error": {"message": "Not on Sundays"}}))
    registry.do(*IN_BACKGROUND)
    registry.check_untouched()
    assert (registry.ask(RUNS), registry.ask(LOCKED)) == ("failed", "f")
    assert "Not on Sundays" in registry.ask(ERRORS)
    assert "Not on Sundays" in registry.ask(MESSAGES)
    assert sorted(registry.ask(JOBS).split(" ")) == [
        *("done", "done", "done"),
        *("failed", "wait_dependencies"),
    ]
    kept = registry.ask(EVENTS)

    registry.do("big", "retry", "work 1")
    registry.check_done("failed, done")
    first, refused, *again = [
        sorted(request.body["person_ids"]) for request in server.asked("attendance")
    ]
    assert set(kept.split(" ")) == {
        str(item["id"]) for person in first for item in server.people[person]
    }
    assert refused in again
    assert sorted(sum([first, *again], [])) == ["NID1", "NID2", "NID3", "NID4", "NID5"]


def test_a_batch_fails_for_now(registry, server):
    server.next("attendance", Fault.status(503), times=4)  # a call has two tries
    registry.do(*IN_BACKGROUND)
    assert registry.ask("SELECT count(*) FROM queue_job WHERE result ~ '503'") == "2"
    assert sorted(registry.ask(JOBS).split(" ")) == [
        *("done", "done"),
        *("pending", "pending", "wait_dependencies"),
    ]
    waits = "SELECT min(eta - now() AT TIME ZONE 'utc') > INTERVAL '4 minutes' FROM queue_job"
    assert registry.ask(waits) == "t"
    assert (registry.ask(RUNS), registry.ask(LOCKED)) == ("running", "t")
    registry.check_untouched()

    registry.ask("UPDATE queue_job SET retry = max_retries - 1 WHERE state = 'pending'")
    server.next("attendance", Fault.status(503), times=2)
    registry.do("hasten", "work 1")
    assert (registry.ask(RUNS), registry.ask(LOCKED)) == ("failed", "f")
    assert "503" in registry.ask(ERRORS)
    registry.check_untouched()

    registry.do("big", "retry", "work 1")
    registry.check_done("failed, done")


def test_the_server_fails_in_the_middle(registry, server):
    """Once all is stored; then the first person's attendance is gone. What the first answer says
    is kept, and nothing is decided by it."""

    def incomplete(payload):
        del payload["records"][1:]

    def goes_down(request, respond):
        server.close()
        return Fault.drop()(request, respond)

    registry.do("press 1")
    server.people["NID1"].clear()
    for fault, times in (
        (Fault.body(b"<html>Welcome to the hotel's network</html>"), 1),
        (Fault.change(incomplete), 4),  # two pages, and both once more
        (Fault.status(503), 2),
        (goes_down, 1),
    ):
        server.next("attendance", no_fault)
        server.next("attendance", fault, times=times)
    registry.do("press 1", "press 1", "press 1", "press 1")
    assert (registry.ask(RUNS), registry.ask(LOCKED)) == (
        "done, failed, failed, failed, failed",
        "f",
    )
    assert registry.get_memberships() == CHECKED
    assert (registry.ask(EVENTS), registry.ask(NEW)) == (ALL_EVENTS.removeprefix("11 12 "), "9")
    page, incomplete, status, refused = registry.ask(ERRORS).split("|")
    assert "the answer is a web page, not JSON" in page
    assert "incomplete: the server has 2 persons and gave 1, twice" in incomplete
    assert "status 503" in status
    assert "no server answers at this address" in refused


def test_the_server_gives_secrets_back(registry, server):
    """They are in no job, no message, no run and no log."""
    logged = LOG.stat().st_size if LOG.exists() else 0
    server.next("token", Fault.echo(400))
    server.next("attendance", Fault.echo(403))
    output = registry.do("chatty", *IN_BACKGROUND, "press 2", "work 2")
    assert registry.ask(RUNS) == "failed, failed"
    jobs = registry.ask("SELECT job::text FROM queue_job AS job")
    assert jobs.count("Traceback") == 2
    with LOG.open("rb") as log:
        log.seek(logged)
        written = log.read().decode()
    assert "Exception during request handling" in written
    shown = {
        "jobs": jobs,
        "log": written,
        "messages": registry.ask(MESSAGES),
        "runs": registry.ask(ERRORS),
    }
    assert server.tokens
    secrets = [*server.tokens, SECRET, quote(SECRET), json.dumps(SECRET)[1:-1]]
    for place, text in {**shown, "output": output}.items():
        found = [secret for secret in (*secrets, "NID1") if secret in text]
        assert not found, place
    for place, text in shown.items():
        assert text.count("Can't serve") >= 2, place
