"""What years of use left in databases of our own 17.0.2.0.0 and 17.0.2.1.0, case by case."""

import json
import re

import pytest
from attended import LINES, OF_17_0_2_0_0, RUNS, WRITTEN, make_attended
from earlier import COMPLAINT, EVENTS
from years import (
    ANSWERED,
    COUNTED,
    DECIDED,
    EVALUATED,
    FILTERS,
    FIRST_ID,
    LEFT_ALONE,
    SHARED,
    VIEWS,
    Years,
)


def reword(said):
    """The same verdicts in the words of now."""
    told = json.dumps(said).replace("members attended enough", "members met the conditions")
    told = told.replace("% required)", "% needed)")
    told = re.sub(r"on (\d{4})-(\d\d)-(\d\d):", r"on \2/\3/\1:", told)
    return json.loads(
        re.sub(
            r"\b(\d+) of (\d+) (day|session)s",
            lambda found: "{} {}{} ({} needed)".format(
                found[1], found[3], "" if found[1] == "1" else "s", found[2]
            ),
            told,
        )
    )


SAID = reword(json.loads(WRITTEN.read_text())["said"])
# The member without data is named now.
SAID["verdicts"]["2"] += ". Joe: Nothing is recorded"
SAID["reasons"]["household/Couple"] += ". Joe: Nothing is recorded"
# Of `attended.json`: what was not applied says so now, and the verdict that stands says why.
NOT_APPLIED = {"56": "paused, exited or not eligible"}
STANDING = {"waited/Ida": "2 days (2 needed), 11/01/2025 to 11/30/2025: compliant"}
NEW = ["source_id", "file_record", "excuse_reason_id"]
MOVED = ["run_id", "withdrawn_run_id", "intake_id", "withdrawn_intake_id", "moved_to_id"]
ALL_EVENTS = (
    "SELECT string_agg((to_jsonb(event) - ARRAY{but})::text, ' ' ORDER BY id)"
    f" FROM {EVENTS} AS event"
)
COUNTS = f"""
    SELECT event.id || ': ' || CASE
        WHEN moved_to_id IS NOT NULL AND withdrawn THEN left(other.name, 1)
        WHEN withdrawn THEN 'withdrawn' ELSE 'counts'
    END
    FROM {EVENTS} AS event LEFT JOIN res_partner AS other ON other.id = moved_to_id
"""
TRACES = f"""
    SELECT event_id || ': ' || concat_ws(' ', field_name, new_value, intake_id)
    FROM {EVENTS}_change WHERE event_id >= {FIRST_ID}
"""
ACTIVE = """
    SELECT data.res_id || ': ' || data.state FROM spp_event_data AS data
    WHERE data.model = 'spp.event.attendance'
"""


@pytest.fixture(scope="module")
def released(odoo_env, tmp_path_factory):
    with make_attended(odoo_env, tmp_path_factory.mktemp("years")) as released:
        yield released


@pytest.fixture(scope="module")
def years():
    return Years()


@pytest.fixture(scope="module")
def before(released, years):
    """The name of the database with all cases in it."""
    name = released.copy(released.name)
    released.sql(years.sql, name)
    return name


@pytest.fixture(scope="module", params=["2.0.0", "2.1.0"])
def upgraded(released, years, request):
    change = OF_17_0_2_0_0 if request.param == "2.0.0" else ""
    name, log = released.upgrade_copy(request.param, change + years.sql)
    assert not COMPLAINT.findall(log)
    return name


@pytest.fixture(scope="module")
def found(released, upgraded):
    return released.use(released.copy(upgraded), "read_said.py")


def test_every_event_is_there_with_all_it_had(released, before, upgraded):
    """What counts for one person alone from now on is told apart from it, case by case."""
    query = ALL_EVENTS.format(but=[*MOVED, *NEW, "withdrawn"])
    assert released.sql(query, upgraded) == released.sql(query, before)
    held = (
        f"SELECT string_agg(withdrawn::text, ' ' ORDER BY id) FROM {EVENTS} WHERE id < {FIRST_ID}"
    )
    assert released.sql(held, upgraded) == released.sql(held, before)


def test_every_verdict_says_what_it_said(found):
    said = {number: found["verdicts"].get(number) for number in SAID["verdicts"]}
    assert said == SAID["verdicts"] | {
        number: f"{SAID['verdicts'][number]}. Not applied: {why}"
        for number, why in NOT_APPLIED.items()
    }
    reasons = {name: found["reasons"].get(name) for name in SAID["reasons"]}
    assert reasons == SAID["reasons"] | STANDING


def test_what_was_decided_and_is_remembered(found):
    """A run that leaves who has no data as they are gives no state, and nothing to go back to."""
    assert found["remembered"] == {
        name: [*case.shown, *case.remembered] for name, case in DECIDED.items()
    }
    reasons = {name: found["reasons"].get(f"decided/{name}", "") for name in DECIDED}
    assert reasons == {name: case.reason for name, case in DECIDED.items()}


def test_what_was_not_applied(found, years):
    lines = {key: str(line_id) for key, line_id in years.line_ids.items() if key[0] in DECIDED}
    said = {
        key: found["verdicts"][line_id].partition(". Not applied: ")[2]
        for key, line_id in lines.items()
    }
    assert said == {key: LEFT_ALONE.get(key, "") for key in lines}


def test_the_newest_answer_counts(found):
    assert found["evaluated"] == {name: case.newest for name, case in ANSWERED.items()}


def test_what_could_not_be_read_is_counted(released, upgraded):
    query = """
        SELECT DISTINCT partner.name || ': ' || answer.unreadable_count
        FROM spp_attendance_answer AS answer JOIN res_partner AS partner ON partner.id = partner_id
    """
    counts = released.read(query, upgraded)
    assert {name: int(counts[name]) for name in ANSWERED} == {
        name: case.unreadable for name, case in ANSWERED.items()
    }


def test_the_answers_that_evaluations_went_by(released, upgraded, years):
    query = f"""
        SELECT line.id || ': ' || intake.run_id FROM {LINES} AS line
        JOIN spp_attendance_answer AS answer ON answer.id = line.answer_id
        JOIN spp_attendance_intake AS intake ON intake.id = answer.intake_id
    """
    went_by = released.read(query, upgraded)
    assert {number: went_by[str(years.line_ids["evaluated", number])] for number in EVALUATED} == {
        number: str(years.run_ids[answered]) for number, (_at, answered) in EVALUATED.items()
    }


@pytest.mark.parametrize("name", SHARED)
def test_what_was_told_twice_counts_once(released, upgraded, years, name):
    ids = [str(event_id) for event_id in years.event_ids[name]]
    counts = released.read(COUNTS, upgraded)
    assert [counts[event_id] for event_id in ids] == SHARED[name].counts
    traces = released.read(TRACES, upgraded)
    withdrawn = [
        event_id
        for event_id, (_who, values), counts in zip(
            ids, SHARED[name].events, SHARED[name].counts, strict=True
        )
        if counts != "counts" and not values.get("withdrawn")
    ]
    assert {each: traces[each] for each in ids if each in traces} == dict.fromkeys(
        withdrawn, "withdrawn true"
    )
    states = released.read(ACTIVE, upgraded)
    assert [states[event_id] for event_id in ids] == [
        "active" if counts == "counts" else "inactive" for counts in SHARED[name].counts
    ]


def test_what_runs_count(released, upgraded, years):
    query = f"""
        SELECT id || ': ' || concat_ws(
            ' ', losing_count, undecided_draft_count, changed_meanwhile_count
        ) FROM {RUNS}
    """
    counted = released.read(query, upgraded)
    assert {
        number: counted[str(run_id)] for number, run_id in enumerate(years.decided_ids, 1)
    } == COUNTED


def test_each_problem_is_told_once(released, upgraded):
    """Of the person who has it, and of her household only where no member has one."""
    told = f"""
        SELECT line.id || ': ' || coalesce(line.problem, '-') FROM {LINES} AS line
        WHERE line.is_exception AND (line.problem IS NULL) != (
            line.kind = 'household' AND line.left_alone IS NULL AND EXISTS (
                SELECT FROM {LINES} AS member
                WHERE member.household_line_id = line.id AND member.is_exception
            )
        )
    """
    assert released.read(told, upgraded) == {}
    lines = f"SELECT count(problem) FROM {LINES} WHERE "
    assert int(released.sql(f"{lines} is_exception", upgraded)) > 10
    assert released.sql(f"{lines} NOT is_exception", upgraded) == "0"
    counted = f"SELECT sum(exception_count) FROM {RUNS}"
    assert released.sql(counted, upgraded) == released.sql(f"{lines} TRUE", upgraded)


def test_the_overview_counts_what_stands(released, upgraded):
    shown = "SELECT string_agg(concat_ws(' ', cycle_id, status, number), ', ') FROM ({})"
    by_place, totals = (
        f"""
        SELECT cycle_id, status, sum(membership_count) AS number FROM spp_attendance_count
        WHERE is_total IS {kind} GROUP BY 1, 2 ORDER BY 1, 2
        """
        for kind in ("NOT TRUE", "TRUE")
    )
    stands = f"""
        SELECT cycle_id, attendance_status AS status, count(*) AS number
        FROM g2p_cycle_membership AS membership
        WHERE attendance_status IS NOT NULL AND EXISTS (
            SELECT FROM {LINES} AS line JOIN {RUNS} AS run ON run.id = line.run_id
            WHERE line.cycle_membership_id = membership.id AND line.kind != 'member'
                AND line.left_alone IS NULL AND run.state = 'done'
        )
        GROUP BY 1, 2 ORDER BY 1, 2
    """
    found = [
        released.sql(shown.format(query) + " AS counts", upgraded)
        for query in (by_place, totals, stands)
    ]
    assert found[0] == found[1] == found[2] != ""


@pytest.mark.parametrize("name", FILTERS)
def test_filters_that_people_kept(released, upgraded, name):
    kept = f"SELECT concat_ws(' ', domain, context) FROM ir_filters WHERE name = '{name}'"
    *_before, domain, context = FILTERS[name]
    assert released.sql(kept, upgraded) == f"{domain} {context}"


@pytest.mark.parametrize("name", VIEWS)
def test_pages_that_people_changed(released, upgraded, name):
    """What names a field that is gone would keep everybody from the page."""
    views = f"SELECT concat_ws(' ', name, active) FROM ir_ui_view WHERE name LIKE '{name}%'"
    fits = VIEWS[name][-1]
    kept = f"{name} t" if fits else f"{name} (does not fit any more) f"
    assert released.sql(views, upgraded) == kept
