from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.queue_job.job import Job

from ..models import cycle as cycle_module
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

    def test_a_manager_that_ends_a_cycle_settles_it(self):
        cycle = self._create_settleable_cycle()
        self.program.cycle_managers.manager_ref_id.mark_ended(cycle)
        self.assertEqual(cycle.state, "ended")
        self.assertEqual(cycle.entitlement_ids.state, "parrdpd2ben")
        self.assertEqual(cycle.settlement_count, 1)

    def test_a_cycle_without_entitlements_ends(self):
        cycle = self._create_cycle()
        cycle.mark_ended()
        self.assertEqual(cycle.state, "ended")
        self.assertRecordValues(cycle.settlement_ids, [{"state": "done", "entitlement_count": 0}])

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

    def _queue(self, cycle):
        with patch.object(cycle_module, "MAX_SETTLED_AT_ONCE", 0):
            action = cycle.mark_ended()
        self.assertEqual(action["tag"], "display_notification")
        return Job.load(self.env, cycle.settlement_ids[0].job_uuid)

    def test_a_big_cycle_is_settled_in_the_background(self):
        cycle = self._create_settleable_cycle()
        job = self._queue(cycle)
        self.assertTrue(cycle.locked)
        self.assertIn("being settled", cycle.locked_reason)
        self.assertEqual((cycle.state, cycle.entitlement_ids.state), ("distributed", "approved"))
        self.assertEqual(cycle.settlement_ids.state, "queued")
        self.assertEqual(job.channel, "root_program.cycle")
        with patch.object(cycle_module, "MAX_SETTLED_AT_ONCE", 0):
            job.perform()
        self.assertRecordValues(
            cycle, [{"state": "ended", "locked": False, "locked_reason": False}]
        )
        self.assertEqual(cycle.entitlement_ids.state, "parrdpd2ben")
        self.assertRecordValues(
            cycle.settlement_ids, [{"state": "done", "trigger": "user", "entitlement_count": 1}]
        )

    def test_the_related_jobs_button_works(self):
        cycle = self._create_settleable_cycle()
        other = self._create_settleable_cycle()
        job = self._queue(cycle)
        domain = cycle.action_view_related_queue_jobs()["domain"]
        self.assertEqual(self.env["queue.job"].search(domain).mapped("uuid"), [job.uuid])
        self.assertFalse(
            self.env["queue.job"].search(other.action_view_related_queue_jobs()["domain"])
        )

    def test_an_abandoned_job_does_not_lock_the_cycle_for_ever(self):
        for state, is_released in (
            ("pending", False),
            ("enqueued", False),
            ("started", False),
            ("failed", True),
            ("cancelled", True),
        ):
            with self.subTest(state=state):
                cycle = self._create_settleable_cycle()
                job = self._queue(cycle)
                job.db_record().state = state
                self.env["g2p.cycle"]._release_abandoned_cycles()
                self.assertEqual(cycle.locked, not is_released)
                self.assertEqual(bool(cycle.activity_ids), is_released)
                self.assertEqual(cycle.settlement_ids.state, "failed" if is_released else "queued")
