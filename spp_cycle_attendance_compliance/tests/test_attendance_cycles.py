from datetime import date, timedelta

from lxml import etree

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import AttendanceCase, TwoPersonsCase, days
from .test_days import DaysCase

READER_ROLE = "g2p_programs.g2p_program_validator"
MANAGER = "g2p_programs.g2p_program_manager"


@tagged("post_install", "-at_install")
class TestAttendanceCycles(DaysCase):
    """The list of cycles on the page of a person or a household."""

    def setUp(self):
        super().setUp()
        self.family = self._create_household(self.ana, self.ben, name="Family")
        for number in (3, 4, 5):
            self._come(number)

    def _check(self, number, *registrants):
        cycle = self._create_cycle_of(*registrants, name=f"Cycle {number}")
        self._run(cycle)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE g2p_cycle SET start_date = %s WHERE id = %s",
            [date(2020, 1, 1) + timedelta(days=number), cycle.id],
        )
        self.env.invalidate_all()
        return cycle

    def _get_names(self, partner):
        return partner.attendance_membership_ids.mapped("cycle_id.name")

    def _get_row(self, membership, person):
        return membership.with_context(attendance_person_id=person.id)

    def test_the_newest_come_first(self):
        for number in (2, 3, 1):
            self._check(number, self.family)
        self.assertEqual(self._get_names(self.family), ["Cycle 3", "Cycle 2", "Cycle 1"])
        self.assertFalse(self.family.has_more_attendance_memberships)

    def test_a_member_sees_the_households_verdict_with_her_own_numbers(self):
        self._come(7, kind=self.health)
        cycle = self._check(1, self.family)
        own = self._check(2, self.ana)
        self.assertEqual(self._get_names(self.ana), ["Cycle 2", "Cycle 1"])
        self.assertEqual(self._get_names(self.family), ["Cycle 1"])
        membership = cycle.cycle_membership_ids
        row = self._get_row(membership, self.ana)
        self.assertEqual(row.attendance_status, membership.attendance_status)
        lines = cycle.attendance_run_ids.line_ids
        line_of = {line.partner_id: line for line in lines}
        self.assertEqual(row.attendance_found, line_of[self.ana]._describe_person())
        self.assertEqual(membership.attendance_found, "0 of 1 members")
        self.assertEqual(row.action_open_attendance_days()["res_id"], line_of[self.ana].id)
        self.assertEqual(
            membership.action_open_attendance_days()["res_id"], line_of[self.family].id
        )
        stranger = self._create_person(name="Stranger")
        self.assertFalse(self._get_row(membership, stranger).has_attendance_days)
        with self.assertRaises(UserError):
            self._get_row(membership, stranger).action_open_attendance_days()
        self.assertTrue(own.cycle_membership_ids.attendance_found)

    def test_what_was_taken_back_is_no_members_row(self):
        cycle = self._check(1, self.family)
        cycle.attendance_run_ids._take_back("Too early")
        self.env.invalidate_all()
        self.assertFalse(self._get_names(self.ana) + self._get_names(self.family))

    def test_only_24_are_shown_and_a_link_to_all(self):
        cycles = [self._create_cycle_of(self.family) for _number in range(26)]
        memberships = self.env["g2p.cycle.membership"].concat(
            *(cycle.cycle_membership_ids for cycle in cycles)
        )
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE g2p_cycle_membership SET attendance_status = 'warned' WHERE id = ANY(%s)",
            [memberships.ids],
        )
        self.env.invalidate_all()
        self.assertEqual(len(self.family.attendance_membership_ids), 24)
        self.assertTrue(self.family.has_more_attendance_memberships)
        action = self.family.action_open_attendance_memberships()
        found = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(found, memberships & found)
        self.assertEqual(len(found), 26)
        self.assertEqual(action["context"]["attendance_person_id"], self.family.id)

    def test_warnings_waivers_and_who_overrode(self):
        cycle = self._create_cycle_of(
            self.family, attendance_warnings=1, attendance_warning_cycles=3
        )
        self._waive(1, 2, cycle.program_id)
        self._run(cycle)
        membership = cycle.cycle_membership_ids
        self.assertEqual(membership.attendance_warning, "only a warning this time")
        self.assertEqual(membership.attendance_free, "Storm")
        self.assertIn("Free days: Storm", membership.attendance_reason)
        self.assertFalse(membership.attendance_overridden_by_id)
        self.env["spp.attendance.override"].create(
            {"cycle_membership_id": membership.id, "verdict": "compliant", "reason": "As I say"}
        )
        self.env.invalidate_all()
        self.assertEqual(membership.attendance_overridden_by_id, self.env.user)

    def test_more_cycles_take_no_more_queries(self):
        def count():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            names = ["attendance_reason", "attendance_found", "attendance_free"]
            self.family.attendance_membership_ids.with_context(
                attendance_person_id=self.ana.id
            ).read(names)
            return self.env.cr.sql_log_count - before

        self._check(1, self.family)
        self._check(2, self.family)
        count()
        two = count()
        for number in range(3, 8):
            self._check(number, self.family)
        self.assertLessEqual(count(), two + 5)

    def test_who_may_not_see_it_sees_nothing(self):
        cycle = self._check(1, self.family)
        user = self._create_user("nobody", "g2p_programs.g2p_finance_validator")
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            self.family.with_user(user).read(["attendance_membership_ids"])
        with self.assertRaises(AccessError):
            self.env["spp.attendance.run.line"].with_user(user).browse(
                cycle.attendance_run_ids.line_ids.ids
            ).read(["counted_days"])
        validator = self._create_user("validator", READER_ROLE)
        (read,) = self.family.with_user(validator).read(["attendance_membership_ids"])
        self.assertEqual(read["attendance_membership_ids"], cycle.cycle_membership_ids.ids)
        lines = cycle.attendance_run_ids.line_ids.with_user(validator)
        self.assertIn("table", lines.filtered(lambda each: each.kind == "member")[0].counted_days)

    def test_the_pages_have_the_list(self):
        for form in (
            "g2p_registry_individual.view_individuals_form",
            "g2p_registry_group.view_groups_form",
        ):
            view = self.env.ref(form)
            arch = etree.fromstring(self.env["res.partner"].get_view(view.id)["arch"])
            (page,) = arch.xpath("//page[@name='attendance_history']")
            self.assertTrue(page.xpath(".//field[@name='attendance_membership_ids']"))


@tagged("post_install", "-at_install")
class TestFamilyReasons(AttendanceCase):
    def test_a_household_without_data_names_the_member(self):
        known = self._create_person("NID1", "Known", birthdate="2015-01-01")
        unknown = self._create_person("NID2", "Unknown", birthdate="2015-01-01")
        self.server.people["NID1"] = days(1, 1, 2)
        family = self._create_household(known, unknown)
        cycle = self._create_cycle(self._create_program("group"), [family], household_rule="all")
        self._run(cycle)
        membership = cycle.cycle_membership_ids
        self.assertEqual(membership.attendance_status, "no_data")
        self.assertIn(". Unknown NID2: ", membership.attendance_reason)
        self.assertNotIn("Known NID1", membership.attendance_reason)

    def test_member_rows_say_how_many_of_how_many(self):
        person = self._create_person("NID1", "Ana")
        family = self._create_household(person)
        cycle = self._create_cycle(self._create_program("group"), [family])
        self.server.people["NID1"] = []
        run = self._run(cycle)
        row = cycle.cycle_membership_ids.cycle_group_membership_attendance_ids
        line = run.line_ids.filtered(lambda each: each.kind == "member")
        self.assertEqual((row.number_of_attendance, row.needed, row.line_id), (0, "2", line))
        self.assertEqual(row.action_open_days()["res_id"], line.id)
        labels = dict(row._fields["state"]._description_selection(self.env))
        self.assertEqual(labels["not_included"], "Did Not Meet")


@tagged("post_install", "-at_install")
class TestLiftOverride(TwoPersonsCase):
    def _lift(self, reason, user=None):
        membership = self.ben_in.with_user(user) if user else self.ben_in
        action = membership.action_lift_attendance_override()
        wizards = self.env[action["res_model"]].with_user(user or self.env.user)
        wizards.with_context(**action["context"]).create({"reason": reason}).action_confirm()

    def test_lifting_wants_a_reason_and_keeps_it(self):
        override = self._override(self.ben_in, "compliant")
        with self.assertRaises(UserError):
            self._lift("   ")
        self.assertTrue(self.ben_in.attendance_override_id)
        self._lift("The certificate was false")
        self.assertFalse(self.ben_in.attendance_override_id)
        self.assertEqual(override.lifted_reason, "The certificate was false")
        self.assertEqual(override.lifted_by_id, self.env.user)

    def test_who_may_not_lift(self):
        self._override(self.ben_in, "compliant")
        validator = self._create_user("validator", READER_ROLE)
        with self.assertRaises(AccessError):
            self._lift("I may not", validator)
        manager = self._create_user("manager", MANAGER)
        self._lift("I may", manager)
        self.assertFalse(self.ben_in.attendance_override_id)

    def test_an_override_is_offered_where_it_can_be_made(self):
        manager = self._create_user("manager", MANAGER)
        validator = self._create_user("validator", READER_ROLE)
        membership = self.ben_in.with_user(manager)
        self.assertTrue(membership.may_override_attendance)
        self.assertFalse(self.ben_in.with_user(validator).may_override_attendance)
        for vals, is_offered in (
            ({"state": "paused"}, False),
            ({"state": "enrolled"}, True),
        ):
            self.ben_in.write(vals)
            self.assertEqual(membership.may_override_attendance, is_offered, vals)
        for state, is_offered in (
            ("to_approve", True),
            ("approved", False),
            ("ended", False),
            ("draft", True),
        ):
            self.cycle.state = state
            self.assertEqual(membership.may_override_attendance, is_offered, state)
        self.cycle.use_attendance_criteria = False
        self.assertFalse(membership.may_override_attendance)
