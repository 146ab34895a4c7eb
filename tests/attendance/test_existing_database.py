"""A database of the earlier module, 17.0.1.0.0, is upgraded in place."""

import os
from pathlib import Path

import pytest

from harness.addons import needed_from_outside

ADDON = "spp_cycle_attendance_compliance"
SEED = Path(__file__).parent / "scripts" / "seed_existing.py"
EVENTS = "spp_event_attendance"
MEMBERS = "spp_cycle_group_membership_attendance"
TYPES = "spp_res_config_attendance_type"
LOCATIONS = "spp_res_config_attendance_location"
# All that the upgrade may touch.
TABLES = (
    EVENTS,
    "spp_event_data",
    TYPES,
    LOCATIONS,
    "g2p_cycle",
    "g2p_cycle_membership",
    MEMBERS,
    "(SELECT id, personal_identifier FROM res_partner)",
    f"(SELECT id, value FROM ir_config_parameter WHERE key LIKE '{ADDON}.%')",
)
A, B = "https://a.example.org", "https://b.example.org"


def rows(columns, source):
    """A query for some columns of all rows, by id: `(1,text,,t) (2, ...`; NULL is nothing."""
    return f"SELECT string_agg(ROW({columns})::text, ' ' ORDER BY id) FROM {source}"


CATEGORIES = f"(3,Class,{A},1,t) (5,Lesson,{A},,f) (6,Elsewhere,{B},1,t) (8,Home,,,t) (9,Yard,,,t)"
CRITERIA = "(external,days,number,80,any,1,50,[],absent)"
CASES = {
    "duplicate events are one, addresses are normal, 0 is no number": (
        rows("id, event_data_source, event_data_external_id", EVENTS),
        f"(1,{A},11) (2,{A},12) (4,{A},11) (5,,) (6,,) (7,{B},11) (8,{A},31) (11,{A},) (12,{A},)",
    ),
    "events are presences that count, of the person's company": (
        rows(
            "id, attendance_category, withdrawn, "
            "(SELECT name = 'Second' FROM res_company WHERE id = company_id)",
            EVENTS,
        ),
        "(1,present,f,f) (2,present,f,f) (4,present,f,t) (5,present,f,f) (6,present,f,f) "
        "(7,present,f,f) (8,present,f,f) (11,present,f,f) (12,present,f,f)",
    ),
    "events keep what they were": (
        rows("id, attendance_date, attendance_time", f"{EVENTS} WHERE id < 5"),
        "(1,2026-01-05,09:00:00) (2,2026-01-06,09:00:00) (4,2026-01-05,09:00:00)",
    ),
    "events have the type and location that stand for the server's": (
        rows("id, attendance_type_id, attendance_location_id", EVENTS),
        "(1,3,3) (2,3,3) (4,3,3) (5,8,8) (6,,) (7,,) (8,,) (11,,) (12,,)",
    ),
    "event data: none lost, of the kept event, the newest of a person active": (
        rows("id, res_id, state", "spp_event_data"),
        "(101,1,inactive) (102,2,inactive) (103,1,inactive) (104,4,active) (105,5,inactive) "
        "(106,6,inactive) (107,7,active) (108,8,inactive) (109,8,inactive) (110,8,active) "
        "(111,11,inactive) (112,12,active) (113,3,active) (114,99,inactive) (115,98,active)",
    ),
    "types keep their ids; one of those with the same number keeps it": (
        rows("id, name, external_source, external_id, active", TYPES),
        CATEGORIES,
    ),
    "locations keep their ids; one of those with the same number keeps it": (
        rows("id, name, external_source, external_id, active", LOCATIONS),
        CATEGORIES,
    ),
    "the default type is one in use": (
        rows("id", f"{TYPES} WHERE set_as_default AND active"),
        "(3)",
    ),
    "cycles: criteria and required number": (
        rows("name, use_attendance_criteria, required_number_of_attendance", "g2p_cycle"),
        "(on,t,4) (off,f,10) (unset,t,10) (negative,t,10) (lesson,t,10)",
    ),
    "cycles: type, location and dates": (
        rows("attendance_type_id, attendance_location_id, from_date, to_date", "g2p_cycle"),
        "(,,2026-01-01,2026-01-31) (3,3,,) (,,,) (8,8,,) (3,3,,)",
    ),
    "cycles: the defaults of what is new": (
        rows(
            "attendance_source, attendance_unit, attendance_requirement, required_percentage, "
            "household_rule, household_number, household_percentage, member_domain, no_data_rule",
            "g2p_cycle",
        ),
        " ".join([CRITERIA] * 5),
    ),
    "memberships: numbers, and nothing decided": (
        rows("number_of_attendance, attendance_status", "g2p_cycle_membership"),
        "(7,) (12,) (0,) (0,) (0,) (0,)",
    ),
    "members of a household: numbers, once each with the highest": (
        rows("id, number_of_attendance, counts, state", MEMBERS),
        "(1,8,t,included) (2,7,t,included) (5,0,t,not_included) (6,0,t,not_included) "
        "(7,0,t,included) (8,0,t,included) (9,7,t,included)",
    ),
    "personal identifiers stay": (
        rows("name, personal_identifier", "res_partner WHERE personal_identifier IS NOT NULL"),
        '(Ana,ID-1) (Ben," ID-2 ")',
    ),
    "parameters": (
        "SELECT string_agg(concat_ws(' ', split_part(key, '.', 2), value), ', ' ORDER BY key) "
        f"FROM ir_config_parameter WHERE key LIKE '{ADDON}.%'",
        f"attendance_server_url {A}, attendance_type_endpoint /kinds, "
        "use_attendance_criteria_by_default True",
    ),
    "numbers are numbers, and the text is gone": (
        "SELECT string_agg(concat_ws(' ', column_name, data_type), ', ' ORDER BY table_name) "
        "FROM information_schema.columns WHERE column_name LIKE 'number_of_attendance%' "
        f"AND table_name IN ('g2p_cycle_membership', '{MEMBERS}')",
        "number_of_attendance integer, number_of_attendance integer",
    ),
    "what must be unique now": (
        "SELECT string_agg(concat_ws(' ', conrelid::regclass, pg_get_constraintdef(oid)), ', ' "
        "ORDER BY conrelid::regclass::text) FROM pg_constraint WHERE contype = 'u' "
        f"AND conrelid::regclass::text IN ('{EVENTS}', '{MEMBERS}', '{TYPES}', '{LOCATIONS}')",
        f"{MEMBERS} UNIQUE (cycle_membership_id, individual_id), "
        f"{EVENTS} UNIQUE (individual_id, event_data_source, event_data_external_id), "
        f"{LOCATIONS} UNIQUE (external_source, external_id), "
        f"{TYPES} UNIQUE (external_source, external_id)",
    ),
    "what is required is there": (
        "SELECT count(*) FROM information_schema.columns WHERE is_nullable = 'NO' AND "
        f"(table_name, column_name) IN (('{EVENTS}', 'attendance_category'), "
        "('g2p_cycle', 'attendance_source'), ('g2p_cycle', 'attendance_unit'), "
        "('g2p_cycle', 'attendance_requirement'), ('g2p_cycle', 'household_rule'), "
        "('g2p_cycle', 'no_data_rule'))",
        "6",
    ),
    "the earlier module's view is gone": (
        "SELECT count(*) FROM ir_ui_view WHERE name = 'earlier'",
        "0",
    ),
}
# What an older patch level may not have had, and what is there after the upgrade all the same.
LACKING = {
    "columns": (
        f"""
        ALTER TABLE {EVENTS} DROP event_data_source, DROP event_data_external_id,
            DROP attendance_type_id;
        ALTER TABLE {TYPES} DROP external_source, DROP external_id, DROP set_as_default;
        ALTER TABLE {LOCATIONS} DROP external_id;
        ALTER TABLE {MEMBERS} DROP number_of_attendance_str, DROP state;
        ALTER TABLE g2p_cycle DROP use_attendance_criteria, DROP required_number_of_attendance,
            DROP attendance_location_id;
        ALTER TABLE g2p_cycle_membership DROP number_of_attendance;
        ALTER TABLE res_partner DROP personal_identifier;
        """,
        {
            f"SELECT count(*) FROM {EVENTS} WHERE attendance_category = 'present'": "12",
            f"SELECT count(*) FROM {TYPES} WHERE active": "5",
            f"SELECT count(*) FROM {LOCATIONS} WHERE active": "5",
            f"SELECT count(*) FROM {MEMBERS} WHERE number_of_attendance IS NULL": "7",
        },
    ),
    "tables": (
        f"""
        DROP TABLE {EVENTS}, {MEMBERS};
        DROP TABLE {TYPES}, {LOCATIONS} CASCADE;
        ALTER TABLE g2p_cycle DROP use_attendance_criteria, DROP required_number_of_attendance,
            DROP attendance_type_id, DROP attendance_location_id;
        """,
        {
            f"SELECT count(*) FROM {EVENTS}": "0",
            f"SELECT count(*) FROM {TYPES}": "0",
            f"SELECT count(*) FROM {MEMBERS}": "0",
        },
    ),
}
LACKING_CYCLES = " ".join(f"({name},t,10)" for name in ["on", "off", "unset", "negative", "lesson"])


class Existing:
    """Copies of a database of the earlier module."""

    def __init__(self, env):
        self.env, self.databases = env, env.databases
        self.made = []

    def seed(self):
        """Make the database that all others are copies of."""
        platform = self.databases.platform(needed_from_outside(self.env.addons))
        self.seeded = self.copy(platform)
        self.env.shell(self.seeded, SEED)

    def copy(self, template):
        name = self.databases.name(f"elder{os.getpid()}x{len(self.made)}")
        self.made.append(name)
        self.databases.copy(template, name)
        return name

    def upgrade(self, name, folder):
        """Upgrade a database, whatever its version is, from the earlier module's."""
        elder = f"{self.env.server.series}.1.0.0"
        self.databases.sql(
            f"UPDATE ir_module_module SET latest_version = '{elder}' WHERE name = '{ADDON}'", name
        )
        log = folder / "odoo.log"
        self.env.run_odoo(log, "--no-http", "-u", ADDON, db=name, failing="The upgrade failed:")


@pytest.fixture(scope="module")
def existing(odoo_env):
    existing = Existing(odoo_env)
    try:
        existing.seed()
        yield existing
    finally:
        for name in existing.made:
            existing.databases.drop(name)


@pytest.fixture(scope="module")
def upgraded(existing, tmp_path_factory):
    name = existing.copy(existing.seeded)
    existing.upgrade(name, tmp_path_factory.mktemp("upgrade"))
    return name


@pytest.mark.parametrize("case", CASES)
def test_upgrade(existing, upgraded, case):
    query, expected = CASES[case]
    assert existing.databases.sql(query, upgraded) == expected


def test_second_upgrade_changes_nothing(existing, upgraded, tmp_path):
    name = existing.copy(upgraded)
    existing.upgrade(name, tmp_path)
    for table in TABLES:
        content = rows("row.*", f"{table} AS row")
        before, after = (existing.databases.sql(content, each) for each in (upgraded, name))
        assert after == before


@pytest.mark.parametrize("what", LACKING)
def test_older_patch_level(existing, tmp_path, what):
    lacking, expected = LACKING[what]
    name = existing.copy(existing.seeded)
    existing.databases.sql(lacking, name)
    existing.upgrade(name, tmp_path)
    cycles = rows("name, use_attendance_criteria, required_number_of_attendance", "g2p_cycle")
    for query, answer in {cycles: LACKING_CYCLES, **expected}.items():
        assert existing.databases.sql(query, name) == answer
    assert existing.databases.sql("SELECT count(*) FROM spp_event_data", name) == "15"
