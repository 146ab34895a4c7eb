from datetime import datetime, timedelta

from lxml import html

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from .attendance_faults import Fault
from .attendance_server import attendance
from .common import FIRST, LAST, TwoPersonsCase, days
from .file_common import FileCase

BAR = "attendance_bar"


@tagged("post_install", "-at_install")
class TestResult(TwoPersonsCase):
    """What the page of a cycle says at once, and the page of a run."""

    def _get_texts(self, bar):
        return [
            " ".join(button.text_content().split())
            for button in html.fromstring(bar).xpath("//button[@data-verdict]")
        ]

    def test_the_bar_shows_each_verdict_with_a_sign(self):
        bar = self.env["spp.attendance.verdict.bar"]._render(
            {"compliant": 1500, "warned": 2, "no_data": 0, "undecided": 3}
        )
        self.assertEqual(self._get_texts(bar), ["✓1,500 compliant", "!2 warned", "…3 not decided"])
        pieces = html.fromstring(bar).xpath("//div[contains(@class, 'progress-bar')]")
        self.assertEqual([piece.text for piece in pieces], ["✓", "!", "…"])
        self.assertIn("width: 99.67%", pieces[0].get("style"))
        (whole,) = html.fromstring(bar).xpath("//div[@role='img']")
        self.assertEqual(whole.get("aria-label"), "1,500 compliant, 2 warned, 3 not decided")

    def test_the_cycle_shows_the_run_that_stands(self):
        self.assertFalse(self.cycle[BAR])
        self.assertIn("Look at the criteria", self.cycle.attendance_next_step)
        first = self._run(self.cycle)
        self.assertEqual(self.cycle.attendance_standing_run_id, first)
        self.assertEqual(self._get_texts(self.cycle[BAR]), ["✓1 compliant", "✕1 non-compliant"])
        self.assertIn("1 person is non-compliant", self.cycle.attendance_result)
        self.assertIn(f"Applied by {self.env.user.name}", self.cycle.attendance_result)
        self.assertIn("Prepare the entitlements", self.cycle.attendance_next_step)
        second = self._run(self.cycle)
        self.assertEqual(self.cycle.attendance_standing_run_id, second)
        self.assertEqual(first.replaced_by_id, second)
        self.assertFalse(second.replaced_by_id)
        # It did not turn again who was non-compliant before, and loses still.
        self.assertEqual((second.losing_count, second.refused_count), (0, 1))
        second._take_back("As agreed")
        self.assertEqual(self.cycle.attendance_standing_run_id, first)
        self.assertFalse(first.replaced_by_id)

    def test_the_cycle_shows_what_was_overridden_since(self):
        self._run(self.cycle)
        override = self._override(self.ben_in, "compliant")
        self.assertEqual(self._get_texts(self.cycle[BAR]), ["✓1 compliant", "O1 overridden"])
        self.assertIn("Overridden since: 1.", self.cycle.attendance_result)
        self.assertIn("Nobody is non-compliant", self.cycle.attendance_result)
        action = self.cycle.action_open_verdicts("overridden")
        lines = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(lines.partner_id, self.ben)
        override._lift("As I say")
        self.env.invalidate_all()
        self.assertEqual(self._get_texts(self.cycle[BAR]), ["✓1 compliant", "✕1 non-compliant"])
        self.assertNotIn("Overridden", self.cycle.attendance_result)

    def test_an_override_against_somebody_loses_too(self):
        self._run(self.cycle)
        self._override(self.ana_in, "non_compliant")
        self.assertIn("2 persons are non-compliant", self.cycle.attendance_result)

    def test_no_data_that_counts_as_not_attended_is_told(self):
        self._create_membership(self.cycle, self._create_person("EVA"))
        run = self._run(self.cycle)
        if run.state == "waiting":
            run._decide_to_apply("As it is")
        told = self.cycle.attendance_result
        self.assertIn("2 persons are non-compliant", told)
        self.assertIn("Without data, which counts as not attended: 1.", told)

    def test_next_is_nobody_who_was_enrolled_meanwhile(self):
        eva_in = self._create_membership(self.cycle, self._create_person("EVA"), state="draft")
        self.cycle.no_data_rule = "keep"
        self._run(self.cycle)
        self.assertIn("left in draft", self.cycle.attendance_next_step)
        eva_in.state = "enrolled"
        self.env.invalidate_all()
        self.assertIn("Prepare the entitlements", self.cycle.attendance_next_step)

    def test_what_is_next(self):
        self.cycle.use_attendance_criteria = False
        self.assertFalse(self.cycle.attendance_next_step)
        self.cycle.use_attendance_criteria = True
        run = self._preview()
        self.assertIn("Open the run that waits", self.cycle.attendance_next_step)
        run.action_apply()
        self.assertIn("Prepare the entitlements", self.cycle.attendance_next_step)
        self.env["g2p.entitlement"].create(
            {"partner_id": self.ana.id, "cycle_id": self.cycle.id, "initial_amount": 10}
        )
        self.cycle.invalidate_recordset()
        self.assertIn("Send the cycle", self.cycle.attendance_next_step)
        self.cycle.required_number_of_attendance = 1
        self.cycle.invalidate_recordset()
        self.assertIn("by older criteria", self.cycle.attendance_result)
        self.assertIn("were changed since", self.cycle.attendance_next_step)
        self.cycle.required_number_of_attendance = 2
        self.cycle.state = "to_approve"
        self.assertIn("can be approved", self.cycle.attendance_next_step)
        self.assertNotIn("by older criteria", self.cycle.attendance_result)
        self.cycle.state = "approved"
        self.assertFalse(self.cycle.attendance_next_step)
        self.cycle.state = "draft"
        self.server.next("attendance", Fault.status(403))
        self._preview()
        self.assertIn("Open the run that failed", self.cycle.attendance_next_step)

    def _prepare_an_hour_ago(self):
        """Prepare an entitlement for Ana, after all that was done until now."""
        entitlement = self.env["g2p.entitlement"].create(
            {"partner_id": self.ana.id, "cycle_id": self.cycle.id, "initial_amount": 10}
        )
        self.env.flush_all()
        for table, column, hours, record_id in (
            ("g2p_entitlement", "create_date", 1, entitlement.id),
            *(
                ("spp_attendance_run", "finished_at", 2, run.id)
                for run in self.cycle.attendance_run_ids
            ),
        ):
            self.env.cr.execute(
                f"UPDATE {table} SET {column} = %s WHERE id = %s",
                [fields.Datetime.now() - timedelta(hours=hours), record_id],
            )
        self.env.invalidate_all()

    def _has_to_prepare_again(self):
        self.env.invalidate_all()
        return "somebody was enrolled since" in self.cycle.attendance_next_step

    def test_next_is_to_prepare_for_whom_an_override_enrolled(self):
        self._run(self.cycle)
        self._prepare_an_hour_ago()
        self.assertFalse(self._has_to_prepare_again())
        self._override(self.ben_in, "compliant")
        self.assertTrue(self._has_to_prepare_again())
        self.cycle.state = "to_approve"
        self.assertTrue(self._has_to_prepare_again())
        product = self.env["product.product"].create({"name": "Rice"})
        in_kind = {"product_id": product.id, "uom_id": product.uom_id.id, "qty": 1}
        self.env["g2p.entitlement.inkind"].create(
            {"partner_id": self.ben.id, "cycle_id": self.cycle.id, **in_kind}
        )
        self.assertFalse(self._has_to_prepare_again())

    def test_next_is_to_prepare_for_whom_a_run_enrolled(self):
        """And not for who was enrolled before, and gets nothing: only her number is another."""
        self._create_membership(self.cycle, self._create_person("EVA"))
        self.server.people["EVA"] = [attendance(31, "2025-11-03"), attendance(32, "2025-11-04")]
        self._run(self.cycle)
        self._prepare_an_hour_ago()
        self.server.people["EVA"].append(attendance(33, "2025-11-05"))
        self._run(self.cycle)
        self.assertFalse(self._has_to_prepare_again())
        self.server.people["BEN"].append(attendance(34, "2025-11-05"))
        self._run(self.cycle)
        self.assertEqual(self.ben_in.state, "enrolled")
        self.assertTrue(self._has_to_prepare_again())

    def test_next_is_to_prepare_for_whom_taking_back_enrolled(self):
        self.cycle.required_number_of_attendance = 1
        self._run(self.cycle)
        self.cycle.required_number_of_attendance = 2
        last = self._run(self.cycle)
        self._prepare_an_hour_ago()
        last._take_back("As agreed")
        self.cycle.required_number_of_attendance = 1
        self.assertEqual(self.ben_in.state, "enrolled")
        self.assertTrue(self._has_to_prepare_again())

    def test_next_is_to_evaluate_again_after_a_waiver(self):
        self._run(self.cycle)
        waiver = self.env["spp.attendance.waiver"].create(
            {
                "name": "Flood",
                "legal_basis": "Resolution 1",
                "program_id": self.cycle.program_id.id,
                "from_date": FIRST,
                "to_date": LAST,
                "scope": "everybody",
            }
        )
        self.assertNotIn("waiver", self.cycle.attendance_next_step)
        waiver.action_approve()
        self.env.invalidate_all()
        self.assertIn("Evaluate the attendance again", self.cycle.attendance_next_step)
        self._get_run(self.cycle.action_evaluate_attendance())._decide_to_apply("As agreed")
        self.env.invalidate_all()
        self.assertIn("Prepare the entitlements of", self.cycle.attendance_next_step)

    def test_who_may_not_do_it_is_told_who_does(self):
        validator = self._create_user("result_reader", "g2p_programs.g2p_program_validator")
        cycle = self.cycle.with_user(validator)
        self.assertTrue(cycle.attendance_next_step.startswith("For program managers: Look at"))
        run = self._preview()
        self.assertIn("For program managers: Open the run", cycle.attendance_next_step)
        run.action_apply()
        self.cycle.state = "to_approve"
        self.assertEqual(cycle.attendance_next_step, "The cycle can be approved.")

    def test_another_companys_result_is_not_told(self):
        self._run(self.cycle)
        company = self.env["res.company"].create({"name": "Another one"})
        user = self._create_user(
            "result_elsewhere",
            "g2p_programs.g2p_program_manager",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        self.cycle.sudo().company_id = self.env.company
        cycle = self.cycle.with_user(user).with_context(allowed_company_ids=company.ids)
        told = cycle._read_format(["attendance_bar", "attendance_result"])[0]
        self.assertFalse(told["attendance_bar"] or told["attendance_result"])

    def test_a_verdict_opens_its_list(self):
        run = self._run(self.cycle)
        for opened in (run, self.cycle):
            for verdict, partner in (("compliant", self.ana), ("non_compliant", self.ben)):
                with self.subTest(opened=opened, verdict=verdict):
                    action = opened.action_open_verdicts(verdict)
                    lines = self.env[action["res_model"]].search(action["domain"])
                    self.assertEqual(lines.partner_id, partner)
            for verdict in ("no_data", "undecided"):
                action = opened.action_open_verdicts(verdict)
                self.assertFalse(self.env[action["res_model"]].search(action["domain"]))

    def test_not_decided_is_not_without_data(self):
        """A record that can't be read decides about Ben; of Eva nothing is known."""
        eva = self._create_person("EVA")
        self._create_membership(self.cycle, eva)
        self.server.people["BEN"] = days(11, 1, 2)
        self.server.people["BEN"][1]["attendance_category"] = "late"
        run = self._preview()
        self.assertEqual((run.no_data_count, run.undecided_count), (2, 1))
        self.assertEqual(
            self._get_texts(run.verdict_bar),
            ["✓1 compliant", "?1 no data", "…1 not decided"],
        )
        for verdict, partner in (("no_data", eva), ("undecided", self.ben)):
            lines = run.line_ids.search(run.action_open_verdicts(verdict)["domain"])
            self.assertEqual(lines.partner_id, partner, verdict)

    def test_applying_says_what_it_does(self):
        self.ana_in.state = "draft"
        run = self._preview()
        self.assertEqual((run.losing_count, run.gaining_count), (1, 1))
        self.assertEqual(
            run.change_text,
            "Persons who become non-compliant: 1; who become enrolled: 1.",
        )
        action = run.action_ask_to_apply()
        self.assertEqual(run.state, "waiting")
        wizard = self.env[action["res_model"]].with_context(**action["context"]).create({})
        self.assertFalse(wizard.brake_reason)
        self.assertEqual(wizard.change_text, run.change_text)
        wizard.action_confirm()
        self.assertEqual((run.state, run.apply_reason), ("done", False))
        with self.assertRaisesRegex(UserError, "does not wait"):
            run.action_ask_to_apply()

    def test_what_a_brake_held_wants_a_reason(self):
        self.env.company.attendance_non_compliant_limit = 1
        run = self._preview()
        wizard = self.env["spp.attendance.run.reason"].create({"run_id": run.id})
        with self.assertRaisesRegex(UserError, "Give the reason"):
            wizard.action_confirm()
        self.assertEqual(run.state, "waiting")

    def test_no_odd_figures(self):
        run = self._preview()
        self.assertGreaterEqual(run.duration, 1)
        self.server.next("attendance", Fault.status(403))
        failed = self._preview()
        self.assertEqual((failed.state, failed.duration), ("failed", 0))
        self.assertFalse(failed.verdict_bar)

    def test_two_runs_of_a_minute_are_told_apart(self):
        runs = self._preview() + self._preview()
        for run, second in zip(runs, (1, 2), strict=True):
            run.flush_recordset()
            self.env.cr.execute(
                "UPDATE spp_attendance_run SET create_date = %s WHERE id = %s",
                [datetime(2026, 3, 2, 10, 0, second), run.id],
            )
        runs.invalidate_recordset()
        names = runs.mapped("display_name")
        self.assertEqual(len(set(names)), 2, names)
        self.assertIn("10:00:01", names[0])

    def test_how_far_it_is(self):
        run = self._preview()
        run = run.sudo()._as_attendance_writer()
        self.assertFalse(run.progress_text)
        run.state = "running"
        self.assertIn("the verdicts are next", run.progress_text)
        run.intake_ids.is_done = False
        self.assertEqual(run.progress_text, "0 of 1 parts are answered.")

    def test_waivers_in_force_are_counted(self):
        self.assertEqual(self.cycle.attendance_waiver_count, 0)
        waiver = self.env["spp.attendance.waiver"].create(
            {
                "name": "Flood",
                "legal_basis": "1/2026",
                "from_date": FIRST,
                "to_date": LAST,
                "program_id": self.cycle.program_id.id,
            }
        )
        for step, count in (
            (lambda: None, 0),
            (waiver.action_approve, 1),
            (lambda: waiver._revoke("The school was open"), 0),
        ):
            step()
            self.cycle.invalidate_recordset()
            self.assertEqual(self.cycle.attendance_waiver_count, count, waiver.state)


@tagged("post_install", "-at_install")
class TestButtonsOfTheCycle(TwoPersonsCase):
    def test_each_is_offered_where_it_can_be_pressed(self):
        """The platform's button is that of cycles without attendance criteria."""
        view = self.env["g2p.cycle"].get_view(view_type="form")
        arch = html.fromstring(view["arch"])
        name = "action_filter_beneficiaries_by_compliance_criteria"
        own = "not use_attendance_criteria or not can_set_attendance_criteria"
        self.assertEqual(
            [
                (button.get("string"), button.get("invisible"))
                for button in arch.xpath(f"//button[@name='{name}']")
            ],
            [
                (
                    "Compliance Criteria",
                    "not allow_filter_compliance_criteria or use_attendance_criteria",
                ),
                ("Check Attendance", own),
            ],
        )
        (preview,) = arch.xpath("//button[@name='action_preview_attendance']")
        self.assertEqual((preview.get("class"), preview.get("invisible")), ("btn-primary", own))
        (toggle,) = arch.xpath("//page//field[@name='use_attendance_criteria']")
        self.assertFalse(toggle.get("widget"), "it would be saved at once")

    def test_not_in_a_cycle_that_is_over_locked_or_of_others(self):
        self.assertTrue(self.cycle.can_set_attendance_criteria)
        for vals in ({"state": "ended"}, {"state": "draft", "locked": True}):
            self.cycle.write(vals)
            self.assertFalse(self.cycle.can_set_attendance_criteria, vals)
        self.cycle.locked = False
        validator = self._create_user("result_validator", "g2p_programs.g2p_program_validator")
        self.assertFalse(self.cycle.with_user(validator).can_set_attendance_criteria)


@tagged("post_install", "-at_install")
class TestFileTakenBack(FileCase):
    def test_a_run_that_waits_says_so(self):
        stored = self._store("ANA,2025-11-01,x,Lesson,,")
        cycle = self._create_cycle(
            registrants=[self.ana],
            attendance_source_id=self.files.id,
            required_number_of_attendance=1,
        )
        run = self._get_run(cycle.action_preview_attendance())
        self.assertFalse(run.files_taken_back)
        stored._take_back("Of another school")
        # To the second; the run's own moment is to the microsecond.
        stored._as_attendance_writer().taken_back_at += timedelta(seconds=1)
        run.invalidate_recordset()
        self.assertIn("list.csv", run.files_taken_back)
        run.action_discard()
        self.assertFalse(run.files_taken_back)


@tagged("post_install", "-at_install")
class TestSettings(TwoPersonsCase):
    def test_what_is_connected(self):
        settings = self.env["res.config.settings"].create({})
        name = self.source.name
        self.assertIn(
            f"{name}: connected, not asked for attendance yet.", settings.attendance_sources_text
        )
        self._run(self.cycle)
        settings.invalidate_recordset()
        self.assertRegex(settings.attendance_sources_text, f"{name}: connected, last answered on")
        self.env["spp.attendance.source"].create({"name": "Not yet", "id_type_id": self.id_type.id})
        settings.invalidate_recordset()
        self.assertIn("Not yet: not connected.", settings.attendance_sources_text)

    def test_the_nightly_questions_are_paused(self):
        settings = self.env["res.config.settings"].create({})
        self.source.is_polled = True
        self.assertIn("The next time is", settings.attendance_poll_text)
        self.assertTrue(self.cycle._may_attendance_be_polled())
        settings.attendance_poll_paused = True
        settings.execute()
        self.assertIn("Paused", self.env["res.config.settings"].create({}).attendance_poll_text)
        self.assertFalse(self.cycle._may_attendance_be_polled())
        cron = self.env.ref("spp_cycle_attendance_compliance.ir_cron_poll_attendance")
        cron.active = False
        self.assertIn(
            "switched off", self.env["res.config.settings"].create({}).attendance_poll_text
        )
