from unittest.mock import patch

from odoo.tests import tagged

from ..models import cycle_end
from .common import SettlementCase

# (state given, transactions, state after, outcome, listed); every entitlement grants 100.
CASES = [
    ("approved", [("PURCHASE", 40)], "parrdpd2ben", "partial", False),
    ("trans2FSP", [("PURCHASE", 40)], "parrdpd2ben", "partial", False),
    ("expired", [("PURCHASE", 40)], "parrdpd2ben", "partial", False),
    ("parrdpd2ben", [("PURCHASE", 40)], "parrdpd2ben", "partial", False),
    ("rdpd2ben", [("PURCHASE", 40)], "rdpd2ben", "contradicted", True),
    ("approved", [("PURCHASE", 60), ("PURCHASE", 40)], "rdpd2ben", "redeemed", False),
    ("expired", [("PURCHASE", 100)], "rdpd2ben", "redeemed", False),
    ("parrdpd2ben", [("PURCHASE", 100)], "rdpd2ben", "redeemed", False),
    ("rdpd2ben", [("PURCHASE", 100)], "rdpd2ben", "redeemed", False),
    ("approved", [("PURCHASE", 99.99)], "parrdpd2ben", "partial", False),
    ("approved", [("PURCHASE", 100.01)], "rdpd2ben", "over", True),
    ("rdpd2ben", [("PURCHASE", 150)], "rdpd2ben", "over", True),
    ("approved", [("PURCHASE", 100), ("VOID", 30)], "parrdpd2ben", "partial", False),
    ("approved", [], "approved", "unredeemed", False),
    ("trans2FSP", [], "trans2FSP", "unredeemed", False),
    ("expired", [], "expired", "unredeemed", False),
    ("approved", [("PURCHASE", 0)], "approved", "unredeemed", False),
    ("approved", [("PURCHASE", 50), ("VOID", 50)], "approved", "voided", False),
    ("rdpd2ben", [], "rdpd2ben", "paid_elsewhere", False),
    ("parrdpd2ben", [], "parrdpd2ben", "paid_elsewhere", False),
    ("rdpd2ben", [("PURCHASE", 0)], "rdpd2ben", "paid_elsewhere", False),
    ("rdpd2ben", [("PURCHASE", 50), ("VOID", 50)], "rdpd2ben", "contradicted", True),
    ("parrdpd2ben", [("PURCHASE", 50), ("VOID", 50)], "parrdpd2ben", "partial", True),
    ("approved", [("VOID", 5)], "approved", "over_voided", True),
    ("rdpd2ben", [("PURCHASE", 5), ("VOID", 6)], "rdpd2ben", "over_voided", True),
    ("approved", [("PURCHASE", 100), ("REFUND", 5)], "rdpd2ben", "unreadable", True),
    ("approved", [("PURCHASE", 60), ("REFUND", 5)], "parrdpd2ben", "unreadable", True),
    ("approved", [("REFUND", 5)], "approved", "unreadable", True),
    ("cancelled", [("REFUND", 5)], "cancelled", "unreadable", True),
    ("cancelled", [("PURCHASE", 0)], "cancelled", "closed", False),
]
for _state in ("draft", "pending_validation", "rejected1", "rejected2", "rejected3", "cancelled"):
    CASES += [
        (_state, [], _state, "closed", False),
        (_state, [("PURCHASE", 40)], _state, "closed_with_transactions", True),
    ]


@tagged("post_install", "-at_install")
class TestSettlement(SettlementCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cycle = cls._create_cycle()

    def _settle(self):
        """Settle what is to settle in the cycle, and return the settlement."""
        self.cycle._settle_now()
        return self.cycle.settlement_ids[0]

    def _check_cases(self, create):
        entitlements = [
            create(self.cycle, state=state, transactions=transactions)
            for state, transactions, *_expected in CASES
        ]
        settlement = self._settle()
        lines = {line.code: line for line in settlement.line_ids}
        for entitlement, (state, transactions, after, outcome, is_listed) in zip(
            entitlements, CASES, strict=True
        ):
            with self.subTest(state=state, transactions=transactions):
                self.assertRecordValues(
                    entitlement,
                    [
                        {
                            "state": after,
                            "settlement_outcome": outcome,
                            "state_before_settlement": state != after and state,
                            "settled_state": after,
                            "settlement_id": settlement.id,
                            "is_settled": True,
                        }
                    ],
                )
                self.assertEqual(entitlement.code in lines, is_listed)
                if is_listed:
                    self.assertEqual(lines[entitlement.code].status, "open")
                    self.assertNotIn("changed after", lines[entitlement.code].explanation)
        listed = sum(case[-1] for case in CASES)
        self.assertEqual(settlement.entitlement_count, len(CASES))
        self.assertEqual(settlement.changed_count, sum(case[0] != case[2] for case in CASES))
        self.assertEqual((settlement.exception_count, settlement.open_count), (listed, listed))

    def test_cash_cases(self):
        self._check_cases(self._create_entitlement)

    def test_inkind_cases(self):
        def create(cycle, state, transactions):
            return self._create_inkind(cycle, qty=100, state=state, transactions=transactions)

        self._check_cases(create)

    def test_totals_add_up(self):
        for transactions in ([("PURCHASE", 40)], [("PURCHASE", 35.5)], [("PURCHASE", 130)], []):
            self._create_entitlement(self.cycle, transactions=transactions)
        self._create_inkind(self.cycle, qty=10, transactions=[("PURCHASE", 4)])
        settlement = self._settle()
        self.assertEqual(
            {
                (total.kind, total.outcome): (
                    total.count,
                    total.allocated,
                    total.redeemed,
                    total.balance,
                    total.currency_id.name or total.uom_id.name,
                )
                for total in settlement.total_ids
            },
            {
                ("cash", "partial"): (2, 200, 75.5, 124.5, self.currency.name),
                ("cash", "over"): (1, 100, 130, -30, self.currency.name),
                ("cash", "unredeemed"): (1, 100, 0, 100, self.currency.name),
                ("inkind", "partial"): (1, 10, 4, 6, self.product.uom_id.name),
            },
        )
        name = self.currency.name
        note = self.cycle.message_ids.filtered(lambda message: "Settlement" in message.body).body
        self.assertIn("5 entitlements, 4 changed, 1 exceptions, 1 to look at", note)
        of_partial = f"2 (<bdi>75.50 {name}</bdi> of <bdi>200.00 {name}</bdi>)"
        self.assertIn(f"Partially redeemed: {of_partial}", note)
        self.assertEqual(
            settlement.money_totals.split("\n"),
            [
                f"400.00 {name} granted, 205.50 {name} redeemed (51 %), 194.50 {name} left",
                "10 Units granted, 4 Units redeemed (40 %), 6 Units left",
            ],
        )

    def test_each_total_opens_its_entitlements(self):
        partial = self._create_entitlement(self.cycle, transactions=[("PURCHASE", 40)])
        over = self._create_inkind(self.cycle, transactions=[("PURCHASE", 14)])
        settlement = self._settle()
        for total, entitlement in zip(settlement.total_ids, (partial, over), strict=True):
            self.assertEqual(self._open(total), entitlement)

    def test_a_total_opens_those_in_its_currency_or_unit(self):
        kilogram = self.env.ref("uom.product_uom_kgm")
        sugar = self.env["product.product"].create(
            {"name": "Sugar", "uom_id": kilogram.id, "uom_po_id": kilogram.id}
            if "uom_po_id" in self.env["product.product"]
            else {"name": "Sugar", "uom_id": kilogram.id}
        )
        currency = self.env["res.currency"].create({"name": "JDX", "symbol": "JD"})
        journal = self.env["account.journal"].create(
            {"name": "Bank", "code": "BNKX", "type": "bank", "currency_id": currency.id}
        )
        in_currency = self._create_entitlement(self.cycle)
        in_currency.journal_id = journal  # such as of a program that got another one
        expected = {
            self.currency: self._create_entitlement(self.cycle),
            currency: in_currency,
            self.product.uom_id: self._create_inkind(self.cycle),
            # One with the unit on it, one with its product's.
            kilogram: self._create_inkind(self.cycle, uom_id=kilogram.id, product_id=sugar.id)
            + self._create_inkind(self.cycle, uom_id=False, product_id=sugar.id),
        }
        totals = self._settle().total_ids
        self.assertEqual(set(totals.mapped("outcome")), {"unredeemed"})
        self.assertEqual(len(totals), 4)
        by_value = self._create_inkind(self.cycle, total_amount=100)
        by_quantity = self._create_inkind(self.cycle, total_amount=100)
        self._create_inkind_transaction(by_value, "PURCHASE", amount_charged_by_service_point=40)
        self._create_inkind_transaction(by_quantity, "PURCHASE", quantity=4)
        partial = self._settle().total_ids
        found = [
            self._open(total) for total in partial.sorted(lambda total: bool(total.currency_id))
        ]
        self.assertEqual(found, [by_quantity, by_value])
        for total in totals:
            with self.subTest(total.currency_id.name or total.uom_id.name):
                opened = self._open(total)
                self.assertEqual(opened, expected[total.currency_id or total.uom_id])
                self.assertEqual(len(opened), total.count)

    def _open(self, total):
        action = total.action_open_entitlements()
        return self.env[action["res_model"]].search(action["domain"], order="id")

    def test_an_exception_explains_itself_and_opens_the_entitlement(self):
        entitlement = self._create_entitlement(self.cycle, transactions=[("REFUND", 5)])
        line = self._settle().line_ids
        self.assertRecordValues(
            line,
            [
                {
                    "entitlement_id": entitlement.id,
                    "partner_id": self.registrant.id,
                    "outcome": "unreadable",
                    "problem": "type",
                    "is_exception": True,
                    "state_before": "approved",
                    "state_after": "approved",
                }
            ],
        )
        self.assertIn("neither a PURCHASE nor a VOID", line.explanation)
        action = line.action_open_entitlement()
        self.assertEqual(
            (action["res_model"], action["res_id"]), (entitlement._name, entitlement.id)
        )

    def test_voids_bring_back_the_state_before_the_first_settlement(self):
        for state in ("approved", "trans2FSP", "expired"):
            with self.subTest(state=state):
                entitlement = self._create_entitlement(
                    self.cycle, state=state, transactions=[("PURCHASE", 40)]
                )
                first = self._settle()
                self._create_transaction(entitlement, "PURCHASE", 60)
                second = self._settle()
                self.assertEqual(entitlement.state, "rdpd2ben")
                self._create_transaction(entitlement, "VOID", 100)
                third = self._settle()
                self.assertRecordValues(
                    entitlement,
                    [
                        {
                            "state": state,
                            "settlement_id": third.id,
                            "settlement_outcome": "voided",
                            "state_before_settlement": False,
                        }
                    ],
                )
                # What the earlier settlements did can still be told, one by one.
                self.assertFalse(first.line_ids)
                for settlement, before, previous, after in (
                    (second, "parrdpd2ben", first, "rdpd2ben"),
                    (third, "rdpd2ben", second, state),
                ):
                    self.assertRecordValues(
                        settlement.line_ids,
                        [
                            {
                                "state_before": before,
                                "state_after": after,
                                "previous_settlement_id": previous.id,
                                "is_exception": False,
                            }
                        ],
                    )

    def test_what_something_else_put_there_is_not_undone(self):
        """A person pays the rest by hand, then a late transaction arrives."""
        for late, outcome in (
            (("PURCHASE", 10), "contradicted"),
            (("VOID", 40), "contradicted"),
            (("PURCHASE", 60), "redeemed"),
        ):
            with self.subTest(late=late):
                entitlement = self._create_entitlement(self.cycle, transactions=[("PURCHASE", 40)])
                self._settle()
                entitlement.write({"state": "rdpd2ben"})
                self.assertFalse(entitlement.is_settled)
                self._create_transaction(entitlement, *late)
                settlement = self._settle()
                self.assertRecordValues(
                    entitlement,
                    [
                        {
                            "state": "rdpd2ben",
                            "settlement_outcome": outcome,
                            "state_before_settlement": False,
                        }
                    ],
                )
                line = settlement.line_ids
                self.assertEqual(line.status, "open" if outcome == "contradicted" else False)

    def test_it_does_not_matter_whether_it_was_settled_in_between(self):
        for settled_in_between in (False, True):
            with self.subTest(settled_in_between=settled_in_between):
                entitlement = self._create_entitlement(
                    self.cycle, state="rdpd2ben", transactions=[("PURCHASE", 40)]
                )
                if settled_in_between:
                    self._settle()
                self._create_transaction(entitlement, "VOID", 40)
                settlement = self._settle()
                self.assertRecordValues(
                    entitlement, [{"state": "rdpd2ben", "settlement_outcome": "contradicted"}]
                )
                self.assertEqual(settlement.line_ids.mapped("status"), ["open"])

    def test_a_state_set_past_the_orm_is_the_one_given(self):
        entitlement = self._create_entitlement(self.cycle, transactions=[("PURCHASE", 40)])
        self._settle()
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE g2p_entitlement SET state = 'cancelled' WHERE id = %s", [entitlement.id]
        )
        self.env.invalidate_all()
        settlement = self._settle()
        self.assertRecordValues(
            entitlement,
            [
                {
                    "state": "cancelled",
                    "settlement_outcome": "closed_with_transactions",
                    "state_before_settlement": False,
                    "settlement_id": settlement.id,
                }
            ],
        )

    def test_the_same_state_written_again_is_given(self):
        entitlement = self._create_entitlement(self.cycle, transactions=[("PURCHASE", 40)])
        self._settle()
        self.assertEqual(entitlement.state_before_settlement, "approved")
        entitlement.state = "parrdpd2ben"
        self.assertRecordValues(
            entitlement,
            [
                {
                    "is_settled": False,
                    "state_before_settlement": False,
                    "settled_state": False,
                    "settlement_outcome": False,
                }
            ],
        )
        self._create_transaction(entitlement, "VOID", 40)
        settlement = self._settle()
        self.assertRecordValues(
            entitlement, [{"state": "parrdpd2ben", "settlement_outcome": "partial"}]
        )
        self.assertIn("all of its transactions are voided", settlement.line_ids.explanation)

    def test_a_settlement_settles_only_what_changed(self):
        settled = self._create_entitlement(self.cycle, transactions=[("PURCHASE", 40)])
        late = self._create_entitlement(self.cycle)
        first = self._settle()
        self._create_transaction(late, "PURCHASE", 100)
        second = self._settle()
        self.assertEqual((settled.settlement_id, late.settlement_id), (first, second))
        self.assertEqual((first.is_follow_up, second.is_follow_up), (False, True))
        self.assertEqual(second.entitlement_count, 1)

    def test_figures_written_past_the_orm_are_corrected(self):
        entitlement = self._create_entitlement(self.cycle, transactions=[("PURCHASE", 40)])
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE spp_entitlement_transactions SET amount_charged_by_service_point = 100"
            " WHERE entitlement_id = %s",
            [entitlement.id],
        )
        self.env.invalidate_all()
        self._settle()
        self.assertRecordValues(
            entitlement, [{"state": "rdpd2ben", "redeemed": 100, "entitlement_balance": 0}]
        )

    def test_batches_add_up_to_one_settlement(self):
        entitlements = self.env["g2p.entitlement"].concat(
            *(
                self._create_entitlement(self.cycle, transactions=[("PURCHASE", amount)])
                for amount in (10, 20, 100, 30, 130)
            )
        )
        with patch.object(cycle_end, "BATCH_SIZE", 2):
            settlement = self._settle()
        self.assertEqual(
            entitlements.mapped("state"),
            ["parrdpd2ben", "parrdpd2ben", "rdpd2ben", "parrdpd2ben", "rdpd2ben"],
        )
        self.assertRecordValues(
            settlement, [{"entitlement_count": 5, "changed_count": 5, "exception_count": 1}]
        )
        self.assertRecordValues(
            settlement.total_ids,
            [
                {"outcome": "partial", "count": 3, "redeemed": 60},
                {"outcome": "redeemed", "count": 1, "redeemed": 100},
                {"outcome": "over", "count": 1, "redeemed": 130},
            ],
        )

    def test_writes_go_through_the_orm(self):  # pylint: disable=missing-return
        """Other addons hook into ``write``; the platform itself clears the ERN that way."""
        entitlement = self._create_entitlement(self.cycle, transactions=[("PURCHASE", 40)])
        self.assertTrue(entitlement.ern)
        today, seen = self.today, []
        # The first of all that define the model: the others come before it.
        definition = [
            each
            for each in type(entitlement).__mro__
            if each.__module__.startswith("odoo.addons.g2p_programs.")
        ][-1]

        def write(self, vals):
            before = self.mapped("state")
            result = super(definition, self).write(dict(vals, valid_until=today))
            seen.append((self, before, self.mapped("state")))
            return result

        with patch.object(definition, "write", write, create=True):
            self._settle()
        self.assertEqual(seen, [(entitlement, ["approved"], ["parrdpd2ben"])])
        self.env.invalidate_all()
        self.assertRecordValues(
            entitlement,
            [
                {
                    "state": "parrdpd2ben",
                    "ern": False,
                    "valid_until": today,
                    "write_uid": self.env.uid,
                    "write_date": self.env.cr.now(),
                }
            ],
        )

    def test_another_addons_way_with_the_ern_is_kept(self):
        entitlement = self._create_entitlement(self.cycle, transactions=[("PURCHASE", 40)])
        number = entitlement.ern

        def keep(self):
            for entitlement in self:
                entitlement.ern = entitlement.ern

        with patch.object(type(entitlement), "_compute_generate_ern", keep):
            self._settle()
            self.env.invalidate_all()
        self.assertRecordValues(entitlement, [{"state": "parrdpd2ben", "ern": number}])

    def test_constraints_of_other_addons_hold(self):
        self._create_entitlement(self.cycle, transactions=[("PURCHASE", 40)])

        def refuse(self):
            raise ValueError("not this state")

        refuse._constrains = ("state",)
        model = self.env.registry["g2p.entitlement"]
        constraints = [*model._constraint_methods, refuse]
        with (
            patch.object(model, "_constraint_methods", constraints),
            self.assertRaisesRegex(ValueError, "not this state"),
        ):
            self._settle()

    def test_a_batch_takes_so_many_queries(self):
        twins = [("PURCHASE", 4), ("PURCHASE", 4)]
        for case, create, transactions, expected in (
            ("cash", self._create_entitlement, [("PURCHASE", 4)], 10),
            ("in kind", self._create_inkind, [("PURCHASE", 4)], 10),
            ("in kind, nothing moved", self._create_inkind, [], 10),
            ("cash, listed", self._create_entitlement, [("PURCHASE", 130)], 13),
            ("cash, twins", self._create_entitlement, twins, 14),
            ("in kind, twins", self._create_inkind, twins, 14),
            ("cash, can't be read", self._create_entitlement, [("REFUND", 4)], 15),
        ):
            self._count_queries(create, transactions, 1)  # what is read only once
            for size in (20, 90):  # Odoo inserts a hundred lines in one statement
                with self.subTest(case, size=size), patch.object(cycle_end, "BATCH_SIZE", size):
                    one, three = (
                        self._count_queries(create, transactions, batches * size)
                        for batches in (1, 3)
                    )
                    self.assertEqual((three - one) / 2, expected)

    def _count_queries(self, create, transactions, count):
        cycle = self._create_cycle()
        for _number in range(count):
            create(cycle, transactions=transactions)
        self.env.flush_all()
        self.env.invalidate_all()
        # Read once for each environment, of which the garbage collector lets go at its time.
        self.env.user.mapped("company_id")
        before = self.env.cr.sql_log_count
        cycle._settle_now()
        return self.env.cr.sql_log_count - before

    def test_those_of_another_cycle_between_are_left_alone(self):
        other = self._create_cycle()
        bought = {"transactions": [("PURCHASE", 40)]}
        # How many come before one of the other cycle: a gap in the range, or no range.
        for mine_between in (120, 1):
            with self.subTest(mine_between=mine_between):
                mine = theirs = self.env["g2p.entitlement"]
                for _round in range(2):
                    for _number in range(mine_between):
                        mine += self._create_entitlement(self.cycle, **bought)
                    theirs += self._create_entitlement(other, **bought)
                mine += self._create_entitlement(self.cycle, **bought)
                self.assertEqual(self._settle().entitlement_count, len(mine))
                self.assertEqual(set(mine.mapped("settlement_outcome")), {"partial"})
                self.assertEqual(set(theirs.mapped("settlement_outcome")), {False})
                self.assertEqual(set(theirs.mapped("state")), {"approved"})

    def test_the_columns_that_settling_looks_up_are_indexed(self):
        for table, column in (
            ("g2p_entitlement", "cycle_id"),
            ("g2p_entitlement_inkind", "cycle_id"),
            ("spp_entitlement_transactions", "entitlement_id"),
            ("spp_inkind_entitlement_transactions", "entitlement_id"),
        ):
            with self.subTest(table):
                self.env.cr.execute(
                    "SELECT count(*) FROM pg_indexes WHERE tablename = %s AND indexdef LIKE %s",
                    [table, f"%({column})"],
                )
                self.assertEqual(self.env.cr.fetchone()[0], 1)
