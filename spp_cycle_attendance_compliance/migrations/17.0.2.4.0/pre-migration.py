from odoo.tools import SQL
from odoo.tools.sql import table_exists

# What a cycle asked for before it had conditions: column, type, value where there is none.
CLASSIC_COLUMNS = (
    ("attendance_type_id", "int4", None),
    ("attendance_location_id", "int4", None),
    ("attendance_unit", "varchar", "days"),
    ("attendance_requirement", "varchar", "number"),
    ("required_number_of_attendance", "int4", 10),
    ("required_percentage", "int4", 80),
)


def migrate(cr, version):
    complete_classic_columns(cr)
    if table_exists(cr, "spp_attendance_run"):
        end_unfinished_runs(cr)


def complete_classic_columns(cr):
    """Have all columns of the first condition in place, with what they mean.

    The ORM would compute those that it makes anew, and with them the others, from conditions that
    are not there yet.
    """
    for name, kind, value in CLASSIC_COLUMNS:
        add_column(cr, "g2p_cycle", name, kind)
        column = SQL.identifier(name)
        cr.execute(SQL("UPDATE g2p_cycle SET %s = %s WHERE %s IS NULL", column, value, column))


def add_column(cr, table, name, kind):
    cr.execute(
        SQL(
            "ALTER TABLE %s ADD COLUMN IF NOT EXISTS %s %s",
            SQL.identifier(table),
            SQL.identifier(name),
            SQL(kind),
        )
    )


def end_unfinished_runs(cr):
    """End what was prepared by other rules: a new run asks and decides again."""
    requests = (("request", "varchar"), ("requested_by_id", "int4"), ("request_reason", "text"))
    for name, kind in requests:
        add_column(cr, "spp_attendance_run", name, kind)
    cr.execute(
        """
        UPDATE g2p_cycle AS cycle SET locked = FALSE, locked_reason = NULL
        FROM spp_attendance_run AS run
        WHERE run.cycle_id = cycle.id AND cycle.locked AND (run.state = 'running'
            OR run.state = 'waiting' AND run.request IS NOT NULL)
        """
    )
    cr.execute(
        """
        UPDATE spp_attendance_run SET state = 'outdated', finished_at = now() AT TIME ZONE 'UTC',
            outdated_reason = 'The addon was updated while this run was in progress, or waited.',
            request = NULL, requested_by_id = NULL, request_reason = NULL
        WHERE state IN ('running', 'waiting')
        """
    )
    cr.execute(
        """
        UPDATE queue_job SET state = 'cancelled'
        WHERE state IN ('wait_dependencies', 'pending', 'enqueued', 'started') AND EXISTS (
            SELECT FROM spp_attendance_run AS run WHERE run.state = 'outdated'
                AND queue_job.identity_key LIKE 'spp.attendance.run.' || run.id || '.%'
        )
        """
    )
