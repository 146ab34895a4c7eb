"""Who attended enough, and the state of a membership that follows from it.

Plain Python on purpose: these rules decide about people's food, so they can be read, and are
tested as a table, without Odoo.

A cycle has conditions. What is recorded of a person is held against each condition that is about
her, over the whole period or month by month: that is a cell. Cells make the verdict of a condition,
conditions that of a person, members that of a household, and that one a status and a state.

Rule: unknown is not absent. What can't be read counts once for and once against somebody. Only
where both ways lead to the same verdict, there is one; else nothing is decided, and nobody refused.
Who the attendance system does not know has "no data": the cycle's criteria say what that means.

Rule: one more presence, excuse or free day never makes a verdict worse.
"""

from collections.abc import Iterable
from typing import NamedTuple

DAYS, SESSIONS = "days", "sessions"
NUMBER, PERCENTAGE = "number", "percentage"
ANY, ALL = "any", "all"
ABSENT, KEEP = "absent", "keep"

COMPLIANT = "compliant"
NON_COMPLIANT = "non_compliant"
NO_DATA = "no_data"
UNDECIDED = "undecided"
EXEMPT = "exempt"
WARNED = "warned"
OVERRIDDEN = "overridden"

# States of a membership.
ENROLLED_STATE = "enrolled"
NON_COMPLIANT_STATE = "non_compliant"
# Paused, exited and not eligible members are nobody's business here.
DECIDED_STATES = ("draft", ENROLLED_STATE, NON_COMPLIANT_STATE)

# Of fewer others nothing can be told about a holiday: two who never came are no holiday.
FEWEST_OTHERS = 5


class Condition(NamedTuple):
    """What is asked for of the persons whom it is about.

    :param unit: what is counted: ``days`` or ``sessions``
    :param kind: ``number`` of them, or ``percentage`` of the recorded ones
    :param amount: the number, or the percentage from 1 to 100
    """

    unit: str = DAYS
    kind: str = NUMBER
    amount: int = 10


class Rules(NamedTuple):
    """What the criteria of a cycle say beside their conditions.

    :param household_rule: ``any``, ``all``, ``number`` or ``percentage`` of the members that count
    :param household_amount: the number, or the percentage, of members
    :param no_data_rule: ``absent``: no data is as good as not attended; ``keep``: the membership
        stays as it is
    :param warnings: how many failures are only warned of
    """

    household_rule: str = ANY
    household_amount: int = 1
    no_data_rule: str = ABSENT
    warnings: int = 0


class Recorded(NamedTuple):
    """What is recorded in a cell, in the condition's unit.

    On one day a presence comes before an excuse, and an excuse before an absence. Sessions are
    never folded.

    :param present: with a presence
    :param excused: with an excuse, and no presence
    :param absent: with an absence, and nothing of all others
    :param unclear: with a record that says neither presence nor absence, and nothing of the above
        but an absence
    :param undated: records about the person that can't be read: nothing is known of them, the day
        neither
    :param free: as absent and unclear, on days that are free: they don't count
    :param excused_unclear: of the excused ones, those with such a record, too
    :param free_unclear: of the free ones, those with such a record
    """

    present: int = 0
    excused: int = 0
    absent: int = 0
    unclear: int = 0
    undated: int = 0
    free: int = 0
    excused_unclear: int = 0
    free_unclear: int = 0


class Days(NamedTuple):
    """The days of a cell for a person.

    :param total: of the whole month, even if the period cuts it, or else of the period; 0 if the
        period has no first day: then no number shrinks
    :param left: those of the period that are not free
    """

    total: int = 30
    left: int = 30


class Judgement(NamedTuple):
    """What is found of a cell.

    :param verdict: compliant, non_compliant, no_data, undecided or exempt
    :param required: the amount that was asked for, free days taken off
    :param needed: how many of the undated records have to be presences of this cell, at least
    """

    verdict: str
    required: int
    needed: int = 0


class Members(NamedTuple):
    """The members of a household that count.

    :param counting: all of them
    :param meeting: those who attended enough, or are exempt
    :param without_data: those of whom nothing is known
    :param undecided: those who may have attended enough
    :param exempt: those of the meeting ones who are exempt
    """

    counting: int
    meeting: int
    without_data: int = 0
    undecided: int = 0
    exempt: int = 0


# A cell


def get_required(condition: Condition, days: Days) -> int:
    """Return the amount that is asked for on the days that are left.

    A number shrinks in proportion, rounded to the nearest whole number, a half down.
    """
    amount, (total, left) = condition.amount, days
    if condition.kind == PERCENTAGE or not total or left >= total:
        return amount
    return -((total - 2 * amount * left) // (2 * total))


def is_holiday(kind: str, has_own: bool, others: int, others_with: int) -> bool:
    """Return whether a cell does not count, because nothing was held then.

    What is recorded of a person herself never changes it. Against a number it counts for nobody, or
    one who came once would be worse off than who never came.

    :param has_own: whether anything is recorded of the person in the cell
    :param others: how many others the source knows, whom the condition is about
    :param others_with: of how many of these anything is recorded in the cell
    """
    if others < FEWEST_OTHERS:
        return False
    if kind == NUMBER:
        return not others_with
    return not has_own and others_with * 10 < others


def judge_cell(
    condition: Condition,
    recorded: Recorded | None,
    days: Days = Days(),  # noqa: B008 - it can't be changed
    holiday: bool = False,
    may_have_data: bool = False,
) -> Judgement:
    """Return what is found of a person in a month, or in the whole period.

    :param recorded: ``None`` if nothing is known of the person
    :param holiday: see `is_holiday`
    :param may_have_data: nothing is known, but only because nobody asked, or could tell whose or
        what the answer is, or nothing at all came from where the person attends
    """
    required = get_required(condition, days)
    unknown = UNDECIDED if may_have_data else NO_DATA
    if condition.kind == NUMBER and not condition.amount:
        return Judgement(unknown if recorded is None else COMPLIANT, required)
    if holiday or not days.left or not required or _is_all_taken_out(condition, recorded):
        return Judgement(EXEMPT, required)
    if recorded is None or (condition.kind == PERCENTAGE or may_have_data) and not any(recorded):
        return Judgement(unknown, required)
    if _is_enough(condition, required, *_get_bound(condition, recorded)):
        return Judgement(COMPLIANT, required)
    if _is_all_undated(condition, recorded, may_have_data):
        # If nothing of it lies here, it is no failure: no data, or exempt.
        return Judgement(UNDECIDED, required)
    for needed in range(recorded.undated + 1):
        if _is_enough(condition, required, *_get_bound(condition, recorded, needed)):
            return Judgement(UNDECIDED, required, needed)
    return Judgement(NON_COMPLIANT, required)


def _is_all_taken_out(condition, recorded):
    """Return whether nothing is left of what is recorded, to take a percentage of."""
    if condition.kind == NUMBER or recorded is None:
        return False
    left = recorded.present + recorded.absent + recorded.unclear + recorded.undated
    return not left and recorded.excused + recorded.free > 0


def _is_all_undated(condition, recorded, may_have_data):
    """Return whether there may be nothing here that decides: all that would has no day."""
    if condition.kind == PERCENTAGE:
        return not recorded.present + recorded.absent + recorded.unclear
    return may_have_data and not any(recorded._replace(undated=0))


def _get_bound(condition, recorded, presences=None):
    """Return how often somebody came out of how often it counts: at worst, or at best.

    At worst what can't be read is an absence, on a day of its own if it has none; where it is about
    a number, it is nothing. At best it is a presence: on an absent day if it may lie there, else on
    a day of its own.

    :param presences: how many of the undated records are presences here; at worst none is
    """
    present, excused, absent, unclear, undated, _free, excused_unclear, free_unclear = recorded
    at_best = presences is not None
    if condition.kind == NUMBER:
        maybe = unclear + free_unclear + presences if at_best else 0
        return present + excused + maybe, 0
    if not at_best:
        return present, present + absent + unclear + undated
    on_absent_days = min(presences, absent) if condition.unit == DAYS else 0
    present += unclear + excused_unclear + free_unclear + presences
    return present, present + absent - on_absent_days


def _is_enough(condition, required, present, recorded):
    if condition.kind == PERCENTAGE:
        return present > 0 and present * 100 >= required * recorded
    return present >= required


# From cells to a household


def judge_condition(cells: Iterable[Judgement], undated: int) -> str:
    """Return the verdict of a condition: each of its months has to be met.

    :param undated: how many records about the person can't be read; each may help one month only
    """
    cells = list(cells)
    if sum(cell.needed for cell in cells) > undated:
        return NON_COMPLIANT
    return judge_person(cell.verdict for cell in cells)


def judge_person(conditions: Iterable[str]) -> str:
    """Return the verdict on a person: each condition that is about her has to be met.

    Exempt is met. Whom no condition is about is exempt.
    """
    found = set(conditions)
    for verdict in (NON_COMPLIANT, NO_DATA, UNDECIDED, COMPLIANT):
        if verdict in found:
            return verdict
    return EXEMPT


def judge_household(rules: Rules, members: Members) -> str:
    """Return the verdict on a household: as on a person.

    It is "undecided" only where undecided members would make the difference; "no data" only where
    those without data would.
    """
    if members.counting == members.exempt:
        return EXEMPT
    for verdict, meeting in (
        (COMPLIANT, members.meeting),
        (UNDECIDED, members.meeting + members.undecided),
        (NO_DATA, members.meeting + members.undecided + members.without_data),
    ):
        if _enough_members(rules, members.counting, meeting):
            return verdict
    return NON_COMPLIANT


def _enough_members(rules, counting, meeting):
    if rules.household_rule == ALL:
        return meeting == counting
    if rules.household_rule == NUMBER:
        return meeting >= rules.household_amount
    if rules.household_rule == PERCENTAGE:
        return meeting * 100 >= rules.household_amount * counting
    return meeting > 0


# What follows from a verdict


def is_failure(no_data_rule: str, verdict: str) -> bool:
    """Return whether attendance refuses by a verdict, or warns."""
    return verdict == NON_COMPLIANT or (verdict == NO_DATA and no_data_rule == ABSENT)


def get_warning(rules: Rules, verdict: str, failures: int) -> int:
    """Return which warning a registrant gets instead of being refused, from 1; 0 for none.

    :param failures: in how many of the last cycles that are looked at attendance has failed
    """
    warns = is_failure(rules.no_data_rule, verdict) and failures < rules.warnings
    return failures + 1 if warns else 0


def get_status(verdict: str, passes_criteria: bool, override: str | None, warning: int = 0) -> str:
    """Return the status that a membership shows: its override's, else the verdict's.

    Whether nothing is known, or not enough, the verdict and its sentence say.

    :param passes_criteria: whether the program's own compliance criteria, which come first, are
        met
    :param override: ``compliant`` or ``non_compliant`` if a manager has set it
    :param warning: see `get_warning`
    """
    if override:
        return OVERRIDDEN
    if not passes_criteria:
        return NON_COMPLIANT
    if warning:
        return WARNED
    return NO_DATA if verdict == UNDECIDED else verdict


def get_shown_status(status: str | None, verdict: str | None) -> str | None:
    """Return what people are shown: the status, or that nothing is decided.

    :param status: see `get_status`; none of a household's member, whose verdict is shown
    """
    if verdict == UNDECIDED and status in (NO_DATA, None, False):
        return UNDECIDED
    return status or verdict


def get_state(
    rules: Rules,
    verdict: str,
    passes_criteria: bool,
    override: str | None,
    state: str,
    warning: int = 0,
) -> str:
    """Return the state of a membership after a verdict.

    :param state: the membership's state before; only `DECIDED_STATES` are ever changed
    """
    if state not in DECIDED_STATES:
        return state
    decision = override or (verdict if passes_criteria else NON_COMPLIANT)
    if not override and passes_criteria and warning:
        return ENROLLED_STATE
    if decision == UNDECIDED:
        return state
    if decision == NO_DATA:
        return state if rules.no_data_rule == KEEP else NON_COMPLIANT_STATE
    return NON_COMPLIANT_STATE if decision == NON_COMPLIANT else ENROLLED_STATE
