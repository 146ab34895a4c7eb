from contextlib import contextmanager
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged

from ..models.runs import asking
from .common import OneVerdictCase, days


@tagged("post_install", "-at_install")
class TestMeanwhile(OneVerdictCase):
    """The world changes while a run asks, or waits."""

    def test_a15_while_a_run_waits_for_the_server(self):
        """Each case: what others do meanwhile; nothing is applied."""
        for meanwhile, sentence in (
            ({"state": "approved"}, "not open any more"),
            ({"required_number_of_attendance": 1}, "criteria"),
            ({"locked": True, "locked_reason": "Preparing entitlements"}, "Preparing entitlements"),
        ):

            def change(meanwhile=meanwhile):
                self.cycle.write(meanwhile)

            with self.subTest(sentence=sentence), self._while_asking(change):
                self.cycle = self._create_cycle(registrants=[self.ana, self.ben])
                run = self._get_run(self.cycle.action_filter_beneficiaries_by_compliance_criteria())
                self.assertEqual(run.state, "outdated")
                self.assertIn(sentence, run.outdated_reason)
                states = self.cycle.cycle_membership_ids.mapped("state")
                self.assertEqual(states, ["enrolled", "enrolled"])

    def test_who_was_changed_meanwhile_keeps_what_stood(self):
        """Each case: what changes about Ben while a run waits."""
        household = self._create_household(self.ben)
        cycle = self._create_cycle(self._create_program("group"), [household])
        membership = cycle.cycle_membership_ids
        member = household.group_membership_ids
        other, nameless = self._create_person("OTHER"), self._create_person()
        for change in (
            lambda: self.ben.reg_ids.write({"value": "BEN2"}),
            lambda: self._add_member(household, other),
            lambda: self._add_member(household, nameless),
            lambda: member.write(
                {"start_date": "2020-01-01 00:00:00", "ended_date": "2020-01-02 00:00:00"}
            ),
            lambda: self._override(membership, "compliant"),
        ):
            run = self._get_run(cycle.action_preview_attendance())
            change()
            after = self._look(membership)
            run._decide_to_apply("As agreed")
            self.assertEqual((run.state, run.changed_meanwhile_count), ("done", 1))
            self.assertEqual(self._look(membership), after)
            line = run.line_ids.filtered(lambda line: line.kind == "household")
            self.assertEqual((line.left_alone, line.standing), ("changed", "left_alone"))

    @contextmanager
    def _while_asking(self, change):
        """Have somebody change something after a run has asked, before it decides."""
        runs = type(self.env["spp.attendance.run"])
        ask = runs._ask

        def ask_and_change(run, intake, client):
            ask(run, intake, client)
            change()

        with patch.object(runs, "_ask", ask_and_change):
            yield

    def test_who_joins_while_a_run_asks_is_left_alone(self):
        """With an ID, or without one: of whom there is no data, she would be refused."""
        for identifier in ("NEW", None):
            newcomer = self._create_person(identifier)

            def join(newcomer=newcomer):
                self._create_membership(self.cycle, newcomer, "draft")

            with self.subTest(identifier=identifier), self._while_asking(join):
                run = self._run(self.cycle)
                self.assertEqual((run.state, run.changed_meanwhile_count), ("done", 1))
                membership = self._get_membership(self.cycle, newcomer)
                self.assertEqual(self._look(membership), (False, "draft"))
                self.assertEqual(membership.attendance_line_ids.left_alone, "joined")
                self.assertFalse(any(run.sudo().intake_ids.mapped("worlds")))

    def test_a_household_that_changes_while_a_run_asks_is_left_alone(self):
        """Each case: who joins or leaves a household, or that it is overridden."""
        self.server.people["BEN"] = days(11, 1, 2)
        nameless = self._create_person()
        cycle = self._create_cycle(self._create_program("group"), household_rule="all")
        long_ago = {"start_date": "2020-01-01 00:00:00", "ended_date": "2020-01-02 00:00:00"}
        for change in (
            lambda own: self._add_member(own.partner_id, nameless),
            lambda own: self._add_member(own.partner_id, self.ana),
            lambda own: own.partner_id.group_membership_ids[0].write(long_ago),
            lambda own: self._override(own, "non_compliant"),
        ):
            household = self._create_household(self.ben, self._create_person())
            membership = self._create_membership(cycle, household)
            after = []

            def change_it(change=change, membership=membership, after=after):
                change(membership)
                after.append(self._look(membership))

            with self._while_asking(change_it):
                run = self._run(cycle)
            self.assertEqual((run.state, run.changed_meanwhile_count), ("done", 1))
            self.assertEqual([self._look(membership)], after)
            line = membership.attendance_line_ids
            self.assertEqual((line.left_alone, line.standing), ("changed", "left_alone"))
            membership.state = "paused"

    def test_who_joins_while_a_run_waits_gets_a_line(self):
        """Each case: the newcomer; she is left alone, and the run says so, once."""
        paused = self._create_membership(self.cycle, self._create_person("LATE"), "paused")
        for join in (
            lambda: self._create_membership(self.cycle, self._create_person("NEW")),
            lambda: self._create_membership(self.cycle, self._create_person()),
            lambda: paused.write({"state": "enrolled"}) and paused,
        ):
            run = self._preview()
            newcomer = join()
            self.ana_in.state = "non_compliant"
            run._as_attendance_writer()._would_more_lose()
            run._decide_to_apply("As agreed")
            self.assertEqual((run.state, run.changed_meanwhile_count), ("done", 1))
            self.assertEqual(self._look(newcomer), (False, "enrolled"))
            line = newcomer.attendance_line_ids
            self.assertEqual(
                (line.run_id, line.left_alone, line.standing, line.is_exception),
                (run, "joined", "left_alone", True),
            )
            self.assertEqual(line.reason, "Not applied: joined meanwhile")
            self.assertEqual(self._look(self.ana_in), ("compliant", "enrolled"))
            newcomer.state = "exited"

    def test_a_household_that_joins_while_a_run_waits_gets_a_line(self):
        household = self._create_household(self.ben)
        cycle = self._create_cycle(
            self._create_program("group"), [household], attendance_source_id=self.recorded.id
        )
        run = self._get_run(cycle.action_preview_attendance())
        newcomer = self._create_membership(cycle, self._create_household(self.ana))
        run._decide_to_apply("As agreed")
        self.assertEqual((run.state, run.changed_meanwhile_count), ("done", 1))
        self.assertEqual(self._look(newcomer), (False, "enrolled"))
        self.assertEqual(newcomer.attendance_line_ids.left_alone, "joined")

    def test_households_without_members_are_asked_for_with_the_others(self):
        """Nobody of them is asked: but they were there, and nobody has changed them since."""
        households = [
            self._create_household(*members) for members in ((), (), [self.ana], (), [self.ben], ())
        ]
        cycle = self._create_cycle(self._create_program("group"), households)
        with patch.object(asking, "INTAKE_SIZE", 1):
            run = self._run(cycle)
        self.assertEqual(run.intake_ids.mapped("person_count"), [1, 1])
        self.assertEqual((run.state, run.changed_meanwhile_count), ("done", 0))
        statuses = cycle.cycle_membership_ids.sorted("id").mapped("attendance_status")
        self.assertEqual(
            statuses, ["exempt", "exempt", "compliant", "exempt", "non_compliant", "exempt"]
        )

    def test_who_is_changed_while_a_run_asks_is_left_alone(self):
        """Each case: what happens to Ana's and Ben's IDs after they were asked about."""

        def swap():
            ids = self.ana.reg_ids + self.ben.reg_ids
            ids[0].value, ids[1].value = ids[1].value, ids[0].value

        def make_invalid():
            self.ana.reg_ids.status = "invalid"
            self.ben.reg_ids.status = "invalid"

        for change in (swap, make_invalid):
            with self.subTest(change.__name__), self._while_asking(change):
                run = self._run(self.cycle)
                self.assertEqual(run.changed_meanwhile_count, 2)
                self.assertEqual(self._look(self.ana_in), (False, "enrolled"))
                self.assertEqual(self._look(self.ben_in), (False, "enrolled"))

    def test_an_answer_is_about_a_person(self):
        """Whoever is given the ID of another one is not judged by what was said of that one."""
        self._run(self.cycle)
        self.ana.reg_ids.unlink()
        self.ben.reg_ids.value = "ANA"
        run = self._evaluate()
        line = run.line_ids.filtered(lambda line: line.partner_id == self.ben)
        self.assertEqual((line.finding, line.verdict), ("not_asked", "undecided"))

    def test_nothing_is_applied_while_a_task_works_on_the_cycle(self):
        waiting = self._preview()
        self.cycle.write({"locked": True, "locked_reason": "Preparing entitlements"})
        steps = [
            waiting.action_apply,
            lambda: self._override(self.ben_in, "compliant"),
        ]
        for step in steps:
            with self.assertRaisesRegex(UserError, "Preparing entitlements"):
                step()
        self.cycle.locked = False
        waiting._decide_to_apply("As agreed")
        self.cycle.locked = True
        with self.assertRaisesRegex(UserError, "Preparing entitlements"):
            waiting._take_back("No")

    def test_the_programs_criteria_are_looked_at_again(self):
        tag = self._require_tag(self.cycle.program_id)
        run = self._preview()
        self.assertEqual(run.losing_count, 2)
        self.ana.tags_ids = tag
        run._decide_to_apply("As agreed")
        self.assertEqual(self._look(self.ana_in), ("compliant", "enrolled"))
        self.assertEqual(self._look(self.ben_in), ("non_compliant", "non_compliant"))
        self.assertTrue(self.ana_in.attendance_line_ids.passes_criteria)
