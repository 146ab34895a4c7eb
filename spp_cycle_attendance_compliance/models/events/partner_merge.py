from odoo import api, models
from odoo.tools import SQL


class MergePartner(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    @api.model
    def _update_foreign_keys(self, src_partners, dst_partner):
        """Let no attendance be lost when contacts are merged.

        Odoo deletes what both of them have. Of an attendance that is known of both, one counts:
        one that is not withdrawn, or else that of the contact that stays. The other is kept.
        """
        self.env.flush_all()

        # Where the person is part of what tells an attendance from others.
        def record(column):
            return SQL(
                "regexp_replace(%s, '^[0-9]+/', %s)",
                SQL.identifier(column),
                f"{dst_partner.id}/",
            )

        self.env.cr.execute(
            SQL(
                """
                WITH ranked AS (
                    SELECT id, row_number() OVER (
                        PARTITION BY source_id, event_data_external_id, %(record)s
                        ORDER BY coalesce(withdrawn, FALSE), individual_id != %(kept)s, id
                    ) AS number
                    FROM spp_event_attendance
                    WHERE individual_id = ANY(%(merged)s) AND moved_to_id IS NULL
                        AND (event_data_external_id > 0 OR file_record IS NOT NULL)
                ), moved AS (
                    UPDATE spp_event_attendance AS event
                    SET withdrawn = TRUE, moved_to_id = %(kept)s
                    FROM ranked, spp_event_attendance AS before
                    WHERE ranked.id = event.id AND ranked.number > 1 AND before.id = event.id
                    RETURNING event.id, before.withdrawn
                )
                INSERT INTO spp_event_attendance_change
                    (event_id, field_name, new_value,
                     create_uid, create_date, write_uid, write_date)
                SELECT id, 'withdrawn', 'true', %(uid)s, %(now)s, %(uid)s, %(now)s
                FROM moved WHERE withdrawn IS NOT TRUE
                """,
                kept=dst_partner.id,
                record=record("file_record"),
                merged=(src_partners + dst_partner).ids,
                uid=self.env.uid,
                now=self.env.cr.now(),
            )
        )
        self.env.cr.execute(
            "UPDATE spp_event_attendance SET moved_to_id = %s WHERE moved_to_id = ANY(%s)",
            [dst_partner.id, src_partners.ids],
        )
        self.env.cr.execute(
            SQL(
                "UPDATE spp_event_attendance SET file_record = %s"
                " WHERE individual_id = ANY(%s) AND file_record IS NOT NULL",
                record("file_record"),
                src_partners.ids,
            )
        )
        self.env.cr.execute(
            SQL(
                "UPDATE spp_attendance_file_row SET record = %s WHERE individual_id = ANY(%s)",
                record("record"),
                src_partners.ids,
            )
        )
        src_partners._bring_attendances_to(dst_partner.company_id.id)
        self.env.invalidate_all()
        return super()._update_foreign_keys(src_partners, dst_partner)
