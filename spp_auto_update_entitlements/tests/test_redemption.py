from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..report import redemption_report
from .common import SettlementCase


@tagged("post_install", "-at_install")
class TestRedemption(SettlementCase):
    """The figures on the entitlements follow the transactions."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cycle = cls._create_cycle()
        cls.euro = cls.env.ref("base.EUR")
        cls.dollar = cls.env.ref("base.USD")
        (cls.euro + cls.dollar).active = True
        cls.foreign = cls.euro if cls.currency == cls.dollar else cls.dollar

    def _assert_figures(self, entitlement, redeemed, balance, problem=False):
        self.assertRecordValues(
            entitlement,
            [
                {
                    "redeemed": redeemed,
                    "entitlement_balance": balance,
                    "redemption_problem": problem,
                }
            ],
        )

    def test_cash_figures(self):
        for transactions, redeemed, balance, problem in (
            ((), 0, 100, False),
            ((("PURCHASE", 30),), 30, 70, False),
            ((("PURCHASE", 60), ("PURCHASE", 40)), 100, 0, False),
            ((("PURCHASE", 60), ("VOID", 60), ("PURCHASE", 25.5)), 25.5, 74.5, False),
            ((("PURCHASE", 120),), 120, -20, False),
            ((("VOID", 10),), -10, 110, False),
            ((("PURCHASE", 30), ("REFUND", 5)), 30, 70, "type"),
            ((("PURCHASE", 30), ("purchase", 5)), 30, 70, "type"),
            ((("PURCHASE", 30), (False, 5)), 30, 70, "type"),
            ((("PURCHASE", 30), ("VOID", -5)), 30, 70, "negative"),
        ):
            with self.subTest(transactions=transactions):
                entitlement = self._create_entitlement(self.cycle, transactions=transactions)
                self._assert_figures(entitlement, redeemed, balance, problem)

    def test_cents_add_up(self):
        entitlement = self._create_entitlement(
            self.cycle, amount=0.3, transactions=[("PURCHASE", 0.1), ("PURCHASE", 0.2)]
        )
        self._assert_figures(entitlement, 0.3, 0)

    def test_figures_follow_every_change_of_a_transaction(self):
        entitlement = self._create_entitlement(self.cycle)
        transaction = self._create_transaction(entitlement, "PURCHASE", 10)
        self._assert_figures(entitlement, 10, 90)
        transaction.amount_charged_by_service_point = 40
        self._assert_figures(entitlement, 40, 60)
        transaction.transaction_type = "VOID"
        self._assert_figures(entitlement, -40, 140)
        transaction.unlink()
        self._assert_figures(entitlement, 0, 100)

    def test_another_currency_is_converted_at_the_rate_of_the_day_or_not_at_all(self):
        rate = {"currency_id": self.foreign.id, "company_id": self.env.company.id}
        self.env["res.currency.rate"].search([("currency_id", "=", self.foreign.id)]).unlink()
        self.env["res.currency.rate"].create(
            [dict(rate, name="2026-02-01", rate=2.0), dict(rate, name="2026-03-01", rate=4.0)]
        )
        for day, redeemed, problem in (
            ("2026-01-31 12:00:00", 0, "currency"),
            ("2026-02-10 12:00:00", 20, False),
            ("2026-03-10 12:00:00", 10, False),
        ):
            with self.subTest(day=day):
                entitlement = self._create_entitlement(self.cycle)
                self._create_transaction(
                    entitlement,
                    "PURCHASE",
                    40,
                    currency_id=self.foreign.id,
                    timestamp_transaction_created=day,
                )
                self._assert_figures(entitlement, redeemed, 100 - redeemed, problem)

    def test_the_day_of_a_rate_is_the_companys(self):
        self.env.company.partner_id.tz = "Australia/Brisbane"  # ten hours before UTC
        rate = {"currency_id": self.foreign.id, "company_id": self.env.company.id}
        self.env["res.currency.rate"].search([("currency_id", "=", self.foreign.id)]).unlink()
        self.env["res.currency.rate"].create(
            [dict(rate, name="2026-09-30", rate=2.0), dict(rate, name="2026-10-01", rate=4.0)]
        )
        for moment, redeemed in (
            ("2026-09-30 13:59:59", 20),  # 30 September, 23:59:59 there
            ("2026-09-30 14:00:00", 10),
            ("2026-09-30 21:30:00", 10),  # 1 October, 7:30 there
        ):
            with self.subTest(moment=moment):
                entitlement = self._create_entitlement(self.cycle)
                self._create_transaction(
                    entitlement,
                    "PURCHASE",
                    40,
                    currency_id=self.foreign.id,
                    timestamp_transaction_created=moment,
                )
                self._assert_figures(entitlement, redeemed, 100 - redeemed)

    def test_readable_movements_beside_negative_ones(self):
        entitlement = self._create_entitlement(
            self.cycle, transactions=[("PURCHASE", 60), ("PURCHASE", -5), ("VOID", 10)]
        )
        self._assert_figures(entitlement, 50, 50, "negative")
        goods = self._create_inkind(
            self.cycle, transactions=[("PURCHASE", 6), ("PURCHASE", -5), ("VOID", 1)]
        )
        self._assert_figures(goods, 5, 5, "negative")

    def test_movements_that_are_not_of_the_same_are_not_summed_up_as_if(self):
        """Beside some that could be: of another currency, product or unit."""
        rateless = self.env["res.currency"].create(
            {"name": "XRL", "symbol": "XRL", "rounding": 0.01}
        )
        entitlement = self._create_entitlement(self.cycle, transactions=[("PURCHASE", 60)])
        self._create_transaction(entitlement, "PURCHASE", 10, currency_id=rateless.id)
        self._assert_figures(entitlement, 60, 40, "currency")
        oil = self.env["product.product"].create({"name": "Oil"})
        dozen = self.env.ref("uom.product_uom_dozen")
        for vals, redeemed, problem in (
            ({"product_id": oil.id}, 6, "product"),
            ({"uom_id": dozen.id}, 18, False),
        ):
            goods = self._create_inkind(self.cycle, qty=20)
            own = {"product_id": goods.product_id.id, "uom_id": goods.uom_id.id}
            for quantity, own_or_other in ((6, own), (1, {**own, **vals})):
                self._create_inkind_transaction(
                    goods, "PURCHASE", quantity=quantity, **own_or_other
                )
            self._assert_figures(goods, redeemed, 20 - redeemed, problem)

    def test_the_currency_is_the_journals_or_else_its_companys(self):
        journal = self.env["account.journal"].create(
            {"name": "Relief", "code": "RELF", "type": "general"}
        )
        self.program.journal_id = journal
        entitlement = self._create_entitlement(self.cycle)
        self.assertFalse(entitlement.currency_id)
        self.assertEqual(entitlement.redemption_currency_id, self.currency)
        journal.currency_id = self.foreign
        entitlement.invalidate_recordset()
        self.assertEqual(entitlement.redemption_currency_id, self.foreign)

    def test_inkind_figures_by_quantity(self):
        dozen, unit = self.env.ref("uom.product_uom_dozen"), self.env.ref("uom.product_uom_unit")
        kilogram = self.env.ref("uom.product_uom_kgm")
        other = self.env["product.product"].create({"name": "Oil"})
        purchase = {"quantity": 6, "uom_id": unit.id}
        for case, transactions, redeemed, balance, problem in (
            ("none", [], 0, 10, False),
            ("without a unit", [dict(quantity=4)], 4, 6, False),
            ("same unit", [dict(quantity=4, uom_id=dozen.id)], 4, 6, False),
            ("other unit", [purchase], 0.5, 9.5, False),
            ("units add up", [purchase, dict(purchase, quantity=114)], 10, 0, False),
            ("another dimension", [dict(quantity=4, uom_id=kilogram.id)], 0, 10, "unit"),
            ("another product", [dict(quantity=4, product_id=other.id)], 0, 10, "product"),
            ("negative", [dict(quantity=-4)], 0, 10, "negative"),
        ):
            with self.subTest(case):
                entitlement = self._create_inkind(self.cycle, uom_id=dozen.id)
                for vals in transactions:
                    self._create_inkind_transaction(entitlement, "PURCHASE", **vals)
                self._assert_figures(entitlement, redeemed, balance, problem)
                self.assertEqual(entitlement.redemption_basis, "quantity")

    def test_a_little_of_a_large_unit_does_not_vanish(self):
        ton, kilogram = self.env.ref("uom.product_uom_ton"), self.env.ref("uom.product_uom_kgm")
        entitlement = self._create_inkind(self.cycle, qty=1, uom_id=ton.id)
        self._create_inkind_transaction(entitlement, "PURCHASE", quantity=4, uom_id=kilogram.id)
        self._assert_figures(entitlement, 0.004, 0.996)

    def test_inkind_figures_by_value(self):
        value = {"amount_charged_by_service_point": 30}
        oil = self.env["product.product"].create({"name": "Oil"})
        dozen, kilogram = self.env.ref("uom.product_uom_dozen"), self.env.ref("uom.product_uom_kgm")
        for case, total, transactions, basis, redeemed, balance, problem in (
            ("value alone", 100, [value], "value", 30, 70, False),
            ("no transactions", 100, [], "quantity", 0, 10, False),
            # What can't be counted as the others are can't be read.
            ("no value granted", 0, [value], "quantity", 0, 10, "quantity"),
            ("one quantity", 100, [value, dict(quantity=2)], "quantity", 2, 8, "quantity"),
            ("in another unit", 100, [value, dict(quantity=0.5, uom_id=dozen.id)], "quantity", 6, 4,
                "quantity"),
            # A quantity that can't be read decides nothing.
            ("of oil", 100, [value, dict(quantity=3, product_id=oil.id)], "value", 30, 70,
                "product"),
            ("in no unit of it", 100, [value, dict(quantity=3, uom_id=kilogram.id)], "value", 30,
                70, "unit"),
            ("below 0", 100, [value, dict(value, quantity=-3)], "value", 30, 70, "negative"),
            ("a refund", 100, [value, dict(quantity=3, kind="REFUND")], "value", 30, 70, "type"),
            ("of oil, no value granted", 0, [value, dict(quantity=3, product_id=oil.id)],
                "quantity", 0, 10, "product"),
        ):  # fmt: skip
            with self.subTest(case):
                entitlement = self._create_inkind(self.cycle, total_amount=total)
                for vals in transactions:
                    self._create_inkind_transaction(entitlement, **{"kind": "PURCHASE", **vals})
                self._assert_figures(entitlement, redeemed, balance, problem)
                self.assertEqual(entitlement.redemption_basis, basis)

    def test_by_value_other_goods_are_not_these(self):
        oil = self.env["product.product"].create({"name": "Oil"})
        kilogram, unit = self.env.ref("uom.product_uom_kgm"), self.product.uom_id
        value = {"amount_charged_by_service_point": 30}
        for transactions, redeemed, problem in (
            ([dict(value, product_id=oil.id)], 0, "product"),
            ([dict(value, product_id=self.product.id)], 30, False),
            ([dict(value, uom_id=kilogram.id)], 0, "unit"),
            ([dict(value, uom_id=unit.id)], 30, False),
            ([value, dict(value, product_id=oil.id)], 30, "product"),
        ):
            with self.subTest(transactions=transactions):
                entitlement = self._create_inkind(self.cycle, total_amount=100)
                for vals in transactions:
                    self._create_inkind_transaction(entitlement, "PURCHASE", **vals)
                self._assert_figures(entitlement, redeemed, 100 - redeemed, problem)

    def test_what_looks_alike_but_moved_on_other_days_is_not_decided_as_one(self):
        """Bought before there were rates, and settled by a person before the next night."""
        self.env["res.currency.rate"].search([("currency_id", "=", self.foreign.id)]).unlink()
        first, second = (
            self._create_entitlement(self.cycle, amount=100, transactions=()) for _index in range(2)
        )
        days = ("2026-02-01", "2026-02-02")
        for entitlement, day in zip((first, second), days, strict=True):
            self._create_transaction(
                entitlement,
                "PURCHASE",
                50,
                currency_id=self.foreign.id,
                timestamp_transaction_created=f"{day} 12:00:00",
            )
        for entitlement in (first, second):
            self._assert_figures(entitlement, 0, 100, "currency")
        self.env["res.currency.rate"].create(
            [
                {
                    "currency_id": self.foreign.id,
                    "company_id": self.env.company.id,
                    "name": day,
                    "rate": rate,
                }
                for day, rate in zip(days, (0.5, 1), strict=True)
            ]
        )
        self.cycle.mark_ended()
        self._assert_figures(first, 100, 0)
        self._assert_figures(second, 50, 50)
        self.assertEqual((first | second).mapped("state"), ["rdpd2ben", "parrdpd2ben"])

    def test_many_entitlements_cost_no_more_queries(self):
        def figures_of(count):
            entitlements = self.env["g2p.entitlement"].concat(
                *(
                    self._create_entitlement(self.cycle, transactions=[("PURCHASE", 1)])
                    for _index in range(count)
                )
            )
            entitlements = entitlements.browse(entitlements.ids)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            entitlements._get_redemptions()
            return self.env.cr.sql_log_count - before

        self.assertEqual(figures_of(2), figures_of(20))

    def test_the_report_agrees(self):
        month = fields.Date.to_string(self.cycle.end_date)
        self._create_entitlement(self.cycle, transactions=[("PURCHASE", 30)])
        self._create_entitlement(self.cycle, transactions=[("PURCHASE", 120)])
        self._create_inkind(self.cycle, transactions=[("PURCHASE", 4)])
        value = self._create_inkind(self.cycle, total_amount=50)
        self._create_inkind_transaction(value, "PURCHASE", amount_charged_by_service_point=20)
        self.env.flush_all()
        rows = self.env["spp.redemption.report"]._read_group(
            [("cycle_id", "=", self.cycle.id)],
            ["kind", "program_id", "state", "currency_id", "uom_id", "end_date:month"],
            ["allocated:sum", "redeemed:sum", "balance:sum", "entitlement_count:sum"],
        )
        none, unit = self.env["uom.uom"], self.product.uom_id
        expected = {
            ("cash", self.currency, none): (200, 150, 50, 2),
            ("inkind", self.env["res.currency"], unit): (10, 4, 6, 1),
            ("inkind", self.currency, none): (50, 20, 30, 1),
        }
        self.assertEqual(
            {(row[0], row[3], row[4]): row[6:] for row in rows},
            expected,
        )
        for row in rows:
            self.assertEqual((row[1], row[2]), (self.program, "approved"))
            self.assertEqual(str(row[5])[:7], month[:7])

    def test_the_report_knows_areas_where_the_platform_does(self):
        kenya, chad = self.env.ref("base.ke"), self.env.ref("base.td")
        for country, amount in ((kenya, 30), (chad, 20), (chad, 5), (None, 1)):
            registrant = self._create_registrant("Household", country_id=country and country.id)
            self._create_entitlement(
                self.cycle, partner_id=registrant.id, transactions=[("PURCHASE", amount)]
            )
        self.env.flush_all()
        with patch.object(redemption_report, "AREA_FIELD", "country_id"):
            rows = self.env["spp.redemption.report"]._read_group(
                [("cycle_id", "=", self.cycle.id)],
                ["area"],
                ["redeemed:sum", "entitlement_count:sum"],
            )
        found = {area: tuple(figures) for area, *figures in rows}
        self.assertEqual(found, {kenya.name: (30, 1), chad.name: (25, 2), False: (1, 1)})

    def test_figures_follow_whoever_records_a_transaction(self):
        validator = self._create_user("validator", "g2p_programs.g2p_program_validator")
        entitlement = self._create_entitlement(self.cycle)
        self.env["spp.entitlement.transactions"].with_user(validator).create(
            self._prepare_transaction(entitlement, "PURCHASE", amount_charged_by_service_point=40)
        )
        self._assert_figures(entitlement, 40, 60)

    def test_figures_can_not_be_written_by_hand(self):
        manager = self._create_user("manager", "g2p_programs.g2p_program_manager")
        entitlement = self._create_entitlement(self.cycle).with_user(manager)
        for vals in (
            {"redeemed": 100},
            {"entitlement_balance": 0},
            {"is_settled": True},
            {"state_before_settlement": "approved"},
            {"settlement_outcome": "redeemed"},
        ):
            with self.subTest(vals=vals), self.assertRaises(AccessError):
                entitlement.write(vals)
        entitlement.write({"valid_until": self.today})
