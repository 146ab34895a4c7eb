import re
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import format_date
from odoo.tools.safe_eval import safe_eval

from ..models import cycle_preview, cycle_settlement_report
from .common import SettlementCase


@tagged("post_install", "-at_install")
class TestFinance(SettlementCase):
    """Payments, exact figures, service points, reports and dry runs."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cycle = cls._create_cycle()
        cls.dinar = cls.env["res.currency"].create(
            {"name": "JDX", "symbol": "JD", "rounding": 0.001}
        )

    def _settle(self, cycle=None):
        cycle = cycle or self.cycle
        cycle._settle_now()
        return cycle.settlement_ids[:1]

    def _create_journal(self, currency):
        return self.env["account.journal"].create(
            {"name": "Bank", "code": "BNKX", "type": "bank", "currency_id": currency.id}
        )

    def _pay(self, entitlement, amount, status="paid", **vals):
        return self.env["g2p.payment"].create(
            {
                "entitlement_id": entitlement.id,
                "cycle_id": entitlement.cycle_id.id,
                "amount_issued": entitlement.initial_amount,
                "amount_paid": amount,
                "status": status,
                "payment_datetime": fields.Datetime.now(),
                **vals,
            }
        )

    # Every amount in its own decimals

    def test_no_digit_is_cut_off(self):
        self.program.journal_id = self._create_journal(self.dinar)
        cycle = self._create_cycle()
        for _index in range(3):
            entitlement = self._create_entitlement(cycle, amount=40.125)
            self._create_transaction(entitlement, "PURCHASE", 40.125, currency_id=self.dinar.id)
        over = self._create_entitlement(cycle, amount=1)
        self._create_transaction(over, "PURCHASE", 1.001, currency_id=self.dinar.id)
        settlement = self._settle(cycle)
        self.assertEqual(settlement.total_ids[0].redeemed, 120.375)
        self.assertEqual(settlement.total_ids[0].redeemed_shown, "120.375 JDX")
        self.assertEqual(settlement.line_ids.balance, -0.001)
        self.assertEqual(settlement.line_ids.balance_shown, "-0.001 JDX")
        note = " ".join(cycle.message_ids.mapped("body"))
        self.assertIn("Redeemed: 3 (<bdi>120.375 JDX</bdi> of <bdi>120.375 JDX</bdi>)", note)

    def test_four_kilograms_of_a_ton(self):
        ton, kilogram = self.env.ref("uom.product_uom_ton"), self.env.ref("uom.product_uom_kgm")
        entitlement = self._create_inkind(self.cycle, qty=1, uom_id=ton.id, state="cancelled")
        self._create_inkind_transaction(entitlement, "PURCHASE", quantity=4, uom_id=kilogram.id)
        line = self._settle().line_ids
        self.assertEqual(line.redeemed, 0.004)
        self.assertEqual(line.redeemed_shown, f"0.004 {ton.name}")
        self.assertEqual(line.balance_shown, f"0.996 {ton.name}")
        self.assertEqual(line.allocated_shown, f"1 {ton.name}")

    def test_the_readers_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.env["res.lang"]._lang_get("fr_FR").write(
            {"decimal_point": ",", "thousands_sep": ".", "grouping": "[3,0]"}
        )
        self._create_entitlement(self.cycle, amount=1234.5)
        total = self._settle().total_ids
        shown = total.with_context(lang="fr_FR").allocated_shown
        self.assertEqual(shown, f"1.234,50 {self.currency.name}")

    # Paid out counts

    def test_payments_count_where_the_cycle_says_so(self):
        self.program.redemption_source = "payments"
        cycle = self._create_cycle()
        self.assertEqual(cycle.redemption_source, "payments")
        for payments, redeemed, problem, state, outcome in (
            ((), 0, False, "approved", "unredeemed"),
            (((100, "paid"),), 100, False, "rdpd2ben", "redeemed"),
            (((60, "paid"), (40, "failed")), 60, False, "parrdpd2ben", "partial"),
            (((60, "failed"), (40, False)), 0, False, "approved", "unredeemed"),
            (((0, "paid"),), 0, "amount", "approved", "unreadable"),
            (((60, "paid"), (0, "paid")), 60, "amount", "parrdpd2ben", "unreadable"),
            (((60, "paid"), (60, "paid")), 120, False, "rdpd2ben", "over"),
        ):
            with self.subTest(payments=payments):
                # What was bought is no second payment.
                entitlement = self._create_entitlement(cycle, transactions=[("PURCHASE", 7)])
                for amount, status in payments:
                    self._pay(entitlement, amount, status)
                self._settle(cycle)
                self.assertRecordValues(
                    entitlement,
                    [
                        {
                            "redeemed": redeemed,
                            "entitlement_balance": 100 - redeemed,
                            "redemption_problem": problem,
                            "state": state,
                            "settlement_outcome": outcome,
                        }
                    ],
                )

    def test_figures_follow_every_change_of_a_payment(self):
        self.cycle.redemption_source = "payments"
        entitlement = self._create_entitlement(self.cycle)
        payment = self._pay(entitlement, 60)
        self.assertEqual(entitlement.redeemed, 60)
        self._settle()
        payment.status = "failed"
        self.assertEqual((entitlement.redeemed, entitlement.is_settled), (0, False))
        self._settle()
        self.assertEqual(entitlement.state, "approved")
        payment.write({"status": "paid", "amount_paid": 100})
        self.assertEqual(entitlement.redeemed, 100)

    def _enter_rates(self, rate_by_day):
        self.env["res.currency.rate"].create(
            [
                {
                    "currency_id": self.dinar.id,
                    "company_id": self.env.company.id,
                    "name": day,
                    "rate": rate,
                }
                for day, rate in rate_by_day.items()
            ]
        )

    def test_a_payment_without_a_day_was_made_when_it_was_issued(self):
        self._enter_rates({"2026-02-01": 2, "2026-03-01": 4})
        self.cycle.redemption_source = "payments"
        entitlement = self._create_entitlement(self.cycle)
        payment = self._pay(
            entitlement,
            80,
            payment_datetime=False,
            issuance_date="2026-02-10 12:00:00",
        )
        payment.journal_id = self._create_journal(self.dinar)
        self.assertEqual(entitlement.redeemed, 40)
        self._settle()
        payment.issuance_date = "2026-03-10 12:00:00"
        self.assertEqual((entitlement.redeemed, entitlement.is_settled), (20, False))

    def test_another_currency_of_the_journal_is_noticed(self):
        self._enter_rates({"2026-02-01": 2})
        journal = self.env["account.journal"].create(
            {
                "name": "Relief",
                "code": "RELF",
                "type": "general",
                "currency_id": self.currency.id,
            }
        )
        self.program.journal_id = journal
        cycle = self._create_cycle()
        bought = self._create_entitlement(cycle, transactions=[("PURCHASE", 40)])
        goods = self._create_inkind(cycle, total_amount=100)
        self._create_inkind_transaction(goods, "PURCHASE", amount_charged_by_service_point=30)
        weighed = self._create_inkind(cycle, transactions=[("PURCHASE", 4)])
        self._settle(cycle)
        journal.write({"name": "Relief Fund", "currency_id": False})  # its company's: the same
        self.assertTrue(all(each.is_settled for each in (bought, goods, weighed)))
        journal.currency_id = self.dinar
        self.assertEqual([each.redeemed for each in (bought, goods, weighed)], [80, 60, 4])
        self.assertEqual(
            [each.is_settled for each in (bought, goods, weighed)], [False, False, True]
        )

    def test_the_choice_can_be_changed_until_the_first_settlement(self):
        entitlement = self._create_entitlement(self.cycle, transactions=[("PURCHASE", 7)])
        goods = self._create_inkind(self.cycle, transactions=[("PURCHASE", 4)])
        self._pay(entitlement, 60)
        self.assertEqual(entitlement.redeemed, 7)
        self.cycle.redemption_source = "payments"
        self.assertEqual((entitlement.redeemed, goods.redeemed), (60, 4))
        self._settle()
        with self.assertRaisesRegex(UserError, "settlement has begun"):
            self.cycle.redemption_source = "transactions"
        self.cycle.write({"redemption_source": "payments"})  # the same is no change

    def test_the_choice_does_not_go_along_to_another_program(self):
        program = self._create_program("Paid Out", redemption_source="payments")
        entitlement = self._create_entitlement(self.cycle, transactions=[("PURCHASE", 7)])
        self._settle()
        self.cycle.program_id = program
        self.assertEqual(self.cycle.redemption_source, "transactions")
        self.assertEqual(entitlement.redeemed, 7)

    def test_a_program_says_what_counts_in_its_new_cycles(self):
        self.assertEqual(self.cycle.redemption_source, "transactions")
        self.program.redemption_source = "payments"
        self.assertEqual(self.cycle.redemption_source, "transactions")
        self.assertEqual(self._create_cycle().redemption_source, "payments")

    # Service points

    def test_what_each_service_point_redeemed(self):
        over = self._create_entitlement(self.cycle, amount=100)
        hour = timedelta(hours=1)
        now = fields.Datetime.now()
        for number, (device, kind, amount) in enumerate(
            (
                ("A", "PURCHASE", 80),
                ("B", "PURCHASE", 50),  # of which 30 are too much
                ("A", "PURCHASE", 10),  # all of it is
                ("A", "VOID", 5),  # and 5 of that are taken back
            )
        ):
            self._create_transaction(
                over,
                kind,
                amount,
                service_point_device_id=device,
                timestamp_transaction_created=now + number * hour,
            )
        other = self._create_entitlement(self.cycle, transactions=[("REFUND", 9)])
        self._create_transaction(other, "PURCHASE", 20, service_point_device_id="B")
        goods = self._create_inkind(self.cycle, transactions=())
        self._create_inkind_transaction(goods, "PURCHASE", quantity=14, service_point_device_id="B")
        self.cycle.mark_ended()
        rows = self.env["spp.service.point.redemption"].search([("cycle_id", "=", self.cycle.id)])
        self.assertEqual(
            {
                (row.kind, row.service_point): (
                    row.transaction_count,
                    row.purchased,
                    row.voided,
                    row.redeemed,
                    row.over_redeemed,
                )
                for row in rows
            },
            {
                ("cash", "A"): (3, 90, 5, 85, 5),
                ("cash", "B"): (2, 70, 0, 70, 30),
                ("cash", "No service point"): (1, 0, 0, 0, 0),
                ("inkind", "B"): (1, 14, 0, 14, 4),
            },
        )
        self.assertEqual(over.entitlement_balance, -35)
        # Opened on the cycle, the list is of this moment.
        self._create_transaction(other, "PURCHASE", 1, service_point_device_id="B")
        action = self.cycle.action_open_service_points()
        found = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(
            found.filtered(lambda row: row.kind == "cash" and row.service_point == "B").redeemed, 71
        )

    def test_what_does_not_count_is_no_ones_excess(self):
        """Of 10 units of rice worth 100, something else is bought first: only rice goes beyond."""
        oil = {"product_id": self.env["product.product"].create({"name": "Oil"}).id}
        kilogram = {"uom_id": self.env.ref("uom.product_uom_kgm").id}
        hour = timedelta(hours=1)
        for case, name, other, other_sold, rice_sold, excess in (
            ("oil, by quantity", "quantity", oil, 4, 15, 5),
            ("kilograms, by quantity", "quantity", kilogram, 4, 15, 5),
            ("oil, by value", "amount_charged_by_service_point", oil, 40, 150, 50),
            ("kilograms, by value", "amount_charged_by_service_point", kilogram, 40, 150, 50),
        ):
            with self.subTest(case):
                cycle = self._create_cycle()
                goods = self._create_inkind(cycle, qty=10, total_amount=100)
                for number, (device, vals, sold) in enumerate(
                    (("B", other, other_sold), ("A", {}, rice_sold))
                ):
                    self._create_inkind_transaction(
                        goods,
                        "PURCHASE",
                        service_point_device_id=device,
                        timestamp_transaction_created=fields.Datetime.now() + number * hour,
                        **vals,
                        **{name: sold},
                    )
                cycle.mark_ended()
                self.assertEqual((goods.redeemed, goods.entitlement_balance), (rice_sold, -excess))
                rows = self.env["spp.service.point.redemption"].search(
                    [("cycle_id", "=", cycle.id)]
                )
                self.assertEqual(
                    {row.service_point: (row.redeemed, row.over_redeemed) for row in rows},
                    {"A": (rice_sold, excess), "B": (other_sold, 0)},
                )

    def test_service_points_are_summed_up_again_only_if_something_has_moved(self):
        def open_rows():
            action = self.cycle.action_open_service_points()
            return self.env[action["res_model"]].search(action["domain"])

        entitlement = self._create_entitlement(self.cycle)
        transaction = self._create_transaction(
            entitlement, "PURCHASE", 30, service_point_device_id="A"
        )
        self.cycle.mark_ended()
        rows = open_rows()
        self.assertEqual(open_rows(), rows)
        # Settled again since, by a transaction that began later.
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE spp_cycle_settlement SET write_date = write_date + interval '1 millisecond'"
        )
        self.env.invalidate_all()
        self.assertNotEqual(open_rows(), rows)
        transaction.service_point_device_id = "B"
        self.assertEqual(open_rows().service_point, "B")

    def test_whatever_tells_transactions_apart_queues_their_entitlement(self):
        for model in self.cycle._get_entitlement_models().values():
            depends = self.env.registry.field_depends[model._fields["is_settled"]]
            transactions = self.env[model._fields["transaction_ids"].comodel_name]
            for column in transactions._get_twin_columns():
                name = column.removeprefix("NULLIF(").partition(",")[0]
                self.assertIn(f"transaction_ids.{name}", depends)

    def test_transactions_without_an_entitlement(self):
        cash, inkind = self._create_entitlement(self.cycle), self._create_inkind(self.cycle)
        for name, entitlement, orphan, other in (
            (
                "action_orphan_transactions",
                cash,
                self._create_transaction(cash.browse(), "PURCHASE", 5),
                self._create_transaction(cash, "PURCHASE", 5),
            ),
            (
                "action_orphan_inkind_transactions",
                inkind,
                self._create_inkind_transaction(inkind.browse(), "PURCHASE", quantity=5),
                self._create_inkind_transaction(inkind, "PURCHASE", quantity=5),
            ),
        ):
            action = self.env.ref(f"spp_auto_update_entitlements.{name}")
            found = self.env[action.res_model].search(safe_eval(action.domain))
            self.assertEqual(found._name, entitlement.transaction_ids._name)
            self.assertEqual(found & (orphan + other), orphan)
        self._settle()
        count = self.env["spp.cycle.settlement"]._count_transactions_without_entitlement()
        self.assertGreaterEqual(count, 2)
        note = " ".join(self.cycle.message_ids.mapped("body"))
        self.assertIn(f"without an entitlement, of all programs: {count}", note)

    # Reports and dry runs

    def _fill(self):
        self._create_entitlement(self.cycle, transactions=[("PURCHASE", 40)])
        self._create_entitlement(self.cycle, transactions=[("PURCHASE", 130)])
        self._create_entitlement(self.cycle, transactions=[("REFUND", 5)])
        self._create_inkind(self.cycle, transactions=[("PURCHASE", 4)])

    def _get_figures(self, settlement):
        return (
            settlement.entitlement_count,
            settlement.changed_count,
            settlement.exception_count,
            sorted(
                (total.kind, total.outcome, total.count, total.allocated_shown, total.balance_shown)
                for total in settlement.total_ids
            ),
            sorted((line.code, line.outcome, line.redeemed_shown) for line in settlement.line_ids),
            settlement._get_money_totals(),
        )

    def test_a_dry_run_says_what_a_settlement_would(self):
        self._fill()
        states = self.cycle.entitlement_ids.mapped("state")
        with patch.object(cycle_preview, "BATCH_SIZE", 2):
            preview = self.cycle._preview_settlement()
        shown = self._get_figures(preview)
        self.assertEqual(self.cycle.entitlement_ids.mapped("state"), states)
        self.assertFalse(self.cycle.settlement_ids)
        self.assertFalse(any(self.cycle.entitlement_ids.mapped("is_settled")))
        self.assertEqual(shown, self._get_figures(self._settle()))
        self.assertEqual(self.cycle._preview_settlement().entitlement_count, 0)

    def test_a_dry_run_counts_what_it_does_not_print(self):
        over = [
            self._create_entitlement(self.cycle, transactions=[("PURCHASE", 130)])
            for _number in range(5)
        ]
        self._settle().line_ids[:2]._clear("The shop paid it back.")
        for entitlement in over:
            entitlement.transaction_ids.receipt_number = "7"
        with (
            patch.object(cycle_preview, "BATCH_SIZE", 2),
            patch.object(cycle_preview, "MAX_PRINTED", 1),
            patch.object(cycle_settlement_report, "MAX_PRINTED", 1),
        ):
            for get_settlement in (self.cycle._preview_settlement, self._settle):
                settlement = get_settlement()
                self.assertEqual((settlement.exception_count, settlement.open_count), (5, 3))
                sections = settlement._get_report_sections()
                self.assertEqual(
                    [(section["count"], len(section["lines"])) for section in sections],
                    [(3, 1), (2, 1)],
                )

    def test_a_dry_run_is_for_who_reads_settlements(self):
        registrar = self._create_user("registrar", "g2p_registry_base.group_g2p_registrar")
        with self.assertRaises(AccessError):
            self.cycle.with_user(registrar)._preview_settlement()

    def test_the_report_says_it_all(self):
        self._fill()
        manager = self._create_user("manager", "g2p_programs.g2p_program_manager")
        reports = self.env["ir.actions.report"].with_user(manager)
        action = "spp_auto_update_entitlements.action_report_settlement"
        preview = reports._render_qweb_html(f"{action}_preview", self.cycle.ids)[0].decode()
        self.assertIn("Nothing was written", preview)
        settlement = self._settle()
        settlement.line_ids.filtered(lambda line: line.outcome == "over").with_user(manager)._clear(
            "The shop paid it back."
        )
        today = re.escape(format_date(reports.env, fields.Date.today()))
        report = reports._render_qweb_html(action, settlement.ids)[0].decode()
        self.assertRegex(
            report,
            rf"Printed</th>\s*<td>\s*<span[^>]*>{today}[^<]*"
            rf"</span>\s*\(<span>{re.escape(manager.name)}</span>\)",
        )
        name = self.currency.name
        for text in (
            self.cycle.name,
            self.program.name,
            f"130.00 {name}",
            "More was redeemed than was granted",
            "The shop paid it back.",
            f"300.00 {name} granted, 170.00 {name} redeemed (57 %), 130.00 {name} left",
            "Name and signature",
        ):
            with self.subTest(text):
                self.assertIn(text, report)
        for text in ("130.00", "To look at"):
            self.assertIn(text, preview)

    def test_what_nothing_was_redeemed_of_yet(self):
        cycle = self._create_cycle(state="approved", ended_days_ago=-5)
        nothing = self._create_entitlement(cycle)
        self._create_entitlement(cycle, transactions=[("PURCHASE", 1)])
        self._create_entitlement(cycle, state="draft")
        goods = self._create_inkind(cycle) + self._create_inkind(cycle)
        self._create_inkind(cycle, transactions=[("PURCHASE", 1)])
        for count, action, expected in (
            (cycle.unredeemed_count, cycle.action_open_unredeemed(), nothing),
            (cycle.unredeemed_inkind_count, cycle.action_open_unredeemed_inkind(), goods),
        ):
            found = self.env[action["res_model"]].search(action["domain"], order="id")
            self.assertEqual(found, expected)
            self.assertEqual(count, len(expected))

    def test_the_platforms_figures_of_a_cycle(self):
        cycle = self._create_cycle()
        self.assertTrue(cycle.show_approve_entitlements_button)
        self.assertEqual(cycle.total_amount, 0)
        self._create_entitlement(cycle, amount=10.25)
        other = self._create_entitlement(cycle, amount=20, state="draft")
        self.env.invalidate_all()
        self.assertFalse(cycle.show_approve_entitlements_button)
        self.assertEqual(cycle.total_amount, 30.25)
        other.state = "approved"
        self.env.invalidate_all()
        self.assertTrue(cycle.show_approve_entitlements_button)
