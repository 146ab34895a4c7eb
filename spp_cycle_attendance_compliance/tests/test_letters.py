from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import FIRST, TwoPersonsCase, days
from .test_prints import MANAGER, REGISTRAR, VALIDATOR, PrintCase

READER = "spp_cycle_attendance_compliance.group_attendance_reader"
FAILED, FAMILY_FAILED = (
    f"{who} did not do all that the program asks for." for who in ("You", "Your family")
)
NO_SUPPORT = "For this cycle you get no support."
NO_FAMILY_SUPPORT = "For this cycle your family gets no support."
WARNED = "This is a warning: you stay in the program this time."
UNKNOWN = "Nothing is recorded. Unknown to the attendance system"
ONE_OF_TWO = "Came on 1 day; the program asks for 2 days"
PERCENTAGE = {"requirement": "percentage", "required_percentage": 75}
LETTERS = "odoo.addons.spp_cycle_attendance_compliance.models.memberships.attendance_letter"


@tagged("post_install", "-at_install")
class TestLetters(PrintCase, TwoPersonsCase):
    def _get_line(self, run, person):
        return run.line_ids.filtered(lambda line: line.partner_id == person)

    def test_printing_is_kept(self):
        run = self._run(self.cycle)
        line = self._get_line(run, self.ben)
        validator = self._create_user("attendance_print_validator", VALIDATOR)
        # Who only looks at the page has no letter in his hands.
        messages = self.cycle.message_ids
        self._show("attendance_letter", line, validator)
        self.assertFalse(line.letter_printed_at)
        self.assertEqual(self.cycle.message_ids, messages)
        shown = self._hand_over("attendance_letter", line, validator)
        self.assertIn("You did not do all that the program asks for.", shown)
        self.assertIn("You lose nothing by", shown)
        self.assertTrue(line.letter_printed_at)
        self.assertEqual(line.letter_printed_by_id, validator)
        self.assertIn("1 letter about attendance", self.cycle.message_ids[0].body)
        self.assertNotIn("BEN", self.cycle.message_ids[0].body)
        self.assertEqual(self.cycle.message_ids[0].author_id, validator.partner_id)
        # A list is no letter.
        other = self._get_line(run, self.ana)
        self._print(self._open(run))
        self.assertFalse(other.letter_printed_at)
        with self.assertRaises(AccessError):
            line.write({"letter_printed_at": False})

    def test_who_may_not_read_verdicts_prints_no_letter(self):
        line = self._get_line(self._run(self.cycle), self.ben)
        registrar = self._create_user("attendance_print_registrar", REGISTRAR)
        with self.assertRaises(AccessError):
            self._hand_over("attendance_letter", line, registrar)
        self.assertFalse(line.letter_printed_at)

    def test_who_only_reads_has_no_letter_marked_as_printed(self):
        run = self._run(self.cycle)
        line = self._get_line(run, self.ben)
        auditor = self._create_user("attendance_print_auditor", READER)
        refused = "Only program managers and validators may print letters"
        for name, records in (
            ("attendance_letter", line),
            ("attendance_letters", self._open(run, user=auditor, content="letters")),
        ):
            for hand_over in (self._hand_over, self._show):
                with self.assertRaisesRegex(AccessError, refused):
                    hand_over(name, records, auditor)
        for print_ in (
            line.with_user(auditor).action_print_letter,
            self.ben_in.with_user(auditor).action_print_attendance_letter,
            self._open(run, user=auditor, content="letters").action_print,
        ):
            with self.assertRaisesRegex(AccessError, refused):
                print_()
        self.assertFalse(line.letter_printed_at)
        # Lists are for all readers.
        self.assertIn("Person BEN", self._print(self._open(run, user=auditor)))

    def test_letters_are_offered_to_who_may_print_them(self):
        report = self.env.ref("spp_cycle_attendance_compliance.action_report_attendance_letter")
        for login, group, may in (
            ("attendance_letters_auditor", READER, False),
            ("attendance_letters_validator", VALIDATOR, True),
            ("attendance_letters_manager", MANAGER, True),
        ):
            env = self.env(user=self._create_user(login, group))
            dialog = env["spp.attendance.print"].fields_get(["content"])["content"]["selection"]
            self.assertEqual("letters" in dict(dialog), may, group)
            self.assertIn("pdf", dict(dialog))
            for model, button in (
                ("spp.attendance.run.line", "action_print_letter"),
                ("g2p.cycle.membership", "action_print_attendance_letter"),
            ):
                arch = env[model].get_view(view_type="form")["arch"]
                self.assertEqual(f'name="{button}"' in arch, may, (group, model))
            offered = env["ir.actions.actions"].get_bindings("spp.attendance.run.line")
            offered = [action["id"] for action in offered.get("report", [])]
            self.assertEqual(report.id in offered, may, group)

    def test_all_failing_of_a_run_once(self):
        run = self._run(self.cycle)
        dialog = self._open(run, content="letters", which="failing")
        shown = self._print(dialog)
        self.assertIn("Person BEN", shown)
        self.assertNotIn("Person ANA", shown)
        # What was chosen is printed once more, if the printer was out of paper.
        self.assertIn("Person BEN", self._hand_over("attendance_letters", dialog))
        again = self._open(run, content="letters", which="failing")
        with self.assertRaisesRegex(UserError, "no letter to print"):
            again.action_print()
        again.is_unprinted = False
        self.assertIn("Person BEN", self._print(again))
        both = self._open(run, content="letters", is_unprinted=False)
        too_many = self.assertRaisesRegex(UserError, "too many letters: 1 at most")
        with patch(f"{LETTERS}.MOST_LETTERS", 1), too_many:
            both.action_print()
        self.assertIn("Person ANA", self._print(both))
        self.assertIn("2 letters", self.cycle.message_ids[0].body)

    def test_only_what_stands_is_told(self):
        run = self._preview()
        with self.assertRaisesRegex(UserError, "no letter to print"):
            self._open(run, content="letters").action_print()
        line = self._get_line(run, self.ben)
        with self.assertRaisesRegex(UserError, "verdicts that stand"):
            self._hand_over("attendance_letter", line)
        self.assertFalse(line.letter_printed_at)
        with self.assertRaisesRegex(UserError, "no letter to print"):
            self.ben_in.action_print_attendance_letter()

    def test_override_without_the_words_of_who_made_it(self):
        run = self._run(self.cycle)
        self._override(self.ben_in, "compliant")
        shown = self._show("attendance_letter", self._get_line(run, self.ben))
        self.assertIn("decided for you", shown)
        self.assertNotIn("As I say", shown)
        self.assertNotIn("no support", shown)

    def test_in_the_familys_own_language_and_direction(self):
        arabic, french = "ar_001", "fr_FR"
        for code in (arabic, french):
            self.env["res.lang"]._activate_lang(code)
        self.ben.lang, self.ana.lang = arabic, french
        program = self.cycle.program_id
        program.attendance_letter_text = "Come on Monday"
        program.with_context(lang=arabic).attendance_letter_text = "تعال يوم الاثنين"
        program.with_context(lang=french).attendance_letter_text = "Venez lundi"
        run = self._run(self.cycle)
        shown = self._show("attendance_letter", run.line_ids, lang="en_US")
        self.assertIn("تعال يوم الاثنين", shown)
        self.assertIn("Venez lundi", shown)
        self.assertNotIn("Come on Monday", shown)
        self.assertNotIn("You lose nothing by", shown)
        self.assertEqual(shown.count('dir="rtl"'), 1)
        self.assertIn('lang="ar-001"', shown)

    def test_a_programs_text_is_no_markup(self):
        self.cycle.program_id.attendance_letter_text = "Come <script>alert(1)</script>"
        line = self._get_line(self._run(self.cycle), self.ben)
        shown = self._show("attendance_letter", line)
        self.assertIn("Come &lt;script&gt;", shown)
        self.cycle.program_id.attendance_letter_text = " \n"
        self.assertIn("You lose nothing by", self._show("attendance_letter", line))

    def test_an_address_says_each_place_once(self):
        area = self.env["spp.area"].create({"draft_name": "Kisumu"})
        self.ben.area_id = area
        line = self._get_line(self._run(self.cycle), self.ben)
        for address, lines in (
            (False, [area.name]),
            (area.name, [area.name]),
            (f"Market Road 5\n {area.name.upper()} ", ["Market Road 5", area.name.upper()]),
            (f"Market Road 5, {area.name}", [f"Market Road 5, {area.name}"]),
            ("Market Road 5", ["Market Road 5", area.name]),
        ):
            with self.subTest(address=address):
                self.ben.address = address
                self.assertEqual(line._get_letter_address(), lines)

    def test_names_of_files(self):
        run = self._run(self.cycle)
        line = self._get_line(run, self.ben)
        self.assertEqual(line._get_letter_name(), f"Letter, Person BEN, {self.cycle.name}")
        dialog = self._open(run, content="letters")
        self.assertEqual(
            dialog._get_file_name(), f"Letters, {self.cycle.program_id.name}, {self.cycle.name}"
        )

    def test_who_was_warned_stays_only_if_enrolled(self):
        self.cycle.write({"attendance_warnings": 1, "attendance_warning_cycles": 3})
        line = self._get_line(self._run(self.cycle), self.ben)
        self.assertEqual(line.status, "warned")
        stays, refused = "you stay in the program", "you get no support"
        shown = self._show("attendance_letter", line)
        self.assertIn(stays, shown)
        self.assertIn("! Warned:", shown)
        self.ben_in.state = "non_compliant"
        shown = self._show("attendance_letter", line)
        self.assertIn(refused, shown)
        self.assertIn("✕ Non-Compliant:", shown)
        self.assertIn("Came on 1 day; the program asks for 2 days", shown)
        for told in (stays, "Warned", "warning"):
            self.assertNotIn(told, shown)
        self.ben_in.state = "draft"
        shown = self._show("attendance_letter", line)
        self.assertNotIn(stays, shown)
        self.assertNotIn(refused, shown)

    def test_what_a_person_decided_without_an_override_is_told(self):
        """Each case: who, and the state that a person gives; what her letter says."""
        run = self._run(self.cycle)
        for person, membership, state, status, decided in (
            (self.ana, self.ana_in, "non_compliant", "✕ Non-Compliant:", "against you"),
            (self.ben, self.ben_in, "enrolled", "O Overridden:", "for you"),
        ):
            with self.subTest(state=state):
                membership.state = state
                shown = self._show("attendance_letter", self._get_line(run, person))
                self.assertIn(status, shown)
                self.assertIn(f"decided {decided}", shown)
                self.assertNotIn("Why:", shown)

    def test_who_was_refused_by_hand_without_a_decision(self):
        """Nothing is known of Ana, and Ben may have come twice: a person refuses both."""
        self.server.people.pop("ANA")
        self.server.people["BEN"] = days(11, 1, 2)
        self.server.people["BEN"][1]["attendance_category"] = "late"
        self.cycle.no_data_rule = "keep"
        run = self._run(self.cycle)
        for person, membership in ((self.ana, self.ana_in), (self.ben, self.ben_in)):
            line = self._get_line(run, person)
            self.assertNotIn("decided", line._get_letter_sentences()[0].replace("be decided", ""))
            membership.state = "non_compliant"
            shown = self._show("attendance_letter", line)
            self.assertIn("✕ Non-Compliant:", shown)
            self.assertIn("decided against you", shown)
            self.assertIn("you get no support", shown)
            for told in ("Nothing that counts", "could not be decided", "Why:"):
                self.assertNotIn(told, shown)

    def test_who_lost_by_no_data_is_told_so(self):
        self.server.people.pop("BEN")
        self._run(self.cycle)
        self.assertEqual(self._look_at(self.ben_in), ("no_data", "non_compliant"))
        line = self.ben_in.attendance_line_ids
        self.assertEqual(
            line._get_letter_sentences(),
            ["Nothing that counts is recorded of you.", "For this cycle you get no support."],
        )

    def _look_at(self, membership):
        return membership.attendance_status, membership.state

    def test_no_letter_to_who_left(self):
        run = self._run(self.cycle)
        self.ben_in.state = "exited"
        with self.assertRaisesRegex(UserError, "paused, exited or not eligible gets no letter"):
            self.ben_in.action_print_attendance_letter()
        shown = self._show("attendance_letter", run.line_ids)
        self.assertIn("Person ANA", shown)
        self.assertNotIn("Person BEN", shown)
        dialog = self._open(run, content="letters")
        self._print(dialog)
        self.assertEqual(dialog.letter_numbers, self._get_line(run, self.ana).ids)


@tagged("post_install", "-at_install")
class TestLetterWords(PrintCase):
    def setUp(self):
        super().setUp()
        self.number = 0

    def _tell(self, persons, conditions=(), is_household=False, **vals):
        """Return the sentences, the reason and the members of the letter after a run.

        :param persons: what the attendance system has of each, by name; None: it knows nobody
        """
        people = []
        for name, attended in persons.items():
            self.number += 1
            identifier = f"W{self.number}"
            people.append(self._create_person(identifier))
            people[-1].name = name
            if attended is not None:
                # Numbers of attendances are the system's own: no two have the same.
                self.server.people[identifier] = days(100 * self.number, *attended)
        if conditions:
            vals["attendance_condition_ids"] = [(0, 0, condition) for condition in conditions]
        program = self._create_program("group" if is_household else "individual")
        registrants = [self._create_household(*people)] if is_household else people
        run = self._run(self._create_cycle(program, registrants, **vals))
        line = run.line_ids.filtered(lambda line: line.kind != "member")
        return line, (
            line._get_letter_sentences(),
            line._get_letter_reason(),
            dict(line._get_letter_members()),
        )

    def test_what_a_person_reads(self):
        """Each case: what is recorded, the criteria; what her letter says, and why."""
        warnings = {"attendance_warnings": 1, "attendance_warning_cycles": 3}
        two = {"attendance_warnings": 2, "attendance_warning_cycles": 3}
        unknown = "Nothing that counts is recorded of you."
        conditions = [
            {"name": "School", "required_number": 1},
            {"name": "Clinic", "required_number": 3},
        ]
        for attended, criteria, sentences, reason in (
            ([1], {}, [FAILED, NO_SUPPORT], ONE_OF_TWO),
            (
                [1, -2, -3],
                {},
                [FAILED, NO_SUPPORT],
                "Came on 1 of 3 days; the program asks for 2 days",
            ),
            (
                [1, -2, -3],
                {"conditions": [PERCENTAGE]},
                [FAILED, NO_SUPPORT],
                "Came on 1 of 3 days; the program asks for 3 days",
            ),
            (
                [1, -2],
                {"conditions": [{**PERCENTAGE, "unit": "sessions"}]},
                [FAILED, NO_SUPPORT],
                "Came to 1 of 2 sessions; the program asks for 2 sessions",
            ),
            (
                [1],
                {"conditions": [{"unit": "sessions", "required_number": 2}]},
                [FAILED, NO_SUPPORT],
                "Came to 1 session; the program asks for 2 sessions",
            ),
            (
                [1, 2],
                {},
                ["You did what the program asks for."],
                "Came on 2 days; the program asks for 2 days",
            ),
            (None, {}, [unknown, NO_SUPPORT], UNKNOWN),
            (
                [],
                {"conditions": [PERCENTAGE]},
                [unknown, NO_SUPPORT],
                "Nothing is recorded",
            ),
            ([1], warnings, [FAILED, WARNED], ONE_OF_TWO),
            ([1], two, [FAILED, WARNED], f"{ONE_OF_TWO}. First of 2 warnings"),
            (None, warnings, [unknown, WARNED], UNKNOWN),
            (
                [1],
                {"conditions": conditions},
                [FAILED, NO_SUPPORT],
                "Clinic: Came on 1 day; the program asks for 3 days",
            ),
        ):
            with self.subTest(attended=attended, criteria=criteria):
                line, told = self._tell({"Eva": attended}, **criteria)
                self.assertEqual(told, (sentences, reason, {}))
                self.assertIn(reason, self._show("attendance_letter", line))

    def test_what_a_household_reads(self):
        """Each case: what is recorded of its members, the criteria; what its letter says."""
        met = "Came on 2 days; the program asks for 2 days"
        every, any_ = {"household_rule": "all"}, {"household_rule": "any"}
        refused = [FAMILY_FAILED, NO_FAMILY_SUPPORT]
        two = [{"name": "School", "required_number": 2}, {"name": "Clinic", **PERCENTAGE}]
        for persons, criteria, sentences, reason, members in (
            ({"Eva": [1]}, every, refused, "", {"Eva": ONE_OF_TWO}),
            (
                {"Eva": [1], "Leo": [1, 2]},
                every,
                refused,
                "Of your family, 1 of 2 did what is asked for (all are needed)",
                {"Eva": ONE_OF_TWO, "Leo": met},
            ),
            (
                {"Eva": [1, 2], "Leo": None},
                every,
                ["Nothing that counts is recorded of Leo.", NO_FAMILY_SUPPORT],
                "Of your family, 1 of 2 did what is asked for (all are needed)",
                {"Eva": met, "Leo": UNKNOWN},
            ),
            (
                {"Eva": None, "Leo": None},
                {**any_, "attendance_warnings": 1, "attendance_warning_cycles": 3},
                [
                    "Nothing that counts is recorded of Eva, Leo.",
                    "This is a warning: your family stays in the program this time.",
                ],
                "Of your family, 0 of 2 did what is asked for (one is enough)",
                {"Eva": UNKNOWN, "Leo": UNKNOWN},
            ),
            (
                {"Eva": [1, -2]},
                {**every, "conditions": two},
                refused,
                "",
                {
                    "Eva": "School: Came on 1 of 2 days; the program asks for 2 days. Clinic: "
                    "Came on 1 of 2 days; the program asks for 2 days"
                },
            ),
        ):
            with self.subTest(persons=persons, criteria=criteria):
                line, told = self._tell(persons, is_household=True, **criteria)
                self.assertEqual(told, (sentences, reason, members))
                shown = self._show("attendance_letter", line)
                self.assertEqual("Why:" in shown, bool(reason))
                for told in members.values():
                    self.assertIn(told, shown)

    def test_what_is_excused_free_or_not_clear_is_told(self):
        records = days(900, 1, 2, -3, 4)
        records[1]["attendance_category"] = "late"
        line, _told = self._tell({"Eva": [1]}, [PERCENTAGE])
        self.server.people[f"W{self.number}"] = records
        line = self._run(line.cycle_id).line_ids
        self.assertEqual(
            line._get_letter_reason(),
            "Came on 2 of 4 days; the program asks for 3 days. Records that are not clear: 1",
        )

    def test_what_is_excused_counts_against_a_number_only(self):
        person = self._create_person("Eva")
        reason = self.env["spp.attendance.excuse.reason"].search([], limit=1)
        for day, category in ((1, "present"), (2, "excused"), (3, "excused")):
            excuse = reason.id if category == "excused" else False
            self._record(person, FIRST.replace(day=day), category, excuse_reason_id=excuse)
        came = "Came on 1 day; the program asks for 2 days. 2 excused, which count as attended"
        share = "Came on 1 of 1 day; the program asks for 1 day. 2 excused"
        for conditions, told in (([{"required_number": 2}], came), ([PERCENTAGE], share)):
            with self.subTest(told=told):
                cycle = self._create_cycle(
                    registrants=[person],
                    attendance_source_id=self.recorded.id,
                    attendance_condition_ids=[(0, 0, vals) for vals in conditions],
                )
                line = self._run(cycle).line_ids
                self.assertEqual((line.verdict, line._get_letter_reason()), ("compliant", told))
