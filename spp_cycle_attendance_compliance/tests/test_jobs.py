from datetime import timedelta
from unittest.mock import patch

from psycopg2 import InterfaceError, OperationalError

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.queue_job.exception import RetryableJobError
from odoo.addons.queue_job.job import Job

from ..connector import AttendanceError, Limits
from ..models.runs import asking, cycle
from .attendance_faults import Fault
from .common import AttendanceCase, days


@tagged("post_install", "-at_install")
class TestJobs(AttendanceCase):
    """Cycles that are too big to be checked at once; here, those of any size."""

    def setUp(self):
        super().setUp()
        for module, name, value in (
            (cycle, "MIN_ROW_JOB_QUEUE", 0),
            (asking, "INTAKE_SIZE", 2),
        ):
            patcher = patch.object(module, name, value)
            patcher.start()
            self.addCleanup(patcher.stop)
        # A test can't see what another transaction writes: let it be written in this one.
        jobs = type(self.env["g2p.cycle"])

        def report(model, cycle, run, error):
            self.env.invalidate_all()
            cycle._stop_attendance_run(run, error)

        patcher = patch.object(jobs, "_report_attendance_failure", report)
        patcher.start()
        self.addCleanup(patcher.stop)
        self.persons = [self._create_person(f"J{number}") for number in range(5)]
        for number, person in enumerate(self.persons):
            self.server.people[person.attendance_identifier] = days(number * 10 + 1, 1, 2)
        self.server.people["J4"].pop()
        self.cycle = self._create_cycle(registrants=self.persons)

    def _press(self):
        return self._get_run(self.cycle.action_filter_beneficiaries_by_compliance_criteria())

    def _get_jobs(self, run):
        key = f"spp.attendance.run.{run.id}.%"
        return self.env["queue.job"].search([("identity_key", "=like", key)], order="id")

    def _perform_next(self, run):
        """Do what the job runner does with the next job of a run; return whether there was one."""
        pending = self._get_jobs(run).filtered(lambda job: job.state == "pending")[:1]
        if not pending:
            return False
        job = Job.load(self.env, pending.uuid)
        job.perform()
        job.set_done()
        job.store()
        self.env.flush_all()
        job.enqueue_waiting()
        self.env.invalidate_all()
        return True

    def _fail_next(self, run, **vals):
        """Do the next job, and return the error that it ends with. Not rolled back, unlike what
        ``assertRaises`` does: the failure is to be seen."""
        self._get_jobs(run).filtered(lambda job: job.state == "pending")[:1].write(vals)
        try:
            self._perform_next(run)
        except Exception as error:
            return error
        raise AssertionError("The job did not fail.")

    def _perform_all(self, run):
        while self._perform_next(run):
            pass

    def _preview(self):
        run = self._get_run(self.cycle.action_preview_attendance())
        self._perform_all(run)
        return run

    def _get_states(self):
        return self.cycle.cycle_membership_ids.sorted("id").mapped("state")

    def test_a_big_cycle_is_checked_in_batches(self):
        run = self._press()
        self.assertEqual((run.state, self.cycle.locked), ("running", True))
        self.assertIn("attendance", self.cycle.locked_reason)
        self.assertFalse(self.server.requests)
        self.assertTrue(self._perform_next(run))
        self.assertEqual(run.intake_ids.mapped("person_count"), [2, 2, 1])
        self.assertEqual(set(self._get_jobs(run).mapped("channel")), {"root_program.cycle"})
        self.assertTrue(self._perform_next(run))
        self.assertIn(run.progress, (20, 40))
        self.assertEqual(self.cycle.attendance_progress, run.progress)
        self.assertEqual(self._get_states(), ["enrolled"] * 5)
        self._perform_all(run)
        self.assertEqual((run.state, self.cycle.locked), ("done", False))
        self.assertFalse(self.cycle.locked_reason)
        self.assertEqual(self._get_states(), ["enrolled"] * 4 + ["non_compliant"])
        self.assertEqual(len(self.server.asked("attendance")), 3)
        self.assertEqual(run.new_count, 9)
        domain = self.cycle.action_view_related_queue_jobs()["domain"]
        self.assertEqual(len(self.env["queue.job"].search(domain)), 5)
        other = self._create_cycle()
        domain = other.action_view_related_queue_jobs()["domain"]
        self.assertFalse(self.env["queue.job"].search(domain))

    def test_nobody_starts_another_run_meanwhile(self):
        run = self._press()
        with self.assertRaisesRegex(UserError, "being checked"):
            self._press()
        with self.assertRaisesRegex(UserError, "being checked"):
            self.cycle.action_preview_attendance()
        self.assertEqual(self.cycle.attendance_run_ids, run)

    def test_nothing_to_ask(self):
        """Evaluating again, and what is recorded in OpenSPP, need no batches."""
        self._perform_all(self._press())
        asked = len(self.server.requests)
        again = self._get_run(self.cycle.action_evaluate_attendance())
        self._perform_all(again)
        self.assertEqual((again.state, self.cycle.locked), ("waiting", False))
        self.cycle.attendance_source_id = self.recorded
        recorded = self._press()
        self._perform_all(recorded)
        self.assertEqual((recorded.state, recorded.compliant_count), ("done", 4))
        self.assertEqual(len(self.server.requests), asked)

    def test_the_brake_unlocks(self):
        self.server.people.clear()
        run = self._press()
        self._perform_all(run)
        self.assertEqual((run.state, self.cycle.locked), ("waiting", False))
        self.assertEqual(self._get_states(), ["enrolled"] * 5)

    def test_a_batch_that_fails_for_good(self):
        run = self._press()
        self._perform_next(run)
        self._perform_next(run)
        self.server.next("attendance", Fault.status(403))
        self.assertIsInstance(self._fail_next(run), AttendanceError)
        self.assertEqual((run.state, self.cycle.locked), ("failed", False))
        self.assertIn("403", run.error)
        self.assertEqual(self._get_states(), ["enrolled"] * 5)
        self.assertIn("Retry", self.cycle.message_ids[:1].body)
        # What is left of it does nothing any more.
        self._perform_all(run)
        self.assertEqual((run.state, len(self.server.asked("attendance"))), ("failed", 2))
        again = self._get_run(run.action_retry())
        self.assertEqual((again.state, self.cycle.locked), ("running", True))
        self._perform_all(again)
        self.assertEqual((run.state, again.state, self.cycle.locked), ("failed", "done", False))
        asked = [request.body["person_ids"] for request in self.server.asked("attendance")]
        done, refused, *retried = asked
        self.assertIn(refused, retried)
        everybody = [person.attendance_identifier for person in self.persons]
        self.assertCountEqual([each for batch in (done, *retried) for each in batch], everybody)
        self.assertEqual(self._get_states(), ["enrolled"] * 4 + ["non_compliant"])

    def test_a_batch_that_fails_for_now_is_put_off(self):
        run = self._press()
        self._perform_next(run)
        self.server.next("attendance", Fault.status(503), times=None)
        with patch.object(type(run), "_get_client", self._get_impatient_client):
            error = self._fail_next(run)
            self.assertIsInstance(error, RetryableJobError)
            self.assertIn("503", str(error))
            self.assertEqual((run.state, self.cycle.locked), ("running", True))
            self._fail_next(run, retry=4, max_retries=5)
        self.assertEqual((run.state, self.cycle.locked), ("failed", False))

    def test_the_server_says_when_to_come_back(self):
        """Each case: what it says; in how many seconds the job is tried again."""
        run = self._press()
        self._perform_next(run)
        for said, seconds in (({"Retry_After": "3600"}, 3600), ({}, None)):
            self.server.next("attendance", Fault.status(429, **said))
            with patch.object(type(run), "_get_client", self._get_impatient_client):
                error = self._fail_next(run)
            self.assertIsInstance(error, RetryableJobError)
            self.assertEqual(error.seconds, seconds)

    def _get_impatient_client(self, limits=None):
        limits = Limits(tries=1)
        return self.source._get_client(limits)

    def test_s11_what_passes_by_itself_is_tried_again(self):
        """Collisions with others, and connections that were cut."""
        run = self._press()
        for error in (InterfaceError("connection already closed"), OperationalError("terminated")):
            with (
                self.subTest(error),
                patch.object(type(run), "_plan_intakes", side_effect=error),
                self.assertRaises(RetryableJobError) as raised,
            ):
                self._perform_next(run)
            self.assertLess(raised.exception.seconds, 60)
            self.assertEqual((run.state, self.cycle.locked), ("running", True))
        self._perform_all(run)
        self.assertEqual(run.state, "done")

    def test_a_cycle_that_others_work_on_all_the_time(self):
        """The last step gives up at last, and says why; the cycle is let go."""
        run = self._press()
        for _step in ("plan", "ask", "ask", "ask"):
            self._perform_next(run)
        busy = RetryableJobError("Somebody else works on this cycle right now.")
        with patch.object(type(self.cycle), "_lock_attendance", side_effect=busy):
            self.assertIs(self._fail_next(run), busy)
            self.assertEqual((run.state, self.cycle.locked), ("running", True))
            self._fail_next(run, retry=4, max_retries=5)
        self.assertEqual((run.state, self.cycle.locked), ("failed", False))
        self.assertIn("Somebody else works", run.error)
        self.assertIn("Somebody else works", self.cycle.message_ids[:1].body)

    def test_jobs_that_vanish_let_the_cycle_go(self):
        for state, is_alive in (("pending", True), ("started", True), ("cancelled", False)):
            with self.subTest(state=state):
                run = self._press()
                self._get_jobs(run).state = state
                self.env["g2p.cycle"]._cron_release_attendance_runs()
                self.assertEqual(self.cycle.locked, is_alive)
                self.assertEqual(run.state, "running" if is_alive else "failed")
                if is_alive:
                    self._get_jobs(run).unlink()
                    self.env["g2p.cycle"]._cron_release_attendance_runs()
                    self.assertFalse(self.cycle.locked)
                self.assertIn("stopped", run.error)
        again = self._get_run(run.action_retry())
        self._perform_all(again)
        self.assertEqual(again.state, "done")

    def test_how_long_a_job_waits_is_data(self):
        (function,) = self._get_jobs(self._press()).job_function_id
        seconds = {int(tries): value for tries, value in function.retry_pattern.items()}
        self.assertEqual(seconds, {1: 300})

    def test_the_moment_before_the_last_step(self):
        """All batches are done, and the job engine is about to start what waited for them."""
        run = self._press()
        self._perform_next(run)
        jobs = self._get_jobs(run).filtered(lambda job: job.state == "pending")
        for minutes, is_alive in ((1, True), (11, False)):
            done = fields.Datetime.now() - timedelta(minutes=minutes)
            self._get_jobs(run).filtered("date_done").date_done = done
            jobs.write({"state": "done", "date_done": done})
            self.env["g2p.cycle"]._cron_release_attendance_runs()
            self.assertEqual(self.cycle.locked, is_alive)

    def test_an_unexpected_error_names_no_details(self):
        run = self._press()
        bug = ZeroDivisionError("secret detail")
        with patch.object(type(run), "_plan_intakes", side_effect=bug):
            self.assertIs(self._fail_next(run), bug)
        self.assertEqual((run.state, self.cycle.locked), ("failed", False))
        self.assertNotIn("secret detail", run.error)
        self.assertIn("ZeroDivisionError", run.error)

    # What a person asks for of a run that has its verdicts

    def test_what_a_person_asks_for_is_done_in_the_background(self):
        manager = self._create_user("jobs_manager", "g2p_programs.g2p_program_manager")
        run = self._preview()
        self.assertFalse(run.with_user(manager)._decide_to_apply("The school was closed"))
        self.assertEqual((run.state, run.request, self.cycle.locked), ("waiting", "apply", True))
        self.assertEqual((run.requested_by_id, self._get_states()), (manager, ["enrolled"] * 5))
        self.assertIn("are being applied", self.cycle.locked_reason)
        self._perform_all(run)
        self.assertEqual((run.state, run.request, self.cycle.locked), ("done", False, False))
        self.assertEqual((run.decided_by_id, run.apply_reason), (manager, "The school was closed"))
        self.assertEqual(self._get_states(), ["enrolled"] * 4 + ["non_compliant"])
        self.assertIn("verdicts were applied", self.cycle.message_ids[:1].body)
        self.assertEqual(self.cycle.message_ids[:1].author_id, manager.partner_id)
        wizard = self.env["spp.attendance.run.reason"].with_user(manager)
        wizard.create(
            {"run_id": run.id, "step": "take_back", "reason": "The list was wrong"}
        ).action_confirm()
        self.assertEqual((run.state, run.request, self.cycle.locked), ("done", "take_back", True))
        self.assertEqual(self._get_states(), ["enrolled"] * 4 + ["non_compliant"])
        self.assertIn("taken back", self.cycle.locked_reason)
        self._perform_all(run)
        self.assertEqual((run.state, run.request, self.cycle.locked), ("taken_back", False, False))
        self.assertEqual(
            (run.taken_back_by_id, run.taken_back_reason), (manager, "The list was wrong")
        )
        told = self.cycle.message_ids[:2].mapped("body")
        self.assertIn("The run was taken back", told[0])
        self.assertIn("verdicts were applied", told[1], "each is told once")
        self.assertEqual(self._get_states(), ["enrolled"] * 5)

    def test_nobody_does_anything_else_meanwhile(self):
        run = self._preview()
        run._decide_to_apply("As agreed")
        membership = self.cycle.cycle_membership_ids[:1]
        for attempt in (
            run.action_apply,
            run.action_discard,
            lambda: run._take_back("No"),
            self.cycle.action_preview_attendance,
            self.cycle.action_filter_beneficiaries_by_compliance_criteria,
            lambda: self.env["spp.attendance.override"].create(
                {"cycle_membership_id": membership.id, "reason": "As I say"}
            ),
        ):
            with self.assertRaises(UserError):
                attempt()
        self.assertEqual(len(self._get_jobs(run).filtered(lambda job: job.state == "pending")), 1)
        self._perform_all(run)
        self.assertEqual((run.state, run.applied_number), ("done", 1))

    def test_what_a_brake_held_or_was_evaluated_again_is_applied(self):
        """Its own lock of the cycle is nobody else's."""
        people = {**self.server.people}
        self.server.people.clear()
        held = self._press()
        self._perform_all(held)
        self.assertTrue(held.brake_reason)
        held._decide_to_apply("As agreed")
        self._perform_all(held)
        self.assertEqual((held.state, held.outdated_reason), ("done", False))
        self.assertEqual(self._get_states(), ["non_compliant"] * 5)
        self.server.people.update(people)
        self._perform_all(self._preview())
        again = self._get_run(self.cycle.action_evaluate_attendance())
        self._perform_all(again)
        again._decide_to_apply("Once more")
        self._perform_all(again)
        self.assertEqual((again.state, self.cycle.locked), ("done", False))
        self.assertEqual(self._get_states(), ["enrolled"] * 4 + ["non_compliant"])

    def test_nothing_is_asked_for_while_another_run_is_in_progress(self):
        run = self._press()
        self._perform_all(run)
        self._press()
        with self.assertRaisesRegex(UserError, "background task"):
            run._take_back("No")
        self.assertFalse(run.request)

    def test_who_asked_for_it_is_archived_meanwhile(self):
        manager = self._create_user("jobs_gone", "g2p_programs.g2p_program_manager")
        run = self._preview()
        run.with_user(manager)._decide_to_apply("As agreed")
        manager.active = False
        self.assertIsInstance(self._fail_next(run), AccessError)
        self.assertEqual((run.state, run.request, self.cycle.locked), ("waiting", False, False))

    def test_a_job_that_is_called_again_does_nothing_more(self):
        """As one whose worker was killed after it was done, but before that was written."""
        run = self._preview()
        run._decide_to_apply("As agreed")
        job = self._get_jobs(run)[-1:]
        self._perform_all(run)
        for state in ("done", "taken_back"):
            self.assertEqual(run.state, state)
            before = run.read(), self.cycle.cycle_membership_ids.read(), self.cycle.message_ids
            Job.load(self.env, job.uuid).perform()
            self.env.invalidate_all()
            after = run.read(), self.cycle.cycle_membership_ids.read(), self.cycle.message_ids
            self.assertEqual(after, before)
            if state == "done":
                run._take_back("No")
                job = self._get_jobs(run)[-1:]
                self._perform_all(run)

    def test_it_is_decided_about_the_world_when_it_is_done(self):
        """Each case: what changes until then; what the run says, and its state."""
        last = self.cycle.cycle_membership_ids.sorted("id")[-1]
        for change, sentence, state in (
            (lambda: last.write({"state": "enrolled"}), "More beneficiaries would lose", "waiting"),
            (lambda: self.cycle.write({"no_data_rule": "keep"}), "criteria", "outdated"),
            (lambda: self.cycle.write({"state": "approved"}), "can't be changed", "waiting"),
        ):
            with self.subTest(sentence=sentence):
                last.state = "non_compliant"
                run = self._preview()
                states = self._get_states()
                run._decide_to_apply("As agreed")
                change()
                if sentence == "can't be changed":
                    self.assertIsInstance(self._fail_next(run), UserError)
                else:
                    self._perform_all(run)
                self.assertEqual((run.state, run.request), (state, False))
                self.assertFalse(self.cycle.locked)
                said = f"{run.error or ''} {run.outdated_reason or ''}"
                self.assertIn(sentence, said)
                self.assertIn(sentence, self.cycle.message_ids[:1].body)
                self.assertFalse(self.cycle.cycle_membership_ids.filtered("attendance_status"))
                if sentence == "More beneficiaries would lose":
                    self.assertEqual((states[-1], run.losing_count), ("non_compliant", 1))
                    run._decide_to_apply("Having looked at them")
                    self._perform_all(run)
                    self.assertEqual((run.state, run.error), ("done", False))
                    run._take_back("For the next case")
                    self._perform_all(run)

    def test_who_asked_has_to_be_allowed_to_when_it_is_done(self):
        manager = self._create_user("jobs_manager", "g2p_programs.g2p_program_manager")
        run = self._preview()
        run.with_user(manager)._decide_to_apply("As agreed")
        field = "groups_id" if "groups_id" in manager._fields else "group_ids"
        manager[field] = [(3, self.env.ref("g2p_programs.g2p_program_manager").id)]
        self.assertIsInstance(self._fail_next(run), AccessError)
        self.assertEqual((run.state, run.request, self.cycle.locked), ("waiting", False, False))
        self.assertTrue(run.error)
        self.assertEqual(self._get_states(), ["enrolled"] * 5)

    def test_a_request_that_fails(self):
        """Nothing is changed, the cycle is let go, run and cycle say so, and it can be repeated."""
        run = self._preview()
        for ask, method, states in (
            (run._decide_to_apply, "_write_members", ["enrolled"] * 5),
            (run._take_back, "_restore_memberships", ["enrolled"] * 4 + ["non_compliant"]),
        ):
            with self.subTest(method):
                state = run.state
                ask("As agreed")
                bug = ZeroDivisionError("secret detail")
                with patch.object(type(run), method, side_effect=bug):
                    self.assertIs(self._fail_next(run), bug)
                self.assertEqual((run.state, run.request), (state, False))
                self.assertFalse(self.cycle.locked)
                self.assertIn("ZeroDivisionError", run.error)
                self.assertNotIn("secret detail", run.error)
                self.assertIn("no membership was changed", self.cycle.message_ids[:1].body)
                self.assertIn("(As agreed)", self.cycle.message_ids[:1].body)
                self.assertEqual(self._get_states(), states)
                self.cycle.invalidate_recordset()
                told = f"{self.cycle.attendance_run_message} {self.cycle.attendance_to_do}"
                self.assertIn("ZeroDivisionError", told)
                ask("Again")
                self._perform_all(run)
                self.assertFalse(run.error)
        self.assertEqual((run.state, self._get_states()), ("taken_back", ["enrolled"] * 5))

    def test_requests_whose_job_vanishes_let_the_cycle_go(self):
        run = self._preview()
        run._decide_to_apply("As agreed")
        self.env["g2p.cycle"]._cron_release_attendance_runs()
        self.assertEqual((run.request, self.cycle.locked), ("apply", True))
        self._get_jobs(run).unlink()
        self.env["g2p.cycle"]._cron_release_attendance_runs()
        self.assertEqual((run.state, run.request, self.cycle.locked), ("waiting", False, False))
        self.assertIn("stopped", run.error)

    def test_a_run_at_once_leaves_the_lock_of_others_alone(self):
        run = self.env["spp.attendance.run"]._as_attendance_writer()._open(self.cycle, "apply")
        self.cycle.write({"locked": True, "locked_reason": "Preparing entitlements"})
        self.env.flush_all()
        for minutes, state in ((1, "running"), (11, "failed")):
            created = fields.Datetime.now() - timedelta(minutes=minutes)
            query = "UPDATE spp_attendance_run SET create_date = %s WHERE id = %s"
            self.env.cr.execute(query, [created, run.id])
            self.env.invalidate_all()
            self.env["g2p.cycle"]._cron_release_attendance_runs()
            self.assertEqual((run.state, self.cycle.locked), (state, True))

    def test_a_job_that_was_cut_is_tried_again(self):
        """As long as it was asked for not too long ago, however old the run is."""
        run = self._preview()
        run._decide_to_apply("As agreed")
        job = self._get_jobs(run)[-1:]
        error = f"{OperationalError.__module__}.OperationalError"
        for asked_on, is_alive in ((fields.Datetime.now(), True), ("2025-12-01", False)):
            job.write({"state": "failed", "exc_name": error})
            self.env.flush_all()
            query = "UPDATE spp_attendance_run SET create_date = %s, write_date = %s WHERE id = %s"
            self.env.cr.execute(query, ["2025-12-01", asked_on, run.id])
            self.env.invalidate_all()
            self.env["g2p.cycle"]._cron_release_attendance_runs()
            self.assertEqual((job.state == "pending", self.cycle.locked), (is_alive, is_alive))
