from datetime import date, timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .common import AttendanceCase, days
from .test_conditions import ConditionsCase

MANAGER = "g2p_programs.g2p_program_manager"
STORED = (
    *("spp.attendance.run", "spp.attendance.run.line", "spp.attendance.intake"),
    *("spp.attendance.answer", "spp.event.attendance", "spp.event.data", "mail.message"),
)


class Comparing:
    def _open(self, cycle, **vals):
        """Press the button on the cycle's page, and change the second set."""
        action = cycle.action_compare_attendance()
        wizard = cycle.env[action["res_model"]].browse(action["res_id"])
        wizard.write(vals)
        return wizard

    def _compare(self, cycle, **vals):
        wizard = self._open(cycle, **vals)
        wizard.action_compare()
        return wizard

    def _get_changes(self, wizard):
        return {line.partner_id: (line.own_outcome, line.outcome) for line in wizard.line_ids}

    def _change(self, wizard, number=0, **vals):
        """Change a condition of the second set, and compare."""
        wizard.condition_ids.sorted()[number].write(vals)
        wizard.action_compare()
        return wizard


@tagged("post_install", "-at_install")
class TestCompare(Comparing, ConditionsCase):
    """Over what is recorded in OpenSPP: what a second set of criteria would say."""

    def setUp(self):
        super().setUp()
        self.ana, self.ben, self.eva = (
            self._create_person(name=name, birthdate=birthdate)
            for name, birthdate in (
                ("Ana", date(2019, 1, 1)),
                ("Ben", date(2015, 1, 1)),
                ("Eva", date(2010, 1, 1)),
            )
        )
        self._attend(self.ana, self.school, 3, 4, 5)
        self._attend(self.ben, self.school, 3, 4)
        self._attend(self.eva, self.school, 3)
        self.cycle = self._create_cycle(
            registrants=[self.ana, self.ben, self.eva],
            conditions=[{"name": "School", "type_id": self.school.id, "required_number": 2}],
        )

    def test_the_same_criteria_change_nobody(self):
        wizard = self._compare(self.cycle)
        self.assertEqual(wizard.counts, [{"compliant": 2, "non_compliant": 1}] * 2)
        self.assertFalse(wizard.line_ids)
        self.assertEqual(wizard.summary, "Nobody changes.")
        self.assertEqual(wizard.attendance_criteria_summary, self.cycle.attendance_criteria_summary)

    def test_each_criterion_is_taken_over(self):
        """All that a cycle can say, and not what it says by default."""
        wished = {
            **{"household_rule": "number", "household_number": 3, "household_percentage": 70},
            **{"member_domain": "[('name', '!=', 'x')]", "no_data_rule": "keep"},
            **{"attendance_counts_from": "enrolment", "attendance_first_cycle_waived": True},
            **{"attendance_warnings": 2, "attendance_warning_cycles": 5},
        }
        self.cycle.write(wished)
        self.school.active = False
        wizard = self._open(self.cycle)
        self.assertTrue(self.cycle._has_same_criteria(wizard))
        self.assertEqual(wizard._get_attendance_period(), self.cycle._get_attendance_period())

    def test_a_greater_number(self):
        wizard = self._change(self._open(self.cycle), required_number=3)
        self.assertEqual(
            wizard.counts,
            [{"compliant": 2, "non_compliant": 1}, {"compliant": 1, "non_compliant": 2}],
        )
        line = wizard.line_ids
        self.assertRecordValues(
            line,
            [{"partner_id": self.ben.id, "own_outcome": "compliant", "outcome": "non_compliant"}],
        )
        self.assertIn("School: 2 days (2 needed)", line.own_reason)
        self.assertIn("School: 2 days (3 needed)", line.reason)
        self.assertIn("1 would newly be non-compliant", wizard.summary)
        self.assertEqual(line.action_open_registrant()["res_id"], self.ben.id)
        # The criteria of the cycle are what they were.
        self.assertEqual(self.cycle.attendance_condition_ids.required_number, 2)

    def test_its_sentences_are_those_of_a_run(self):
        wizard = self._change(self._open(self.cycle), required_number=3)
        own = self._get_line(self._run(self.cycle), self.ben).reason
        self.cycle.attendance_condition_ids.required_number = 3
        other = self._get_line(self._run(self.cycle), self.ben).reason
        self.assertEqual((wizard.line_ids.own_reason, wizard.line_ids.reason), (own, other))

    def test_those_who_would_newly_be_refused_come_first(self):
        """3 days from 8 years on: Ana is exempt, Ben is refused, Eva stays refused."""
        wizard = self._open(self.cycle)
        self._change(wizard, about="age", age_from=8, required_number=3)
        self.assertEqual(
            list(self._get_changes(wizard).items()),
            [
                (self.ben, ("compliant", "non_compliant")),
                (self.ana, ("compliant", "exempt")),
            ],
        )
        # And only up to 12 years: Eva is not refused any more.
        self._change(wizard, age_to=12)
        self.assertEqual(
            list(self._get_changes(wizard).items()),
            [
                (self.ben, ("compliant", "non_compliant")),
                (self.eva, ("non_compliant", "exempt")),
                (self.ana, ("compliant", "exempt")),
            ],
        )
        self.assertEqual(
            wizard.summary,
            "3 change: 1 would newly be non-compliant, 1 would not be non-compliant any more, "
            "1 change otherwise.",
        )

    def test_each_month_and_other_days(self):
        """2 days of each month: of December nothing is recorded of anybody but Ben."""
        self._attend(self.ben, self.school, 1, 2, month=12)
        wizard = self._open(self.cycle, to_date=date(2025, 12, 31))
        self._change(wizard, over="month")
        self.assertEqual(self._get_changes(wizard), {self.ana: ("compliant", "non_compliant")})
        self.assertIn("December 2025", wizard.line_ids.reason)
        self.assertIn("2025", wizard.line_ids.own_reason)
        self.assertNotIn("December", wizard.line_ids.own_reason)

    def test_a_condition_more(self):
        self._attend(self.ana, self.health, 9)
        health = {"name": "Health", "type_id": self.health.id, "required_number": 1}
        wizard = self._compare(self.cycle, condition_ids=[(0, 0, health)])
        self.assertEqual(self._get_changes(wizard), {self.ben: ("compliant", "non_compliant")})
        self.assertIn("Health: 0 days (1 needed)", wizard.line_ids.reason)
        self.assertFalse(any(wizard.condition_ids.mapped("not_stored")))

    def test_households(self):
        household = self._create_household(self.ana, self.eva)
        cycle = self._create_cycle(
            self._create_program("group"), [household], conditions=[{"required_number": 2}]
        )
        wizard = self._compare(cycle, household_rule="all")
        self.assertEqual(self._get_changes(wizard), {household: ("compliant", "non_compliant")})
        self.assertIn(
            "1 of 2 members met the conditions (one is enough)", wizard.line_ids.own_reason
        )
        self.assertIn("1 of 2 members met the conditions (all are needed)", wizard.line_ids.reason)
        self.assertIn("Households", wizard.result)
        wizard = self._compare(cycle, member_domain="[('name', '=', 'Eva')]")
        self.assertEqual(self._get_changes(wizard), {household: ("compliant", "non_compliant")})

    def test_warnings(self):
        program, today = self.cycle.program_id, date.today()
        self._run(self.cycle)
        later = self._create_cycle(
            program,
            [self.eva, self.ana],
            conditions=[{"type_id": self.school.id}],
            required_number_of_attendance=4,
            start_date=today + timedelta(days=31),
            end_date=today + timedelta(days=60),
        )
        # Eva failed before, Ana did not.
        wizard = self._compare(later, attendance_warnings=1)
        self.assertEqual(wizard.counts, [{"non_compliant": 2}, {"non_compliant": 1, "warned": 1}])
        self.assertEqual(self._get_changes(wizard), {self.ana: ("non_compliant", "warned")})
        self.assertIn("only a warning", wizard.line_ids.reason)
        wizard = self._compare(later, attendance_warnings=2)
        self.assertEqual(wizard.counts, [{"non_compliant": 2}, {"warned": 2}])

    def test_no_data(self):
        self._change_to_percentage = {"requirement": "percentage", "required_percentage": 50}
        nobody = self._create_person(name="Nobody")
        self._create_membership(self.cycle, nobody)
        wizard = self._open(self.cycle, no_data_rule="keep")
        self._change(wizard, **self._change_to_percentage)
        self.assertEqual(
            self._get_changes(wizard),
            {
                self.eva: ("non_compliant", "compliant"),
                nobody: ("non_compliant", "undecided"),
            },
        )

    def test_an_override_stays(self):
        membership = self._get_membership(self.cycle, self.ben)
        self.env["spp.attendance.override"].create(
            {"cycle_membership_id": membership.id, "verdict": "compliant", "reason": "Ill"}
        )
        wizard = self._change(self._open(self.cycle), required_number=3)
        self.assertFalse(wizard.line_ids)
        self.assertEqual(wizard.counts[0], wizard.counts[1])
        self.assertEqual(wizard.counts[0]["overridden"], 1)
        self.assertIn("Overridden", wizard.result)

    def test_cycles_that_are_closed_or_locked(self):
        self._run(self.cycle)
        for vals in ({"state": "approved"}, {"state": "ended"}, {"locked": True}):
            with self.subTest(vals):
                self.cycle.write({"state": "draft", "locked": False, **vals})
                wizard = self._change(self._open(self.cycle), required_number=3)
                self.assertEqual(wizard.line_ids.partner_id, self.ben)

    def test_nothing_is_written(self):
        self._run(self.cycle)
        memberships = self.cycle.cycle_membership_ids
        before = self._look(memberships)
        wizard = self._change(self._open(self.cycle), required_number=3)
        self.assertTrue(wizard.line_ids)
        self.assertEqual(self._look(memberships), before)

    def _look(self, memberships):
        self.env.invalidate_all()
        return (
            [self.env[model].search_count([]) for model in STORED],
            memberships.read(["state", "attendance_status", "write_date"]),
            self.cycle.read(["write_date", "attendance_criteria_summary"]),
        )

    def test_a_second_set_that_cant_be(self):
        cases = (
            ({"condition_ids": [(5, 0, 0)]}, "has no condition"),
            ({"to_date": False}, "from which day to which"),
            ({"from_date": date(2025, 12, 24)}, "from which day to which"),
        )
        for vals, sentence in cases:
            with self.subTest(sentence), self.assertRaisesRegex(UserError, sentence):
                self._compare(self.cycle, **vals)
        wizard = self._open(self.cycle, attendance_period="all")
        with self.assertRaisesRegex(UserError, "no first month"):
            self._change(wizard, over="month")

    def test_many_changes(self):
        self.patch(self.registry["spp.attendance.compare"], "_get_most_changes", lambda wizard: 1)
        wizard = self._open(self.cycle)
        self._change(wizard, about="age", age_from=8, required_number=3)
        self.assertEqual(wizard.line_ids.partner_id, self.ben)
        self.assertEqual(wizard.not_shown_count, 1)
        self.assertIn("2 change", wizard.summary)

    def test_what_was_found_goes_with_a_change(self):
        wizard = self._compare(self.cycle)
        self.assertTrue(wizard.is_compared)
        with Form(wizard) as form:
            form.no_data_rule = "keep"
        self.assertFalse(wizard.is_compared)
        wizard.action_compare()
        self.assertTrue(wizard.is_compared)

    def test_rights(self):
        other = self.env["res.company"].create({"name": "Another Agency"})
        manager = self._create_user("compare_manager", MANAGER)
        second = self._create_user("compare_second", MANAGER)
        registrar = self._create_user("compare_registrar", "g2p_registry_base.group_g2p_registrar")
        there = self._create_user(
            "compare_there", MANAGER, company_id=other.id, company_ids=[(6, 0, other.ids)]
        )
        wizard = self._open(self.cycle.with_user(manager))
        self._change(wizard, required_number=3)
        self.assertEqual(wizard.line_ids.partner_id, self.ben)
        for record in (wizard, wizard.condition_ids, wizard.line_ids):
            with self.assertRaises(AccessError):
                record.with_user(second).read(["create_uid"])
        for user in (registrar, there):
            with self.assertRaises(AccessError):
                self.cycle.with_user(user).action_compare_attendance()
            with self.assertRaises(AccessError):
                self.env["spp.attendance.compare"].with_user(user).create(
                    {"cycle_id": self.cycle.id}
                )
        self.source.sudo().company_id = other
        theirs = self._create_cycle(self._create_program(company_id=other.id), [self.ana])
        with self.assertRaises(AccessError):
            wizard.cycle_id = theirs


@tagged("post_install", "-at_install")
class TestCompareStored(Comparing, AttendanceCase):
    """Over what an attendance system answered: it is not asked again."""

    def setUp(self):
        super().setUp()
        kinds = self.env["spp.res.config.attendance.type"].sudo()
        self.school, self.health = kinds.create(
            [
                {"name": name, "source_id": self.source.id, "external_id": str(number)}
                for number, name in enumerate(("School", "Health"), 1)
            ]
        ).with_env(self.env)
        self.ana, self.ben = self._create_person("ANA"), self._create_person("BEN")
        kind = {"kind": {"id": 1}}
        self.server.people.update(ANA=days(1, 1, 2, **kind), BEN=days(11, 1, **kind))
        self.cycle = self._create_cycle(registrants=[self.ana, self.ben])
        self.cycle.attendance_condition_ids.write(
            {"name": "School", "type_id": self.school.id, "required_number": 1}
        )

    def test_what_was_answered(self):
        self._run(self.cycle)
        self.server.close()
        wizard = self._change(self._open(self.cycle), required_number=2)
        self.assertEqual(self._get_changes(wizard), {self.ben: ("compliant", "non_compliant")})

    def test_a_condition_that_was_never_asked_for(self):
        """It is left out, beside another; with nothing else nobody is counted."""
        self._run(self.cycle)
        self.server.close()
        health = {"name": "Health", "type_id": self.health.id, "required_number": 9}
        wizard = self._compare(self.cycle, condition_ids=[(0, 0, health)])
        school, health = wizard.condition_ids.sorted()
        self.assertFalse(school.not_stored)
        self.assertEqual(health.not_stored, "Nothing is stored for this")
        self.assertEqual(wizard.counts, [{"compliant": 2}] * 2)
        school.unlink()
        wizard.action_compare()
        self.assertEqual(wizard.counts, [{"compliant": 2}, None])
        self.assertFalse(wizard.line_ids)
        self.assertIn("nobody is counted", wizard.summary)
        self.assertIn("–", wizard.result)

    def test_days_that_were_never_asked_for(self):
        self._run(self.cycle)
        wizard = self._compare(self.cycle, to_date=date(2025, 12, 1))
        self.assertTrue(wizard.condition_ids.not_stored)
        self.assertEqual(wizard.counts, [{"compliant": 2}, None])
        # Fewer days are covered.
        wizard = self._compare(self.cycle, from_date=date(2025, 11, 2))
        self.assertEqual(self._get_changes(wizard), {self.ben: ("compliant", "non_compliant")})

    def test_two_conditions_that_were_never_asked_for_at_once(self):
        self._run(self.cycle)
        elsewhere = self._create_cycle(registrants=[self.ana, self.ben])
        elsewhere.attendance_condition_ids.write({"type_id": self.health.id})
        self._run(elsewhere)
        health = {"name": "Health", "type_id": self.health.id}
        wizard = self._compare(self.cycle, condition_ids=[(0, 0, health)])
        self.assertFalse(any(wizard.condition_ids.mapped("not_stored")))
        self.assertEqual(wizard.counts, [{"compliant": 2}, {"undecided": 2}])
        self.assertIn("all conditions of the second set at once", wizard.summary)
        self.assertNotIn("the cycle's criteria at once", wizard.summary)

    def test_before_any_run(self):
        wizard = self._compare(self.cycle)
        self.assertEqual(wizard.counts, [None, None])
        self.assertIn("Nothing is stored for this.", wizard.own_conditions)

    def test_a_type_of_another_source(self):
        kinds = self.env["spp.res.config.attendance.type"].sudo()
        other = kinds.create(
            {
                "name": "Elsewhere",
                "source_id": self._create_another_source().id,
                "external_id": "7",
            }
        )
        self._run(self.cycle)
        with self.assertRaisesRegex(UserError, "Elsewhere does not come from"):
            self._change(self._open(self.cycle), type_id=other.id)

    def test_the_newest_answer_decides(self):
        self._run(self.cycle)
        self.server.people["BEN"] = days(11, 1, 2, kind={"id": 1})
        self._run(self.cycle)
        wizard = self._change(self._open(self.cycle), required_number=2)
        self.assertEqual(wizard.counts, [{"compliant": 2}] * 2)
