"""Fills a database of the attendance addon's 17.0.2.0.0 or 17.0.2.1.0 with what those versions had
written in years of use. For `odoo shell`.

The arguments are the file of that, `attended.json`, and the address of the attendance system. What
is the platform's own is made by the platform, and rows refer to it by name.
"""

import json
import sys
from datetime import date, timedelta

from odoo.tests import new_test_user

ADDON = "spp_cycle_attendance_compliance"
with open(sys.argv[1]) as file:
    DATA = json.loads(file.read().replace("{server}", sys.argv[2]))
PLATFORM, ROWS = DATA["platform"], DATA["rows"]
# Columns that name what is the platform's own.
REFERENCES = {
    "persons": ("partner_id", "individual_id"),
    "cycles": ("cycle_id",),
    "programs": ("program_id",),
    "memberships": ("cycle_membership_id",),
    "users": ("user_id", "create_uid", "decided_by_id", "lifted_by_id"),
    "companies": ("company_id",),
}
ADDED_TO = {"g2p_cycle": "cycles", "g2p_cycle_membership": "memberships", "res_partner": "persons"}
env = env(context={**env.context, "no_reset_password": True})

# The platform's own

id_type = env["g2p.id.type"].create({"name": "Attendance ID"})
manager = new_test_user(
    env, "attendance manager", groups="g2p_programs.g2p_program_manager,base.group_user"
)
ids = {
    "users": {"attendance manager": manager.id, "__system__": env.uid},
    "companies": {"main": env.company.id},
    "persons": {},
    "programs": {},
    "cycles": {},
    "memberships": {},
}
for person in PLATFORM["persons"]:
    record = env["res.partner"].create(
        {
            "name": person["name"],
            "is_registrant": True,
            "is_group": person["is_group"],
            "company_id": env.company.id,
        }
    )
    ids["persons"][person["name"]] = record.id
    if person["id"]:
        env["g2p.reg.id"].create(
            {"partner_id": record.id, "id_type": id_type.id, "value": person["id"]}
        )
for household, member in PLATFORM["members"]:
    env["g2p.group.membership"].create(
        {"group": ids["persons"][household], "individual": ids["persons"][member]}
    )
for name, target_type in PLATFORM["programs"]:
    program = env["g2p.program"].create({"name": name, "target_type": target_type})
    default = env["g2p.cycle.manager.default"].create({"name": "M", "program_id": program.id})
    program.cycle_managers = env["g2p.cycle.manager"].create(
        {"program_id": program.id, "manager_ref_id": f"{default._name},{default.id}"}
    )
    ids["programs"][name] = program.id
for cycle in PLATFORM["cycles"]:
    record = env["g2p.cycle"].create(
        {
            "name": cycle["name"],
            "program_id": ids["programs"][cycle["program"]],
            "company_id": env.company.id,
            "start_date": date.today(),
            "end_date": date.today() + timedelta(days=1),
        }
    )
    ids["cycles"][cycle["name"]] = record.id
for cycle, person, state in PLATFORM["memberships"]:
    record = env["g2p.cycle.membership"].create(
        {
            "cycle_id": ids["cycles"][cycle],
            "partner_id": ids["persons"][person],
            "state": state,
        }
    )
    ids["memberships"][f"{cycle}/{person}"] = record.id
for method, identity_key, state in PLATFORM["jobs"]:
    job = env["g2p.cycle"].browse(ids["cycles"]["running"]).with_delay().mark_ended()
    env.flush_all()
    env.cr.execute(
        "UPDATE queue_job SET method_name = %s, identity_key = %s, state = %s WHERE uuid = %s",
        [method, identity_key, state, job.uuid],
    )
env.flush_all()
for cycle in PLATFORM["cycles"]:
    # All were over when they were filled; the platform lets none begin before today.
    env.cr.execute(
        "UPDATE g2p_cycle SET start_date = '2025-11-01', end_date = '2025-11-30', state = %s,"
        " locked = %s WHERE id = %s",
        [cycle["state"], cycle["locked"], ids["cycles"][cycle["name"]]],
    )

# What the addon has written, past the ORM, which knows nothing of that version


def translate(row):
    """Put ids in place of names."""
    return {
        **row,
        **{
            column: ids[kind][row[column]]
            for kind, columns in REFERENCES.items()
            for column in columns
            if column in row
        },
    }


def insert(table, rows):
    columns = ", ".join(sorted({f'"{column}"' for row in rows for column in row}))
    env.cr.execute(
        f"INSERT INTO {table} ({columns}) SELECT {columns}"
        f" FROM jsonb_populate_recordset(NULL::{table}, %s::jsonb)",
        [json.dumps([translate(row) for row in rows])],
    )


for table, rows in ROWS.items():
    if table not in ADDED_TO:
        insert(table, rows)
        env.cr.execute(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))")
        continue
    for row in rows:
        record_id = ids[ADDED_TO[table]][row.pop("of")]
        env.cr.execute(
            f"UPDATE {table} SET {', '.join(f'{column} = %s' for column in row)} WHERE id = %s",
            [*row.values(), record_id],
        )
env.cr.execute("SELECT max(id) FROM spp_event_data")
last_id = env.cr.fetchone()[0] or 0
insert(
    "spp_event_data",
    [{**row, "id": last_id + number} for number, row in enumerate(PLATFORM["event data"], 1)],
)
env.cr.execute("SELECT setval('spp_event_data_id_seq', (SELECT max(id) FROM spp_event_data))")
for index in DATA["indexes"]:
    env.cr.execute(index)
# The settings, and what people have made
for name, value in (
    ("attendance_server_url", sys.argv[2]),
    ("attendance_client_id", "client"),
    ("attendance_client_secret", "secret"),
    ("attendance_id_type_id", id_type.id),
):
    env["ir.config_parameter"].set_param(f"{ADDON}.{name}", value)
for name, model, domain, context in (
    ("Mine", "spp.event.attendance", "[]", "{}"),
    (
        "Unknown",
        "spp.attendance.run.line",
        '[("answer", "=", "unknown")]',
        "{'group_by': ['answer']}",
    ),
):
    env.cr.execute(
        "INSERT INTO ir_filters (name, model_id, action_id, domain, context, sort, active) VALUES"
        " (%s, %s, (SELECT res_id FROM ir_model_data WHERE module = %s AND name = %s AND %s),"
        " %s, %s, '[]', TRUE)",
        [name, model, ADDON, "action_spp_event_attendance", name == "Mine", domain, context],
    )
env.cr.commit()
