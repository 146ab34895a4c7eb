import csv
import io
from base64 import b64decode, b64encode
from functools import partial
from unittest.mock import patch

from lxml import html
from openpyxl import load_workbook

from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..files import open_table, write_left_out, write_table
from ..models.intakes import attendance_left_out
from .file_common import HEADER, REGISTRAR, FileCase

VALIDATOR = "g2p_programs.g2p_program_validator"
GOOD, NOBODY, NO_DAY = "ANA,2025-11-01,x,Lesson,,", "NOBODY,2025-11-02,x,,,", "BEN,2025-13-01,x,,,"


@tagged("post_install", "-at_install")
class TestLeftOut(FileCase):
    """Rows of a file that can't be used are kept, with their own words and the reason."""

    def _leave_out(self, *rows, **vals):
        return self._get_intake(self._look(*rows, **vals).action_store_good_rows())

    def _read(self, intake):
        """Return the rows to correct, as (cells, reason)."""
        content = b64decode(intake.left_out_file)
        if intake.left_out_name.endswith(".xlsx"):
            sheet = load_workbook(io.BytesIO(content))["Attendance"]
            header, *rows = (
                ["" if cell is None else str(cell) for cell in row]
                for row in sheet.iter_rows(values_only=True)
            )
        else:
            header, *rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
        self.assertEqual(header, [*HEADER.split(","), "#!", "What Is Wrong"])
        return [(",".join(row[:-2]), row[-1]) for row in rows]

    def _read_screen(self, intake):
        """Return what the form shows: its rows, and the sentences above them."""
        shown = html.fromstring(f"<div>{intake.left_out_table}</div>")
        rows = [[cell.text for cell in row] for row in shown.xpath("//tbody/tr")]
        return rows, [" ".join(each.text_content().split()) for each in shown.xpath("//p")]

    def test_kept_with_their_own_words_and_the_reason(self):
        intake = self._leave_out(GOOD, NOBODY, NO_DAY)
        (first, nobody), (second, no_day) = self._read(intake)
        self.assertEqual((first, second), (NOBODY, NO_DAY))
        kind = self.id_type.name
        self.assertEqual(nobody, f"No person of the registry has this ID of the type {kind}.")
        self.assertIn("Date: ", no_day)
        self.assertEqual(intake.left_out_name, "list, rows to correct.csv")
        rows, sentences = self._read_screen(intake)
        self.assertEqual(rows[0], ["3", nobody, *NOBODY.split(",")[:3], None, None, None])
        self.assertEqual(rows[1][:3], ["4", no_day, "BEN"])
        self.assertFalse(sentences)

    def test_corrected_and_brought_in_again(self):
        """What the first file held is here already; the reasons are no part of the attendance."""
        intake = self._leave_out(GOOD, NOBODY, NO_DAY)
        text = b64decode(intake.left_out_file).decode("utf-8-sig")
        corrected = text.replace("NOBODY", "BEN").replace("2025-13-01", "2025-11-03")
        wizard = self._look_at(corrected.encode("utf-8-sig"), intake.left_out_name)
        self.assertFalse(wizard.problem)
        self.assertEqual((wizard.new_count, wizard.bad_count), (2, 0))
        again = self._get_intake(wizard.action_store())
        self.assertFalse(again.left_out_file or again.left_out_count or again.left_out_table)
        self.assertEqual(len(self._get_counting()), 3)
        self.assertFalse(any(self._get_events().mapped("attendance_description")))

    def test_half_corrected(self):
        """What is wrong still is said anew, and once."""
        intake = self._leave_out(GOOD, NOBODY, NO_DAY)
        text = b64decode(intake.left_out_file).decode("utf-8-sig").replace("NOBODY", "BEN")
        wizard = self._look_at(text.encode("utf-8-sig"), "again.csv")
        again = self._get_intake(wizard.action_store_good_rows())
        self.assertEqual([row for row, _reason in self._read(again)], [NO_DAY])

    def test_half_corrected_by_who_reads_another_language(self):
        """The new sentence takes the first one's place, and the dialog shows neither."""
        intake = self._leave_out(GOOD, NOBODY, NO_DAY)
        text = b64decode(intake.left_out_file).decode("utf-8-sig")
        text = text.replace("What Is Wrong", "Ce qui ne va pas")
        wizard = self._look_at(text.encode("utf-8-sig"), "again.csv")
        self.assertEqual(wizard.column_ids.mapped("name"), HEADER.split(","))
        wizard.action_download_bad_rows()
        header = b64decode(wizard.bad_rows).decode("utf-8-sig").split("\r\n")[0]
        self.assertEqual(header, f"{HEADER},#!,What Is Wrong")

    def test_which_other_row_is_meant(self):
        """Rows are numbered anew in the file to correct: it holds the numbers they had."""
        bad = ("BEN,2025-11-01,x,,,", "NOBODY,2025-11-01,x,,,", "BEN,2025-11-01,a,,,")
        intake = self._leave_out(GOOD, *bad)
        text = b64decode(intake.left_out_file).decode("utf-8-sig")
        one, _nobody, other = list(csv.reader(text.splitlines()))[1:]
        self.assertEqual((one[-2], other[-2]), ("3", "5"))
        self.assertIn("Row 5 says something else", one[-1])
        self.assertIn("Row 3 says something else", other[-1])

    def test_one_row_that_is_longer_than_a_file_may_be(self):
        short = partial(write_left_out, most=1)
        with patch.object(attendance_left_out, "write_left_out", short):
            intake = self._leave_out(GOOD, NOBODY, NO_DAY)
        self.assertEqual(intake.left_out_count, 1)
        self.assertEqual(len(self._read(intake)), 1)
        self.assertEqual(
            self._read_screen(intake)[1], ["Rows left out: 2. Shown: the first 1. In the file: 1."]
        )

    def test_a_workbook_stays_one(self):
        rows = [row.split(",") for row in (GOOD, NOBODY)]
        wizard = self._look_at(write_table(HEADER.split(","), rows), "november.xlsx")
        intake = self._get_intake(wizard.action_store_good_rows())
        self.assertEqual(intake.left_out_name, "november, rows to correct.xlsx")
        self.assertEqual(self._read(intake)[0][0], NOBODY)

    def test_before_storing_the_same_file_can_be_downloaded(self):
        wizard = self._look(GOOD, NOBODY, NO_DAY)
        action = wizard.action_download_bad_rows()
        self.assertIn("rows%20to%20correct.csv", action["url"])
        content = b64decode(wizard.bad_rows)
        intake = self._get_intake(wizard.action_store_good_rows())
        self.assertEqual(b64decode(intake.left_out_file), content)

    def test_a_class_sheet(self):
        titles = ["ID", "Name", "2025-11-03", "2025-11-04"]
        rows = [["ANA", "Ana", "x", "maybe"], ["BEN", "Ben", "x", "x"], ["CLEO", "Cleo", "x", "a"]]
        wizard = self._look_at(write_table(titles, rows), "class.xlsx")
        intake = self._get_intake(wizard.action_store_good_rows())
        self.assertEqual((intake.new_count, intake.bad_row_count), (3, 2))
        table = open_table(b64decode(intake.left_out_file), intake.left_out_name)
        cells = [cells for _number, cells in table.rows()]
        self.assertEqual(cells, [tuple(rows[0]), tuple(rows[2])])
        self.assertIn("2025-11-04: ", intake.left_out_shown["rows"][0][1])

    def test_many(self):
        """The first 50 are shown, as many as fit are in the file, and it says so."""
        bad = [f"NOBODY{number},2025-11-01,x,,," for number in range(60)]
        intake = self._leave_out(GOOD, *bad)
        rows, sentences = self._read_screen(intake)
        self.assertEqual((len(rows), len(self._read(intake))), (50, 60))
        self.assertEqual(sentences, ["Rows left out: 60. Shown: the first 50. In the file: 60."])
        with patch.object(attendance_left_out, "MOST_LEFT_OUT", 55):
            intake = self._leave_out(GOOD, *bad)
        self.assertEqual(len(self._read(intake)), 55)
        self.assertIn("In the file: 55.", self._read_screen(intake)[1][0])

    def test_nothing_in_a_cell_is_markup(self):
        intake = self._leave_out(GOOD, "<b>NOBODY</b>,2025-11-01,x,,,")
        self.assertIn("&lt;b&gt;NOBODY", intake.left_out_table)

    def test_who_may_read_them(self):
        """Who may read the file itself; others see how many there are."""
        intake = self._leave_out(GOOD, NOBODY)
        registrar = self._create_user("left_out_registrar", REGISTRAR)
        validator = self._create_user("left_out_validator", VALIDATOR)
        self.assertIn("NOBODY", intake.with_user(registrar).left_out_table)
        self.assertIn(b"NOBODY", b64decode(intake.with_user(registrar).left_out_file))
        view = self.env.ref("spp_cycle_attendance_compliance.view_attendance_intake_form")
        for user, is_shown in ((registrar, True), (validator, False)):
            arch = intake.with_user(user).get_view(view.id, "form")["arch"]
            self.assertEqual('name="left_out_table"' in arch, is_shown)
            self.assertIn("bad_row_count", arch)
        self.assertEqual(intake.with_user(validator).bad_row_count, 1)
        for name in ("left_out_file", "left_out_shown", "left_out_table"):
            with self.assertRaises(AccessError):
                intake.with_user(validator).read([name])

    def test_nobody_changes_them(self):
        intake = self._leave_out(GOOD, NOBODY)
        for name in ("left_out_file", "left_out_name"):
            with self.assertRaises(AccessError):
                intake.sudo().write({name: b64encode(b"Nothing").decode()})
