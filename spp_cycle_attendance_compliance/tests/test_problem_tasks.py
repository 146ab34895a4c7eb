from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from ..hooks import forget_tasks
from .common import days
from .test_problems import MANAGER, READER, REGISTRAR, VALIDATOR, ProblemCase

# Who may mark problems as done, and write registrants, and with those their tasks.
BOTH = f"{MANAGER},{REGISTRAR}"


@tagged("post_install", "-at_install")
class TestProblemTasks(ProblemCase):
    """A task is about one problem of one cycle, for who may know of it, and done by whose it is."""

    def setUp(self):
        super().setUp()
        self.manager = self._create_user("task_manager", MANAGER)
        self.clerk = self._create_user("task_clerk", REGISTRAR)
        other = self.env["res.company"].create({"name": "Another Agency"})
        self.stranger = self._create_user(
            "task_stranger", BOTH, company_id=other.id, company_ids=[(6, 0, other.ids)]
        )
        self.late = self._create_late("LATE", 31)

    def _create_late(self, identifier, first_number):
        """Create a person of whom nobody knows whether she was there on the second day."""
        person = self._create_person(identifier)
        self.server.people[identifier] = days(first_number, 1, 2)
        self.server.people[identifier][1]["attendance_category"] = "late"
        return person

    def _create_task(self, user=None, person=None):
        """Return a problem, and the task of it."""
        line = self._get_line(self._run(self.cycle), person or self.ben)
        self._assign(line.with_user(self.manager), user or self.clerk)
        return line, line.problem_activity_id

    # Whose, when

    def test_who_applies_a_preview_gets_its_task(self):
        cycle = self.cycle.with_user(self.manager)
        run = self._get_run(cycle.action_preview_attendance()).sudo()
        self.assertFalse(run.problem_activity_id)
        run._decide_to_apply("As agreed")
        self.assertEqual(run.state, "done")
        self.assertEqual(run.problem_activity_id.user_id, self.manager)
        self.assertEqual(run.problem_activity_id.res_id, self.cycle.id)
        again = self._get_run(cycle.action_preview_attendance()).sudo()
        again._decide_to_apply("Once more")
        self.assertFalse(run.problem_activity_id)
        self.assertTrue(again.problem_activity_id)

    def test_uninstalling_leaves_no_task(self):
        own = self.ben.activity_schedule("mail.mail_activity_data_todo", user_id=self.manager.id)
        _line, task = self._create_task()
        cycle = self._create_cycle(registrants=[self.ben]).with_user(self.manager)
        run = self._get_run(cycle.action_preview_attendance()).sudo()
        run._decide_to_apply("As agreed")
        of_run = run.problem_activity_id
        self.assertTrue(task and of_run)
        forget_tasks(self.env)
        self.assertFalse((task | of_run).exists())
        self.assertTrue(own.exists(), "a task that people made stays")

    # Of which cycle

    def test_a_task_is_of_its_cycle(self):
        """What is unclear in March says nothing about April; a missing ID is missing in both."""
        persons = self.ben + self.late
        march = self._create_cycle(registrants=persons, no_data_rule="keep")
        april = self._create_cycle(march.program_id, persons, no_data_rule="keep")
        first = self._run(march)
        self._assign(first.line_ids.filtered("problem"), self.clerk)
        unclear, no_id = self._get_line(first, self.late), self._get_line(first, self.ben)
        again = self._get_line(self._run(march), self.late)
        self.assertEqual(again.problem_activity_id, unclear.problem_activity_id)
        second = self._run(april)
        of_april, no_id_in_april = (self._get_line(second, each) for each in (self.late, self.ben))
        self.assertEqual((unclear + of_april).mapped("problem"), ["unclear", "unclear"])
        self.assertFalse(of_april.problem_activity_id)
        self.assertEqual(no_id_in_april.problem_activity_id, no_id.problem_activity_id)
        unclear.problem_activity_id.with_user(self.clerk).action_feedback(feedback="She came")
        no_id.problem_activity_id.with_user(self.clerk).action_feedback(feedback="Has one")
        self.assertEqual(again.problem_done_note, "She came")
        self.assertFalse(of_april.problem_done_at or of_april.problem_done_note)
        self.assertEqual(no_id_in_april.problem_done_note, "Has one")

    # Of which problem

    def test_another_problem_is_to_do(self):
        """What was done about one, before a run is applied, says nothing about the next."""
        assigned = self._create_late("LATER", 41)
        cycle = self._create_cycle(registrants=self.ben + self.late + assigned, no_data_rule="keep")
        run = self._get_run(cycle.action_preview_attendance())
        lines = [self._get_line(run, person) for person in (self.late, assigned, self.ben)]
        changed, changed_too, same = lines
        self._close(changed + same)
        self._assign(changed_too, self.clerk)
        self.assertEqual(run.problem_done_count, 2)
        self.late.reg_ids.value, assigned.reg_ids.value = "NEW", "NEWER"
        run._decide_to_apply("As agreed")
        nothing = {"problem_done_at": False, "problem_done_by_id": False}
        nothing |= {"problem_done_note": False, "problem_activity_id": False}
        self.assertRecordValues(
            changed + changed_too, [{"problem": "changed", **nothing} for _number in range(2)]
        )
        self.assertEqual((same.problem, same.problem_done_note), ("no_identifier", "Was seen to"))
        run.invalidate_recordset(["problem_done_count"])
        self.assertEqual(run.problem_done_count, 1)

    def test_what_is_no_problem_any_more_is_not_counted(self):
        run = self._run(self.cycle)
        lines = run.line_ids.filtered("problem")
        self._close(lines)
        lines[0].sudo()._as_attendance_writer().problem = False
        run.invalidate_recordset(["problem_done_count"])
        self.assertEqual(run.problem_done_count, len(lines) - 1)

    # For whom

    def test_a_task_says_what_who_assigns_it_may_know(self):
        self._create_person("TWIN", name="Maria", company_id=self.stranger.company_id.id)
        twin, second = (self._create_person("TWIN", name=name) for name in ("First", "Second"))
        self._create_membership(self.cycle, twin)
        line, task = self._create_task(person=twin)
        self.assertEqual(line.problem, "shared_identifier")
        self.assertIn("Maria", line.problem_to_do)
        self.assertNotIn("Maria", task.note)
        self.assertIn(f"the same ID as {second.name}", task.note)

    def test_a_task_is_in_the_language_of_whose_it_is(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.clerk.lang = "fr_FR"
        lines = self.env["spp.attendance.run.line"]
        self.patch(type(lines), "_get_to_do", lambda line, name: f"in {line.env.lang}")
        _line, task = self._create_task()
        self.assertIn("in fr_FR", task.note)

    def test_a_task_is_for_who_sees_registrants_of_the_company(self):
        line = self._get_line(self._run(self.cycle), self.ben)
        for user in (
            self._create_user("task_employee", "base.group_user"),
            self.stranger,
            self._create_user("task_gone", REGISTRAR, active=False),
            new_test_user(self.env, "task_portal", groups="base.group_portal"),
        ):
            with self.subTest(user.login), self.assertRaisesRegex(UserError, "can't see to this"):
                self._assign(line.with_user(self.manager), user)
        for user in (self._create_user("task_reader", READER), self.clerk):
            self._assign(line.with_user(self.manager), user)
            self.assertEqual(line.problem_user_id, user)

    # Done by whom

    def test_who_closes_the_task_of_somebody_else_has_not_solved_the_problem(self):
        """Unless it is somebody who may mark the problem itself as done."""
        for user, is_done in (
            (self._create_user("closing_clerk", REGISTRAR), False),
            (self._create_user("closing_manager", MANAGER), True),
            (self._create_user("closing_validator", VALIDATOR), True),
            (self.clerk, True),
        ):
            with self.subTest(user.login):
                line, task = self._create_task()
                task.with_user(user).action_feedback(feedback="Ok")
                self.assertFalse(task.exists().filtered("active"))
                self.assertEqual(bool(line.problem_done_at), is_done)
                self.assertEqual(line.problem_done_by_id, user if is_done else user.browse())
                if not is_done:
                    self.assertFalse(line.problem_activity_id)

    def test_a_team_finishes_each_others_tasks(self):
        """By the problem's button, whosever the task is; other tasks stay as they were."""
        for user in (
            self._create_user("team_manager", MANAGER),
            self._create_user("team_validator", VALIDATOR),
        ):
            with self.subTest(user.login):
                line, task = self._create_task(self.manager)
                other = self.ben.activity_schedule(
                    "mail.mail_activity_data_todo", user_id=self.manager.id
                )
                self._close(line.with_user(user), "Has one now")
                self.assertFalse(task.exists().filtered("active"))
                self.assertRecordValues(
                    line, [{"problem_done_by_id": user.id, "problem_done_note": "Has one now"}]
                )
                self.assertEqual(self.ben.message_ids[0].author_id, user.partner_id)
                with self.assertRaises(AccessError):
                    other.with_user(user).action_feedback(feedback="Not mine")
                self.assertTrue(other.exists().active)

    def test_whoever_does_not_see_the_run_has_not_solved_the_problem(self):
        line, task = self._create_task()
        self.ben.company_id = self.stranger.company_id
        task.with_user(self.stranger).action_feedback(feedback="Ok")
        self.assertFalse(line.problem_done_at or line.problem_activity_id)

    def test_without_a_remark_it_says_where_it_was_done(self):
        line, task = self._create_task()
        task.with_user(self.clerk).action_done()
        self.assertEqual(
            line.problem_done_note,
            "Marked as done in the list of activities, without a remark.",
        )
        self.assertEqual(line.problem_done_by_id, self.clerk)
