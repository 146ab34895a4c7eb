from odoo import SUPERUSER_ID, api
from odoo.tools import SQL

ATTENDANCE_MODEL = "spp.event.attendance"
BATCH_SIZE = 10_000


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    keep_default_for_new_cycles(env)
    refresh_active_events(env)
    end_events_without_attendance(env)


def keep_default_for_new_cycles(env):
    """Have new cycles use attendance criteria, as they did with the earlier module."""
    env["res.company"].search([]).attendance_criteria_by_default = True


def refresh_active_events(env):
    """Make the newest event of each person the active one, now that attendances were folded."""
    after_id = 0
    while True:
        env.cr.execute(
            SQL(
                "SELECT DISTINCT individual_id FROM spp_event_attendance"
                " WHERE individual_id > %s ORDER BY individual_id LIMIT %s",
                after_id,
                BATCH_SIZE,
            )
        )
        ids = [row[0] for row in env.cr.fetchall()]
        if not ids:
            break
        env["spp.event.data"]._refresh_active_attendance(ids)
        after_id = ids[-1]


def end_events_without_attendance(env):
    """End the active events of attendances that the earlier module has deleted.

    Only those of persons who have others: one active event of a person is what the platform wants.
    """
    env.cr.execute(
        SQL(
            """
            UPDATE spp_event_data AS data SET state = 'inactive'
            WHERE data.model = %s AND data.state = 'active'
                AND NOT EXISTS (SELECT FROM spp_event_attendance WHERE id = data.res_id)
                AND EXISTS (
                    SELECT FROM spp_event_attendance WHERE individual_id = data.partner_id
                )
            """,
            ATTENDANCE_MODEL,
        )
    )
    env["spp.event.data"].invalidate_model(["state"])
