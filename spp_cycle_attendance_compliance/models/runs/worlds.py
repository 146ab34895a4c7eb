"""The world that each line of a run is decided in, kept to be compared later."""


def set_worlds(draft):
    """Note on each membership's line the world that it is decided in, to be compared later.

    What is recorded here is part of it, where nobody is asked; elsewhere a run brings it, and by it
    where somebody last attended.
    """
    draft.execute(
        """
        UPDATE spp_attendance_draft AS line
        SET world = md5(concat_ws(' ', line.override_id, line.partner_id, world.persons,
            line.failed_ids::text))
        FROM spp_attendance_draft AS own
        LEFT JOIN (
            SELECT coalesce(household_line_id, id) AS id, string_agg(
                concat_ws(':', partner_id, identifier, counts, CASE WHEN counts THEN
                    concat_ws(':', about, free_until, waivers, counted) END),
                ' ' ORDER BY partner_id
            ) AS persons
            FROM spp_attendance_draft WHERE kind != 'household' GROUP BY 1
        ) AS world ON world.id = own.id
        WHERE own.id = line.id AND line.kind != 'member'
        """
    )


def get_worlds(draft):
    """Return the worlds as a text that `leave_alone_who_changed` reads."""
    draft.execute(
        "SELECT jsonb_object_agg(cycle_membership_id, world)::text FROM spp_attendance_draft"
        " WHERE kind != 'member'"
    )
    return draft.cr.fetchone()[0]


def leave_alone_who_changed(draft):
    """Mark the lines of which somebody has changed the world since the run asked, and new ones.

    What was kept of the worlds is of no more use then.
    """
    draft.execute(
        """
        UPDATE spp_attendance_draft AS line
        SET left_alone = CASE WHEN asked.world IS NULL THEN 'joined' ELSE 'changed' END
        FROM spp_attendance_draft AS own
        LEFT JOIN (
            SELECT (membership.key)::integer AS id, membership.value AS world
            FROM spp_attendance_intake AS intake
            CROSS JOIN LATERAL jsonb_each_text(intake.worlds::jsonb) AS membership
            WHERE intake.run_id = %(run)s
        ) AS asked ON asked.id = own.cycle_membership_id
        WHERE own.id = line.id AND line.kind != 'member'
            AND asked.world IS DISTINCT FROM own.world
        """
    )
    draft.execute("UPDATE spp_attendance_intake SET worlds = NULL WHERE run_id = %(run)s")
