def migrate(cr, version):
    sum_up_runs(cr)
    name_problems(cr)


def sum_up_runs(cr):
    """Count what each run decided, as a run does now when it decides."""
    cr.execute(
        """
        UPDATE spp_attendance_run AS run SET undecided_count = sums.undecided,
            refused_count = sums.refused, gaining_count = sums.gaining
        FROM (
            SELECT run_id,
                count(*) FILTER (WHERE status = 'no_data' AND verdict = 'undecided') AS undecided,
                count(*) FILTER (WHERE state_after = 'non_compliant') AS refused,
                count(*) FILTER (WHERE state_after = 'enrolled' AND is_changing) AS gaining
            FROM spp_attendance_run_line WHERE kind != 'member' GROUP BY run_id
        ) AS sums
        WHERE sums.run_id = run.id
        """
    )


def name_problems(cr):
    """Say of each exception what is wrong, by what was kept of it: the person's, not her
    household's, too."""
    cr.execute(
        """
        UPDATE spp_attendance_run_line AS line
        SET problem = CASE
            WHEN line.left_alone IS NOT NULL THEN line.left_alone
            WHEN line.counts AND line.verdict IS DISTINCT FROM 'exempt' AND line.finding IN (
                'no_identifier', 'shared_identifier', 'unknown', 'unreadable', 'not_asked'
            ) THEN line.finding
            WHEN line.finding = 'silent'
                OR jsonb_path_exists(line.proof, '$.cells[*][11] ? (@ == "silent")') THEN 'silent'
            WHEN line.undated > 0 THEN 'undated'
            WHEN line.kind != 'household' AND line.unclear > 0 THEN 'unclear'
            WHEN line.note IS NOT NULL THEN 'remark'
            WHEN line.kind != 'household' AND line.verdict = 'no_data' THEN 'unrecorded'
            ELSE 'undecided'
        END
        WHERE line.is_exception AND NOT (
            line.kind = 'household' AND line.left_alone IS NULL AND EXISTS (
                SELECT FROM spp_attendance_run_line AS member
                WHERE member.household_line_id = line.id AND member.is_exception
            )
        )
        """
    )
    cr.execute(
        """
        UPDATE spp_attendance_run AS run SET exception_count = (
            SELECT count(*) FROM spp_attendance_run_line AS line
            WHERE line.run_id = run.id AND line.problem IS NOT NULL
        )
        """
    )
