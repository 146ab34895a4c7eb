"""What a desk meets on other days: work in the background, a system that is silent, a bad file.

Run inside `odoo shell` by ./setup/demo with the address of an attendance server, and the first
and the last day of its attendance; the last lines name pages to open.
"""

import sys
from base64 import b64encode
from datetime import date, timedelta
from itertools import count
from pathlib import Path

from dateutil.relativedelta import relativedelta

sys.path.insert(0, str(Path(sys.argv[0]).parent))
from story_tools import (
    NATIONAL_ID,
    TODAY,
    create_cycle,
    create_journal,
    create_persons,
    create_program,
    enrol,
    print_page,
    print_text,
)

URL, FIRST_DAY, LAST_DAY = sys.argv[1], *map(date.fromisoformat, sys.argv[2:])
# Nothing listens there.
SILENT_URL = "http://127.0.0.1:9"
# From so many members on, a cycle is checked in the background.
CHILDREN, LEARNERS = 240, 12
# The attendance server knows those of story 1 before them, and 400 in all.
SCHOOL_NUMBERS = count(101)
GIVEN_NAMES = ["Ama", "Kwame", "Lindiwe", "Sipho", "Mary", "Idris", "Zainab", "Jorge", "Thandi"]
SURNAMES = ["Addo", "Bekele", "Chanda", "Diop", "Fall", "Keita", "Moyo", "Nyambura", "Okello"]
GRANT, PLACE = 15.0, "Market Town"


def create_learners(size, age):
    return create_persons(
        env,
        [
            (
                GIVEN_NAMES[number % len(GIVEN_NAMES)],
                SURNAMES[number // len(GIVEN_NAMES) % len(SURNAMES)],
                TODAY - relativedelta(years=age + number % 5, days=number),
                PLACE,
                (school_id, f"P{next(SCHOOL_NUMBERS):07}"),
            )
            for number in range(size)
        ],
    )


def create_grant(name, members, source):
    """A program and its cycle, which asks for 8 days in the days that the demo knows."""
    program = create_program(env, name, GRANT, target_type="individual", journal_id=journal.id)
    enrol(program, members)
    return create_cycle(
        program,
        f"{name}, last month",
        members,
        LAST_DAY,
        use_attendance_criteria=True,
        attendance_source_id=source.id,
        attendance_period="cycle",
        required_number_of_attendance=8,
    )


def connect_silent_system():
    """A system that was connected once, and does not answer any more."""
    sources = env["spp.attendance.source"].sudo()._as_attendance_writer()
    source = sources.create(
        {
            "name": "Evening school",
            "protocol": "server",
            "url": SILENT_URL,
            "client_id": "client",
            "id_type_id": school_id.id,
        }
    )
    source._set_connection({}, "secret")
    return source.with_env(env)


def check_attendance(cycle):
    action = cycle.action_filter_beneficiaries_by_compliance_criteria()
    return env[action["res_model"]].browse(action["res_id"])


def bring_in_bad_file(learners):
    """A registrar brings in a list of which some rows can't be used; the good ones are stored."""
    ids = learners.reg_ids.filtered(lambda each: each.id_type == national_id)
    numbers = ids.mapped("value")
    day = TODAY - timedelta(days=9)
    rows = [(number, day, "present") for number in numbers[:8]]
    rows += [
        ("99999999", day, "present"),
        (numbers[8], TODAY + timedelta(days=400), "present"),
        (numbers[9], "31.31.", "present"),
    ]
    lines = ["ID,Date,Presence", *(",".join(map(str, row)) for row in rows)]
    wizard = env["spp.upload.attendance"].create(
        {
            "source_id": lists.id,
            "file": b64encode("\n".join(lines).encode()),
            "file_name": "training centre.csv",
        }
    )
    wizard.action_look()
    problems = [f"row {problem.number}: {problem.message}" for problem in wizard.problem_ids]
    action = wizard.action_store_good_rows()
    return env[action["res_model"]].browse(action["res_id"]), problems


env = env(user=env.ref("base.user_admin").id)
school_id = env["g2p.id.type"].search([("name", "=", "School ID")], limit=1)
national_id = env["g2p.id.type"].search([("name", "=", NATIONAL_ID)], limit=1)
journal = create_journal(env, "Meals and Classes", "MEAL")
schools = env["spp.attendance.source"].search([("name", "=", "School attendance")], limit=1)
lists = env["spp.attendance.source"].create(
    {"name": "Lists of the training centre", "protocol": "file", "id_type_id": national_id.id}
)

meals = create_grant("School Meals", create_learners(CHILDREN, 7), schools)
in_background = check_attendance(meals)
learners = create_learners(LEARNERS, 21)
classes = create_grant("Evening Classes", learners, connect_silent_system())
failed = check_attendance(classes)
intake, problems = bring_in_bad_file(learners)
env.cr.commit()

print_text(
    f"“{meals.name}” has {CHILDREN} members: its attendance is checked in the background, as soon "
    "as Odoo serves. Until then the cycle is locked.",
    f"“{classes.name}” could not be checked, and no membership was changed: {failed.error}",
    f"Of the file “{intake.file_name}”, {intake.new_count} attendances were stored and "
    f"{intake.bad_row_count} rows left out:",
)
for problem in problems:
    print(f"  - {problem}")
print_page("manager", meals, f"{meals.name}: a run in the background")
print_page("manager", classes, f"{classes.name}: a run that failed")
page = env.ref("spp_cycle_attendance_compliance.action_attendance_intake")
print_page("registrar", page, "files, one with rows that were left out")
