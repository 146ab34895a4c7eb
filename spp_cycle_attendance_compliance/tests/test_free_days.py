from datetime import date

from odoo.tests import tagged

from .common import FIRST, days
from .test_conditions import ConditionsCase


@tagged("post_install", "-at_install")
class TestFreeDays(ConditionsCase):
    """Absences don't count on free days, and required numbers shrink."""

    def test_a_waiver_of_nine_days(self):
        """10 days of 30, 9 of them free: 7 are asked for."""
        six, seven = self._create_person(name="Six"), self._create_person(name="Seven")
        self._attend(six, self.school, *range(11, 17))
        self._attend(seven, self.school, *range(11, 17), 1)
        cycle = self._create_cycle(registrants=[six, seven], conditions=[{"required_number": 10}])
        self._waive(cycle.program_id)
        run = self._run(cycle)
        self.assertEqual(self._get_verdicts(run, six, seven), ["non_compliant", "compliant"])
        self.assertIn(
            "6 days (7 needed; 10 in the whole period; Flood, 11/01/2025 to 11/09/2025)",
            self._get_line(run, six).reason,
        )
        self.assertEqual(run.waiver_ids.name, "Flood")

    def test_whom_a_waiver_is_about(self):
        """Absent on 5 free days, present on 5 others: 100 % where they are free, else 50 %."""
        village, town = self.env["spp.res.config.attendance.location"].create(
            [{"name": "Village"}, {"name": "Town"}]
        )
        one, other = self._create_person(name="One"), self._create_person(name="Other")
        households = [self._create_household(one), self._create_household(other)]
        for person, place in ((one, village), (other, town)):
            self._record(person, date(2025, 10, 30), attendance_location_id=place.id)
            self._attend(person, self.school, -1, -2, -3, -4, -5, 11, 12, 13, 14, 15)
        percentage = {"requirement": "percentage", "required_percentage": 80}
        for scope in (
            {"scope": "partners", "partner_ids": [(6, 0, one.ids)]},
            {"scope": "partners", "partner_ids": [(6, 0, households[0].ids)]},
            {"scope": "locations", "location_ids": [(6, 0, village.ids)]},
        ):
            with self.subTest(scope=scope):
                cycle = self._create_cycle(
                    self._create_program("group"), households, conditions=[percentage]
                )
                self._waive(cycle.program_id, **scope)
                run = self._run(cycle)
                self.assertEqual(
                    self._get_verdicts(run, one, other), ["compliant", "non_compliant"]
                )

    def test_a_waiver_of_a_location_that_a_condition_asks_for(self):
        village = self.env["spp.res.config.attendance.location"].create({"name": "Village"})
        person = self._create_person(name="Person")
        for day in (1, 2, 11):
            self._record(
                person,
                date(2025, 11, day),
                "present" if day > 9 else "absent",
                attendance_location_id=village.id,
            )
        percentage = {"requirement": "percentage", "required_percentage": 80}
        cycle = self._create_cycle(
            registrants=[person],
            conditions=[{**percentage, "location_id": village.id}, {**percentage, "sequence": 20}],
        )
        self._waive(cycle.program_id, scope="locations", location_ids=[(6, 0, village.ids)])
        line = self._get_line(self._run(cycle), person)
        found = [(cell.absent, cell.free, cell.verdict) for cell in line._get_cells()]
        self.assertEqual(found, [(0, 2, "compliant"), (2, 0, "non_compliant")])

    def test_a_place_that_the_run_itself_finds_out(self):
        """Where she attended before the flood came with the run's own answers."""
        person = self._create_person("NID1")
        village = self.env["spp.res.config.attendance.location"].create(
            {"name": "Village", "external_id": 1, "source_id": self.source.id}
        )
        self.server.people["NID1"] = days(1, 1, 2, -11, -12)
        percentage = {"requirement": "percentage", "required_percentage": 80}
        cycle = self._create_cycle(
            registrants=[person], attendance_source_id=self.source.id, conditions=[percentage]
        )
        self._waive(
            cycle.program_id,
            scope="locations",
            location_ids=[(6, 0, village.ids)],
            from_date=date(2025, 11, 10),
            to_date=date(2025, 11, 20),
        )
        line = self._get_line(self._run(cycle), person)
        self.assertFalse(line.left_alone)
        self.assertIn("2 of 2 recorded days (80% needed; Flood", line.reason)

    def test_another_cycles_or_revoked_waiver(self):
        person = self._create_person(name="Person")
        self._attend(person, self.school, -1, 11)
        percentage = {"requirement": "percentage", "required_percentage": 80}
        cycle = self._create_cycle(registrants=[person], conditions=[percentage])
        other = self._create_cycle(cycle.program_id, sequence=2)
        self._waive(cycle.program_id, cycle_id=other.id)
        self._waive(self._create_program())
        self.assertEqual(self._get_verdicts(self._run(cycle), person), ["non_compliant"])

    def test_a_waiver_while_a_run_waits(self):
        person = self._create_person(name="Person")
        self._attend(person, self.school, -1, 11)
        percentage = {"requirement": "percentage", "required_percentage": 80}
        cycle = self._create_cycle(registrants=[person], conditions=[percentage])
        run = self._get_run(cycle.action_preview_attendance())
        self._waive(cycle.program_id)
        run._decide_to_apply("As agreed")
        self.assertEqual(run.state, "outdated")
        self.assertIn("waiver", run.outdated_reason)
        self.assertEqual(cycle.cycle_membership_ids.state, "enrolled")

    def test_a_late_joiner(self):
        """A17: 10 absences before joining, 12 of 12 after; 85 %."""
        person = self._create_person(name="Joined")
        household = self._create_household()
        membership = self._add_member(household, person, start_date="2026-03-15 08:00:00")
        self._attend(person, self.school, *range(-14, -4), month=3, year=2026)
        self._attend(person, self.school, *range(16, 28), month=3, year=2026)
        cycle = self._create_cycle(
            self._create_program("group"),
            [household],
            conditions=[{"requirement": "percentage", "required_percentage": 85}],
            from_date=date(2026, 3, 1),
            to_date=date(2026, 3, 31),
        )
        run = self._run(cycle)
        self.assertIn("12 of 22 recorded days", self._get_line(run, person).reason)
        cycle.attendance_counts_from = "joining"
        run = self._run(cycle)
        line = self._get_line(run, person)
        self.assertEqual(line.verdict, "compliant")
        self.assertIn("12 of 12 recorded days (85% needed; before joining", line.reason)
        self.assertEqual(run.late_count, 1)
        self.assertIn("count only from a later day", run.brake_reason)
        # Where the household begins on another day, the verdict waits for another look.
        run = self._get_run(cycle.action_preview_attendance())
        membership.start_date = "2026-03-01 08:00:00"
        run._decide_to_apply("As agreed")
        self.assertEqual(self._get_line(run, household).left_alone, "changed")

    def test_from_the_enrolment(self):
        person = self._create_person(name="Enrolled")
        cycle = self._create_cycle(
            registrants=[person],
            conditions=[{"required_number": 10}],
            attendance_counts_from="enrolment",
        )
        self._attend(person, self.school, *range(21, 24))
        enrolled = self.env["g2p.program_membership"].create(
            {"partner_id": person.id, "program_id": cycle.program_id.id, "state": "draft"}
        )
        self.env.flush_all()
        self.cr.execute(
            "UPDATE g2p_program_membership SET enrollment_date = '2025-11-21 10:00' WHERE id = %s",
            [enrolled.id],
        )
        self.env.invalidate_all()
        # 10 of the 30 days are left: 3.33.
        line = self._get_line(self._run(cycle), person)
        self.assertIn("3 days (3 needed; 10 in the whole period", line.reason)
        self.assertEqual(line.verdict, "compliant")

    def test_the_first_cycle_is_free(self):
        new, old = self._create_person(name="New"), self._create_person(name="Old")
        program = self._create_program()
        past = self._create_cycle(program, [old])
        past.write({"state": "approved"})
        self.cr.execute(
            "UPDATE g2p_cycle SET start_date = start_date - 60, end_date = end_date - 60"
            " WHERE id = %s",
            [past.id],
        )
        self.env.invalidate_all()
        for person in (new, old):
            self._attend(person, self.school, -1, -2)
        cycle = self._create_cycle(
            program,
            [new, old],
            sequence=2,
            attendance_first_cycle_waived=True,
            conditions=[{"requirement": "percentage", "required_percentage": 80}],
        )
        run = self._run(cycle)
        self.assertEqual(self._get_verdicts(run, new, old), ["exempt", "non_compliant"])
        self.assertIn("first cycle", self._get_line(run, new).reason)
        self.assertEqual(self._get_membership(cycle, new).state, "enrolled")

    def test_nothing_held(self):
        """Of six others nobody has anything in December: it counts for nobody."""
        persons = [self._create_person(name=f"Person {number}") for number in range(7)]
        for person in persons:
            self._attend(person, self.school, 3, 4)
        self._attend(persons[0], self.school, 1, month=12)
        cycle = self._create_cycle(
            registrants=persons,
            conditions=[{"required_number": 2, "over": "month"}],
            to_date=date(2025, 12, 31),
        )
        run = self._run(cycle)
        verdicts = self._get_verdicts(run, *persons)
        # To the six others one of six has something; to her none has.
        self.assertEqual(verdicts, ["compliant", *["non_compliant"] * 6])
        self.env["spp.event.attendance"].search(
            [("individual_id", "=", persons[0].id), ("attendance_date", ">", "2025-11-30")]
        )._withdraw("Not so")
        run = self._run(cycle)
        self.assertEqual(self._get_verdicts(run, *persons), ["compliant"] * 7)
        self.assertIn("December 2025: something is recorded of only 0 of 7", run.observations)
        self.assertFalse(run.is_nothing_held)


@tagged("post_install", "-at_install")
class TestSilentPlaces(ConditionsCase):
    """The school that did not report refuses nobody."""

    def test_by_number(self):
        """Five persons last came in the village, which did not report; in town some came."""
        village, town = (
            self.env["spp.res.config.attendance.location"]
            .sudo()
            .create(
                [
                    {"name": name, "external_id": number, "source_id": self.source.id}
                    for number, name in enumerate(("Village", "Town"), 1)
                ]
            )
        )
        villagers = [self._create_person(f"V{number}") for number in range(5)]
        townspeople = [self._create_person(f"T{number}") for number in range(5)]
        for number, person in enumerate((*villagers, *townspeople)):
            place = village if person in villagers else town
            before = days(1000 + 100 * number, 1, location_id=place.external_id)
            before[0]["date"] = "2025-10-30"
            self.server.people[person.reg_ids.value] = before
        for number, person in enumerate(townspeople[:4]):
            self.server.people[person.reg_ids.value] += days(
                5000 + 100 * number, 3, 4, location_id=town.external_id
            )
        cycle = self._create_cycle(
            registrants=[*villagers, *townspeople],
            attendance_source_id=self.source.id,
            from_date=date(2025, 10, 1),
        )
        self._run(cycle)
        cycle.from_date = FIRST
        run = self._run(cycle)
        self.assertEqual(self._get_verdicts(run, *villagers), ["undecided"] * 5)
        self.assertEqual(
            self._get_verdicts(run, *townspeople), [*["compliant"] * 4, "non_compliant"]
        )
        self.assertIn("Village did not report", run.observations)
        self.assertIn("its 5 persons", run.observations)
        self.assertIn("Nothing came from where", self._get_line(run, villagers[0]).reason)
        # Four are too few to tell.
        self._get_membership(cycle, villagers[0]).state = "paused"
        run = self._run(cycle)
        self.assertEqual(self._get_verdicts(run, *villagers[1:]), ["non_compliant"] * 4)
