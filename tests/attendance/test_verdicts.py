"""The rules about people's food, as tables of hand-computed cases. No Odoo needed."""

import pytest
import verdicts
from verdicts import Attended, Members, Requirement


@pytest.mark.parametrize(
    ("kind", "amount", "present", "recorded", "verdict"),
    [
        ("number", 10, 10, 10, "compliant"),
        ("number", 10, 11, 30, "compliant"),
        ("number", 10, 9, 9, "non_compliant"),
        ("number", 1, 0, 0, "non_compliant"),
        ("number", 1, 0, 5, "non_compliant"),
        ("percentage", 80, 8, 10, "compliant"),
        ("percentage", 80, 7, 9, "non_compliant"),  # 77.8 %
        ("percentage", 80, 4, 5, "compliant"),
        ("percentage", 67, 2, 3, "non_compliant"),  # 66.7 %
        ("percentage", 66, 2, 3, "compliant"),
        ("percentage", 100, 3, 3, "compliant"),
        ("percentage", 100, 2, 3, "non_compliant"),
        ("percentage", 1, 0, 0, "non_compliant"),  # nothing is recorded
        ("percentage", 1, 1, 100, "compliant"),
    ],
)
def test_a_person(kind, amount, present, recorded, verdict):
    requirement = Requirement(kind, amount)
    assert verdicts.judge_person(requirement, Attended(present, recorded)) == verdict


@pytest.mark.parametrize("kind", ["number", "percentage"])
@pytest.mark.parametrize("no_data_rule", ["absent", "keep"])
def test_a_person_of_whom_nothing_is_known(kind, no_data_rule):
    requirement = Requirement(kind, 1, no_data_rule=no_data_rule)
    assert verdicts.judge_person(requirement, None) == "no_data"


@pytest.mark.parametrize(
    ("rule", "amount", "counting", "meeting", "without_data", "verdict"),
    [
        ("any", 0, 3, 1, 0, "compliant"),
        ("any", 0, 3, 0, 0, "non_compliant"),
        ("any", 0, 3, 0, 1, "no_data"),
        ("any", 0, 3, 1, 2, "compliant"),
        ("all", 0, 3, 3, 0, "compliant"),
        ("all", 0, 3, 2, 0, "non_compliant"),
        ("all", 0, 3, 2, 1, "no_data"),
        ("all", 0, 3, 1, 1, "non_compliant"),  # one came too seldom, whatever the other did
        ("all", 0, 3, 0, 3, "no_data"),
        ("number", 2, 3, 2, 0, "compliant"),
        ("number", 2, 3, 3, 0, "compliant"),
        ("number", 2, 3, 1, 0, "non_compliant"),
        ("number", 2, 3, 1, 1, "no_data"),
        ("number", 3, 3, 1, 1, "non_compliant"),
        ("number", 3, 2, 2, 0, "non_compliant"),  # it has fewer members than asked for
        ("percentage", 50, 4, 2, 0, "compliant"),
        ("percentage", 50, 3, 1, 0, "non_compliant"),  # 33.3 %
        ("percentage", 50, 3, 1, 1, "no_data"),
        ("percentage", 34, 3, 1, 0, "non_compliant"),
        ("percentage", 33, 3, 1, 0, "compliant"),
        ("percentage", 100, 5, 5, 0, "compliant"),
        *[
            (rule, amount, 0, 0, 0, "exempt")
            for rule, amount in (("any", 0), ("all", 0), ("number", 2), ("percentage", 50))
        ],
    ],
)
def test_a_household(rule, amount, counting, meeting, without_data, verdict):
    requirement = Requirement(household_rule=rule, household_amount=amount)
    members = Members(counting, meeting, without_data)
    assert verdicts.judge_household(requirement, members) == verdict


@pytest.mark.parametrize(
    ("verdict", "passes", "override", "status"),
    [
        ("compliant", True, None, "compliant"),
        ("non_compliant", True, None, "non_compliant"),
        ("no_data", True, None, "no_data"),
        ("exempt", True, None, "exempt"),
        ("compliant", False, None, "non_compliant"),
        ("exempt", False, None, "non_compliant"),
        ("no_data", False, None, "non_compliant"),
        ("non_compliant", True, "compliant", "overridden"),
        ("compliant", False, "compliant", "overridden"),
        ("compliant", True, "non_compliant", "overridden"),
    ],
)
def test_the_status(verdict, passes, override, status):
    assert verdicts.get_status(verdict, passes, override) == status


@pytest.mark.parametrize("before", ["draft", "enrolled", "non_compliant"])
@pytest.mark.parametrize(
    ("no_data_rule", "verdict", "passes", "override", "after"),
    [
        ("absent", "compliant", True, None, "enrolled"),
        ("absent", "exempt", True, None, "enrolled"),
        ("absent", "non_compliant", True, None, "non_compliant"),
        ("absent", "no_data", True, None, "non_compliant"),
        ("keep", "no_data", True, None, "as before"),
        ("keep", "non_compliant", True, None, "non_compliant"),
        ("keep", "compliant", True, None, "enrolled"),
        ("absent", "compliant", False, None, "non_compliant"),
        ("keep", "no_data", False, None, "non_compliant"),
        ("absent", "non_compliant", True, "compliant", "enrolled"),
        ("absent", "compliant", True, "non_compliant", "non_compliant"),
        ("absent", "non_compliant", False, "compliant", "enrolled"),
        ("keep", "no_data", True, "compliant", "enrolled"),
        ("keep", "no_data", True, "non_compliant", "non_compliant"),
    ],
)
def test_the_state_after(no_data_rule, verdict, passes, override, after, before):
    requirement = Requirement(no_data_rule=no_data_rule)
    state = verdicts.get_state(requirement, verdict, passes, override, before)
    assert state == (before if after == "as before" else after)


@pytest.mark.parametrize("before", ["paused", "exited", "not_eligible"])
@pytest.mark.parametrize("verdict", ["compliant", "non_compliant", "no_data", "exempt"])
@pytest.mark.parametrize("override", [None, "compliant", "non_compliant"])
def test_who_is_none_of_its_business(before, verdict, override):
    assert verdicts.get_state(Requirement(), verdict, True, override, before) == before
