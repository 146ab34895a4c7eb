"""Who attended enough, and the state of a membership that follows from it.

Plain Python on purpose: these rules decide about people's food, so they can be read, and are
tested as a table, without Odoo.

Rule: only attendance that is known counts for or against somebody. Who the attendance system does
not know has "no data", which is told apart from having attended too seldom. A household of which
some members have no data is judged by the others if they decide, whatever the missing ones did.
"""

from typing import NamedTuple

DAYS, SESSIONS = "days", "sessions"
NUMBER, PERCENTAGE = "number", "percentage"
ANY, ALL = "any", "all"
ABSENT, KEEP = "absent", "keep"

COMPLIANT = "compliant"
NON_COMPLIANT = "non_compliant"
NO_DATA = "no_data"
EXEMPT = "exempt"
OVERRIDDEN = "overridden"

# States of a membership.
ENROLLED_STATE = "enrolled"
NON_COMPLIANT_STATE = "non_compliant"
# Paused, exited and not eligible members are nobody's business here.
DECIDED_STATES = ("draft", ENROLLED_STATE, NON_COMPLIANT_STATE)


class Requirement(NamedTuple):
    """What a cycle asks for.

    :param kind: ``number`` of days or sessions, or ``percentage`` of the recorded ones
    :param amount: the number, or the percentage from 1 to 100
    :param household_rule: ``any``, ``all``, ``number`` or ``percentage`` of the members that count
    :param household_amount: the number, or the percentage, of members
    :param no_data_rule: ``absent``: no data is as good as not attended; ``keep``: the membership
        stays as it is
    """

    kind: str = NUMBER
    amount: int = 10
    household_rule: str = ANY
    household_amount: int = 1
    no_data_rule: str = ABSENT


class Attended(NamedTuple):
    """How often somebody came, in the cycle's unit (days or sessions).

    :param present: with a presence
    :param recorded: with a presence or an absence
    """

    present: int
    recorded: int


class Members(NamedTuple):
    """The members of a household that count.

    :param counting: all of them
    :param meeting: those who attended enough
    :param without_data: those of whom nothing is known
    """

    counting: int
    meeting: int
    without_data: int


def attended_enough(requirement: Requirement, attended: Attended) -> bool:
    """Return whether the attendance meets the requirement; nothing recorded never does."""
    if requirement.kind == PERCENTAGE:
        enough = attended.present * 100 >= requirement.amount * attended.recorded
        return attended.present > 0 and enough
    return attended.present >= requirement.amount


def judge_person(requirement: Requirement, attended: Attended | None) -> str:
    """Return the verdict on one person: compliant, non_compliant or no_data.

    :param attended: ``None`` if nothing is known of the person
    """
    if attended is None:
        return NO_DATA
    return COMPLIANT if attended_enough(requirement, attended) else NON_COMPLIANT


def judge_household(requirement: Requirement, members: Members) -> str:
    """Return the verdict on a household: compliant, non_compliant, no_data or exempt.

    It is "no data" only where the members without data would make the difference.
    """
    if not members.counting:
        return EXEMPT
    if _enough_members(requirement, members.counting, members.meeting):
        return COMPLIANT
    at_best = members.meeting + members.without_data
    if _enough_members(requirement, members.counting, at_best):
        return NO_DATA
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
    """Return the status that a membership shows: its override's, else the verdict.

    :param passes_criteria: whether the program's own compliance criteria, which come first, are
        met
    :param override: ``compliant`` or ``non_compliant`` if a manager has set it
    """
    if override:
        return OVERRIDDEN
    return verdict if passes_criteria else NON_COMPLIANT


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
    if decision == NO_DATA:
        return state if requirement.no_data_rule == KEEP else NON_COMPLIANT_STATE
    return NON_COMPLIANT_STATE if decision == NON_COMPLIANT else ENROLLED_STATE
