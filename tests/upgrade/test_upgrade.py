"""Databases of the earlier modules (17.0.1) are upgraded in place, with everything in them."""

import json

import pytest
from earlier import COMPLAINT, EVENTS, FACTS, LOCATIONS, MEMBERS, TYPES, rows

ADDON = "spp_cycle_attendance_compliance"
A, B = "{server}", "https://b.example.org"
URL = "(SELECT url FROM spp_attendance_source AS source WHERE source.id = source_id)"
CATEGORIES = (
    f"(3,Class,{A},1,t) (5,Lesson,{A},,f) (6,Elsewhere,{B},1,t) (8,Home,,,t) (9,Yard,,,t) "
    f'(10,Zero,{A},,t) (11,"Zero again",{A},,t)'
)
CRITERIA = "(server,days,number,80,any,1,50,[],absent)"
CASES = {
    "addresses are normal, 0 is no number, one event has a number of the server": (
        rows("id, event_data_source, event_data_external_id", EVENTS),
        f"(1,{A},11) (2,{A},12) (3,{A},) (4,{A},11) (5,,) (6,,) (7,{B},11) (8,{A},31) (9,{A},) "
        f"(10,{A},) (11,{A},) (12,{A},) (13,{A},41) (14,{A},41) (15,,)",
    ),
    "events are presences of the person's company; what is there twice is withdrawn": (
        rows(
            "id, attendance_category, withdrawn, "
            "(SELECT name = 'Second' FROM res_company WHERE id = company_id)",
            EVENTS,
        ),
        "(1,present,f,f) (2,present,f,f) (3,present,t,f) (4,present,f,t) (5,present,f,f) "
        "(6,present,f,f) (7,present,f,f) (8,present,f,f) (9,present,t,f) (10,present,t,f) "
        "(11,present,f,f) (12,present,f,f) (13,present,f,) (14,present,f,) (15,present,f,f)",
    ),
    "the trace of what was withdrawn": (
        rows("event_id, field_name, new_value", "spp_event_attendance_change"),
        "(3,withdrawn,true) (9,withdrawn,true) (10,withdrawn,true)",
    ),
    "events have the type and location that stand for the server's": (
        rows("id, attendance_type_id, attendance_location_id", EVENTS),
        "(1,3,3) (2,3,3) (3,3,3) (4,3,3) (5,8,8) (6,,) (7,,) (8,,) (9,,) (10,,) (11,,) (12,,) "
        "(13,10,11) (14,,) (15,,)",
    ),
    "event data: the newest of a person that counts is active": (
        rows("id, state", "spp_event_data"),
        "(101,inactive) (102,inactive) (103,inactive) (104,active) (105,inactive) "
        "(106,inactive) (107,active) (108,active) (109,inactive) (110,inactive) "
        "(111,inactive) (112,active) (113,active) (114,inactive) (115,active) "
        "(116,active) (117,active)",
    ),
    "types: one of those with the same number keeps it": (
        rows(f"id, name, {URL}, external_id, active", TYPES),
        CATEGORIES,
    ),
    "locations: one of those with the same number keeps it": (
        rows(f"id, name, {URL}, external_id, active", LOCATIONS),
        CATEGORIES,
    ),
    "the default type is one in use": (
        rows("id", f"{TYPES} WHERE set_as_default AND active"),
        "(3)",
    ),
    "cycles: criteria and required number": (
        rows("name, use_attendance_criteria, required_number_of_attendance", "g2p_cycle"),
        "(on,t,4) (off,f,10) (unset,f,0) (negative,t,0) (lesson,t,0) (reversed,t,2) (over,t,2) "
        "(ended,t,2)",
    ),
    "cycles: type, location and dates": (
        rows("attendance_type_id, attendance_location_id, from_date, to_date", "g2p_cycle"),
        "(,,2026-01-01,2026-01-31) (3,3,,) (,,,) (8,8,,) (3,3,,) (10,11,2026-01-31,2026-01-01) "
        "(,,,) (,,,)",
    ),
    "cycles: without dates, all attendance so far counts until they are approved": (
        rows("name, attendance_period", "g2p_cycle"),
        "(on,dates) (off,all) (unset,cycle) (negative,all) (lesson,all) (reversed,dates) "
        "(over,cycle) (ended,cycle)",
    ),
    "cycles: the defaults of what is new": (
        rows(
            "(SELECT protocol FROM spp_attendance_source AS source "
            "WHERE source.id = attendance_source_id AND active), attendance_unit, "
            "attendance_requirement, required_percentage, "
            "household_rule, household_number, household_percentage, member_domain, no_data_rule",
            "g2p_cycle",
        ),
        " ".join([CRITERIA] * 8),
    ),
    "conditions: what each cycle asked for": (
        rows(
            "(SELECT name FROM g2p_cycle WHERE id = cycle_id), about, over, type_id, location_id, "
            "unit, requirement, required_number, required_percentage",
            "spp_attendance_condition",
        ),
        "(on,everybody,period,,,days,number,4,80) (off,everybody,period,3,3,days,number,10,80) "
        "(unset,everybody,period,,,days,number,0,80) "
        "(negative,everybody,period,8,8,days,number,0,80) "
        "(lesson,everybody,period,3,3,days,number,0,80) "
        "(reversed,everybody,period,10,11,days,number,2,80) "
        "(over,everybody,period,,,days,number,2,80) (ended,everybody,period,,,days,number,2,80)",
    ),
    "memberships: nothing decided": (
        rows("coalesce(number_of_attendance, 0), attendance_status", "g2p_cycle_membership"),
        "(7,) (12,) (0,) (0,) (0,) (0,)",
    ),
    "members of a household: numbers where there are some, else the text": (
        rows("id, number_of_attendance, number_of_attendance_str, counts", MEMBERS),
        '(1,3,,t) (2,7,,t) (3,8,,t) (4,5,,t) (5,,three,t) (6,,"",t) (7,,99999999999,t) '
        "(8,,7.5,t) (9,7,,t) (10,5,,t) (11,1000,,t) (12,3,,t) (13,,NaN,t)",
    ),
    "members of a household: the best row of each is shown": (
        rows("id", f"{MEMBERS} WHERE active"),
        "(2) (3) (5) (6) (7) (8) (9) (10) (11) (12) (13)",
    ),
    "no parameter is left": (
        "SELECT count(*) FROM ir_config_parameter"
        " WHERE key LIKE 'spp_cycle_attendance_compliance.%'",
        "0",
    ),
    "a source of the parameters, and an archived one of another address": (
        rows(
            "name, protocol, url, active, client_id, auth_kind, auth_endpoint, "
            "attendance_endpoint, type_endpoint, location_endpoint, allow_http, "
            "persons_per_request, company_id",
            "spp_attendance_source",
        ),
        '("What is recorded in OpenSPP",recorded,,t,,json,/auth/token,/attendances,'
        "/attendance/types,/attendance/locations,f,500,) "
        f'("Attendance System",server,{A},t,client,json,/auth/token,/attendances,'
        "/attendance/types,/attendance/locations,f,500,) "
        f"({B},server,{B},f,,json,/auth/token,/attendances,/attendance/types,"
        "/attendance/locations,f,500,)",
    ),
    "the secret is bound to its address": (
        "SELECT string_agg(concat_ws(' ', name, secret.url, secret), ', ')"
        " FROM spp_attendance_secret AS secret"
        " JOIN spp_attendance_source AS source ON source.id = source_id",
        f"Attendance System {A} secret",
    ),
    "events are tied to their sources": (
        f"SELECT count(*) FROM {EVENTS} AS event LEFT JOIN spp_attendance_source AS source"
        " ON source.id = source_id WHERE source.url IS DISTINCT FROM event_data_source",
        "0",
    ),
    "new cycles use attendance criteria": (
        "SELECT bool_and(attendance_criteria_by_default) FROM res_company",
        "t",
    ),
    "what must be unique now": (
        "SELECT string_agg(indexdef, ', ' ORDER BY indexdef) FROM pg_indexes "
        f"WHERE tablename IN ('{EVENTS}', '{MEMBERS}', '{TYPES}', '{LOCATIONS}')"
        " AND indexdef LIKE 'CREATE UNIQUE%' AND indexdef NOT LIKE '%(id)'",
        f"CREATE UNIQUE INDEX {MEMBERS}_shown_unique ON public.{MEMBERS} USING btree "
        "(cycle_membership_id, individual_id) WHERE active, "
        f"CREATE UNIQUE INDEX {EVENTS}_external_unique ON public.{EVENTS} USING btree "
        "(event_data_external_id, source_id, COALESCE(company_id, 0), "
        "(\nCASE\n    WHEN withdrawn THEN id\n    ELSE 0\nEND)) "
        "WHERE ((event_data_external_id > 0) AND (individual_id IS NOT NULL)), "
        f"CREATE UNIQUE INDEX {EVENTS}_file_unique ON public.{EVENTS} USING btree "
        "(file_record, source_id, COALESCE(company_id, 0), "
        "(\nCASE\n    WHEN withdrawn THEN id\n    ELSE 0\nEND)) "
        "WHERE ((file_record IS NOT NULL) AND (individual_id IS NOT NULL)), "
        f"CREATE UNIQUE INDEX {LOCATIONS}_external_unique ON public.{LOCATIONS} USING btree "
        "(source_id, external_id), "
        f"CREATE UNIQUE INDEX {TYPES}_external_unique ON public.{TYPES} USING btree "
        "(source_id, external_id)",
    ),
    "what is required is there": (
        "SELECT count(*) FROM information_schema.columns WHERE is_nullable = 'NO' AND "
        f"(table_name, column_name) IN (('{EVENTS}', 'attendance_category'), "
        "('spp_attendance_source', 'protocol'), ('spp_attendance_condition', 'unit'), "
        "('spp_attendance_condition', 'requirement'), ('g2p_cycle', 'household_rule'), "
        "('g2p_cycle', 'no_data_rule'))",
        "6",
    ),
    "entitlements: what was redeemed, and nothing settled": (
        "SELECT string_agg(DISTINCT concat_ws(' ', redeemed::float, entitlement_balance::float, "
        "is_settled), ', ') FROM g2p_entitlement",
        "0 100 f, 100 0 f, 40 60 f",
    ),
    "in-kind entitlements": (
        "SELECT string_agg(DISTINCT concat_ws(' ', redeemed::float, entitlement_balance::float, "
        "is_settled), ', ') FROM g2p_entitlement_inkind",
        "10 0 f",
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
        ALTER TABLE g2p_cycle_membership ALTER number_of_attendance TYPE varchar;
        UPDATE g2p_cycle_membership SET number_of_attendance = ' 7.0' WHERE partner_id = (
            SELECT id FROM res_partner WHERE name = 'Ana');
        ALTER TABLE res_partner DROP personal_identifier;
        UPDATE g2p_cycle SET from_date = '2026-01-01' WHERE name = 'unset';
        UPDATE g2p_cycle SET to_date = '2026-01-31' WHERE name = 'lesson';
        """,
        {
            # With one date only, the earlier module had no limit on the other side.
            "SELECT string_agg(concat_ws(' ', name, attendance_period, from_date, "
            "CASE WHEN to_date = end_date THEN 'its end' ELSE to_date::text END), ', ' ORDER BY "
            "name) FROM g2p_cycle WHERE name IN ('lesson', 'unset')": (
                "lesson dates 1900-01-01 2026-01-31, unset dates 2026-01-01 its end"
            ),
            f"SELECT count(*) FROM {EVENTS} WHERE attendance_category = 'present'": "15",
            f"SELECT count(*) FROM {TYPES} WHERE active": "7",
            f"SELECT count(*) FROM {LOCATIONS} WHERE active": "7",
            f"SELECT count(*) FROM {MEMBERS} WHERE number_of_attendance IS NULL": "13",
            "SELECT sum(number_of_attendance) FROM g2p_cycle_membership": "19",
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


@pytest.fixture(scope="session")
def upgraded(earlier, tmp_path_factory):
    """The database, upgraded once, and the log of that."""
    name = earlier.copy(earlier.name)
    return name, earlier.upgrade(name, tmp_path_factory.mktemp("upgrade") / "odoo.log")


@pytest.fixture(scope="session")
def found(earlier, upgraded):
    """What is found by opening all pages and working on an upgraded database."""
    return earlier.check(earlier.copy(upgraded[0]))


def test_the_facts_are_the_real_modules(earlier):
    assert earlier.facts == json.loads(FACTS.read_text())


@pytest.mark.parametrize("case", CASES)
def test_upgrade(earlier, server, upgraded, case):
    query, expected = CASES[case]
    assert earlier.sql(query, upgraded[0]) == expected.replace(A, server.url)


def test_nothing_is_lost(earlier, upgraded):
    assert earlier.read_kept(upgraded[0]) == earlier.held


def test_nothing_to_complain_about(upgraded):
    assert not COMPLAINT.findall(upgraded[1])


def test_external_ids_resolve(found):
    assert found["broken"] == []


def test_every_page_opens(found):
    assert found["opened"] == found["opened again"]
    for page in (
        *("form spp.event.attendance", "list spp.event.attendance", "pivot spp.event.attendance"),
        *("graph spp.event.attendance", "calendar spp.event.attendance"),
        *("form g2p.cycle", "form g2p.cycle.membership", "form res.partner"),
        *("form g2p.entitlement", "form g2p.entitlement.inkind", "pivot spp.redemption.report"),
        *("form spp.res.config.attendance.type", "list spp.attendance.run.line"),
    ):
        assert page in found["opened"]


def test_what_people_made_of_the_pages(found):
    assert found["own"] == {
        "filter": 13,
        "filter's action": "spp_cycle_attendance_compliance.action_spp_event_attendance",
        "menu": [
            "spp_cycle_attendance_compliance.menu_attendance_settings",
            "spp.res.config.attendance.type",
        ],
        "views": [
            ["Does not fit (does not fit any more)", False],
            ["Fits", True],
            ["Fits as well", True],
            ["Names a field that is gone (does not fit any more)", False],
        ],
    }


def test_the_id_type_is_chosen_by_the_kept_identifiers(found):
    assert found["id_type"] == "National ID"


def test_a_run_works(found):
    assert found["attendance"]["run"] == ["done", ""]
    assert found["attendance"]["memberships"] == {
        "Ana": [4, "compliant", "enrolled"],
        "Ben": [0, "non_compliant", "non_compliant"],
        # Asked about by the ID of the registry, which the attendance system does not know.
        "Cleo": [0, "no_data", "non_compliant"],
        "Dan": [0, "no_data", "non_compliant"],
        "Eve": [0, "no_data", "non_compliant"],
        "House": [0, "exempt", "enrolled"],
    }
    assert found["attendance"]["without dates"] == ["done", "", "1900-01-01", 4]
    assert "Correct the dates" in found["attendance"]["reversed"]


def test_what_was_over_is_held_back_and_the_rest_settles(found):
    partial, full = "parrdpd2ben", "rdpd2ben"
    closed = ["rejected1", "rejected2", "rejected3", "cancelled"]
    cash = ["draft", "pending_validation", partial, partial, full, partial, *closed, partial]
    (note,) = found["settlement"].pop("told")
    assert "back (2): over, ended." in note or "back (2): ended, over." in note
    assert found["settlement"] == {
        "held back": ["ended", "over"],
        "night": {"over": [], "ended": [], "unset": [["done", 1]]},
        "person": {
            **{"cycle": "ended", "settlement": [["done", 23]]},
            "cash": [*cash, "approved"],
            "inkind": ["draft", "pending_validation", *[full] * 4, *closed, full],
        },
    }


# What 17.0.2.2.1 had instead of sources; and the indexes of 17.0.2.2.0.
OF_17_0_2_2_1 = f"""
    ALTER TABLE {TYPES} ADD external_source varchar;
    UPDATE {TYPES} SET external_source = {URL};
    ALTER TABLE {LOCATIONS} ADD external_source varchar;
    UPDATE {LOCATIONS} SET external_source = {URL};
    ALTER TABLE g2p_cycle ADD attendance_source varchar NOT NULL DEFAULT 'external';
    UPDATE g2p_cycle SET attendance_source = 'recorded' WHERE name = 'over';
    ALTER TABLE spp_attendance_run ADD attendance_source varchar NOT NULL DEFAULT 'external';
    INSERT INTO ir_config_parameter (key, value)
        SELECT '{ADDON}.' || key, value FROM spp_attendance_source AS source
        JOIN spp_attendance_secret AS secret ON secret.source_id = source.id
        CROSS JOIN LATERAL (VALUES
            ('attendance_server_url', source.url), ('attendance_client_id', client_id),
            ('attendance_client_secret', secret), ('attendance_id_type_id', id_type_id::text),
            ('attendance_persons_per_request', '750'), ('attendance_allow_http', 'True'),
            ('brake_no_data_percentage', '30'), ('brake_non_compliant_percentage', '100')
        ) AS told (key, value);
    INSERT INTO ir_filters (name, model_id, domain, context, sort) VALUES
        ('Asked', 'g2p.cycle', '[("attendance_source", "=", "external")]',
         '{{"group_by": ["attendance_source"]}}', '[]');
    DELETE FROM ir_model_data WHERE module = '{ADDON}' AND name = 'source_recorded';
    ALTER TABLE {TYPES} DROP source_id;
    ALTER TABLE {LOCATIONS} DROP source_id;
    ALTER TABLE {EVENTS} DROP source_id;
    ALTER TABLE g2p_cycle DROP attendance_source_id;
    ALTER TABLE spp_attendance_run DROP attendance_source_id;
    ALTER TABLE spp_attendance_intake DROP source_id;
    ALTER TABLE res_company DROP attendance_no_data_limit, DROP attendance_non_compliant_limit,
        DROP attendance_criteria_by_default;
    DROP TABLE spp_attendance_secret;
    DROP TABLE spp_attendance_source CASCADE;
"""
OF_17_0_2_2_0 = f"""
    {OF_17_0_2_2_1}
    DROP INDEX {EVENTS}_individual_date_index, {EVENTS}_date_index;
    CREATE INDEX {EVENTS}__individual_id_index ON {EVENTS} (individual_id);
"""


@pytest.mark.parametrize(
    ("version", "change"), [("17.0.2.2.0", OF_17_0_2_2_0), ("17.0.2.2.1", OF_17_0_2_2_1)]
)
def test_from_before_the_sources(earlier, upgraded, tmp_path, version, change):
    name = earlier.copy(upgraded[0])
    earlier.set_version(name, ADDON, version)
    earlier.sql(change, name)
    log = earlier.upgrade(name, tmp_path / "odoo.log")
    assert not COMPLAINT.findall(log)
    indexes = f"SELECT indexdef FROM pg_indexes WHERE tablename = '{EVENTS}' ORDER BY indexname"
    assert earlier.sql(indexes, name) == earlier.sql(indexes, upgraded[0])
    for content in (
        rows("id, event_data_source, source_id, withdrawn, company_id", EVENTS),
        rows("id, source_id, external_id, name", TYPES),
        rows("id, source_id, external_id, name", LOCATIONS),
        rows("id, name, protocol, url, active, client_id, id_type_id", "spp_attendance_source"),
        "SELECT source_id, url, secret FROM spp_attendance_secret",
    ):
        assert earlier.sql(content, name) == earlier.sql(content, upgraded[0]), content
    for query, answer in (
        (
            "SELECT string_agg(cycle.name, ', ') FROM g2p_cycle AS cycle JOIN spp_attendance_source"
            " AS source ON source.id = attendance_source_id WHERE protocol = 'recorded'",
            "over",
        ),
        (
            "SELECT concat_ws(' ', persons_per_request, allow_http) FROM spp_attendance_source"
            " WHERE client_id = 'client'",
            "750 t",
        ),
        (
            "SELECT DISTINCT concat_ws(' ', attendance_no_data_limit,"
            " attendance_non_compliant_limit, attendance_criteria_by_default) FROM res_company",
            "30 100 f",
        ),
        (
            "SELECT domain || context FROM ir_filters WHERE name = 'Asked'",
            """[("attendance_protocol", "=", "server")]{"group_by": ["attendance_source_id"]}""",
        ),
        (f"SELECT count(*) FROM ir_config_parameter WHERE key LIKE '{ADDON}.%'", "0"),
    ):
        assert earlier.sql(query, name) == answer, query
    earlier.sql("DELETE FROM ir_filters WHERE name = 'Asked'", name)
    assert earlier.read_kept(name) == earlier.held


# What 17.0.2.3.0 had instead of conditions, and lacked besides; with a run that waits.
OF_17_0_2_3_0 = """
    UPDATE g2p_cycle SET attendance_unit = 'sessions', attendance_requirement = 'percentage',
        required_percentage = 65 WHERE name = 'lesson';
    INSERT INTO spp_attendance_run (cycle_id, mode, state, user_id, attendance_unit,
            attendance_requirement, required_number_of_attendance, household_rule, no_data_rule,
            attendance_period, attendance_counts_from)
        SELECT id, 'preview', 'waiting', 1, 'days', 'number', 2, 'any', 'absent', 'dates', 'first'
        FROM g2p_cycle WHERE name = 'lesson';
    DROP TABLE spp_attendance_condition, spp_attendance_category_map,
        spp_attendance_excuse_reason, spp_attendance_waiver CASCADE;
    DELETE FROM ir_model_data WHERE model = 'spp.attendance.excuse.reason';
    ALTER TABLE g2p_cycle DROP attendance_counts_from, DROP attendance_first_cycle_waived,
        DROP attendance_warnings, DROP attendance_warning_cycles;
    ALTER TABLE spp_attendance_run DROP attendance_counts_from, DROP attendance_first_cycle_waived,
        DROP attendance_warnings, DROP attendance_warning_cycles, DROP attendance_conditions,
        DROP observations, DROP is_nothing_held, DROP late_count, DROP warned_count;
    ALTER TABLE spp_attendance_run_line DROP proof, DROP starts_late, DROP warning,
        DROP failed_cycles, DROP members_exempt;
    ALTER TABLE spp_attendance_intake DROP asked_scopes, DROP unknown_words;
    ALTER TABLE spp_event_attendance DROP excuse_reason_id;
"""


def test_from_before_the_conditions(earlier, upgraded, tmp_path):
    name = earlier.copy(upgraded[0])
    earlier.set_version(name, ADDON, "17.0.2.3.0")
    earlier.sql(OF_17_0_2_3_0, name)
    assert not COMPLAINT.findall(earlier.upgrade(name, tmp_path / "odoo.log"))
    asked = "unit, requirement, required_number, required_percentage"
    of_lesson = "(SELECT id FROM g2p_cycle WHERE name = 'lesson')"
    for query, answer in (
        (
            rows(asked, f"spp_attendance_condition WHERE cycle_id = {of_lesson}"),
            "(sessions,percentage,0,65)",
        ),
        (
            rows("attendance_unit, required_percentage", "g2p_cycle WHERE name = 'lesson'"),
            "(sessions,65)",
        ),
        (
            rows("state, outdated_reason LIKE 'The addon was updated%'", "spp_attendance_run"),
            "(outdated,t)",
        ),
        (rows("attendance_counts_from", "g2p_cycle WHERE name = 'lesson'"), "(first)"),
        ("SELECT count(*) FROM spp_attendance_excuse_reason", "6"),
    ):
        assert earlier.sql(query, name) == answer, query
    others = rows(
        f"cycle_id, type_id, location_id, {asked}",
        f"spp_attendance_condition WHERE cycle_id != {of_lesson}",
    )
    assert earlier.sql(others, name) == earlier.sql(others, upgraded[0])
    assert earlier.read_kept(name) == earlier.held


def test_upgrading_once_more_changes_nothing(earlier, upgraded, tmp_path):
    name = earlier.copy(upgraded[0])
    assert not COMPLAINT.findall(earlier.upgrade(name, tmp_path / "odoo.log"))
    for table in (
        *(EVENTS, MEMBERS, TYPES, LOCATIONS, "spp_event_attendance_change", "spp_event_data"),
        *("g2p_cycle", "g2p_cycle_membership", "g2p_entitlement", "g2p_entitlement_inkind"),
        *("ir_config_parameter", "ir_filters", "spp_attendance_source", "spp_attendance_condition"),
    ):
        content = rows("row.*", f"{table} AS row")
        assert earlier.sql(content, name) == earlier.sql(content, upgraded[0]), table
    assert earlier.read_kept(name) == earlier.held


def test_the_newest_earlier_version(earlier, upgraded, tmp_path):
    """17.0.1.3.1 has the same tables."""
    name = earlier.copy(earlier.name)
    earlier.set_version(name, "spp_cycle_attendance_compliance", "17.0.1.3.1")
    assert not COMPLAINT.findall(earlier.upgrade(name, tmp_path / "odoo.log"))
    assert earlier.read_kept(name) == earlier.held
    for query, _expected in CASES.values():
        assert earlier.sql(query, name) == earlier.sql(query, upgraded[0])


def test_what_counted_for_two_counts_for_one(earlier, tmp_path):
    """For the one of whom it was stored last: the earlier module kept no answers."""
    name = earlier.copy(earlier.name)
    earlier.sql(
        "UPDATE res_partner AS ben SET company_id = ana.company_id"
        " FROM res_partner AS ana WHERE ana.name = 'Ana' AND ben.name = 'Ben'",
        name,
    )
    assert not COMPLAINT.findall(earlier.upgrade(name, tmp_path / "odoo.log"))
    whose = rows(
        "id, withdrawn, (SELECT name FROM res_partner WHERE id = moved_to_id)",
        f"{EVENTS} WHERE id IN (1, 3, 4)",
    )
    assert earlier.sql(whose, name) == "(1,t,Ben) (3,t,) (4,f,)"
    traces = rows("field_name, new_value", f"{EVENTS}_change WHERE event_id IN (1, 4)")
    assert earlier.sql(traces, name) == "(withdrawn,true)"
    assert earlier.read_kept(name) == earlier.held


@pytest.mark.parametrize("what", LACKING)
def test_older_patch_level(earlier, tmp_path, what):
    lacking, expected = LACKING[what]
    name = earlier.copy(earlier.name)
    earlier.sql(lacking, name)
    earlier.upgrade(name, tmp_path / "odoo.log")
    cycles = rows("name, use_attendance_criteria, required_number_of_attendance", "g2p_cycle")
    names = ("on", "off", "unset", "negative", "lesson", "reversed", "over", "ended")
    assert earlier.sql(cycles, name) == " ".join(f"({each},t,10)" for each in names)
    for query, answer in expected.items():
        assert earlier.sql(query, name) == answer
    assert earlier.sql("SELECT count(*) FROM spp_event_data", name) == "17"
