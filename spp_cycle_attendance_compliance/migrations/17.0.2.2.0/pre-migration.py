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
EARLIER = "17.0.1."


def migrate(cr, version):
    migrate_periods(cr, is_earlier=(version or "").startswith(EARLIER))
    if table_exists(cr, BATCHES):
        rename_batches(cr)
        fill_intakes(cr)
        move_answers(cr)
        number_applied_runs(cr)
        end_unfinished_runs(cr)
        remember_states(cr)
    if table_exists(cr, EVENTS):
        # An index takes its place, under the same name.
        cr.execute(f"ALTER TABLE {EVENTS} DROP CONSTRAINT IF EXISTS {EVENTS}_external_unique")
        point_events_to_intakes(cr)


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
                from_date = CASE WHEN to_date IS NOT NULL THEN coalesce(from_date, start_date)
                    ELSE from_date END,
                to_date = CASE WHEN from_date IS NOT NULL THEN coalesce(to_date, end_date)
                    ELSE to_date END
            WHERE attendance_period IS NULL
            """,
            is_earlier,
        )
    )
    if table_exists(cr, RUNS):
        add_missing(cr, RUNS, "varchar", "attendance_period")
        cr.execute(f"UPDATE {RUNS} SET attendance_period = 'dates' WHERE attendance_period IS NULL")


def rename_batches(cr):
    cr.execute(f"ALTER TABLE {BATCHES} RENAME TO {INTAKES}")
    cr.execute(f"ALTER SEQUENCE IF EXISTS {BATCHES}_id_seq RENAME TO {INTAKES}_id_seq")
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
        f"""
        UPDATE {INTAKES} AS intake
        SET server_url = run.server_url, question_key = run.question_key,
            from_date = run.from_date, to_date = run.to_date,
            attendance_type_id = run.attendance_type_id,
            attendance_location_id = run.attendance_location_id,
            cycle_id = run.cycle_id, program_id = run.program_id, user_id = run.user_id,
            company_id = run.company_id
        FROM {RUNS} AS run WHERE run.id = intake.run_id
        """
    )


def move_answers(cr):
    """Move what was answered about each person from the lines to rows of its own."""
    cr.execute(
        f"""
        CREATE TABLE {ANSWERS} (
            id serial PRIMARY KEY, intake_id int4, identifier varchar, partner_id int4,
            answer varchar, unreadable_count int4, digest varchar, answer_digest varchar,
            note varchar, line_id int4
        )
        """
    )
    cr.execute(
        f"""
        INSERT INTO {ANSWERS} (
            intake_id, identifier, partner_id, answer, unreadable_count, digest, answer_digest,
            note, line_id
        )
        SELECT line.batch_id, line.identifier, line.partner_id, line.answer, 0, line.digest,
            line.answer_digest, line.note, line.id
        FROM {LINES} AS line JOIN {INTAKES} AS intake ON intake.id = line.batch_id
        WHERE line.answer IN ('known', 'unknown', 'unreadable')
        ORDER BY intake.answered_at NULLS FIRST, line.id
        """
    )
    add_missing(cr, LINES, "int4", "answer_id")
    cr.execute(
        f"UPDATE {LINES} AS line SET answer_id = answer.id FROM {ANSWERS} AS answer"
        " WHERE answer.line_id = line.id"
    )
    cr.execute(f"ALTER TABLE {ANSWERS} DROP COLUMN line_id")
    rename_column(cr, LINES, "answer", "finding")


def number_applied_runs(cr):
    """Number the runs that were applied in the order in which they were."""
    add_missing(cr, RUNS, "int4", "applied_number", "cycle_version")
    cr.execute(
        f"""
        UPDATE {RUNS} AS run SET applied_number = numbered.number
        FROM (
            SELECT id, row_number() OVER (PARTITION BY cycle_id ORDER BY finished_at, id) AS number
            FROM {RUNS} WHERE state = 'done'
        ) AS numbered
        WHERE numbered.id = run.id
        """
    )


def end_unfinished_runs(cr):
    """End what was prepared in another way: a new run asks and decides again."""
    add_missing(cr, RUNS, "text", "outdated_reason")
    cr.execute(
        f"""
        UPDATE g2p_cycle AS cycle SET locked = FALSE, locked_reason = NULL
        FROM {RUNS} AS run WHERE run.cycle_id = cycle.id AND run.state = 'running' AND cycle.locked
        """
    )
    cr.execute(
        f"""
        UPDATE {RUNS} SET state = 'outdated', finished_at = now() AT TIME ZONE 'UTC',
            outdated_reason = 'The addon was updated while this run was in progress, or waited.'
        WHERE state IN ('running', 'waiting')
        """
    )
    cr.execute(
        "UPDATE queue_job SET state = 'cancelled' WHERE identity_key LIKE 'spp.attendance.run.%'"
        " AND state IN ('wait_dependencies', 'pending', 'enqueued')"
    )


def remember_states(cr):
    """Find the state of each membership before attendance first decided, and what it gave last."""
    columns = ("state_before_attendance", "attendance_state")
    add_missing(cr, "g2p_cycle_membership", "varchar", *columns)
    cr.execute(
        f"""
        UPDATE g2p_cycle_membership AS membership
        SET attendance_state = membership.state,
            state_before_attendance = coalesce(first.state_before, membership.state)
        FROM g2p_cycle_membership AS own
        LEFT JOIN (
            SELECT DISTINCT ON (line.cycle_membership_id) line.cycle_membership_id,
                line.state_before
            FROM {LINES} AS line JOIN {RUNS} AS run ON run.id = line.run_id
            WHERE line.kind != 'member' AND run.state = 'done'
            ORDER BY line.cycle_membership_id, run.applied_number
        ) AS first ON first.cycle_membership_id = own.id
        WHERE own.id = membership.id AND own.attendance_status IS NOT NULL
        """
    )


def point_events_to_intakes(cr):
    add_missing(cr, EVENTS, "int4", "intake_id", "withdrawn_intake_id")
    if table_exists(cr, CHANGES):
        add_missing(cr, CHANGES, "int4", "intake_id")
    if not column_exists(cr, EVENTS, "run_id") or not table_exists(cr, LINES):
        return
    # Of each person of a run, the intake in which she was asked about.
    cr.execute(
        f"""
        CREATE TEMPORARY TABLE asked AS
        SELECT line.run_id, line.partner_id, min(answer.intake_id) AS intake_id
        FROM {LINES} AS line JOIN {ANSWERS} AS answer ON answer.id = line.answer_id
        GROUP BY 1, 2
        """
    )
    cr.execute("CREATE INDEX ON asked (run_id, partner_id)")
    cr.execute("ANALYZE asked")
    cr.execute(
        f"""
        UPDATE {EVENTS} AS event
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
        f"""
        UPDATE {CHANGES} AS change SET intake_id = (
            SELECT asked.intake_id FROM asked JOIN {EVENTS} AS event ON event.id = change.event_id
            WHERE asked.run_id = change.run_id AND asked.partner_id = event.individual_id
        )
        WHERE run_id IS NOT NULL
        """
    )
    cr.execute("DROP TABLE asked")
