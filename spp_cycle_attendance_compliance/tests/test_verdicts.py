from datetime import date

from odoo.tests import tagged

from .common import AttendanceCase, days


@tagged("post_install", "-at_install")
class TestVerdicts(AttendanceCase):
    """From what the server says to the states of the memberships."""

    def test_cases_of_persons(self):
        """Each case: criteria, attendance, state before; number, status and state after."""
        number = {"required_number_of_attendance": 3}
        sessions = {**number, "attendance_unit": "sessions"}
        percentage = {"attendance_requirement": "percentage", "required_percentage": 75}
        keep = {**number, "no_data_rule": "keep"}
        cases = [
            (number, days(1, 1, 2, 3), "draft", 3, "compliant", "enrolled"),
            (number, days(1, 1, 2), "enrolled", 2, "non_compliant", "non_compliant"),
            (number, days(1, 1, 2, 3), "non_compliant", 3, "compliant", "enrolled"),
            (number, days(1, 1, 2, -3), "enrolled", 2, "non_compliant", "non_compliant"),
            (number, days(1, 1, 1, 1), "enrolled", 1, "non_compliant", "non_compliant"),
            (sessions, days(1, 1, 1, 1), "enrolled", 3, "compliant", "enrolled"),
            (sessions, days(1, 1, 1, -1), "enrolled", 2, "non_compliant", "non_compliant"),
            (number, [], "enrolled", 0, "non_compliant", "non_compliant"),
            (number, None, "enrolled", 0, "no_data", "non_compliant"),
            (keep, None, "enrolled", 0, "no_data", "enrolled"),
            (keep, None, "draft", 0, "no_data", "draft"),
            (keep, [], "enrolled", 0, "non_compliant", "non_compliant"),
            (percentage, days(1, 1, 2, 3, -4), "enrolled", 3, "compliant", "enrolled"),
            (percentage, days(1, 1, 2, -3), "enrolled", 2, "non_compliant", "non_compliant"),
            (percentage, days(1, 1, -1), "enrolled", 1, "compliant", "enrolled"),
            (
                {**percentage, "attendance_unit": "sessions"},
                days(1, 1, -1),
                "enrolled",
                1,
                "non_compliant",
                "non_compliant",
            ),
            (percentage, [], "enrolled", 0, "no_data", "non_compliant"),
            (number, days(1, 1, 2, 3), "paused", 0, False, "paused"),
            (number, [], "exited", 0, False, "exited"),
            (number, days(1, 1, 2, 3), "not_eligible", 0, False, "not_eligible"),
        ]
        for index, (criteria, attended, before, *expected) in enumerate(cases):
            with self.subTest(case=index):
                person = self._create_person(f"C{index}")
                other = self._create_person(f"O{index}")
                self.server.people.clear()
                self.server.people[f"O{index}"] = days(1000, 1, 2, 3)
                if attended is not None:
                    self.server.people[f"C{index}"] = [
                        {**each, "id": each["id"] + index * 20} for each in attended
                    ]
                cycle = self._create_cycle(registrants=[other], **criteria)
                membership = self._create_membership(cycle, person, before)
                run = self._run(cycle)
                self.assertEqual(run.state, "done")
                found = [
                    membership.number_of_attendance,
                    membership.attendance_status,
                    membership.state,
                ]
                self.assertEqual(found, expected)

    def test_cases_of_households(self):
        """Each case: rule, members' days (None: no ID); number, status and state after."""
        any_member = {"household_rule": "any"}
        everybody = {"household_rule": "all"}
        two = {"household_rule": "number", "household_number": 2}
        half = {"household_rule": "percentage", "household_percentage": 50}
        keep = {"no_data_rule": "keep"}
        cases = [
            (any_member, [2, 0], 2, "compliant", "enrolled"),
            (any_member, [1, 1], 2, "non_compliant", "non_compliant"),
            (any_member, [1, None], 1, "no_data", "non_compliant"),
            ({**any_member, **keep}, [1, None], 1, "no_data", "enrolled"),
            (any_member, [2, None], 2, "compliant", "enrolled"),
            (everybody, [2, 2], 4, "compliant", "enrolled"),
            (everybody, [2, 1], 3, "non_compliant", "non_compliant"),
            (everybody, [2, None], 2, "no_data", "non_compliant"),
            ({**everybody, **keep}, [1, None], 1, "non_compliant", "non_compliant"),
            (two, [2, 3, 0], 5, "compliant", "enrolled"),
            (two, [2, 1, 0], 3, "non_compliant", "non_compliant"),
            (two, [2], 2, "non_compliant", "non_compliant"),
            (half, [2, 0], 2, "compliant", "enrolled"),
            (half, [2, 0, 0], 2, "non_compliant", "non_compliant"),
            (half, [2, 0, None], 2, "no_data", "non_compliant"),
            (any_member, [], 0, "exempt", "enrolled"),
            (everybody, [None, None], 0, "no_data", "non_compliant"),
        ]
        for index, (criteria, attended, *expected) in enumerate(cases):
            with self.subTest(case=index):
                members = self.env["res.partner"]
                for number, count in enumerate(attended):
                    identifier = None if count is None else f"H{index}-{number}"
                    members |= self._create_person(identifier)
                    if identifier:
                        first_id = 10_000 + index * 100 + number * 10
                        self.server.people[identifier] = days(first_id, *range(1, count + 1))
                household = self._create_household(*members)
                cycle = self._create_cycle(self._create_program("group"), [household], **criteria)
                self._run(cycle)
                membership = cycle.cycle_membership_ids
                found = [
                    membership.number_of_attendance,
                    membership.attendance_status,
                    membership.state,
                ]
                self.assertEqual(found, expected)
                included = membership.cycle_group_membership_attendance_ids.filtered(
                    lambda line: line.state == "included"
                )
                self.assertEqual(len(included), sum((count or 0) >= 2 for count in attended))
                self.assertEqual(
                    len(membership.cycle_group_membership_attendance_ids), len(attended)
                )

    def test_members_that_count(self):
        """Only children from 6 to 17 count, on the first day that counts."""
        child = self._create_person("CHILD", birthdate=date(2019, 11, 1))
        parent = self._create_person("PARENT", birthdate=date(1990, 1, 1))
        left = self._create_person("LEFT", birthdate=date(2015, 1, 1))
        disabled = self._create_person("GONE", birthdate=date(2015, 1, 1), disabled="2026-01-01")
        self.server.people.update(
            CHILD=days(1, 1), PARENT=days(10, 1, 2), LEFT=days(20, 1, 2), GONE=days(30, 1, 2)
        )
        household = self._create_household(child, parent, disabled)
        self._add_member(
            household, left, start_date="2020-01-01 00:00:00", ended_date="2026-01-01 00:00:00"
        )
        domain = (
            "[('birthdate', '<=', context_today() - relativedelta(years=6)), "
            "('birthdate', '>', context_today() - relativedelta(years=18))]"
        )
        cycle = self._create_cycle(self._create_program("group"), [household], member_domain=domain)
        self._run(cycle)
        membership = cycle.cycle_membership_ids
        self.assertRecordValues(
            membership.cycle_group_membership_attendance_ids.sorted("number_of_attendance"),
            [
                {
                    "individual_id": child.id,
                    "number_of_attendance": 1,
                    "counts": True,
                    "state": "not_included",
                },
                {
                    "individual_id": parent.id,
                    "number_of_attendance": 2,
                    "counts": False,
                    "state": "included",
                },
            ],
        )
        self.assertEqual((membership.number_of_attendance, membership.state), (1, "non_compliant"))
        self.assertEqual(
            membership.attendance_reason,
            "0 of 1 members met the conditions (one is enough), 11/01/2025 to 11/30/2025: "
            "non-compliant",
        )
        child.birthdate = date(2020, 11, 2)
        self._run(cycle)
        self.assertEqual((membership.attendance_status, membership.state), ("exempt", "enrolled"))
        self.assertEqual(membership.attendance_reason, "No member counts: exempt")

    def test_who_is_known_is_compliant_where_nothing_is_required(self):
        known, unknown = self._create_person("NID1"), self._create_person("NID2")
        self.server.people["NID1"] = []
        cycle = self._create_cycle(registrants=[known, unknown], required_number_of_attendance=0)
        self._run(cycle)
        self.assertRecordValues(
            cycle.cycle_membership_ids.sorted("id"),
            [
                {"attendance_status": "compliant", "state": "enrolled"},
                {"attendance_status": "no_data", "state": "non_compliant"},
            ],
        )

    def test_a_sentence_says_why(self):
        person = self._create_person("NID1")
        self.server.people["NID1"] = days(1, 1, 2, -3)
        cases = [
            ({"required_number_of_attendance": 2}, "2 days (2 needed), {}: compliant"),
            ({"required_number_of_attendance": 10}, "2 days (10 needed), {}: non-compliant"),
            ({"required_number_of_attendance": 0}, "2 days (none needed), {}: compliant"),
            (
                {"required_number_of_attendance": 3, "attendance_unit": "sessions"},
                "2 sessions (3 needed), {}: non-compliant",
            ),
            (
                {"required_number_of_attendance": 0, "attendance_unit": "sessions"},
                "2 sessions (none needed), {}: compliant",
            ),
            (
                {"attendance_requirement": "percentage", "required_percentage": 60},
                "2 of 3 recorded days (60% needed), {}: compliant",
            ),
        ]
        for criteria, sentence in cases:
            with self.subTest(sentence=sentence):
                cycle = self._create_cycle(registrants=[person], **criteria)
                self._run(cycle)
                self.assertEqual(
                    cycle.cycle_membership_ids.attendance_reason,
                    sentence.format("11/01/2025 to 11/30/2025"),
                )

    def test_a_sentence_about_a_household(self):
        first, second = self._create_person("NID1"), self._create_person("NID2")
        household = self._create_household(first, second, self._create_person())
        self.server.people.update(NID1=days(1, 1, 2), NID2=days(11, 1))
        no_id = "Has no ID of the type that the attendance system uses"
        cases = [
            ({"household_rule": "any"}, "one is enough", "compliant"),
            ({"household_rule": "all"}, "all are needed", "non-compliant"),
            (
                {"household_rule": "number", "household_number": 2},
                "2 are needed",
                f"no data. Person: {no_id}",
            ),
            (
                {"household_rule": "percentage", "household_percentage": 70},
                "70% are needed",
                "non-compliant",
            ),
        ]
        for criteria, needed, verdict in cases:
            with self.subTest(needed=needed):
                program = self._create_program("group")
                cycle = self._create_cycle(program, [household], **criteria)
                self._run(cycle)
                self.assertEqual(
                    cycle.cycle_membership_ids.attendance_reason,
                    f"1 of 3 members met the conditions ({needed}), 1 without data, "
                    f"11/01/2025 to 11/30/2025: {verdict}",
                )

    def test_who_has_no_data_and_why(self):
        nobody = self._create_person()
        unknown = self._create_person("UNKNOWN")
        first, second = self._create_person("TWIN"), self._create_person("TWIN")
        spoiled = self._create_person("SPOILED")
        known = [self._create_person(f"K{number}") for number in range(6)]
        self.server.people.update(
            {f"K{number}": days(number * 10 + 1, 1, 2) for number in range(6)}
        )
        self.server.people["TWIN"] = days(100, 1, 2)
        self.server.people["SPOILED"] = [
            *days(200, 1, 2),
            {**days(210, 3)[0], "date": "2025-11-1x"},
        ]
        cycle = self._create_cycle(registrants=[nobody, unknown, first, second, spoiled, *known])
        run = self._run(cycle)
        answers = {line.partner_id: line.finding for line in run.line_ids}
        self.assertEqual(
            [answers[person] for person in (nobody, unknown, first, second, spoiled, known[0])],
            [
                "no_identifier",
                "unknown",
                "shared_identifier",
                "shared_identifier",
                "known",
                "known",
            ],
        )
        asked = self.server.asked("attendance")[0].body["person_ids"]
        self.assertNotIn("TWIN", asked)
        self.assertFalse(
            self.env["spp.event.attendance"].search([("individual_id", "in", (first + second).ids)])
        )
        exceptions = run.line_ids.filtered("is_exception").partner_id
        self.assertEqual(exceptions, nobody + unknown + first + second + spoiled)
        membership = self._get_membership(cycle, spoiled)
        self.assertIn("1 records of the answer could not be read", membership.attendance_reason)
        self.assertEqual(run.set_aside_count, 1)
        self.assertIn("date", run.set_aside_reasons)
        self.assertEqual(
            self._get_membership(cycle, unknown).attendance_reason,
            "Unknown to the attendance system: no data",
        )
        self.assertRecordValues(
            run,
            [
                {
                    "person_count": 11,
                    "asked_count": 8,
                    "with_data_count": 7,
                    "without_data_count": 4,
                    "membership_count": 11,
                    "compliant_count": 7,
                    "non_compliant_count": 0,
                    "no_data_count": 4,
                    "unchanged_count": 9,
                    "exception_count": 5,
                }
            ],
        )

    def test_an_identifier_that_two_persons_share(self):
        """In two companies they are apart, unless one cycle has both."""
        ours = self.env.company
        theirs = self.env["res.company"].create({"name": "Another Agency"})
        for number, (company, both_asked, answer) in enumerate(
            (
                (ours, False, "shared_identifier"),
                (ours, True, "shared_identifier"),
                (theirs, False, "known"),
                (theirs, True, "shared_identifier"),
            )
        ):
            with self.subTest(number=number):
                identifier = f"SHARED{number}"
                self.server.people[identifier] = days(1000 + number * 10, 1, 2)
                person = self._create_person(identifier)
                other = self._create_person(identifier, company_id=company.id)
                asked = person + other if both_asked else person
                run = self._run(self._create_cycle(registrants=asked))
                self.assertEqual(set(run.line_ids.mapped("finding")), {answer})
