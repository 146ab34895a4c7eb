"""Bring a database of 17.0.2.1.0 or before to what the models of this version expect.

Batches of runs become intakes, what was answered about a person moves from the runs' lines to rows
of its own, and events point to the intakes that brought them. No row is lost.
"""

from odoo.tools import SQL
from odoo.tools.sql import column_exists, create_column, rename_column, table_exists

MODULE = "spp_cycle_attendance_compliance"
BATCHES, INTAKES = "spp_attendance_run_batch", "spp_attendance_intake"
RUNS, LINES, ANSWERS = "spp_attendance_run", "spp_attendance_run_line", "spp_attendance_answer"
EVENTS, CHANGES = "spp_event_attendance", "spp_event_attendance_change"
# Where the earlier module counted without a first day.
FIRST_DAY_OF_ALL = "1900-01-01"
# What people's filters name otherwise now: (model, name before, in domains, in groupings). Nobody
# can group by a field that is looked up.
RENAMED = (
    ("spp.attendance.run.line", "answer", "finding", "finding"),
    ("spp.event.attendance", "run_id", "run_id", "intake_id"),
    (
        "spp.event.attendance",
        "withdrawn_run_id",
        "withdrawn_intake_id.run_id",
        "withdrawn_intake_id",
    ),
)


def migrate(cr, version):
    # The earlier module is 1.x; in front of that is the series of the Odoo that runs.
    migrate_periods(cr, is_earlier=(version or "").split(".")[2:3] == ["1"])
    if table_exists(cr, BATCHES):
        rename_batches(cr)
        fill_intakes(cr)
        move_answers(cr)
        find_answers_taken_over(cr)
        name_scopes(cr)
        number_applied_runs(cr)
        end_unfinished_runs(cr)
        mark_lines_left_alone(cr)
        count_lines(cr)
        remember_states(cr)
        rename_in_filters(cr)
    if table_exists(cr, EVENTS):
        # An index takes its place, under the same name.
        cr.execute(
            "ALTER TABLE spp_event_attendance"
            " DROP CONSTRAINT IF EXISTS spp_event_attendance_external_unique"
        )
        point_events_to_intakes(cr)
        give_events_to_one(cr)


def add_missing(cr, table, kind, *names):
    for name in names:
        if not column_exists(cr, table, name):
            create_column(cr, table, name, kind)


def migrate_periods(cr, is_earlier):
    """Keep the days that count of each cycle; until now, empty dates were the cycle's own."""
    add_missing(cr, "g2p_cycle", "varchar", "attendance_period")
    add_missing(cr, "g2p_cycle", "date", "from_date", "to_date")
    cr.execute(
        SQL(
            """
            UPDATE g2p_cycle
            SET attendance_period = CASE
                    WHEN from_date IS NOT NULL OR to_date IS NOT NULL THEN 'dates'
                    -- The earlier module then counted all attendance so far.
                    WHEN %s AND state IN ('draft', 'to_approve') THEN 'all'
                    ELSE 'cycle'
                END,
                from_date = CASE
                    WHEN to_date IS NULL THEN from_date
                    WHEN %s THEN coalesce(from_date, %s)
                    ELSE coalesce(from_date, start_date)
                END,
                to_date = CASE WHEN from_date IS NOT NULL THEN coalesce(to_date, end_date)
                    ELSE to_date END
            WHERE attendance_period IS NULL
            """,
            is_earlier,
            is_earlier,
            FIRST_DAY_OF_ALL,
        )
    )
    if table_exists(cr, RUNS):
        add_missing(cr, RUNS, "varchar", "attendance_period")
        cr.execute(
            "UPDATE spp_attendance_run SET attendance_period = 'dates'"
            " WHERE attendance_period IS NULL"
        )


def rename_batches(cr):
    cr.execute("ALTER TABLE spp_attendance_run_batch RENAME TO spp_attendance_intake")
    cr.execute(
        "ALTER SEQUENCE IF EXISTS spp_attendance_run_batch_id_seq"
        " RENAME TO spp_attendance_intake_id_seq"
    )
    cr.execute(
        "SELECT indexname FROM pg_indexes WHERE tablename = %s AND starts_with(indexname, %s)",
        [INTAKES, BATCHES],
    )
    for (index,) in cr.fetchall():
        cr.execute(
            SQL(
                "ALTER INDEX %s RENAME TO %s",
                SQL.identifier(index),
                SQL.identifier(index.replace(BATCHES, INTAKES)),
            )
        )
    old, new = BATCHES.replace("_", "."), INTAKES.replace("_", ".")
    cr.execute("UPDATE ir_model SET model = %s WHERE model = %s", [new, old])
    cr.execute("UPDATE ir_model_fields SET model = %s WHERE model = %s", [new, old])
    for kind in ("model", "field"):
        cr.execute(
            """
            UPDATE ir_model_data SET name = replace(name, %s, %s)
            WHERE module = %s AND (name = %s OR name LIKE %s)
            """,
            [
                f"{kind}_{BATCHES}",
                f"{kind}_{INTAKES}",
                MODULE,
                f"{kind}_{BATCHES}",
                f"{kind}_{BATCHES}__%".replace("_", r"\_"),
            ],
        )


def fill_intakes(cr):
    """Give each intake the source, the question and the user of its run."""
    add_missing(cr, INTAKES, "varchar", "server_url", "question_key")
    add_missing(cr, INTAKES, "date", "from_date", "to_date")
    numbers = ("attendance_type_id", "attendance_location_id", "cycle_id", "program_id", "user_id")
    add_missing(cr, INTAKES, "int4", "company_id", *numbers)
    cr.execute(
        """
        UPDATE spp_attendance_intake AS intake
        SET server_url = run.server_url, question_key = run.question_key,
            from_date = run.from_date, to_date = run.to_date,
            attendance_type_id = run.attendance_type_id,
            attendance_location_id = run.attendance_location_id,
            cycle_id = run.cycle_id, program_id = run.program_id, user_id = run.user_id,
            company_id = run.company_id
        FROM spp_attendance_run AS run WHERE run.id = intake.run_id
        """
    )


def move_answers(cr):
    """Move what was answered about each person from the lines to rows of its own."""
    cr.execute(
        """
        CREATE TABLE spp_attendance_answer (
            id serial PRIMARY KEY, intake_id int4, identifier varchar, partner_id int4,
            answer varchar, unreadable_count int4, digest varchar, answer_digest varchar,
            note varchar, line_id int4
        )
        """
    )
    cr.execute(
        """
        INSERT INTO spp_attendance_answer (
            intake_id, identifier, partner_id, answer, unreadable_count, digest, answer_digest,
            note, line_id
        )
        SELECT line.batch_id, line.identifier, line.partner_id, line.answer,
            -- "2 records of the answer could not be read": kept nowhere else.
            coalesce(substring(line.note FROM '[0-9]{1,9}')::int4, 0), line.digest,
            line.answer_digest, line.note, line.id
        FROM spp_attendance_run_line AS line
        JOIN spp_attendance_intake AS intake ON intake.id = line.batch_id
        WHERE line.answer IN ('known', 'unknown', 'unreadable')
        ORDER BY intake.answered_at NULLS FIRST, line.id
        """
    )
    add_missing(cr, LINES, "int4", "answer_id")
    cr.execute("ANALYZE spp_attendance_answer")
    cr.execute(
        "UPDATE spp_attendance_run_line AS line SET answer_id = answer.id"
        " FROM spp_attendance_answer AS answer WHERE answer.line_id = line.id"
    )
    cr.execute("ALTER TABLE spp_attendance_answer DROP COLUMN line_id")
    rename_column(cr, LINES, "answer", "finding")


def find_answers_taken_over(cr):
    """Find the answers that evaluations again went by, as those found them."""
    cr.execute(
        "CREATE INDEX spp_attendance_answer_partner_id_id_index"
        " ON spp_attendance_answer (partner_id, id)"
    )
    cr.execute(
        """
        UPDATE spp_attendance_run_line AS line SET answer_id = (
            SELECT answer.id FROM spp_attendance_answer AS answer
            JOIN spp_attendance_intake AS intake ON intake.id = answer.intake_id
            WHERE answer.partner_id = line.partner_id AND answer.answer = line.finding
                AND intake.server_url = run.server_url AND intake.answered_at <= run.decided_at
                AND intake.from_date <= run.from_date AND intake.to_date >= run.to_date
                AND coalesce(intake.attendance_type_id, run.attendance_type_id)
                    IS NOT DISTINCT FROM run.attendance_type_id
                AND coalesce(intake.attendance_location_id, run.attendance_location_id)
                    IS NOT DISTINCT FROM run.attendance_location_id
            ORDER BY answer.id DESC LIMIT 1
        )
        FROM spp_attendance_run AS run
        WHERE run.id = line.run_id AND run.mode = 'evaluate' AND line.answer_id IS NULL
            AND line.finding IN ('known', 'unknown', 'unreadable')
        """
    )


def name_scopes(cr):
    """Keep the names of what each run was about: from now on, they are as they were then."""
    add_missing(cr, RUNS, "varchar", "scope_names")
    cr.execute(
        """
        UPDATE spp_attendance_run AS run SET scope_names = concat_ws(', ',
            (SELECT name FROM spp_res_config_attendance_type WHERE id = attendance_type_id),
            (SELECT name FROM spp_res_config_attendance_location WHERE id = attendance_location_id)
        )
        """
    )


def number_applied_runs(cr):
    """Number the runs that were applied in the order in which they were."""
    add_missing(cr, RUNS, "int4", "applied_number", "cycle_version")
    cr.execute(
        """
        UPDATE spp_attendance_run AS run SET applied_number = numbered.number
        FROM (
            SELECT id, row_number() OVER (
                PARTITION BY cycle_id ORDER BY finished_at, decided_at, id
            ) AS number
            FROM spp_attendance_run WHERE state = 'done'
        ) AS numbered
        WHERE numbered.id = run.id
        """
    )


def end_unfinished_runs(cr):
    """End what was prepared in another way: a new run asks and decides again."""
    add_missing(cr, RUNS, "text", "outdated_reason")
    cr.execute(
        """
        UPDATE g2p_cycle AS cycle SET locked = FALSE, locked_reason = NULL
        FROM spp_attendance_run AS run
        WHERE run.cycle_id = cycle.id AND run.state = 'running' AND cycle.locked
        """
    )
    cr.execute(
        """
        UPDATE spp_attendance_run SET state = 'outdated', finished_at = now() AT TIME ZONE 'UTC',
            outdated_reason = 'The addon was updated while this run was in progress, or waited.'
        WHERE state IN ('running', 'waiting')
        """
    )
    cr.execute(
        "UPDATE queue_job SET state = 'cancelled' WHERE identity_key LIKE 'spp.attendance.run.%'"
        " AND state IN ('wait_dependencies', 'pending', 'enqueued', 'started')"
    )


def mark_lines_left_alone(cr):
    """Mark what the last runs decided, but did not apply, as somebody had changed the membership.

    The verdict that stands is the last one with the number and the status that are shown; none does
    where nothing is shown.
    """
    add_missing(cr, LINES, "varchar", "left_alone")
    cr.execute(
        """
        WITH applied AS (
            SELECT line.id, line.cycle_membership_id, run.applied_number, membership.state,
                membership.attendance_status,
                line.number_of_attendance = coalesce(membership.number_of_attendance, 0)
                    AND membership.attendance_status IN ('overridden',
                        CASE WHEN line.passes_criteria THEN line.verdict ELSE 'non_compliant' END
                    ) AS is_shown
            FROM spp_attendance_run_line AS line
            JOIN spp_attendance_run AS run ON run.id = line.run_id AND run.state = 'done'
            JOIN g2p_cycle_membership AS membership ON membership.id = line.cycle_membership_id
            WHERE line.kind != 'member'
        ), standing AS (
            SELECT cycle_membership_id, max(
                CASE WHEN is_shown THEN applied_number WHEN attendance_status IS NULL THEN 0 END
            ) AS number
            FROM applied GROUP BY 1
        )
        UPDATE spp_attendance_run_line AS line
        SET left_alone = CASE WHEN applied.state IN ('draft', 'enrolled', 'non_compliant')
            THEN 'changed' ELSE 'state' END
        FROM applied JOIN standing USING (cycle_membership_id)
        WHERE applied.id = line.id AND applied.applied_number > standing.number
        """
    )


def count_lines(cr):
    """Count on each run what runs count since then."""
    columns = ("losing_count", "undecided_draft_count", "changed_meanwhile_count")
    add_missing(cr, RUNS, "int4", *columns)
    cr.execute(
        """
        UPDATE spp_attendance_run AS run
        SET losing_count = counted.losing, undecided_draft_count = counted.undecided,
            changed_meanwhile_count = counted.changed
        FROM (
            SELECT run_id,
                count(*) FILTER (WHERE is_changing AND state_after = 'non_compliant') AS losing,
                count(*) FILTER (WHERE status = 'no_data' AND state_after = 'draft') AS undecided,
                count(*) FILTER (WHERE left_alone = 'changed') AS changed
            FROM spp_attendance_run_line WHERE kind != 'member' GROUP BY run_id
        ) AS counted
        WHERE counted.run_id = run.id
        """
    )


def remember_states(cr):
    """Find the state of each membership before attendance first decided, and what it gave last.

    A membership in another state than the one given was changed by a person since.
    """
    columns = ("state_before_attendance", "attendance_state")
    add_missing(cr, "g2p_cycle_membership", "varchar", *columns)
    cr.execute(
        """
        WITH applied AS (
            SELECT line.cycle_membership_id, line.state_before, run.applied_number,
                CASE
                    WHEN line.status = 'no_data' AND run.no_data_rule = 'keep' THEN NULL
                    WHEN line.status != 'overridden' THEN line.state_after
                    WHEN line.verdict IN ('compliant', 'exempt') AND line.passes_criteria
                        THEN 'enrolled'
                    WHEN line.verdict != 'no_data' OR run.no_data_rule = 'absent'
                        OR NOT line.passes_criteria THEN 'non_compliant'
                END AS state_given
            FROM spp_attendance_run_line AS line
            JOIN spp_attendance_run AS run ON run.id = line.run_id AND run.state = 'done'
            WHERE line.kind != 'member' AND line.left_alone IS NULL
                AND line.cycle_membership_id IS NOT NULL
        ), first AS (
            SELECT DISTINCT ON (cycle_membership_id) * FROM applied
            WHERE state_given IS NOT NULL
            ORDER BY cycle_membership_id, applied_number
        ), last AS (
            SELECT DISTINCT ON (cycle_membership_id) * FROM applied
            WHERE state_given IS NOT NULL
            ORDER BY cycle_membership_id, applied_number DESC
        )
        UPDATE g2p_cycle_membership AS membership
        SET attendance_state = CASE override.verdict
                WHEN 'compliant' THEN 'enrolled'
                WHEN 'non_compliant' THEN 'non_compliant'
                ELSE last.state_given
            END,
            state_before_attendance = coalesce(
                first.state_before, CASE WHEN override.id IS NOT NULL THEN membership.state END
            )
        FROM g2p_cycle_membership AS own
        LEFT JOIN first ON first.cycle_membership_id = own.id
        LEFT JOIN last ON last.cycle_membership_id = own.id
        LEFT JOIN spp_attendance_override AS override ON override.id = own.attendance_override_id
        WHERE own.id = membership.id AND own.attendance_status IS NOT NULL
        """
    )


def rename_in_filters(cr):
    for model, before, in_domains, in_groupings in RENAMED:
        cr.execute(
            """
            UPDATE ir_filters SET domain = regexp_replace(domain, %(before)s, %(domain)s, 'g'),
                context = regexp_replace(context, %(before)s, %(grouping)s, 'g')
            WHERE model_id = %(model)s
            """,
            {
                "before": rf"""(["']){before}\1""",
                "domain": rf"\1{in_domains}\1",
                "grouping": rf"\1{in_groupings}\1",
                "model": model,
            },
        )


def point_events_to_intakes(cr):
    add_missing(cr, EVENTS, "int4", "intake_id", "withdrawn_intake_id")
    if table_exists(cr, CHANGES):
        add_missing(cr, CHANGES, "int4", "intake_id")
    if not column_exists(cr, EVENTS, "run_id") or not table_exists(cr, ANSWERS):
        return
    # Of each person of a run, the intake in which she was asked about.
    cr.execute(
        """
        CREATE TEMPORARY TABLE asked AS
        SELECT line.run_id, line.partner_id, min(answer.intake_id) AS intake_id
        FROM spp_attendance_run_line AS line
        JOIN spp_attendance_answer AS answer ON answer.id = line.answer_id
        GROUP BY 1, 2
        """
    )
    cr.execute("CREATE INDEX ON asked (run_id, partner_id)")
    cr.execute("ANALYZE asked")
    cr.execute(
        """
        UPDATE spp_event_attendance AS event
        SET intake_id = (
                SELECT intake_id FROM asked
                WHERE run_id = event.run_id AND partner_id = event.individual_id
            ),
            withdrawn_intake_id = (
                SELECT intake_id FROM asked
                WHERE run_id = event.withdrawn_run_id AND partner_id = event.individual_id
            )
        WHERE run_id IS NOT NULL OR withdrawn_run_id IS NOT NULL
        """
    )
    cr.execute(
        """
        UPDATE spp_event_attendance_change AS change SET intake_id = (
            SELECT asked.intake_id FROM asked
            JOIN spp_event_attendance AS event ON event.id = change.event_id
            WHERE asked.run_id = change.run_id AND asked.partner_id = event.individual_id
        )
        WHERE run_id IS NOT NULL
        """
    )
    cr.execute("DROP TABLE asked")
    # It is looked up now. Columns of fields that are gone altogether are dropped by Odoo.
    cr.execute("ALTER TABLE spp_event_attendance DROP COLUMN run_id")


def give_events_to_one(cr):
    """Let an attendance of a source count for one person of a company, as from now on.

    That is the one about whom the source answered last, when it was asked about that attendance.
    The others' stay, withdrawn; so do those of one person that are there twice.
    """
    add_missing(cr, EVENTS, "int4", "moved_to_id", "attendance_type_id", "attendance_location_id")
    last_answer = SQL("NULL::integer")
    if table_exists(cr, ANSWERS):
        last_answer = SQL(
            """
            (
                SELECT max(answer.id) FROM spp_attendance_answer AS answer
                JOIN spp_attendance_intake AS intake ON intake.id = answer.intake_id
                WHERE answer.partner_id = individual_id AND answer.answer = 'known'
                    AND intake.server_url = event_data_source
                    AND attendance_date BETWEEN intake.from_date AND intake.to_date
                    AND coalesce(intake.attendance_type_id, told.attendance_type_id)
                        IS NOT DISTINCT FROM told.attendance_type_id
                    AND coalesce(intake.attendance_location_id, told.attendance_location_id)
                        IS NOT DISTINCT FROM told.attendance_location_id
            )
            """
        )
    cr.execute(
        SQL(
            """
            WITH told AS (
                SELECT id, individual_id, event_data_source, event_data_external_id, company_id,
                    attendance_date, attendance_type_id, attendance_location_id, count(*) OVER (
                        PARTITION BY event_data_source, event_data_external_id, company_id
                    ) AS number
                FROM spp_event_attendance
                WHERE event_data_external_id > 0 AND event_data_source IS NOT NULL
                    AND individual_id IS NOT NULL AND withdrawn IS NOT TRUE
            ), kept AS (
                SELECT id, first_value(id) OVER newest AS kept_id,
                    first_value(individual_id) OVER newest AS individual_id
                FROM told WHERE number > 1
                WINDOW newest AS (
                    PARTITION BY event_data_source, event_data_external_id, company_id
                    ORDER BY %s DESC NULLS LAST, id DESC
                )
            ), moved AS (
                UPDATE spp_event_attendance AS event
                SET withdrawn = TRUE,
                    moved_to_id = nullif(kept.individual_id, event.individual_id)
                FROM kept
                WHERE kept.id = event.id AND kept.kept_id != event.id
                RETURNING event.id
            )
            INSERT INTO spp_event_attendance_change
                (event_id, field_name, new_value, create_uid, create_date)
            SELECT id, 'withdrawn', 'true', 1, now() AT TIME ZONE 'UTC' FROM moved ORDER BY id
            """,
            last_answer,
        )
    )
