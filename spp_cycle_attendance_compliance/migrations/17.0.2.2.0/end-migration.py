from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """Let no event be the active one of a person if it counts no more."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    env.cr.execute(
        """
        SELECT DISTINCT event.individual_id
        FROM spp_event_attendance AS event
        JOIN spp_event_data AS data ON data.res_id = event.id
        WHERE event.withdrawn AND data.model = 'spp.event.attendance' AND data.state = 'active'
        """
    )
    env["spp.event.data"]._refresh_active_attendance([row[0] for row in env.cr.fetchall()])
