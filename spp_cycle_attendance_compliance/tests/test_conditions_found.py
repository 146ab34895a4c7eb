from datetime import date, timedelta

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import days
from .test_conditions import ConditionsCase

PERCENTAGE = {"requirement": "percentage", "required_percentage": 80}


@tagged("post_install", "-at_install")
class TestConditionsFound(ConditionsCase):
    """What readers found, put down as cases."""

    def test_features_of_everybody(self):
        """The domain that is there to begin with is about everybody."""
        person = self._create_person(name="Person")
        self._attend(person, self.school, 3)
        cycle = self._create_cycle(
            registrants=[person], conditions=[{"about": "domain", "required_number": 2}]
        )
        self.assertEqual(self._get_verdicts(self._run(cycle), person), ["non_compliant"])

    def test_an_archived_registrant_is_asked_the_same(self):
        person = self._create_person(name="Person", birthdate=date(1980, 1, 1))
        self._attend(person, self.school, 3)
        cycle = self._create_cycle(
            registrants=[person],
            conditions=[{"about": "age", "age_from": 18, "required_number": 2}],
        )
        person.active = False
        self.assertEqual(self._get_verdicts(self._run(cycle), person), ["non_compliant"])

    def test_members_who_do_not_count_make_no_holiday(self):
        """Of ten children four came: that is no holiday, whatever forty adults did not do."""
        households = self.env["res.partner"]
        for number in range(10):
            child = self._create_person(name="Child")
            adults = [self._create_person(name="Adult") for _number in range(4)]
            households |= self._create_household(child, *adults)
            for person in adults:
                self._record(person, date(2025, 10, 30))
            own = (3, 4) if number < 4 else ()
            self._attend(child, self.school, *own)
            self._record(child, date(2025, 12, 1))
        cycle = self._create_cycle(
            self._create_program("group"),
            households,
            from_date=date(2025, 10, 1),
            to_date=date(2025, 12, 31),
            member_domain="[('name', '=', 'Child')]",
            conditions=[{**PERCENTAGE, "over": "month"}],
        )
        run = self._run(cycle)
        self.assertFalse([text for text in [run.observations or ""] if "November" in text])
        self.assertEqual((run.compliant_count, run.no_data_count), (4, 6))

    def test_one_who_came_alone_is_no_holiday_of_all(self):
        """Whom it is a holiday for is she alone: it is not said, and the others are refused."""
        persons = [self._create_person(name=f"Person {number}") for number in range(7)]
        for person in persons:
            self._record(person, date(2025, 10, 30))
        self._attend(persons[0], self.school, 3)
        cycle = self._create_cycle(
            registrants=persons,
            from_date=date(2025, 10, 1),
            conditions=[{"required_number": 1, "over": "month"}],
        )
        run = self._run(cycle)
        self.assertNotIn("November", run.observations or "")
        self.assertEqual((run.compliant_count, run.non_compliant_count), (1, 6))

    def test_free_days_of_another_place_are_not_named(self):
        village = self.env["spp.res.config.attendance.location"].create({"name": "Village"})
        person = self._create_person(name="Person")
        self._attend(person, self.school, -3, 11)
        cycle = self._create_cycle(registrants=[person], conditions=[PERCENTAGE])
        self._waive(cycle.program_id, scope="locations", location_ids=[(6, 0, village.ids)])
        line = self._get_line(self._run(cycle), person)
        self.assertEqual(line.verdict, "non_compliant")
        self.assertNotIn("Flood", line.reason)

    def test_a_number_of_which_nothing_is_left(self):
        person = self._create_person(name="Person")
        self._record(person, date(2025, 11, 30), "absent")
        cycle = self._create_cycle(registrants=[person], conditions=[{"required_number": 1}])
        self._waive(cycle.program_id, to_date=date(2025, 11, 16))
        line = self._get_line(self._run(cycle), person)
        self.assertEqual(line.verdict, "exempt")
        self.assertIn("Nothing is required on the days that are left (Flood", line.reason)

    def test_no_default_makes_a_condition(self):
        cycles = self.env["g2p.cycle"].with_context(
            default_about="domain", default_domain="[('id', '=', 0)]", default_required_number=0
        )
        vals = {"program_id": self._create_program().id, "start_date": date.today()}
        cycle = cycles.create({**vals, "name": "Defaults", "end_date": date.today()})
        condition = cycle.attendance_condition_ids
        self.assertEqual((condition.about, condition.required_number), ("everybody", 10))

    def test_a_copy_of_a_closed_cycle(self):
        cycle = self._create_cycle(conditions=[{"name": "School"}, {"name": "Health"}])
        cycle.state = "approved"
        copied = cycle.copy({"name": "Copied", "state": "approved"})
        self.assertEqual(copied.attendance_condition_ids.mapped("name"), ["School", "Health"])

    def test_another_companys(self):
        here = self.env["res.company"].create({"name": "Here"})
        cycle = self._create_cycle(self._create_program(company_id=here.id), company_id=False)
        manager = self._create_user("elsewhere", "g2p_programs.g2p_program_manager")
        condition = cycle.attendance_condition_ids.with_user(manager)
        for change in (
            lambda: condition.write({"required_number": 1}),
            lambda: cycle.with_user(manager).write({"household_rule": "all"}),
        ):
            with self.assertRaises(AccessError), self.cr.savepoint():
                change()

    def test_who_nothing_is_asked_of_is_no_exception(self):
        adult = self._create_person("NID1", birthdate=date(1980, 1, 1))
        cycle = self._create_cycle(
            registrants=[adult],
            attendance_source_id=self.source.id,
            conditions=[{"about": "age", "age_from": 4, "age_to": 17}],
        )
        line = self._get_line(self._run(cycle), adult)
        self.assertEqual((line.verdict, line.is_exception), ("exempt", False))
        self.assertFalse(self.server.asked("attendance"))


@tagged("post_install", "-at_install")
class TestPlacesFound(ConditionsCase):
    """Places that did not report: in a month, in files, and by another activity."""

    def setUp(self):
        super().setUp()
        self.village, self.town = self.env["spp.res.config.attendance.location"].create(
            [{"name": "Village"}, {"name": "Town"}]
        )

    def _attend_at(self, place, person, kind, *attended, **vals):
        self._attend(person, kind, *attended, attendance_location_id=place.id, **vals)

    def test_in_one_month_of_several(self):
        """The village reports in October and not in November, and nobody came before."""
        there, here = self._create_person(name="There"), self._create_person(name="Here")
        for person, place in ((there, self.village), (here, self.town)):
            self._attend_at(place, person, self.school, 3, 4, month=10)
        self._attend_at(self.town, here, self.school, 3, 4)
        cycle = self._create_cycle(
            registrants=[there, here],
            from_date=date(2025, 10, 1),
            conditions=[{**PERCENTAGE, "over": "month"}],
        )
        run = self._run(cycle)
        self.assertEqual(self._get_verdicts(run, there, here), ["undecided", "compliant"])
        self.assertIn("Village did not report (November 2025)", run.observations)

    def test_of_what_nobody_is_asked_about(self):
        there, here = self._create_person(name="There"), self._create_person(name="Here")
        for person, place in ((there, self.village), (here, self.town)):
            self._attend_at(place, person, self.school, 3, month=10)
        self._attend_at(self.town, here, self.school, 3)
        cycle = self._create_cycle(registrants=[there, here], conditions=[PERCENTAGE])
        run = self._run(cycle)
        self.assertEqual(self._get_verdicts(run, there, here), ["undecided", "compliant"])
        self.assertIn("Nothing came from where", self._get_line(run, there).reason)

    def test_another_activity_is_no_report(self):
        child, baby = self._create_person(name="Child"), self._create_person(name="Baby")
        self._attend_at(self.village, child, self.school, 3, month=10)
        self._attend_at(self.village, baby, self.health, 3)
        self._attend_at(self.town, child, self.health, 3)
        condition = {**PERCENTAGE, "type_id": self.school.id}
        cycle = self._create_cycle(registrants=[child, baby], conditions=[condition])
        self.assertEqual(self._get_line(self._run(cycle), child).verdict, "undecided")


@tagged("post_install", "-at_install")
class TestWarningsFound(ConditionsCase):
    def setUp(self):
        super().setUp()
        self.program = self._create_program()
        self.persons = [self._create_person(name=f"Person {number}") for number in range(3)]

    def _hold(self, number, **vals):
        for person in self.persons:
            self._attend(person, self.school, -3, month=number, year=2026)
        first = date(2026, number, 1)
        cycle = self._create_cycle(
            self.program,
            self.persons,
            name=f"Cycle {number}",
            sequence=number,
            from_date=first,
            to_date=first + timedelta(days=27),
            **{"attendance_warnings": 1, "attendance_warning_cycles": 3, **vals},
        )
        self.cr.execute(
            "UPDATE g2p_cycle SET start_date = %s, end_date = %s WHERE id = %s",
            [first, first + timedelta(days=27), cycle.id],
        )
        self.env.invalidate_all()
        return cycle

    def test_warnings_have_a_brake(self):
        """With wrong criteria everybody's warning would be used up."""
        cycle = self._hold(1)
        run = self._get_run(cycle.action_filter_beneficiaries_by_compliance_criteria())
        self.assertEqual((run.state, run.warned_count), ("waiting", 3))
        self.assertIn("3 of 3 beneficiaries fail, 3 of them warned only", run.brake_reason)

    def test_the_name_of_an_earlier_cycle_is_no_change(self):
        earlier = self._hold(1)
        self._run(earlier)
        cycle = self._hold(2)
        run = self._get_run(cycle.action_preview_attendance())
        earlier.name = "Renamed"
        run._decide_to_apply("As agreed")
        self.assertEqual(set(run.line_ids.mapped("left_alone")), {False})

    def test_a_waiver_that_a_verdict_did_not_know(self):
        """Approved before it was decided, on the clock, and not seen by it."""
        earlier = self._hold(1)
        run = self._run(earlier)
        waiver = self.env["spp.attendance.waiver"].create(
            {
                **{"name": "Storm", "legal_basis": "Resolution 1"},
                **{"program_id": self.program.id, "cycle_id": earlier.id},
                **{"from_date": run.from_date, "to_date": run.to_date},
            }
        )
        waiver.action_approve()
        self.env.flush_all()
        self.cr.execute("UPDATE spp_attendance_waiver SET approved_at = '2026-01-01'")
        self.assertIn("waiver was approved", earlier.attendance_to_do)
        self.assertEqual(set(self._run(self._hold(2)).line_ids.mapped("status")), {"warned"})


@tagged("post_install", "-at_install")
class TestWordsFound(ConditionsCase):
    def test_words_are_listed_each_time(self):
        person = self._create_person("NID1")
        self.server.people["NID1"] = [
            *days(1, 1, 2),
            {**days(11, 3)[0], "attendance_category": "late"},
        ]
        cycle = self._create_cycle(registrants=[person], attendance_source_id=self.source.id)
        for _time in range(2):
            run = self._run(cycle)
            self.assertIn("late (1)", run.unknown_words_text)
            self.assertEqual(run.unclear_count, 1)
