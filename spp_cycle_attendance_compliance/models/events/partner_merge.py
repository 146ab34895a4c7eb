from odoo import api, models
from odoo.tools import SQL


class MergePartner(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    @api.model
    def _update_foreign_keys(self, src_partners, dst_partner):
        """Let no attendance be lost when contacts are merged.

        Odoo deletes what both of them have. Of an attendance that is known of both, that of the
        contact that goes counts no more, and is kept beside the other.
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                UPDATE spp_event_attendance AS event SET withdrawn = TRUE, moved_to_id = %(kept)s
                WHERE event.individual_id = ANY(%(gone)s) AND event.event_data_external_id > 0
                    AND EXISTS (
                        SELECT FROM spp_event_attendance AS other
                        WHERE other.event_data_source = event.event_data_source
                            AND other.event_data_external_id = event.event_data_external_id
                            AND other.moved_to_id IS NULL AND other.id != event.id
                            AND (
                                other.individual_id = %(kept)s
                                OR (other.individual_id = ANY(%(gone)s) AND other.id < event.id)
                            )
                    )
                """,
                kept=dst_partner.id,
                gone=src_partners.ids,
            )
        )
        self.env.invalidate_all()
        return super()._update_foreign_keys(src_partners, dst_partner)
