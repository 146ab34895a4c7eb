from odoo import _, api, fields, models
from odoo.tools import SQL

from ..intakes.identifiers import (
    IDENTIFIERS_GROUP,
    create_function,
    get_identifier,
    normalise,
)
from ..sources.attendance_source import SERVER


class ResPartner(models.Model):
    _inherit = "res.partner"

    # Kept by the earlier module. A source that was brought along without an ID type goes by it.
    personal_identifier = fields.Char(
        "Kept Identifier", groups=IDENTIFIERS_GROUP, readonly=True, copy=False
    )
    attendance_identifier = fields.Char(
        "Known to the Attendance System as",
        compute="_compute_attendance_identifier",
        groups=IDENTIFIERS_GROUP,
        help="The IDs of the types by which attendance systems know people.",
    )
    attendance_ids = fields.One2many("spp.event.attendance", "individual_id", "Attendances")
    attendance_count = fields.Integer(compute="_compute_attendance_count")

    def init(self):
        result = super().init()
        create_function(self.env.cr)
        self.env.cr.execute(
            SQL(
                "CREATE INDEX IF NOT EXISTS res_partner_kept_identifier_idx ON res_partner (%s)"
                " WHERE personal_identifier IS NOT NULL",
                normalise(SQL("personal_identifier")),
            )
        )
        return result

    def write(self, vals):
        if "company_id" in vals:
            coming = self.filtered(lambda person: person.company_id.id != vals["company_id"])
            if coming:
                coming._bring_attendances_to(vals["company_id"])
        return super().write(vals)

    def _bring_attendances_to(self, company_id):
        """Bring the attendances of persons along to another company.

        What counts for somebody else there goes on counting for her alone.
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                WITH coming AS (
                    SELECT event.id, coalesce(other.individual_id, max(event.individual_id) OVER (
                        PARTITION BY event.source_id, event.event_data_external_id,
                            event.file_record
                    )) AS keeper_id
                    FROM spp_event_attendance AS event
                    LEFT JOIN spp_event_attendance AS other
                        ON (
                            other.event_data_external_id = event.event_data_external_id
                                AND other.event_data_external_id > 0
                            OR other.file_record = event.file_record
                        )
                            AND other.source_id = event.source_id
                            AND other.withdrawn IS NOT TRUE
                            AND other.company_id IS NOT DISTINCT FROM %(company)s
                            AND other.individual_id IS NOT NULL
                            AND other.individual_id != ALL(%(coming)s)
                    WHERE event.individual_id = ANY(%(coming)s) AND event.withdrawn IS NOT TRUE
                        AND (event.event_data_external_id > 0 OR event.file_record IS NOT NULL)
                ), moved AS (
                    UPDATE spp_event_attendance AS event
                    SET withdrawn = TRUE, moved_to_id = coming.keeper_id
                    FROM coming
                    WHERE coming.id = event.id AND coming.keeper_id != event.individual_id
                    RETURNING event.id, event.individual_id
                ), traced AS (
                    INSERT INTO spp_event_attendance_change
                        (event_id, field_name, new_value,
                         create_uid, create_date, write_uid, write_date)
                    SELECT id, 'withdrawn', 'true', %(uid)s, %(now)s, %(uid)s, %(now)s FROM moved
                )
                SELECT DISTINCT individual_id FROM moved
                """,
                company=company_id or None,
                coming=self.ids,
                uid=self.env.uid,
                now=self.env.cr.now(),
            )
        )
        moved = [row[0] for row in self.env.cr.fetchall()]
        self.env.cr.execute(
            "UPDATE spp_event_attendance SET company_id = %s WHERE individual_id = ANY(%s)",
            [company_id or None, self.ids],
        )
        self.env["spp.event.data"]._refresh_active_attendance(moved)
        self.env["spp.event.attendance"].invalidate_model()

    @api.depends("reg_ids.value", "reg_ids.status", "reg_ids.id_type", "personal_identifier")
    @api.depends_context("uid", "su")
    def _compute_attendance_identifier(self):
        # An export does not look at the groups of a field that is computed.
        may_read = self.env.su or self.env.user.has_group(IDENTIFIERS_GROUP)
        identifiers = self._get_attendance_identifiers() if may_read else {}
        for partner in self:
            partner.attendance_identifier = identifiers.get(partner._origin.id) or False

    def _get_attendance_identifiers(self):
        """Return by what the attendance systems know these persons, by id."""
        self.flush_model(["personal_identifier"])
        self.env["g2p.reg.id"].flush_model()
        sources = self.env["spp.attendance.source"].sudo().search([("protocol", "=", SERVER)])
        id_type_ids = dict.fromkeys(source.id_type_id.id for source in sources)
        identifiers = [get_identifier(each, SQL("person")) for each in id_type_ids]
        if not identifiers:
            return {}
        self.env.cr.execute(
            SQL(
                "SELECT person.id, (SELECT string_agg(DISTINCT known.value, ', ')"
                " FROM unnest(ARRAY[%s]) AS known (value))"
                " FROM res_partner AS person WHERE person.id = ANY(%s)",
                SQL(", ").join(identifiers),
                self._origin.ids,
            )
        )
        return dict(self.env.cr.fetchall())

    @api.depends("attendance_ids")
    def _compute_attendance_count(self):
        counts = dict(
            self.env["spp.event.attendance"]._read_group(
                [("individual_id", "in", self.ids), ("withdrawn", "=", False)],
                ["individual_id"],
                ["__count"],
            )
        )
        for partner in self:
            partner.attendance_count = counts.get(partner, 0)

    @api.model
    def _get_identifier_matches(self):
        """Hold the personal identifiers that are kept against the registrants' IDs.

        :return: how many persons have one, and of how many it is an ID, by ID type
        """
        total = (
            self.sudo()
            .with_context(active_test=False)
            .search_count([("personal_identifier", "!=", False)])
        )
        self.env["g2p.reg.id"].flush_model()
        self.env.cr.execute(
            SQL(
                """
                SELECT reg.id_type, count(DISTINCT person.id)
                FROM res_partner AS person JOIN g2p_reg_id AS reg ON reg.partner_id = person.id
                WHERE %s GROUP BY reg.id_type ORDER BY 2 DESC, 1
                """,
                self._match_identifier(),
            )
        )
        id_types = self.env["g2p.id.type"].sudo()
        return total, {id_types.browse(id_): count for id_, count in self.env.cr.fetchall()}

    @api.model
    def _search_unmatched_identifiers(self, id_type):
        """Return the persons who are known by something else than their ID of a type."""
        self.env["g2p.reg.id"].flush_model()
        self.env["res.partner"].flush_model(["personal_identifier"])
        self.env.cr.execute(
            SQL(
                """
                SELECT id FROM res_partner AS person
                WHERE personal_identifier IS NOT NULL AND NOT EXISTS (
                    SELECT FROM g2p_reg_id AS reg
                    WHERE reg.partner_id = person.id AND reg.id_type = %s AND %s
                )
                ORDER BY id
                """,
                id_type.id,
                self._match_identifier(),
            )
        )
        return self.browse(row[0] for row in self.env.cr.fetchall())

    @api.model
    def _match_identifier(self):
        """Return the SQL condition that a ``reg`` is the kept identifier of a ``person``."""
        return SQL(
            "reg.status IS DISTINCT FROM 'invalid' AND %s = %s",
            normalise(SQL("reg.value")),
            normalise(SQL("person.personal_identifier")),
        )

    def action_open_attendances(self):
        """Open the attendances of this person."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": _("Attendances"),
            "res_model": "spp.event.attendance",
            "view_mode": "list,kanban,calendar,form",
            "domain": [("individual_id", "=", self.id)],
            "context": {"default_individual_id": self.id},
        }
