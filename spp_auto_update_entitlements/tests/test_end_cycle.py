from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged

from ..models import cycle_end
from .common import SettlementCase


@tagged("post_install", "-at_install")
class TestEndCycle(SettlementCase):
    """ "Set as Ended", at once and in the background."""

    def _create_settleable_cycle(self, **vals):
        cycle = self._create_cycle(**vals)
        self._create_entitlement(cycle, transactions=[("PURCHASE", 40)])
        return cycle

    def test_it_settles_then_ends(self):
        for case, vals in (
            ("distributed", {}),
            ("distributed, not over", {"ended_days_ago": -10}),
            ("approved", {"state": "approved"}),
            ("no manager", {"program": self._create_program("Bare", with_cycle_manager=False)}),
        ):
            with self.subTest(case):
                cycle = self._create_settleable_cycle(**vals)
                self.assertIsNone(cycle.mark_ended())
                self.assertEqual(cycle.state, "ended")
                self.assertEqual(cycle.entitlement_ids.state, "parrdpd2ben")
                self.assertRecordValues(
                    cycle.settlement_ids,
                    [{"state": "done", "trigger": "user", "user_id": self.env.uid}],
                )

    def test_it_goes_through_the_programs_cycle_manager(self):
        cycle = self._create_settleable_cycle()
        states = []

        def mark_ended(_self, ended):
            states.append((ended, ended.state, ended.entitlement_ids.state))
            ended.state = "ended"

        manager_class = type(self.env["g2p.cycle.manager.default"])
        with patch.object(manager_class, "mark_ended", mark_ended):
            cycle.mark_ended()
        self.assertEqual(states, [(cycle, "distributed", "parrdpd2ben")])

    def test_a_cycle_without_entitlements_ends(self):
        cycle = self._create_cycle()
        cycle.mark_ended()
        self.assertEqual(cycle.state, "ended")
        self.assertFalse(cycle.settlement_ids)

    def test_a_second_click_changes_nothing(self):
        cycle = self._create_settleable_cycle()
        cycle.mark_ended()
        cycle.mark_ended()
        self.assertEqual(len(cycle.settlement_ids), 1)

    def test_other_states_are_refused_with_a_reason(self):
        for state in ("draft", "to_approve", "cancelled"):
            with self.subTest(state=state):
                cycle = self._create_settleable_cycle(state=state)
                with self.assertRaisesRegex(UserError, "only an approved or distributed"):
                    cycle.mark_ended()
                self.assertEqual((cycle.state, cycle.entitlement_ids.state), (state, "approved"))

    def test_a_locked_cycle_is_refused_with_its_reason(self):
        cycle = self._create_settleable_cycle(locked=True, locked_reason="Importing.")
        with self.assertRaisesRegex(UserError, "Importing"):
            cycle.mark_ended()
        self.assertEqual(cycle.entitlement_ids.state, "approved")

    def test_a_big_cycle_is_left_to_the_cron(self):
        manager = self._create_user("impatient", "g2p_programs.g2p_program_manager")
        cycle = self._create_settleable_cycle(ended_days_ago=-10)
        cron = self.env.ref("spp_auto_update_entitlements.cron_settle_cycles")
        with patch.object(cycle_end, "MAX_SETTLED_AT_ONCE", 0):
            for _click in range(2):
                action = cycle.with_user(manager).mark_ended()
                self.assertEqual(action["tag"], "display_notification")
                self.assertIn("in the background", action["params"]["message"])
        self.assertRecordValues(
            cycle,
            [
                {
                    "state": "distributed",
                    "locked": False,
                    "end_requested_by_id": manager.id,
                    "nightly_plan": "requested",
                    "settlement_count": 0,
                }
            ],
        )
        notes = cycle.message_ids.filtered(lambda message: "impatient" in message.body)
        self.assertEqual(len(notes), 1)
        self.assertTrue(self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)]))
        cron.ir_actions_server_id.with_user(cron.user_id).run()
        self.env.invalidate_all()
        self.assertRecordValues(cycle, [{"state": "ended", "end_requested_by_id": False}])
        self.assertEqual(cycle.entitlement_ids.state, "parrdpd2ben")
        self.assertRecordValues(
            cycle.settlement_ids, [{"state": "done", "trigger": "user", "user_id": manager.id}]
        )

    def test_what_changed_past_the_orm_makes_a_cycle_big(self):
        cycle = self._create_cycle()
        for _index in range(2):
            self._create_entitlement(cycle)
        cycle._settle_now()
        self.env.cr.execute(
            "UPDATE g2p_entitlement SET state = 'expired' WHERE cycle_id = %s", [cycle.id]
        )
        self.env.invalidate_all()
        with patch.object(cycle_end, "MAX_SETTLED_AT_ONCE", 1):
            cycle.mark_ended()
        self.assertEqual(cycle.state, "distributed")
        self.assertEqual(cycle.end_requested_by_id, self.env.user)

    def test_a_cron_that_is_archived_is_named(self):
        self.env.ref("spp_auto_update_entitlements.cron_settle_cycles").active = False
        cycle = self._create_settleable_cycle()
        with (
            patch.object(cycle_end, "MAX_SETTLED_AT_ONCE", 0),
            self.assertRaisesRegex(UserError, "is archived"),
        ):
            cycle.mark_ended()
        self.assertFalse(cycle.end_requested_by_id)
