"""The lines of a run in their own table: taken into a draft, and put back when they are right."""

from odoo.tools import SQL


def take_lines(draft):
    """Take the lines of the run that are kept, to be decided anew in the world as it is.

    What was in the draft is that world. Lines of which somebody has changed the identifier, a
    member or the override since are marked; so are those about which attendance does not
    decide any more. The others get the state that their membership has now. Who joined since
    gets a line, too, and is left alone.
    """
    draft.become_world()
    draft.execute(
        """
        INSERT INTO spp_attendance_draft
        SELECT * FROM spp_attendance_run_line WHERE run_id = %(run)s ORDER BY id
        """
    )
    draft.cr.execute(
        """
        INSERT INTO spp_attendance_draft
        SELECT * FROM spp_attendance_world AS now
        WHERE now.kind != 'member' AND NOT EXISTS (
            SELECT FROM spp_attendance_draft AS line
            WHERE line.cycle_membership_id = now.cycle_membership_id
        )
        """
    )
    draft.cr.execute("ANALYZE spp_attendance_draft")
    draft.cr.execute(
        """
        UPDATE spp_attendance_draft AS line
        SET verdict = coalesce(line.verdict, 'undecided'),
            left_alone = CASE
                WHEN line.verdict IS NULL THEN 'joined'
                WHEN line.cycle_membership_id IS NULL THEN 'changed'
                WHEN line.left_alone IN ('changed', 'joined') THEN line.left_alone
                WHEN now.id IS NULL THEN 'state'
                WHEN now.world IS DISTINCT FROM line.world THEN 'changed'
                ELSE nullif(line.left_alone, 'state')
            END,
            state_before = coalesce(now.state_before, line.state_before)
        FROM spp_attendance_draft AS own
        LEFT JOIN spp_attendance_world AS now
            ON now.cycle_membership_id = own.cycle_membership_id AND now.kind != 'member'
        WHERE own.id = line.id AND line.kind != 'member'
        """
    )


def update_lines(draft):
    """Put back on the lines what was decided anew."""
    columns = (
        *("left_alone", "state_before", "state_after", "is_changing", "is_exception"),
        *("passes_criteria", "status", "warning", "problem"),
    )
    names = [SQL.identifier(name) for name in columns]
    # What was done about a problem, or is to be done, says nothing about another.
    draft.execute(
        """
        UPDATE spp_attendance_run_line AS line
        SET problem_activity_id = NULL, problem_done_at = NULL, problem_done_by_id = NULL,
            problem_done_note = NULL
        FROM spp_attendance_draft AS draft
        WHERE draft.id = line.id AND line.run_id = %(run)s
            AND line.problem IS DISTINCT FROM draft.problem
            AND (line.problem_activity_id IS NOT NULL OR line.problem_done_at IS NOT NULL)
        """
    )
    draft.execute(
        """
        UPDATE spp_attendance_run_line AS line SET (%(names)s) = ROW(%(decided)s)
        FROM spp_attendance_draft AS draft
        WHERE draft.id = line.id AND line.run_id = %(run)s
            AND (%(old)s) IS DISTINCT FROM (%(decided)s)
        """,
        names=SQL(", ").join(names),
        decided=SQL(", ").join(SQL("draft.%s", name) for name in names),
        old=SQL(", ").join(SQL("line.%s", name) for name in names),
    )
    _insert_lines(
        draft,
        SQL("NOT EXISTS (SELECT FROM spp_attendance_run_line AS line WHERE line.id = draft.id)"),
    )


def keep_lines(draft):
    """Put the lines into their own table."""
    _insert_lines(draft, SQL("TRUE"))


def _insert_lines(draft, condition):
    draft.cr.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = 'spp_attendance_run_line'::regclass"
        " AND attnum > 0 AND NOT attisdropped"
    )
    names = SQL(", ").join(SQL.identifier(name) for (name,) in draft.cr.fetchall())
    draft.execute(
        """
        INSERT INTO spp_attendance_run_line (%(names)s)
        SELECT %(names)s FROM spp_attendance_draft AS draft WHERE %(condition)s ORDER BY id
        """,
        names=names,
        condition=condition,
    )
