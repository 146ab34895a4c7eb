from datetime import date, timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import FIRST, AttendanceCase, days

MANAGER = "g2p_programs.g2p_program_manager"
VALIDATOR = "g2p_programs.g2p_program_validator"
READER = "spp_cycle_attendance_compliance.group_attendance_reader"
REGISTRAR = "g2p_registry_base.group_g2p_registrar"


class ProblemCase(AttendanceCase):
    """Ana came, Ben has no ID, Eva is not known to the server."""

    def setUp(self):
        super().setUp()
        self.ana, self.eva = self._create_person("ANA"), self._create_person("EVA")
        self.ben = self._create_person(name="Ben")
        self.server.people["ANA"] = days(1, 1, 2)
        self.cycle = self._create_cycle(
            registrants=[self.ana, self.ben, self.eva], no_data_rule="keep"
        )

    def _get_problems(self, run):
        """Return the problems of a run by the person's or household's name."""
        lines = self.env["spp.attendance.run.line"].search(run.action_open_exceptions()["domain"])
        return {line.partner_id.name: line.problem for line in lines}

    def _get_line(self, run, partner):
        return run.line_ids.filtered(lambda line: line.partner_id == partner and line.problem)

    def _assign(self, lines, user, note="Please"):
        self._step(lines, "assign", user_id=user.id, note=note, deadline=date(2026, 1, 31))

    def _close(self, lines, note="Was seen to"):
        self._step(lines, "close", note=note)

    def _step(self, lines, step, **vals):
        action = getattr(lines, f"action_{step}_problem")()
        steps = self.env[action["res_model"]].with_env(lines.env)
        steps.with_context(**action["context"]).create(vals).action_confirm()


@tagged("post_install", "-at_install")
class TestProblems(ProblemCase):
    """What a run finds wrong with whom, and what it says is to be done."""

    def test_what_is_wrong_and_what_to_do(self):
        first, second = self._create_person("TWIN"), self._create_person("TWIN")
        spoiled, late = self._create_person("SPOILED"), self._create_person("LATE")
        self.server.people["SPOILED"] = [
            *days(200, 1, 2),
            {**days(210, 3)[0], "date": "2025-11-1x"},
        ]
        self.server.people["LATE"] = days(31, 1, 2)
        self.server.people["LATE"][1]["attendance_category"] = "late"
        for person in (first, second, spoiled, late):
            self._create_membership(self.cycle, person)
        run = self._run(self.cycle)
        cases = (
            (self.ben, "no_identifier", f"Enter an ID of the type {self.id_type.name}"),
            (self.eva, "unknown", "Compare the ID"),
            (first, "shared_identifier", f"Has the same ID as {second.name}: correct one"),
            (spoiled, "undated", "without a readable day"),
            (late, "unclear", "on the days that are unknown"),
        )
        for person, problem, to_do in cases:
            with self.subTest(problem):
                line = self._get_line(run, person)
                self.assertEqual(line.problem, problem)
                self.assertIn(to_do, line.problem_to_do)
        self.assertFalse(self._get_line(run, self.ana))
        self.assertEqual(run.exception_count, 6)

    def test_each_problem_once(self):
        """Of a household only the member who has it; the household's own is one, too."""
        family, joined = self._create_household(self.ana, self.ben), self._create_household()
        cycle = self._create_cycle(
            self._create_program("group"), [family], household_rule="all", no_data_rule="keep"
        )
        run = self._get_run(cycle.action_preview_attendance())
        self.assertEqual(self._get_problems(run), {"Ben": "no_identifier"})
        self.assertEqual(self._get_line(run, self.ben).problem_household_id, family)
        self._create_membership(cycle, joined)
        run._decide_to_apply("As agreed")
        self.assertEqual(run.state, "done")
        self.assertEqual(self._get_problems(run), {"Ben": "no_identifier", joined.name: "joined"})
        self.assertEqual(run.exception_count, 2)

    def test_who_has_no_birth_date(self):
        cycle = self._create_cycle(
            registrants=[self.ana],
            attendance_source_id=self.recorded.id,
            attendance_condition_ids=[(0, 0, {"about": "age", "age_to": 17, "required_number": 1})],
        )
        run = self._run(cycle)
        self.assertEqual(self._get_problems(run), {self.ana.name: "no_birth_date"})
        self.ana.birthdate = "2015-01-01"
        self._record(self.ana, FIRST)
        self.assertEqual(self._get_problems(self._run(cycle)), {})

    def test_a_place_that_did_not_report_is_named(self):
        place = self.env["spp.res.config.attendance.location"].create({"name": "School A"})
        before = FIRST - timedelta(days=10)
        self._record(self.ana, before, attendance_location_id=place.id)
        cycle = self._create_cycle(
            registrants=[self.ana],
            attendance_source_id=self.recorded.id,
            attendance_condition_ids=[
                (0, 0, {"requirement": "percentage", "required_percentage": 50})
            ],
        )
        line = self._get_line(self._run(cycle), self.ana)
        self.assertEqual(line.problem, "silent")
        self.assertIn("Nothing came from School A", line.problem_to_do)

    def test_who_is_in_draft_still_is_told_to_get_nothing_until_then(self):
        membership = self._get_membership(self.cycle, self.ben)
        self.assertNotIn("draft", self._get_line(self._run(self.cycle), self.ben).problem_to_do)
        membership.state = "draft"
        line = self._get_line(self._run(self.cycle), self.ben)
        self.assertIn("the membership is still in draft", line.problem_to_do)

    def test_where_each_is_solved(self):
        run = self._run(self.cycle)
        action = self._get_line(run, self.ben).action_open_problem()
        self.assertEqual((action["res_model"], action["res_id"]), ("res.partner", self.ben.id))
        line = self._get_line(run, self.eva)
        for problem, model in (
            ("unclear", "spp.event.attendance"),
            ("not_asked", "spp.attendance.run"),
            ("undecided", "g2p.cycle.membership"),
        ):
            line.sudo()._as_attendance_writer().problem = problem
            self.assertEqual(line.action_open_problem()["res_model"], model)

    def test_the_list_of_all_is_of_the_newest_checks(self):
        lines = self.env["spp.attendance.run.line"]
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "spp_cycle_attendance_compliance.action_attendance_problem"
        )
        self.assertIn("problem_is_current", action["domain"])
        domain = [
            ("problem", "!=", False),
            ("problem_is_current", "=", True),
            ("cycle_id", "=", self.cycle.id),
        ]
        first = self._run(self.cycle)
        self.assertEqual(lines.search(domain).run_id, first)
        second = self._get_run(self.cycle.action_preview_attendance())
        self.assertEqual(lines.search(domain).run_id, second)
        second.action_discard()
        self.assertEqual(lines.search(domain).run_id, first)
        self.assertEqual(set(lines.search(domain).mapped("problem_is_current")), {True})
        self.cycle.state = "ended"
        self.assertFalse(lines.search(domain))


@tagged("post_install", "-at_install")
class TestProblemWork(ProblemCase):
    """Who is to see to a problem, and that it is done."""

    def setUp(self):
        super().setUp()
        self.manager = self._create_user("problem_manager", MANAGER)
        self.clerk = self._create_user("problem_clerk", REGISTRAR)
        self.check = self._run(self.cycle.with_user(self.manager)).with_env(self.env)
        self.lines = self.check.line_ids.filtered("problem").with_user(self.manager)
        self.of_ben = self.lines.filtered(lambda line: line.partner_id == self.ben)

    def test_one_task_for_who_started_the_run(self):
        task = self.check.problem_activity_id
        self.assertEqual((task.res_model, task.res_id), ("g2p.cycle", self.cycle.id))
        self.assertEqual(task.user_id, self.manager)
        self.assertIn("2 problems", task.summary)
        again = self._run(self.cycle.with_user(self.manager)).with_env(self.env)
        self.assertFalse(task.exists())
        tasks = self.env["mail.activity"].search(
            [("res_model", "=", "g2p.cycle"), ("res_id", "=", self.cycle.id)]
        )
        self.assertEqual(tasks, again.problem_activity_id)
        self._close(again.line_ids.filtered("problem").with_user(self.manager))
        self.assertFalse(tasks.exists().filtered("active"))

    def test_no_task_when_the_run_is_taken_back(self):
        task = self.check.problem_activity_id
        self.check._take_back("No")
        self.assertFalse(task.exists())

    def test_none_where_there_is_nothing_to_look_at(self):
        cycle = self._create_cycle(registrants=[self.ana])
        self.assertFalse(self._run(cycle.with_user(self.manager)).problem_activity_id)

    def test_assigning(self):
        self._assign(self.of_ben, self.clerk, "Ask his aunt")
        task = self.of_ben.sudo().problem_activity_id
        self.assertEqual((task.res_model, task.res_id), ("res.partner", self.ben.id))
        self.assertEqual((task.user_id, task.date_deadline), (self.clerk, date(2026, 1, 31)))
        self.assertIn("Has no ID", task.summary)
        self.assertIn("Enter an ID", task.note)
        self.assertIn("Ask his aunt", task.note)
        self.assertEqual(self.of_ben.problem_user_id, self.clerk)
        mine = [("problem_activity_id.user_id", "=", self.manager.id)]
        self.assertFalse(self.lines.search(mine))
        self._assign(self.of_ben, self.manager)
        self.assertFalse(task.exists())
        self.assertEqual(self.of_ben.problem_user_id, self.manager)
        self.assertEqual(self.lines.search(mine), self.of_ben)

    def test_who_does_the_task_has_done_something_about_the_problem(self):
        """A registrar, who may not read runs, can do what she was asked for."""
        self._assign(self.of_ben, self.clerk)
        task = self.of_ben.sudo().problem_activity_id.with_user(self.clerk)
        task.action_feedback(feedback="Entered")
        self.assertRecordValues(
            self.of_ben, [{"problem_done_by_id": self.clerk.id, "problem_done_note": "Entered"}]
        )
        self.assertTrue(self.of_ben.problem_done_at)
        self.assertEqual(self.check.problem_done_count, 1)

    def test_done(self):
        self._assign(self.of_ben, self.clerk)
        task = self.of_ben.sudo().problem_activity_id
        self._close(self.of_ben, "Has one now")
        self.assertFalse(task.exists().filtered("active"))
        self.assertRecordValues(
            self.of_ben,
            [{"problem_done_by_id": self.manager.id, "problem_done_note": "Has one now"}],
        )
        self.assertEqual((self.check.exception_count, self.check.problem_done_count), (2, 1))
        with self.assertRaisesRegex(UserError, "done already"):
            self.of_ben.action_close_problem()
        with self.assertRaisesRegex(UserError, "Say what was done"):
            self._close(self.lines - self.of_ben, " ")

    def test_what_is_not_solved_is_found_again(self):
        """With the task that somebody has already, and the day on which it was found first."""
        others = self.lines - self.of_ben
        self._assign(others, self.clerk)
        self._close(self.of_ben)
        again = self._run(self.cycle)
        self.assertEqual(
            self._get_problems(again), {"Ben": "no_identifier", "Person EVA": "unknown"}
        )
        ben, eva = self._get_line(again, self.ben), self._get_line(again, self.eva)
        self.assertFalse(ben.problem_done_at or ben.problem_activity_id)
        self.assertEqual(eva.problem_activity_id, others.sudo().problem_activity_id)
        self.assertEqual(eva.problem_since, self.check.create_date)
        eva.problem_activity_id.action_feedback(feedback="Registered")
        self.assertTrue(all((eva + others).mapped("problem_done_at")))

    def test_not_too_many_tasks_at_once(self):
        many = self.lines.browse(self.lines.ids)
        self.patch(type(many), "_check_may_solve_problems", lambda self: None)
        with self.assertRaisesRegex(UserError, "at most 200"):
            many.browse(range(1, 202))._assign_problems(self.clerk, date.today(), "")

    def test_who_may(self):
        validator = self._create_user("problem_validator", VALIDATOR)
        reader = self._create_user("problem_reader", READER)
        other = self.env["res.company"].create({"name": "Another Agency"})
        stranger = self._create_user(
            "problem_stranger", MANAGER, company_id=other.id, company_ids=[(6, 0, other.ids)]
        )
        self.assertTrue(self.of_ben.with_user(reader).problem_to_do)
        for user in (reader, stranger):
            lines = self.of_ben.with_user(user)
            for attempt in (
                lines.action_assign_problem,
                lines.action_close_problem,
                lambda lines=lines: lines._close_problems("Done"),
                lambda lines=lines: lines._assign_problems(self.clerk, date.today(), ""),
                lambda lines=lines: lines.write({"problem_done_note": "Done"}),
            ):
                with self.assertRaises(AccessError):
                    attempt()
        self._close(self.of_ben.with_user(validator))
        self.assertEqual(self.of_ben.problem_done_by_id, validator)
