import math
from datetime import timedelta
from unittest.mock import patch

from lxml import etree
from psycopg2 import errors

from odoo import fields
from odoo.exceptions import AccessDenied, UserError
from odoo.tests import tagged
from odoo.tools import config, mute_logger
from odoo.tools.safe_eval import safe_eval

from ..models import cycle_end, cycle_nightly_run
from .common import SettlementCase

LOGGER = "odoo.addons.spp_auto_update_entitlements.models.cycle_nightly_run"


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

    def test_why_the_night_leaves_one_that_was_not_approved(self):
        labels = dict(self.env["g2p.cycle"]._fields["nightly_plan"].selection)
        for state, reason in (
            ("draft", "never approved"),
            ("to_approve", "never approved"),
            ("cancelled", "it is cancelled"),
        ):
            plan = self._create_cycle(state=state).nightly_plan
            self.assertTrue(labels[plan].endswith(reason), state)

    def test_the_days_of_grace(self):
        for grace_days, ended_days_ago, plan in (
            (0, 1, "end"),
            (3, 1, "grace"),
            (3, 3, "grace"),
            (3, 4, "end"),
            (3, 0, "not_over"),
            (3650, 1, "grace"),
        ):
            with self.subTest(grace_days=grace_days, ended_days_ago=ended_days_ago):
                self.env.company.settlement_grace_days = grace_days
                cycle = self._create_settleable_cycle(ended_days_ago=ended_days_ago)
                self.assertEqual(cycle.nightly_plan, plan)
                self.assertEqual(cycle.days_overdue, ended_days_ago)
                self._run_cron()
                self.assertEqual(cycle.state == "ended", plan == "end")

    def test_grace_that_was_written_past_the_settings_stops_no_run(self):
        for days, is_ended in ((-3, True), (2_000_000_000, False)):
            with self.subTest(days=days):
                self.env.cr.execute(
                    "UPDATE res_company SET settlement_grace_days = %s WHERE id = %s",
                    [days, self.env.company.id],
                )
                self.env.invalidate_all()
                cycle = self._create_settleable_cycle()
                self._run_cron()
                self.assertEqual(cycle.state == "ended", is_ended)

    def test_the_settings(self):
        settings = self.env["res.config.settings"].create(
            {"settlement_grace_days": 5, "is_settlement_paused": True}
        )
        settings.execute()
        self.assertRecordValues(
            self.env.company, [{"settlement_grace_days": 5, "is_settlement_paused": True}]
        )
        for days in (-1, 3651, 99999999999):
            with self.subTest(days=days), self.assertRaisesRegex(UserError, "from 0 to 3650"):
                self.env["res.config.settings"].create({"settlement_grace_days": days})

    def test_a_paused_company(self):
        self.env.company.is_settlement_paused = True
        cycle = self._create_settleable_cycle()
        asked_for = self._create_settleable_cycle()
        asked_for._as_writer().end_requested_by_id = self.env.user
        self.assertEqual((cycle.nightly_plan, asked_for.nightly_plan), ("paused", "requested"))
        self._run_cron()
        self.assertEqual((cycle.state, asked_for.state), ("distributed", "ended"))

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

    def test_however_a_cycle_ended_the_next_night_settles_it(self):
        cycle = self._create_settleable_cycle(state="approved")
        cycle.write({"state": "ended"})
        self.assertEqual(cycle.nightly_plan, "settle")
        self._run_cron()
        self.assertEqual(cycle.entitlement_ids.state, "parrdpd2ben")
        self.assertEqual(cycle.nightly_plan, "none")

    def test_a_rate_that_comes_late_is_noticed(self):
        foreign = self.env["res.currency"].create({"name": "XTS", "symbol": "X"})
        cycle = self._create_cycle()
        entitlement = self._create_entitlement(cycle)
        self._create_transaction(entitlement, "PURCHASE", 10, currency_id=foreign.id)
        self._run_cron()
        self.assertRecordValues(
            entitlement,
            [{"state": "approved", "settlement_outcome": "unreadable", "redeemed": 0}],
        )
        self._run_cron()
        self.assertEqual(cycle.settlement_count, 1)
        self.env["res.currency.rate"].create(
            {"currency_id": foreign.id, "rate": 0.25, "name": self.today}
        )
        self._run_cron()
        self.assertRecordValues(
            entitlement,
            [{"state": "parrdpd2ben", "settlement_outcome": "partial", "redeemed": 40}],
        )

    def test_each_turn_of_a_night_goes_on_with_what_can_not_be_read(self):
        cycle = self._create_cycle()
        for _index in range(3):
            self._create_entitlement(cycle, transactions=[("REFUND", 5)])
            self._create_inkind(cycle, transactions=[("REFUND", 5)])
        self._run_cron()
        seen = []

        def compute_anew(entitlements):
            seen.append((entitlements._name, len(entitlements)))

        cycles = self.env["g2p.cycle"]
        with (
            patch.object(type(self.env["g2p.entitlement"]), "_compute_anew", compute_anew),
            patch.object(type(self.env["g2p.entitlement.inkind"]), "_compute_anew", compute_anew),
            patch.object(cycle_nightly_run, "BATCH_SIZE", 2),
            patch.object(type(cycles), "_get_time_budget", lambda self: 0),
        ):
            turns = 1
            while cycles._settle_all():
                turns += 1
            cash, goods = ("g2p.entitlement", 2), ("g2p.entitlement.inkind", 2)
            one_cash, one_goods = (cash[0], 1), (goods[0], 1)
            self.assertEqual(seen, [cash, one_cash, goods, one_goods])
            self.assertEqual(turns, 5)
            # The next night begins anew, also where the last one never came to its end.
            seen.clear()
            cycles._settle_all()
            tomorrow = self.today + timedelta(days=1)
            with patch.object(fields.Date, "today", staticmethod(lambda: tomorrow)):
                cycles._settle_all()
            self.assertEqual(seen, [cash, cash])

    def test_what_was_settled_by_other_rules_stays_until_something_changes(self):
        """An earlier release left out what has no quantity, beside what has one."""
        cycle = self._create_cycle()
        goods = self._create_inkind(cycle, total_amount=100, transactions=[("PURCHASE", 4)])
        self._create_inkind_transaction(goods, "PURCHASE", amount_charged_by_service_point=60)
        self._run_cron()
        self.assertRecordValues(goods, [{"settlement_outcome": "unreadable", "redeemed": 4}])
        self.env.cr.execute(
            "UPDATE g2p_entitlement_inkind SET redemption_problem = NULL,"
            " settlement_outcome = 'partial' WHERE id = %s",
            [goods.id],
        )
        self.env.invalidate_all()
        self._run_cron()
        self.assertEqual((goods.settlement_outcome, cycle.settlement_count), ("partial", 1))
        self._create_inkind_transaction(goods, "PURCHASE", quantity=1)
        self._run_cron()
        self.assertRecordValues(
            goods,
            [
                {
                    "settlement_outcome": "unreadable",
                    "redemption_problem": "quantity",
                    "redeemed": 5,
                }
            ],
        )

    def test_what_is_approved_after_its_batch_is_settled_before_the_end(self):
        cycle = self._create_settleable_cycle()
        late = self._create_entitlement(cycle, state="draft", transactions=[("PURCHASE", 100)])
        settlement_class = type(self.env["spp.cycle.settlement"])
        original = settlement_class._book

        def book(settlement, kind, cases):
            original(settlement, kind, cases)
            if late.state == "draft":
                late.state = "approved"

        with patch.object(settlement_class, "_book", book):
            self._run_cron()
        self.assertRecordValues(late, [{"state": "rdpd2ben", "is_settled": True}])
        # Each settlement counts an entitlement once.
        self.assertEqual(cycle.state, "ended")
        self.assertEqual(cycle.settlement_ids.mapped("entitlement_count"), [1, 2])
        self.assertEqual(cycle.settlement_ids.mapped("is_follow_up"), [True, False])

    def test_a_cycle_that_is_cancelled_meanwhile_stops_there(self):
        cycle = self._create_settleable_cycle()
        other = self._create_entitlement(cycle, transactions=[("PURCHASE", 100)])
        cycle._as_writer().end_requested_by_id = self.env.user
        settlement_class = type(self.env["spp.cycle.settlement"])
        original = settlement_class._book

        def book(settlement, kind, cases):
            original(settlement, kind, cases)
            cycle.state = "cancelled"

        with (
            patch.object(settlement_class, "_book", book),
            patch.object(cycle_end, "BATCH_SIZE", 1),
        ):
            self._run_cron()
        self.assertEqual(cycle.state, "cancelled")
        self.assertEqual(set(cycle.entitlement_ids.mapped("state")), {"parrdpd2ben", "approved"})
        self.assertFalse(other.is_settled)
        self.assertRecordValues(
            cycle.settlement_ids, [{"state": "interrupted", "entitlement_count": 1}]
        )
        self.assertIn("cancelled", cycle.settlement_ids.error)
        notes = " ".join(cycle.message_ids.mapped("body"))
        self.assertIn("stopped after 1 entitlements", notes)
        self.assertIn("stays as it is", notes)
        self.assertFalse(cycle.end_requested_by_id)

    def test_a_cycle_that_somebody_else_ends_waits_for_nothing(self):
        cycle = self._create_settleable_cycle()
        cycle._as_writer().end_requested_by_id = self.env.user
        cycle.state = "ended"
        self._run_cron()
        self.assertFalse(cycle.end_requested_by_id)
        self.assertEqual(cycle.entitlement_ids.state, "parrdpd2ben")

    def test_it_stops_in_time_and_goes_on(self):
        cycle = self._create_settleable_cycle()
        self._create_entitlement(cycle, transactions=[("PURCHASE", 100)])
        triggers = self.env["ir.cron.trigger"]
        before = triggers.search_count([("cron_id", "=", self.cron.id)])
        with (
            patch.object(cycle_end, "BATCH_SIZE", 1),
            patch.object(type(cycle), "_get_time_budget", lambda self: 0),
        ):
            for states, cycle_state in (
                ({"parrdpd2ben", "approved"}, "distributed"),
                ({"parrdpd2ben", "rdpd2ben"}, "distributed"),
                ({"parrdpd2ben", "rdpd2ben"}, "distributed"),  # closes the settlement
                ({"parrdpd2ben", "rdpd2ben"}, "ended"),
            ):
                self._run_cron()
                self.assertEqual(set(cycle.entitlement_ids.mapped("state")), states)
                self.assertEqual(cycle.state, cycle_state)
        self.assertEqual(triggers.search_count([("cron_id", "=", self.cron.id)]), before + 3)
        # One settlement, however many turns it took.
        self.assertRecordValues(cycle.settlement_ids, [{"state": "done", "entitlement_count": 2}])

    def test_what_collides_is_tried_again(self):
        """A failure is reported only when it is given up, and stops nothing else."""
        model_class = type(self.env["g2p.entitlement"])
        original = model_class._settle
        for collisions, is_given_up in ((2, False), (3, True)):
            with self.subTest(collisions=collisions):
                cycle = self._create_settleable_cycle()
                left = [errors.SerializationFailure()] * collisions

                def settle(entitlements, settlement, left=left):
                    if left:
                        raise left.pop()
                    return original(entitlements, settlement)

                with (
                    patch.object(model_class, "_settle", settle),
                    mute_logger(LOGGER),
                ):
                    self._run_cron()
                self.assertEqual(cycle.state == "ended", not is_given_up)
                self.assertEqual(bool(cycle.activity_ids), is_given_up)

    def test_a_step_beside_the_settling_stops_nothing(self):
        cycle = self._create_settleable_cycle()
        model_class = type(self.env["g2p.entitlement"])
        with (
            patch.object(model_class, "_queue_changed_states", side_effect=ZeroDivisionError),
            mute_logger(LOGGER),
        ):
            self.env["g2p.cycle"]._queue_changes(math.inf)
        self._run_cron()
        self.assertEqual(cycle.state, "ended")

    def test_the_time_is_half_of_the_servers_limit(self):
        for limits, seconds in (
            ({"limit_time_real_cron": -1, "limit_time_real": 120}, 60),
            ({"limit_time_real_cron": 300, "limit_time_real": 120}, 150),
            ({"limit_time_real_cron": 0, "limit_time_real": 120}, math.inf),
        ):
            with self.subTest(limits), patch.dict(config.options, limits):
                self.assertEqual(self.env["g2p.cycle"]._get_time_budget(), seconds)

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
        # What was settled before it failed is kept.
        self.assertEqual(
            (failing.state, failing.entitlement_ids.state), ("distributed", "parrdpd2ben")
        )
        failures = failing.settlement_ids.filtered(lambda each: each.state == "failed")
        self.assertRecordValues(failing.settlement_ids - failures, [{"state": "done"}])
        self.assertEqual(len(failures), 2)
        # The kind of the error, and no word of what it says: that may be what was in a record.
        for text in (
            *failures.mapped("error"),
            failing.settlement_failure,
            failing.activity_ids.note,
        ):
            self.assertIn("ZeroDivisionError", text)
            self.assertNotIn("bug", text)
        # One activity, however often it fails, for the manager who made the cycle.
        self.assertEqual(failing.activity_ids.user_id, creator)

        self._run_cron()
        self.assertEqual((failing.state, failing.entitlement_ids.state), ("ended", "parrdpd2ben"))
        self.assertFalse(failing.activity_ids)
        self.assertFalse(failing.settlement_failure)

    def test_a_failure_that_can_not_be_reported_does_not_stop_the_others(self):
        failing = self._create_settleable_cycle(ended_days_ago=9)
        fine = self._create_settleable_cycle(ended_days_ago=2)
        cycle_class = type(failing)
        original_end, original_schedule = cycle_class._end, cycle_class.activity_schedule

        def end(cycle):
            if cycle == failing:
                raise ZeroDivisionError
            return original_end(cycle)

        def activity_schedule(cycle, *args, **kwargs):
            if cycle == failing:
                raise AccessDenied
            return original_schedule(cycle, *args, **kwargs)

        with (
            patch.object(cycle_class, "_end", end),
            patch.object(cycle_class, "activity_schedule", activity_schedule),
            mute_logger(LOGGER),
        ):
            self._run_cron()
        self.assertEqual((failing.state, fine.state), ("distributed", "ended"))
        self.assertEqual(failing.settlement_ids.mapped("state"), ["done"])

    def test_a_settlement_that_was_killed_goes_on(self):
        cycle = self._create_settleable_cycle()
        killed = self.env["spp.cycle.settlement"].sudo()._as_writer()._open(cycle, "cron")
        self._run_cron()
        self.assertEqual(cycle.settlement_ids, killed)
        self.assertRecordValues(killed, [{"state": "done", "entitlement_count": 1}])
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
