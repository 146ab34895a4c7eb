from base64 import b64decode, b64encode
from datetime import date, timedelta
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged

from ..files import open_table, write_table
from ..models.intakes import attendance_file
from .file_common import HEADER, FileCase


@tagged("post_install", "-at_install")
class TestFiles(FileCase):
    def test_a_list(self):
        intake = self._store(
            "ANA,2025-11-01,present,Lesson,School,09:30",
            "ANA,2025-11-02,absent,lesson ,,",
            " BEN ,2025-11-01,x,,,",
        )
        self.assertEqual(
            self._get_counting(),
            [
                ("ANA", "2025-11-01", "present", "Lesson", "09:30:00"),
                ("ANA", "2025-11-02", "absent", "Lesson", ""),
                ("BEN", "2025-11-01", "present", "", ""),
            ],
        )
        self.assertRecordValues(
            intake,
            [
                {
                    "source_id": self.files.id,
                    "file_name": "list.csv",
                    "is_done": True,
                    "row_count": 3,
                    "person_count": 2,
                    "new_count": 3,
                    "from_date": date(2025, 11, 1),
                    "to_date": date(2025, 11, 2),
                }
            ],
        )
        events = self._get_events()
        self.assertEqual(events.intake_id, intake)
        self.assertEqual(set(events.mapped("is_fetched")), {True})
        self.assertEqual(events[0].attendance_location_id, self.school)
        data = self.env["spp.event.data"].search([("partner_id", "=", self.ana.id)])
        self.assertEqual(sorted(data.mapped("state")), ["active", "inactive"])

    def test_looking_changes_nothing(self):
        wizard = self._look("ANA,2025-11-01,present,,,")
        self.assertEqual((wizard.row_count, wizard.new_count, wizard.bad_count), (1, 1, 0))
        self.assertFalse(self._get_events())
        self.assertFalse(self.env["spp.attendance.intake"].search([("file_name", "!=", False)]))

    def test_what_a_second_file_does(self):
        """Each case: the second file; new, corrected, withdrawn, twice, bad; what counts then."""
        first = ("ANA,2025-11-01,present,Lesson,,", "ANA,2025-11-02,absent,Lesson,,")
        before = [
            ("ANA", "2025-11-01", "present", "Lesson", ""),
            ("ANA", "2025-11-02", "absent", "Lesson", ""),
        ]
        other_day = ("ANA", "2025-11-03", "present", "Lesson", "")
        corrected = ("ANA", "2025-11-02", "present", "Lesson", "")
        for rows, complete, counts, counting in (
            (first, False, (0, 0, 0, 0, 0), before),
            (first[:1], False, (0, 0, 0, 0, 0), before),
            (first[::-1] + first, False, (0, 0, 0, 2, 0), before),
            (("ANA,2025-11-02,present,Lesson,,",), False, (0, 1, 0, 0, 0), [before[0], corrected]),
            # Another day, type or time is another attendance.
            (("ANA,2025-11-03,x,Lesson,,",), False, (1, 0, 0, 0, 0), [*before, other_day]),
            (
                ("ANA,2025-11-01,x,Lesson,,08:00",),
                False,
                (1, 0, 0, 0, 0),
                [before[0], ("ANA", "2025-11-01", "present", "Lesson", "08:00:00"), before[1]],
            ),
            # A complete file: of its persons, days and types.
            (
                (first[0], "ANA,2025-11-03,x,Lesson,,"),
                True,
                (1, 0, 1, 0, 0),
                [before[0], other_day],
            ),
            (first[:1], True, (0, 0, 0, 0, 0), before),
            (
                ("ANA,2025-11-01,x,Training,,", "ANA,2025-11-03,x,Training,,"),
                True,
                (2, 0, 0, 0, 0),
                [
                    before[0],
                    ("ANA", "2025-11-01", "present", "Training", ""),
                    before[1],
                    ("ANA", "2025-11-03", "present", "Training", ""),
                ],
            ),
            (
                ("BEN,2025-11-01,x,Lesson,,", "BEN,2025-11-03,x,Lesson,,"),
                True,
                (2, 0, 0, 0, 0),
                [
                    *before,
                    ("BEN", "2025-11-01", "present", "Lesson", ""),
                    ("BEN", "2025-11-03", "present", "Lesson", ""),
                ],
            ),
        ):
            with self.subTest(rows=rows, complete=complete), self.env.cr.savepoint() as savepoint:
                self._store(*first)
                wizard = self._look(*rows, is_complete=complete)
                shown = wizard.new_count, wizard.changed_count, wizard.missing_count
                self.assertEqual(shown, counts[:3], "what is shown before")
                intake = self._get_intake(wizard.action_store())
                self.assertEqual(self._count(intake), counts)
                self.assertEqual(self._get_counting(), counting)
                savepoint.rollback()
                self.env.invalidate_all()

    def test_the_trace_of_a_correction(self):
        self._store("ANA,2025-11-01,present,Lesson,,")
        self._store("ANA,2025-11-01,absent,Lesson,,")
        change = self._get_events().change_ids
        self.assertEqual(
            (change.field_name, change.old_value, change.new_value, change.intake_id.file_name),
            ("attendance_category", "present", "absent", "list.csv"),
        )

    def test_record_ids(self):
        """With a record ID, another day or person is a correction, and no new attendance."""
        header = "Record ID,ID,Date,Presence"
        self._store("7,ANA,2025-11-01,x", "Z-9,ANA,2025-11-02,x", header=header)
        intake = self._store("7,ANA,2025-11-05,x", "Z-9,BEN,2025-11-02,x", header=header)
        self.assertEqual(self._count(intake)[:2], (1, 1))
        self.assertEqual(intake.moved_count, 1)
        self.assertEqual(
            self._get_counting(),
            [("ANA", "2025-11-05", "present", "", ""), ("BEN", "2025-11-02", "present", "", "")],
        )
        self.assertNotIn("Z-9", str(self._get_events().mapped("file_record")))

    def test_errors_by_row(self):
        """Nothing is kept of a file with a bad row; or the good ones, when told to."""
        other = self._create_person("TWIN")
        self._create_person("TWIN")
        rows = (
            "ANA,2025-11-01,present,Lesson,,",
            "NOBODY,2025-11-01,present,Lesson,,",
            "TWIN,2025-11-01,present,Lesson,,",
            "ANA,2025-13-01,present,Lesson,,",
            "ANA,2025-11-04,maybe,Lesson,,",
            "ANA,2025-11-05,present,Dancing,,",
            "BEN,2025-11-06,present,Lesson,,",
            "BEN,2025-11-06,absent,Lesson,,",
            f"ANA,{date.today() + timedelta(days=3)},present,Lesson,,",
            ",2025-11-01,present,Lesson,,",
        )
        wizard = self._look(*rows)
        self.assertEqual((wizard.row_count, wizard.bad_count, wizard.new_count), (10, 9, 1))
        problems = {problem.number: problem for problem in wizard.problem_ids}
        self.assertEqual(sorted(problems), [3, 4, 5, 6, 7, 8, 9, 10, 11])
        for number, sentence in (
            (3, "No person of the registry has this ID"),
            (4, "Several persons"),
            (5, "not a date"),
            (6, "no word for a presence"),
            (7, "Dancing"),
            (8, "Row 9 says something else"),
            (9, "Row 8 says something else"),
        ):
            self.assertIn(sentence, problems[number].message)
        self.assertNotIn("NOBODY", str(wizard.problem_ids.mapped("message")))
        with self.assertRaisesRegex(UserError, "correct them, or leave them out"):
            wizard.action_store()
        self.assertFalse(self._get_events())
        self.assertEqual(wizard.summary, "Rows: 10. Persons found in the registry: 2.")
        wizard.action_download_bad_rows()
        table = open_table(b64decode(wizard.bad_rows), "rows.csv")
        intake = self._get_intake(wizard.action_store_good_rows())
        self.assertEqual(self._count(intake), (1, 0, 0, 0, 9))
        self.assertIn(",#!,What Is Wrong\r\n", b64decode(wizard.bad_rows).decode())
        self.assertEqual([cells[0] for _number, cells in table.rows()][:2], ["NOBODY", "TWIN"])
        self.assertTrue(other)

    def test_a_bad_row_is_not_missing(self):
        """A file with bad rows is not complete: what they meant would be withdrawn."""
        self._store("ANA,2025-11-01,present,Lesson,,")
        wizard = self._look(
            "ANA,2025-11-01,perhaps,Lesson,,", "ANA,2025-11-02,x,Lesson,,", is_complete=True
        )
        with self.assertRaisesRegex(UserError, "is not complete"):
            wizard.action_store_good_rows()
        self.assertEqual(len(self._get_counting()), 1)

    def test_what_changes_between_looking_and_storing(self):
        """It is shown again, and nothing is stored, if more is bad or would be withdrawn."""
        self._store("ANA,2025-11-01,present,Lesson,,", "ANA,2025-11-03,x,Lesson,,")
        wizard = self._look("ANA,2025-11-01,x,Lesson,,", "ANA,2025-11-04,x,Lesson,,")
        self.ana.reg_ids.status = "invalid"
        self.assertEqual(wizard.action_store()["res_model"], wizard._name)
        self.assertEqual(wizard.bad_count, 2)
        self.ana.reg_ids.status = False
        wizard.is_complete = True
        wizard.action_look_again()
        self.assertEqual((wizard.missing_count, len(self._get_counting())), (1, 2))
        self._store("ANA,2025-11-02,x,Lesson,,")
        self.assertEqual(wizard.action_store()["res_model"], wizard._name)
        self.assertEqual((wizard.missing_count, len(self._get_counting())), (2, 3))
        wizard.action_store()
        self.assertEqual([row[1] for row in self._get_counting()], ["2025-11-01", "2025-11-04"])

    def test_who_is_meant(self):
        """Persons of the registry and the company, by an ID that is valid."""
        other = self.env["res.company"].create({"name": "Another Agency"})
        self._create_person("THEIRS", company_id=other.id)
        self._create_person("GONE", disabled="2025-01-01")
        self._create_person("OURS", company_id=self.env.company.id)
        household = self._create_household()
        self.env["g2p.reg.id"].create(
            {"partner_id": household.id, "id_type": self.id_type.id, "value": "HOUSE"}
        )
        for identifier, is_found in (
            ("ANA", True),
            ("OURS", True),
            ("\u00a0ANA\t", True),
            ("ana", False),
            ("THEIRS", False),
            ("GONE", False),
            ("HOUSE", False),
        ):
            with self.subTest(identifier=identifier):
                wizard = self._look(f'"{identifier}",2025-11-01,x,,,')
                self.assertEqual(wizard.bad_count, 0 if is_found else 1)

    def test_columns_are_remembered(self):
        wizard = self._look("ANA,Kim,01/02/2025,oui", header="Code,Elève,Jour,Là")
        meanings = {"Code": "identifier", "Jour": "date", "Là": "category"}
        for column in wizard.column_ids:
            column.meaning = meanings.get(column.name, False)
        wizard.date_format = "dmy"
        wizard.action_look_again()
        wizard.action_store()
        self.assertEqual(self._get_counting(), [("ANA", "2025-02-01", "present", "", "")])
        again = self._look("oui,02/02/2025,ANA", header="Là,Jour,Code")
        self.assertFalse(again.problem)
        self.assertEqual((again.date_format, again.new_count), ("dmy", 1))

    def test_absences_are_not_stored_as_presences(self):
        """The column that says who came is found by its title; of another one it is asked."""
        wizard = self._look("ANA,2025-11-01,yes", "BEN,2025-11-01,no", header="ID,Date,Came?")
        self.assertFalse(wizard.presence_warning)
        wizard.action_store()
        self.assertEqual([row[2] for row in self._get_counting()], ["present", "absent"])
        wizard = self._look("ANA,2025-11-02,yes", "BEN,2025-11-02,no", header="ID,Date,Sunday")
        self.assertIn("(rows: 2). Columns that are not looked at: Sunday.", wizard.presence_warning)
        wizard.column_ids[2].meaning = "category"
        self.assertFalse(wizard.presence_warning)

    def test_all_would_be_present(self):
        rows = "ANA,2025-11-01,no", "BEN,2025-11-01,yes", "NOBODY,2025-11-01,no"
        wizard = self._look(*rows, header="ID,Date,Absent")
        self.assertFalse(wizard.column_ids[2].meaning)
        self.assertIn("each row that is stored counts as present", wizard.presence_warning)
        self.assertIn("(rows: 2). Columns that are not looked at: Absent.", wizard.presence_warning)
        self.assertIn("yes would count as present: Absent.", wizard.presence_warning)
        wizard.column_ids[2].meaning = "category"
        self.assertIn("yes is read as present in it", wizard.presence_warning)
        self.assertIn(
            "counts as present",
            self._look("ANA,2025-11-01,late", header="ID,Date,Q").presence_warning,
        )
        rows = "ANA,2025-11-01,late", "BEN,2025-11-01,"
        warning = self._look(*rows, header="ID,Date,Remarks").presence_warning
        self.assertFalse(warning, "each column is looked at")
        self.assertFalse(self._look("ANA,x", header="ID,2025-11-01").presence_warning)
        self.assertFalse(self._look("ANA,2025-11-01,x,,,").presence_warning)

    def test_the_column_of_the_sources_own_ids(self):
        """Called as the ID type is, it is the one, whatever else may be an ID."""
        self.id_type.name = "School Card"
        wizard = self._look("1,ANA,2025-11-01", header="ID,school card,Date")
        meanings = {column.name: column.meaning for column in wizard.column_ids}
        self.assertEqual(meanings, {"ID": False, "school card": "identifier", "Date": "date"})
        self.assertEqual(wizard.new_count, 1)

    def test_what_can_not_be_read(self):
        for content, sentence in (
            (b"\n\n", "empty"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "XLSX"),
            (b"PK\x03\x04 no zip", "can't be used"),
            (b"ID,Date\nANA,2025-11-01", "no workbook, though its name says so"),
        ):
            with self.subTest(content=content):
                wizard = self._look_at(content, "list.XLSX")
                self.assertIn(sentence, wizard.problem)
                self.assertFalse(wizard.row_count)
        wizard = self._look("ANA,2025-11-01,x", header="ID,Date,Presence")
        wizard.column_ids.meaning = "date"
        wizard.action_look_again()
        self.assertIn("hold the same", wizard.problem)
        wizard.column_ids.meaning = False
        wizard.action_look_again()
        self.assertIn("IDs of the persons", wizard.problem)

    def test_the_type_of_all_rows(self):
        wizard = self._look("ANA,2025-11-01", header="ID,Date")
        wizard.write({"type_id": self.training.id, "location_id": self.school.id})
        wizard.action_look_again()
        wizard.action_store()
        event = self._get_events()
        self.assertEqual(event.attendance_type_id, self.training)
        self.assertEqual(event.attendance_location_id, self.school)

    def test_a_template_is_read_back(self):
        wizard = self._look("ANA,2025-11-01,x,,,")
        action = wizard.action_download_template()
        self.assertIn("/template/", action["url"])
        table = open_table(b64decode(wizard.template), "attendance.xlsx")
        self.assertEqual(table.header[:4], ("ID", "Name", "Date", "Presence"))

    def test_a_class_sheet(self):
        household = self._create_household(self.ana)
        nobody = self._create_person(name="Nobody")
        cycle = self._create_cycle(
            self._create_program("group"),
            [household, self._create_household(self.ben, nobody)],
            attendance_source_id=self.files.id,
        )
        sheet = self.env["spp.attendance.class.sheet"].create(
            {
                "cycle_id": cycle.id,
                "type_id": self.lesson.id,
                "from_date": "2025-11-03",
                "to_date": "2025-11-05",
            }
        )
        sheet.action_make()
        self.assertIn("Persons: 2.", sheet.note)
        self.assertIn("the same as somebody else: 1.", sheet.note)
        table = open_table(b64decode(sheet.sheet), sheet.sheet_name)
        filled = []
        for _number, cells in table.rows():
            marks = ("x", "a", "") if cells[0] == "ANA" else ("", "", "x")
            filled.append([*cells[:4], *marks])
        content = write_table(table.header, filled)
        wizard = self._look_at(content, "class.xlsx")
        self.assertTrue(wizard.day_columns)
        wizard.action_store()
        self.assertEqual(
            self._get_counting(),
            [
                ("ANA", "2025-11-03", "present", "Lesson", ""),
                ("ANA", "2025-11-04", "absent", "Lesson", ""),
                ("BEN", "2025-11-05", "present", "Lesson", ""),
            ],
        )
        sheet.to_date = "2026-01-05"
        with self.assertRaisesRegex(UserError, "from 1 to 31 days"):
            sheet.action_make()

    def test_a_cycle_of_files(self):
        """Nobody is asked; who has no row has no data; another source's events don't count."""
        zoe = self._create_person("ZOE")
        cycle = self._create_cycle(
            registrants=[self.ana, self.ben, zoe], attendance_source_id=self.files.id
        )
        self._record(zoe, "2025-11-01")
        self._record(zoe, "2025-11-02")
        self._store("ANA,2025-11-01,x,,,", "ANA,2025-11-02,x,,,", "BEN,2025-11-01,x,,,")
        run = self._run(cycle)
        self.assertFalse(self.server.requests)
        statuses = {
            membership.partner_id: membership.attendance_status
            for membership in cycle.cycle_membership_ids
        }
        self.assertEqual(
            statuses, {self.ana: "compliant", self.ben: "non_compliant", zoe: "no_data"}
        )
        self.assertEqual(run.asked_count, 0)
        cycle.attendance_source_id = self.recorded
        self._run(cycle)
        membership = self._get_membership(cycle, zoe)
        self.assertEqual(membership.attendance_status, "compliant", "made by hand, but recorded")

    def test_who_shares_an_id_is_not_decided(self):
        """No file can tell which of the two it means: that is not absence."""
        twins = [self._create_person("TWIN") for _each in range(2)]
        cycle = self._create_cycle(
            registrants=[self.ana, *twins], attendance_source_id=self.files.id
        )
        self._store("ANA,2025-11-01,x,,,", "ANA,2025-11-02,x,,,")
        run = self._run(cycle)
        of_twins = run.line_ids.filtered(lambda line: line.partner_id in twins)
        self.assertEqual(set(of_twins.mapped("verdict")), {"undecided"})
        states = {self._get_membership(cycle, twin).state for twin in twins}
        self.assertEqual(states, {"enrolled"})
        sheets = self.env["spp.attendance.class.sheet"].with_context(default_cycle_id=cycle.id)
        sheet = sheets.create({})
        self.assertEqual(str(sheet.from_date), "2025-11-01")
        sheet.action_make()
        self.assertIn("the same as somebody else: 2.", sheet.note)

    def test_taking_back_leaves_the_files_own_figures(self):
        intake = self._store("ANA,2025-11-01,x,,,")
        stored_at = intake.answered_at
        intake._take_back("No")
        self.assertEqual(self._count(intake), (1, 0, 0, 0, 0))
        self.assertEqual((intake.answered_at, intake.is_done), (stored_at, True))

    def test_nothing_in_it(self):
        self.assertIn("nothing to store", self._look("").problem)

    def test_in_the_background(self):
        """Some persons by each job; what is half stored decides nothing."""
        cycle = self._create_cycle(registrants=[self.ana], attendance_source_id=self.files.id)
        waiting = self._get_run(cycle.action_preview_attendance())
        rows = [f"ANA,2025-11-{day:02},x,,," for day in range(1, 6)]
        intake = self._store_in_background(*rows, "BEN,2025-11-01,x,,,")
        self.assertEqual((intake.is_done, intake.progress), (False, 0))
        with self.assertRaisesRegex(UserError, "is being stored"):
            cycle.action_preview_attendance()
        companyless = self.env["res.company"]
        self.assertIn("is being stored", self.files._explain_unfinished_file(companyless))
        waiting._decide_to_apply("As agreed")
        self.assertEqual(waiting.state, "outdated")
        with patch.object(attendance_file, "PERSONS_AT_ONCE", 1):
            self.assertEqual(self._work(intake, 1), 1)
            self.assertEqual((intake.new_count, intake.progress), (5, 50))
            self.assertEqual(self._work(intake), 2)
        self.assertEqual((intake.is_done, intake.new_count, intake.progress), (True, 6, 100))
        self.assertEqual(len(self._get_counting()), 6)
        self._run(cycle)
        self.assertEqual(cycle.cycle_membership_ids.attendance_status, "compliant")

    def test_a_job_that_was_stopped(self):
        """It goes on from where it was, and undoes nothing that a later file said."""
        with patch.object(attendance_file, "PERSONS_AT_ONCE", 1):
            intake = self._store_in_background("ANA,2025-11-01,x,,,", "BEN,2025-11-01,x,,,")
            self._work(intake, 1)
            self.env["queue.job"].search([("state", "=", "pending")]).state = "cancelled"
            self._store("ANA,2025-11-01,absent,,,", "BEN,2025-11-01,absent,,,")
            intake.action_go_on()
            self._work(intake)
        self.assertTrue(intake.is_done)
        self.assertEqual({row[2] for row in self._get_counting()}, {"absent"})

    def test_a_remembered_column_is_not_all(self):
        """A presence column that comes later is read: absences are no presences."""
        self._store("ANA,2025-11-01", header="ID,Date")
        wizard = self._look("ANA,2025-11-02,absent", header="ID,Date,Presence")
        wizard.action_store()
        self.assertEqual(
            [row[1:3] for row in self._get_counting()],
            [("2025-11-01", "present"), ("2025-11-02", "absent")],
        )

    def test_files_are_stored_in_sources_of_files_only(self):
        for source in (self.source, self.recorded):
            with self.assertRaisesRegex(UserError, "Choose a source of files"):
                self._look("ANA,2025-11-01,x,,,", source_id=source.id)
        self.files.id_type_id = False
        with self.assertRaisesRegex(UserError, "by which type of ID"):
            self._look("ANA,2025-11-01,x,,,")

    def test_what_was_looked_at_is_what_is_stored(self):
        """Each case: what is changed after looking; nothing is stored, and it says so."""
        other = f"{HEADER}\nBEN,2025-11-02,absent,,,".encode()
        for change in (
            lambda wizard: wizard.write({"is_complete": True}),
            lambda wizard: wizard.write({"type_id": self.training.id}),
            lambda wizard: wizard.write({"file": b64encode(other)}),
            lambda wizard: wizard.column_ids.filtered(
                lambda column: column.meaning == "category"
            ).write({"meaning": False}),
        ):
            wizard = self._look("ANA,2025-11-01,absent,,,")
            change(wizard)
            self.assertEqual(wizard.action_store()["res_model"], wizard._name)
            self.assertIn("changed since you looked", wizard.problem)
            self.assertFalse(self._get_events())
