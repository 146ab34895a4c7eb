"""Where the people of a run's lines live, and attended."""

from odoo.tools import SQL


def find_places(draft, last_day, has_areas):
    """Note on each line the area and the location, to be counted and printed by.

    :param draft: the `Draft` of a run
    :param last_day: of the period; where people attended after it says nothing
    :param bool has_areas: whether registrants have one
    """
    draft.execute(
        """
        UPDATE spp_attendance_draft AS line
        SET area_id = found.area_id, location_id = found.location_id
        FROM (
            SELECT own.id, %(area)s AS area_id, place.id AS location_id
            FROM spp_attendance_draft AS own
            JOIN res_partner AS registrant ON registrant.id = own.partner_id
            LEFT JOIN LATERAL (
                SELECT event.attendance_location_id AS id FROM spp_event_attendance AS event
                WHERE own.kind != 'household' AND event.individual_id = own.partner_id
                    AND event.withdrawn IS NOT TRUE AND event.attendance_date <= %(last)s
                    AND event.attendance_location_id IS NOT NULL
                ORDER BY event.attendance_date DESC, event.id DESC LIMIT 1
            ) AS place ON TRUE
        ) AS found
        WHERE found.id = line.id AND coalesce(found.area_id, found.location_id) IS NOT NULL
        """,
        area=SQL("registrant.area_id" if has_areas else "NULL::integer"),
        last=last_day,
    )
    draft.execute(
        """
        UPDATE spp_attendance_draft AS line SET location_id = found.location_id
        FROM (
            SELECT household_line_id AS id,
                mode() WITHIN GROUP (ORDER BY location_id) AS location_id
            FROM spp_attendance_draft
            WHERE kind = 'member' AND counts AND location_id IS NOT NULL
            GROUP BY household_line_id
        ) AS found
        WHERE found.id = line.id
        """
    )
