from base64 import b64encode
from collections import Counter
from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..files import write_table
from ..models.intakes.identifiers import get_identifier
from ..models.sources.attendance_source import FILES

MOST_DAYS = 31


class ClassSheet(models.TransientModel):
    """Makes a class sheet: who is expected, and a column for each day, to be filled in and brought
    in again as a file."""

    _name = "spp.attendance.class.sheet"
    _inherit = ["spp.attendance.dialog.mixin", "spp.attendance.untyped.mixin"]
    _description = "Class Sheet"
    _type_field = "type_id"

    cycle_id = fields.Many2one("g2p.cycle", required=True, readonly=True, ondelete="cascade")
    source_id = fields.Many2one(
        "spp.attendance.source",
        required=True,
        ondelete="cascade",
        domain=[("protocol", "=", FILES)],
        default=lambda self: self.env["spp.upload.attendance"]._get_default_source(),
        help="Of which the sheet will be a file.",
    )
    type_ids = fields.Many2many(
        "spp.res.config.attendance.type", string="Types Asked For", compute="_compute_type_ids"
    )
    type_id = fields.Many2one(
        "spp.res.config.attendance.type",
        domain="[('id', 'in', type_ids)]",
        help="Who has to come to it is on the sheet. Empty: who has to come to anything.",
    )
    location_id = fields.Many2one(
        "spp.res.config.attendance.location", domain="[('source_id', 'in', (False, source_id))]"
    )
    from_date = fields.Date("First Day", required=True, default=fields.Date.context_today)
    to_date = fields.Date("Last Day", required=True, default=fields.Date.context_today)
    sheet = fields.Binary(attachment=False, readonly=True)
    sheet_name = fields.Char(readonly=True)
    note = fields.Char(readonly=True)

    @api.model
    def default_get(self, fields_list):
        """Propose the days that count, as many as a sheet has, and the only type that is asked
        for."""
        res = super().default_get(fields_list)
        cycle = self.env["g2p.cycle"].browse(res.get("cycle_id"))
        if cycle.attendance_source_id.protocol == FILES:
            res["source_id"] = cycle.attendance_source_id.id
        types = self._get_types(cycle, res.get("source_id"))
        if cycle and len(types) == 1:
            res["type_id"] = types.id
        first, last = cycle._get_attendance_period() if cycle else (None, None)
        if first and last:
            most = first + timedelta(days=MOST_DAYS - 1)
            res.update({"from_date": first, "to_date": min(last, most)})
        return res

    @api.depends("cycle_id", "source_id")
    def _compute_type_ids(self):
        for sheet in self:
            sheet.type_ids = self._get_types(sheet.cycle_id._origin, sheet.source_id._origin.id)

    def _compute_untyped_warning(self):
        result = super()._compute_untyped_warning()
        for sheet in self:
            conditions = sheet.cycle_id._origin._get_conditions()
            if not any(condition.type_id for condition in conditions):
                sheet.untyped_warning = False
        return result

    @api.model
    def _get_types(self, cycle, source_id):
        """Return the types that the conditions ask for; all of the source if one asks for any."""
        usable = self.env["spp.res.config.attendance.type"].search(
            [("source_id", "in", (False, source_id))]
        )
        asked = {condition.type_id for condition in cycle._get_conditions()}
        if not asked or None in asked:
            return usable
        return usable.filtered(lambda each: each.id in asked)

    @api.onchange("source_id", "type_id", "location_id", "from_date", "to_date")
    def _onchange_choice(self):
        """The sheet that is ready is another one."""
        self.sheet = self.sheet_name = self.note = False

    def action_make(self):
        """Make the sheet, to be downloaded."""
        self.ensure_one()
        self.cycle_id._check_may_run_attendance()
        count = (self.to_date - self.from_date).days + 1
        if not 1 <= count <= MOST_DAYS:
            raise UserError(
                _("A class sheet has from 1 to %(most)s days: correct the dates.", most=MOST_DAYS)
            )
        if not self.source_id.id_type_id:
            raise UserError(
                _("An administrator has to choose the ID type of %s.", self.source_id.name)
            )
        members, without_id = self._get_members()
        days = [self.from_date + timedelta(days=number) for number in range(count)]
        names = [self.type_id.name or "", self.location_id.name or ""]
        header = ["ID", "Name", "Type", "Location", *days]
        rows = [[*member, *names] for member in members]
        reasons = self.env["spp.attendance.excuse.reason"]._get_in_use().mapped("name")
        words = {day.isoformat(): ["x", "a", *reasons] for day in days}
        self.sheet = b64encode(write_table(header, rows, words))
        self.sheet_name = self._name_sheet()
        self.note = _(
            "Persons: %(count)s. Enter x for present, a for absent, and the reason for who is "
            "excused; an empty cell says nothing. Bring the sheet in with From a File.",
            count=len(members),
        )
        if without_id:
            self.note += " " + _(
                "Left out, since they have no such ID, or the same as somebody else: %(count)s.",
                count=without_id,
            )
        return self._reopen()

    def _name_sheet(self):
        days = (
            [self.from_date] if self.from_date == self.to_date else [self.from_date, self.to_date]
        )
        names = (self.cycle_id.name, self.type_id.name, self.location_id.name)
        # Days that sort as names of files do.
        name = " ".join((*filter(None, names), " – ".join(day.isoformat() for day in days)))
        return f"{name}.xlsx".replace("/", "-")

    def _get_person_query(self, numbers):
        """Return the query of the persons whom some conditions are about.

        :param numbers: of the conditions
        """
        return SQL(
            """
            SELECT DISTINCT ON (person.name, person.id) %s AS identifier, person.name
            FROM spp_attendance_draft AS line JOIN res_partner AS person
                ON person.id = line.partner_id
            WHERE line.kind != 'household' AND line.counts AND line.about && %s::integer[]
                AND person.active AND person.disabled IS NULL
            ORDER BY person.name, person.id
            """,
            get_identifier(self.source_id.id_type_id.id, SQL("person")),
            numbers,
        )

    def _get_members(self):
        """Return the ID and the name of each person who has to come, and whom an ID tells from all
        others; and how many have none, or the same as another."""
        chosen = self.type_id.id, self.location_id.id
        numbers = [
            number
            for number, condition in enumerate(self.cycle_id._get_conditions(), 1)
            if all(
                not own or not asked or own == asked
                for own, asked in zip(chosen, condition.scope, strict=True)
            )
        ]
        if not numbers:
            raise UserError(
                _("No condition of the cycle asks for this type and location. Choose others.")
            )
        self.cycle_id._draft_persons()
        self.env.cr.execute(self._get_person_query(numbers))
        members = self.env.cr.fetchall()
        counts = Counter(identifier for identifier, _name in members)
        known = [member for member in members if member[0] and counts[member[0]] == 1]
        return known, len(members) - len(known)
