"""What has been redeemed of an entitlement, and the state that follows from it.

Plain Python on purpose: these rules decide about people's money and food, so they can be read,
and are tested as a table (``tests/settlement/cases.yaml``), without Odoo.

Rule: redeemed is the sum of PURCHASE less the sum of VOID; the state follows from the state that
others gave and from what was redeemed, never from earlier settlements. Nobody is paid twice, so no
state is lower than the given one, and what cannot be read is not guessed at.
"""

from collections.abc import Collection
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import NamedTuple

PURCHASE = "PURCHASE"
VOID = "VOID"

# States in which a benefit was granted and nothing is recorded as redeemed yet.
GRANTED_STATES = ("approved", "trans2FSP", "expired")
PARTIALLY_REDEEMED = "parrdpd2ben"
FULLY_REDEEMED = "rdpd2ben"
OPEN_STATES = (*GRANTED_STATES, PARTIALLY_REDEEMED, FULLY_REDEEMED)

OUTCOMES = [
    ("redeemed", "Redeemed"),
    ("partial", "Partially redeemed"),
    ("unredeemed", "Unredeemed"),
    ("voided", "Unredeemed: all was voided"),
    ("over", "Over-redeemed"),
    ("paid_elsewhere", "Redeemed elsewhere"),
    ("contradicted", "Redeemed elsewhere, but the transactions say otherwise"),
    ("closed", "Not payable"),
    ("closed_with_transactions", "Not payable, but has transactions"),
    ("over_voided", "More voided than redeemed"),
    ("unreadable", "Transactions can't be read"),
]
# Outcomes that a person has to look at: each is listed on the settlement.
EXCEPTIONS = frozenset(
    ("over", "contradicted", "closed_with_transactions", "over_voided", "unreadable")
)

PROBLEMS = [
    ("type", "A transaction is neither a PURCHASE nor a VOID."),
    ("negative", "A transaction has a negative amount or quantity."),
    ("currency", "A transaction is in another currency, which has no rate on its day."),
    ("unit", "A transaction is in a unit of measure that can't be converted."),
    ("product", "A transaction is about another product."),
    ("amount", "A payment was made, but its amount is not recorded."),
    ("quantity", "A transaction has no quantity."),
]


class Movement(NamedTuple):
    """One or more transactions or payments of one type, summed; never one of 0.

    :param kind: the transactions' type as recorded, ``PURCHASE`` or ``VOID`` if it is to count
    :param value: what moved, in the entitlement's own currency or unit of measure
    :param is_negative: each of the summed values is below 0; else none is
    :param problem: one of `PROBLEMS` if the transactions can't be read, else ``None``
    """

    kind: str | None
    value: float | Decimal
    is_negative: bool = False
    problem: str | None = None

    def find_problem(self) -> str | None:
        """Return why it can't be read, one of `PROBLEMS`, or ``None`` if it counts."""
        if self.problem or self.is_negative:
            return self.problem or "negative"
        return None if self.kind in (PURCHASE, VOID) else "type"


class Redemption(NamedTuple):
    """What has been redeemed of one entitlement, in its own currency or unit of measure.

    :param problem: one of `PROBLEMS` if some movements can't be read, else ``None``
    :param currency_id: the currency of the figures, if they are money
    :param uom_id: the unit of measure of the figures, if they are a quantity
    """

    allocated: Decimal = Decimal(0)
    redeemed: Decimal = Decimal(0)
    has_movements: bool = False
    problem: str | None = None
    currency_id: int | None = None
    uom_id: int | None = None

    @property
    def balance(self) -> Decimal:
        """What is left of the benefit; below 0 when more was redeemed than allocated."""
        return self.allocated - self.redeemed


class Decision(NamedTuple):
    """The state an entitlement gets, why (one of `OUTCOMES`), and if a person is to look at it."""

    state: str
    outcome: str
    is_listed: bool = False


def sum_up(
    allocated, movements: Collection[Movement], rounding, currency_id=None, uom_id=None
) -> Redemption:
    """Add up the movements of one entitlement.

    :param allocated: the benefit granted (currency amount or quantity)
    :param movements: all of its movements, in the same currency or unit
    :param rounding: the smallest amount that exists, such as 0.01; all is rounded to it, half up
    :param currency_id: the currency of the figures, if they are money
    :param uom_id: the unit of measure of the figures, if they are a quantity
    """
    net = Decimal(0)
    problems = set()
    for movement in movements:
        problem = movement.find_problem()
        if problem:
            problems.add(problem)
        elif movement.kind == PURCHASE:
            net += to_decimal(movement.value)
        else:
            net -= to_decimal(movement.value)
    return Redemption(
        _round(to_decimal(allocated), rounding),
        _round(net, rounding),
        bool(movements),
        # The same one, in whatever order they come.
        next((key for key, _label in PROBLEMS if key in problems), None),
        currency_id,
        uom_id,
    )


def decide(given: str, redemption: Redemption) -> Decision:
    """Decide the state of one entitlement.

    :param given: the state that something other than a settlement gave it
    :param redemption: what its movements say
    """
    state, outcome = _decide_readable(given, redemption)
    if redemption.problem:
        outcome = "unreadable"
    is_all_voided = outcome == "partial" and not redemption.redeemed
    return Decision(state, outcome, outcome in EXCEPTIONS or is_all_voided)


def _decide_readable(given, redemption):
    redeemed = redemption.redeemed
    if redeemed < 0:
        return given, "over_voided"
    if given not in OPEN_STATES:
        return given, "closed_with_transactions" if redemption.has_movements else "closed"
    if not redemption.has_movements:
        return given, "unredeemed" if given in GRANTED_STATES else "paid_elsewhere"
    if not redeemed and given in GRANTED_STATES:
        return given, "voided"
    if not redeemed or redemption.balance > 0:
        if given == FULLY_REDEEMED:
            return given, "contradicted"
        return PARTIALLY_REDEEMED, "partial"
    return FULLY_REDEEMED, "over" if redemption.balance < 0 else "redeemed"


def share_out_excess(allocated: Decimal, movements) -> dict:
    """Tell from where more came than was granted: from what went beyond it, in order of time.

    :param movements: pairs of a key and what moved, in order of time; below 0 for a void
    :return: the sums by key; together what was redeemed beyond ``allocated``, or 0
    """
    excess = {}
    redeemed = Decimal(0)
    for key, value in movements:
        before = max(redeemed - allocated, Decimal(0))
        redeemed += value
        change = max(redeemed - allocated, Decimal(0)) - before
        excess[key] = excess.get(key, Decimal(0)) + change
    return excess


def to_decimal(value) -> Decimal:
    """Return the number that was meant: Decimal(0.1) would be 0.1000000000000000055..."""
    return value if isinstance(value, Decimal) else Decimal(str(value or 0))


@cache
def _get_step(rounding):
    step = to_decimal(rounding).normalize()
    return step, step.as_tuple().digits == (1,)


def _round(value, rounding):
    step, is_power_of_ten = _get_step(rounding)
    if is_power_of_ten:
        return value.quantize(step, ROUND_HALF_UP)
    return (value / step).to_integral_value(ROUND_HALF_UP) * step
