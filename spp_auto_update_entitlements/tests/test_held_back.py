from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..hooks import uninstall_hook
from ..models import cycle_end
from .common import SettlementCase


@tagged("post_install", "-at_install")
class TestHeldBack(SettlementCase):
    """Cycles that were over before the addon came."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls._create_user("manager", "g2p_programs.g2p_program_manager")

    def _create_settleable_cycle(self, **vals):
        cycle = self._create_cycle(**vals)
        self._create_entitlement(cycle, transactions=[("PURCHASE", 40)])
        return cycle

    def _hold_back(self, cycles, **options):
        self.env["g2p.cycle"]._hold_back(**options)
        return {cycle.settlement_hold for cycle in cycles}

    def test_which_cycles_are_held_back(self):
        settled = self._create_settleable_cycle()
        settled.mark_ended()
        for vals, held, held_if_ended_only in (
            ({"state": "ended"}, "held", "held"),
            ({"state": "approved"}, "held", False),
            ({"state": "distributed"}, "held", False),
            ({"state": "distributed", "ended_days_ago": 0}, False, False),
            ({"state": "approved", "ended_days_ago": -5}, False, False),
            ({"state": "draft"}, False, False),
            ({"state": "cancelled"}, False, False),
        ):
            with self.subTest(**vals):
                cycle = self._create_settleable_cycle(**vals)
                self.assertEqual(self._hold_back(cycle, ended_only=True), {held_if_ended_only})
                cycle._as_writer().settlement_hold = False
                self.assertEqual(self._hold_back(cycle + settled), {held, False})
        empty = self._create_cycle(state="ended")
        self.assertEqual(self._hold_back(empty), {False})

    def test_no_night_touches_them(self):
        cycles = self._create_settleable_cycle() + self._create_settleable_cycle(state="ended")
        self._hold_back(cycles)
        self.assertEqual(cycles.mapped("nightly_plan"), ["held", "held"])
        self.env["g2p.cycle"]._cron_settle()
        self.assertEqual(cycles.entitlement_ids.mapped("state"), ["approved", "approved"])
        self.assertEqual(cycles.mapped("state"), ["distributed", "ended"])
        activity = self.program.activity_ids
        self.assertEqual(len(activity), 1)
        self.assertIn("held back (2)", activity.note)
        self.assertTrue(activity.user_id.has_group("base.group_user"))

    def test_uninstalling_leaves_no_task(self):
        self._hold_back(self._create_settleable_cycle())
        own = self.program.activity_schedule("mail.mail_activity_data_todo")
        self.assertEqual(len(self.program.activity_ids), 2)
        uninstall_hook(self.env)
        self.assertEqual(self.program.activity_ids.exists(), own)

    def test_they_are_settled_when_a_person_says_so(self):
        cycles = self._create_settleable_cycle() + self._create_settleable_cycle(state="ended")
        self._hold_back(cycles)
        cycles.with_user(self.manager).action_settle_held_back()
        self.assertEqual(set(cycles.mapped("state")), {"ended"})
        self.assertEqual(set(cycles.entitlement_ids.mapped("state")), {"parrdpd2ben"})
        self.assertEqual(cycles.settlement_ids.user_id, self.manager)
        self.assertFalse(any(cycles.mapped("settlement_hold")))
        self.assertFalse(self.program.activity_ids)
        self.assertIn("had this cycle settled", " ".join(cycles[1].message_ids.mapped("body")))

    def test_what_cannot_be_settled_keeps_no_other_from_it(self):
        held, draft = self._create_settleable_cycle(), self._create_settleable_cycle(state="draft")
        locked = self._create_settleable_cycle(locked=True, locked_reason="Importing.")
        self._hold_back(held + locked)
        chosen = (draft + held + locked).with_user(self.manager)
        params = chosen.action_settle_held_back()["params"]
        self.assertEqual(chosen.mapped("state"), ["draft", "ended", "distributed"])
        self.assertEqual(chosen.mapped("settlement_hold"), [False, False, "held"])
        self.assertEqual(held.entitlement_ids.state, "parrdpd2ben")
        self.assertEqual(locked.entitlement_ids.state, "approved")
        self.assertIn("1 of 3 cycles", params["message"])
        self.assertIn(f"{draft.name} can't be ended", params["message"])
        self.assertIn("have it approved first", params["message"])
        self.assertIn("Importing.", params["message"])
        self.assertTrue(params["sticky"])
        with self.assertRaisesRegex(UserError, f"(?s){draft.name}.*Importing."):
            (draft + locked).with_user(self.manager).action_settle_held_back()

    def test_leaving_alone_says_of_whom_it_does_nothing(self):
        held, draft = self._create_settleable_cycle(), self._create_cycle(state="draft")
        self._hold_back(held)
        message = (held + draft).action_leave_alone()["params"]["message"]
        self.assertIn(f"Nothing has changed for {draft.name}.", message)
        self.assertEqual(held.settlement_hold, "left")
        count = len(held.message_ids)
        self.assertIn(held.name, held.action_leave_alone()["params"]["message"])
        self.assertEqual(len(held.message_ids), count)

    def test_one_that_a_background_task_works_on_is_left_to_it(self):
        ended = self._create_cycle(state="ended", locked=True, locked_reason="Importing.")
        entitlement = self._create_entitlement(ended, transactions=[("PURCHASE", 40)])
        ended._as_writer().settlement_hold = "held"
        with self.assertRaisesRegex(UserError, "Importing."):
            ended.action_settle_held_back()
        self.assertEqual(entitlement.state, "approved")

    def test_a_big_one_that_has_ended_is_settled_though_its_company_pauses(self):
        cycle = self._create_settleable_cycle(state="ended")
        self._hold_back(cycle)
        self.env.company.is_settlement_paused = True
        with patch.object(cycle_end, "MAX_SETTLED_AT_ONCE", 0):
            action = cycle.with_user(self.manager).action_settle_held_back()
        self.assertIn(cycle.name, action["params"]["message"])
        self.assertRecordValues(
            cycle, [{"end_requested_by_id": self.manager.id, "nightly_plan": "requested"}]
        )
        self.assertEqual(cycle.entitlement_ids.state, "approved")
        self.env["g2p.cycle"]._cron_settle()
        self.assertEqual(cycle.entitlement_ids.state, "parrdpd2ben")
        self.assertRecordValues(
            cycle.settlement_ids, [{"state": "done", "trigger": "user", "user_id": self.manager.id}]
        )
        self.assertRecordValues(cycle, [{"state": "ended", "end_requested_by_id": False}])

    def test_they_are_left_alone_when_a_person_says_so(self):
        cycle = self._create_settleable_cycle(state="ended")
        other = self._create_settleable_cycle()
        self._hold_back(cycle + other)
        cycle.with_user(self.manager).action_leave_alone()
        self.assertTrue(self.program.activity_ids)
        other.with_user(self.manager).action_leave_alone()
        self.assertFalse(self.program.activity_ids)
        self.assertEqual(cycle.nightly_plan, "left")
        self.env["g2p.cycle"]._cron_settle()
        self.assertEqual(cycle.entitlement_ids.state, "approved")
        self.assertEqual(self._hold_back(cycle + other), {"left"})
        # A person may change her mind.
        cycle.with_user(self.manager).action_settle_held_back()
        self.assertEqual(cycle.entitlement_ids.state, "parrdpd2ben")

    def test_who_may_decide(self):
        validator = self._create_user("validator", "g2p_programs.g2p_program_validator")
        cycle = self._create_settleable_cycle(state="ended")
        self._hold_back(cycle)
        for method in ("action_settle_held_back", "action_leave_alone"):
            with self.subTest(method), self.assertRaises(AccessError):
                getattr(cycle.with_user(validator), method)()
        for user in (validator, self.manager, self.env.user):
            with self.subTest(user.login), self.assertRaises(AccessError):
                cycle.with_user(user).write({"settlement_hold": False})
        self.assertEqual(cycle.settlement_hold, "held")

    def test_who_may_not_decide_is_told_who_may(self):
        cycle = self._create_settleable_cycle(state="ended")
        self._hold_back(cycle)
        told = "The cycle is held back: program managers settle it or leave it alone."
        for role in ("g2p_finance_validator", "g2p_program_validator"):
            user = self._create_user(role, f"g2p_programs.{role}")
            self.assertEqual(cycle.with_user(user).next_step, told)
        view = self.env.ref("g2p_programs.view_cycle_form")
        arch = cycle.with_user(user).get_view(view.id, "form")["arch"]
        self.assertNotIn("settle it or leave it alone", arch)
