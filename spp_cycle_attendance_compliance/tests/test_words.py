from datetime import date, timedelta

from psycopg2 import IntegrityError

from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .attendance_server import attendance
from .common import EventCase, days


@tagged("post_install", "-at_install")
class TestWords(EventCase):
    """What a source says instead of present and absent, and what it means."""

    def setUp(self):
        super().setUp()
        self.illness = self.env.ref("spp_cycle_attendance_compliance.excuse_illness")
        self.server.people["NID1"] = [
            attendance(number, f"2025-11-0{number}", category=word)
            for number, word in enumerate(("present", "late", " Late ", "E", ""), 1)
        ]

    def _map(self, word, category, reason=None, **vals):
        return self.env["spp.attendance.category.map"].create(
            {
                "source_id": self.source.id,
                "word": word,
                "category": category,
                "excuse_reason_id": reason and reason.id,
                **vals,
            }
        )

    def _get_categories(self):
        return self._get_events().mapped("attendance_category")

    def test_a_word_that_nobody_knows_is_listed(self):
        run = self._run(self.cycle)
        self.assertEqual(self._get_categories(), ["present", *["unknown"] * 4])
        words = "late (1), Late (1), E (1)"
        self.assertEqual(run.intake_ids.unknown_words_text, words)
        self.assertEqual(run.unknown_words_text, words)
        self.assertEqual(self.source.unmapped_words, words)
        self.assertEqual((run.unclear_count, run.set_aside_count), (4, 0))

    def test_a_map_corrects_what_is_stored(self):
        """The same answer, byte for byte, is read once more as soon as its words mean others."""
        self._run(self.cycle)
        self._map(" LATE ", "present")
        mapped = self._map("e", "excused", self.illness)
        self.assertFalse(self.source.unmapped_words)
        run = self._run(self.cycle)
        self.assertEqual(
            self._get_categories(), ["present", "present", "present", "excused", "unknown"]
        )
        excused = self._get_events()[3]
        self.assertEqual(excused.excuse_reason_id, self.illness)
        self.assertEqual((run.changed_count, run.unclear_count), (3, 1))
        self.assertFalse(run.unknown_words_text)
        self.assertRecordValues(
            excused.change_ids.sorted("field_name"),
            [
                {"field_name": "attendance_category", "new_value": "excused"},
                {"field_name": "excuse_reason_id", "new_value": "Illness"},
            ],
        )
        self.assertEqual(excused.change_ids.intake_id, run.intake_ids)
        # Unchanged, it is not read again; changed, or gone, it is.
        self.assertEqual(self._run(self.cycle).changed_count, 0)
        mapped.write({"category": "absent", "excuse_reason_id": False})
        self.assertEqual(self._run(self.cycle).changed_count, 1)
        self.assertEqual(excused.attendance_category, "absent")
        self.assertFalse(excused.excuse_reason_id)
        self.source.category_map_ids.unlink()
        self.assertEqual(self._run(self.cycle).changed_count, 3)
        self.assertEqual(self._get_categories(), ["present", *["unknown"] * 4])

    def test_a_word_that_is_said_to_mean_nothing(self):
        self._map("late", "unknown")
        run = self._run(self.cycle)
        self.assertEqual((run.unknown_words_text, run.unclear_count), ("E (1)", 4))
        self.assertEqual(self.source.unmapped_words, "E (1)")

    def test_a_map_that_is_changed_while_a_run_goes_on(self):
        """What was stored by another map is not taken for the answer to the question asked."""
        planned = self._run(self.cycle).intake_ids
        key = planned.question_key
        self._map("late", "present")
        intake = planned.sudo()._as_attendance_writer().copy({"is_done": False})
        run = planned.run_id.sudo()._as_attendance_writer()
        with self.source._get_client() as client:
            run._receive_answers(intake, client, {"NID1": self.person.id})
        self.assertNotEqual(intake.question_key, key)
        self.assertEqual(self._get_categories().count("present"), 3)
        self.source.category_map_ids.unlink()
        self.assertEqual(self._run(self.cycle).changed_count, 2)

    def test_the_words_are_cut_and_few(self):
        self.server.people["NID1"] = [
            attendance(number, "2025-11-04", category=f"w{number:02}" + "x" * 100)
            for number in range(1, 31)
        ] + days(50, 1)
        run = self._run(self.cycle)
        words = run.intake_ids.unknown_words
        self.assertEqual(len(words), 20)
        self.assertEqual({len(word) for word, _count in words}, {64})
        self.assertEqual(run.unclear_count, 30)
        self._map(f"w01{'x' * 100}", "present")
        self._run(self.cycle)
        self.assertEqual(self._get_events()[0].attendance_category, "present")

    def test_another_sources_words_are_its_own(self):
        self._map("late", "present", source_id=self._create_another_source().id)
        self._run(self.cycle)
        self.assertEqual(self._get_categories(), ["present", *["unknown"] * 4])

    def test_what_can_be_no_word(self):
        self._map("late", "present")
        for values, sentence in (
            ((" ", "present"), "Enter the word"),
            (("x", "excused"), "for which reason x excuses"),
            (("x", "absent", self.illness), "Only what means excused has a reason"),
        ):
            refused = self.assertRaisesRegex(ValidationError, sentence)
            with self.subTest(values=values), refused, self.cr.savepoint():
                self._map(*values)
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self._map(" LATE", "absent")

    def test_days_that_no_attendance_can_be_of(self):
        """Set aside, they are no absences: nobody is refused for them."""
        tomorrow = date.today() + timedelta(days=2)
        others = [attendance(number, "2025-11-01") for number in range(10, 40)]
        for number, day in enumerate((str(tomorrow), "6209-11-04", "1899-12-31"), 1):
            with self.subTest(day):
                self.server.people["NID1"] = [*others, attendance(number, day)]
                cycle = self._create_cycle(
                    registrants=[self.person],
                    from_date="1800-01-01",
                    to_date="9000-12-31",
                    required_number_of_attendance=2,
                )
                run = self._get_run(cycle.action_preview_attendance())
                self.assertEqual(run.set_aside_count, 1)
                self.assertIn("1 x date is ", run.set_aside_reasons)
                self.assertEqual(run.line_ids.verdict, "undecided")
                self.assertNotIn(number, self._get_events().mapped("event_data_external_id"))
