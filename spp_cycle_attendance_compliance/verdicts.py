"""Who attended enough, and the state of a membership that follows from it.

Plain Python on purpose: these rules decide about people's food, so they can be read, and are
tested as a table, without Odoo.

Rule: unknown is not absent. What can't be read counts once for and once against somebody. Only
where both ways lead to the same verdict, there is one; else nothing is decided, and nobody refused.
Who the attendance system does not know has "no data": the cycle's criteria say what that means.
"""

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
OVERRIDDEN = "overridden"
WARNED = "warned"

# States of a membership.
ENROLLED_STATE = "enrolled"
NON_COMPLIANT_STATE = "non_compliant"
# Paused, exited and not eligible members are nobody's business here.
DECIDED_STATES = ("draft", ENROLLED_STATE, NON_COMPLIANT_STATE)


class Requirement(NamedTuple):
    """What a cycle asks for.

    :param unit: what is counted: ``days`` or ``sessions``
    :param kind: ``number`` of them, or ``percentage`` of the recorded ones
    :param amount: the number, or the percentage from 1 to 100
    :param household_rule: ``any``, ``all``, ``number`` or ``percentage`` of the members that count
    :param household_amount: the number, or the percentage, of members
    :param no_data_rule: ``absent``: no data is as good as not attended; ``keep``: the membership
        stays as it is
    """

    unit: str = DAYS
    kind: str = NUMBER
    amount: int = 10
    household_rule: str = ANY
    household_amount: int = 1
    no_data_rule: str = ABSENT


class Attended(NamedTuple):
    """How often somebody came, in the cycle's unit (days or sessions).

    :param present: with a presence
    :param absent: with an absence, and nothing that is or may be a presence
    :param unclear: with no presence, but a record that says neither presence nor absence
    :param undated: records that can't be read: nothing is known of them, the day neither
    """

    present: int = 0
    absent: int = 0
    unclear: int = 0
    undated: int = 0


class Members(NamedTuple):
    """The members of a household that count.

    :param counting: all of them
    :param meeting: those who attended enough
    :param without_data: those of whom nothing is known
    :param undecided: those who may have attended enough
    """

    counting: int
    meeting: int
    without_data: int = 0
    undecided: int = 0


def get_bounds(unit: str, kind: str, attended: Attended) -> list[tuple[int, int]]:
    """Return how often somebody came out of how often it is recorded, at worst and at best.

    At worst what can't be read is an absence on a day of its own, or nothing where a number is
    asked for. At best it is a presence: on an absent day if it may lie there, else on its own.
    """
    present, absent, unclear, undated = attended
    recorded = present + absent + unclear
    if not unclear + undated:
        return [(present, recorded)] * 2
    at_worst = present, recorded + undated
    if kind == NUMBER:
        at_worst = present, present + absent
    on_absent_days = min(undated, absent) if unit == DAYS else 0
    at_best = present + unclear + undated, recorded + undated - on_absent_days
    return [at_worst, at_best]


def judge_person(
    requirement: Requirement, attended: Attended | None, may_have_data: bool = False
) -> str:
    """Return the verdict on one person: compliant, non_compliant, no_data or undecided.

    :param attended: ``None`` if nothing is known of the person
    :param may_have_data: nothing is known, but only because nobody asked, or could tell whose or
        what the answer is, or nothing at all came from where the person attends
    """
    if attended is None or (requirement.kind == PERCENTAGE and not any(attended)):
        return UNDECIDED if may_have_data else NO_DATA
    met_at_worst, met_at_best = (
        _came_enough(requirement, *bound)
        for bound in get_bounds(requirement.unit, requirement.kind, attended)
    )
    if met_at_worst:
        return COMPLIANT
    return UNDECIDED if met_at_best else NON_COMPLIANT


def _came_enough(requirement: Requirement, present: int, recorded: int) -> bool:
    if requirement.kind == PERCENTAGE:
        return present > 0 and present * 100 >= requirement.amount * recorded
    return present >= requirement.amount


def judge_household(requirement: Requirement, members: Members) -> str:
    """Return the verdict on a household: as on a person, or exempt.

    It is "undecided" only where undecided members would make the difference; "no data" only where
    those without data would.
    """
    if not members.counting:
        return EXEMPT
    for verdict, meeting in (
        (COMPLIANT, members.meeting),
        (UNDECIDED, members.meeting + members.undecided),
        (NO_DATA, members.meeting + members.undecided + members.without_data),
    ):
        if _enough_members(requirement, members.counting, meeting):
            return verdict
    return NON_COMPLIANT


def _enough_members(requirement: Requirement, counting: int, meeting: int) -> bool:
    if requirement.household_rule == ALL:
        return meeting == counting
    if requirement.household_rule == NUMBER:
        return meeting >= requirement.household_amount
    if requirement.household_rule == PERCENTAGE:
        return meeting * 100 >= requirement.household_amount * counting
    return meeting > 0


def get_status(verdict: str, passes_criteria: bool, override: str | None) -> str:
    """Return the status that a membership shows: its override's, else the verdict's.

    Whether nothing is known, or not enough, the verdict and its sentence say.

    :param passes_criteria: whether the program's own compliance criteria, which come first, are
        met
    :param override: ``compliant`` or ``non_compliant`` if a manager has set it
    """
    if override:
        return OVERRIDDEN
    if not passes_criteria:
        return NON_COMPLIANT
    return NO_DATA if verdict == UNDECIDED else verdict


def get_state(
    requirement: Requirement,
    verdict: str,
    passes_criteria: bool,
    override: str | None,
    state: str,
) -> str:
    """Return the state of a membership after a verdict.

    :param state: the membership's state before; only `DECIDED_STATES` are ever changed
    """
    if state not in DECIDED_STATES:
        return state
    decision = override or (verdict if passes_criteria else NON_COMPLIANT)
    if decision == UNDECIDED:
        return state
    if decision == NO_DATA:
        return state if requirement.no_data_rule == KEEP else NON_COMPLIANT_STATE
    return NON_COMPLIANT_STATE if decision == NON_COMPLIANT else ENROLLED_STATE
