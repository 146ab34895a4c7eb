import io
from base64 import b64decode
from unittest.mock import patch

from openpyxl import load_workbook

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools.translate import code_translations

from .common import FIRST, AttendanceCase, TwoPersonsCase, days

PRINTS = "odoo.addons.spp_cycle_attendance_compliance.wizards.print_attendance"
LETTERS = "odoo.addons.spp_cycle_attendance_compliance.models.memberships.attendance_letter"
REPORTS = "spp_cycle_attendance_compliance.%s"
VALIDATOR = "g2p_programs.g2p_program_validator"
MANAGER = "g2p_programs.g2p_program_manager"
REGISTRAR = "g2p_registry_base.group_g2p_registrar"


class PrintCase(AttendanceCase):
    def _open(self, run=None, cycle=None, user=None, **vals):
        vals = {"cycle_id": (cycle or run.cycle_id).id, **vals}
        dialogs = self.env["spp.attendance.print"].with_user(user or self.env.user)
        return dialogs.create({**vals, "run_id": run.id} if run else vals)

    def _show(self, name, records, user=None, **context):
        """Return a report as the text of its HTML."""
        # As in a request of its own: what is in memory is not asked for again.
        self.env.flush_all()
        self.env.invalidate_all()
        reports = self.env["ir.actions.report"].with_user(user or self.env.user)
        reports = reports.with_context(**context)
        return reports._render_qweb_html(REPORTS % name, records.ids)[0].decode()

    def _hand_over(self, name, records, user=None):
        """Return what `_show` does, of a PDF: in tests Odoo makes none, but the same HTML."""
        self.env.flush_all()
        self.env.invalidate_all()
        reports = self.env["ir.actions.report"].with_user(user or self.env.user)
        return reports._render_qweb_pdf(REPORTS % name, records.ids)[0].decode()

    def _print(self, dialog):
        action = dialog.action_print()
        self.assertEqual(action["type"], "ir.actions.report")
        name = action["report_name"].partition(".")[2]
        return self._hand_over(name, dialog, dialog.env.user)

    def _read(self, dialog):
        """Return the rows of the XLSX."""
        dialog.action_print()
        book = load_workbook(io.BytesIO(b64decode(dialog.sheet)))
        return [list(row) for row in book.worksheets[0].iter_rows(values_only=True)]


@tagged("post_install", "-at_install")
class TestVerdictLists(PrintCase, TwoPersonsCase):
    def test_list_of_a_run(self):
        run = self._run(self.cycle)
        shown = self._print(self._open(run))
        for told in (
            self.cycle.program_id.name,
            self.cycle.name,
            "At least 2 days",
            self.env.user.name,
            "✓\N{NO-BREAK SPACE}Compliant",
            "✕\N{NO-BREAK SPACE}Non-Compliant",
            "1 day (2 needed)",
            ">ANA<",
        ):
            self.assertIn(told, shown)
        self.assertLess(shown.index("Person ANA"), shown.index("Person BEN"))
        failing = self._print(self._open(run, which="failing"))
        self.assertIn("Person BEN", failing)
        self.assertNotIn("Person ANA", failing)

    def test_who_loses_by_no_data_is_among_those_who_failed(self):
        eva = self._create_person("EVA")
        self._create_membership(self.cycle, eva)
        run = self._run(self.cycle)
        if run.state == "waiting":
            run._decide_to_apply("As it is")
        eva_in = self._get_membership(self.cycle, eva)
        self.assertEqual((eva_in.attendance_status, eva_in.state), ("no_data", "non_compliant"))
        for dialog in (
            self._open(run, which="failing", content="xlsx"),
            self._open(cycle=self.cycle, which="failing", content="xlsx"),
        ):
            names = [row[1] for row in self._read(dialog)[1:]]
            self.assertEqual(names, ["Person BEN", "Person EVA"])
        letters = self._open(cycle=self.cycle, which="failing", content="letters")
        letters.action_print()
        self.assertEqual(len(letters.letter_numbers), 2)

    def test_what_stands_on_it_is_translated_as_sentences(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        terms = {
            "Printed on %(at)s by %(name)s.": "%(name)s a imprimé ceci le %(at)s.",
            "Attendance Verdicts: %(place)s": "%(place)s : décisions",
        }
        known = {("spp_cycle_attendance_compliance", "fr_FR"): terms}
        dialog = self._open(self._run(self.cycle), grouped_by="location")
        with patch.dict(code_translations.python_translations, known):
            shown = self._show("verdict_list", dialog, lang="fr_FR")
        self.assertIn(f"{self.env.user.name} a imprimé ceci le ", shown)
        self.assertIn("No location known : décisions", shown)

    def test_ids_are_for_who_may_read_them(self):
        run = self._run(self.cycle)
        manager = self._create_user("attendance_print_manager", MANAGER)
        validator = self._create_user("attendance_print_validator", VALIDATOR)
        rows = self._read(self._open(run, user=manager, content="xlsx"))
        self.assertEqual(rows[0][:2], ["ID", "Name"])
        self.assertEqual(rows[1][:2], ["ANA", "Person ANA"])
        rows = self._read(self._open(run, user=validator, content="xlsx"))
        self.assertEqual(rows[0], ["Name", "Attended", "Verdict", "Membership", "Reason"])
        self.assertEqual(rows[2][:4], ["Person BEN", 1, "Non-Compliant", "Non-Compliant"])
        shown = self._print(self._open(run, user=validator))
        self.assertIn("Person BEN", shown)
        self.assertNotIn(">BEN<", shown)

    def test_who_may_not_read_verdicts_prints_none(self):
        run = self._run(self.cycle)
        registrar = self._create_user("attendance_print_registrar", REGISTRAR)
        with self.assertRaises(AccessError):
            self._open(run, user=registrar)
        with self.assertRaises(AccessError):
            self._show("verdict_list", self._open(run), registrar)
        manager = self._create_user("attendance_print_manager", MANAGER)
        with self.assertRaises(AccessError):
            self._show("verdict_list", self._open(run), manager)

    def test_list_of_a_cycle_tells_what_stands(self):
        first = self._run(self.cycle)
        self._override(self.ben_in, "compliant")
        self._preview()
        shown = self._print(self._open(cycle=self.cycle))
        self.assertIn("O\N{NO-BREAK SPACE}Overridden", shown)
        self.assertIn("As I say", shown)
        self.assertNotIn("1 day (2 needed)", shown)
        # The run's own list tells what the run decided.
        shown = self._print(self._open(first))
        self.assertIn("1 day (2 needed)", shown)
        self.assertNotIn("Overridden", shown)
        with self.assertRaisesRegex(UserError, "nothing to print"):
            self._open(cycle=self.cycle, which="failing").action_print()

    def test_verdicts_of_several_runs(self):
        carl = self._create_membership(self.cycle, self._create_person("CARL"))
        first = self._run(self.cycle)
        self.assertNotIn("earlier run", self._print(self._open(cycle=self.cycle)))
        self.ben_in.state = "paused"
        self.cycle.required_number_of_attendance = 1
        self._run(self.cycle)
        shown = self._print(self._open(cycle=self.cycle))
        self.assertIn("1 of these verdicts is by an earlier run, and its criteria.", shown)
        carl.state = "paused"
        self._run(self.cycle)
        shown = self._print(self._open(cycle=self.cycle))
        self.assertIn("2 of these verdicts are by earlier runs, and their criteria.", shown)
        self.assertNotIn("earlier run", self._print(self._open(first)))

    def test_who_was_overridden_to_be_refused_is_among_the_failing(self):
        self._run(self.cycle)
        self._override(self.ana_in, "non_compliant")
        rows = self._read(self._open(cycle=self.cycle, content="xlsx", which="failing"))
        self.assertEqual([row[1] for row in rows[1:]], ["Person ANA", "Person BEN"])

    def test_a_big_list_is_no_pdf(self):
        run = self._run(self.cycle)
        with patch(f"{PRINTS}.MOST_IN_PDF", 1):
            dialog = self._open(run)
            with self.assertRaisesRegex(UserError, "more verdicts than a PDF takes: 1 at"):
                dialog.action_print()
            with self.assertRaisesRegex(UserError, "at most"):
                self._show("verdict_list", dialog)
            dialog.which = "failing"
            self.assertIn("Person BEN", self._print(dialog))
        with (
            patch(f"{PRINTS}.MOST_IN_XLSX", 1),
            self.assertRaisesRegex(UserError, "more verdicts than an XLSX takes: 1"),
        ):
            self._open(run, content="xlsx").action_print()

    def test_a_big_list_is_refused_before_it_is_read(self):
        dialog = self._open(self._run(self.cycle))
        letters = self._open(dialog.run_id, content="letters")
        with (
            patch(f"{PRINTS}.MOST_IN_PDF", 1),
            patch(f"{LETTERS}.MOST_LETTERS", 1),
            patch.object(type(dialog), "_find_groups") as find_groups,
        ):
            for each in (dialog, letters):
                with self.assertRaisesRegex(UserError, "at most"):
                    each.action_print()
            with self.assertRaisesRegex(UserError, "at most"):
                dialog._get_pdf_groups()
        find_groups.assert_not_called()

    def test_xlsx_in_pieces_and_without_formulas(self):
        self.ben.name = "=1+1"
        run = self._run(self.cycle)
        dialog = self._open(run, content="xlsx")
        with patch(f"{PRINTS}.READ_SIZE", 1):
            rows = self._read(dialog)
        self.assertEqual(len(rows), 3)
        book = load_workbook(io.BytesIO(b64decode(dialog.sheet)))
        cell = next(cell for row in book.worksheets[0] for cell in row if cell.value == "=1+1")
        self.assertEqual(cell.data_type, "s")
        self.assertEqual(
            dialog.sheet_name, f"Verdicts, {self.cycle.program_id.name}, {self.cycle.name}.xlsx"
        )

    def test_a_list_of_another_choice_is_not_ready(self):
        dialog = self._open(self._run(self.cycle), content="xlsx")
        for name, value in (("content", "letters"), ("which", "failing"), ("grouped_by", "area")):
            with self.subTest(name=name):
                dialog.write({"content": "xlsx", "which": "all", "grouped_by": False})
                dialog.action_print()
                with Form(dialog) as form:
                    setattr(form, name, value)
                    self.assertFalse(form.sheet_name)
                self.assertFalse(dialog.sheet_name)

    def test_by_location_where_they_were_last(self):
        places = self.env["spp.res.config.attendance.location"].create(
            [{"name": name, "source_id": self.recorded.id} for name in ("Hill School", "Lake")]
        )
        for person, day, place in (
            (self.ben, "2025-11-01", places[0]),
            (self.ben, "2025-11-02", places[1]),
            (self.ben, "2026-01-02", places[0]),  # after the days that count
        ):
            self._record(person, day, attendance_location_id=place.id)
        run = self._run(self.cycle)
        # What came later is not what was decided by, and not what the overview counts.
        self._record(self.ben, "2025-11-03", attendance_location_id=places[0].id)
        self._record(self.ana, "2025-11-03", attendance_location_id=places[0].id)
        rows = self._read(self._open(run, content="xlsx", grouped_by="location"))
        self.assertEqual(
            [row[1:3] for row in rows],
            [
                ["Name", "School or other location"],
                ["Person BEN", "Lake"],
                ["Person ANA", "No location known"],
            ],
        )
        rows = self._read(self._open(run, content="xlsx", location_id=places[1].id))
        self.assertEqual([row[1] for row in rows[1:]], ["Person BEN"])
        with self.assertRaisesRegex(UserError, "nothing to print"):
            self._open(run, content="xlsx", location_id=places[0].id).action_print()

    def test_by_area(self):
        kind = self.env["spp.area.kind"].create({"name": "Village"})
        areas = self.env["spp.area"].create({"draft_name": "North", "kind": kind.id})
        self.ana.area_id = areas
        run = self._run(self.cycle)
        shown = self._print(self._open(run, grouped_by="area"))
        self.assertLess(shown.index("North"), shown.index("No area known"))
        self.assertEqual(shown.count("page-break-before"), 1)
        self.assertNotIn("Person BEN", self._print(self._open(run, area_id=areas.id)))
        # Who moves has lived there when it was decided.
        self.ana.area_id, self.ben.area_id = False, areas
        shown = self._print(self._open(run, grouped_by="area"))
        self.assertLess(shown.index("Person ANA"), shown.index("No area known"))
        self.assertIn("Person ANA", self._print(self._open(run, area_id=areas.id)))
        # Runs from before their lines kept the area.
        self.cr.execute("UPDATE spp_attendance_run_line SET area_id = NULL")
        self.env.invalidate_all()
        shown = self._print(self._open(run, grouped_by="area"))
        self.assertNotIn("North", shown)
        self.assertIn("No area known", shown)


@tagged("post_install", "-at_install")
class TestHouseholdLists(PrintCase):
    def setUp(self):
        super().setUp()
        self.ana, self.ben = self._create_person("ANA"), self._create_person("BEN")
        self.server.people.update(ANA=days(1, 1, 2), BEN=days(11, 1))
        self.household = self._create_household(self.ana, self.ben, name="Family Lopez")
        program = self._create_program("group")
        self.cycle = self._create_cycle(program, [self.household], household_rule="all")
        self.run_of_both = self._run(self.cycle)

    def test_households_with_members_who_met(self):
        rows = self._read(self._open(self.run_of_both, content="xlsx"))
        self.assertEqual(rows[0][2:4], ["Members Who Met", "Members that Count"])
        self.assertEqual(rows[0][4:], ["Verdict", "Membership", "Reason"])
        self.assertEqual(rows[1][:5], ["ANA, BEN", "Family Lopez", 1, 2, "Non-Compliant"])
        self.assertIn(">1 of 2<", self._print(self._open(self.run_of_both)))

    def test_members_by_location(self):
        place = self.env["spp.res.config.attendance.location"].create(
            {"name": "Hill School", "source_id": self.recorded.id}
        )
        self._record(self.ana, FIRST, attendance_location_id=place.id)
        dialog = self._open(self._run(self.cycle), content="xlsx", grouped_by="location")
        rows = self._read(dialog)
        self.assertEqual(rows[0][2:5], ["School or other location", "Household", "Attended"])
        self.assertEqual(
            [row[:6] for row in rows[1:]],
            [
                ["ANA", "Person ANA", "Hill School", "Family Lopez", 2, "Compliant"],
                ["BEN", "Person BEN", "No location known", "Family Lopez", 1, "Non-Compliant"],
            ],
        )

    def test_a_cycle_of_which_no_run_stands(self):
        self.run_of_both._take_back("No")
        for vals in ({"grouped_by": "location"}, {"grouped_by": "area"}, {}):
            with self.subTest(vals), self.assertRaisesRegex(UserError, "no such verdict"):
                self._open(cycle=self.cycle, content="xlsx", **vals).action_print()

    def test_only_members_who_failed_are_among_the_failing(self):
        dialog = self._open(self.run_of_both, content="xlsx", grouped_by="location")
        dialog.which = "failing"
        self.assertEqual([row[1] for row in self._read(dialog)[1:]], ["Person BEN"])

    def test_members_of_an_overridden_household(self):
        membership = self._get_membership(self.cycle, self.household)
        overrides = self.env["spp.attendance.override"]
        vals = {"cycle_membership_id": membership.id, "reason": "Was ill"}
        override = overrides.create({**vals, "verdict": "compliant"})
        dialog = self._open(cycle=self.cycle, content="xlsx", grouped_by="location")
        for row in self._read(dialog)[1:]:
            self.assertEqual(row[5], "Overridden")
            self.assertIn("Was ill", row[6])
        # The run's own list tells what the run found of each; one after it, that it left them.
        dialog = self._open(self.run_of_both, content="xlsx", grouped_by="location")
        self.assertEqual([row[5] for row in self._read(dialog)[1:]], ["Compliant", "Non-Compliant"])
        dialog = self._open(self._run(self.cycle), content="xlsx", grouped_by="location")
        self.assertEqual([row[5] for row in self._read(dialog)[1:]], ["Overridden"] * 2)
        override._lift("Not ill")
        overrides.create({**vals, "verdict": "non_compliant"})
        dialog = self._open(
            cycle=self.cycle, content="xlsx", grouped_by="location", which="failing"
        )
        self.assertEqual([row[1] for row in self._read(dialog)[1:]], ["Person BEN"])

    def test_each_value_stands_under_its_title(self):
        for grouped_by in (False, "area", "location"):
            for content in ("pdf", "xlsx"):
                with self.subTest(grouped_by=grouped_by, content=content):
                    dialog = self._open(self.run_of_both, content=content, grouped_by=grouped_by)
                    titles, groups = dialog._get_titles(), dialog._find_groups()
                    if content == "xlsx":
                        rows = list(dialog._get_all_rows(groups))
                    else:
                        rows = [row for _name, some in dialog._get_pdf_groups() for row in some]
                    self.assertTrue(rows)
                    self.assertEqual({len(row) for row in rows}, {len(titles)})

    def test_letter_tells_of_the_familys_own_members(self):
        stranger = self._create_household(self._create_person("CARL"), name="Family Other")
        self._create_membership(self.cycle, stranger)
        self._run(self.cycle)
        membership = self._get_membership(self.cycle, self.household)
        action = membership.action_print_attendance_letter()
        line = self.env["spp.attendance.run.line"].browse(action["context"]["active_ids"])
        shown = self._show("attendance_letter", line)
        came = "Came on 1 day; the program asks for 2 days"
        for told in ("Family Lopez", "Person ANA", "Person BEN", came):
            self.assertIn(told, shown)
        self.assertIn("Your family did not do all that the program asks for.", shown)
        self.assertIn("For this cycle your family gets no support.", shown)
        self.assertNotIn("CARL", shown)
