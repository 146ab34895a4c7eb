"""A school grant for pupils and one for families, and only those get it who go to school.

Run inside `odoo shell` by ./setup/demo with the address of an attendance server, and the first
and the last day of its attendance; the last lines name pages to open.
"""

import sys
from datetime import date
from itertools import count
from pathlib import Path
from textwrap import shorten

from dateutil.relativedelta import relativedelta

sys.path.insert(0, str(Path(sys.argv[0]).parent))
from story_tools import (
    HABITS,
    TODAY,
    add_cash,
    create_cycle,
    create_families,
    create_journal,
    create_persons,
    create_program,
    enrol,
    get_label,
    print_page,
    print_table,
    print_text,
)

URL, FIRST_DAY, LAST_DAY = sys.argv[1], *map(date.fromisoformat, sys.argv[2:])
PUPILS = 40
GRANTS = {"Pupils": 25.0, "Families": 60.0}
GIVEN_NAMES = ["Amina", "Bintu", "Chidi", "Dalia", "Emeka", "Farah", "Hana"]
# The ages of their members.
FAMILIES = {
    "Abebe": [34, 9],
    "Bello": [29, 31, 7, 12],
    "Conteh": [41, 38, 3, 8],
    "Diallo": [34, 6, 10, 15],
    "Eze": [39, 41, 14, 19],
    "Fofana": [41, 38, 9],
    "Gueye": [34, 7, 12],
    "Haddad": [29, 31, 3, 8],
    "Jallow": [41, 38, 6, 10, 15],
    "Kamara": [34, 9],
    "Lungu": [44, 14, 19],
    "Mensah": [41, 38, 7, 12],
    "Ndiaye": [34, 3, 8],
    "Obi": [67, 70],
    "Sow": [29, 31, 6, 10, 15],
}
PLACES = ["Market Town", "Riverside"]
WITH_UNKNOWN_CHILD = "Kamara"
REASON = "Was in hospital, certificate seen."
# From 6 to 17 years, on the first day that counts.
SCHOOL_AGE = [
    ("birthdate", "<=", str(FIRST_DAY - relativedelta(years=6))),
    ("birthdate", ">", str(FIRST_DAY - relativedelta(years=18))),
]
# The attendance server knows the first ones.
known_ids = (f"P{number:07}" for number in count(1))
unknown_ids = (f"P{number:07}" for number in count(9001))


# Who there is


def describe_person(given_name, family_name, age, place, identifier=None):
    """What `create_persons` wants to know of a person; the ID is a school's."""
    born = TODAY - relativedelta(years=age, months=3)
    return given_name, family_name, born, place, identifier and (id_type, identifier)


def create_pupils():
    """Two share an ID, two are unknown to the attendance server, and one has none of a school."""
    identifiers = [next(known_ids) for _pupil in range(PUPILS - 5)]
    identifiers += [next(known_ids)] * 2 + [next(unknown_ids), next(unknown_ids), None]
    names = list(FAMILIES)
    return create_persons(
        env,
        [
            describe_person(
                GIVEN_NAMES[number % len(GIVEN_NAMES)],
                names[number % len(names)],
                8 + number % 9,
                PLACES[number % len(PLACES)],
                identifier,
            )
            for number, identifier in enumerate(identifiers)
        ],
    )


def create_household(name, ages, given_names, place):
    """Only children have a school's ID."""
    identifiers = unknown_ids if name == WITH_UNKNOWN_CHILD else known_ids
    people = [
        describe_person(given_name, name, age, place, next(identifiers) if age < 20 else None)
        for given_name, age in zip(given_names, ages, strict=False)
    ]
    return create_families(env, [(f"{name} family", create_persons(env, people), None)])


# What is done in the screens


def connect():
    """Connect the attendance system, as the wizard does."""
    wizard = env["spp.connect.attendance"].create(
        {
            "name": "School attendance",
            "url": URL,
            "client_id": "client",
            "client_secret": "secret",
            "id_type_id": id_type.id,
        }
    )
    wizard.action_import()
    wizard.action_take_over()


def check_attendance(cycle):
    action = cycle.action_filter_beneficiaries_by_compliance_criteria()
    return env[action["res_model"]].browse(action["res_id"])


def override(membership, reason):
    env["spp.attendance.override"].create(
        {"cycle_membership_id": membership.id, "verdict": "compliant", "reason": reason}
    )


def pay(cycle, amount):
    """Give the members who stay enrolled a grant, of which they buy something or not."""
    enrolled = cycle.cycle_membership_ids.filtered(lambda member: member.state == "enrolled")
    for number, member in enumerate(enrolled):
        add_cash(cycle, member.partner_id, HABITS[number % len(HABITS)], amount)
    cycle.state = "distributed"
    return len(enrolled)


# What is told


def print_runs(runs):
    rows = [("Cycle", "Run", "Members", "Compliant", "Non-compliant", "No data", "Exempt")]
    rows += [
        (
            run.cycle_id.name,
            get_label(run, "state"),
            run.membership_count,
            run.compliant_count,
            run.non_compliant_count,
            run.no_data_count,
            run.exempt_count,
        )
        for run in runs
    ]
    print_table("“Check Attendance” asked for the attendance of all, and decided:", rows, 2)


def print_verdicts(memberships):
    rows = [("Member", "Verdict", "Why")]
    rows += [
        (
            membership.partner_id.name,
            get_label(membership, "attendance_shown_status"),
            shorten(membership.attendance_reason, 67, placeholder=" ..."),
        )
        for membership in memberships
    ]
    print_table("One of each verdict, and why:", rows, 3)


def get_examples(cycle):
    """The first membership of each status."""
    by_status = {}
    for membership in cycle.cycle_membership_ids:
        by_status.setdefault(membership.attendance_shown_status, membership)
    return list(by_status.values())


def print_exceptions(runs):
    lines = runs.line_ids.filtered(lambda line: line.is_exception and line.kind != "household")
    rows = [("Person", "ID", "Why")]
    rows += [
        (line.partner_id.name, line.identifier or "", get_label(line, "finding")) for line in lines
    ]
    print_table("Exceptions, for a person to look at:", rows, 3)


env = env(user=env.ref("base.user_admin").id)
id_type = env["g2p.id.type"].create({"name": "School ID"})
connect()
types, locations = (
    env[f"spp.res.config.attendance.{kind}"].search_count([]) for kind in ("type", "location")
)
journal = create_journal(env, "School Grants", "SCHG")
programs = {
    "Pupils": create_program(
        env,
        "School Grant (pupils)",
        GRANTS["Pupils"],
        target_type="individual",
        journal_id=journal.id,
    ),
    "Families": create_program(
        env,
        "School Grant (families)",
        GRANTS["Families"],
        target_type="group",
        journal_id=journal.id,
    ),
}
members = {
    "Pupils": create_pupils(),
    "Families": [
        create_household(name, ages, GIVEN_NAMES[number % 3 :], PLACES[number % len(PLACES)])
        for number, (name, ages) in enumerate(FAMILIES.items())
    ],
}
for name, program in programs.items():
    enrol(program, members[name])
criteria = {
    "Pupils": {"required_number_of_attendance": 8},
    "Families": {
        "attendance_requirement": "percentage",
        "required_percentage": 90,
        "household_rule": "all",
        "member_domain": str(SCHOOL_AGE),
    },
}
cycles = {
    name: create_cycle(
        program,
        f"{name}, last month",
        members[name],
        LAST_DAY,
        use_attendance_criteria=True,
        attendance_period="cycle",
        **criteria[name],
    )
    for name, program in programs.items()
}
print_text(
    f"The attendance system is connected: {types} types and {locations} locations.",
    *(f"{cycle.name}: {cycle.attendance_criteria_summary}" for cycle in cycles.values()),
)

runs = check_attendance(cycles["Pupils"])
held = check_attendance(cycles["Families"])
cycles["Families"].household_rule = "any"
runs += held + check_attendance(cycles["Families"])
print_runs(runs)
absent = cycles["Pupils"].cycle_membership_ids.filtered(
    lambda member: member.attendance_status == "non_compliant"
)[0]
override(absent, REASON)
print_text(
    f"The families' first run was held back: {held.brake_reason}",
    "Now any child is enough, as agreed, and the second run was applied.",
    f"{absent.partner_id.name} was set to compliant by hand: “{REASON}”",
)
print_verdicts(get_examples(cycles["Pupils"]) + get_examples(cycles["Families"]))
print_exceptions(runs.filtered(lambda run: run.state == "done"))

paid = {name: pay(cycle, GRANTS[name]) for name, cycle in cycles.items()}
drafts = {
    name: create_cycle(
        program,
        f"{name}, this month",
        members[name],
        attendance_period="dates",
        from_date=FIRST_DAY,
        to_date=LAST_DAY,
    )
    for name, program in programs.items()
}
# The stricter rule once more: this run waits for a person's decision.
drafts["Families"].household_rule = "all"
waiting = check_attendance(drafts["Families"])
env.cr.commit()
print_text(
    f"A grant went to those who stay enrolled: {paid['Pupils']} pupils and "
    f"{paid['Families']} families.",
    f"“{drafts['Families'].name}” asks for all children once more, and its run waits for a "
    f"decision: {waiting.brake_reason}",
    f"“{drafts['Pupils'].name}” is a draft: press “Preview Attendance” there, then “Check "
    "Attendance”. Both count the same days again: the demo's attendance server knows no others.",
)
print_page("manager", drafts["Pupils"], f"{drafts['Pupils'].name}: press “Preview Attendance”")
print_page("manager", drafts["Families"], f"{drafts['Families'].name}: a run waits")
