"""What others gave and what moved, kept in plain Python; and what follows from it, by hand.

Written from the table of the rules, not from the addon: it shares no line with it.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

GRANTED = ("approved", "trans2FSP", "expired")
PARTIALLY, FULLY = "parrdpd2ben", "rdpd2ben"
AS_GIVEN = None
# The company's days: Brisbane, which knows no summer time.
FROM_UTC = timedelta(hours=10)

# By what was given and by what moved: the state, the outcome, whether a person looks at it.
TABLE = {
    ("granted", "nothing"): (AS_GIVEN, "unredeemed", False),
    ("granted", "all was voided"): (AS_GIVEN, "voided", False),
    ("granted", "less than all"): (PARTIALLY, "partial", False),
    ("granted", "all"): (FULLY, "redeemed", False),
    ("granted", "more than all"): (FULLY, "over", True),
    ("partially", "nothing"): (AS_GIVEN, "paid_elsewhere", False),
    ("partially", "all was voided"): (AS_GIVEN, "partial", True),
    ("partially", "less than all"): (AS_GIVEN, "partial", False),
    ("partially", "all"): (FULLY, "redeemed", False),
    ("partially", "more than all"): (FULLY, "over", True),
    ("fully", "nothing"): (AS_GIVEN, "paid_elsewhere", False),
    ("fully", "all was voided"): (AS_GIVEN, "contradicted", True),
    ("fully", "less than all"): (AS_GIVEN, "contradicted", True),
    ("fully", "all"): (AS_GIVEN, "redeemed", False),
    ("fully", "more than all"): (AS_GIVEN, "over", True),
    ("closed", "nothing"): (AS_GIVEN, "closed", False),
    ("closed", "all was voided"): (AS_GIVEN, "closed_with_transactions", True),
    ("closed", "less than all"): (AS_GIVEN, "closed_with_transactions", True),
    ("closed", "all"): (AS_GIVEN, "closed_with_transactions", True),
    ("closed", "more than all"): (AS_GIVEN, "closed_with_transactions", True),
}


@dataclass(eq=False)
class Cycle:
    name: str
    id: int
    currency: str
    goes_by_payments: bool
    is_over: bool
    first_day: date
    last_day: date
    state: str = "distributed"
    hold: str | None = None
    is_requested: bool = False
    is_locked: bool = False

    def __repr__(self):
        return self.name


@dataclass(eq=False)
class Entitlement:
    """:param given: the state that something other than a settlement set last
    :param state: the present one
    :param written: the one that the last settlement left, unless something else has set it since
    :param unseen: the version of the row (xmin) that a settlement left, where a change since then
        is seen by a night only
    :param has_late_figures: something moved past the ORM
    """

    name: str
    id: int
    is_cash: bool
    cycle: Cycle
    granted: Decimal
    value: Decimal
    given: str
    state: str
    valid_from: date | None
    valid_until: date | None
    transactions: list = field(default_factory=list)
    payments: list = field(default_factory=list)
    written: str | None = None
    unseen: str | None = None
    has_late_figures: bool = False
    is_deleted: bool = False
    cleared: set = field(default_factory=set)

    def __repr__(self):
        return self.name


@dataclass(eq=False)
class Transaction:
    """:param what: a currency or a unit of measure"""

    name: str
    id: int
    is_cash: bool
    entitlement: Entitlement | None
    kind: str
    amount: Decimal
    what: str
    is_quantity: bool
    is_other_product: bool
    moment: datetime
    receipt: str

    def __repr__(self):
        return self.name

    @property
    def day(self):
        return (self.moment + FROM_UTC).date()


@dataclass(eq=False)
class Payment:
    name: str
    id: int
    entitlement: Entitlement
    status: str | None
    amount: Decimal

    def __repr__(self):
        return self.name


class Expected(NamedTuple):
    """:param unit: of the figures: a currency, or ``kg``"""

    state: str
    outcome: str
    problems: frozenset
    granted: Decimal
    redeemed: Decimal
    unit: str
    is_listed: bool
    is_twin: bool
    is_outside: bool

    @property
    def is_exception(self):
        return self.is_listed or self.is_twin or self.is_outside


class Rates:
    """What one of the company's currency was in others, from a day on."""

    def __init__(self, own):
        self.own = own
        self.known = {}

    def enter(self, currency, day, rate):
        self.known.setdefault(currency, {})[day] = Fraction(rate)

    def get_first_day(self, currency):
        return min(self.known.get(currency, {}), default=None)

    def _get(self, currency, day):
        if currency == self.own:
            return Fraction(1)
        days = [each for each in self.known.get(currency, {}) if each <= day]
        return self.known[currency][max(days)] if days else None

    def convert(self, amount, currency, into, day):
        """Return the amount in another currency, or None where nobody knows."""
        if currency == into:
            return Fraction(amount)
        rate, own_rate = self._get(currency, day), self._get(into, day)
        return rate and own_rate and Fraction(amount) * own_rate / rate


def expect(entitlement, rates):
    """Return what a settlement has to decide about an entitlement."""
    unit, step, granted, moved = _get_measure(entitlement, rates)
    total = Fraction(0)
    problems = set()
    for kind, value, problem in moved:
        if problem:
            problems.add(problem)
        elif value < 0:
            problems.add("negative")
        elif kind not in ("PURCHASE", "VOID"):
            problems.add("type")
        else:
            total += value if kind == "PURCHASE" else -value
    redeemed = _round(total, step)
    state, outcome, is_listed = _look_up(entitlement.given, granted, redeemed, bool(moved))
    if problems:
        outcome, is_listed = "unreadable", True
    counts = entitlement.transactions
    if entitlement.is_cash and entitlement.cycle.goes_by_payments:
        counts = []
    counts = [each for each in counts if each.amount]
    return Expected(
        state or entitlement.given,
        outcome,
        frozenset(problems),
        granted,
        redeemed,
        unit,
        is_listed,
        _has_twins(counts),
        any(_is_outside(entitlement, each) for each in counts),
    )


def _look_up(given, granted, redeemed, has_moved):
    if redeemed < 0:
        return AS_GIVEN, "over_voided", True
    row = "closed"
    if given in GRANTED:
        row = "granted"
    elif given in (PARTIALLY, FULLY):
        row = "partially" if given == PARTIALLY else "fully"
    if not has_moved:
        column = "nothing"
    elif redeemed == 0:
        column = "all was voided"
    elif redeemed < granted:
        column = "less than all"
    else:
        column = "all" if redeemed == granted else "more than all"
    return TABLE[row, column]


def _get_measure(entitlement, rates):
    """Return the unit, its smallest amount, what was granted, and what moved of it."""
    currency = entitlement.cycle.currency
    cent = Fraction("0.001") if currency == "JOD" else Fraction("0.01")
    if entitlement.is_cash and entitlement.cycle.goes_by_payments:
        paid = [payment for payment in entitlement.payments if payment.status == "paid"]
        moved = [_read_payment(payment, currency, rates) for payment in paid]
        return currency, cent, entitlement.granted, moved
    transactions = [each for each in entitlement.transactions if each.amount]
    if not entitlement.is_cash:
        weighed = [_read_quantity(each) for each in transactions if each.is_quantity]
        priced = [each for each in transactions if not each.is_quantity]
        if any(map(_is_readable, weighed)) or not priced or not entitlement.value:
            unweighed = [
                (each.kind, 0, "product" if each.is_other_product else "quantity")
                for each in priced
            ]
            return "kg", Fraction("0.000001"), entitlement.granted, weighed + unweighed
        # Of what was weighed nothing can be read: it keeps its problem, in whatever unit.
        moved = weighed + [_read_money(each, currency, rates) for each in priced]
        return currency, cent, entitlement.value, moved
    moved = [_read_money(each, currency, rates) for each in transactions]
    return currency, cent, entitlement.granted, moved


def _is_readable(moved):
    kind, value, problem = moved
    return kind in ("PURCHASE", "VOID") and value > 0 and not problem


def _read_payment(payment, currency, rates):
    if not payment.amount:
        return "PURCHASE", 0, "amount"
    return "PURCHASE", Fraction(payment.amount), None


def _read_quantity(transaction):
    if transaction.is_other_product:
        return transaction.kind, 0, "product"
    factors = {"kg": Fraction(1), "g": Fraction(1, 1000)}
    if transaction.what not in factors:
        return transaction.kind, 0, "unit"
    return transaction.kind, Fraction(transaction.amount) * factors[transaction.what], None


def _read_money(transaction, currency, rates):
    if transaction.is_other_product:
        return transaction.kind, 0, "product"
    value = rates.convert(transaction.amount, transaction.what, currency, transaction.day)
    return transaction.kind, value, None if value is not None else "currency"


def _round(number, step):
    """Round to the smallest amount, a half away from zero."""
    steps = abs(number) / step
    whole = int(steps + Fraction(1, 2))
    size = Decimal(whole) * Decimal(step.numerator) / Decimal(step.denominator)
    return size if number >= 0 else -size


def _has_twins(transactions):
    seen = set()
    for each in transactions:
        alike = (each.kind, each.amount, each.what, each.is_other_product)
        minute = (*alike, each.moment.replace(second=0))
        receipt = (*alike, each.receipt)
        if minute in seen or (each.receipt and receipt in seen):
            return True
        seen |= {minute, receipt}
    return False


def _is_outside(entitlement, transaction):
    first = entitlement.valid_from or entitlement.cycle.first_day
    last = entitlement.valid_until or entitlement.cycle.last_day
    return transaction.kind == "PURCHASE" and not first <= transaction.day <= last
