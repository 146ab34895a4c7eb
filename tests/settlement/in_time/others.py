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
from .facts import FULLY, PARTIALLY
from .stage import FOREIGN
from .world import World, at

STATES = st.sampled_from(
    [
        *("approved", "approved", "trans2FSP", "expired", PARTIALLY, FULLY, FULLY),
        *("draft", "pending_validation", "rejected1", "cancelled"),
    ]
)
GIVEN = st.sampled_from(["approved", "approved", "draft", PARTIALLY, FULLY, "cancelled"])
AMOUNTS = st.sampled_from(
    [Decimal(text) for text in ("40", "60", "100", "0.01", "99.99", "100.01", "10.01", "0", "-5")]
)
PAID = st.sampled_from([Decimal(text) for text in ("100", "40", "60", "100.01", "0", "-5")])
GRANTS = st.sampled_from([Decimal(100), Decimal(100), Decimal(40), Decimal(0)])
KINDS = st.sampled_from(["PURCHASE", "PURCHASE", "PURCHASE", "VOID", "VOID", "REFUND"])
CYCLES = st.integers(0, 3)
# Before the cycle, its first day, one in the middle, its last day, after it.
DAYS = st.sampled_from([3, 3, 3, 0, 1, 6, 7, 9, -2])
# In Brisbane the day ends at 14:00 UTC.
HOURS = st.sampled_from([3, 13, 14, 22])


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

    @initialize(
        target=entitlements,
        grants=st.lists(st.tuples(CYCLES, st.booleans(), GIVEN, GRANTS), min_size=2, max_size=6),
    )
    def begin(self, grants):
        return multiple(*self._grant(grants))

    # What others do

    @rule(target=entitlements, cycle=CYCLES, is_cash=st.booleans(), state=GIVEN, granted=GRANTS,
        value=st.sampled_from([Decimal(0), Decimal(100)]), has_days=st.booleans())  # fmt: skip
    def grant(self, cycle, is_cash, state, granted, value, has_days):
        [entitlement] = self._grant([(cycle, is_cash, state, granted)], value, has_days)
        return entitlement

    def _grant(self, grants, value=Decimal(0), has_days=False):
        self._step()
        return self.world.grant(
            [
                (self.world.cycles[cycle], is_cash, state, granted, value, has_days)
                for cycle, is_cash, state, granted in grants
            ]
        )

    @rule(target=transactions, entitlement=entitlements, amount=AMOUNTS, day=DAYS, hour=HOURS)
    def buy(self, entitlement, amount, day, hour):
        return self._move(entitlement, "PURCHASE", amount, day=day, hour=hour)

    @rule(target=transactions, entitlement=entitlements, amount=AMOUNTS)
    def void(self, entitlement, amount):
        return self._move(entitlement, "VOID", amount)

    @rule(target=transactions, entitlement=entitlements, kind=KINDS, amount=AMOUNTS,
        what=st.sampled_from(FOREIGN), day=DAYS, hour=HOURS)  # fmt: skip
    def move_foreign(self, entitlement, kind, amount, what, day, hour):
        """In another currency; of goods, in another unit, or of another kind."""
        is_other_product = False
        if not entitlement.is_cash:
            is_other_product = what == "EUR"
            what = {"EUR": "kg", "KES": "g", "MAD": "dozen"}[what]
        amount *= 1000 if what == "g" else 1
        return self._move(entitlement, kind, amount, what, is_other_product, day, hour)

    @rule(target=transactions, entitlement=entitlements, kind=KINDS, amount=AMOUNTS)
    def move_value_of_goods(self, entitlement, kind, amount):
        what = self.stage.own
        return (
            self._move(entitlement, kind, amount, what) if not entitlement.is_cash else multiple()
        )

    @rule(target=transactions, entitlement=entitlements, amount=AMOUNTS)
    def refund(self, entitlement, amount):
        return self._move(entitlement, "REFUND", amount)

    def _move(self, entitlement, kind, amount, what=None, other=False, day=3, hour=3):
        if entitlement.is_deleted:
            return multiple()
        self._step()
        what = what or (entitlement.cycle.currency if entitlement.is_cash else "kg")
        moment = self._get_moment(entitlement, day, hour)
        return self.world.move(entitlement, kind, amount, what, moment, is_other_product=other)

    def _get_moment(self, entitlement, day, hour):
        self.minute += 1  # no twins by chance
        day = entitlement.cycle.first_day + timedelta(days=day)
        return at(day, hour, 0) + timedelta(minutes=self.minute % 60)

    @rule(target=transactions, transaction=transactions, is_receipt=st.booleans())
    def send_twice(self, transaction, is_receipt):
        if not transaction.entitlement:
            return multiple()
        self._step()
        moment = transaction.moment
        if is_receipt:
            self.minute += 1
            moment = moment.replace(minute=self.minute % 60, second=1)
        return self.world.move(
            transaction.entitlement, transaction.kind, transaction.amount, transaction.what,
            moment, transaction.receipt, transaction.is_other_product,
        )  # fmt: skip

    @rule(target=transactions, entitlement=entitlements, kind=KINDS, amount=AMOUNTS)
    def move_by_sql(self, entitlement, kind, amount):
        """Of one that is settled, nothing would notice: not promised."""
        if entitlement.is_deleted or not self.world.is_queued(entitlement):
            return multiple()
        self._step()
        moment = self._get_moment(entitlement, 3, 3)
        return self.world.move_by_sql(entitlement, kind, amount, moment)

    @rule(transaction=transactions, kind=KINDS, amount=AMOUNTS)
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

    @rule(entitlement=entitlements, state=STATES)
    def set_state(self, entitlement, state):
        if not entitlement.is_deleted:
            self._step()
            self.world.set_state(entitlement, state)

    @rule(entitlement=entitlements)
    def set_same_state(self, entitlement):
        if not entitlement.is_deleted:
            self._step()
            self.world.set_state(entitlement, entitlement.state)

    @rule(entitlement=entitlements, state=STATES)
    def set_state_by_sql(self, entitlement, state):
        """Not the one last written, which would be no write."""
        if not entitlement.is_deleted and state != entitlement.written:
            self._step()
            self.world.set_state_by_sql(entitlement, state)

    @rule(entitlement=entitlements, granted=GRANTS)
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
        if not entitlement.is_deleted and not entitlement.payments:
            self._step()
            is_draft = entitlement.state == "draft"
            assert self.world.delete(entitlement) == is_draft

    @rule(currency=st.sampled_from(FOREIGN[1:]), days_ago=st.sampled_from([1, 7, 200]),
        rate=st.sampled_from(["0.25", "4"]))  # fmt: skip
    def enter_rate(self, currency, days_ago, rate):
        """Never one that changes what is known already."""
        day = self.world.cycles[0].last_day - timedelta(days=days_ago)
        known = self.world.rates.get_first_day(currency)
        if not known or day < known:
            self._step()
            self.world.enter_rate(currency, day, rate)

    @rule(cycle=CYCLES, state=st.sampled_from(["approved", "cancelled", "ended", "draft"]))
    def set_cycle_state(self, cycle, state):
        self._step()
        self.world.set_cycle_state(self.world.cycles[cycle], state)

    @rule(cycle=CYCLES, is_locked=st.booleans())
    def lock_cycle(self, cycle, is_locked):
        self._step()
        self.world.lock_cycle(self.world.cycles[cycle], is_locked)

    @rule(is_paused=st.booleans(), has_grace=st.booleans())
    def set_company(self, is_paused, has_grace):
        self._step()
        self.world.set_company(is_paused, has_grace)

    def _step(self):
        type(self).steps += 1
        self.world.may_end = set()
        self.world.may_drop_requests = False
