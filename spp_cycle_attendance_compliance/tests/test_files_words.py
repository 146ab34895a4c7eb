from base64 import b64decode
from datetime import date, timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import Form, tagged
from odoo.tools.translate import code_translations

from ..files import Sentence, open_table, write_table
from ..models.intakes.file_sentences import FileSentences
from ..models.intakes.file_store import FileDraft
from .file_common import TYPE, FileCase

ADDON = "spp_cycle_attendance_compliance"


@tagged("post_install", "-at_install")
class TestFilesWords(FileCase):
    """What is said about files, and on class sheets."""

    def _look_at_sheet(self, titles, *rows):
        return self._look_at(write_table(["ID", *titles], rows), "class.xlsx")

    def _make_sheet(self, cycle, **vals):
        sheets = self.env["spp.attendance.class.sheet"].with_context(default_cycle_id=cycle.id)
        sheet = sheets.create(vals)
        sheet.action_make()
        table = open_table(b64decode(sheet.sheet), sheet.sheet_name)
        return sheet, sorted(cells[0] for _number, cells in table.rows())

    def test_sentences_are_in_the_readers_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        texts = {
            "The ID is missing.": "L'identifiant manque.",
            "%(day)s is not between %(first)s and %(last)s: attendance is recorded for no other "
            "days.": "%(day)s n'est pas entre %(first)s et %(last)s.",
            '"%(name)s" can\'t be used. %(why)s': "« %(name)s » ne va pas. %(why)s",
            "None of its sheets that can be seen holds anything.": "Il est vide.",
        }
        known = {**code_translations.python_translations, (ADDON, "fr_FR"): texts}
        self.patch(code_translations, "python_translations", known)
        self.env = self.env(context={**self.env.context, "lang": "fr_FR"})
        today = fields.Date.context_today(self.files)
        soon = today + timedelta(days=9)
        messages = self._look(",2025-11-01,x,,,", f"ANA,{soon},x,,,").problem_ids.mapped("message")
        self.assertEqual(
            messages,
            [
                "L'identifiant manque.",
                f"{soon:%d/%m/%Y} n'est pas entre 01/01/1900 et {today:%d/%m/%Y}.",
            ],
        )
        empty = self._look_at(write_table([], []), "a.xlsx")
        self.assertEqual(empty.problem, "« a.xlsx » ne va pas. Il est vide.")

    def test_what_is_wrong_with_a_row_is_said_once(self):
        wizard = self._look_at_sheet(
            [date(2025, 11, 3), date(2025, 11, 4), date(2025, 11, 5)], ["NOBODY", "x", "a", "x"]
        )
        message = f"No person of the registry has this ID of the type {self.id_type.name}."
        self.assertRecordValues(wizard.problem_ids, [{"number": 2, "message": message}])
        self.assertEqual(wizard.bad_count, 1)
        draft = FileDraft(self.env, self.files.new())
        message = "No person of the registry has this ID."
        self.assertEqual(draft._say_who_is_not_found(), message)

    def test_a_sheet_of_another_choice_is_not_ready(self):
        cycle = self._create_cycle(registrants=[self.ana], attendance_source_id=self.files.id)
        sheet, _ids = self._make_sheet(cycle)
        with Form(sheet) as form:
            form.to_date = form.from_date
            self.assertFalse(form.sheet_name or form.note)
        self.assertFalse(sheet.sheet_name or sheet.note)

    def test_a_class_sheet_is_of_those_who_have_to_come(self):
        grown = self._create_person("GROWN", birthdate="1980-01-01")
        self.ana.birthdate = self.ben.birthdate = "2017-01-01"
        visit, other = self.env[TYPE].create(
            [{"name": name, "source_id": self.files.id} for name in ("Visit", "Other")]
        )
        cycle = self._create_cycle(
            registrants=[self.ana, self.ben, grown],
            attendance_source_id=self.files.id,
            attendance_condition_ids=[
                (0, 0, {"about": "age", "age_from": 5, "age_to": 12, "type_id": self.lesson.id})
            ],
        )
        sheet, ids = self._make_sheet(cycle)
        self.assertEqual((sheet.type_id, sheet.type_ids), (self.lesson, self.lesson))
        self.assertEqual(ids, ["ANA", "BEN"])
        self.assertEqual(sheet.sheet_name, f"{cycle.name} Lesson 2025-11-01 – 2025-11-30.xlsx")
        cycle.attendance_condition_ids = [
            (0, 0, {"about": "age", "age_from": 18, "type_id": visit.id})
        ]
        sheet, ids = self._make_sheet(cycle)
        self.assertEqual((sheet.type_id, sheet.type_ids), (visit.browse(), self.lesson + visit))
        self.assertEqual(ids, ["ANA", "BEN", "GROWN"])
        self.assertEqual(self._make_sheet(cycle, type_id=visit.id)[1], ["GROWN"])
        with self.assertRaisesRegex(UserError, "No condition of the cycle asks"):
            self._make_sheet(cycle, type_id=other.id)

    def test_sentences_in_sentences(self):
        inner = Sentence("The ID is missing.")
        said = FileSentences(self.env).say(Sentence('"%(name)s": %(why)s', name="a", why=inner))
        self.assertEqual(said, '"a": The ID is missing.')
