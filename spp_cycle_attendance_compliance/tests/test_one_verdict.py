from datetime import timedelta
from unittest.mock import patch

from lxml import etree
from psycopg2 import DataError, IntegrityError

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger
from odoo.tools.safe_eval import safe_eval

from ..models.memberships import cycle_membership
from .common import OneVerdictCase, days


@tagged("post_install", "-at_install")
class TestOneVerdict(OneVerdictCase):
    """What was decided and prepared: one verdict stands, and all agree with it."""

    def test_a1_a_state_that_a_person_changed_is_decided_too(self):
        run = self._preview()
        self.ana_in.state = "non_compliant"
        run.action_apply()
        self.assertEqual(self._look(self.ana_in), ("compliant", "enrolled"))
        self.assertEqual(self.ana_in.attendance_line_ids.state_before, "non_compliant")
        self.assertIn("2 days (2 needed)", self.ana_in.attendance_reason)

    def test_a2_a_retry_goes_by_the_criteria_of_now(self):
        failed = self._fail()
        self.cycle.required_number_of_attendance = 1
        self._run(self.cycle)
        again = self._get_run(failed.action_retry())
        self.assertEqual((failed.state, again.state), ("failed", "done"))
        self.assertEqual(again.required_number_of_attendance, 1)
        self.assertEqual(self._look(self.ben_in), ("compliant", "enrolled"))

    def test_a3_one_at_a_time(self):
        failed = self._fail()
        waiting = self._preview()
        again = self._get_run(failed.action_retry())
        self.assertEqual((waiting.state, again.state), ("discarded", "done"))
        with self.assertRaisesRegex(UserError, "does not wait"):
            waiting.action_apply()

    def test_a4_a_retry_asks_by_the_identifier_of_now(self):
        self.ana.reg_ids.value = "WRONG"
        self.server.people["WRONG"] = []
        failed = self._fail()
        self.ana.reg_ids.value = "ANA"
        self._get_run(failed.action_retry())
        self.assertEqual(self._look(self.ana_in), ("compliant", "enrolled"))
        self.assertNotIn("WRONG", self.server.asked("attendance")[-1].body["person_ids"])

    def test_the_list_of_verdicts_opens_with_what_stands(self):
        first, second = self._run(self.cycle), self._run(self.cycle)
        self._preview()
        action = self.env.ref("spp_cycle_attendance_compliance.action_attendance_verdict")
        arch = etree.fromstring(self.env[action.res_model].get_view(view_type="search")["arch"])
        domain = [("cycle_id", "=", self.cycle.id)]
        for key in safe_eval(action.context):
            if key.startswith("search_default_"):
                name = key.removeprefix("search_default_")
                domain += safe_eval(arch.xpath(f"//filter[@name='{name}']")[0].get("domain"))
        self.assertEqual(self.env[action.res_model].search(domain).run_id, second)
        second._take_back("No")
        self.assertEqual(self.env[action.res_model].search(domain).run_id, first)

    def test_only_a_retry_takes_answers_over_and_none_that_are_old(self):
        """Each case: how many hours old they are; how many persons are asked about again."""
        for hours, asked in ((13, 2), (11, 0)):
            with self.subTest(hours=hours):
                self.assertEqual(self._run(self.cycle).asked_count, 2)
                failed = self._fail()
                answered_at = fields.Datetime.now() - timedelta(hours=hours)
                self._answered_at(answered_at)
                again = self._get_run(failed.action_retry())
                lines_say = set(again.line_ids.mapped("answered_at"))
                self.assertEqual(lines_say == {answered_at}, asked == 0, lines_say)
                self.assertEqual((again.takes_over, again.state), (True, "done"))
                self.assertEqual(sum(again.intake_ids.mapped("person_count")), asked)
                self.assertEqual(set(again.line_ids.mapped("finding")), {"known"})

    def test_a_retry_of_an_outdated_run_asks_everybody(self):
        waiting = self._preview()
        self.cycle.required_number_of_attendance = 1
        waiting.action_apply()
        again = self._get_run(waiting.action_retry())
        self.assertEqual((waiting.state, again.takes_over), ("outdated", False))
        self.assertEqual(sum(again.intake_ids.mapped("person_count")), 2)

    def test_a5_the_run_that_was_applied_last_stands(self):
        older = self._preview()
        failed = self._fail()
        self.assertEqual((older.state, failed.state), ("discarded", "failed"))
        first = self._run(self.cycle)
        self.cycle.required_number_of_attendance = 1
        second = self._run(self.cycle)
        self._preview()
        self.assertEqual((first.applied_number, second.applied_number), (1, 2))
        self.assertIn("1 day (1 needed)", self.ben_in.attendance_reason)
        self._override(self.ben_in, "non_compliant")._lift("As I say")
        self.assertEqual(self._look(self.ben_in), ("compliant", "enrolled"))
        lines = self.ben_in.attendance_line_ids.sorted("id")
        self.assertEqual(lines.mapped("standing"), ["discarded", "replaced", "stands", "previewed"])
        first._as_attendance_writer().finished_at = "2025-12-01"
        self.env.invalidate_all()
        self.assertEqual(
            [(line.decided_at, line.decided_by_id) for line in lines],
            [
                (older.finished_at, self.env.user),
                (second.finished_at, self.env.user),
                (second.finished_at, self.env.user),
                (False, self.env["res.users"]),
            ],
        )
        self.assertEqual(
            self.env["spp.attendance.run.line"].search(
                [("standing", "=", "stands"), ("cycle_membership_id", "=", self.ben_in.id)]
            ),
            lines[2],
        )

    def test_a6_evaluating_again_goes_by_the_identifier_of_now(self):
        self.ana.reg_ids.value = "WRONG"
        self.server.people["WRONG"] = []
        self._run(self.cycle)
        self.assertEqual(self._look(self.ana_in), ("non_compliant", "non_compliant"))
        self.ana.reg_ids.value = "ANA"
        run = self._evaluate()
        line = run.line_ids.filtered(lambda line: line.partner_id == self.ana)
        self.assertEqual((line.finding, line.verdict), ("not_asked", "undecided"))

    def test_outdated_as_a_whole(self):
        """Each case: what changes while a run waits; what it says."""
        tomorrow = self.cycle.to_date + timedelta(days=1)
        cases = [
            (lambda: self.cycle.write({"required_number_of_attendance": 1}), "criteria"),
            (lambda: self.cycle.write({"to_date": tomorrow}), "days that count"),
            (lambda: self.cycle.write({"no_data_rule": "keep"}), "criteria"),
            (self._apply_another, "Another run"),
            (self._take_another_back, "Another run"),
            (self._choose_another_source, "criteria"),
        ]
        for change, sentence in cases:
            with self.subTest(sentence=sentence):
                self.cycle.attendance_source_id = self.source
                run = self._preview()
                change()
                states = self.cycle.cycle_membership_ids.mapped(self._look)
                if run.state == "waiting":
                    run.action_apply()
                    self.assertEqual(self.cycle.cycle_membership_ids.mapped(self._look), states)
                self.assertIn(run.state, ("outdated", "discarded"))
                if run.state == "outdated":
                    self.assertIn(sentence, run.outdated_reason)
                    again = self._get_run(run.action_retry())
                    self.assertIn(again.state, ("waiting", "failed"))

    def _apply_another(self):
        self._run(self.cycle)

    def _take_another_back(self):
        self.cycle.attendance_run_ids.filtered(lambda run: run.state == "done")[:1]._take_back("No")

    def _choose_another_source(self):
        self.cycle.attendance_source_id = self._create_another_source()

    def test_a_closed_cycle_is_not_changed(self):
        run = self._preview()
        self.cycle.state = "approved"
        with self.assertRaisesRegex(UserError, "can't be changed any more"):
            run.action_apply()
        self.assertEqual(self._look(self.ben_in), (False, "enrolled"))

    def test_a_verdict_of_who_left_the_cycle_does_not_stand(self):
        self._run(self.cycle)
        self._run(self.cycle)
        self.ben_in.unlink()
        self.env.invalidate_all()
        standing = self.env["spp.attendance.run.line"].search(
            [("standing", "=", "stands"), ("partner_id", "in", (self.ana + self.ben).ids)]
        )
        self.assertEqual(standing.partner_id, self.ana)
        self.assertEqual(len(standing), 1)

    def test_a11_a12_lifting_an_override(self):
        """What stands decides; where nothing does, the state before comes back."""
        self.ben_in.state = "draft"
        self._override(self.ben_in, "non_compliant")._lift("As I say")
        self.assertEqual(self._look(self.ben_in), (False, "draft"))
        self.assertFalse(self.ben_in.state_before_attendance)
        # Then a run without data, under "the membership stays as it is".
        self.cycle.no_data_rule = "keep"
        del self.server.people["BEN"]
        override = self._override(self.ben_in, "non_compliant")
        self._run(self.cycle)
        self.assertEqual(self._look(self.ben_in), ("overridden", "non_compliant"))
        override._lift("As I say")
        self.assertEqual(self._look(self.ben_in), ("no_data", "draft"))

    def test_lifting_leaves_what_a_person_changed(self):
        override = self._override(self.ben_in, "compliant")
        self._run(self.cycle)
        self.ben_in.state = "draft"
        override._lift("As I say")
        self.assertEqual(self._look(self.ben_in), ("non_compliant", "draft"))

    def test_taking_back(self):
        first = self._run(self.cycle)
        self.cycle.required_number_of_attendance = 1
        second = self._run(self.cycle)
        self.assertEqual(self._look(self.ben_in), ("compliant", "enrolled"))
        with self.assertRaisesRegex(UserError, "asks later"):
            self.env["spp.attendance.run.reason"].create(
                {"run_id": second.id, "step": "take_back", "reason": " "}
            ).action_confirm()
        second._take_back("The list was wrong")
        self.assertEqual(
            (second.state, second.taken_back_by_id, second.taken_back_reason),
            ("taken_back", self.env.user, "The list was wrong"),
        )
        self.assertEqual(self._look(self.ben_in), ("non_compliant", "non_compliant"))
        self.assertIn("1 day (2 needed)", self.ben_in.attendance_reason)
        first._as_attendance_writer().finished_at = second._as_attendance_writer().finished_at = (
            "2025-12-01"
        )
        of_first, of_second = self.ben_in.attendance_line_ids.sorted("id")
        self.assertEqual((of_first.standing, of_second.standing), ("stands", "taken_back"))
        self.assertEqual(of_first.decided_at, first.finished_at)
        self.assertEqual(of_second.decided_at, second.taken_back_at)
        self.ana_in.state = "non_compliant"
        first._take_back("That one, too")
        self.assertEqual(self._look(self.ben_in), (False, "enrolled"))
        self.assertEqual(self.ben_in.number_of_attendance, 0)
        self.assertFalse(self.ben_in.attendance_reason)
        # What a person has changed since stays.
        self.assertEqual(self._look(self.ana_in), (False, "non_compliant"))
        third = self._run(self.cycle)
        self.assertEqual(third.applied_number, 3)
        self.assertEqual(self._look(self.ben_in), ("compliant", "enrolled"))

    def test_the_cycle_says_that_what_was_applied_last_is_taken_back(self):
        """Whatever else was run, or taken back, before and after."""
        first, second = self._run(self.cycle), self._run(self.cycle)
        first._take_back("No")
        self.assertFalse(self.cycle.attendance_taken_back_id)
        second._take_back("No")
        self._preview().action_discard()
        self.assertEqual(self.cycle.attendance_run_state, "discarded")
        self.assertEqual(self.cycle.attendance_taken_back_id, second)
        self._fail()
        self.assertEqual(self.cycle.attendance_taken_back_id, second)
        # As an earlier version numbered one that it retried after a later one.
        third = self._run(self.cycle)
        self.assertFalse(self.cycle.attendance_taken_back_id)
        first._as_attendance_writer().applied_number = 4
        self.env.invalidate_all()
        self.assertEqual(self.cycle.attendance_taken_back_id, first)
        self.assertEqual(third.state, "done")

    def test_taking_back_leaves_others_alone(self):
        run = self._run(self.cycle)
        self.ben_in.state = "paused"
        run._take_back("No")
        self.assertEqual(self.ben_in.state, "paused")
        self.cycle.state = "approved"
        with self.assertRaisesRegex(UserError, "was applied"):
            run._take_back("Again")

    def test_the_criteria_of_an_approved_cycle_stay(self):
        self.cycle.state = "approved"
        self.assertFalse(self.cycle.can_set_attendance_criteria)
        with self.assertRaisesRegex(UserError, "can't be changed any more"):
            self.cycle.required_number_of_attendance = 1

    def test_evaluating_again_asks_before_it_applies(self):
        self._run(self.cycle)
        run = self._evaluate()
        self.assertEqual((run.state, run.brake_reason), ("waiting", ""))

    def test_a_braked_run_keeps_why_it_was_applied(self):
        self.server.people.clear()
        run = self._get_run(self.cycle.action_filter_beneficiaries_by_compliance_criteria())
        action = run.action_apply()
        self.assertEqual((run.state, action["res_model"]), ("waiting", "spp.attendance.run.reason"))
        wizard = self.env[action["res_model"]].with_context(**action["context"])
        wizard.create({"reason": " The school was closed "}).action_confirm()
        self.assertEqual((run.state, run.apply_reason), ("done", "The school was closed"))

    def test_more_would_lose_than_was_shown(self):
        self._run(self.cycle)
        self.server.people["ANA"].clear()
        self.ana_in.state = "non_compliant"
        run = self._get_run(self.cycle.action_preview_attendance())
        self.assertEqual(run.losing_count, 0)
        self.ana_in.state = "enrolled"
        action = run.action_apply()
        self.assertIn("More beneficiaries would lose", action["params"]["message"])
        self.assertEqual(action["params"]["next"]["res_id"], run.id)
        self.assertEqual((run.state, run.losing_count), ("waiting", 1))
        self.assertEqual(self.ana_in.state, "enrolled")

    def test_the_form_of_a_new_cycle(self):
        self.assertFalse(self.env["g2p.cycle"].new({}).attendance_to_do)

    def test_what_is_recorded_while_a_run_waits(self):
        self.cycle.attendance_source_id = self.recorded
        for person, numbers in ((self.ana, (1, 2)), (self.ben, (1,))):
            for number in numbers:
                self._record(person, number)
        run = self._preview()
        self.assertEqual(run.losing_count, 1)
        self._record(self.ben, 2)
        run.action_apply()
        self.assertEqual((run.state, run.changed_meanwhile_count), ("done", 1))
        self.assertEqual(self._look(self.ana_in), ("compliant", "enrolled"))
        self.assertEqual(self._look(self.ben_in), (False, "enrolled"))

    def _record(self, person, number):
        self.env["spp.event.attendance"].create(
            {
                "individual_id": person.id,
                "attendance_date": self.cycle.from_date + timedelta(days=number - 1),
            }
        )

    def test_the_banner_says_why_it_is_outdated(self):
        run = self._preview()
        run._as_attendance_writer().error = "More beneficiaries would lose."
        self.cycle.required_number_of_attendance = 1
        run.action_apply()
        self.assertEqual(run.state, "outdated")
        self.assertEqual(self.cycle.attendance_run_message, run.outdated_reason)

    def test_an_error_at_once_leaves_no_run_behind(self):
        bug = ZeroDivisionError("secret detail")
        with patch.object(type(self.env["spp.attendance.run"]), "_decide", side_effect=bug):
            try:
                self.cycle.action_preview_attendance()
            except ZeroDivisionError as error:
                self.assertIs(error, bug)
        run = self.cycle.attendance_run_ids
        self.assertEqual(run.state, "failed")
        self.assertIn("ZeroDivisionError", run.error)
        self.assertNotIn("secret", run.error)

    def test_no_id_goes_into_the_log(self):
        """Not even when the database refuses what was answered."""
        intake = self._run(self.cycle).intake_ids
        refused = [{"identifier": "ANA", "answer": None}]
        with self.assertNoLogs("odoo.sql_db", "ERROR"), self.assertRaises(IntegrityError):
            intake._write_answers(refused, {"ANA": self.ana.id})

    def test_what_postgresql_says_is_not_passed_on(self):
        with self.assertRaises(UserError) as raised, self.env.cr.savepoint():
            try:
                self.env.cr.execute("SELECT 'ANA'::integer", log_exceptions=False)
            except DataError as error:
                raise UserError(str(error)) from error
        message = self.env["spp.attendance.run"]._describe_error(raised.exception)
        self.assertNotIn("ANA", message)
        self.assertIn("InvalidTextRepresentation", message)

    def test_a21_what_is_given_back_to_somebody_counts_again(self):
        """Though the source says of her the very same as before."""
        hers = days(1, 1, 2)
        for people, numbers in (
            ({"ANA": hers, "BEN": []}, (2, 0)),
            ({"ANA": hers[:1], "BEN": hers[1:]}, (1, 1)),
            ({"ANA": hers, "BEN": []}, (2, 0)),
            # Told of both: who has it keeps it.
            ({"ANA": hers, "BEN": hers[1:]}, (2, 0)),
            ({"ANA": hers[:1], "BEN": hers[1:]}, (1, 1)),
            ({"ANA": hers, "BEN": hers[1:]}, (1, 1)),
            ({"ANA": hers, "BEN": []}, (2, 0)),
        ):
            with self.subTest(people=people):
                self.server.people.update(people)
                run = self._run(self.cycle)
                self.assertEqual(run.state, "done")
                found = (self.ana_in.number_of_attendance, self.ben_in.number_of_attendance)
                self.assertEqual(found, numbers)

    def test_taking_back_takes_as_many_queries_for_any_size(self):
        def count_queries(cycle):
            run = self._run(cycle)
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            run._take_back("No")
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        persons = [self._create_person(f"P{number}") for number in range(20)]
        self.server.people.update(
            (person.attendance_identifier, days(1000 + 10 * number, -1))
            for number, person in enumerate(persons)
        )
        small = self._create_cycle(registrants=persons[:2])
        big = self._create_cycle(registrants=persons)
        count_queries(self.cycle)  # what is read once
        self.assertEqual(count_queries(big), count_queries(small))
        self.assertEqual(set(big.cycle_membership_ids.mapped("state")), {"enrolled"})

    def test_states_are_written_through_the_orm(self):
        """Whatever else looks at them being written sees applying, and taking back alike."""
        memberships = type(self.ben_in)
        write, written = memberships.write, []

        def watch(records, vals):
            if "state" in vals:
                written.append((records, vals["state"]))
            return write(records, vals)

        with patch.object(memberships, "write", watch):
            self._run(self.cycle)._take_back("No")
        self.assertEqual(written, [(self.ben_in, "non_compliant"), (self.ben_in, "enrolled")])

    def test_states_are_written_in_batches(self):
        with patch.object(cycle_membership, "WRITE_SIZE", 1):
            run = self._run(self.cycle)
            self.assertEqual((self.ana_in.state, self.ben_in.state), ("enrolled", "non_compliant"))
            self.ana_in.state = "draft"
            self.server.people.update(ANA=[], BEN=days(11, 1, 2))
            again = self._run(self.cycle)
            self.assertEqual((self.ana_in.state, self.ben_in.state), ("non_compliant", "enrolled"))
            again._take_back("No")
            self.assertEqual((self.ana_in.state, self.ben_in.state), ("enrolled", "non_compliant"))
            run._take_back("No")
        self.assertEqual((self.ana_in.state, self.ben_in.state), ("enrolled", "enrolled"))

    def test_a24_who_decided_stays(self):
        here = self._create_user("a24_decides", "g2p_programs.g2p_program_manager")
        self._run(self.cycle)
        self.cycle.attendance_run_ids.with_user(here)._take_back("No")
        for record in (here, self.ben):
            with (
                self.subTest(record._name),
                mute_logger("odoo.sql_db"),
                self.assertRaises(IntegrityError),
                self.env.cr.savepoint(),
            ):
                record.unlink()

    def test_a24_a_proof_reads_as_on_its_day(self):
        type_id = self.env["spp.res.config.attendance.type"].create(
            {"name": "School", "external_id": 1, "source_id": self.source.id}
        )
        made_here = self.env["spp.res.config.attendance.type"].create({"name": "Made here"})
        self.cycle.attendance_type_id = type_id
        self._run(self.cycle)
        reason = self.ben_in.attendance_reason
        self.assertIn("School", reason)
        type_id.name = "Lessons"
        self.env.invalidate_all()
        self.assertEqual(self.ben_in.attendance_reason, reason)
        self.cycle.write(
            {"attendance_source_id": self.recorded.id, "attendance_type_id": made_here.id}
        )
        self._run(self.cycle)
        with self.assertRaisesRegex(UserError, "can't be deleted"):
            made_here.unlink()
