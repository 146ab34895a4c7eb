"""The rules about people's food: the cases of ``cases.yaml``, and what no case can say. No Odoo
needed."""

from itertools import product
from pathlib import Path

import pytest
import verdicts
import yaml
from verdicts import Attended, Members, Requirement

CASES = yaml.safe_load((Path(__file__).parent / "cases.yaml").read_text())


def _cases(subject):
    return [
        pytest.param(case["if"], case["then"], id=f"{subject}-{index}")
        for index, case in enumerate(CASES[subject])
    ]


def _read_amount(value):
    """Return kind and amount of "80%" or 10."""
    if isinstance(value, str) and value.endswith("%"):
        return "percentage", int(value[:-1])
    return "number", value


def _judge(facts):
    kind, amount = _read_amount(facts["required"])
    requirement = Requirement(facts.get("count", "days"), kind, amount)
    data = facts.get("data")
    attended = None if data else Attended(*(facts.get(name, 0) for name in Attended._fields))
    return verdicts.judge_person(requirement, attended, data == "unsettled")


@pytest.mark.parametrize(("facts", "verdict"), _cases("persons"))
def test_a_person(facts, verdict):
    assert _judge(facts) == verdict


def test_nothing_recorded_where_a_person_attends():
    by_percentage, by_number = Requirement("days", "percentage", 80), Requirement(amount=1)
    assert verdicts.judge_person(by_percentage, Attended(), may_have_data=True) == "undecided"
    assert verdicts.judge_person(by_percentage, Attended(absent=1), True) == "non_compliant"
    assert verdicts.judge_person(by_number, Attended(), True) == "non_compliant"


@pytest.mark.parametrize(("facts", "verdict"), _cases("households"))
def test_a_household(facts, verdict):
    rule = facts["rule"]
    if rule not in ("any", "all"):
        rule, amount = _read_amount(rule)
    else:
        amount = 1
    requirement = Requirement(household_rule=rule, household_amount=amount)
    members = Members(*(facts.get(name, 0) for name in ("members", "attended", "no_data")))
    members = members._replace(undecided=facts.get("undecided", 0))
    assert verdicts.judge_household(requirement, members) == verdict


@pytest.mark.parametrize(("facts", "then"), _cases("memberships"))
@pytest.mark.parametrize(
    "before", ["draft", "enrolled", "non_compliant", "paused", "exited", "not_eligible"]
)
def test_a_membership(facts, then, before):
    decided = facts["verdict"], facts.get("criteria") != "not met", facts.get("override")
    requirement = Requirement(no_data_rule=facts.get("no_data", "absent"))
    expected = before
    if before in verdicts.DECIDED_STATES and then["state"] != "as before":
        expected = then["state"]
    assert verdicts.get_state(requirement, *decided, before) == expected
    assert verdicts.get_status(*decided) == then["status"]


def _read_worlds(attended):
    """Yield all that a person's attendance may really have been: (present, recorded).

    What is unclear was a presence or an absence; what has no day lay on any day, known or not.
    """
    present, absent, unclear, undated = attended
    for came in range(unclear + 1):
        on_known = present + came, absent + unclear - came
        for moved in range(undated + 1):  # presences on absent days
            if moved > on_known[1]:
                continue
            for own in range(undated - moved + 1):  # presences on days of their own
                for missed in range(undated - moved - own + 1):  # absences on days of their own
                    yield on_known[0] + moved + own, sum(on_known) + own + missed


@pytest.mark.parametrize(
    "requirement",
    [Requirement("days", "number", amount) for amount in (1, 3, 5)]
    + [Requirement("days", "percentage", amount) for amount in (1, 34, 50, 67, 80, 100)],
)
def test_a_verdict_holds_in_every_world(requirement):
    """Whatever the truth may be that could not be read, it would not change a verdict; and where
    it would, there is none."""
    for counts in product(range(4), range(3), range(3), range(3)):
        attended = Attended(*counts)
        if not any(counts):
            continue
        truths = {
            verdicts.judge_person(requirement, Attended(came, recorded - came))
            for came, recorded in _read_worlds(attended)
            if recorded
        }
        if requirement.kind == "number" and not (attended.present or attended.absent):
            truths.add("non_compliant")
        truths.discard("no_data")
        verdict = verdicts.judge_person(requirement, attended)
        assert verdict == (truths.pop() if len(truths) == 1 else "undecided"), attended
