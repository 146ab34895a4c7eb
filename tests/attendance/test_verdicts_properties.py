"""What holds of the rules about people's food whatever the figures are. No Odoo needed.

From worse to better: not compliant, no data, undecided, met (compliant or exempt). The figures are
the same in each run.
"""

from functools import cache
from itertools import product

import pytest
import verdicts
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from verdicts import Condition, Days, Members, Recorded, Rules

NON_COMPLIANT, NO_DATA, UNDECIDED = (
    verdicts.NON_COMPLIANT,
    verdicts.NO_DATA,
    verdicts.UNDECIDED,
)
GOODNESS = {
    NON_COMPLIANT: 0,
    NO_DATA: 1,
    UNDECIDED: 2,
    verdicts.EXEMPT: 3,
    verdicts.COMPLIANT: 3,
}
STATES = {verdicts.NON_COMPLIANT_STATE: 0, "draft": 1, verdicts.ENROLLED_STATE: 2}

thorough = settings(max_examples=200, deadline=None, derandomize=True, database=None)

small = st.integers(0, 6)
verdict_lists = st.lists(st.sampled_from(list(GOODNESS)), max_size=6)
conditions = st.builds(
    Condition,
    st.sampled_from([verdicts.DAYS, verdicts.SESSIONS]),
    st.just(verdicts.NUMBER),
    st.integers(0, 12),
) | st.builds(
    Condition,
    st.sampled_from([verdicts.DAYS, verdicts.SESSIONS]),
    st.just(verdicts.PERCENTAGE),
    st.integers(1, 100),
)
rules = st.builds(
    Rules,
    st.sampled_from([verdicts.ANY, verdicts.ALL]),
    st.just(1),
    st.sampled_from([verdicts.ABSENT, verdicts.KEEP]),
    st.integers(0, 4),
) | st.builds(
    Rules,
    st.sampled_from([verdicts.NUMBER, verdicts.PERCENTAGE]),
    st.integers(1, 100) | st.integers(1, 6),
    st.sampled_from([verdicts.ABSENT, verdicts.KEEP]),
    st.integers(0, 4),
)


@st.composite
def recordeds(draw, undated=small):
    excused, free = draw(small), draw(small)
    return Recorded(
        *(draw(small), excused, draw(small), draw(small), draw(undated), free),
        draw(st.integers(0, excused)),
        draw(st.integers(0, free)),
    )


@st.composite
def days(draw):
    total = draw(st.sampled_from([0, 28, 30, 31, 61]))
    return Days(total, draw(st.integers(0, total or 90)))


@st.composite
def months(draw):
    """One to three months of a condition, with what is recorded of a person, and its days."""
    undated = st.just(draw(st.integers(0, 3)))
    return draw(st.lists(st.tuples(recordeds(undated), days()), min_size=1, max_size=3))


def _judge(condition, cells):
    judged = [verdicts.judge_cell(condition, *cell) for cell in cells]
    return verdicts.judge_condition(judged, cells[0][0].undated)


def _add(recorded, **counts):
    """Return what is recorded with more (or less) of it; ``None`` if there is not so much."""
    more = {name: getattr(recorded, name) + count for name, count in counts.items()}
    changed = recorded._replace(**more)
    splits = changed.excused_unclear <= changed.excused and changed.free_unclear <= changed.free
    return changed if min(changed) >= 0 and splits else None


# One presence, or one excuse, more: on a day of its own, or on one with something else.
PRESENCES = (
    {"present": 1},
    {"present": 1, "absent": -1},
    {"present": 1, "unclear": -1},
    {"present": 1, "excused": -1},
    {"present": 1, "excused": -1, "excused_unclear": -1},
    {"present": 1, "free": -1},
    {"present": 1, "free": -1, "free_unclear": -1},
)
EXCUSES = (
    {"excused": 1},
    {"excused": 1, "absent": -1},
    {"excused": 1, "excused_unclear": 1, "unclear": -1},
    {"excused": 1, "free": -1},
    {"excused": 1, "excused_unclear": 1, "free": -1, "free_unclear": -1},
)
# A day more that is free, with something on it or nothing.
FREE_DAYS = ({}, {"free": 1, "absent": -1}, {"free": 1, "free_unclear": 1, "unclear": -1})


@thorough
@given(conditions, months(), st.integers(0, 2))
def test_a_presence_or_an_excuse_more_is_never_worse(condition, cells, index):
    """For who has data: of somebody of whom nothing is known, it is found out how much she came."""
    index %= len(cells)
    recorded, left = cells[index]
    if not any(recorded):
        return
    before = GOODNESS[_judge(condition, cells)]
    for change in PRESENCES + EXCUSES:
        if changed := _add(recorded, **change):
            more = cells[:index] + [(changed, left)] + cells[index + 1 :]
            assert GOODNESS[_judge(condition, more)] >= before, change


@thorough
@given(conditions, months(), st.integers(0, 2), st.booleans())
def test_a_free_day_more_is_never_worse(condition, cells, index, shrinks):
    index %= len(cells)
    recorded, left = cells[index]
    fewer = left._replace(left=left.left - 1) if shrinks and left.left else left
    before = GOODNESS[_judge(condition, cells)]
    for change in FREE_DAYS:
        if changed := _add(recorded, **change):
            more = cells[:index] + [(changed, fewer)] + cells[index + 1 :]
            assert GOODNESS[_judge(condition, more)] >= before, change


@thorough
@given(conditions, days())
def test_the_required_amount_never_grows_with_free_days(condition, left):
    required = [
        verdicts.get_required(condition, left._replace(left=count))
        for count in range(left.left, -1, -1)
    ]
    assert required == sorted(required, reverse=True)
    assert required[0] <= condition.amount
    assert required[-1] >= 0


@thorough
@given(st.integers(0, 40), st.integers(1, 31), st.integers(0, 31))
def test_a_number_is_rounded_to_the_nearest_a_half_down(amount, total, left):
    required = verdicts.get_required(Condition(amount=amount), Days(total, left))
    away = required * total - amount * min(left, total)  # in parts of the total
    assert -total <= 2 * away < total or not amount


@thorough
@given(conditions, months().flatmap(lambda cells: st.permutations(cells).map(lambda p: (cells, p))))
def test_the_order_of_months_does_not_matter(condition, both):
    assert _judge(condition, both[0]) == _judge(condition, both[1])


@thorough
@given(verdict_lists.flatmap(lambda found: st.permutations(found).map(lambda p: (found, p))))
def test_the_order_of_conditions_does_not_matter(both):
    assert verdicts.judge_person(both[0]) == verdicts.judge_person(both[1])


@thorough
@given(verdict_lists.filter(bool), st.integers(0, 5))
def test_a_better_condition_never_makes_a_person_worse(found, index):
    before = verdicts.judge_person(found)
    index %= len(found)
    assert GOODNESS[before] == min(GOODNESS[verdict] for verdict in found)
    for better in GOODNESS:
        if GOODNESS[better] >= GOODNESS[found[index]]:
            after = verdicts.judge_person(found[:index] + [better] + found[index + 1 :])
            assert GOODNESS[after] >= GOODNESS[before]


# What can't be read, made readable in every way


def _read_here(recorded, unit):
    """Yield all that the records with a day may be: each a presence, an excuse, or an absence."""
    present, excused, absent, unclear, _undated, free, excused_unclear, free_unclear = recorded
    for came, away in product(range(unclear + 1), repeat=2):
        for on_excused in range(excused_unclear + 1):
            for on_free, off_free in product(range(free_unclear + 1), repeat=2):
                missed, gone = unclear - came - away, on_free + off_free
                if missed >= 0 and gone <= free_unclear:
                    yield Recorded(
                        present + came + on_excused + on_free,
                        excused + away - on_excused + off_free,
                        absent + missed,
                        free=free - gone,
                    )


def _read_undated(recorded, unit):
    """Yield what one record without a day may add: on a day of its own, or on one with others."""
    for own in ("present", "excused", "absent", "free"):
        yield _add(recorded, **{own: 1})
    if unit == verdicts.DAYS:
        for own, other in product(("present", "excused"), ("excused", "absent", "free")):
            if own != other:
                yield _add(recorded, **{own: 1, other: -1})


def _read(cells, unit):
    """Return all that may really be recorded in the months of a condition, at once."""
    found = set(product(*(set(_read_here(cell, unit)) for cell in cells)))
    for _record in range(cells[0].undated):
        found |= {
            cells[:index] + (changed,) + cells[index + 1 :]
            for cells in found
            for index, cell in enumerate(cells)
            for changed in _read_undated(cell, unit)
            if changed
        }
    return found


@cache
def _judge_readable(condition, recorded, left):
    return verdicts.judge_cell(condition, recorded, left)


def _assert_bracketed(condition, cells, left=Days()):  # noqa: B008 - it can't be changed
    """Assert that what is decided holds whatever the truth is, and that else it matters."""
    judged = [verdicts.judge_cell(condition, cell, left) for cell in cells]
    verdict = verdicts.judge_condition(judged, cells[0].undated)
    ways = {
        verdicts.judge_condition([_judge_readable(condition, cell, left) for cell in way], 0)
        for way in _read(cells, condition.unit)
    }
    goodness = {GOODNESS[way] for way in ways}
    said = f"{condition}, {cells}: {verdict}, {ways}"
    if verdict == UNDECIDED:
        assert len(goodness) > 1, said
    elif verdict == NO_DATA:
        # At best one month has no data; at worst another one fails besides.
        assert max(goodness) == GOODNESS[NO_DATA], said
    else:
        assert goodness == {GOODNESS[verdict]}, said


SOME = [Condition(unit, verdicts.NUMBER, 2) for unit in ("days", "sessions")] + [
    Condition(unit, verdicts.PERCENTAGE, amount)
    for unit in ("days", "sessions")
    for amount in (1, 50, 67, 100)
]


@pytest.mark.parametrize("condition", SOME, ids=str)
def test_a_cell_is_decided_only_if_all_ways_agree(condition):
    for present, excused, absent, unclear, undated, free in product(
        *(range(3), range(2), range(3), range(3), range(3), range(2))
    ):
        for on_excused, on_free in product(range(excused + 1), range(free + 1)):
            counts = (present, excused, absent, unclear, undated, free, on_excused, on_free)
            _assert_bracketed(condition, (Recorded(*counts),))


@thorough
@given(st.sampled_from(SOME) | conditions, st.data())
def test_months_are_decided_only_if_all_ways_agree(condition, data):
    undated = data.draw(st.integers(0, 2))
    few = st.integers(0, 2)
    cells = []
    for _month in range(data.draw(st.integers(1, 3 if undated < 2 else 2))):
        excused, free = data.draw(st.integers(0, 1)), data.draw(st.integers(0, 1))
        counts = (data.draw(few), excused, data.draw(few), data.draw(few), undated, free)
        unclear = data.draw(st.integers(0, excused)), data.draw(st.integers(0, free))
        cells.append(Recorded(*counts, *unclear))
    _assert_bracketed(condition, tuple(cells), Days(30, data.draw(st.sampled_from([30, 21, 8]))))


@thorough
@given(conditions, recordeds(), days())
def test_who_may_have_data_is_never_worse_than_who_has_none(condition, recorded, left):
    """Nothing came from where she attends: that is never held against her."""
    judged = verdicts.judge_cell(condition, recorded, left)
    silent = verdicts.judge_cell(condition, recorded, left, may_have_data=True)
    unasked = verdicts.judge_cell(condition, None, left, may_have_data=True)
    assert GOODNESS[silent.verdict] >= GOODNESS[judged.verdict]
    assert GOODNESS[unasked.verdict] >= GOODNESS[UNDECIDED]


@thorough
@given(conditions, recordeds(st.just(0)), days(), st.integers(0, 4))
def test_a_record_that_nobody_can_read_refuses_nobody(condition, recorded, left, undated):
    """It may leave open what was met, and never turns what was not refused into a refusal."""
    for may_have_data in (False, True):
        before = verdicts.judge_cell(condition, recorded, left, False, may_have_data)
        after = verdicts.judge_cell(
            condition, recorded._replace(undated=undated), left, False, may_have_data
        )
        if before.verdict != NON_COMPLIANT:
            assert after.verdict != NON_COMPLIANT


@thorough
@given(conditions, recordeds(), days())
def test_as_many_as_needed_are_never_too_many(condition, recorded, left):
    """As many of the undated ones are needed as make it undecided, and not one fewer."""
    judged = verdicts.judge_cell(condition, recorded, left)
    assert judged.required == verdicts.get_required(condition, left)
    if judged.needed:
        fewer = recorded._replace(undated=judged.needed - 1)
        assert verdicts.judge_cell(condition, fewer, left).verdict == NON_COMPLIANT
        exactly = recorded._replace(undated=judged.needed)
        assert verdicts.judge_cell(condition, exactly, left) == judged


# Households


def _count(found):
    return Members(
        len(found),
        sum(GOODNESS[verdict] == 3 for verdict in found),
        found.count(NO_DATA),
        found.count(UNDECIDED),
        found.count(verdicts.EXEMPT),
    )


def _has_enough(rule, found):
    """Return whether all members together can be as many as the rule asks for.

    With fewer, members who attend are too few, and members who are all exempt are exempt: two cases
    of ``cases.yaml`` say so.
    """
    return rule.household_rule != verdicts.NUMBER or rule.household_amount <= len(found)


@thorough
@given(rules, verdict_lists.filter(bool), st.integers(0, 5))
def test_a_better_member_never_makes_a_household_worse(rule, found, index):
    assume(_has_enough(rule, found))
    index %= len(found)
    before = GOODNESS[verdicts.judge_household(rule, _count(found))]
    for better in GOODNESS:
        if GOODNESS[better] >= GOODNESS[found[index]]:
            members = _count(found[:index] + [better] + found[index + 1 :])
            assert GOODNESS[verdicts.judge_household(rule, members)] >= before


@thorough
@given(rules, verdict_lists)
def test_a_household_is_decided_only_if_its_undecided_members_make_no_difference(rule, found):
    """They are replaced by all that they may be."""
    assume(_has_enough(rule, found))
    verdict = verdicts.judge_household(rule, _count(found))
    ways = set()
    maybe = verdicts.COMPLIANT, verdicts.EXEMPT, NON_COMPLIANT
    for way in product(maybe, repeat=found.count(UNDECIDED)):
        way = list(way)
        replaced = [way.pop() if each == UNDECIDED else each for each in found]
        ways.add(GOODNESS[verdicts.judge_household(rule, _count(replaced))])
    if verdict == UNDECIDED:
        assert {GOODNESS[verdicts.COMPLIANT]} < ways
    elif verdict == NO_DATA:
        assert max(ways) == GOODNESS[NO_DATA]
    else:
        assert ways == {GOODNESS[verdict]}


@thorough
@given(rules, verdict_lists)
def test_a_household_without_data_is_one_that_data_would_mend(rule, found):
    verdict = verdicts.judge_household(rule, _count(found))
    mended = [verdicts.COMPLIANT if each in (NO_DATA, UNDECIDED) else each for each in found]
    best = verdicts.judge_household(rule, _count(mended))
    assert (verdict == NON_COMPLIANT) == (best == NON_COMPLIANT)


# What follows

verdict, overrides = (
    st.sampled_from(list(GOODNESS)),
    st.sampled_from([None, "compliant", "non_compliant"]),
)


@thorough
@given(rules, verdict, st.booleans(), overrides, st.sampled_from(list(STATES)), st.integers(0, 4))
def test_one_more_warning_is_never_worse(rule, verdict, passes, override, before, failures):
    states = []
    for allowed in (rule.warnings, rule.warnings + 1):
        warning = verdicts.get_warning(rule._replace(warnings=allowed), verdict, failures)
        assert 0 <= warning <= allowed
        states.append(verdicts.get_state(rule, verdict, passes, override, before, warning))
    assert STATES[states[0]] <= STATES[states[1]]


@thorough
@given(rules, overrides, st.booleans(), st.sampled_from(list(STATES)), st.integers(0, 4))
def test_a_better_verdict_never_makes_a_state_worse(rule, override, passes, before, failures):
    """Whoever is warned is enrolled: better than one of whom nothing is decided."""
    after = {}
    for found in GOODNESS:
        states = verdicts.get_state(rule, found, passes, override, before)
        after[found] = STATES[states]
        warning = verdicts.get_warning(rule, found, failures)
        assert bool(warning) == (
            verdicts.is_failure(rule.no_data_rule, found) and failures < rule.warnings
        )
    for worse, better in product(GOODNESS, repeat=2):
        if GOODNESS[worse] <= GOODNESS[better]:
            assert after[worse] <= after[better]
