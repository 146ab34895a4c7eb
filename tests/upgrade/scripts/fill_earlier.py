"""Fills a database of the earlier modules as years of use did. For `odoo shell`.

The argument is the address of an attendance system. Some of what it writes is odd on purpose:
that is what an upgrade has to cope with.
"""

import json
import sys
from datetime import date, timedelta

MODULE = "spp_cycle_attendance_compliance"
A, B = sys.argv[1], "https://b.example.org"
ENTITLEMENT_STATES = (
    *("draft", "pending_validation", "approved", "trans2FSP", "rdpd2ben", "parrdpd2ben"),
    *("rejected1", "rejected2", "rejected3", "cancelled", "expired"),
)


def insert(table, columns, rows):
    marks = ", ".join(["%s"] * len(columns))
    for row in rows:
        env.cr.execute(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", row)
    env.cr.execute(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))")


def get_external_id(name):
    env.cr.execute(
        "SELECT res_id FROM ir_model_data WHERE module = %s AND name = %s", [MODULE, name]
    )
    return env.cr.fetchone()[0]


# What is the platform's own

main, second = env.company, env["res.company"].create({"name": "Second"})
registrants = {
    name: env["res.partner"].create(
        {
            "name": name,
            "is_registrant": True,
            "is_group": name == "House",
            "company_id": (second if name == "Ben" else main).id,
        }
    )
    for name in ("Ana", "Ben", "Cleo", "Dan", "Eve", "House")
}
people = {name: registrant.id for name, registrant in registrants.items()}
program = env["g2p.program"].create({"name": "Existing"})
manager = env["g2p.cycle.manager.default"].create({"name": "Default", "program_id": program.id})
wrapper = env["g2p.cycle.manager"].create(
    {"program_id": program.id, "manager_ref_id": f"{manager._name},{manager.id}"}
)
program.cycle_managers = [(4, wrapper.id)]
cycles = {
    name: env["g2p.cycle"].create(
        {
            "name": name,
            "program_id": program.id,
            "sequence": sequence,
            "start_date": date.today(),
            "end_date": date.today() + timedelta(days=1),
        }
    )
    for sequence, name in enumerate(
        ("on", "off", "unset", "negative", "lesson", "reversed", "over", "ended")
    )
}
memberships = {
    name: env["g2p.cycle.membership"]
    .create({"cycle_id": cycles["on"].id, "partner_id": registrant.id})
    .id
    for name, registrant in registrants.items()
}

# IDs, and those that the attendance system knows people by

id_types = [env["g2p.id.type"].create({"name": name}) for name in ("National ID", "Card")]
numbered = env["res.partner"].create(
    [{"name": f"Person {number}", "is_registrant": True} for number in range(38)]
)
kept = {people["Ana"]: "ID-1", people["Ben"]: " ID-2 ", people["Cleo"]: "OLD-9"}
kept.update((person.id, f"G{number}") for number, person in enumerate(numbered))
ids = {people["Ana"]: "ID-1", people["Ben"]: "ID-2", people["Cleo"]: "N-9"}
ids.update((person.id, f"G{number}") for number, person in enumerate(numbered))
env["g2p.reg.id"].create(
    [
        {"partner_id": person, "id_type": id_types[0].id, "value": value}
        for person, value in ids.items()
    ]
    + [
        {"partner_id": person.id, "id_type": id_types[1].id, "value": f"C{person.id}"}
        for person in numbered
    ]
)
env.flush_all()
env.cr.execute("UPDATE res_partner SET personal_identifier = NULL")
for person, value in kept.items():
    env.cr.execute("UPDATE res_partner SET personal_identifier = %s WHERE id = %s", [value, person])
parameters = {
    "attendance_server_url": f" {A}/ ",
    "attendance_client_id": "client",
    "attendance_client_secret": "secret",
    "attendance_type_endpoint": "/attendance/types",
}
for name, value in parameters.items():
    env["ir.config_parameter"].set_param(f"{MODULE}.{name}", value)
env.flush_all()

# Types and locations

for table in ("spp_res_config_attendance_type", "spp_res_config_attendance_location"):
    insert(
        table,
        ("id", "name", "external_id", "external_source"),
        (
            (3, "Class", 1, f"{A}/"),
            (5, "Lesson", 1, A),
            (6, "Elsewhere", 1, B),
            (8, "Home", 0, ""),
            (9, "Yard", 0, " "),
            (10, "Zero", 0, A),
            (11, "Zero again", 0, A),
        ),
    )
env.cr.execute("UPDATE spp_res_config_attendance_type SET set_as_default = (id = 5)")

# Cycles and their memberships

for name, *values in (
    ("on", True, None, None, 4, "2026-01-01", "2026-01-31"),
    ("off", False, 3, 3, 10, None, None),
    ("unset", None, None, None, None, None, None),
    ("negative", True, 8, 8, -1, None, None),
    ("lesson", True, 5, 5, 0, None, None),
    ("reversed", True, 10, 11, 2, "2026-01-31", "2026-01-01"),
    ("over", True, None, None, 2, None, None),
    ("ended", True, None, None, 2, None, None),
):
    env.cr.execute(
        """
        UPDATE g2p_cycle SET (
            use_attendance_criteria, attendance_type_id, attendance_location_id,
            required_number_of_attendance, from_date, to_date
        ) = (%s, %s, %s, %s, %s, %s) WHERE id = %s
        """,
        [*values, cycles[name].id],
    )
for name, number in (("Ana", 7), ("Ben", 12), ("Cleo", 0), ("Dan", None)):
    env.cr.execute(
        "UPDATE g2p_cycle_membership SET number_of_attendance = %s WHERE id = %s",
        [number, memberships[name]],
    )
insert(
    "spp_cycle_group_membership_attendance",
    ("id", "cycle_membership_id", "individual_id", "number_of_attendance_str", "state"),
    [
        (number, memberships[membership], people[person], text, state)
        for number, (membership, person, text, state) in enumerate(
            (
                ("House", "Ana", "3", "not_included"),
                ("House", "Ben", " 7.0 ", "included"),
                ("House", "Ana", "8", "included"),
                ("House", "Ana", "5", "not_included"),
                ("House", "Cleo", "three", "not_included"),
                ("House", "Dan", "", None),
                ("House", "Eve", "99999999999", "included"),
                ("Ana", "Ana", "7.5", "included"),
                ("Ben", "Ben", "007", "included"),
                ("Cleo", "Cleo", "+5", "included"),
                ("Dan", "Dan", "1_000", "included"),
                ("Eve", "Eve", "٣", "included"),
                ("Eve", "Dan", "NaN", "odd"),
            ),
            1,
        )
    ],
)

# Events

insert(
    "spp_event_attendance",
    (
        *("id", "individual_id", "attendance_date", "attendance_time", "attendance_type_id"),
        *("attendance_location_id", "event_data_source", "event_data_external_id"),
        *("submitted_by", "submitted_datetime", "attendance_description"),
    ),
    [
        (*values, "officer", "2026-01-09 10:00:00", "<b>as said</b> & done")
        for values in (
            (1, people["Ana"], "2026-01-05", "09:00:00", 3, 3, f"{A}/", 11),
            (2, people["Ana"], "2026-01-06", "09:00:00", 5, 5, f" {A} ", 12),
            (3, people["Ana"], "2026-01-05", "09:00:00", 5, 5, A, 11),
            (4, people["Ben"], "2026-01-05", "09:00:00", 3, 3, A, 11),
            (5, people["Ana"], "2026-01-07", "", 8, 8, None, 0),
            (6, people["Ana"], "2026-01-07", "25:99", None, None, "", 0),
            (7, people["Ana"], "2026-01-08", "09:00:00", None, None, B, 11),
            (8, people["Cleo"], "2026-01-05", "9", None, None, A, 31),
            (9, people["Cleo"], "2026-01-05", "9", None, None, f"{A}//", 31),
            (10, people["Cleo"], "2026-01-05", "9", None, None, f"\t{A}/\n", 31),
            (11, people["Dan"], "0003-01-01", "9", None, None, A, 0),
            (12, people["Dan"], "6209-01-05", "9", None, None, A, 0),
            (13, None, "2026-01-05", "9", 10, 11, A, 41),
            (14, None, "2026-01-05", "9", None, None, A, 41),
            (15, people["House"], "2026-01-05", "9", None, None, None, None),
        )
    ],
)
insert(
    "spp_event_data",
    ("id", "model", "res_id", "partner_id", "state", "collection_date"),
    [
        (number, model, res_id, people.get(name), state, "2026-01-05")
        for number, model, res_id, name, state in (
            (101, "spp.event.attendance", 1, "Ana", "inactive"),
            (102, "spp.event.attendance", 2, "Ana", "inactive"),
            (103, "spp.event.attendance", 3, "Ana", "inactive"),
            (104, "spp.event.attendance", 4, "Ben", "inactive"),
            (105, "spp.event.attendance", 5, "Ana", "inactive"),
            (106, "spp.event.attendance", 6, "Ana", "inactive"),
            (107, "spp.event.attendance", 7, "Ana", "inactive"),
            (108, "spp.event.attendance", 8, "Cleo", "active"),
            (109, "spp.event.attendance", 9, "Cleo", "active"),
            (110, "spp.event.attendance", 10, "Cleo", "active"),
            (111, "spp.event.attendance", 11, "Dan", "active"),
            (112, "spp.event.attendance", 12, "Dan", "inactive"),
            # Another kind of event, whose number is that of a duplicate.
            (113, "res.partner", 3, "Ana", "active"),
            # The earlier module deleted what was out of the dates that it asked for.
            (114, "spp.event.attendance", 99, "Ana", "active"),
            (115, "spp.event.attendance", 98, "Eve", "active"),
            (116, "spp.event.attendance", 13, None, "active"),
            (117, "no.such.model", 1, "Eve", "active"),
        )
    ],
)

# Entitlements and their transactions

common = {"cycle_id": cycles["over"].id, "partner_id": people["Ana"]}
moved = {
    "transaction_type": "PURCHASE",
    "currency_id": main.currency_id.id,
    "timestamp_transaction_created": "2026-01-15 12:00:00",
    "user_id": env.uid,
}
made = []
for state in ENTITLEMENT_STATES:
    cash = env["g2p.entitlement"].create({**common, "initial_amount": 100})
    inkind = env["g2p.entitlement.inkind"].create({**common, "qty": 10})
    env["spp.entitlement.transactions"].create(
        {
            **moved,
            "entitlement_id": cash.id,
            "amount_charged_by_service_point": 100 if state == "rdpd2ben" else 40,
            "transaction_uuid": f"cash {state}",
        }
    )
    env["spp.inkind.entitlement.transactions"].create(
        {**moved, "entitlement_id": inkind.id, "quantity": 10, "transaction_uuid": f"rice {state}"}
    )
    made += [(cash, state), (inkind, state)]
for name in ("over", "ended", "unset"):
    entitlement = env["g2p.entitlement"].create(
        {**common, "cycle_id": cycles[name].id, "initial_amount": 100}
    )
    made.append((entitlement, "approved"))
env.flush_all()
for entitlement, state in made:
    env.cr.execute(
        f"UPDATE {entitlement._table} SET state = %s WHERE id = %s", [state, entitlement.id]
    )
for name, state in (("over", "distributed"), ("ended", "ended")):
    env.cr.execute(
        "UPDATE g2p_cycle SET state = %s, start_date = '2026-01-01', end_date = '2026-01-31'"
        " WHERE id = %s",
        [state, cycles[name].id],
    )
env.cr.execute("UPDATE g2p_cycle SET state = 'approved' WHERE id = %s", [cycles["unset"].id])

# What people have made of the earlier modules' pages

action_id = get_external_id("action_spp_event_attendance")
env.cr.execute(
    "INSERT INTO ir_filters (name, model_id, domain, context, sort, action_id, active)"
    " VALUES (%s, %s, %s, '{}', '[]', %s, TRUE)",
    [
        *("In January", "spp.event.attendance"),
        *("[('attendance_date', '<', '2026-02-01')]", action_id),
    ],
)
env.cr.execute(
    "INSERT INTO ir_ui_menu (name, parent_id, action, active, sequence)"
    " VALUES (%s, %s, %s, TRUE, 10)",
    [
        json.dumps({"en_US": "Our types"}),
        get_external_id("menu_attendance_settings"),
        f"ir.actions.act_window,{get_external_id('config_attendance_type_window')}",
    ],
)
for name, inherited, arch in (
    (
        "Fits",
        "view_spp_event_attendance_form",
        "<xpath expr=\"//field[@name='submission_source']\" position='after'>"
        "<field name='create_date'/></xpath>",
    ),
    (
        "Fits as well",
        "config_attendance_type_form",
        "<field name='description' position='after'><field name='create_date'/></field>",
    ),
    (
        "Does not fit",
        "view_spp_event_attendance_form",
        "<xpath expr=\"//group[@name='gone']\" position='inside'/>",
    ),
    (
        "Names a field that is gone",
        "view_cycle_membership_form",
        "<xpath expr='//sheet' position='inside'><field name='partner_is_group'/></xpath>",
    ),
):
    inherited_id = get_external_id(inherited)
    env.cr.execute(
        "INSERT INTO ir_ui_view (name, model, type, inherit_id, mode, arch_db, active, priority)"
        " SELECT %s, model, type, id, 'extension', %s, TRUE, 99 FROM ir_ui_view WHERE id = %s",
        [name, json.dumps({"en_US": arch}), inherited_id],
    )
env.cr.commit()
