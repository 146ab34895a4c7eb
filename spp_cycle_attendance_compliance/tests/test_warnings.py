from datetime import date, timedelta

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .test_conditions import ConditionsCase


@tagged("post_install", "-at_install")
class TestWarnings(ConditionsCase):
    """Warnings first: so many failures within so many cycles don't cost anything."""

    def setUp(self):
        super().setUp()
        self.program = self._create_program()
        self.person = self._create_person(name="Person")
        self.count = 0

    def _hold(self, came, **vals):
        """Hold the next cycle of the program, and return its run."""
        self.count += 1
        first = date(2026, self.count, 1)
        own = (3, 4) if came else (-3, -4)
        self._attend(self.person, self.school, *own, month=self.count, year=2026)
        cycle = self._create_cycle(
            self.program,
            [self.person],
            name=f"Cycle {self.count}",
            sequence=self.count,
            from_date=first,
            to_date=date(2026, self.count, 28),
            **{"attendance_warnings": 1, "attendance_warning_cycles": 3, **vals},
        )
        self.cr.execute(
            "UPDATE g2p_cycle SET start_date = %s, end_date = %s WHERE id = %s",
            [first, first + timedelta(days=27), cycle.id],
        )
        self.env.invalidate_all()
        return self._run(cycle)

    def test_with_gaps(self):
        """The first failure in three cycles warns, the second refuses; a warned one counts."""
        statuses = [
            self._hold(came).line_ids.status
            for came in (False, True, False, True, True, False, False)
        ]
        self.assertEqual(
            statuses,
            [
                *("warned", "compliant", "non_compliant", "compliant"),
                # Cycle 3 is out of the three of cycle 6.
                *("compliant", "warned", "non_compliant"),
            ],
        )

    def test_what_is_said_and_kept(self):
        run = self._hold(False, attendance_warnings=2, attendance_warning_cycles=4)
        membership = run.cycle_id.cycle_membership_ids
        self.assertEqual((membership.attendance_status, membership.state), ("warned", "enrolled"))
        self.assertIn("non-compliant, first of 2 warnings", membership.attendance_reason)
        self.assertEqual(run.warned_count, 1)
        second = self._hold(False, attendance_warnings=2, attendance_warning_cycles=4)
        self.assertIn("second of 2 warnings. Failed before in Cycle 1", second.line_ids.reason)
        self.assertEqual(second.line_ids.failed_cycles, [[run.cycle_id.id, "Cycle 1"]])
        third = self._hold(False, attendance_warnings=2, attendance_warning_cycles=4)
        self.assertEqual(third.cycle_id.cycle_membership_ids.state, "non_compliant")
        third._take_back("Not so")
        self.assertFalse(third.cycle_id.cycle_membership_ids.attendance_status)

    def test_what_is_no_failure(self):
        """Overridden, taken back, or waived later: no failure of an earlier cycle."""
        for forgive in (
            lambda run: self.env["spp.attendance.override"].create(
                {
                    "cycle_membership_id": run.cycle_id.cycle_membership_ids.id,
                    "verdict": "compliant",
                    "reason": "As I say",
                }
            ),
            lambda run: run._take_back("Not so"),
            lambda run: (
                self.env["spp.attendance.waiver"]
                .create(
                    {
                        **{"name": "Storm", "legal_basis": "Resolution 1"},
                        **{"program_id": self.program.id, "cycle_id": run.cycle_id.id},
                        **{"from_date": run.from_date, "to_date": run.to_date},
                    }
                )
                .action_approve()
            ),
        ):
            with self.subTest(forgive=forgive):
                self.program = self._create_program()
                self.person = self._create_person(name="Person")
                self.count = 0
                forgive(self._hold(False))
                self.assertEqual(self._hold(False).line_ids.status, "warned")

    def test_a_failure_that_comes_while_a_run_waits(self):
        earlier = self._hold(False)
        earlier._take_back("Not so")
        run = self._hold(True)
        self.env["spp.event.attendance"].search(
            [("individual_id", "=", self.person.id), ("attendance_date", ">=", "2026-02-01")]
        )._withdraw("Not so")
        run = self._get_run(run.cycle_id.action_preview_attendance())
        self.assertEqual(run.line_ids.status, "warned")
        self._run(earlier.cycle_id)
        run._decide_to_apply("As agreed")
        self.assertEqual(run.line_ids.left_alone, "changed")

    def test_the_programs_own_criteria_are_none(self):
        self.assertEqual(self._hold(False, attendance_warnings=0).line_ids.status, "non_compliant")
        # That one was refused by attendance: a failure, though nobody was warned.
        self.assertEqual(self._hold(False).line_ids.status, "non_compliant")

    def test_more_warnings_than_cycles(self):
        with self.assertRaisesRegex(ValidationError, "greater number of cycles"):
            self._create_cycle(attendance_warnings=3, attendance_warning_cycles=3)


@tagged("post_install", "-at_install")
class TestClosedCycle(ConditionsCase):
    def test_evaluating_a_closed_cycle_is_a_preview(self):
        person = self._create_person(name="Person")
        self._attend(person, self.school, 3)
        cycle = self._create_cycle(registrants=[person])
        self._run(cycle)
        self.assertEqual(cycle.cycle_membership_ids.state, "non_compliant")
        cycle.state = "approved"
        self._attend(person, self.school, 4)
        run = self._get_run(cycle.action_evaluate_attendance())
        self.assertEqual((run.state, run.line_ids.state_after), ("waiting", "enrolled"))
        with self.assertRaises(UserError):
            run._decide_to_apply("As agreed")
        self.assertEqual(cycle.cycle_membership_ids.state, "non_compliant")
