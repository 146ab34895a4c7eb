from odoo.tests import Form, tagged

from .common import FIRST
from .file_common import LOCATION, TYPE, FileCase

WARNING = "counts only for conditions that ask for no type"


@tagged("post_install", "-at_install")
class TestUntyped(FileCase):
    """What is recorded without a type is accepted, but says for what it counts."""

    def _archive_types(self):
        self.env[TYPE].search([]).active = False

    def _ask(self, **vals):
        return self._create_cycle(
            registrants=[self.ana],
            attendance_condition_ids=[(0, 0, {"required_number": 1, **vals})],
            attendance_source_id=self.recorded.id,
        )

    def test_it_is_as_the_sentence_says(self):
        self._record(self.ana, FIRST)
        for vals, counts in (({}, True), ({"type_id": self.lesson.id}, False)):
            cycle = self._ask(**vals)
            self._run(cycle)
            status = cycle.cycle_membership_ids.attendance_status
            self.assertEqual(status == "compliant", counts)

    def test_recorded_by_hand(self):
        """On the form, on the second page of an event, and on the page of a day."""
        for model in (
            "spp.event.attendance",
            "spp.create.event.attendance.wizard",
            "spp.record.attendance",
        ):
            with self.subTest(model):
                record = self.env[model].new({})
                self.assertIn(WARNING, record.untyped_warning)
                record.attendance_type_id = self.lesson
                self.assertFalse(record.untyped_warning)
        with Form(self.env["spp.event.attendance"]) as form:
            self.assertIn(WARNING, form.untyped_warning)
            form.individual_id = self.ana
            form.attendance_type_id = self.lesson
            self.assertFalse(form.untyped_warning)

    def test_where_there_are_no_types_nothing_is_said(self):
        self._archive_types()
        self.assertFalse(self._record(self.ana, FIRST).untyped_warning)
        self.assertFalse(self.env["spp.record.attendance"].new({}).untyped_warning)
        wizard = self._look("ANA,2025-11-01,x", header="ID,Date,Presence")
        self.assertFalse(wizard.untyped_count or wizard.untyped_warning)

    def test_a_file(self):
        """The rows without a type are counted, of those that can be used."""
        wizard = self._look(
            "ANA,2025-11-01,x,,,", "ANA,2025-11-02,x,Lesson,,", "BEN,2025-11-01,a,,,", "NO,,x,,,"
        )
        self.assertEqual(wizard.untyped_count, 2)
        self.assertIn(WARNING, wizard.untyped_warning)
        typed = self._look("ANA,2025-11-01,x,Lesson,,")
        self.assertFalse(typed.untyped_count)
        # The same file, of which all rows are of one type.
        again = self._look("ANA,2025-11-01,x", header="ID,Date,Presence")
        self.assertEqual(again.untyped_count, 1)
        again.type_id = self.lesson
        again.action_look_again()
        self.assertFalse(again.untyped_count)
        again.action_store()

    def test_types_of_another_source_are_none_to_choose(self):
        self._archive_types()
        self.env[TYPE].create({"name": "Elsewhere", "source_id": self.source.id})
        self.env[LOCATION].create({"name": "School", "source_id": self.source.id})
        self.assertFalse(self._look("ANA,2025-11-01,x,,,").untyped_count)

    def test_a_class_sheet(self):
        """Where a condition asks for a type, a sheet without one is not counted by it."""
        for vals, is_warned in (({}, False), ({"type_id": self.lesson.id}, True)):
            cycle = self._create_cycle(
                registrants=[self.ana],
                attendance_source_id=self.files.id,
                attendance_condition_ids=[(0, 0, {"required_number": 1, **vals})],
            )
            sheets = self.env["spp.attendance.class.sheet"]
            sheet = sheets.new({"cycle_id": cycle.id, "type_id": False})
            self.assertEqual(bool(sheet.untyped_warning), is_warned)
            sheet.type_id = self.lesson
            self.assertFalse(sheet.untyped_warning)
