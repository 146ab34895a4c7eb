from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import SettlementCase


@tagged("post_install", "-at_install")
class TestLines(SettlementCase):
    """What a settlement lists for a person to look at, and what becomes of it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls._create_user("manager", "g2p_programs.g2p_program_manager")
        cls.cycle = cls._create_cycle()

    def _settle(self):
        self.cycle._settle_now()
        return self.cycle.settlement_ids[0]

    def _clear(self, line, user=None, remark="The shop gave it back."):
        action = line.with_user(user or self.manager).action_clear()
        wizard = (
            self.env[action["res_model"]]
            .with_user(user or self.manager)
            .with_context(**action["context"])
            .create({"remark": remark})
        )
        return wizard.action_confirm()

    def _at(self, days_from_start, hour=12):
        start = fields.Datetime.to_datetime(self.cycle.start_date)
        return start + timedelta(days=days_from_start, hours=hour)

    def test_probable_twins(self):
        moment = self._at(3)
        point, other = {"service_point_device_id": "A"}, {"service_point_device_id": "B"}
        second, minutes = timedelta(seconds=1), timedelta(minutes=5)
        for case, first, twin, is_twin in (
            ("one receipt, far apart", {"receipt_number": "7"}, {"receipt_number": "7"}, True),
            ("another receipt", {"receipt_number": "7"}, {"receipt_number": "8"}, False),
            ("no receipt", {}, {}, False),
            ("empty receipt", {"receipt_number": ""}, {"receipt_number": ""}, False),
            (
                "another point",
                {"receipt_number": "7", **point},
                {"receipt_number": "7", **other},
                0,
            ),
            ("one point", {"receipt_number": "7", **point}, {"receipt_number": "7", **point}, True),
            ("one minute", {}, {"timestamp_transaction_created": moment + second}, True),
            (
                "another amount",
                {"receipt_number": "7"},
                {"receipt_number": "7", "amount": 61},
                False,
            ),
            (
                "another type",
                {"receipt_number": "7"},
                {"receipt_number": "7", "kind": "VOID"},
                False,
            ),
            ("nothing moved", {"amount": 0}, {"amount": 0}, False),
        ):
            with self.subTest(case):
                entitlement = self._create_entitlement(self.cycle, amount=200)
                moments = (moment, moment + minutes)
                for vals, at in zip((first, twin), moments, strict=True):
                    vals = {"timestamp_transaction_created": at, **vals}
                    kind, amount = vals.pop("kind", "PURCHASE"), vals.pop("amount", 60)
                    self._create_transaction(entitlement, kind, amount, **vals)
                line = self._settle().line_ids
                self.assertEqual(line.is_twin, bool(is_twin))
                self.assertEqual("sent twice" in (line.explanation or ""), bool(is_twin))
                if case == "one receipt, far apart":
                    self.assertRecordValues(
                        entitlement, [{"state": "parrdpd2ben", "redeemed": 120}]
                    )

    def test_twins_are_found_among_many(self):
        # A few, and more than there are marks to tell them by.
        for others in ([10, 20, 30], list(range(1, 100))):
            for twin in (None, 0, 1, len(others) - 1):
                with self.subTest(others=len(others), twin=twin):
                    amounts = others if twin is None else [*others, others[twin]]
                    entitlement = self._create_entitlement(self.cycle, amount=10000)
                    for hour, amount in enumerate(amounts):
                        self._create_transaction(
                            entitlement,
                            "PURCHASE",
                            amount,
                            receipt_number="7",
                            timestamp_transaction_created=self._at(3, hour),
                        )
                    self.assertEqual(self._settle().line_ids.is_twin, twin is not None)

    def test_goods_are_twins_only_of_the_same_goods(self):
        oil = self.env["product.product"].create({"name": "Oil"})
        for product, is_twin in ((self.product, True), (oil, False)):
            with self.subTest(product.name):
                entitlement = self._create_inkind(self.cycle)
                for each in (self.product, product):
                    self._create_inkind_transaction(
                        entitlement,
                        "PURCHASE",
                        quantity=2,
                        product_id=each.id,
                        timestamp_transaction_created=self._at(3),
                    )
                self.assertEqual(self._settle().line_ids.is_twin, is_twin)

    def test_outside_of_its_time(self):
        self.env.company.partner_id.tz = "Australia/Brisbane"  # ten hours before UTC
        start, end = self.cycle.start_date, self.cycle.end_date
        day = timedelta(days=1)
        for vals, at, is_outside in (
            # Where nothing else is said: the days of the cycle, where the company is.
            ({}, self._at(0, -10), False),
            ({}, self._at(0, -11), True),
            ({}, self._at(30, 13), False),
            ({}, self._at(30, 14), True),
            ({"valid_from": start + 5 * day}, self._at(4), True),
            ({"valid_from": start + 5 * day}, self._at(5), False),
            ({"valid_from": start - 5 * day}, self._at(-5), False),
            ({"valid_until": end - 5 * day}, self._at(26), True),
            ({"valid_until": end + 5 * day}, self._at(34), False),
        ):
            with self.subTest(**vals, at=at):
                entitlement = self._create_entitlement(
                    self.cycle, **{"valid_from": False, "valid_until": False, **vals}
                )
                self._create_transaction(
                    entitlement, "PURCHASE", 40, timestamp_transaction_created=at
                )
                self._create_transaction(
                    entitlement, "VOID", 1, timestamp_transaction_created=self._at(400)
                )
                line = self._settle().line_ids
                self.assertEqual(line.is_outside, is_outside)
                self.assertEqual(entitlement.state, "parrdpd2ben")

    def test_what_is_listed_follows_every_change(self):
        receipts = self._create_entitlement(self.cycle, valid_from=False, valid_until=False)
        for number, hour in (("7", 8), ("8", 12)):
            self._create_transaction(
                receipts,
                "PURCHASE",
                10,
                receipt_number=number,
                timestamp_transaction_created=self._at(3, hour),
            )
        self.assertFalse(self._settle().line_ids)
        receipts.transaction_ids.receipt_number = "7"
        self.assertTrue(self._settle().line_ids.is_twin)
        receipts.valid_from = self.cycle.start_date + timedelta(days=9)
        self.assertTrue(self._settle().line_ids.is_outside)

    def test_a_cleared_line_stays_cleared_while_the_facts_are_the_same(self):
        entitlement = self._create_entitlement(self.cycle, transactions=[("PURCHASE", 130)])
        line = self._settle().line_ids
        self.assertEqual(self.cycle.activity_ids.mapped("summary"), [False])
        self._clear(line)
        self.assertRecordValues(
            line,
            [
                {
                    "status": "cleared",
                    "cleared_by_id": self.manager.id,
                    "remark": "The shop gave it back.",
                }
            ],
        )
        self.assertTrue(line.cleared_datetime)
        self.assertFalse(self.cycle.activity_ids)
        # Nothing that matters: the same amount, said in two transactions.
        entitlement.transaction_ids.amount_charged_by_service_point = 100
        self._create_transaction(
            entitlement,
            "PURCHASE",
            30,
            timestamp_transaction_created=fields.Datetime.now() - timedelta(hours=1),
        )
        again = self._settle().line_ids
        self.assertRecordValues(
            again,
            [
                {
                    "status": "cleared",
                    "cleared_by_id": self.manager.id,
                    "cleared_datetime": line.cleared_datetime,
                    "remark": "The shop gave it back.",
                }
            ],
        )
        self._create_transaction(entitlement, "PURCHASE", 5)
        changed = self._settle().line_ids
        self.assertEqual(changed.status, "open")
        self.assertTrue(self.cycle.activity_ids)
        self._create_transaction(entitlement, "VOID", 5)
        back = self._settle().line_ids
        self.assertEqual((changed.status, back.status), ("superseded", "cleared"))
        self.assertFalse(self.cycle.activity_ids)

    def test_who_clears(self):
        self._create_entitlement(self.cycle, transactions=[("PURCHASE", 130)])
        line = self._settle().line_ids
        for group in ("g2p_program_validator", "g2p_finance_validator"):
            user = self._create_user(group, f"g2p_programs.{group}")
            with self.subTest(group):
                with self.assertRaises(AccessError):
                    self._clear(line, user)
                with self.assertRaises(AccessError):
                    line.with_user(user)._clear("x")
        company = self.env["res.company"].create({"name": "Another Agency"})
        stranger = self._create_user(
            "stranger",
            "g2p_programs.g2p_program_manager",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        with self.assertRaises(AccessError):
            line.with_user(stranger)._clear("x")
        with self.assertRaisesRegex(UserError, "Write why"):
            self._clear(line, remark="  \n")
        self._clear(line)
        with self.assertRaisesRegex(UserError, "not open any more"):
            self._clear(line)

    def test_who_may_not_clear_is_told_who_may(self):
        self._create_entitlement(self.cycle, transactions=[("PURCHASE", 130)])
        self.cycle.mark_ended()
        sentence = "Program managers look at the open lines, and clear each with a remark."
        validator = self._create_user("validator", "g2p_programs.g2p_program_validator")
        finance = self._create_user("finance", "g2p_programs.g2p_finance_validator")
        self.assertEqual(self.cycle.with_user(validator).next_step, sentence)
        for model in ("spp.cycle.settlement", "spp.cycle.settlement.line"):
            view = self.env.ref(
                f"spp_auto_update_entitlements.view_{model.removeprefix('spp.').replace('.', '_')}"
                "_form"
            )
            for user in (validator, finance, self.manager):
                arch = self.env[model].with_user(user).get_view(view.id, "form")["arch"]
                self.assertEqual(sentence in arch, user != self.manager, (model, user.login))

    def test_the_transactions_decide(self):
        for transactions, state, outcome in (
            ([("PURCHASE", 40)], "parrdpd2ben", "partial"),
            ([("PURCHASE", 40), ("VOID", 40)], "approved", "voided"),
        ):
            with self.subTest(transactions=transactions):
                entitlement = self._create_entitlement(
                    self.cycle, state="rdpd2ben", transactions=transactions
                )
                line = self._settle().line_ids
                action = line.with_user(self.manager).action_let_transactions_decide()
                wizard = self.env[action["res_model"]].with_user(self.manager)
                wizard = wizard.with_context(**action["context"]).create({"remark": "A mistake."})
                wizard.action_confirm()
                given = state != "approved" and "approved"
                self.assertRecordValues(
                    entitlement,
                    [
                        {
                            "state": state,
                            "settlement_outcome": outcome,
                            "state_before_settlement": given,
                            "is_settled": True,
                        }
                    ],
                )
                self.assertRecordValues(line, [{"status": "cleared", "remark": "A mistake."}])
                self.assertEqual(self.cycle.settlement_ids[0].user_id, self.manager)

    def test_they_decide_nothing_while_a_background_task_works_on_the_cycle(self):
        entitlement = self._create_entitlement(
            self.cycle, state="rdpd2ben", transactions=[("PURCHASE", 40)]
        )
        line = self._settle().line_ids.with_user(self.manager)
        self.cycle.write({"locked": True, "locked_reason": "Importing."})
        with self.assertRaisesRegex(UserError, "Importing."):
            line._let_transactions_decide("A mistake.")
        self.assertEqual(entitlement.state, "rdpd2ben")

    def test_what_is_listed_follows_the_days_of_the_cycle(self):
        """Of a cycle that begins today: the platform lets nobody move one that has begun."""
        start, end = self.today, self.today + timedelta(days=30)
        for create, buy in (
            (self._create_entitlement, self._buy_cash),
            (self._create_inkind, self._buy_goods),
        ):
            with self.subTest(create.__name__):
                cycle = self._create_cycle(ended_days_ago=-30)
                late, in_time, of_its_own = (
                    create(cycle, valid_from=False, valid_until=until)
                    for until in (False, False, end)
                )
                for entitlement, days in ((late, 33), (in_time, 3), (of_its_own, 33)):
                    buy(entitlement, fields.Datetime.to_datetime(start) + timedelta(days, hours=9))
                cycle._settle_now()
                lines = cycle.settlement_ids[0].line_ids
                self.assertEqual(set(lines.mapped("code")), {late.code, of_its_own.code})
                cycle.end_date = end + timedelta(days=5)
                self.assertEqual(
                    [each.is_settled for each in (late, in_time, of_its_own)], [False, True, True]
                )
                cycle._settle_now()
                self.assertFalse(cycle.settlement_ids[0].line_ids.is_exception)
                cycle.start_date = start + timedelta(days=4)
                self.assertEqual(
                    [each.is_settled for each in (late, in_time, of_its_own)], [True, False, True]
                )

    def _buy_cash(self, entitlement, moment):
        self._create_transaction(entitlement, "PURCHASE", 40, timestamp_transaction_created=moment)

    def _buy_goods(self, entitlement, moment):
        self._create_inkind_transaction(
            entitlement, "PURCHASE", quantity=4, timestamp_transaction_created=moment
        )

    def test_they_decide_about_what_was_looked_at_only(self):
        entitlement = self._create_entitlement(
            self.cycle, state="rdpd2ben", transactions=[("PURCHASE", 40)]
        )
        line = self._settle().line_ids.with_user(self.manager)
        self._create_transaction(entitlement, "PURCHASE", 5)
        with self.assertRaisesRegex(UserError, "has changed since"):
            line._let_transactions_decide("A mistake.")
        over = self._create_entitlement(self.cycle, transactions=[("PURCHASE", 130)])
        lines = self._settle().line_ids.with_user(self.manager)
        with self.assertRaisesRegex(UserError, "has changed since"):
            lines.filtered(lambda each: each.entitlement_id == over)._let_transactions_decide("x")
        self.assertEqual((entitlement.state, over.state), ("rdpd2ben", "rdpd2ben"))
        self.assertEqual(set(lines.mapped("status")), {"open"})
