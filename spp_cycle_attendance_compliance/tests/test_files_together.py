from base64 import b64decode, b64encode
from random import Random
from runpy import run_path

from odoo.exceptions import AccessError, UserError
from odoo.release import series
from odoo.tests import tagged
from odoo.tools.misc import file_path

from .file_common import REGISTRAR, FileCase

ADDON = "spp_cycle_attendance_compliance"


@tagged("post_install", "-at_install")
class TestFilesTogether(FileCase):
    """What several files say of the same, and what is left when one is taken back."""

    def test_taking_a_file_back(self):
        """Each case: files, of which the second is taken back; what counts then.

        As if it had never been there: what the first and the third say.
        """
        one = "ANA,2025-11-01,x,Lesson,,"
        absent = "ANA,2025-11-01,a,Lesson,,"
        two = "ANA,2025-11-02,x,Lesson,,"
        three = "ANA,2025-11-03,a,Lesson,,"
        is_three = ("ANA", "2025-11-03", "absent", "Lesson", "")
        is_one = ("ANA", "2025-11-01", "present", "Lesson", "")
        is_absent = ("ANA", "2025-11-01", "absent", "Lesson", "")
        is_two = ("ANA", "2025-11-02", "present", "Lesson", "")
        both = [one, "BEN,2025-11-01,x,Lesson,,"]
        is_ben = ("BEN", "2025-11-01", "present", "Lesson", "")
        for first, second, third, counting in (
            (both, [absent], ["complete", one, three], [is_one, is_three, is_ben]),
            ([one], [two], [], [is_one]),
            ([], [one, two], [], []),
            ([one], [absent], [], [is_one]),
            ([one], [absent], [absent], [is_absent]),
            ([absent], [one], [two], [is_absent, is_two]),
            ([], [one], [one], [is_one]),
            ([], [one], [absent], [is_absent]),
            ([one, two], ["complete", one], [], [is_one, is_two]),
            ([one, two], ["complete", one, three], [], [is_one, is_two]),
            ([one, two], ["complete", one, three], ["complete", one, three], [is_one, is_three]),
            ([], [one, two, three], ["complete", one, three], [is_one, is_three]),
            ([], [two], ["complete", one, three], [is_one, is_three]),
            ([two], [three], ["complete", one, three], [is_one, is_three]),
        ):
            with self.subTest(first=first, second=second, third=third):
                savepoint = self.env.cr.savepoint().__enter__()
                for number, rows in enumerate((first, second, third)):
                    complete = rows[:1] == ["complete"]
                    intake = rows and self._store(*rows[complete:], is_complete=complete)
                    if number == 1:
                        taken = intake
                action = taken.action_take_back()
                self.env[action["res_model"]].with_context(**action["context"]).create(
                    {"reason": "Of another school"}
                ).action_confirm()
                self.assertEqual(self._get_counting(), counting)
                self.assertEqual(taken.taken_back_reason, "Of another school")
                with self.assertRaisesRegex(UserError, "not taken back yet"):
                    taken.action_take_back()
                savepoint.rollback()
                self.env.invalidate_all()

    def test_taking_back_in_any_order(self):
        """After each, what counts is what those that are left say: as if stored alone."""
        random = Random(5)
        for number in range(8):
            files = []
            for _each in range(4):
                rows = {
                    f"{who},2025-11-0{day},{random.choice('xa')},Lesson,,"
                    for who in random.sample(["ANA", "BEN"], random.randint(1, 2))
                    for day in random.sample(range(1, 5), random.randint(1, 3))
                }
                files.append((sorted(rows), random.random() < 0.4))
            order = random.sample(range(4), 4)
            with self.subTest(number=number, files=files, order=order):
                savepoint = self.env.cr.savepoint().__enter__()
                intakes = [self._store(*rows, is_complete=full) for rows, full in files]
                left = set(range(4))
                for taken in order:
                    intakes[taken]._take_back("No")
                    left.discard(taken)
                    self.assertEqual(
                        sorted(self._get_counting()), self._get_alone(files, sorted(left))
                    )
                savepoint.rollback()
                self.env.invalidate_all()

    @staticmethod
    def _get_alone(files, numbers):
        """Return what some files say, by the rules: the last one that says something is right."""
        counts = {}
        for number in numbers:
            rows, full = files[number]
            said = {tuple(row.split(",")[:2]): row.split(",")[2] for row in rows}
            if full:
                days = [day for _who, day in said]
                persons = {who for who, _day in said}
                for who, day in list(counts):
                    if who in persons and min(days) <= day <= max(days):
                        del counts[who, day]
            counts.update(said)
        words = {"x": "present", "a": "absent"}
        return sorted((who, day, words[mark], "Lesson", "") for (who, day), mark in counts.items())

    def test_taking_back_asks_no_registry(self):
        """What a file said stays said, though an ID, a person or a type was changed since."""
        self._store("ANA,2025-11-01,x,Lesson,,", "BEN,2025-11-01,x,Lesson,,")
        wrong = self._store("ANA,2025-11-01,a,Lesson,,", "BEN,2025-11-01,a,Lesson,,")
        self.ana.reg_ids.value = "RENEWED"
        self.ben.active = False
        self.lesson.name = "Class"
        wrong._take_back("Of another school")
        self.assertEqual([row[2] for row in self._get_counting()], ["present", "present"])

    def test_another_companys_file_is_not_taken_back(self):
        other = self.env["res.company"].create({"name": "Another Agency"})
        stranger = self._create_user(
            "file_stranger", REGISTRAR, company_id=other.id, company_ids=[(6, 0, other.ids)]
        )
        intake = self._store("ANA,2025-11-01,x,,,")
        dialog = (
            self.env["spp.attendance.take.back"]
            .with_user(stranger)
            .create({"intake_id": intake.id, "reason": "x"})
        )
        with self.assertRaisesRegex(AccessError, "another company"):
            dialog.action_confirm()
        with self.assertRaisesRegex(AccessError, "another company"):
            intake.with_user(stranger).action_go_on()

    def test_merged_persons(self):
        """What both have in one lesson counts once; a later file finds it."""
        self._store("ANA,2025-11-01,x,Lesson,,", "BEN,2025-11-01,x,Lesson,,", "BEN,2025-11-02,x,,,")
        merging = self.env["base.partner.merge.automatic.wizard"].create({})
        merging._merge((self.ana + self.ben).ids, self.ana)
        self.assertEqual([row[1] for row in self._get_counting()], ["2025-11-01", "2025-11-02"])
        self.assertEqual(len(self._get_events()), 3, "nothing is lost")
        intake = self._store("ANA,2025-11-01,x,Lesson,,", "ANA,2025-11-02,x,,,")
        self.assertEqual(self._count(intake), (0, 0, 0, 0, 0))

    def test_access(self):
        registrar = self._create_user("file_registrar", REGISTRAR)
        validator = self._create_user("file_validator", "g2p_programs.g2p_program_validator")
        wizards = self.env["spp.upload.attendance"]
        vals = {
            "source_id": self.files.id,
            "file": b64encode(b"ID,Date\nANA,2025-11-01"),
            "file_name": "list.csv",
        }
        wizard = wizards.with_user(registrar).create(vals)
        wizard.action_look()
        intake = self._get_intake(wizard.action_store())
        self.assertEqual(intake.user_id, registrar)
        self.assertTrue(intake.with_user(registrar).file)
        with self.assertRaises(AccessError):
            wizards.with_user(validator).create(vals)
        with self.assertRaises(AccessError):
            intake.with_user(validator).read(["file"])
        self.assertTrue(intake.with_user(validator).read(["file_name"]))
        event = self._get_events().with_user(registrar)
        with self.assertRaisesRegex(UserError, "can't be changed here"):
            event.attendance_category = "absent"

    def test_files_are_no_attachments(self):
        """Whoever reads a record reads its attachments on Odoo 17, whatever the field's groups."""
        binaries = [
            field
            for name, model in self.env.items()
            if name.startswith("spp.") and not model._abstract
            for field in model._fields.values()
            if field.type == "binary" and ADDON in field._modules
        ]
        self.assertIn("spp.attendance.intake.file", map(str, binaries))
        self.assertFalse([str(field) for field in binaries if field.attachment])

    def test_files_that_were_attachments(self):
        """An upgrade moves them to their intakes; one that the filestore has lost stays."""
        kept, lost = (self._store(f"ANA,2025-11-0{day},x,Lesson,,") for day in (1, 2))
        self.env.cr.execute("UPDATE spp_attendance_intake SET file = NULL")
        (kept + lost).invalidate_recordset()
        attachments = self.env["ir.attachment"].create(
            [
                {"name": "file", "res_model": kept._name, "res_field": "file", "res_id": intake.id}
                for intake in (kept, lost)
            ]
        )
        attachments[0].raw = b"ID,Date\nANA,2025-11-01"
        script = f"{ADDON}/migrations/{series}.2.7.0/post-migration.py"
        with self.assertLogs(level="WARNING") as logs:
            run_path(file_path(script))["migrate"](self.env.cr, f"{series}.2.6.0")
        self.env.invalidate_all()
        self.assertEqual(b64decode(kept.file), b"ID,Date\nANA,2025-11-01")
        self.assertFalse(lost.file)
        self.assertEqual(attachments.exists(), attachments[1])
        self.assertIn(f"intake {lost.id} is missing", logs.output[0])

    def test_any_split_order_repetition_and_correction(self):
        """They end in the same events as the one right file."""
        random = Random(12)
        people = [self._create_person(f"R{number}") for number in range(4)]
        self.assertTrue(people)
        for round_number in range(12):
            right = {
                (f"R{random.randrange(4)}", f"2025-11-{random.randint(1, 9):02}", kind): word
                for kind in ("Lesson", "Training")
                for word in ("present", "absent", "?")
                for _each in range(random.randint(0, 5))
            }
            with self.subTest(round=round_number), self.env.cr.savepoint() as savepoint:
                parts = self._split(random, right)
                for part in parts:
                    self._store(*part)
                scattered = sorted(self._get_counting())
                savepoint.rollback()
                self.env.invalidate_all()
            with self.env.cr.savepoint() as savepoint:
                if right:
                    self._store(*self._write(right.items()))
                self.assertEqual(scattered, sorted(self._get_counting()))
                savepoint.rollback()
                self.env.invalidate_all()

    @staticmethod
    def _write(items):
        return [f"{who},{day},{word},{kind},," for (who, day, kind), word in items]

    def _split(self, random, right):
        """Deal rows to some files, wrong ones before, and right ones again."""
        items = list(right.items())
        wrong = [(key, random.choice(("present", "absent", "?"))) for key in right]
        random.shuffle(wrong)
        random.shuffle(items)
        parts = [wrong[: len(wrong) // 2], items[: len(items) // 3], items[len(items) // 3 :]]
        parts.append(random.sample(items, len(items) // 2) * 2)
        return [self._write(part) for part in parts if part]
