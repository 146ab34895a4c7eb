from odoo import _, api, fields, models
from odoo.tools import SQL

BLANKS = " \t\n\r\f\v\u00a0"


class ResPartner(models.Model):
    _inherit = "res.partner"

    personal_identifier = fields.Char(
        compute="_compute_personal_identifier",
        store=True,
        index="btree_not_null",
        help="The ID by which the attendance system knows this person: the one of the ID type "
        "that is chosen in the connection to it.",
    )
    registered_identifier = fields.Char(
        "ID of the Chosen Type",
        compute="_compute_registered_identifier",
        help="Of the type by which the attendance system knows people.",
    )
    attendance_ids = fields.One2many("spp.event.attendance", "individual_id", "Attendances")
    attendance_count = fields.Integer(compute="_compute_attendance_count")

    @api.depends("reg_ids.value", "reg_ids.status", "reg_ids.id_type")
    def _compute_personal_identifier(self):
        id_type = self.env["spp.attendance.settings"]._get_id_type()
        for partner in self:
            if not id_type:
                # An older database may have got them another way.
                partner.personal_identifier = partner.personal_identifier
                continue
            partner.personal_identifier = partner._get_registered_identifier(id_type)

    @api.depends("reg_ids.value", "reg_ids.status", "reg_ids.id_type")
    def _compute_registered_identifier(self):
        id_type = self.env["spp.attendance.settings"]._get_id_type()
        for partner in self:
            partner.registered_identifier = partner._get_registered_identifier(id_type)

    def _get_registered_identifier(self, id_type):
        self.ensure_one()
        reg_id = self.reg_ids.filtered(
            lambda reg_id: reg_id.id_type == id_type and reg_id.status != "invalid"
        )[:1]
        return (reg_id.value or "").strip() or False

    @api.model
    def _recompute_personal_identifiers(self, id_type):
        """Set the personal identifiers of all persons at once, after another ID type was chosen.

        In SQL, since a national registry has millions of them.
        """
        self.flush_model()
        self.env["g2p.reg.id"].flush_model()
        self.env.cr.execute(
            SQL(
                """
                UPDATE res_partner AS person SET personal_identifier = chosen.value
                FROM (
                    SELECT partner.id, reg.value
                    FROM res_partner AS partner
                    LEFT JOIN (
                        SELECT DISTINCT ON (partner_id)
                            partner_id, nullif(trim(value), '') AS value
                        FROM g2p_reg_id
                        WHERE id_type = %s AND status IS DISTINCT FROM 'invalid'
                        ORDER BY partner_id, id DESC
                    ) AS reg ON reg.partner_id = partner.id
                ) AS chosen
                WHERE chosen.id = person.id
                    AND person.personal_identifier IS DISTINCT FROM chosen.value
                """,
                id_type.id,
            )
        )
        self.invalidate_model(["personal_identifier"])

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
        """Return the SQL condition that a ``reg`` is the personal identifier of a ``person``."""
        return SQL(
            "reg.status IS DISTINCT FROM 'invalid'"
            " AND btrim(reg.value, %(blanks)s) = btrim(person.personal_identifier, %(blanks)s)",
            blanks=BLANKS,
        )

    def action_open_attendances(self):
        """Open the attendances of this person."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": _("Attendances"),
            "res_model": "spp.event.attendance",
            "view_mode": "list,calendar,form",
            "domain": [("individual_id", "=", self.id)],
            "context": {"default_individual_id": self.id},
        }
