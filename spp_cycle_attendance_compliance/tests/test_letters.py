from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import TwoPersonsCase, days
from .test_prints import REGISTRAR, VALIDATOR, PrintCase

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
        self.assertIn("Nobody loses anything", shown)
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
        self.assertNotIn("Nobody loses anything", shown)
        self.assertEqual(shown.count('dir="rtl"'), 1)
        self.assertIn('lang="ar-001"', shown)

    def test_a_programs_text_is_no_markup(self):
        self.cycle.program_id.attendance_letter_text = "Come <script>alert(1)</script>"
        line = self._get_line(self._run(self.cycle), self.ben)
        shown = self._show("attendance_letter", line)
        self.assertIn("Come &lt;script&gt;", shown)
        self.cycle.program_id.attendance_letter_text = " \n"
        self.assertIn("Nobody loses anything", self._show("attendance_letter", line))

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
        self.assertIn("1 day (2 needed)", shown)
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
            for told in ("No attendance of yours", "could not be decided", "Why:"):
                self.assertNotIn(told, shown)

    def test_who_lost_by_no_data_is_told_so(self):
        self.server.people.pop("BEN")
        self._run(self.cycle)
        self.assertEqual(self._look_at(self.ben_in), ("no_data", "non_compliant"))
        line = self.ben_in.attendance_line_ids
        self.assertEqual(line._get_letter_sentences()[0], "No attendance of yours is known.")

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
