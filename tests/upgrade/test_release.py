"""Databases of our own 17.0.2.0.0 and 17.0.2.1.0, in which attendance was checked, are upgraded.

`attended.json` is what both versions had written when they were used alike: by runs that were
applied (one of them retried after a later one), previewed, discarded, held by a brake, failed or
still going on; by overrides, and by persons. `released_attendance.json` is what 17.0.2.1.0 had made
in its database.
"""

import json

import pytest
from attended import ADDON, LINES, NAMES, OF_17_0_2_0_0, OVERRIDES, RUNS, make_attended
from earlier import COMPLAINT, EVENTS, MEMBERS, rows

EXTERNAL_IDS = (
    "SELECT string_agg(concat_ws(' ', name, model, res_id), ', ' ORDER BY name)"
    f" FROM ir_model_data WHERE module = '{ADDON}' AND name IN {tuple(NAMES.values())}"
)
COUNTS = (
    "call_count, duration, new_count, changed_count, withdrawn_count, set_aside_count, "
    "set_aside_reasons, not_asked_for_count, duplicate_count, unknown_category_count"
)
CRITERIA = (
    "attendance_source, attendance_type_id, attendance_location_id, attendance_unit, "
    "attendance_requirement, required_number_of_attendance, required_percentage, household_rule, "
    "household_number, household_percentage, member_domain, no_data_rule"
)
# What no upgrade may change, row for row.
KEPT = {
    "verdicts": rows(
        "id, run_id, kind, cycle_membership_id, partner_id, household_line_id, identifier, note, "
        "number_of_attendance, recorded, counts, members_counting, members_meeting, "
        "members_without_data, passes_criteria, override_id, verdict, status, state_before, "
        "state_after, is_changing, is_exception",
        LINES,
    ),
    "runs": rows(
        f"id, cycle_id, program_id, company_id, mode, from_date, to_date, user_id, decided_by_id, "
        f"decided_at, server_url, question_key, brake_reason, error, person_count, asked_count, "
        f"with_data_count, without_data_count, membership_count, compliant_count, "
        f"non_compliant_count, no_data_count, exempt_count, overridden_count, unchanged_count, "
        f"create_date, {CRITERIA}",
        RUNS,
    ),
    "events": rows(
        "id, individual_id, company_id, attendance_date, attendance_time, attendance_type_id, "
        "attendance_location_id, attendance_category, attendance_description, submitted_by, "
        "submitted_datetime, event_data_source, event_data_external_id, cycle_id, program_id, "
        "withdrawn",
        EVENTS,
    ),
    "changes": rows(
        "id, event_id, field_name, old_value, new_value, create_uid, create_date",
        f"{EVENTS}_change",
    ),
    "overrides": rows(
        "id, cycle_membership_id, partner_id, company_id, verdict, reason, lifted_by_id, "
        "lifted_at, create_uid, create_date",
        OVERRIDES,
    ),
    "members": rows("id, individual_id, number_of_attendance, counts, state", MEMBERS),
    "memberships": rows(
        "id, cycle_id, partner_id, state, number_of_attendance, attendance_status, "
        "attendance_override_id",
        "g2p_cycle_membership",
    ),
    "cycles": rows(
        f"id, name, state, start_date, end_date, use_attendance_criteria, {CRITERIA}", "g2p_cycle"
    ),
    "persons": rows("id, name, personal_identifier", "res_partner"),
    "event data": rows("id, model, res_id, partner_id, collection_date, state", "spp_event_data"),
    "types": rows("id, name, external_source, external_id", "spp_res_config_attendance_type"),
}
# What tells the source, in a database that is upgraded.
NOW = {
    "attendance_source,": "(SELECT CASE protocol WHEN 'server' THEN 'external' ELSE protocol END "
    "FROM spp_attendance_source AS source WHERE source.id = attendance_source_id),",
    "external_source": "(SELECT url FROM spp_attendance_source AS source"
    " WHERE source.id = source_id)",
}
# The same, where it has another name now: the question before, and the one after.
MOVED = {
    "findings": (rows("id, answer", LINES), rows("id, finding", LINES)),
    "answers": (
        "SELECT string_agg(ROW(batch_id, identifier, partner_id, answer, digest, answer_digest)"
        "::text, ' ' ORDER BY batch_id, id) FROM spp_attendance_run_line"
        " WHERE batch_id IS NOT NULL",
        "SELECT string_agg(ROW(intake_id, identifier, partner_id, answer, digest, answer_digest)"
        "::text, ' ' ORDER BY intake_id, id) FROM spp_attendance_answer",
    ),
    "answers of lines": (
        rows("id, answer, batch_id", f"{LINES} WHERE batch_id IS NOT NULL"),
        "SELECT string_agg(ROW(line.id, answer, intake_id)::text, ' ' ORDER BY line.id)"
        f" FROM {LINES} AS line JOIN spp_attendance_answer AS answer ON answer.id = answer_id"
        f" JOIN {RUNS} AS run ON run.id = line.run_id AND run.mode != 'evaluate'",
    ),
    "intakes": (
        "SELECT string_agg(ROW(batch.id, run_id, number, batch.person_count, is_done, answered_at,"
        f" {COUNTS}, server_url, question_key, from_date, to_date, attendance_type_id,"
        " attendance_location_id, cycle_id, program_id, user_id, company_id)::text, ' '"
        f" ORDER BY batch.id) FROM spp_attendance_run_batch AS batch JOIN {RUNS} AS run"
        " ON run.id = run_id",
        rows(
            f"id, run_id, number, person_count, is_done, answered_at, {COUNTS}, server_url, "
            "question_key, from_date, to_date, attendance_type_id, attendance_location_id, "
            "cycle_id, program_id, user_id, company_id",
            "spp_attendance_intake",
        ),
    ),
    "what brought events": (
        rows("id, run_id, withdrawn_run_id", EVENTS),
        "SELECT string_agg(ROW(event.id, intake.run_id, withdrawing.run_id)::text, ' '"
        f" ORDER BY event.id) FROM {EVENTS} AS event"
        " LEFT JOIN spp_attendance_intake AS intake ON intake.id = intake_id"
        " LEFT JOIN spp_attendance_intake AS withdrawing ON withdrawing.id = withdrawn_intake_id",
    ),
    "what changed events": (
        rows("id, run_id", f"{EVENTS}_change"),
        "SELECT string_agg(ROW(change.id, intake.run_id)::text, ' ' ORDER BY change.id)"
        f" FROM {EVENTS}_change AS change"
        " LEFT JOIN spp_attendance_intake AS intake ON intake.id = intake_id",
    ),
}
WHY = "The addon was updated while this run was in progress, or waited."
# Cycles, and of their runs in order: the number of each that was applied, else its state.
STATES = {
    "household": [1],
    "undated": [1],
    "previewed": [1, "outdated"],
    "discarded": ["discarded"],
    "asked": [1, 2],
    "waited": [1, 2],
    "braked": ["outdated"],
    "failed": ["failed"],
    # The first one was retried after the second one.
    "retried": [2, 1],
    "approved": [1, "outdated"],
    "running": ["outdated"],
    "queued": ["outdated"],
}
ENROLLED = ("enrolled", "compliant", "enrolled", "enrolled")
REFUSED = ("non_compliant", "non_compliant", "enrolled", "non_compliant")
NO_DATA = ("non_compliant", "no_data", "enrolled", "non_compliant")
OVERRIDDEN = ("non_compliant", "overridden", "enrolled", "non_compliant")
UNDECIDED = ("enrolled", "", "", "", 0)
# Of each membership: state, status, state before attendance, state that attendance gave last, and
# the number of the run whose verdict stands.
REMEMBERED = {
    "household": {
        "Family": (*ENROLLED, 1),
        "Couple": (*NO_DATA, 1),
        "Empty": ("enrolled", "exempt", "enrolled", "enrolled", 1),
    },
    "undated": {"Family": (*REFUSED, 1)},
    "previewed": {"Ana": (*ENROLLED, 1), "Ben": (*ENROLLED, 1), "Moe": (*NO_DATA, 1)},
    "discarded": {"Ana": UNDECIDED, "Ben": UNDECIDED},
    "asked": {
        "Ana": (*OVERRIDDEN, 2),
        # A person has refused him since.
        "Ben": ("non_compliant", "compliant", "enrolled", "enrolled", 2),
        "Cleo": (*REFUSED, 2),
        "Dan": (*NO_DATA, 2),
        # A person has paused her since.
        "Eve": ("paused", "compliant", "enrolled", "enrolled", 2),
        "Gus": (*ENROLLED, 2),
        # Overridden before any run: nobody knows what he was before.
        "Hal": ("non_compliant", "overridden", "non_compliant", "non_compliant", 2),
        "Ida": (*ENROLLED, 2),
        "Joe": (*NO_DATA, 2),
        "Kim": (*NO_DATA, 2),
        "Leo": (*NO_DATA, 2),
        "Moe": ("non_compliant", "no_data", "draft", "non_compliant", 2),
    },
    "waited": {
        # Refused by a person while the second run waited, which gave no state.
        "Ana": ("non_compliant", "compliant", "enrolled", "enrolled", 2),
        "Ben": (*OVERRIDDEN, 2),
        "Cleo": (*REFUSED, 2),
        "Dan": (*NO_DATA, 2),
        # Paused while it waited: what it decided about her, otherwise than before, is not applied.
        "Ida": ("paused", "compliant", "enrolled", "enrolled", 1),
    },
    "braked": {"Ana": UNDECIDED, "Dan": UNDECIDED, "Joe": UNDECIDED},
    "failed": {"Ana": UNDECIDED, "Gus": UNDECIDED},
    "retried": {"Ana": (*ENROLLED, 2), "Gus": (*REFUSED, 2)},
    "approved": {"Ana": (*ENROLLED, 1), "Ben": (*ENROLLED, 1)},
    "running": {"Ana": UNDECIDED, "Fay": UNDECIDED},
    "queued": {"Ana": UNDECIDED},
    "from only": {},
    "to only": {},
}
# What the next run says otherwise, as attendance was stored, corrected or lost since.
CHANGED = {
    # What is recorded now includes what the attendance system said of Cleo.
    ("household", "Couple"): ["enrolled", "compliant"],
    # Ben's absence was corrected, and nothing is known of Dan: the membership stays as it is.
    ("undated", "Family"): ["non_compliant", "no_data"],
    # A person's change is decided anew.
    ("asked", "Ben"): ["enrolled", "compliant"],
    ("waited", "Ana"): ["enrolled", "compliant"],
    # They have lost a day since.
    ("asked", "Gus"): ["non_compliant", "non_compliant"],
    ("asked", "Ida"): ["non_compliant", "non_compliant"],
    ("failed", "Gus"): ["non_compliant", "non_compliant"],
    # Nothing was applied to them before.
    ("discarded", "Ana"): ["enrolled", "compliant"],
    ("discarded", "Ben"): ["enrolled", "compliant"],
    ("braked", "Ana"): ["enrolled", "compliant"],
    ("braked", "Dan"): ["enrolled", "no_data"],
    ("braked", "Joe"): ["enrolled", "no_data"],
    ("failed", "Ana"): ["enrolled", "compliant"],
    ("running", "Ana"): ["enrolled", "compliant"],
    ("running", "Fay"): ["enrolled", "compliant"],
    ("queued", "Ana"): ["enrolled", "compliant"],
}


@pytest.fixture(scope="module")
def released(odoo_env, tmp_path_factory):
    with make_attended(odoo_env, tmp_path_factory.mktemp("released")) as released:
        yield released


@pytest.fixture(scope="module", params=["2.0.0", "2.1.0"])
def upgraded(released, request):
    """The name of an upgraded database, and the log of that."""
    change = OF_17_0_2_0_0 if request.param == "2.0.0" else ""
    return released.upgrade_copy(request.param, change)


@pytest.fixture(scope="module")
def used(released, upgraded):
    """A copy of it that is worked with, and what was found."""
    name = released.copy(upgraded[0])
    return name, released.use(name)


def test_nothing_to_complain_about(upgraded):
    assert not COMPLAINT.findall(upgraded[1])


@pytest.mark.parametrize("what", KEPT)
def test_nothing_is_lost(released, upgraded, what):
    held = released.sql(KEPT[what])
    assert held
    query = KEPT[what]
    for name, now in NOW.items():
        query = query.replace(name, now)
    assert released.sql(query, upgraded[0]) == held


@pytest.mark.parametrize("what", MOVED)
def test_what_moved_is_the_same(released, upgraded, what):
    before, after = MOVED[what]
    held = released.sql(before)
    assert held
    assert released.sql(after, upgraded[0]) == held


def test_answers_that_were_taken_over(released, upgraded):
    """An evaluation again points to the answers that it went by."""
    query = (
        "SELECT string_agg(concat_ws(' ', partner.name, intake.run_id), ', ' ORDER BY line.id)"
        f" FROM {LINES} AS line JOIN {RUNS} AS run ON run.id = run_id AND run.mode = 'evaluate'"
        " JOIN res_partner AS partner ON partner.id = line.partner_id"
        " JOIN spp_attendance_answer AS answer ON answer.id = answer_id"
        " JOIN spp_attendance_intake AS intake ON intake.id = intake_id"
    )
    assert released.sql(query, upgraded[0]) == "Ana 10, Gus 7"


def test_runs_that_ended_and_those_that_did_not(released, upgraded):
    query = f"""
        SELECT cycle.name || ': ' || json_agg(
            CASE WHEN run.state = 'done' THEN applied_number::text ELSE run.state END
            ORDER BY run.id
        ) FROM {RUNS} AS run JOIN g2p_cycle AS cycle ON cycle.id = cycle_id GROUP BY cycle.name
    """
    states = {
        cycle: [int(each) if each.isdigit() else each for each in json.loads(answer)]
        for cycle, answer in released.read(query, upgraded[0]).items()
    }
    assert states == STATES
    for query, answer in (
        (f"SELECT DISTINCT outdated_reason FROM {RUNS} WHERE state = 'outdated'", WHY),
        (f"SELECT count(*) FROM {RUNS} WHERE state != 'outdated' AND outdated_reason > ''", "0"),
        (f"SELECT count(*) FROM {RUNS} WHERE state = 'outdated' AND finished_at IS NULL", "0"),
        ("SELECT count(*) FROM g2p_cycle WHERE locked", "0"),
        ("SELECT DISTINCT state FROM queue_job WHERE identity_key LIKE 'spp.att%'", "cancelled"),
    ):
        assert released.sql(query, upgraded[0]) == answer, query
    assert released.sql("SELECT count(*) FROM g2p_cycle WHERE locked") == "2"


def test_the_days_that_count(released, upgraded):
    query = (
        "SELECT name || ': ' || concat_ws(' ', attendance_period, from_date, to_date)"
        " FROM g2p_cycle"
    )
    dates = "dates 2025-11-01 2025-11-30"
    assert released.read(query, upgraded[0]) == {
        **dict.fromkeys((*STATES, "criteria off", "from only", "to only"), dates),
        "undated": "cycle",
        "previewed": "cycle",
    }


def test_what_must_be_unique_and_what_is_required(released, upgraded):
    unique = "SELECT indexdef FROM pg_indexes WHERE indexname = '{}'"
    for index, end in (
        (f"{MEMBERS}_shown_unique", "(cycle_membership_id, individual_id) WHERE active"),
        (
            f"{EVENTS}_external_unique",
            "WHERE ((event_data_external_id > 0) AND (individual_id IS NOT NULL))",
        ),
    ):
        assert released.sql(unique.format(index), upgraded[0]).endswith(end)
    required = (
        "SELECT is_nullable FROM information_schema.columns WHERE column_name = 'individual_id'"
        f" AND table_name = '{EVENTS}'"
    )
    assert released.sql(required, upgraded[0]) == "YES"
    shown = rows("active, number_of_attendance_str", MEMBERS)
    assert set(released.sql(shown, upgraded[0]).split()) == {"(t,)"}


def test_external_ids(released, upgraded, template):
    # People's filters and menus refer to these.
    assert released.sql(EXTERNAL_IDS, upgraded[0]) == released.sql(EXTERNAL_IDS)
    names = f"SELECT name FROM ir_model_data WHERE module = '{ADDON}' ORDER BY name"
    assert released.sql(names, upgraded[0]) == released.sql(names, template)
    filters = (
        "SELECT string_agg(concat_ws(' ', filter.name, data.name, domain, context), ', '"
        " ORDER BY filter.name) FROM ir_filters AS filter LEFT JOIN ir_model_data AS data"
        " ON data.res_id = action_id AND data.model = 'ir.actions.act_window'"
        " WHERE filter.name IN ('Mine', 'Unknown')"
    )
    assert released.sql(filters, upgraded[0]) == (
        "Mine action_spp_event_attendance [] {}, "
        """Unknown [("finding", "=", "unknown")] {'group_by': ['finding']}"""
    )


def test_the_tables_are_those_of_an_installation(released, upgraded, template):
    columns = """
        SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns
        WHERE table_name LIKE 'spp_attendance%' OR table_name LIKE 'spp_event_attendance%'
            OR table_name LIKE 'spp_res_config_attendance%'
        ORDER BY 1, 2
    """
    assert released.sql(columns, upgraded[0]) == released.sql(columns, template)
    indexes = """
        SELECT tablename, indexname, replace(indexdef, 'IF NOT EXISTS ', '') FROM pg_indexes
        WHERE tablename LIKE 'spp_attendance%' OR tablename LIKE 'spp_event_attendance%'
        ORDER BY 1, 2
    """
    assert released.sql(indexes, upgraded[0]) == released.sql(indexes, template)


def test_what_counted_for_two_counts_for_one(released):
    """For the one about whom the attendance system answered last."""
    shared = f"UPDATE {EVENTS} SET event_data_external_id = 1 WHERE event_data_external_id = 11"
    name, log = released.upgrade_copy("2.1.0", shared)
    assert not COMPLAINT.findall(log)
    found = released.sql(
        "SELECT string_agg(concat_ws(' ', person.name, withdrawn, other.name, field_name), ', '"
        f" ORDER BY person.name) FROM {EVENTS} AS event"
        " JOIN res_partner AS person ON person.id = individual_id"
        " LEFT JOIN res_partner AS other ON other.id = moved_to_id"
        f" LEFT JOIN {EVENTS}_change AS change ON change.event_id = event.id"
        " WHERE event_data_external_id = 1",
        name,
    )
    assert found == "Ana f, Ben t Ana withdrawn"


def test_what_stands_and_what_is_remembered(used):
    assert used[1]["before"] == {
        cycle: {name: list(values) for name, values in members.items()}
        for cycle, members in REMEMBERED.items()
    }


def test_the_next_run_says_the_same(used):
    for cycle, members in used[1]["after"].items():
        assert members == {
            name: CHANGED.get((cycle, name), list(values[:2]))
            for name, values in REMEMBERED[cycle].items()
        }, cycle
    # All that the attendance system says is here already.
    assert set(map(tuple, used[1]["runs"].values())) == {("done", "", 0, 0, 0)}
    open_ones = set(STATES) - {"approved"}
    assert set(used[1]["runs"]) == set(used[1]["after"]) == open_ones


def test_taking_back_runs_of_the_released_version(used):
    """What stood before them stands again, and the states before attendance, after the first."""
    back, remembered = used[1]["back"], REMEMBERED["asked"]
    decided_anew = {"Ben": ["enrolled", "compliant"]}
    assert back["3"] == {
        name: decided_anew.get(name, list(values[:2])) for name, values in remembered.items()
    }
    first = {
        "Ben": ["non_compliant", "non_compliant"],
        "Cleo": ["enrolled", "compliant"],
        "Gus": ["non_compliant", "non_compliant"],
    }
    assert back["2"] == {name: first.get(name, values) for name, values in back["3"].items()}
    assert back["1"] == {
        name: [values[2], ""]
        for name, values in remembered.items()
        if name not in ("Ana", "Eve", "Hal")
    } | {
        "Ana": ["non_compliant", "overridden"],
        "Eve": ["paused", ""],
        "Hal": ["non_compliant", "overridden"],
    }
    assert used[1]["lifted"] == ["enrolled", ""]


def test_upgrading_once_more_changes_nothing(released, used):
    name = released.copy(used[0])
    assert not COMPLAINT.findall(released.upgrade(name))
    for table in (
        *(RUNS, LINES, OVERRIDES, "spp_attendance_intake", "spp_attendance_answer"),
        *(EVENTS, f"{EVENTS}_change", MEMBERS, "spp_event_data", "g2p_cycle"),
        *("g2p_cycle_membership", "ir_filters", "queue_job"),
    ):
        content = rows("row.*", f"{table} AS row")
        assert released.sql(content, name) == released.sql(content, used[0]), table
