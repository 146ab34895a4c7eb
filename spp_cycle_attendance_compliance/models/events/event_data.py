from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.spp_event_data import models as event_data_models

ATTENDANCE_MODEL = "spp.event.attendance"
# The newest platform offers the models with its mixin as kinds of events. The others have a list
# that each kind is added to.
EVENT_MIXIN = ("spp.event.mixin",) if hasattr(event_data_models, "event_mixin") else ()


class EventData(models.Model):
    _inherit = "spp.event.data"

    # Without an index, opening one registrant reads the events of the whole registry.
    partner_id = fields.Many2one(index=True)

    @api.model
    def _refresh_active_attendance(self, individual_ids):
        """Make the newest attendance of each person the active event, and only that one.

        Withdrawn ones do not count. This is what the platform's ``create`` does, in a set.
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                WITH ranked AS (
                    SELECT data.id, NOT coalesce(event.withdrawn, FALSE) AND row_number() OVER (
                        PARTITION BY event.individual_id
                        ORDER BY coalesce(event.withdrawn, FALSE), data.id DESC
                    ) = 1 AS is_active
                    FROM spp_event_attendance AS event
                    JOIN spp_event_data AS data
                        ON data.res_id = event.id AND data.model = %(model)s
                    WHERE event.individual_id = ANY(%(individuals)s)
                )
                UPDATE spp_event_data AS data
                SET state = CASE WHEN is_active THEN 'active' ELSE 'inactive' END
                FROM ranked
                WHERE ranked.id = data.id
                    AND data.state IS DISTINCT FROM
                        CASE WHEN is_active THEN 'active' ELSE 'inactive' END
                """,
                model=ATTENDANCE_MODEL,
                individuals=list(individual_ids),
            )
        )
        self.invalidate_model(["state"])
