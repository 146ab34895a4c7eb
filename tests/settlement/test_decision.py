"""The rules about people's money, as tables of hand-computed cases. No Odoo needed."""

import importlib.util
from decimal import Decimal
from pathlib import Path

import pytest

ADDON = Path(__file__).parents[2] / "spp_auto_update_entitlements"


def _load(name):
    spec = importlib.util.spec_from_file_location(name, ADDON / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


redemption = _load("redemption")
Movement, Redemption, decide, sum_up = (
    redemption.Movement,
    redemption.Redemption,
    redemption.decide,
    redemption.sum_up,
)

GRANTED = ("approved", "trans2FSP", "expired")
REDEEMED = ("parrdpd2ben", "rdpd2ben")
CLOSED = ("draft", "pending_validation", "rejected1", "rejected2", "rejected3", "cancelled")
EVERY = GRANTED + REDEEMED + CLOSED


def _redeemed(amount, allocated="100", transactions=True, problem=None):
    return Redemption(Decimal(allocated), Decimal(amount), transactions, problem)


def _rows():
    """Yield (states, state before, redemption, state after or None for unchanged, outcome)."""
    opened = GRANTED + REDEEMED
    yield opened, None, _redeemed("0.01"), "parrdpd2ben", "partial"
    yield opened, None, _redeemed("99.99"), "parrdpd2ben", "partial"
    yield opened, None, _redeemed("100"), "rdpd2ben", "redeemed"
    yield opened, None, _redeemed("100.01"), "rdpd2ben", "over"
    yield opened, None, _redeemed("5", allocated="0"), "rdpd2ben", "over"
    yield GRANTED, None, _redeemed("0"), None, "unredeemed"
    yield GRANTED, None, _redeemed("0", transactions=False), None, "unredeemed"
    yield GRANTED, "approved", _redeemed("0"), None, "unredeemed"
    yield GRANTED, None, _redeemed("0", allocated="0"), None, "unredeemed"
    for before in GRANTED:
        yield REDEEMED, before, _redeemed("0"), before, "restored"
        # Its transactions were deleted: what they justified goes with them.
        yield REDEEMED, before, _redeemed("0", transactions=False), before, "restored"
        yield REDEEMED, before, _redeemed("40"), "parrdpd2ben", "partial"
    yield REDEEMED, None, _redeemed("0"), None, "voided_elsewhere"
    yield REDEEMED, None, _redeemed("0", transactions=False), None, "paid_elsewhere"
    yield CLOSED, None, _redeemed("0", transactions=False), None, "closed"
    for amount in ("0", "40", "100", "150"):
        yield CLOSED, None, _redeemed(amount), None, "closed_with_transactions"
    yield EVERY, None, _redeemed("-0.01"), None, "over_voided"
    yield REDEEMED, "approved", _redeemed("-5"), None, "over_voided"
    for problem in ("type", "negative", "currency", "unit", "product"):
        for amount in ("-5", "0", "40", "100", "150"):
            yield EVERY, None, _redeemed(amount, problem=problem), None, "unreadable"
            yield REDEEMED, "approved", _redeemed(amount, problem=problem), None, "unreadable"


CASES = [
    pytest.param(state, before, found, after or state, outcome, id=f"{state}-{outcome}-{number}")
    for number, (states, before, found, after, outcome) in enumerate(_rows())
    for state in states
]


@pytest.mark.parametrize(("state", "before", "found", "after", "outcome"), CASES)
def test_decide(state, before, found, after, outcome):
    assert decide(state, before, found) == (after, outcome)


def test_every_outcome_is_decided_by_a_case():
    assert {case.values[-1] for case in CASES} == {key for key, _label in redemption.OUTCOMES}


@pytest.mark.parametrize(
    ("movements", "redeemed", "balance"),
    [
        ([], "0", "100"),
        ([("PURCHASE", 30)], "30", "70"),
        ([("PURCHASE", 60), ("PURCHASE", 40)], "100", "0"),
        ([("PURCHASE", 100), ("VOID", 30)], "70", "30"),
        ([("PURCHASE", 100), ("VOID", 100)], "0", "100"),
        ([("VOID", 10)], "-10", "110"),
        ([("PURCHASE", 120)], "120", "-20"),
        ([("PURCHASE", None)], "0", "100"),
    ],
)
def test_sum_up(movements, redeemed, balance):
    found = sum_up(100, [Movement(*movement) for movement in movements], 0.01)
    assert (found.redeemed, found.balance) == (Decimal(redeemed), Decimal(balance))
    assert found.has_transactions == bool(movements)
    assert found.problem is None


@pytest.mark.parametrize(
    ("allocated", "amounts", "rounding", "redeemed", "balance"),
    [
        (0.3, [0.1, 0.2], 0.01, "0.3", "0"),
        (1.1, [0.1] * 11, 0.01, "1.1", "0"),
        (100, [33.33, 33.33, 33.34], 0.01, "100", "0"),
        (100, [100.004], 0.01, "100", "0"),
        (100, [99.995], 0.01, "100", "0"),
        (100, [99.994], 0.01, "99.99", "0.01"),
        (5000, [4999.5], 1.0, "5000", "0"),
        (5000, [4999.4], 1.0, "4999", "1"),
        (10, [9.98], 0.05, "10", "0"),
        (10, [9.97], 0.05, "9.95", "0.05"),
        (10, [9.925], 0.05, "9.95", "0.05"),
        (1.234, [1.23], 0.001, "1.23", "0.004"),
        (1e12 + 0.01, [1e12], 0.01, "1000000000000", "0.01"),
    ],
)
def test_sums_are_compared_in_the_rounding(allocated, amounts, rounding, redeemed, balance):
    found = sum_up(allocated, [Movement("PURCHASE", amount) for amount in amounts], rounding)
    assert (found.redeemed, found.balance) == (Decimal(redeemed), Decimal(balance))


@pytest.mark.parametrize(
    ("movement", "problem"),
    [
        (Movement("REFUND", 5), "type"),
        (Movement("purchase", 5), "type"),
        (Movement(" VOID", 5), "type"),
        (Movement("", 5), "type"),
        (Movement(None, 5), "type"),
        (Movement("REFUND", 0), "type"),
        (Movement("VOID", -5, True), "negative"),
        # Two purchases of 10 and -4: the sum is fine, one of them is not.
        (Movement("PURCHASE", 6, True), "negative"),
        (Movement("PURCHASE", 5, False, "currency"), "currency"),
        (Movement("PURCHASE", 5, False, "unit"), "unit"),
        (Movement("REFUND", 5, False, "product"), "product"),
    ],
)
def test_what_cannot_be_read_is_not_guessed_at(movement, problem):
    found = sum_up(100, [Movement("PURCHASE", 30), movement], 0.01)
    assert (found.redeemed, found.problem) == (Decimal(30), problem)
    assert decide("approved", None, found) == ("approved", "unreadable")
