"""The rules about people's money: the cases of ``cases.yaml``, and what no case can say. No Odoo
needed."""

import importlib.util
import inspect
from decimal import Decimal
from itertools import permutations, product
from pathlib import Path

import pytest
import yaml

HERE = Path(__file__).parent


def _load(name):
    path = HERE.parents[1] / "spp_auto_update_entitlements" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
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

DATA = yaml.safe_load((HERE / "cases.yaml").read_text())
CASES = DATA["cases"]

GRANTED = ("approved", "trans2FSP", "expired")
CLOSED = (
    "draft",
    "pending_validation",
    "rejected1",
    "rejected2",
    "rejected3",
    "reject",
    "cancelled",
)
EVERY = (*GRANTED, "parrdpd2ben", "rdpd2ben", *CLOSED)
# How much a state says is redeemed; one that is not payable is neither lower nor higher.
RANK = {**dict.fromkeys(GRANTED, 0), "parrdpd2ben": 1, "rdpd2ben": 2}


def _read_transaction(text):
    kind, amount = text.rsplit(" ", 1)
    return kind, Decimal(amount)


def _read_movements(facts):
    """Return the movements of a case; whoever calls the rules leaves out what moved nothing."""
    transactions = [_read_transaction(text) for text in facts["transactions"]]
    moved = [Movement(kind, amount, amount < 0) for kind, amount in transactions if amount]
    for problem, text in facts.get("unreadable", {}).items():
        kind, amount = _read_transaction(text)
        moved.append(Movement(kind, amount, problem=problem))
    return moved


def _find_redemption(facts):
    rounding = str(facts.get("rounding", "0.01")).split()[0]
    return sum_up(facts["granted"], _read_movements(facts), Decimal(rounding))


def _decimal(figure):
    return Decimal(str(figure))


@pytest.mark.parametrize(
    ("given", "case"),
    [
        pytest.param(given, case, id=f"{case['title']}-{given}")
        for case in CASES
        for given in case["if"]["given"]
    ],
)
def test_case(given, case):
    expected = case["then"]
    found = _find_redemption(case["if"])
    figures = (found.redeemed, found.balance, found.problem)
    assert figures == (
        _decimal(expected["redeemed"]),
        _decimal(expected["left"]),
        expected.get("problem"),
    )
    state = given if expected["state"] == "as given" else expected["state"]
    assert decide(given, found) == (state, expected["outcome"], expected["listed"])


def test_cases_are_written_as_the_file_says():
    """A misspelt key would be one that nobody looks at."""
    for case in CASES:
        facts, expected = case["if"], case["then"]
        assert case.keys() == {"title", "if", "then"}
        assert facts.keys() - {"unreadable", "rounding"} == {"given", "granted", "transactions"}
        assert expected.keys() - {"problem"} == {"state", "outcome", "listed", "redeemed", "left"}
        assert ("problem" in expected) == (expected["outcome"] == "unreadable")
        assert set(facts["given"]) <= set(EVERY)
    titles = [case["title"] for case in CASES]
    assert len(set(titles)) == len(titles)


def test_every_outcome_and_every_problem_occurs():
    assert {case["then"]["outcome"] for case in CASES} == {key for key, _ in redemption.OUTCOMES}
    problems = {case["then"].get("problem") for case in CASES} - {None}
    assert problems == {key for key, _ in redemption.PROBLEMS}


def test_every_state_occurs_with_and_without_movements():
    occurring = {
        (given, bool(_read_movements(case["if"])))
        for case in CASES
        for given in case["if"]["given"]
    }
    assert occurring == set(product(EVERY, (False, True)))


def test_states_are_the_ones_that_the_rules_name():
    assert GRANTED == redemption.GRANTED_STATES
    assert tuple(RANK) == redemption.OPEN_STATES


def _every_redemption():
    """Yield redemptions on both sides of each border, whatever their problem."""
    problems = (None, *(key for key, _ in redemption.PROBLEMS))
    amounts = [
        Decimal(text) for text in ("-5", "-0.01", "0", "0.01", "60", "99.99", "100", "100.01")
    ]
    for allocated, redeemed, problem in product((Decimal(0), Decimal(100)), amounts, problems):
        yield Redemption(allocated, redeemed, True, problem)
    for allocated in (Decimal(0), Decimal(100)):
        yield Redemption(allocated)


EVERY_FACT = list(product(EVERY, _every_redemption()))


def test_no_state_is_lower_than_the_given_one():
    for given, found in EVERY_FACT:
        state = decide(given, found).state
        if given in CLOSED:
            assert state == given
        else:
            assert state == given or RANK[state] > RANK[given], (given, found)


def test_who_redeemed_nothing_keeps_the_state_given():
    for given, found in EVERY_FACT:
        if found.redeemed <= 0:
            assert decide(given, found).state == given, (given, found)


def test_what_can_not_be_read_changes_only_what_is_said():
    for given, found in EVERY_FACT:
        state, outcome, is_listed = decide(given, found)
        assert state == decide(given, found._replace(problem=None)).state
        assert (outcome == "unreadable") == bool(found.problem)
        assert is_listed or not found.problem


def test_exactly_what_a_person_has_to_look_at_is_listed():
    """By the facts alone, whatever it is called."""
    for given, found in EVERY_FACT:
        redeemed, granted = found.redeemed, found.allocated
        wanted = bool(found.problem) or redeemed < 0
        if found.has_movements:
            wanted |= given in CLOSED or redeemed > granted
            wanted |= given == "parrdpd2ben" and redeemed == 0
            wanted |= given == "rdpd2ben" and (redeemed == 0 or redeemed < granted)
        assert decide(given, found).is_listed == wanted, (given, found)


def test_outcomes_that_are_exceptions_are_listed():
    decided = [decide(given, found) for given, found in EVERY_FACT]
    always = {
        key
        for key, _ in redemption.OUTCOMES
        if all(decision.is_listed for decision in decided if decision.outcome == key)
    }
    assert always == redemption.EXCEPTIONS


def test_nothing_but_the_facts_decides():
    assert list(inspect.signature(decide).parameters) == ["given", "redemption"]
    first = [decide(given, found) for given, found in EVERY_FACT]
    again = [decide(given, found) for given, found in reversed(EVERY_FACT)]
    assert first == again[::-1]
    for given, found in EVERY_FACT:
        other = found._replace(currency_id=1, uom_id=2)
        assert decide(given, other) == decide(given, found)


@pytest.mark.parametrize("case", CASES, ids=[case["title"] for case in CASES])
def test_the_order_of_transactions_does_not_matter(case):
    facts = case["if"]
    expected = _find_redemption(facts)
    for transactions in permutations(facts["transactions"][:4]):
        shuffled = [*transactions, *facts["transactions"][4:]]
        assert _find_redemption({**facts, "transactions": shuffled}) == expected


@pytest.mark.parametrize("case", CASES, ids=[case["title"] for case in CASES])
def test_sums_are_the_same_as_numbers_of_a_database(case):
    """A float is what a record holds; it stands for the decimal that was meant."""
    facts = case["if"]
    moved = [movement._replace(value=float(movement.value)) for movement in _read_movements(facts)]
    rounding = float(str(facts.get("rounding", "0.01")).split()[0])
    assert sum_up(float(facts["granted"]), moved, rounding) == _find_redemption(facts)


@pytest.mark.parametrize(
    ("allocated", "amounts", "rounding", "redeemed", "balance"),
    [
        (0.3, [0.1, 0.2], 0.01, "0.3", "0"),
        (1.1, [0.1] * 11, 0.01, "1.1", "0"),
        (5000, [4999.5], 1.0, "5000", "0"),
        (5000, [5004], 10.0, "5000", "0"),
        (1.234, [1.23], 0.001, "1.23", "0.004"),
        (99.995, [100], 0.01, "100", "0"),
        (1e12 + 0.01, [1e12], 0.01, "1000000000000", "0.01"),
        (100, [None], 0.01, "0", "100"),
        (None, [5], 0.01, "5", "-5"),
    ],
)
def test_sums_are_compared_in_the_rounding(allocated, amounts, rounding, redeemed, balance):
    found = sum_up(allocated, [Movement("PURCHASE", amount) for amount in amounts], rounding)
    assert (found.redeemed, found.balance) == (Decimal(redeemed), Decimal(balance))


@pytest.mark.parametrize(
    ("movement", "problem"),
    [
        (Movement(" VOID", 5), "type"),
        (Movement("", 5), "type"),
        (Movement(None, 5), "type"),
        (Movement("REFUND", 0), "type"),
        # Two purchases of 10 and -4: the sum is fine, one of them is not.
        (Movement("PURCHASE", 6, True), "negative"),
        (Movement("REFUND", 5, False, "product"), "product"),
        (Movement("PURCHASE", -5, True, "currency"), "currency"),
    ],
)
def test_what_cannot_be_read_is_not_guessed_at(movement, problem):
    found = sum_up(100, [Movement("PURCHASE", 30), movement], 0.01)
    assert (found.redeemed, found.problem) == (Decimal(30), problem)


def test_figures_keep_their_currency_and_unit():
    found = sum_up(100, [], 0.01, currency_id=7, uom_id=8)
    assert found == Redemption(Decimal(100), Decimal(0), False, None, 7, 8)
