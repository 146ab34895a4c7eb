from datetime import date, timedelta
from functools import partial
from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.queue_job.exception import RetryableJobError
from odoo.addons.queue_job.job import Job

from ..connector import Limits
from ..models.runs import asking
from ..models.sources import attendance_source
from .attendance_faults import Fault
from .common import TwoPersonsCase, days


@tagged("post_install", "-at_install")
class TestPoll(TwoPersonsCase):
    """The nightly question: of the cycle that `TwoPersonsCase` has, and others."""

    def setUp(self):
        super().setUp()
        self.source.is_polled = True

    def _queue(self):
        self.env["g2p.cycle"]._cron_poll_attendance()
        domain = [("identity_key", "=like", "spp.attendance.poll.%"), ("state", "=", "pending")]
        return self.env["queue.job"].search(domain, order="id")

    def _poll(self):
        """Do what the scheduled action and the job runner do; return the intakes."""
        before = self.env["spp.attendance.intake"].search([])
        for pending in self._queue():
            job = Job.load(self.env, pending.uuid)
            job.perform()
            job.set_done()
            job.store()
        return self.env["spp.attendance.intake"].search([]) - before

    def _get_events(self):
        persons = (self.ana + self.ben).ids
        return self.env["spp.event.attendance"].search([("individual_id", "in", persons)])

    def test_it_stores_and_decides_nothing(self):
        intake = self._poll()
        self.assertRecordValues(
            intake,
            [
                {
                    "source_id": self.source.id,
                    "server_url": self.server.url,
                    "cycle_id": self.cycle.id,
                    "run_id": False,
                    "is_done": True,
                    "person_count": 2,
                    "new_count": 3,
                }
            ],
        )
        self.assertEqual(len(self._get_events()), 3)
        self.assertEqual(self._get_events().intake_id, intake)
        self.assertFalse(self.cycle.attendance_run_ids)
        self.assertFalse(self.cycle.locked)
        statuses = self.cycle.cycle_membership_ids.mapped("attendance_status")
        self.assertEqual(statuses, [False, False])

    def test_what_changes_in_the_next_night(self):
        self._poll()
        again = self._poll()
        self.assertEqual((again.new_count, again.changed_count, again.withdrawn_count), (0, 0, 0))
        self.server.people["BEN"].append(*days(12, 2))
        self.server.people["ANA"].pop()
        third = self._poll()
        self.assertEqual((third.new_count, third.withdrawn_count), (1, 1))

    def test_a_run_finds_it_stored_and_asks_all_the_same(self):
        self._poll()
        asked = len(self.server.asked("attendance"))
        run = self._run(self.cycle)
        self.assertEqual((run.new_count, run.person_count), (0, 2))
        self.assertGreater(len(self.server.asked("attendance")), asked)
        self.assertEqual(self.ana_in.attendance_status, "compliant")
        self.assertEqual(self.ben_in.attendance_status, "non_compliant")

    def test_evaluate_again_goes_by_it(self):
        self._run(self.cycle)
        self.server.people["BEN"].append(*days(12, 2))
        self._poll()
        run = self._get_run(self.cycle.action_evaluate_attendance())
        self.assertEqual((run.compliant_count, run.call_count), (2, 0))

    def test_who_is_asked_about(self):
        """Each case: what is so of the cycle, or its source; whether it is asked about."""
        other = self.env["spp.res.config.attendance.type"].create({"name": "Made here"})
        today = date.today()
        past, future = today - timedelta(days=9), today + timedelta(days=9)
        ongoing = {"from_date": past, "to_date": future}
        for vals, of_source, is_asked in (
            ({}, {}, True),
            ({}, {"is_polled": False}, False),
            ({}, {"active": False}, False),
            ({}, {"id_type_id": False}, False),
            ({"use_attendance_criteria": False}, {}, False),
            ({"attendance_source_id": self.recorded.id}, {}, False),
            ({"attendance_type_id": other.id}, {}, False),
            ({"from_date": today, "to_date": future}, {}, True),
            ({"from_date": today + timedelta(days=1), "to_date": future}, {}, False),
            ({"attendance_period": "all"}, {}, True),
            ({"state": "to_approve"}, {}, True),
            ({"state": "approved"}, {}, False),
            ({**ongoing, "state": "approved"}, {}, True),
            ({**ongoing, "state": "distributed"}, {}, True),
            ({**ongoing, "state": "ended"}, {}, False),
            ({**ongoing, "state": "cancelled"}, {}, False),
        ):
            with self.subTest(vals=vals, of_source=of_source):
                self.source.write({"is_polled": True, "active": True, **of_source})
                state = vals.get("state")
                self.cycle.use_attendance_criteria = False
                others = {name: value for name, value in vals.items() if name != "state"}
                cycle = self._create_cycle(registrants=[self.ana], **others)
                if state:
                    cycle.state = state
                intakes = self._poll()
                self.assertEqual(bool(intakes), is_asked)
                self.assertIn(intakes.cycle_id, (cycle, cycle.browse()))
                self.source.id_type_id = self.id_type
                cycle.state = "cancelled"

    def test_it_is_never_in_a_runs_way(self):
        jobs = self._queue()
        self.assertEqual(len(jobs), 1)
        self.assertEqual(self._queue(), jobs, "queued once")
        runs = self.env["spp.attendance.run"].sudo()._as_attendance_writer()
        run = runs._open(self.cycle, "apply")
        Job.load(self.env, jobs.uuid).perform()
        self.assertFalse(self.server.requests)
        self.assertFalse(self.env["spp.attendance.intake"].search([("run_id", "=", False)]))
        run._discard(self.env.user)

    def test_as_many_persons_at_once_as_a_run(self):
        with patch.object(asking, "INTAKE_SIZE", 1):
            self.assertEqual(self._poll().mapped("person_count"), [1, 1])

    def test_what_fails(self):
        """What may pass is tried again; what only an administrator can mend is told to one."""
        (pending,) = self._queue()
        job = Job.load(self.env, pending.uuid)
        self.server.next("attendance", Fault.status(503), times=None)
        impatient = partial(Limits, tries=1)
        with (
            patch.object(attendance_source, "Limits", impatient),
            self.assertRaises(RetryableJobError),
        ):
            job.perform()
        self.assertFalse(self._get_events())
        self.assertFalse(self.source.activity_ids)
        self.server.forget_faults()
        self.server.client = ("client", "other")
        self.env["queue.job"].search([("id", "=", pending.id)]).state = "pending"
        Job.load(self.env, pending.uuid).perform()
        self.assertFalse(self._get_events())
        self.assertEqual(len(self.source.activity_ids), 1)
