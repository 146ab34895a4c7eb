"""What has been redeemed of an entitlement, and the state that follows from it.

Plain Python on purpose: these rules decide about people's money and food, so they can be read,
and are tested as a table, without Odoo.

Rule: redeemed is the sum of PURCHASE less the sum of VOID; what the transactions do not justify
is not changed, and what cannot be read is not guessed at.
"""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import NamedTuple

PURCHASE = "PURCHASE"
VOID = "VOID"

# States in which a benefit was granted and nothing is recorded as redeemed yet.
GRANTED_STATES = ("approved", "trans2FSP", "expired")
PARTIALLY_REDEEMED = "parrdpd2ben"
FULLY_REDEEMED = "rdpd2ben"
REDEEMED_STATES = (PARTIALLY_REDEEMED, FULLY_REDEEMED)
OPEN_STATES = GRANTED_STATES + REDEEMED_STATES

OUTCOMES = [
    ("redeemed", "Redeemed"),
    ("partial", "Partially redeemed"),
    ("unredeemed", "Unredeemed"),
    ("over", "Over-redeemed"),
    ("restored", "Restored: all was voided"),
    ("paid_elsewhere", "Redeemed without transactions"),
    ("closed", "Not payable"),
    ("closed_with_transactions", "Not payable, but has transactions"),
    ("voided_elsewhere", "Redeemed, but all transactions were voided"),
    ("over_voided", "More voided than redeemed"),
    ("unreadable", "Transactions can't be read"),
]
# Outcomes that a person has to look at: each is listed on the settlement.
EXCEPTIONS = frozenset(
    ("over", "closed_with_transactions", "voided_elsewhere", "over_voided", "unreadable")
)

PROBLEMS = [
    ("type", "A transaction is neither a PURCHASE nor a VOID."),
    ("negative", "A transaction has a negative amount or quantity."),
    ("currency", "A transaction is in another currency, which has no rate on its day."),
    ("unit", "A transaction is in a unit of measure that can't be converted."),
    ("product", "A transaction is about another product."),
]


class Movement(NamedTuple):
    """One or more transactions of one type, summed.

    :param kind: the transactions' type as recorded, ``PURCHASE`` or ``VOID`` if it is to count
    :param value: what moved, in the entitlement's own currency or unit of measure
    :param has_negative: one of the summed values is below 0
    :param problem: one of `PROBLEMS` if the transactions can't be read, else ``None``
    """

    kind: str | None
    value: float | Decimal
    has_negative: bool = False
    problem: str | None = None


class Redemption(NamedTuple):
    """What has been redeemed of one entitlement, in its own currency or unit of measure.

    :param problem: one of `PROBLEMS` if some transactions can't be read, else ``None``
    :param currency_id: the currency of the figures, if they are money
    :param uom_id: the unit of measure of the figures, if they are a quantity
    """

    allocated: Decimal = Decimal(0)
    redeemed: Decimal = Decimal(0)
    has_transactions: bool = False
    problem: str | None = None
    currency_id: int | None = None
    uom_id: int | None = None

    @property
    def balance(self) -> Decimal:
        """What is left of the benefit; below 0 when more was redeemed than allocated."""
        return self.allocated - self.redeemed


class Decision(NamedTuple):
    """The state an entitlement gets, and why (one of `OUTCOMES`)."""

    state: str
    outcome: str


def sum_up(
    allocated, movements: Iterable[Movement], rounding, currency_id=None, uom_id=None
) -> Redemption:
    """Add up the movements of one entitlement.

    :param allocated: the benefit granted (currency amount or quantity)
    :param movements: all of its transactions, in the same currency or unit
    :param rounding: the smallest amount that exists, such as 0.01; all is rounded to it, half up
    :param currency_id: the currency of the figures, if they are money
    :param uom_id: the unit of measure of the figures, if they are a quantity
    """
    net = Decimal(0)
    problem = None
    for kind, value, has_negative, unreadable in movements:
        if unreadable or has_negative:
            problem = problem or unreadable or "negative"
        elif kind == PURCHASE:
            net += _decimal(value)
        elif kind == VOID:
            net -= _decimal(value)
        else:
            problem = problem or "type"
    return Redemption(
        _round(_decimal(allocated), rounding),
        _round(net, rounding),
        bool(movements),
        problem,
        currency_id,
        uom_id,
    )


def decide(state: str, state_before: str | None, redemption: Redemption) -> Decision:
    """Decide the state of one entitlement.

    :param state: its state now
    :param state_before: the state that it had before settlements changed it; ``None`` when its
        present state was not put there by a settlement
    :param redemption: what its transactions say
    """
    if redemption.problem:
        return Decision(state, "unreadable")
    if redemption.redeemed < 0:
        return Decision(state, "over_voided")
    if state not in OPEN_STATES:
        closed = "closed_with_transactions" if redemption.has_transactions else "closed"
        return Decision(state, closed)
    if redemption.redeemed > 0:
        return _decide_redeemed(redemption)
    if state in GRANTED_STATES:
        return Decision(state, "unredeemed")
    if state_before:
        return Decision(state_before, "restored")
    if redemption.has_transactions:
        return Decision(state, "voided_elsewhere")
    return Decision(state, "paid_elsewhere")


def _decide_redeemed(redemption):
    if redemption.balance > 0:
        return Decision(PARTIALLY_REDEEMED, "partial")
    if redemption.balance < 0:
        return Decision(FULLY_REDEEMED, "over")
    return Decision(FULLY_REDEEMED, "redeemed")


def _decimal(value):
    # str() gives back the number that was meant: Decimal(0.1) would be 0.1000000000000000055...
    return value if isinstance(value, Decimal) else Decimal(str(value or 0))


@cache
def _get_step(rounding):
    step = _decimal(rounding).normalize()
    return step, step.as_tuple().digits == (1,)


def _round(value, rounding):
    step, is_power_of_ten = _get_step(rounding)
    if is_power_of_ten:
        return value.quantize(step, ROUND_HALF_UP)
    return (value / step).to_integral_value(ROUND_HALF_UP) * step
