from unittest.mock import patch

from lxml import etree

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger
from odoo.tools.safe_eval import safe_eval

from ..models.res_config_settings import GRACE_DAYS_PARAMETER
from .common import SettlementCase

LOGGER = "odoo.addons.spp_auto_update_entitlements.models.nightly_run_mixin"


@tagged("post_install", "-at_install")
class TestNightlyRun(SettlementCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cron = cls.env.ref("spp_auto_update_entitlements.cron_settle_cycles")

    def _run_cron(self):
        self.cron.ir_actions_server_id.with_user(self.cron.user_id).run()
        self.env.invalidate_all()

    def _create_settleable_cycle(self, **vals):
        cycle = self._create_cycle(**vals)
        self._create_entitlement(cycle, transactions=[("PURCHASE", 40)])
        return cycle

    def test_it_runs_every_day(self):
        self.assertTrue(self.cron.active)
        self.assertEqual(self.cron.nextcall.hour, 1)
        self.assertEqual((self.cron.interval_number, self.cron.interval_type), (1, "days"))

    def test_which_cycles_are_ended(self):
        archived = self._create_program("Archived")
        archived.active = False
        for vals, is_ended in (
            ({}, True),
            ({"state": "approved"}, True),
            ({"ended_days_ago": 400}, True),
            ({"program": archived}, True),
            ({"program": self._create_program("Bare", with_cycle_manager=False)}, True),
            ({"ended_days_ago": 0}, False),
            ({"ended_days_ago": -1, "state": "approved"}, False),
            ({"state": "draft"}, False),
            ({"state": "to_approve"}, False),
            ({"state": "cancelled"}, False),
            ({"locked": True, "locked_reason": "Importing."}, False),
        ):
            with self.subTest(**vals):
                cycle = self._create_settleable_cycle(**vals)
                state = cycle.state
                self._run_cron()
                self.assertEqual(cycle.state, "ended" if is_ended else state)
                self.assertEqual(
                    cycle.entitlement_ids.state, "parrdpd2ben" if is_ended else "approved"
                )
                self.assertFalse(cycle.activity_ids)
                if is_ended:
                    self.assertRecordValues(
                        cycle.settlement_ids,
                        [{"state": "done", "trigger": "cron", "is_follow_up": False}],
                    )

    def test_the_days_of_grace(self):
        for grace_days, ended_days_ago, is_ended in (
            ("0", 1, True),
            ("3", 1, False),
            ("3", 3, False),
            ("3", 4, True),
            ("-3", 0, False),
            ("soon", 0, False),
            ("soon", 1, True),
        ):
            with self.subTest(grace_days=grace_days, ended_days_ago=ended_days_ago):
                self.env["ir.config_parameter"].set_param(GRACE_DAYS_PARAMETER, grace_days)
                cycle = self._create_settleable_cycle(ended_days_ago=ended_days_ago)
                with mute_logger(LOGGER):
                    self._run_cron()
                self.assertEqual(cycle.state == "ended", is_ended)

    def test_the_setting(self):
        settings = self.env["res.config.settings"].create({"settlement_grace_days": 5})
        settings.execute()
        self.assertEqual(self.env["ir.config_parameter"].get_param(GRACE_DAYS_PARAMETER), "5")
        with self.assertRaisesRegex(UserError, "less than 0"):
            self.env["res.config.settings"].create({"settlement_grace_days": -1})

    def test_late_transactions_are_settled_again(self):
        cycle = self._create_cycle()
        entitlement = self._create_entitlement(cycle)
        untouched = self._create_entitlement(cycle, transactions=[("PURCHASE", 40)])
        self._run_cron()
        self.assertEqual((cycle.state, entitlement.state), ("ended", "approved"))
        first = cycle.settlement_ids
        self._run_cron()
        self.assertEqual(cycle.settlement_ids, first)

        self._create_transaction(entitlement, "PURCHASE", 100)
        self._run_cron()
        self.assertEqual(entitlement.state, "rdpd2ben")
        self.assertEqual(untouched.settlement_id, first)
        self.assertRecordValues(
            cycle.settlement_ids - first,
            [{"state": "done", "is_follow_up": True, "entitlement_count": 1}],
        )
        self.assertEqual(cycle.state, "ended")

    def test_a_corrected_transaction_is_settled_again(self):
        cycle = self._create_cycle()
        entitlement = self._create_entitlement(cycle, transactions=[("Purchase", 100)])
        self._run_cron()
        self.assertEqual((entitlement.state, cycle.state), ("approved", "ended"))
        entitlement.transaction_ids.transaction_type = "PURCHASE"
        self._run_cron()
        self.assertEqual(entitlement.state, "rdpd2ben")

    def test_cycles_that_ended_before_the_addon_came_are_left_alone(self):
        cycle = self._create_settleable_cycle(state="ended")
        self._run_cron()
        self.assertEqual(cycle.entitlement_ids.state, "approved")
        self.assertFalse(cycle.settlement_ids)

    def test_one_failing_cycle_does_not_stop_the_others(self):
        creator = self._create_user("creator", "g2p_programs.g2p_program_manager")
        failing = self._create_settleable_cycle(ended_days_ago=9)
        fine = self._create_settleable_cycle(ended_days_ago=2)
        self.env.cr.execute(
            "UPDATE g2p_cycle SET create_uid = %s WHERE id = %s", [creator.id, failing.id]
        )
        self.env.invalidate_all()
        manager_class = type(self.env["g2p.cycle.manager.default"])
        original = manager_class.mark_ended

        def mark_ended(manager, cycle):
            if cycle == failing:
                raise ZeroDivisionError("a <b>bug</b> in another addon")
            return original(manager, cycle)

        with patch.object(manager_class, "mark_ended", mark_ended), mute_logger(LOGGER):
            self._run_cron()
            self._run_cron()
        self.assertEqual((fine.state, fine.entitlement_ids.state), ("ended", "parrdpd2ben"))
        self.assertEqual(
            (failing.state, failing.entitlement_ids.state), ("distributed", "approved")
        )
        self.assertEqual(failing.settlement_ids.mapped("state"), ["failed", "failed"])
        self.assertIn("a <b>bug</b> in another addon", failing.settlement_ids[0].error)
        self.assertIn("a <b>bug</b> in another addon", failing.settlement_failure)
        # One activity, however often it fails, for the manager who made the cycle.
        self.assertEqual(failing.activity_ids.user_id, creator)
        self.assertIn("a &lt;b&gt;bug&lt;/b&gt; in another addon", failing.activity_ids.note)

        self._run_cron()
        self.assertEqual((failing.state, failing.entitlement_ids.state), ("ended", "parrdpd2ben"))
        self.assertFalse(failing.activity_ids)
        self.assertFalse(failing.settlement_failure)

    def test_a_settlement_that_was_killed_is_marked_and_continued(self):
        cycle = self._create_settleable_cycle()
        killed = self.env["spp.cycle.settlement"].sudo()._as_writer()._open(cycle, "cron")
        self._run_cron()
        self.assertEqual(killed.state, "interrupted")
        self.assertEqual(cycle.settlement_ids.mapped("state"), ["done", "interrupted"])
        self.assertEqual(cycle.state, "ended")

    def test_expired_cycles_that_are_left_alone_can_be_found(self):
        cycles = {
            name: self._create_cycle(**vals)
            for name, vals in {
                "draft": {"state": "draft"},
                "cancelled": {"state": "cancelled"},
                "locked": {"locked": True},
                "normal": {},
                "not over": {"state": "draft", "ended_days_ago": -2},
                "ended": {"state": "ended", "locked": True},
            }.items()
        }
        arch = self.env["g2p.cycle"].get_view(
            self.env.ref("g2p_programs.cycle_filter").id, "search"
        )["arch"]
        node = etree.fromstring(arch).xpath("//filter[@name='expired_left_alone']")[0]
        found = self.env["g2p.cycle"].search(
            safe_eval(node.get("domain")) + [("program_id", "=", self.program.id)]
        )
        self.assertEqual(
            {name for name, cycle in cycles.items() if cycle in found},
            {"draft", "cancelled", "locked"},
        )
