"""A database as the earlier module left it, made of the platform's. Run inside `odoo shell`.

Some of what it shows is odd on purpose: these rows are what the upgrade has to cope with.
"""

from datetime import date, timedelta

MODULE = "spp_cycle_attendance_compliance"
TYPE_TABLES = ("spp_res_config_attendance_type", "spp_res_config_attendance_location")


def insert(table, columns, rows):
    marks = ", ".join(["%s"] * len(columns))
    for row in rows:
        env.cr.execute(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", row)
    env.cr.execute(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))")


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
    for sequence, name in enumerate(("on", "off", "unset", "negative", "lesson"))
}
memberships = {
    name: env["g2p.cycle.membership"]
    .create({"cycle_id": cycles["on"].id, "partner_id": registrant.id})
    .id
    for name, registrant in registrants.items()
}
parameters = env["ir.config_parameter"]
parameters.set_param(f"{MODULE}.attendance_server_url", " https://a.example.org/ ")
parameters.set_param(f"{MODULE}.attendance_type_endpoint", "/kinds")

# What the earlier module's data files brought: a parameter, and a view of a field that is no more

endpoint = parameters.search([("key", "=", f"{MODULE}.attendance_type_endpoint")])
view = env["ir.ui.view"].create(
    {
        "name": "earlier",
        "model": "g2p.cycle",
        "inherit_id": env.ref("g2p_programs.view_cycle_form").id,
        "arch": '<xpath expr="//sheet" position="inside"><field name="sequence" /></xpath>',
    }
)
env["ir.model.data"].create(
    [
        {"module": MODULE, "name": "earlier_view", "model": view._name, "res_id": view.id},
        {"module": MODULE, "name": "earlier_url", "model": endpoint._name, "res_id": endpoint.id},
    ]
)
env.flush_all()
# Odoo itself would refuse it.
env.cr.execute(
    "UPDATE ir_ui_view SET arch_db = replace(arch_db::text, 'sequence', 'is_expired')::jsonb"
    " WHERE id = %s",
    [view.id],
)

# Types and locations

for table in TYPE_TABLES:
    env.cr.execute(
        f"""
        CREATE TABLE {table} (
            id serial PRIMARY KEY, name varchar NOT NULL, description text, external_id integer,
            external_source varchar, CONSTRAINT {table}_unique_name UNIQUE (name)
        )
        """
    )
    insert(
        table,
        ("id", "name", "external_id", "external_source"),
        (
            (3, "Class", 1, "https://a.example.org/"),
            (5, "Lesson", 1, "https://a.example.org"),
            (6, "Elsewhere", 1, "https://b.example.org"),
            (8, "Home", 0, None),
            (9, "Yard", 0, None),
        ),
    )
env.cr.execute("ALTER TABLE spp_res_config_attendance_type ADD COLUMN set_as_default boolean")
env.cr.execute("UPDATE spp_res_config_attendance_type SET set_as_default = (id = 5)")

# Cycles and their memberships

env.cr.execute(
    """
    ALTER TABLE g2p_cycle
        ADD COLUMN use_attendance_criteria boolean,
        ADD COLUMN attendance_type_id integer REFERENCES spp_res_config_attendance_type,
        ADD COLUMN attendance_location_id integer REFERENCES spp_res_config_attendance_location,
        ADD COLUMN required_number_of_attendance integer,
        ADD COLUMN from_date date,
        ADD COLUMN to_date date
    """
)
for name, *values in (
    ("on", True, None, None, 4, "2026-01-01", "2026-01-31"),
    ("off", False, 3, 3, 10, None, None),
    ("unset", None, None, None, None, None, None),
    ("negative", True, 8, 8, -1, None, None),
    ("lesson", True, 5, 5, 0, None, None),
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
env.cr.execute("ALTER TABLE g2p_cycle_membership ADD COLUMN number_of_attendance varchar")
for name, text in (("Ana", "7"), ("Ben", " 12 "), ("Cleo", "many"), ("Dan", "")):
    env.cr.execute(
        "UPDATE g2p_cycle_membership SET number_of_attendance = %s WHERE id = %s",
        [text, memberships[name]],
    )
env.cr.execute(
    """
    CREATE TABLE spp_cycle_group_membership_attendance (
        id serial PRIMARY KEY,
        cycle_membership_id integer REFERENCES g2p_cycle_membership,
        individual_id integer REFERENCES res_partner,
        number_of_attendance_str varchar,
        state varchar
    )
    """
)
insert(
    "spp_cycle_group_membership_attendance",
    ("id", "cycle_membership_id", "individual_id", "number_of_attendance_str", "state"),
    (
        (1, memberships["House"], people["Ana"], "3", "not_included"),
        (2, memberships["House"], people["Ben"], " 7.0 ", "included"),
        (3, memberships["House"], people["Ana"], "8", "included"),
        (4, memberships["House"], people["Ana"], "5", "not_included"),
        (5, memberships["House"], people["Cleo"], "three", "not_included"),
        (6, memberships["House"], people["Dan"], None, "not_included"),
        (7, memberships["House"], people["Eve"], "99999999999", "included"),
        (8, memberships["Ana"], people["Ana"], "7.5", "included"),
        (9, memberships["Ben"], people["Ben"], "007", "included"),
    ),
)

# Events

env.cr.execute("ALTER TABLE res_partner ADD COLUMN personal_identifier varchar")
for name, identifier in (("Ana", "ID-1"), ("Ben", " ID-2 ")):
    env.cr.execute(
        "UPDATE res_partner SET personal_identifier = %s WHERE id = %s", [identifier, people[name]]
    )
env.cr.execute(
    """
    CREATE TABLE spp_event_attendance (
        id serial PRIMARY KEY,
        individual_id integer REFERENCES res_partner,
        attendance_date date,
        attendance_time varchar,
        attendance_type_id integer REFERENCES spp_res_config_attendance_type,
        attendance_location_id integer REFERENCES spp_res_config_attendance_location,
        attendance_description varchar,
        attendance_external_url varchar,
        submitted_by varchar,
        submitted_datetime varchar,
        submission_source varchar,
        event_data_source varchar,
        event_data_external_id integer
    )
    """
)
A, B = "https://a.example.org", "https://b.example.org"
insert(
    "spp_event_attendance",
    (
        *("id", "individual_id", "attendance_date", "attendance_time", "attendance_type_id"),
        *("attendance_location_id", "event_data_source", "event_data_external_id"),
    ),
    (
        (1, people["Ana"], "2026-01-05", "09:00:00", 3, 3, f"{A}/", 11),
        (2, people["Ana"], "2026-01-06", "09:00:00", 5, 5, f" {A} ", 12),
        (3, people["Ana"], "2026-01-05", "09:00:00", 5, 5, A, 11),
        (4, people["Ben"], "2026-01-05", "09:00:00", 3, 3, A, 11),
        (5, people["Ana"], "2026-01-07", None, 8, 8, None, 0),
        (6, people["Ana"], "2026-01-07", None, None, None, "", 0),
        (7, people["Ana"], "2026-01-08", None, None, None, B, 11),
        (8, people["Cleo"], "2026-01-05", None, None, None, A, 31),
        (9, people["Cleo"], "2026-01-05", None, None, None, f"{A}//", 31),
        (10, people["Cleo"], "2026-01-05", None, None, None, f"\t{A}/\n", 31),
        (11, people["Dan"], "2026-01-05", None, None, None, A, 0),
        (12, people["Dan"], "2026-01-05", None, None, None, A, 0),
    ),
)
insert(
    "spp_event_data",
    ("id", "model", "res_id", "partner_id", "state", "collection_date"),
    [
        (number, model, res_id, people[name], state, "2026-01-05")
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
        )
    ],
)

# Installed

env["ir.module.module"].update_list()
env["ir.module.module"].search([("name", "=", MODULE)]).state = "installed"
env.cr.commit()
