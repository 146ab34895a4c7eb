"""The rules about people's food: the cases of ``cases.yaml`` and ``cases_stories.yaml``. No Odoo
needed."""

from collections import Counter
from pathlib import Path

import pytest
import verdicts
import yaml
from verdicts import Condition, Days, Members, Recorded, Rules

HERE = Path(__file__).parent
CASES = yaml.safe_load((HERE / "cases.yaml").read_text())
STORIES = yaml.safe_load((HERE / "cases_stories.yaml").read_text())["stories"]
MET = (verdicts.COMPLIANT, verdicts.EXEMPT)
STATES = ("draft", "enrolled", "non_compliant", "paused", "exited", "not_eligible")


def _cases(subject):
    return [
        pytest.param(case["if"], case["then"], id=f"{subject}-{index}")
        for index, case in enumerate(CASES[subject])
    ]


def _read_amount(value):
    """Return kind and amount of "80%" or 10."""
    if isinstance(value, str) and value.endswith("%"):
        return verdicts.PERCENTAGE, int(value[:-1])
    return verdicts.NUMBER, value


def _read_rules(facts):
    """Take the rules out of the facts, and return them."""
    rule, amount = facts.pop("rule", "any"), 1
    if rule not in (verdicts.ANY, verdicts.ALL):
        rule, amount = _read_amount(rule)
    no_data = facts.pop("no_data", verdicts.ABSENT)
    return Rules(rule, amount, no_data, facts.pop("warnings", 0))


def _take(kind, facts):
    """Take the fields of a named tuple out of the facts, and return it."""
    names = [name.replace("_", " ") for name in kind._fields]
    defaults = [kind._field_defaults.get(name, 0) for name in kind._fields]
    return kind(*(facts.pop(*pair) for pair in zip(names, defaults, strict=True)))


def _judge_cell(facts):
    facts = dict(facts)
    condition = Condition(facts.pop("count", "days"), *_read_amount(facts.pop("required")))
    holiday, data = facts.pop("holiday", False), facts.pop("data", None)
    recorded, days = _take(Recorded, facts), _take(Days, facts)
    assert not facts, "words that mean nothing"
    assert data in (None, "none", "unsettled", "silent")
    if data in ("none", "unsettled"):
        recorded = None
    return verdicts.judge_cell(condition, recorded, days, holiday, data in ("unsettled", "silent"))


def _judge_months(facts):
    """Return what is found of each month, and of their condition."""
    facts = dict(facts)
    cells = [_judge_cell(facts | month) for month in facts.pop("months")]
    return cells, verdicts.judge_condition(iter(cells), facts.get("undated", 0))


@pytest.mark.parametrize(("facts", "then"), _cases("cells"))
def test_a_cell(facts, then):
    found = _judge_cell(facts)
    if isinstance(then, str):
        assert found.verdict == then
    else:
        assert {name: getattr(found, name) for name in then} == then


@pytest.mark.parametrize(("facts", "number"), _cases("required numbers"))
def test_a_required_number(facts, number):
    condition = Condition("days", *_read_amount(facts["required"]))
    assert verdicts.get_required(condition, Days(facts["total"], facts["left"])) == number


@pytest.mark.parametrize(("facts", "then"), _cases("holidays"))
def test_a_holiday(facts, then):
    kind, _amount = _read_amount(facts["required"])
    assert verdicts.is_holiday(kind, facts["own"], facts["others"], facts["with"]) is then


@pytest.mark.parametrize(("facts", "verdict"), _cases("months"))
def test_months(facts, verdict):
    assert _judge_months(facts)[1] == verdict


@pytest.mark.parametrize(("conditions", "verdict"), _cases("persons"))
def test_a_person(conditions, verdict):
    assert verdicts.judge_person(conditions) == verdict


@pytest.mark.parametrize(("facts", "verdict"), _cases("households"))
def test_a_household(facts, verdict):
    facts = dict(facts)
    words = ("members", "attended", "no_data", "undecided", "exempt")
    members = Members(*(facts.pop(word, 0) for word in words))
    rules = _read_rules(facts)
    assert not facts, "words that mean nothing"
    assert verdicts.judge_household(rules, members) == verdict


def _decide(facts, before):
    """Return status, state and warning of a membership."""
    facts = dict(facts)
    rules, verdict, override = _read_rules(facts), facts.pop("verdict"), facts.pop("override", None)
    passes = facts.pop("criteria", "met") == "met"
    warning = verdicts.get_warning(rules, verdict, facts.pop("failures", 0))
    assert not facts, "words that mean nothing"
    return (
        verdicts.get_status(verdict, passes, override, warning),
        verdicts.get_state(rules, verdict, passes, override, before, warning),
        warning,
    )


@pytest.mark.parametrize(("facts", "then"), _cases("memberships"))
@pytest.mark.parametrize("before", STATES)
def test_a_membership(facts, then, before):
    state = before
    if before in STATES[:3] and then["state"] != "as before":
        state = then["state"]
    assert _decide(facts, before) == (then["status"], state, then.get("warning", 0))


# What a cycle of the list is, beside a verdict.
TOLD = {
    "overridden": {"verdict": "non_compliant", "override": "compliant"},
    "criteria": {"verdict": "compliant", "criteria": "not met"},
}


@pytest.mark.parametrize(("facts", "then"), _cases("warnings"))
def test_warnings(facts, then):
    rules = {"warnings": facts["warnings"], "no_data": facts.get("no_data", "absent")}
    failed, found = [], []
    for cycle in facts["cycles"]:
        failures = sum(failed[max(len(failed) - facts["within"] + 1, 0) :])
        told = TOLD.get(cycle, {"verdict": cycle})
        failed.append(cycle not in TOLD and verdicts.is_failure(rules["no_data"], cycle))
        if cycle == "away":
            found.append(cycle)
            continue
        status, state, warning = _decide(rules | told | {"failures": failures}, "draft")
        if status == verdicts.WARNED:
            assert state == "enrolled"
            found.append(warning)
        else:
            found.append({"draft": "kept", "enrolled": "fine", "non_compliant": "refused"}[state])
    assert found == then


def _is_about(condition, member):
    youngest, oldest = condition.get("ages", (0, 150))
    is_meant = "who" not in condition or condition["who"] == member.get("is")
    return is_meant and youngest <= member["age"] <= oldest


def _judge_member(story, member):
    """Return the verdict on a member, ``None`` if she does not count."""
    about = {name for name, what in story["conditions"].items() if _is_about(what, member)}
    assert about == set(member.get("conditions", {}))
    judged = []
    for name, facts in member.get("conditions", {}).items():
        asked = {key: story["conditions"][name][key] for key in ("count", "required")}
        facts = dict(facts)
        then, in_months = facts.pop("then"), [dict(month) for month in facts.pop("months")]
        expected = [month.pop("then") for month in in_months]
        cells, verdict = _judge_months(asked | facts | {"months": in_months})
        assert [cell.verdict for cell in cells] == expected, (member["name"], name)
        assert verdict == then, (member["name"], name)
        judged.append(verdict)
    return verdicts.judge_person(judged) if judged else None


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story["story"][:50])
def test_a_story(story):
    found = {member["name"]: _judge_member(story, member) for member in story["members"]}
    assert found == {member["name"]: member.get("then") for member in story["members"]}
    count = Counter(verdict for verdict in found.values() if verdict)
    members = Members(
        count.total(),
        sum(count[verdict] for verdict in MET),
        count[verdicts.NO_DATA],
        count[verdicts.UNDECIDED],
        count[verdicts.EXEMPT],
    )
    for household in story["households"]:
        facts, then = dict(household["if"]), household["then"]
        verdict = verdicts.judge_household(_read_rules(dict(facts)), members)
        for before in ("draft", "enrolled"):
            status, state, _warning = _decide(facts | {"verdict": verdict}, before)
            expected = before if then["state"] == "as before" else then["state"]
            assert (verdict, status, state) == (then["verdict"], then["status"], expected)


@pytest.mark.parametrize(
    ("status", "verdict", "shown"),
    [
        ("no_data", "undecided", "undecided"),
        ("no_data", "no_data", "no_data"),
        (None, "undecided", "undecided"),
        (None, "compliant", "compliant"),
        ("overridden", "undecided", "overridden"),
        ("non_compliant", "undecided", "non_compliant"),
        (None, None, None),
    ],
)
def test_what_is_shown(status, verdict, shown):
    """Of a member, who has no status, the verdict; not decided is not without data."""
    assert verdicts.get_shown_status(status, verdict) == shown
