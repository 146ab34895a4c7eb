"""Two national programs: what they require, of whom, when they warn, and what they excuse.

Run inside `odoo shell` by ./setup/demo. Schools and health posts bring lists; each program has
conditions of its own, and two-month cycles that count the two calendar months before.
"""

import sys
from base64 import b64encode
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from textwrap import fill
from typing import NamedTuple

from dateutil.relativedelta import relativedelta
from lxml import html

sys.path.insert(0, str(Path(sys.argv[0]).parent))
from story_tools import (
    TODAY,
    WIDTH,
    create_cycle,
    create_families,
    create_journal,
    create_persons,
    create_program,
    enrol,
    get_label,
    print_page,
    print_text,
)

SCHOOL, HEALTH, PARENTS = "School", "Health", "Parents"
# What the lists call them.
KINDS = {SCHOOL: "School day", HEALTH: "Health visit", PARENTS: "Parents' session"}
CYCLES = 4
PLACE = "Hill Villages"
GRANT = 40.0
ONE_DAY = timedelta(days=1)
STIPEND_CONDITIONS = [
    {
        "name": SCHOOL,
        "about": "age",
        "age_from": 4,
        "age_to": 5,
        "requirement": "percentage",
        "required_percentage": 60,
        "over": "month",
    },
    {
        "name": SCHOOL,
        "about": "age",
        "age_from": 6,
        "age_to": 17,
        "requirement": "percentage",
        "required_percentage": 75,
        "over": "month",
    },
    {"name": HEALTH, "about": "age", "age_from": 0, "age_to": 6, "required_number": 1},
]
BRIDGE_CONDITIONS = [
    {
        "name": SCHOOL,
        "about": "age",
        "age_from": 6,
        "age_to": 17,
        "requirement": "percentage",
        "required_percentage": 85,
        "over": "month",
    },
    {
        "name": HEALTH,
        "about": "age",
        "age_from": 0,
        "age_to": 5,
        "required_number": 1,
        "over": "month",
    },
    {
        "name": PARENTS,
        "about": "age",
        "age_from": 18,
        "unit": "sessions",
        "required_number": 1,
        "over": "month",
    },
]


class Habit(NamedTuple):
    """How a member comes: always, but for this.

    :param missed: school days at the beginning of a cycle's second month, by the cycle's number
    :param word: what the lists say of them
    :param skipped: cycle and month (0 or 1) without health visit or parents' session
    :param unlisted: the cycles in whose lists the member is not
    """

    name: str
    age: int
    missed: dict = {}
    word: str = "absent"
    skipped: tuple = ()
    unlisted: tuple = ()


STIPEND = {
    "Almeida": [Habit("Rosa", 34), Habit("Rui", 9), Habit("Ines", 5, {4: 7})],
    "Barros": [Habit("Celia", 41), Habit("Tiago", 12, {2: 9, 3: 9, 4: 9})],
    "Castro": [Habit("Marta", 29), Habit("Lia", 4, skipped=((4, 0), (4, 1))), Habit("Noa", 8)],
    "Duarte": [Habit("Paula", 38), Habit("Ana", 15, {4: 9}, "Illness")],
    "Esteves": [Habit("Jorge", 67), Habit("Alda", 70)],
    "Fonseca": [Habit("Clara", 44), Habit("Davi", 10, {1: 9, 2: 9, 3: 9})],
    "Guerra": [Habit("Sara", 31), Habit("Iris", 7, {1: 9})],
    "Lopes": [Habit("Vera", 36), Habit("Otto", 11, unlisted=(4,))],
}
BRIDGE = {
    "Aquino": [Habit("Rosario", 36), Habit("Maya", 8), Habit("Nene", 3)],
    "Bautista": [Habit("Liza", 40), Habit("Nilo", 14, {4: 10})],
    "Cordero": [Habit("Joy", 27), Habit("Lina", 3, skipped=((4, 1),)), Habit("Bong", 9)],
    "Dizon": [Habit("Ramon", 45, skipped=((4, 0),)), Habit("Grace", 13)],
    "Estrella": [Habit("Nora", 33), Habit("Jun", 10, {4: 5})],
    "Fajardo": [Habit("Elena", 39), Habit("Paz", 12, {4: 9})],
    "Galang": [Habit("Tess", 31), Habit("Ivy", 7, {4: 23}, "Cannot get there")],
    "Hizon": [Habit("Mila", 35), Habit("Leo", 11, {4: 6}, "Bereavement")],
}
JOINED = "Paz"
numbers = count(1)
this_month = TODAY.replace(day=1)


def get_months(number):
    """Return the first days of the two months that a cycle counts."""
    first = this_month - relativedelta(months=2 * (CYCLES - number + 1))
    return first, first + relativedelta(months=1)


def get_school_days(month):
    days = (month + timedelta(days=number) for number in range(31))
    return [day for day in days if day.month == month.month and day.weekday() < 5]


# Who there is


def create_household(name, habits):
    """Return the household, and its members' IDs by their given names."""
    born = TODAY - relativedelta(months=10)  # each is of one age in all cycles
    identifiers = {habit.name: f"N{next(numbers):05}" for habit in habits}
    people = [
        (
            habit.name,
            name,
            born - relativedelta(years=habit.age),
            PLACE,
            (id_type, identifiers[habit.name]),
        )
        for habit in habits
    ]
    joined = get_school_days(get_months(CYCLES)[1])[9]
    long_ago = TODAY - relativedelta(years=2)
    since = [joined if habit.name == JOINED else long_ago for habit in habits]
    noons = [datetime.combine(day, datetime.min.time()) + timedelta(hours=12) for day in since]
    family = create_families(env, [(f"{name} family", create_persons(env, people), noons)])
    return family, identifiers


def register(all_habits, numbers):
    """Return the households, and the rows of what their members did in some cycles."""
    families, rows = env["res.partner"], []
    for name, habits in all_habits.items():
        family, identifiers = create_household(name, habits)
        families += family
        rows += list_attendance(habits, identifiers, numbers)
    return families, rows


# What schools and health posts wrote down


def list_attendance(habits, identifiers, cycles):
    """Return the rows of a file: ID, date, presence and type."""
    for number in cycles:
        months = get_months(number)
        for habit in habits:
            if number in habit.unlisted:
                continue
            identifier = identifiers[habit.name]
            for place, month in enumerate(months):
                days = get_school_days(month)
                if habit.age < 7 and (number, place) not in habit.skipped:
                    yield identifier, days[11], "present", KINDS[HEALTH]
                if habit.age >= 18:
                    if (number, place) not in habit.skipped:
                        yield identifier, days[12], "present", KINDS[PARENTS]
                elif habit.age >= 4:
                    missed = habit.missed.get(number, 0) * place
                    for day in days:
                        word = habit.word if day in days[:missed] else "present"
                        yield identifier, day, word, KINDS[SCHOOL]


def bring_in(rows):
    """Bring in a file, as a registrar does."""
    lines = ["ID,Date,Presence,Type", *(",".join(map(str, row)) for row in rows)]
    wizard = env["spp.upload.attendance"].create(
        {
            "source_id": source.id,
            "file": b64encode("\n".join(lines).encode()),
            "file_name": "lists.csv",
        }
    )
    wizard.action_look()
    action = wizard.action_store()
    return env[action["res_model"]].browse(action["res_id"])


# What is done in the screens


def open_cycle(program, number, families, conditions, **criteria):
    """Make a cycle; its conditions are the first one's, which the later ones take over."""
    first = get_months(number)[0] + relativedelta(months=2)
    last = first + relativedelta(months=2) - ONE_DAY
    if conditions:
        criteria["attendance_condition_ids"] = [
            (0, 0, {**vals, "type_id": types[vals["name"]].id, "sequence": sequence})
            for sequence, vals in enumerate(conditions)
        ]
    return create_cycle(
        program,
        f"{program.name} {first:%b %Y}",
        families,
        last_day=last,
        first_day=first,
        use_attendance_criteria=True,
        **criteria,
    )


def check_attendance(cycle):
    action = cycle.action_filter_beneficiaries_by_compliance_criteria()
    run = env[action["res_model"]].browse(action["res_id"])
    if run.state == "waiting":
        run._decide_to_apply("As agreed with the schools.")
    return run


# What is told


def print_intake(intake):
    print_text(f"A file of {intake.new_count} attendances was brought in: {source.name.lower()}.")


def print_criteria(cycle):
    print(f"\n{cycle.program_id.name} requires:")
    for condition in cycle.attendance_condition_ids.sorted():
        print(f"  - {condition.sentence}.")
    print_text(cycle.attendance_criteria_summary)


def get_marks(program, family):
    membership = env["g2p.program_membership"].search(
        [("program_id", "=", program.id), ("partner_id", "=", family.id)]
    )
    row = html.fromstring(membership.attendance_history or "<p/>")
    return " ".join(badge.text for badge in row.xpath("//*[contains(@class, 'badge')]"))


def print_decisions(run):
    """Print of each family what was decided, its marks, and the sentences that say why."""
    print(f"\nWhat was decided in {run.cycle_id.name}, after the marks of all cycles so far:")
    for line in run.line_ids.filtered(lambda line: line.kind == "household"):
        membership = line.cycle_membership_id
        family = membership.partner_id
        marks = get_marks(run.cycle_id.program_id, family)
        print(f"  {family.name:<16} {marks:>7}  {get_label(membership, 'attendance_shown_status')}")
        print_why(line.reason)
        for member in line.member_line_ids.filtered(is_worth_telling):
            print_why(f"{member.partner_id.name}: {member.reason}")


def is_worth_telling(member):
    """Return whether a member did not just meet what is required; the family names who failed."""
    is_eased = any(cell.excused or cell.free for cell in member._get_cells())
    if member.verdict in ("compliant", "non_compliant"):
        return member.verdict == "compliant" and is_eased
    return member.counts


def print_why(sentence):
    print(fill(f"{sentence}.", WIDTH, initial_indent=" " * 6, subsequent_indent=" " * 8))


def run_stipend():
    """Four cycles: who fails is warned twice before it costs anything."""
    program = create_program(
        env, "Family Stipend", GRANT, target_type="group", journal_id=journal.id
    )
    families, rows = register(STIPEND, range(1, CYCLES + 1))
    enrol(program, families)
    print_intake(bring_in(rows))
    for number in range(1, CYCLES + 1):
        cycle = open_cycle(
            program,
            number,
            families,
            STIPEND_CONDITIONS if number == 1 else [],
            attendance_source_id=source.id,
            household_rule="all",
            attendance_warnings=2,
            attendance_warning_cycles=5,
        )
        if number == 1:
            print_criteria(cycle)
        run = check_attendance(cycle)
        if number < CYCLES:
            cycle.state = "ended"
    print_decisions(run)
    return cycle


def run_bridge():
    """One cycle, after a storm."""
    program = create_program(env, "Bridge Grant", GRANT, target_type="group", journal_id=journal.id)
    families, rows = register(BRIDGE, [CYCLES])
    enrol(program, families)
    print_intake(bring_in(rows))
    days = get_school_days(get_months(CYCLES)[1])
    waiver = env["spp.attendance.waiver"].create(
        {
            "name": "Storm",
            "legal_basis": "Resolution 31 of the district",
            "from_date": days[0],
            "to_date": days[4],
            "program_id": program.id,
        }
    )
    waiver.action_approve()
    cycle = open_cycle(
        program,
        CYCLES,
        families,
        BRIDGE_CONDITIONS,
        attendance_source_id=source.id,
        household_rule="all",
        attendance_counts_from="joining",
    )
    print_criteria(cycle)
    print_text(f"Free for everybody: {waiver.display_name}, by {waiver.legal_basis}.")
    run = check_attendance(cycle)
    if run.observations:
        print_text(run.observations)
    print_decisions(run)
    return cycle


env = env(user=env.ref("base.user_admin").id)
id_type = env["g2p.id.type"].create({"name": "Registry Number"})
source = env["spp.attendance.source"].create(
    {"name": "Lists of schools and health posts", "protocol": "file", "id_type_id": id_type.id}
)
types = {
    name: env["spp.res.config.attendance.type"].create({"name": kind, "source_id": source.id})
    for name, kind in KINDS.items()
}
journal = create_journal(env, "Family Grants", "FAMG")
cycles = [run_stipend(), run_bridge()]
env.cr.commit()
print_page("manager", cycles[0], f"{cycles[0].name}: two warnings before it costs anything")
print_page("validator", cycles[1], f"{cycles[1].name}: free days after a storm")
barros = env["res.partner"].search([("name", "=", "Barros family")])
print_page("validator", barros, "Barros family: not paid after two warnings")
