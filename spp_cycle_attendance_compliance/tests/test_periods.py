from datetime import date, timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged

from ..models.runs import asking, attendance_run_asking
from .attendance_server import attendance
from .common import OneVerdictCase


@tagged("post_install", "-at_install")
class TestPeriods(OneVerdictCase):
    """Which days count, and what was answered before they were over."""

    def test_answers_that_were_given_before_the_period_was_over(self):
        """Each case: when, in UTC; whether the last day was over, in the company's Tokyo."""
        self.cycle._get_attendance_company().partner_id.tz = "Asia/Tokyo"
        self._run(self.cycle)
        failed = self._fail()
        for moment, is_over in (("2025-11-30 14:59:59", False), ("2025-11-30 15:00:00", True)):
            with (
                self.subTest(moment=moment),
                patch.object(attendance_run_asking, "FRESH_HOURS", 24 * 365 * 100),
            ):
                self._answered_at(moment)
                again = self._get_run(failed.action_retry())
                self.assertEqual(again.state, "done" if is_over else "waiting")
                evaluated = self._evaluate()
                self.assertEqual(evaluated.state, "waiting")
                for run in (again, evaluated):
                    reason = run.brake_reason or ""
                    self.assertEqual("before the period was over" not in reason, is_over)

    def test_all_attendance_so_far_does_not_wait_for_tomorrow(self):
        self.cycle.attendance_period = "all"
        run = self._get_run(self.cycle.action_filter_beneficiaries_by_compliance_criteria())
        self.assertEqual((run.state, self._look(self.ana_in)), ("done", ("compliant", "enrolled")))
        waiting = self._preview()
        with freeze_time(fields.Datetime.now() + timedelta(days=1)):
            again = self._evaluate()
            self.assertEqual(set(again.line_ids.mapped("finding")), {"known"})
        waiting = self._preview()
        with freeze_time(fields.Datetime.now() + timedelta(days=1)):
            waiting._decide_to_apply("As agreed")
        self.assertEqual(waiting.state, "done")

    def test_all_attendance_so_far_is_one_question_past_midnight(self):
        """A retry takes over what was answered before."""
        self.cycle.attendance_period = "all"
        self.env.company.partner_id.tz = "UTC"
        evening = fields.Datetime.now().replace(hour=23, minute=50) + timedelta(days=1)
        with patch.object(asking, "INTAKE_SIZE", 1):
            with freeze_time(evening):
                self.server.next("attendance", lambda request, respond: respond(request))
                failed = self._fail()
            self.assertEqual(failed.state, "failed")
            self.assertEqual(failed.intake_ids.mapped("is_done"), [True, False])
            with freeze_time(evening + timedelta(minutes=20)):
                run = self._get_run(failed.action_retry())
        self.assertEqual((run.state, run.to_date), ("done", failed.to_date + timedelta(days=1)))
        asked = [request.body["person_ids"] for request in self.server.asked("attendance")]
        self.assertEqual(asked, [["ANA"], ["BEN"], ["BEN"]])
        self.assertEqual(self._look(self.ana_in), ("compliant", "enrolled"))

    def test_all_attendance_so_far_is_read_anew_the_next_day(self):
        """What is gone since is withdrawn, though the answer is the same to the byte: the day on
        which it was did not count then."""
        tomorrow = self.cycle._get_attendance_day(fields.Datetime.now()) + timedelta(days=1)
        self.server.people["BEN"].append(attendance(12, str(tomorrow)))
        self._run(self._create_cycle(registrants=[self.ben], from_date=tomorrow, to_date=tomorrow))
        self.cycle.attendance_period = "all"
        self._run(self.cycle)
        self.server.people["BEN"].pop()
        with freeze_time(fields.Datetime.now() + timedelta(days=1)):
            self._run(self.cycle)
        self.assertEqual(self._look(self.ben_in), ("non_compliant", "non_compliant"))

    def test_an_answer_about_other_days_does_not_stand_for_all(self):
        """Who was asked about a time long ago was not asked about all attendance so far."""
        long_ago = {"from_date": "1900-01-01", "to_date": "2025-11-02"}
        self._run(self._create_cycle(registrants=[self.ana, self.ben], **long_ago))
        self.cycle.attendance_period = "all"
        self.assertEqual(set(self._evaluate().line_ids.mapped("finding")), {"not_asked"})
        self._run(self.cycle)
        with freeze_time(fields.Datetime.now() + timedelta(days=1)):
            self.assertEqual(set(self._evaluate().line_ids.mapped("finding")), {"known"})

    def test_a25_a_period_to_come(self):
        today = date.today()
        self.cycle.write(
            {"from_date": today + timedelta(days=3), "to_date": today + timedelta(days=30)}
        )
        self.cycle.cycle_membership_ids.state = "draft"
        run = self._get_run(self.cycle.action_filter_beneficiaries_by_compliance_criteria())
        self.assertEqual(run.state, "waiting")
        self.assertIn("28 of 28 days are still to come", run.brake_reason)
        self.assertIn("2 of 2 beneficiaries would become non-compliant", run.brake_reason)
        self.assertEqual(self.cycle.cycle_membership_ids.mapped("state"), ["draft", "draft"])

    def test_a26_the_days_before(self):
        """Each case: the cycle, the one before it; the days that count."""
        program = self.cycle.program_id
        cases = [
            (("2027-03-01", "2027-03-31"), None, ("2027-02-01", "2027-02-28")),
            (("2027-01-01", "2027-03-31"), None, ("2026-10-01", "2026-12-31")),
            (("2027-03-11", "2027-03-20"), None, ("2027-03-01", "2027-03-10")),
            (("2027-03-01", "2027-03-31"), ("2027-02-10", "2027-02-28"), None),
        ]
        for (first, last), previous, expected in cases:
            with self.subTest(first=first, previous=previous):
                program = self._create_program()
                if previous:
                    self._create_cycle(program, start_date=previous[0], end_date=previous[1])
                cycle = self._create_cycle(
                    program, start_date=first, end_date=last, attendance_period="before"
                )
                period = tuple(map(str, cycle._get_attendance_period()))
                self.assertEqual(period, expected or previous)
