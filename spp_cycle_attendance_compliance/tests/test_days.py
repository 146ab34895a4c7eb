from datetime import date, timedelta

from lxml import html

from odoo.tests import tagged

from ..models.runs.counted_days import FREE, Record, fold, sum_up
from ..models.runs.free_days import FreeDays
from .common import FIRST, AttendanceCase

COUNTED = ("present", "excused", "absent", "unclear", "free")
KINDS = ("present", "excused", "absent", "unknown", FREE)


def day(number):
    return FIRST + timedelta(days=number - 1)


class DaysCase(AttendanceCase):
    """A cycle that counts what is recorded here in November and December 2025."""

    def setUp(self):
        super().setUp()
        reasons = self.env["spp.attendance.excuse.reason"]
        self.reason = reasons.create({"name": "Illness of the days"})
        self.school, self.health = self.env["spp.res.config.attendance.type"].create(
            [{"name": "School day"}, {"name": "Health visit"}]
        )
        self.ana = self._create_person(name="Ana", birthdate="2015-05-05")
        self.ben = self._create_person(name="Ben", birthdate="1985-05-05")

    def _create_cycle_of(self, *registrants, **vals):
        is_group = registrants[0].is_group
        conditions = [
            {"name": "School", "type_id": self.school.id, "over": "month", "required_number": 3},
            {
                "name": "Health",
                "type_id": self.health.id,
                "unit": "sessions",
                "required_number": 2,
                "sequence": 20,
            },
        ]
        for condition in conditions:
            condition |= {"about": "age", "age_from": 4, "age_to": 17}
        return self._create_cycle(
            self._create_program("group" if is_group else "individual"),
            registrants,
            attendance_source_id=self.recorded.id,
            to_date=date(2025, 12, 31),
            **{
                "attendance_condition_ids": [(0, 0, condition) for condition in conditions],
                **vals,
            },
        )

    def _come(self, number, category="present", kind=None, person=None, **vals):
        if category == "excused":
            vals["excuse_reason_id"] = self.reason.id
        kind = kind or self.school
        person = person or self.ana
        return self._record(person, day(number), category, attendance_type_id=kind.id, **vals)

    def _record_two_months(self):
        self._come(3)
        self._come(3, "absent", attendance_time="15:00")
        self._come(4, "absent")
        self._come(5, "excused")
        self._come(5, "unknown", attendance_time="15:00")
        self._come(6, "unknown")
        self._come(6, "absent", attendance_time="15:00")
        self._come(10, "absent")
        self._come(11, "unknown")
        self._come(12)
        self._come(33)
        self._come(34, "absent")
        self._come(7, kind=self.health)
        self._come(7, kind=self.health, attendance_time="15:00")
        self._come(8, "absent", kind=self.health)
        self._come(10, "absent", kind=self.health)

    def _waive(self, first, last, program):
        waiver = self.env["spp.attendance.waiver"].create(
            {
                "name": "Storm",
                "legal_basis": "Resolution 12",
                "program_id": program.id,
                "from_date": day(first),
                "to_date": day(last),
            }
        )
        waiver.action_approve()

    def _let_a_day_pass(self):
        """Make everything a day older that was recorded, changed or decided."""
        self.env.flush_all()
        for table, column in (
            ("spp_event_attendance", "create_date"),
            ("spp_event_attendance_change", "create_date"),
            ("spp_attendance_run", "decided_at"),
        ):
            self.env.cr.execute(f"UPDATE {table} SET {column} = {column} - interval '1 day'")
        self.env.invalidate_all()

    def _compare(self, line):
        """Hold the days of a verdict against its proof; return its cells by number and month."""
        records = line._get_counted_records(line)[line.partner_id.id]
        spans = {(span.number, str(span.month or "")): span for span in line.run_id._get_spans()}
        cells = line._get_cells()
        self.assertTrue(cells)
        for cell in cells:
            span = spans[cell.number, cell.month]
            found = sum_up(
                each
                for when, each in line._get_days_of(cell.number, records).items()
                if span.first <= when <= span.last
            )
            self.assertEqual(
                [found[kind] for kind in KINDS], [getattr(cell, name) for name in COUNTED], cell
            )
        return {(cell.number, cell.month): cell for cell in cells}

    def _get_tree(self, line):
        return html.fromstring(f"<div>{line.counted_days}</div>")

    def _get_titles(self, line):
        return [cell.get("title") for cell in self._get_tree(line).xpath("//td[@title]")]


@tagged("post_install", "-at_install")
class TestDays(DaysCase):
    def test_days_sum_up_to_the_proof(self):
        self._record_two_months()
        cycle = self._create_cycle_of(self.ana)
        self._waive(10, 11, cycle.program_id)
        line = self._run(cycle).line_ids
        cells = self._compare(line)
        self.assertEqual(cells[1, "2025-11-01"][2:7], (2, 1, 1, 1, 2))
        self.assertEqual(cells[1, "2025-12-01"][2:7], (1, 0, 1, 0, 0))
        self.assertEqual(cells[2, ""][2:7], (2, 0, 1, 0, 1))
        tree = self._get_tree(line)
        self.assertFalse(tree.xpath("//*[contains(@class, 'alert')]"))
        text = " ".join(tree.text_content().split())
        self.assertIn("November 2025 Present: 2 Excused: 1 Absent: 1 Unknown: 1", text)
        self.assertIn("Free days: Storm", text)
        # Both conditions, each with both months.
        self.assertEqual(len(tree.xpath("//table")), 4)
        titles = self._get_titles(line)
        for title in (
            "11/03/2025; Present",
            "11/05/2025; Excused",
            "11/06/2025; Unknown",
            "11/10/2025; Absent on a free day",
            "11/11/2025; Free day, nothing recorded",
        ):
            self.assertIn(title, titles)
        (signs,) = {
            " ".join(cell.text_content().split())
            for cell in tree.xpath("//td[@title='11/07/2025; Present']")
        }
        self.assertTrue(signs.startswith("7 ✓2"), signs)

    def test_what_changed_since_is_shown_as_it_was(self):
        present, absent = self._come(3), self._come(4, "absent")
        moved, withdrawn = self._come(5), self._come(6)
        retyped = self._come(12)
        cycle = self._create_cycle_of(self.ana)
        line = self._run(cycle).line_ids
        cells = self._compare(line)
        self._let_a_day_pass()
        present.attendance_category = "absent"
        absent._withdraw("As the teacher says")
        moved.attendance_date = date(2024, 1, 5)
        withdrawn._withdraw("As the teacher says")
        retyped.attendance_type_id = self.health
        self._come(9)
        self.assertEqual(self._compare(line), cells)
        self.assertEqual(cells[1, "2025-11-01"][2:7], (4, 0, 1, 0, 0))
        titles = self._get_titles(line)
        for number, category in ((3, "Present"), (4, "Absent"), (5, "Present"), (6, "Present")):
            self.assertIn(f"11/0{number}/2025; {category}; Changed since", titles)
        self.assertIn("11/12/2025; Present; Changed since", titles)
        self.assertIn("11/09/2025; Changed since", titles)
        # The next run counts it as it is now.
        now = self._run(cycle).line_ids
        self.assertEqual(self._compare(now)[1, "2025-11-01"][2:7], (1, 0, 1, 0, 0))

    def test_words_of_another_language_are_understood(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        event = self._come(3)
        line = self._run(self._create_cycle_of(self.ana)).line_ids
        self._let_a_day_pass()
        event.attendance_category = "absent"
        event.change_ids.sudo()._as_attendance_writer().write({"old_value": "présent ?"})
        self.assertTrue(self._get_tree(line).xpath("//*[contains(@class, 'alert')]"))
        selection = self.env["ir.model.fields.selection"].search(
            [
                ("field_id.model", "=", "spp.event.attendance"),
                ("field_id.name", "=", "attendance_category"),
                ("value", "=", "present"),
            ]
        )
        selection.with_context(lang="fr_FR").name = "présent ?"
        self.env.registry.clear_cache()
        self.assertFalse(self._get_tree(line).xpath("//*[contains(@class, 'alert')]"))

    def test_it_says_where_it_can_not_tell(self):
        event = self._come(3)
        line = self._run(self._create_cycle_of(self.ana)).line_ids
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE spp_event_attendance SET withdrawn = TRUE WHERE id = %s", [event.id]
        )
        self.env.invalidate_all()
        self.assertTrue(self._get_tree(line).xpath("//*[contains(@class, 'alert')]"))

    def test_a_household_shows_each_member_that_counts(self):
        family = self._create_household(self.ana, self.ben, name="Family")
        self._record_two_months()
        run = self._run(self._create_cycle_of(family))
        line = run.line_ids.filtered(lambda each: each.kind == "household")
        self.assertEqual(self._get_tree(line).xpath("//h4/text()"), ["Ana"])
        ben = run.line_ids.filtered(lambda each: each.partner_id == self.ben)
        text = self._get_tree(ben).text_content()
        self.assertIn("No condition is about this person, who is 40 years old", text)
        self.assertFalse(self._get_tree(ben).xpath("//table"))

    def test_who_was_not_found_has_no_days(self):
        nobody = self._create_person("NID9")
        cycle = self._create_cycle(registrants=[nobody])
        self._record(nobody, day(3))
        line = self._run(cycle).line_ids
        self.assertEqual(line._get_counted_records(line)[nobody.id], [])
        self._compare(line)

    def test_weeks_begin_as_the_reader_is_used_to(self):
        self._come(3)
        line = self._run(self._create_cycle_of(self.ana)).line_ids
        lang = self.env["res.lang"].search([("code", "=", "en_US")])
        for start, weekday, blank in (("7", "Sunday", 6), ("1", "Monday", 5), ("6", "Saturday", 0)):
            lang.week_start = start
            self.env.invalidate_all()
            tree = self._get_tree(line)
            table = tree.xpath("//table")[0]
            self.assertEqual(table.xpath(".//th[@scope]")[0].get("title"), weekday)
            # 1 November 2025 is a Saturday.
            week = table.xpath(".//tbody/tr")[0].xpath("td")
            self.assertEqual((len(week), week[blank].text_content().split()[0]), (7, "1"))

    def test_all_attendance_so_far_shows_months_with_something_only(self):
        self._come(3)
        self._come(70)
        cycle = self._create_cycle_of(
            self.ana,
            attendance_period="all",
            attendance_condition_ids=[(0, 0, {"about": "everybody", "required_number": 1})],
        )
        line = self._run(cycle).line_ids
        tree = self._get_tree(line)
        titles = {each.text_content().strip() for each in tree.xpath("//th[@colspan]")}
        self.assertIn("January 2026", titles)
        self.assertEqual(len(titles), 2)
        self._compare(line)

    def test_from_an_attendance_to_the_verdicts_that_counted_it(self):
        school, health = self._come(3), self._come(7, kind=self.health)
        cycle = self._create_cycle_of(
            self.ana,
            attendance_condition_ids=[
                (0, 0, {"about": "everybody", "type_id": self.school.id, "required_number": 1})
            ],
        )
        line = self._run(cycle).line_ids
        self._let_a_day_pass()
        late = self._come(8)
        self.assertEqual(school._get_verdicts_that_counted(), line)
        self.assertFalse(health._get_verdicts_that_counted())
        self.assertFalse(late._get_verdicts_that_counted())
        school._withdraw("As the teacher says")
        self.assertEqual(school._get_verdicts_that_counted(), line)
        action = school.action_open_attendance_verdicts()
        self.assertEqual(self.env[action["res_model"]].search(action["domain"]), line)

    def test_the_list_has_the_same_days(self):
        self._record_two_months()
        outside = self._come(80)
        line = self._run(self._create_cycle_of(self.ana)).line_ids
        action = line.action_open_day_events()
        events = self.env["spp.event.attendance"].search(action["domain"])
        self.assertEqual(events, self.ana.attendance_ids - outside)


class TestFold(AttendanceCase):
    def test_a_day_counts_as_its_best_record(self):
        for categories, kind in (
            (("absent", "present", "unknown"), "present"),
            (("absent", "unknown", "excused"), "excused"),
            (("absent", "unknown"), "unknown"),
            (("absent", "absent"), "absent"),
        ):
            records = [Record(FIRST, category) for category in categories]
            (found,) = fold(records, True, []).values()
            self.assertEqual(found.counts, {kind: 1})
            (found,) = fold(records, False, []).values()
            self.assertEqual(sum(found.counts.values()), len(categories))

    def test_only_absences_and_unknown_ones_are_free(self):
        free = [FreeDays(FIRST, FIRST, "Storm")]
        for category, kind in (
            ("present", "present"),
            ("excused", "excused"),
            ("absent", FREE),
            ("unknown", FREE),
        ):
            (found,) = fold([Record(FIRST, category)], True, free).values()
            self.assertEqual((found.counts, found.is_free), ({kind: 1}, True))

    def test_what_did_not_count_is_only_marked(self):
        (found,) = fold([Record(FIRST, "present", None, None, False, True)], True, []).values()
        self.assertEqual((found.counts, found.changed), ({}, True))
