from datetime import timedelta
from unittest.mock import patch

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import SQL, mute_logger

from .attendance_faults import Fault
from .common import FIRST, AttendanceCase, days


@tagged("post_install", "-at_install")
class TestRun(AttendanceCase):
    def setUp(self):
        super().setUp()
        self.diligent = self._create_person("DILIGENT")
        self.truant = self._create_person("TRUANT")
        self.server.people.update(DILIGENT=days(1, 1, 2, 3), TRUANT=days(11, 1, -2))
        self.cycle = self._create_cycle(registrants=[self.diligent, self.truant])

    def _press(self, cycle=None):
        action = (cycle or self.cycle).action_filter_beneficiaries_by_compliance_criteria()
        return self._get_run(action)

    def _get_states(self):
        return [
            self._get_membership(self.cycle, person).state
            for person in (self.diligent, self.truant)
        ]

    def test_a_run_is_applied(self):
        run = self._press()
        self.assertEqual(self._get_states(), ["enrolled", "non_compliant"])
        self.assertRecordValues(
            run,
            [
                {
                    "state": "done",
                    "mode": "apply",
                    "user_id": self.env.uid,
                    "cycle_id": self.cycle.id,
                    "from_date": self.cycle.from_date,
                    "required_number_of_attendance": 2,
                    "compliant_count": 1,
                    "non_compliant_count": 1,
                    "unchanged_count": 1,
                    "call_count": 2,
                    "new_count": 5,
                    "progress": 100,
                    "brake_reason": "",
                }
            ],
        )
        self.assertEqual(self.cycle.attendance_run_state, "done")

    def test_the_platforms_button(self):
        """Criteria alone allow the button; without them it is the platform's own."""
        self.assertTrue(self.cycle.allow_filter_compliance_criteria)
        self.cycle.use_attendance_criteria = False
        self.assertFalse(self.cycle.allow_filter_compliance_criteria)
        with self.assertRaises(ValidationError):
            self._press()
        self.assertFalse(self.server.requests)

    def test_the_programs_criteria_come_first(self):
        other = self._create_person("OTHER")
        self.server.people["OTHER"] = []
        self._create_membership(self.cycle, other)
        tag = self._require_tag(self.cycle.program_id)
        self.env.company.attendance_non_compliant_limit = 100
        (self.truant + other).tags_ids = tag
        run = self._press()
        self.assertEqual(self._get_states(), ["non_compliant", "non_compliant"])
        refused = self._get_membership(self.cycle, self.diligent)
        self.assertEqual((refused.attendance_status, run.state), ("non_compliant", "done"))
        self.assertIn("program's compliance criteria", refused.attendance_reason)
        self.diligent.tags_ids = tag
        self._press()
        self.assertEqual(self._get_states(), ["enrolled", "non_compliant"])

    def test_cycles_that_are_not_open(self):
        for state in ("approved", "distributed", "cancelled", "ended"):
            with self.subTest(state=state):
                self.cycle.state = state
                with self.assertRaisesRegex(UserError, "can't be changed any more"):
                    self._press()
        self.assertFalse(self.server.requests)
        self.assertEqual(self._get_states(), ["enrolled", "enrolled"])
        preview = self._get_run(self.cycle.action_preview_attendance())
        self.assertEqual((preview.state, preview.non_compliant_count), ("waiting", 1))
        with self.assertRaisesRegex(UserError, "can't be changed any more"):
            preview.action_apply()
        self.assertEqual(self._get_states(), ["enrolled", "enrolled"])

    def test_what_is_missing_is_said(self):
        other = self.env["res.company"].create({"name": "Another Agency"})
        cases = [
            (lambda: self.cycle.write({"attendance_source_id": False}), "has to be connected"),
            (lambda: self.source.write({"active": False}), "is archived"),
            (lambda: self.source.write({"company_id": other.id}), "belongs to another company"),
            (lambda: self.source.write({"id_type_id": False}), "No ID type is chosen"),
            (lambda: self.env.cr.execute("DELETE FROM spp_attendance_secret"), "No secret is kept"),
            (lambda: self.cycle.write({"locked": True, "locked_reason": "Work"}), "Work"),
            (lambda: self.cycle.cycle_membership_ids.write({"state": "paused"}), "nobody to check"),
            (lambda: self.cycle.write({"attendance_type_id": self._create_type().id}), "not come"),
        ]
        for spoil, sentence in cases:
            with self.subTest(sentence=sentence):
                type(self).source = self._create_another_source()
                self.cycle = self._create_cycle(registrants=[self.diligent])
                spoil()
                with self.assertRaisesRegex(UserError, sentence):
                    self._press()
                self.assertFalse(self.cycle.attendance_run_ids)

    def test_a_type_of_another_source_is_refused_whatever_is_done(self):
        """Evaluate Again asks nobody, and would count nothing of anybody."""
        self._press()
        other = self._create_another_source()
        self.cycle.attendance_type_id = self.env["spp.res.config.attendance.type"].create(
            {"name": "Training", "external_id": 1, "source_id": other.id}
        )
        for step in ("action_evaluate_attendance", "action_preview_attendance"):
            with self.assertRaisesRegex(UserError, "does not come from"):
                getattr(self.cycle, step)()

    def _create_type(self):
        return self.env["spp.res.config.attendance.type"].create({"name": "Made here"})

    def test_a_failing_server_changes_nothing(self):
        self._press()
        states = self._get_states()
        events = self.env["spp.event.attendance"].search_count([])
        self.server.people["DILIGENT"].clear()
        self.server.next("attendance", Fault.status(403))
        run = self._press()
        self.assertEqual((run.state, self._get_states()), ("failed", states))
        self.assertIn("403", run.error)
        self.assertEqual(self.cycle.attendance_run_state, "failed")
        self.assertIn("403", self.cycle.attendance_run_message)
        self.assertEqual(self.env["spp.event.attendance"].search_count([]), events)
        self.assertFalse(self.env["spp.event.attendance"].search([("withdrawn", "=", True)]))
        # A retry goes by what was answered a moment ago; a new run asks everybody anew.
        again = self._get_run(run.action_retry())
        self.assertEqual((run.state, again.state), ("failed", "done"))
        self.assertEqual(self._get_states(), states)
        anew = self._press()
        self.assertEqual(anew.state, "waiting")
        anew._decide_to_apply("As agreed")
        self.assertEqual(self._get_states(), ["non_compliant", "non_compliant"])
        with self.assertRaisesRegex(UserError, "Only a run that failed"):
            again.action_retry()

    def test_a_preview_applies_nothing_until_told(self):
        run = self._get_run(self.cycle.action_preview_attendance())
        self.assertEqual((run.state, run.non_compliant_count), ("waiting", 1))
        self.assertEqual(self._get_states(), ["enrolled", "enrolled"])
        self.assertFalse(self.cycle.cycle_membership_ids.filtered("attendance_status"))
        line = run.line_ids.filtered(lambda line: line.partner_id == self.truant)
        self.assertEqual(
            (line.state_before, line.state_after, line.is_changing),
            ("enrolled", "non_compliant", True),
        )
        run.action_apply()
        self.assertEqual(self._get_states(), ["enrolled", "non_compliant"])
        self.assertEqual((run.state, run.decided_by_id), ("done", self.env.user))
        for button in (run.action_apply, run.action_discard):
            with self.assertRaisesRegex(UserError, "does not wait"):
                button()

    def test_a_preview_is_discarded(self):
        run = self._get_run(self.cycle.action_preview_attendance())
        run.action_discard()
        self.assertEqual(run.state, "discarded")
        self.assertEqual(self._get_states(), ["enrolled", "enrolled"])

    def test_a_new_run_takes_the_place_of_one_that_waits(self):
        first = self._get_run(self.cycle.action_preview_attendance())
        second = self._get_run(self.cycle.action_preview_attendance())
        self.assertEqual((first.state, second.state), ("discarded", "waiting"))

    def test_changed_criteria_are_not_applied_unseen(self):
        run = self._get_run(self.cycle.action_preview_attendance())
        self.cycle.required_number_of_attendance = 3
        run.action_apply()
        self.assertEqual(run.state, "outdated")
        self.assertIn("criteria of the cycle were changed", run.outdated_reason)
        self.assertEqual(self._get_states(), ["enrolled", "enrolled"])

    def test_a_member_who_was_paused_meanwhile_stays_paused(self):
        run = self._get_run(self.cycle.action_preview_attendance())
        membership = self._get_membership(self.cycle, self.truant)
        membership.state = "paused"
        run.action_apply()
        self.assertEqual((membership.state, membership.attendance_status), ("paused", False))

    def test_a_member_who_was_overridden_meanwhile_stays_so(self):
        run = self._get_run(self.cycle.action_preview_attendance())
        membership = self._get_membership(self.cycle, self.truant)
        self.env["spp.attendance.override"].create(
            {"cycle_membership_id": membership.id, "verdict": "compliant", "reason": "Was ill"}
        )
        run.action_apply()
        self.assertEqual(
            (membership.state, membership.attendance_status), ("enrolled", "overridden")
        )

    def test_the_brake(self):
        """Each case: how many of 4 are known and diligent, limits; why the run waits."""
        cases = [
            (4, 0, 50, 50, None),
            (2, 2, 50, 50, None),
            (1, 3, 50, 50, "3 of 4 persons have no data"),
            (1, 3, 100, 50, "3 of 4 beneficiaries would become non-compliant"),
            (1, 3, 75, 75, None),
            (3, 1, 20, 100, "1 of 4 persons have no data, more than 20%"),
            (3, 1, 100, 24, "1 of 4 beneficiaries"),
            (3, 1, 100, 25, None),
        ]
        for index, (known, unknown, no_data_limit, refused_limit, reason) in enumerate(cases):
            with self.subTest(case=index):
                self.env.company.attendance_no_data_limit = no_data_limit
                self.env.company.attendance_non_compliant_limit = refused_limit
                persons = [self._create_person(f"B{index}-{each}") for each in range(4)]
                for number, person in enumerate(persons[:known]):
                    identifier = person.attendance_identifier
                    first_id = 1000 + index * 100 + number * 10
                    self.server.people[identifier] = days(first_id, 1, 2)
                cycle = self._create_cycle(registrants=persons)
                run = self._press(cycle)
                states = cycle.cycle_membership_ids.mapped("state")
                if reason:
                    self.assertEqual(run.state, "waiting")
                    self.assertIn(reason, run.brake_reason)
                    self.assertEqual(states, ["enrolled"] * 4)
                    self.assertEqual(cycle.attendance_run_state, "waiting")
                else:
                    self.assertEqual((run.state, run.brake_reason), ("done", ""))
                    self.assertEqual(states.count("non_compliant"), unknown)

    def test_evaluate_again_asks_nobody(self):
        unknown = self._create_person("UNKNOWN")
        self._create_membership(self.cycle, unknown)
        self._run(self.cycle)
        asked, states = len(self.server.requests), self._get_states()
        self.cycle.required_number_of_attendance = 1
        newcomer = self._create_person("NEWCOMER")
        self._create_membership(self.cycle, newcomer)
        run = self._get_run(self.cycle.action_evaluate_attendance())
        self.assertEqual(len(self.server.requests), asked)
        self.assertEqual((run.state, self._get_states()), ("waiting", states))
        run._decide_to_apply("As agreed")
        self.assertEqual(self._get_states(), ["enrolled", "enrolled"])
        answers = {line.partner_id: line.finding for line in run.line_ids}
        self.assertEqual(answers[unknown], "unknown")
        self.assertEqual(answers[newcomer], "not_asked")
        self.assertEqual(self._get_membership(self.cycle, newcomer).attendance_status, "no_data")

    def test_evaluate_again_knows_what_was_asked(self):
        """An answer about November says nothing about December; all types cover one."""
        self._run(self.cycle)
        self.cycle.from_date += timedelta(days=1)
        run = self._get_run(self.cycle.action_evaluate_attendance())
        self.assertEqual(set(run.line_ids.mapped("finding")), {"known"})
        run = self._get_run(self.cycle.action_evaluate_attendance())
        self.cycle.to_date += timedelta(days=1)
        run = self._get_run(self.cycle.action_evaluate_attendance())
        self.assertEqual(set(run.line_ids.mapped("finding")), {"not_asked"})
        self.assertEqual(run.state, "waiting")

    @mute_logger("odoo.sql_db")
    def test_an_override_is_respected_until_lifted(self):
        membership = self._get_membership(self.cycle, self.truant)
        override = self.env["spp.attendance.override"].create(
            {"cycle_membership_id": membership.id, "verdict": "compliant", "reason": "Was ill"}
        )
        self.assertEqual(
            (membership.state, membership.attendance_status), ("enrolled", "overridden")
        )
        run = self._press()
        self.assertEqual((membership.state, membership.number_of_attendance), ("enrolled", 1))
        self.assertEqual(run.overridden_count, 1)
        self.assertIn("Was ill", membership.attendance_reason)
        self.assertIn(self.env.user.name, membership.attendance_reason)
        override._lift("Is well again")
        self.assertEqual(
            (membership.state, membership.attendance_status), ("non_compliant", "non_compliant")
        )
        self.assertEqual(override.lifted_by_id, self.env.user)
        self.assertEqual(
            membership.attendance_reason,
            "1 day (2 needed), 11/01/2025 to 11/30/2025: non-compliant",
        )
        refusal = self.env["spp.attendance.override"].create(
            {
                "cycle_membership_id": self._get_membership(self.cycle, self.diligent).id,
                "verdict": "non_compliant",
                "reason": "Papers were forged",
            }
        )
        self.env.company.attendance_non_compliant_limit = 100
        self._press()
        self.assertEqual(self._get_states(), ["non_compliant", "non_compliant"])
        self.assertFalse(refusal.lifted_at)
        self.assertEqual(membership.attendance_override_ids, override)

    def test_overrides_that_are_refused(self):
        membership = self._get_membership(self.cycle, self.truant)
        vals = {"cycle_membership_id": membership.id, "verdict": "compliant", "reason": "Was ill"}
        with self.assertRaisesRegex(ValidationError, "Give the reason"):
            self.env["spp.attendance.override"].create({**vals, "reason": "  "})
        membership.state = "paused"
        with self.assertRaisesRegex(UserError, "paused"):
            self.env["spp.attendance.override"].create(vals)
        membership.state = "enrolled"
        self.cycle.state = "approved"
        with self.assertRaisesRegex(UserError, "can't be changed any more"):
            self.env["spp.attendance.override"].create(vals)

    def test_a_member_who_leaves_the_cycle_leaves_the_proof(self):
        run = self._press()
        membership = self._get_membership(self.cycle, self.truant)
        override = self.env["spp.attendance.override"].create(
            {"cycle_membership_id": membership.id, "reason": "Was ill"}
        )
        membership.unlink()
        self.env.invalidate_all()
        self.assertEqual(override.partner_id, self.truant)
        line = run.line_ids.filtered(lambda line: line.partner_id == self.truant)
        self.assertEqual(line.reason, "1 day (2 needed), 11/01/2025 to 11/30/2025: non-compliant")

    def test_the_proof_is_not_deleted_even_by_the_superuser(self):
        run = self._press()
        for proof in (run, run.intake_ids, run.line_ids, run.line_ids.answer_id):
            with self.assertRaisesRegex(UserError, "kept for ever"):
                proof.sudo().unlink()

    def test_another_source_is_another_question(self):
        runs = self.env["spp.attendance.run"].sudo()._as_attendance_writer()
        run = runs._open(self.cycle, "apply")
        self.cycle.attendance_source_id = self._create_another_source()
        run._finish()
        self.assertEqual(run.state, "outdated")

    def test_a_second_override_is_refused_while_the_first_is_in_force(self):
        membership = self._get_membership(self.cycle, self.truant)
        vals = {"cycle_membership_id": membership.id, "reason": "Was ill"}
        first = self.env["spp.attendance.override"].create({**vals, "verdict": "compliant"})
        with self.assertRaisesRegex(UserError, "Was ill. Lift that override first"):
            self.env["spp.attendance.override"].create({**vals, "verdict": "non_compliant"})
        first._lift("As I say")
        second = self.env["spp.attendance.override"].create({**vals, "verdict": "non_compliant"})
        with self.assertRaisesRegex(UserError, "not in force any more"):
            first._lift("As I say")
        self.assertEqual(membership.attendance_override_id, second)
        self.assertEqual(membership.state, "non_compliant")

    def test_recorded_in_openspp_asks_nobody(self):
        nobody = self._create_person(name="Nobody")
        cycle = self._create_cycle(
            registrants=[self.diligent, self.truant, nobody],
            attendance_source_id=self.recorded.id,
        )
        for day in ("2025-11-01", "2025-11-02", "2025-12-01"):
            self._record(self.diligent, day)
        self._record(self.truant, "2025-11-03")
        self._record(self.truant, "2025-11-04")._withdraw("Not so")
        run = self._run(cycle)
        self.assertFalse(self.server.requests)
        self.assertRecordValues(
            run.line_ids,
            [
                {"number_of_attendance": 2, "finding": "recorded", "verdict": "compliant"},
                {"number_of_attendance": 1, "finding": "recorded", "verdict": "non_compliant"},
                {"number_of_attendance": 0, "finding": "unrecorded", "verdict": "no_data"},
            ],
        )

    def test_type_and_location_count(self):
        type_id = self.env["spp.res.config.attendance.type"].create(
            {"name": "Training", "external_id": 1, "source_id": self.source.id}
        )
        location = self.env["spp.res.config.attendance.location"].create(
            {"name": "Office", "external_id": 2, "source_id": self.source.id}
        )
        self.server.people["DILIGENT"] = [
            *days(1, 1, 2, type_id=1, location_id=2),
            *days(11, 3, 4, type_id=2, location_id=2),
            *days(21, 5, 6, type_id=1, location_id=1),
        ]
        cycle = self._create_cycle(
            registrants=[self.diligent],
            attendance_type_id=type_id.id,
            attendance_location_id=location.id,
        )
        run = self._run(cycle)
        self.assertEqual(cycle.cycle_membership_ids.number_of_attendance, 2)
        query = self.server.asked("attendance")[0].query
        self.assertEqual((query["attendance_type"], query["attendance_location"]), ("1", "2"))
        self.assertIn("Training, Office", run.line_ids.reason)

    def test_the_columns_that_intakes_look_up_are_indexed(self):
        for table, column in (
            ("g2p_cycle_membership", "cycle_id"),
            ("g2p_group_membership", '"group"'),
            ("g2p_group_membership", "individual"),
            ("g2p_reg_id", "partner_id"),
            ("g2p_reg_id", "id_type"),
            ("spp_event_attendance", "individual_id"),
        ):
            with self.subTest(table=table, column=column):
                self.env.cr.execute("SELECT indexdef FROM pg_indexes WHERE tablename = %s", [table])
                definitions = [row[0] for row in self.env.cr.fetchall()]
                # Of all rows: a partial index is no help for the others.
                self.assertTrue(
                    any(
                        definition.endswith(f"({column})") or f"({column}, " in definition
                        for definition in definitions
                        if " WHERE " not in definition
                    ),
                    definitions,
                )

    def test_events_are_counted_by_person_before_statistics_are_made(self):
        """As in the first run of a registry: not by the index of days, once for each person."""
        run = self._press()
        # Takes the place of the table, and no statistics are made of it by themselves.
        self.env.cr.execute(
            "CREATE TEMPORARY TABLE spp_event_attendance"
            " (LIKE public.spp_event_attendance INCLUDING ALL) ON COMMIT DROP"
        )
        self.env.cr.execute(
            """
            INSERT INTO spp_event_attendance
                (individual_id, attendance_date, attendance_category, source_id)
            SELECT number / 10, %s + number %% 30, 'present', %s
            FROM generate_series(1, 20000) AS number
            """,
            [FIRST, self.source.id],
        )
        draft, cells = run._draft_world(run.id)
        plan = []

        execute = draft.execute

        def explain(query, **parameters):
            self.env.cr.execute(SQL(f"EXPLAIN {query}", run=run.id, **parameters))
            plan.extend(row[0] for row in self.env.cr.fetchall())
            execute(query, **parameters)

        with patch.object(draft, "execute", explain):
            cells.count(run._get_period_scope())
            self.assertIn("individual_id_attendance_date", "\n".join(plan))
            # Nor are the lines of all registrants read once for each line.
            plan.clear()
            waiver = self.env["spp.attendance.waiver"].new(
                {"scope": "partners", "partner_ids": [(6, 0, self.diligent.ids)]}
            )
            draft.add_waiver(1, run._get_waived(waiver), False)
            self.assertNotIn("SubPlan", "\n".join(plan))
