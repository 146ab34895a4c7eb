"""Databases of our own 17.0.2.0.0 and 17.0.2.1.0, in which settlements were made, are upgraded."""

import pytest
from earlier import COMPLAINT, rows
from released import ADDON, MEMORY, Released
from settled import KINDS, LINES, LISTED
from settled_cycles import CYCLES

# What 17.0.2.0.0 called what has the earlier module's external ids again.
NAMES_IN_17_0_2_0_0 = {
    "view_cycle_custom_spp_form": "view_cycle_form",
    "view_entitlement_custom_form": "view_entitlement_form",
}
FIGURES = "redeemed::float, entitlement_balance::float, coalesce(redemption_problem, '-')"
CYCLE = """
    SELECT name || ': ' || concat_ws(' ',
        state, coalesce(settlement_hold, '-'),
        coalesce((SELECT login FROM res_users WHERE id = end_requested_by_id), '-'),
        coalesce((
            SELECT string_agg(state, ' ' ORDER BY id) FROM spp_cycle_settlement
            WHERE cycle_id = cycle.id
        ), '-')
    ) FROM g2p_cycle AS cycle
"""
LINE = """
    SELECT concat_ws(' ', code, number, outcome, coalesce(status, '-')) FROM (
        SELECT line.*, dense_rank() OVER (ORDER BY settlement_id) AS number
        FROM spp_cycle_settlement_line AS line ORDER BY id
    ) AS line WHERE number < 3
"""
HELD_BACK = """
    SELECT string_agg(concat_ws(' ', program.name, users.login), ', ' ORDER BY program.name)
    FROM mail_activity AS activity
    JOIN g2p_program AS program
        ON activity.res_model = 'g2p.program' AND activity.res_id = program.id
    JOIN res_users AS users ON users.id = activity.user_id
"""
COMPANIES = (
    "SELECT string_agg(concat_ws(' ', name, coalesce(settlement_grace_days, 0),"
    " coalesce(is_settlement_paused, FALSE)), ', ' ORDER BY name)"
    " FROM res_company WHERE name IN ('Second', 'Closed')"
)

# A settlement that told nothing apart: of the first outcome, it lists all that it counts.
SETTLED = (
    "(SELECT settled.id FROM spp_cycle_settlement AS settled JOIN g2p_cycle AS cycle"
    " ON cycle.id = cycle_id WHERE cycle.name = 'failed')"
)
NOT_TOLD_APART = f"""
    INSERT INTO spp_cycle_settlement_total (settlement_id, kind, outcome, count, allocated)
    SELECT {SETTLED}, 'cash', outcome, count, 300
    FROM (VALUES ('unreadable', 3), ('over_voided', 2), ('partial', 1)) AS total (outcome, count);
    INSERT INTO spp_cycle_settlement_line (
        settlement_id, code, outcome, state_after, allocated, redeemed
    )
    SELECT {SETTLED}, 'old', line.* FROM (VALUES
        ('unreadable', 'approved', 100, 40), ('unreadable', 'cancelled', 100, 40),
        ('unreadable', 'rejected1', 50, 5), ('over_voided', 'cancelled', 100, 40),
        ('partial', 'cancelled', 100, 40)
    ) AS line;
"""
TOLD_APART = f"""
    SELECT string_agg(concat_ws(' ', outcome, coalesce(unpayable_count::text, 'unknown'),
        unpayable_allocated::float, unpayable_redeemed::float), ', ' ORDER BY id)
    FROM spp_cycle_settlement_total WHERE settlement_id = {SETTLED}
"""


@pytest.fixture(scope="module")
def released(odoo_env, tmp_path_factory):
    released = Released(odoo_env, tmp_path_factory.mktemp("released"))
    try:
        released.make()
        yield released
    finally:
        released.drop_all()


@pytest.fixture(scope="module", params=["2.0.0", "2.1.0"])
def upgraded(released, request):
    """The name of an upgraded database, and the log of that."""
    names = NAMES_IN_17_0_2_0_0 if request.param == "2.0.0" else {}
    return released.upgrade_copy(
        request.param,
        "".join(
            f"UPDATE ir_model_data SET name = '{then}' WHERE module = '{ADDON}' AND name = '{now}';"
            for now, then in names.items()
        ),
    )


@pytest.fixture(scope="module")
def after_night(released, upgraded):
    """A copy of it after its first night."""
    name = released.copy(upgraded[0])
    released.run_night(name)
    return name


def by_name(cases, attribute):
    return {case.name: getattr(case, attribute) for case in cases}


def test_the_figures_are_the_same(released, upgraded):
    figures = by_name(KINDS, "figures")
    memory = MEMORY.replace(", settled_state", "")
    assert released.read_settled(FIGURES, released.name, memory) == figures
    assert released.read_settled(FIGURES, upgraded[0]) == figures
    for columns, table in (
        ("id, state, redeemed, entitlement_balance, settlement_id", "g2p_entitlement"),
        ("id, state, redeemed, entitlement_balance, settlement_id", "g2p_entitlement_inkind"),
        ("id, settlement_id, allocated, redeemed, balance", "spp_cycle_settlement_line"),
        ("id, count, allocated, redeemed, balance", "spp_cycle_settlement_total"),
        ("id, cycle_id, trigger, user_id, entitlement_count", "spp_cycle_settlement"),
        ("id, entitlement_id, transaction_type", "spp_entitlement_transactions"),
    ):
        content = rows(columns, table)
        assert released.sql(content, upgraded[0]) == released.sql(content), table


def test_what_is_remembered_and_what_is_queued(released, upgraded):
    memory = (
        "coalesce(state_before_settlement, '-'), coalesce(settled_state, '-'),"
        " coalesce(settlement_outcome, '-'), is_settled"
    )
    assert released.read_settled(memory, upgraded[0]) == by_name(KINDS, "upgraded")


def test_the_first_night_settles_what_was_queued(released, after_night):
    decided = (
        "state, coalesce(state_before_settlement, '-'), coalesce(settlement_outcome, '-'),"
        " is_settled, settled_state = state"
    )
    expected = {name: f"{night} t t" for name, night in by_name(KINDS, "night").items()}
    assert released.read_settled(decided, after_night) == expected
    assert released.read_settled(FIGURES, after_night) == by_name(KINDS, "figures")


@pytest.mark.parametrize("when", ["upgraded", "night"])
def test_cycles(released, upgraded, after_night, when):
    name = upgraded[0] if when == "upgraded" else after_night
    assert released.read(CYCLE, name) == by_name(CYCLES, when)
    assert released.sql("SELECT count(*) FROM g2p_cycle WHERE locked", name) == "0"
    # What was left alone: neither held back ones nor any other that is not settled.
    untouched = {
        cycle.name for cycle in CYCLES if not cycle.night.endswith("done") and cycle.name != "empty"
    }
    assert {
        name.removeprefix("in ")
        for name, state in released.read(
            "SELECT code || ': ' || state FROM g2p_entitlement WHERE code LIKE 'in %'", name
        ).items()
        if state == "approved"
    } == (untouched if when == "night" else set(by_name(CYCLES, "name")) - {"over", "empty"})


@pytest.mark.parametrize("when", ["upgraded", "night"])
def test_lines(released, upgraded, after_night, when):
    name = upgraded[0] if when == "upgraded" else after_night
    expected = [
        f"{line.name} {line.settlement} "
        + (line.upgraded if when == "upgraded" else f"{line.upgraded.split()[0]} {line.night}")
        for line in LINES
    ]
    assert released.sql(LINE, name).splitlines() == expected
    strange = """
        SELECT count(*) FROM spp_cycle_settlement_line AS line JOIN spp_cycle_settlement AS settled
            ON settled.id = settlement_id
        WHERE ROW(line.cycle_id, line.program_id, line.company_id)
            IS DISTINCT FROM ROW(settled.cycle_id, settled.program_id, settled.company_id)
    """
    assert released.sql(strange, name) == "0"


def test_what_the_night_lists(released, upgraded, after_night):
    query = "SELECT code FROM spp_cycle_settlement_line WHERE status = 'open' AND id > {}"
    last_id = released.sql("SELECT max(id) FROM spp_cycle_settlement_line", upgraded[0])
    assert sorted(released.sql(query.format(last_id), after_night).splitlines()) == LISTED


def test_who_is_told_of_the_cycles_held_back(released, upgraded):
    # The manager is not of the second company.
    assert released.sql(HELD_BACK, upgraded[0]) == "Main manager, Other admin"
    notes = released.sql("SELECT note FROM mail_activity ORDER BY res_id", upgraded[0])
    assert "held back (1): before." in notes
    assert "held back (1): of the second company." in notes


def test_the_rest(released, upgraded):
    name, log = upgraded
    assert not COMPLAINT.findall(log)
    assert released.sql(COMPANIES, name) == "Closed 5 f, Second 5 f"
    for query, answer in (
        ("SELECT count(*) FROM ir_config_parameter WHERE key LIKE '%grace_days%'", "0"),
        (
            "SELECT string_agg(method_name || ' ' || state, ', ' ORDER BY id) FROM queue_job"
            " WHERE model_name = 'g2p.cycle'",
            f"{', '.join(['_settle_in_background cancelled'] * 4)}, mark_ended pending",
        ),
        (
            "SELECT string_agg(outcome, ', ' ORDER BY id) FROM spp_cycle_settlement_total",
            "partial, voided, contradicted",
        ),
        (
            "SELECT string_agg(domain, ' ' ORDER BY id) FROM ir_filters WHERE name LIKE 'Mine of%'",
            "[('outcome', '=', 'voided')] "
            '[["settlement_outcome", "in", ["contradicted", "over"]]] '
            "[('name', '=', 'restored')]",
        ),
        (
            "SELECT string_agg(concat_ws(' ', name, active), ', ' ORDER BY id) FROM ir_ui_view"
            " WHERE name LIKE 'Fits%' OR name LIKE 'Names%'",
            "Fits t, Names a job (does not fit any more) f",
        ),
        (
            "SELECT count(*) FROM information_schema.columns WHERE column_name = 'job_uuid'"
            " AND table_name = 'spp_cycle_settlement' OR table_name = 'spp_redemption_report'",
            "0",
        ),
        (
            "SELECT count(*) FROM information_schema.columns WHERE is_nullable = 'NO'"
            " AND column_name = 'redemption_source' AND table_name IN ('g2p_cycle', 'g2p_program')",
            "2",
        ),
        (
            "SELECT string_agg(DISTINCT redemption_source, ', ') FROM ("
            "SELECT redemption_source FROM g2p_cycle UNION "
            "SELECT redemption_source FROM g2p_program) AS source",
            "transactions",
        ),
    ):
        assert released.sql(query, name) == answer


def test_views_keep_their_records(released, upgraded):
    query = (
        f"SELECT string_agg(concat_ws(' ', name, res_id), ', ' ORDER BY name) FROM ir_model_data"
        f" WHERE module = '{ADDON}' AND name IN {tuple(NAMES_IN_17_0_2_0_0)}"
    )
    assert released.sql(query, upgraded[0]) == released.sql(query)


def test_upgrading_once_more_changes_nothing(released, after_night):
    name = released.copy(after_night)
    assert not COMPLAINT.findall(released.upgrade(name))
    for table in (
        *("g2p_entitlement", "g2p_entitlement_inkind", "g2p_cycle", "g2p_program"),
        *("spp_cycle_settlement", "spp_cycle_settlement_line", "spp_cycle_settlement_total"),
        *("mail_activity", "ir_filters", "ir_config_parameter", "queue_job"),
    ):
        content = rows("row.*", f"{table} AS row")
        assert released.sql(content, name) == released.sql(content, after_night), table


def test_what_grants_nothing_is_found_in_totals_that_did_not_say_so(released):
    name, log = released.upgrade_copy("2.1.0", NOT_TOLD_APART)
    assert not COMPLAINT.findall(log)
    expected = "unreadable 2 150 45, over_voided unknown, partial unknown"
    assert released.sql(TOLD_APART, name) == expected


def test_a_paused_night_stays_paused(released):
    """The scheduled action was archived; and the days of grace are no number."""
    name, log = released.upgrade_copy(
        "2.1.0",
        "UPDATE ir_cron SET active = FALSE WHERE id = (SELECT res_id FROM ir_model_data WHERE"
        " name = 'cron_settle_cycles');"
        "UPDATE ir_config_parameter SET value = 'soon' WHERE key LIKE '%grace_days'",
    )
    assert [line.partition("grace_days ")[2].strip() for line in COMPLAINT.findall(log)] == [
        "is no number of days: 0 is used"
    ]
    assert released.sql(COMPANIES, name) == "Closed 0 t, Second 0 t"
    released.run_night(name)
    expected = by_name(CYCLES, "upgraded")
    # What a person had set as ended is not held up by it. What was killed stops until it goes on.
    for cycle in CYCLES:
        if "manager" in cycle.upgraded:
            expected[cycle.name] = cycle.night
    expected["killed"] = "distributed - - interrupted"
    assert released.read(CYCLE, name) == expected


def test_grace_that_would_not_end_and_reports_of_others(released):
    name, log = released.upgrade_copy(
        "2.1.0",
        "UPDATE ir_config_parameter SET value = '99999999999' WHERE key LIKE '%grace_days';"
        "CREATE VIEW of_others AS SELECT * FROM spp_redemption_report",
    )
    assert [line.partition("The view ")[2].split(":")[0] for line in COMPLAINT.findall(log)] == [
        "spp_redemption_report is kept"
    ]
    assert released.sql(COMPANIES, name) == "Closed 3650 f, Second 3650 f"
    sums = "SELECT sum(redeemed)::float FROM "
    assert released.sql(sums + "of_others", name) == released.sql(sums + "g2p_entitlement", name)
