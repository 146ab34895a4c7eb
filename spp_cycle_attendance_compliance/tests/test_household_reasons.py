from datetime import timedelta

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import FIRST, AttendanceCase


@tagged("post_install", "-at_install")
class TestHouseholdReasons(AttendanceCase):
    """What a family reads where several conditions are about its members."""

    def setUp(self):
        super().setUp()
        self.school, self.health = self.env["spp.res.config.attendance.type"].create(
            [{"name": "School day"}, {"name": "Health visit"}]
        )
        self.lia = self._create_person(name="Lia", birthdate="2021-01-15")
        self.rui = self._create_person(name="Rui", birthdate="2014-03-02")
        self.parent = self._create_person(name="Parent", birthdate="1990-01-01")
        self.family = self._create_household(self.lia, self.rui, self.parent)
        self.cycle = self._create_cycle(
            self._create_program("group"),
            [self.family],
            attendance_source_id=self.recorded.id,
            household_rule="all",
            attendance_condition_ids=[
                (0, 0, {"about": "age", "type_id": type_id, "sequence": number, **vals})
                for number, (type_id, vals) in enumerate(
                    [
                        (
                            self.school.id,
                            {"name": "School", "age_from": 4, "age_to": 17, "required_number": 2},
                        ),
                        (
                            self.health.id,
                            {"name": "Health", "age_from": 0, "age_to": 6, "required_number": 1},
                        ),
                    ]
                )
            ],
        )

    def _come(self, person, kind, *days):
        for day in days:
            self._record(person, FIRST + timedelta(days=day - 1), attendance_type_id=kind.id)

    def _get_reasons(self):
        """Return why the family's verdict is what it is, and each member's by its name."""
        membership = self.cycle.cycle_membership_ids
        members = membership.cycle_group_membership_attendance_ids
        return membership.attendance_reason, {
            member.individual_id.name: member.reason for member in members
        }

    def test_who_failed_what(self):
        self._come(self.lia, self.school, 3, 4)
        self._come(self.rui, self.school, 3, 4)
        self._run(self.cycle)
        reason, members = self._get_reasons()
        self.assertIn("1 of 2 members met the criteria (all are needed)", reason)
        self.assertIn(": non-compliant. Lia: Health: 0 of 1 days", reason)
        self.assertNotIn("Rui", reason)
        self.assertIn("Health: 0 of 1 days", members["Lia"])
        self.assertIn("School: 2 of 2 days", members["Rui"])
        self.assertIn("does not count", members["Parent"])

    def test_who_passed_names_nobody(self):
        self._come(self.lia, self.school, 3, 4)
        self._come(self.lia, self.health, 5)
        self._come(self.rui, self.school, 3, 4)
        self._run(self.cycle)
        reason, _members = self._get_reasons()
        self.assertTrue(reason.endswith(": compliant"), reason)

    def test_members_reasons_are_those_of_the_verdict_that_stands(self):
        self._come(self.rui, self.school, 3)
        first = self._run(self.cycle)
        self._come(self.rui, self.school, 4)
        second = self._run(self.cycle)
        self.assertIn("School: 2 of 2 days", self._get_reasons()[1]["Rui"])
        second._take_back("Too early")
        self.env.invalidate_all()
        self.assertIn("School: 1 of 2 days", self._get_reasons()[1]["Rui"])
        first._take_back("Too early, too")
        self.env.invalidate_all()
        self.assertEqual(self._get_reasons(), (False, {}))

    def test_another_company_reads_no_reason(self):
        self._come(self.lia, self.school, 3)
        self._run(self.cycle)
        member = self.cycle.cycle_membership_ids.cycle_group_membership_attendance_ids[0]
        own, other = self.env["res.company"].create([{"name": "Own"}, {"name": "Other"}])
        user = self._create_user(
            "of_own",
            "g2p_programs.g2p_program_manager",
            company_id=own.id,
            company_ids=[(6, 0, own.ids)],
        )
        self.cycle.company_id = own
        self.env.invalidate_all()
        self.assertIn("Lia", self.cycle.cycle_membership_ids.with_user(user).attendance_reason)
        self.assertTrue(member.with_user(user).read(["reason"])[0]["reason"])
        self.cycle.company_id = other
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            member.with_user(user).read(["reason"])

    def test_one_is_said_in_the_singular(self):
        school, health = self.cycle.attendance_condition_ids.sorted()
        self.assertEqual(
            school.sentence, "School: persons of 4 to 17 years, at least 2 days, School day"
        )
        self.assertEqual(
            health.sentence, "Health: persons of 0 to 6 years, at least one day, Health visit"
        )
        health.write({"name": False, "unit": "sessions", "over": "month", "about": "everybody"})
        self.assertEqual(health.sentence, "At least one session in each month, Health visit")
        self.cycle.write({"attendance_warnings": 1, "attendance_warning_cycles": 3})
        self.assertIn("warned once within 3 cycles", self.cycle.attendance_criteria_summary)
