"""Random steps of all who have to do with an entitlement, and of the settlement in between."""

from datetime import timedelta
from decimal import Decimal

from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    multiple,
    rule,
)

from .checks import Checks
from .facts import FULLY, PARTIALLY, expect
from .stage import FOREIGN
from .world import World, at

STATES = st.sampled_from(
    [
        *("approved", "approved", "trans2FSP", "expired", PARTIALLY, FULLY, FULLY),
        *("draft", "pending_validation", "rejected1", "cancelled"),
    ]
)
GIVEN = st.sampled_from(
    ["approved", "approved", PARTIALLY, PARTIALLY, FULLY, FULLY, "draft", "cancelled"]
)
AMOUNTS = st.sampled_from(
    [Decimal(text) for text in ("40", "60", "40", "100", "100.01", "10.01", "99.99", "0.01", "0")]
)
ODD_AMOUNTS = st.sampled_from([Decimal(text) for text in ("40", "100", "0.01", "0", "-5")])
PAID = st.sampled_from([Decimal(text) for text in ("100", "40", "60", "100.01", "0", "-5")])
GRANTED = st.sampled_from([Decimal(100), Decimal(100), Decimal(100), Decimal(40), Decimal(0)])
KINDS = st.sampled_from(["PURCHASE", "PURCHASE", "PURCHASE", "VOID"])
# What moved before anybody looks: each column of the table.
MOVED = st.sampled_from(
    [
        [(kind, Decimal(amount)) for kind, amount in moves]
        for moves in (
            [],
            [("PURCHASE", "40")],
            [("PURCHASE", "40"), ("VOID", "40")],
            [("PURCHASE", "60"), ("PURCHASE", "40")],
            [("PURCHASE", "100.01")],
        )
    ]
)
ODD_KINDS = st.sampled_from(["PURCHASE", "VOID", "REFUND"])
CYCLES = st.sampled_from([0, 1, 2, 0, 2, 1, 0, 3])
# Before the cycle, its first day, one in the middle, its last day, after it.
DAYS = st.sampled_from([3, 3, 3, 0, 1, 6, 7, 9, -2])
# In Brisbane the day ends at 14:00 UTC.
HOURS = st.sampled_from([3, 13, 14, 22])
# Cycle, in cash or not, state, granted, value of goods, whether it has days of its own, moved.
GRANTS = st.tuples(
    CYCLES,
    st.booleans(),
    GIVEN,
    GRANTED,
    st.sampled_from([Decimal(0), Decimal(100)]),
    st.booleans(),
    MOVED,
)


class Others(RuleBasedStateMachine):
    """The steps of service points, persons, other addons and SQL."""

    stage = nights = None
    steps = 0
    worlds = 0

    entitlements = Bundle("entitlements")
    transactions = Bundle("transactions")
    payments = Bundle("payments")

    def __init__(self):
        super().__init__()
        type(self).worlds += 1
        self.world = World(self.stage)
        self.checks = Checks(self.world)
        self.minute = 0

    @initialize(target=entitlements, cycle=CYCLES, is_cash=st.booleans(),
        grants=st.lists(GRANTS, min_size=2, max_size=4))  # fmt: skip
    def begin(self, cycle, is_cash, grants):
        """All in one cycle: what is settled one after the other can come in each other's way."""
        return self._grant([(cycle, is_cash, *rest) for _cycle, _is_cash, *rest in grants])

    # What others do

    @rule(target=entitlements, granted=GRANTS)
    def grant(self, granted):
        return self._grant([granted])

    def _grant(self, grants):
        self._step()
        granted = self.world.grant(
            [(self.world.cycles[cycle], *rest) for cycle, *rest, _moves in grants]
        )
        self.world.send(
            [
                self._prepare(entitlement, kind, amount)
                for entitlement, (*_rest, moves) in zip(granted, grants, strict=True)
                for kind, amount in moves
            ]
        )
        return multiple(*granted)

    @rule(target=transactions, entitlement=entitlements, amount=AMOUNTS, day=DAYS, hour=HOURS)
    def buy(self, entitlement, amount, day, hour):
        return self._move([(entitlement, "PURCHASE", amount, None, day, hour)])

    @rule(target=transactions, entitlement=entitlements, amount=AMOUNTS)
    def void(self, entitlement, amount):
        return self._move([(entitlement, "VOID", amount)])

    @rule(
        target=transactions,
        moves=st.lists(st.tuples(entitlements, KINDS, AMOUNTS), min_size=2, max_size=5),
    )
    def trade(self, moves):
        return self._move(moves)

    @rule(target=transactions, entitlement=entitlements, is_void=st.booleans())
    def move_the_rest(self, entitlement, is_void):
        """All that is left is bought, or all that was bought is voided."""
        expected = expect(entitlement, self.world.rates)
        kind, amount = "PURCHASE", expected.granted - expected.redeemed
        if is_void:
            kind, amount = "VOID", expected.redeemed
        if amount <= 0 or expected.unit not in (entitlement.cycle.currency, "kg"):
            return multiple()
        return self._move([(entitlement, kind, amount, expected.unit)])

    @rule(target=transactions, entitlement=entitlements, kind=ODD_KINDS, amount=ODD_AMOUNTS,
        what=st.sampled_from([*FOREIGN, None, "value"]), day=DAYS, hour=HOURS)  # fmt: skip
    def move_oddly(self, entitlement, kind, amount, what, day, hour):
        """In another currency; of goods, in another unit, of another kind, or by their value."""
        is_oil = not entitlement.is_cash and what == "EUR"
        if what == "value":
            what = None if entitlement.is_cash else self.stage.own
        elif not entitlement.is_cash:
            what = {"EUR": "kg", "KES": "g", "MAD": "dozen", None: None}[what]
        amount *= 1000 if what == "g" else 1
        return self._move([(entitlement, kind, amount, what, day, hour, is_oil)])

    def _move(self, moves):
        moves = [move for move in moves if not move[0].is_deleted]
        if not moves:
            return multiple()
        self._step()
        transactions = [self._prepare(*move) for move in moves]
        self.world.send(transactions)
        return multiple(*transactions)

    def _prepare(self, entitlement, kind, amount, what=None, day=3, hour=3, is_other=False):
        moment = self._get_moment(entitlement, day, hour)
        receipt = f"R{self.minute}" if self.minute % 2 else ""
        return self.world.prepare(entitlement, kind, amount, moment, what, receipt, is_other)

    def _get_moment(self, entitlement, day, hour):
        self.minute += 1  # no twins by chance
        day = entitlement.cycle.first_day + timedelta(days=day)
        return at(day, hour, 0) + timedelta(minutes=self.minute % 60)

    @rule(target=transactions, transaction=transactions, is_receipt=st.booleans())
    def send_twice(self, transaction, is_receipt):
        """With the same receipt, or in the same minute without one."""
        if not transaction.entitlement:
            return multiple()
        self._step()
        moment = transaction.moment
        if is_receipt:
            self.minute += 1
            moment = moment.replace(minute=self.minute % 60, second=1)
        twin = self.world.prepare(
            transaction.entitlement, transaction.kind, transaction.amount, moment,
            transaction.what, transaction.receipt if is_receipt else "",
            transaction.is_other_product,
        )  # fmt: skip
        self.world.send([twin])
        return twin

    @rule(target=transactions, entitlement=entitlements, kind=KINDS, amount=AMOUNTS)
    def move_by_sql(self, entitlement, kind, amount):
        """Of one that is settled, nothing would notice: not promised."""
        if entitlement.is_deleted or not self.world.is_queued(entitlement):
            return multiple()
        self._step()
        transaction = self._prepare(entitlement, kind, amount)
        self.world.send_by_sql(transaction)
        return transaction

    @rule(transaction=transactions, kind=ODD_KINDS, amount=AMOUNTS)
    def change_transaction(self, transaction, kind, amount):
        self._step()
        if transaction.entitlement:
            self.world.change_transaction(transaction, kind, amount)

    @rule(transaction=transactions, entitlement=entitlements)
    def move_transaction(self, transaction, entitlement):
        is_other = transaction.entitlement not in (None, entitlement)
        if is_other and not entitlement.is_deleted and transaction.is_cash == entitlement.is_cash:
            self._step()
            self.world.move_transaction(transaction, entitlement)

    @rule(target=payments, entitlement=entitlements, amount=PAID,
        status=st.sampled_from(["paid", "paid", "paid", "failed", None]))  # fmt: skip
    def pay(self, entitlement, status, amount):
        is_dinars = entitlement.cycle.currency == "JOD"
        if entitlement.is_deleted or not entitlement.is_cash or is_dinars:
            return multiple()
        self._step()
        return self.world.pay(entitlement, status, amount)

    @rule(payment=payments, status=st.sampled_from(["paid", "failed"]), amount=PAID)
    def change_payment(self, payment, status, amount):
        self._step()
        self.world.change_payment(payment, status, amount)

    @rule(entitlement=entitlements, state=st.one_of(STATES, st.none()))
    def set_state(self, entitlement, state):
        """To another one, or to the same (None)."""
        if not entitlement.is_deleted:
            self._step()
            self.world.set_state(entitlement, state or entitlement.state)

    @rule(entitlement=entitlements, state=STATES)
    def set_state_by_sql(self, entitlement, state):
        """Not the one last written, which would be no write."""
        if not entitlement.is_deleted and state != entitlement.written:
            self._step()
            self.world.set_state_by_sql(entitlement, state)

    @rule(entitlement=entitlements, granted=GRANTED)
    def change_granted(self, entitlement, granted):
        if not entitlement.is_deleted:
            self._step()
            self.world.change_granted(entitlement, granted)

    @rule(entitlement=entitlements, cycle=CYCLES)
    def move_entitlement(self, entitlement, cycle):
        if not entitlement.is_deleted:
            self._step()
            self.world.move_entitlement(entitlement, self.world.cycles[cycle])

    @rule(entitlement=entitlements)
    def delete(self, entitlement):
        """The platform lets nobody delete others than drafts."""
        if not entitlement.is_deleted and entitlement.state == "draft" and not entitlement.payments:
            self._step()
            self.world.delete(entitlement)

    @rule(currency=st.sampled_from(FOREIGN[1:]), days_ago=st.sampled_from([1, 7, 200]),
        rate=st.sampled_from(["0.25", "4"]))  # fmt: skip
    def enter_rate(self, currency, days_ago, rate):
        """Never one that changes what is known already."""
        day = self.world.cycles[0].last_day - timedelta(days=days_ago)
        known = self.world.rates.get_first_day(currency)
        is_asked_for = any(each.what == currency for each in self.world.transactions)
        if is_asked_for and (not known or day < known):
            self._step()
            self.world.enter_rate(currency, day, rate)

    @rule(cycle=CYCLES, state=st.sampled_from(["approved", "distributed", "cancelled", "ended"]))
    def set_cycle_state(self, cycle, state):
        self._step()
        self.world.set_cycle_state(self.world.cycles[cycle], state)

    @rule(cycle=CYCLES, how=st.sampled_from(["locked", "unlocked", "unlocked", "held", "left"]))
    def hinder(self, cycle, how):
        """Keep nights from a cycle, or let it go."""
        self._step()
        cycle = self.world.cycles[cycle]
        if how in ("locked", "unlocked"):
            self.world.lock_cycle(cycle, how == "locked")
            return
        self.stage.hold_back(cycle)
        cycle.hold = "held"
        if how == "left":
            assert not self.stage.press(cycle, "action_leave_alone")
            cycle.hold = "left"

    @rule(how=st.sampled_from(["paused", "graceful", "as usual", "as usual"]))
    def set_company(self, how):
        self._step()
        self.world.set_company(how == "paused", how == "graceful")

    def _step(self):
        type(self).steps += 1
        self.world.may_end = set()
        self.world.may_drop_requests = False
