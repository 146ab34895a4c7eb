from datetime import date

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from .common import FIRST, AttendanceCase, days

JANUARY = date(2026, 1, 1)


class ConditionsCase(AttendanceCase):
    """Cycles that count what is recorded in OpenSPP, with conditions of their own."""

    def setUp(self):
        super().setUp()
        types = self.env["spp.res.config.attendance.type"]
        self.school, self.health = types.create([{"name": "School"}, {"name": "Health visits"}])

    def _create_cycle(self, *args, conditions=(), **vals):
        if conditions:
            vals["attendance_condition_ids"] = [(0, 0, condition) for condition in conditions]
        vals = {"attendance_source_id": self.recorded.id, **vals}
        return super()._create_cycle(*args, **vals)

    def _attend(self, person, kind, *attended, month=11, year=2025, **vals):
        """Record presences of a month; an absence on each negative day."""
        for day in attended:
            self._record(
                person,
                date(year, month, abs(day)),
                "present" if day > 0 else "absent",
                attendance_type_id=kind.id,
                **vals,
            )

    def _waive(self, program, **vals):
        waiver = self.env["spp.attendance.waiver"].create(
            {
                "name": "Flood",
                "legal_basis": "Resolution 12",
                "program_id": program.id,
                "from_date": FIRST,
                "to_date": date(2025, 11, 9),
                **vals,
            }
        )
        waiver.action_approve()
        return waiver

    def _get_line(self, run, person):
        return run.line_ids.filtered(lambda line: line.partner_id == person)

    def _get_verdicts(self, run, *persons):
        return [self._get_line(run, person).verdict for person in persons]


@tagged("post_install", "-at_install")
class TestConditions(ConditionsCase):
    """Each condition that is about a person has to be met."""

    def test_two_types(self):
        both, school_only, neither = (self._create_person(name=name) for name in "ABC")
        for person in (both, school_only):
            self._attend(person, self.school, 3, 4, 5, -6)
        self._attend(neither, self.school, 3, -4, -5, -6)
        self._attend(both, self.health, 10)
        cycle = self._create_cycle(
            registrants=[both, school_only, neither],
            conditions=[
                {
                    **{"name": "School", "type_id": self.school.id},
                    **{"requirement": "percentage", "required_percentage": 75},
                },
                {"name": "Health", "type_id": self.health.id, "required_number": 1},
            ],
        )
        run = self._run(cycle)
        self.assertEqual(
            self._get_verdicts(run, both, school_only, neither),
            ["compliant", "non_compliant", "non_compliant"],
        )
        # The first one that was not met says it.
        reason = self._get_line(run, school_only).reason
        self.assertIn("Health: 0 days (1 needed)", reason)
        self.assertNotIn("School", reason)
        self.assertIn(
            "School: 1 of 4 recorded days (75% needed)", self._get_line(run, neither).reason
        )
        self.assertEqual(self._get_line(run, both).number_of_attendance, 3)
        self.assertEqual(
            self._get_line(run, both).proof,
            {
                "cells": [
                    [1, "", 3, 0, 1, 0, 0, 0, 0, 75, "compliant", ""],
                    [2, "", 1, 0, 0, 0, 0, 0, 0, 1, "compliant", ""],
                ]
            },
        )

    def test_ages_on_the_first_day(self):
        """60 % at 4 and 5 years, 75 % from 6: birthdays decide on the first day that counts."""
        born = {
            "three": date(2021, 11, 2),  # 4 tomorrow
            "four": date(2021, 11, 1),
            "five": date(2019, 11, 2),
            "six": date(2019, 11, 1),
            "unknown": False,
        }
        persons = {
            name: self._create_person(name=name, birthdate=birthdate)
            for name, birthdate in born.items()
        }
        for person in persons.values():
            self._attend(person, self.school, 3, 4, -5)  # 66.7 %
        cycle = self._create_cycle(
            registrants=persons.values(),
            conditions=[
                {
                    **{"about": "age", "age_from": 4, "age_to": 5},
                    **{"requirement": "percentage", "required_percentage": 60},
                },
                {
                    **{"about": "age", "age_from": 6, "age_to": 0},
                    **{"requirement": "percentage", "required_percentage": 75},
                },
            ],
        )
        run = self._run(cycle)
        self.assertEqual(
            dict(zip(persons, self._get_verdicts(run, *persons.values()), strict=True)),
            {
                "three": "exempt",
                "four": "compliant",
                "five": "compliant",
                "six": "non_compliant",
                "unknown": "exempt",
            },
        )
        line = self._get_line(run, persons["unknown"])
        self.assertTrue(line.is_exception)
        self.assertIn("Has no birth date", line.reason)
        self.assertIn(
            "No condition is about this person", self._get_line(run, persons["three"]).reason
        )

    def test_children_who_are_not_yet_one(self):
        baby, child = (
            self._create_person(name=name, birthdate=birthdate)
            for name, birthdate in (("Baby", date(2024, 11, 2)), ("Child", date(2024, 11, 1)))
        )
        for person in (baby, child):
            self._attend(person, self.health, 3)
        cycle = self._create_cycle(
            registrants=[baby, child], conditions=[{"about": "age", "required_number": 2}]
        )
        run = self._run(cycle)
        self.assertEqual(self._get_verdicts(run, baby, child), ["non_compliant", "exempt"])
        self.assertIn("not yet 1 year", cycle.attendance_condition_ids.sentence)

    def test_each_month(self):
        """A18: 20 days each from January to March, attended 20, 20 and 8; 80 % of each month."""
        person = self._create_person(name="March")
        for month, present in ((1, 20), (2, 20), (3, 8)):
            own = [day if day <= present else -day for day in range(1, 21)]
            self._attend(person, self.school, *own, month=month, year=2026)
        percentage = {"requirement": "percentage", "required_percentage": 80}
        dates = {"from_date": JANUARY, "to_date": date(2026, 3, 31)}
        cycle = self._create_cycle(
            registrants=[person], conditions=[{**percentage, "over": "month"}], **dates
        )
        line = self._get_line(self._run(cycle), person)
        self.assertEqual(line.verdict, "non_compliant")
        self.assertIn("8 of 20 recorded days (80% needed), March 2026", line.reason)
        self.assertEqual(line.number_of_attendance, 48)
        # 48 of 60 in the whole.
        cycle = self._create_cycle(registrants=[person], conditions=[percentage], **dates)
        self.assertEqual(self._get_line(self._run(cycle), person).verdict, "compliant")

    def test_a_cut_month_asks_for_less(self):
        """10 days a month from 17 November on: 10 x 14 / 30 = 4.67 in November, 10 in December."""
        enough, short = self._create_person(name="Enough"), self._create_person(name="Short")
        for person, november in ((enough, (17, 18, 19, 20, 30)), (short, (17, 18, 19, 20))):
            self._attend(person, self.school, *november)
            self._attend(person, self.school, *range(1, 11), month=12)
        cycle = self._create_cycle(
            registrants=[enough, short],
            conditions=[{"required_number": 10, "over": "month"}],
            from_date=date(2025, 11, 17),
            to_date=date(2025, 12, 31),
        )
        run = self._run(cycle)
        self.assertEqual(self._get_verdicts(run, enough, short), ["compliant", "non_compliant"])
        self.assertIn(
            "4 days (5 needed; 10 in the whole period), November 2025",
            self._get_line(run, short).reason,
        )

    def test_members_about_whom_no_condition_is(self):
        """All members must attend: of whom nothing is asked does not count."""
        child = self._create_person(name="Child", birthdate=date(2016, 1, 1))
        grandmother = self._create_person(name="Grandmother", birthdate=date(1950, 1, 1))
        household = self._create_household(child, grandmother)
        self._attend(child, self.school, 3, 4)
        cycle = self._create_cycle(
            self._create_program("group"),
            [household],
            household_rule="all",
            conditions=[{"about": "age", "age_from": 6, "age_to": 17, "required_number": 2}],
        )
        run = self._run(cycle)
        self.assertEqual(self._get_verdicts(run, household, child), ["compliant", "compliant"])
        self.assertFalse(self._get_line(run, grandmother).counts)
        shown = cycle.cycle_membership_ids.cycle_group_membership_attendance_ids
        self.assertEqual(
            {each.individual_id: each.state for each in shown},
            {child: "included", grandmother: "not_included"},
        )

    def test_other_features(self):
        girl, boy = self._create_person(name="Girl"), self._create_person(name="Boy")
        for person in (girl, boy):
            self._attend(person, self.school, 3)
        cycle = self._create_cycle(
            registrants=[girl, boy],
            conditions=[
                {"about": "domain", "domain": "[('name', '=', 'Girl')]", "required_number": 2}
            ],
        )
        self.assertEqual(
            self._get_verdicts(self._run(cycle), girl, boy), ["non_compliant", "exempt"]
        )

    def test_excused_days(self):
        """8 days and 2 excused of 10; of a percentage excused days are taken out."""
        person, ill = self._create_person(name="Person"), self._create_person(name="Ill")
        reason = self.env.ref("spp_cycle_attendance_compliance.excuse_illness")
        excused = {"attendance_category": "excused", "excuse_reason_id": reason.id}
        self._attend(person, self.school, *range(1, 9))
        for each, own in ((person, (9, 10)), (ill, (3, 4))):
            for day in own:
                self._record(each, date(2025, 11, day), **excused)
        number = self._create_cycle(registrants=[person], conditions=[{"required_number": 10}])
        line = self._get_line(self._run(number), person)
        self.assertEqual(line.verdict, "compliant")
        self.assertIn("8 days and 2 excused (10 needed)", line.reason)
        self.assertEqual(line.number_of_attendance, 8)
        percentage = {"requirement": "percentage", "required_percentage": 100}
        cycle = self._create_cycle(registrants=[person, ill], conditions=[percentage])
        run = self._run(cycle)
        self.assertEqual(self._get_verdicts(run, person, ill), ["compliant", "exempt"])
        self.assertIn(
            "8 of 8 recorded days (100% needed; 2 excused)", self._get_line(run, person).reason
        )
        self.assertIn("All 2 recorded are excused", self._get_line(run, ill).reason)

    def test_asked_for_at_once_and_stored_only_if_asked_for(self):
        """Two types are asked for without a filter; a third one that comes is not stored."""
        person = self._create_person("NID1")
        types = self.env["spp.res.config.attendance.type"].sudo()
        training, visit = (
            types.create({"name": name, "external_id": number, "source_id": self.source.id})
            for name, number in (("Training", 1), ("Visit", 2))
        )
        types.create({"name": "Other", "external_id": 3, "source_id": self.source.id})
        self.server.people["NID1"] = [
            *days(1, 1, 2, type_id=1),
            *days(11, 3, type_id=2),
            *days(21, 4, 5, type_id=3),
        ]
        cycle = self._create_cycle(
            registrants=[person],
            attendance_source_id=self.source.id,
            conditions=[
                {"type_id": training.id, "required_number": 2},
                {"type_id": visit.id, "required_number": 1},
            ],
        )
        run = self._run(cycle)
        self.assertEqual(self._get_verdicts(run, person), ["compliant"])
        (asked,) = self.server.asked("attendance")
        self.assertNotIn("attendance_type_id", asked.query)
        events = self.env["spp.event.attendance"].search([("individual_id", "=", person.id)])
        self.assertEqual(events.attendance_type_id, training | visit)
        self.assertEqual(run.not_asked_for_count, 2)
        # What was not asked for then covers no condition that asks for it.
        cycle.attendance_condition_ids[1].type_id = types.search([("name", "=", "Other")], limit=1)
        again = self._get_run(cycle.action_evaluate_attendance())
        self.assertEqual(self._get_line(again, person).finding, "not_asked")


@tagged("post_install", "-at_install")
class TestClassicFields(ConditionsCase):
    """The cycle's own fields are its first condition's, from outside as before."""

    def test_written_and_read(self):
        cycle = self._create_cycle(required_number_of_attendance=7, attendance_unit="sessions")
        (condition,) = cycle.attendance_condition_ids
        self.assertEqual((condition.required_number, condition.unit), (7, "sessions"))
        cycle.write({"attendance_requirement": "percentage", "required_percentage": 60})
        self.assertEqual(
            (condition.requirement, condition.required_percentage, condition.unit),
            ("percentage", 60, "sessions"),
        )
        condition.copy({"sequence": 1, "required_percentage": 30})
        self.assertEqual(cycle.required_percentage, 30)
        cycle.required_percentage = 40
        self.assertEqual(
            cycle.attendance_condition_ids.sorted().mapped("required_percentage"), [40, 60]
        )
        found = self.env["g2p.cycle"].search([("required_percentage", "=", 40)])
        self.assertIn(cycle, found)

    def test_made_if_there_is_none(self):
        cycle = self._create_cycle()
        cycle.attendance_condition_ids.unlink()
        with self.assertRaisesRegex(UserError, "no attendance condition"):
            cycle._check_can_count()
        cycle.required_number_of_attendance = 4
        self.assertEqual(cycle.attendance_condition_ids.required_number, 4)

    def test_all_removed_on_the_form(self):
        """Nothing comes in their place that nobody wrote."""
        condition = {"type_id": self.school.id}
        cycle = self._create_cycle(conditions=[condition])
        with Form(cycle) as form:
            form.attendance_condition_ids.remove(0)
        self.assertFalse(cycle.attendance_condition_ids)
        self.assertIn("There is no condition yet", cycle.attendance_criteria_summary)

    def test_taken_over(self):
        program = self._create_program()
        first = self._create_cycle(
            program,
            conditions=[
                {"name": "School", "type_id": self.school.id, "over": "month"},
                {"about": "age", "age_from": 6, "required_number": 1},
            ],
            attendance_warnings=1,
        )
        self.health.active = False
        second = self.env["g2p.cycle"].create(
            {
                **{"name": "Second", "program_id": program.id, "sequence": 2},
                **{"start_date": date.today(), "end_date": date.today()},
            }
        )
        self.assertEqual(
            second.attendance_condition_ids.mapped("sentence"),
            first.attendance_condition_ids.mapped("sentence"),
        )
        self.assertEqual(second.attendance_warnings, 1)

    def test_no_default_from_elsewhere(self):
        cycles = self.env["g2p.cycle"].with_context(
            default_required_percentage=1, default_attendance_requirement="percentage"
        )
        cycle = cycles.create(
            {
                **{"name": "Defaults", "program_id": self._create_program().id},
                **{"start_date": date.today(), "end_date": date.today()},
            }
        )
        self.assertEqual(len(cycle.attendance_condition_ids), 1)
        self.assertEqual(cycle.attendance_requirement, "number")

    def test_who_may_and_when(self):
        cycle = self._create_cycle()
        condition = cycle.attendance_condition_ids
        validator = self._create_user("validator", "g2p_programs.g2p_program_validator")
        with self.assertRaises(AccessError):
            condition.with_user(validator).required_number = 1
        made = (
            self.env["g2p.cycle"]
            .with_user(validator)
            .create(
                {
                    **{"name": "By a validator", "program_id": cycle.program_id.id, "sequence": 2},
                    **{"start_date": date.today(), "end_date": date.today()},
                }
            )
        )
        self.assertEqual(made.sudo().attendance_condition_ids.required_number, 2)
        cycle.state = "approved"
        for change in (
            lambda: condition.write({"required_number": 1}),
            condition.unlink,
            lambda: condition.copy(),
            lambda: cycle.write({"attendance_condition_ids": [(5, 0, 0)]}),
        ):
            with (
                self.assertRaisesRegex(UserError, "can't be changed any more"),
                self.cr.savepoint(),
            ):
                change()

    def test_each_change_is_told(self):
        cycle = self._create_cycle()
        condition = cycle.attendance_condition_ids
        condition.required_number = 5
        condition.copy({"name": "Two"})
        condition.unlink()
        told = " ".join(cycle.message_ids.mapped("body"))
        for words in ("changed: At least 2 days → At least 5 days", "added: Two", "removed: At"):
            self.assertIn(words, told)

    def test_refused(self):
        for vals, words in (
            ({"required_number": -1}, "0 or more"),
            ({"requirement": "percentage", "required_percentage": 0}, "1 to 100"),
            ({"about": "age", "age_from": 7, "age_to": 6}, "0 to 150"),
            ({"about": "domain", "domain": "[('no_such', '=', 1)]"}, "can't be used"),
            ({"about": "domain", "domain": "nonsense"}, "no condition on persons"),
        ):
            with (
                self.subTest(vals=vals),
                self.assertRaisesRegex(ValidationError, words),
                self.cr.savepoint(),
            ):
                self._create_cycle(conditions=[vals])
        with self.assertRaisesRegex(ValidationError, "no first month"):
            self._create_cycle(conditions=[{"over": "month"}], attendance_period="all")
