from base64 import b64decode
from io import BytesIO

from openpyxl import load_workbook

from odoo.tests import tagged

from ..files import open_table, write_table
from .file_common import FileCase

ADDON = "spp_cycle_attendance_compliance"


@tagged("post_install", "-at_install")
class TestFilesExcused(FileCase):
    """Who is excused in files and on class sheets."""

    def setUp(self):
        super().setUp()
        self.illness, self.other, self.disaster = (
            self.env.ref(f"{ADDON}.excuse_{name}") for name in ("illness", "other", "disaster")
        )

    def _get_presences(self):
        return [
            (event.attendance_date.day, event.attendance_category, event.excuse_reason_id)
            for event in self._get_events()
            if not event.withdrawn
        ]

    def test_words_and_names(self):
        none = self.illness.browse()
        self._store(
            "ANA,2025-11-01,excused,,,",
            "ANA,2025-11-02,illness,,,",
            "ANA,2025-11-03,absent,,,",
            "ANA,2025-11-04,Justificada,,,",
        )
        self.assertEqual(
            self._get_presences(),
            [
                (1, "excused", self.other),
                (2, "excused", self.illness),
                (3, "absent", none),
                (4, "excused", self.other),
            ],
        )

    def test_another_reason_is_a_correction(self):
        first = self._store("ANA,2025-11-01,Illness,,,", "BEN,2025-11-01,Illness,,,")
        self.assertEqual(self._look("ANA,2025-11-01,illness,,,").same_count, 1)
        wizard = self._look("ANA,2025-11-01,Disaster,,,", "BEN,2025-11-01,illness,,,")
        self.assertEqual((wizard.changed_count, wizard.same_count), (1, 1))
        second = self._get_intake(wizard.action_store())
        self.assertEqual(self._count(second)[:2], (0, 1))
        (event,) = self._get_events().filtered(lambda event: event.individual_id == self.ana)
        self.assertEqual(event.excuse_reason_id, self.disaster)
        self.assertRecordValues(
            event.change_ids,
            [
                {
                    "field_name": "excuse_reason_id",
                    "old_value": "Illness",
                    "new_value": "Disaster",
                    "intake_id": second.id,
                }
            ],
        )
        second._take_back("Another class")
        self.assertEqual(event.excuse_reason_id, self.illness)
        third = self._store("ANA,2025-11-01,x,,,")
        self.assertEqual(self._get_presences()[0], (1, "present", self.illness.browse()))
        third._take_back("Another class")
        self.assertEqual(self._get_presences()[0], (1, "excused", self.illness))
        first._take_back("Another class")
        self.assertEqual(self._get_presences(), [])

    def test_two_reasons_contradict_each_other(self):
        wizard = self._look("ANA,2025-11-01,Illness,,,", "ANA,2025-11-01,Disaster,,,")
        self.assertEqual(wizard.bad_count, 2)
        wizard = self._look("ANA,2025-11-01,Other,,,", "ANA,2025-11-01,excused,,,")
        self.assertEqual((wizard.bad_count, wizard.new_count), (0, 1))

    def test_a_reason_that_is_not_used_any_more(self):
        self.illness.active = False
        wizard = self._look("ANA,2025-11-01,Illness,,,", "BEN,2025-11-01,e,,,")
        self.assertEqual((wizard.bad_count, wizard.new_count), (1, 1))
        self.assertIn("excused, or the name of a reason", wizard.problem_ids.message)
        self.other.active = False
        wizard.action_look_again()
        self.assertEqual(wizard.bad_count, 2)
        self.assertIn("write the name of the reason instead", wizard.problem_ids[1].message)

    def test_names_in_another_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.illness.with_context(lang="fr_FR").name = "Maladie"
        self._store("ANA,2025-11-01,maladie,,,", "BEN,2025-11-01,ILLNESS,,,")
        self.assertEqual(self._get_events().excuse_reason_id, self.illness)

    def test_a_class_sheet(self):
        cycle = self._create_cycle(
            registrants=[self.ana, self.ben], attendance_source_id=self.files.id
        )
        manager = self._create_user("sheets", "g2p_programs.g2p_program_manager")
        sheets = self.env["spp.attendance.class.sheet"].with_user(manager)
        sheet = sheets.create(
            {
                "cycle_id": cycle.id,
                "source_id": self.files.id,
                "from_date": "2025-11-03",
                "to_date": "2025-11-04",
            }
        )
        sheet.action_make()
        self.assertIn("the reason for who is excused", sheet.note)
        offered = self._get_list(sheet.sheet)
        reasons = self.env["spp.attendance.excuse.reason"].search([]).mapped("name")
        self.assertEqual(offered, ["x", "a", *reasons])
        table = open_table(b64decode(sheet.sheet), sheet.sheet_name)
        filled = [
            [*cells[:4], *(("Illness", "x") if cells[0] == "ANA" else ("a", "Cannot get there"))]
            for _number, cells in table.rows()
        ]
        self._look_at(write_table(table.header, filled), "class.xlsx").action_store()
        self.assertEqual(
            self._get_presences(),
            [
                (3, "excused", self.illness),
                (4, "present", self.illness.browse()),
                (3, "absent", self.illness.browse()),
                (4, "excused", self.env.ref(f"{ADDON}.excuse_no_access")),
            ],
        )

    def test_the_template_offers_the_reasons(self):
        wizard = self._look("ANA,2025-11-01,x,,,")
        wizard.action_download_template()
        offered = self._get_list(wizard.template)
        self.assertLess({"present", "absent", "unknown", "Illness", "Other"}, set(offered))

    def _get_list(self, content):
        """Return the words of the first list of a workbook."""
        lists = load_workbook(BytesIO(b64decode(content)))["Lists"]
        return [cell.value for cell in next(lists.iter_cols()) if cell.value]
