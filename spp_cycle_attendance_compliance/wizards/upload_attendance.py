from base64 import b64decode, b64encode
from dataclasses import replace

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..files import FileError, Layout, guess_layout, open_table, write_table
from ..models.intakes.attendance_file import BIG_FILE
from ..models.sources.attendance_source import FILES

SHOWN_PROBLEMS = 100
SAMPLES = 3
# What a column may mean, by the fields of `Layout`; one meaning is of no column's own.
MEANINGS = [
    ("identifier", "ID of the person"),
    ("date", "Date"),
    ("category", "Presence"),
    ("type", "Type"),
    ("location", "Location"),
    ("time", "Time"),
    ("record_id", "Record ID"),
    ("description", "Description"),
]
TEMPLATE = ("ID", "Name", "Date", "Presence", "Type", "Location", "Time")


class UploadAttendance(models.TransientModel):
    """Brings attendance in from a file: looks at it, says what is wrong, and stores it."""

    _name = "spp.upload.attendance"
    _inherit = "spp.attendance.dialog.mixin"
    _description = "Attendance from a File"

    source_id = fields.Many2one(
        "spp.attendance.source",
        required=True,
        ondelete="cascade",
        domain=[("protocol", "=", FILES)],
        default=lambda self: self._get_default_source(),
        help="Files of one source belong together: what a later one says otherwise is corrected.",
    )
    file = fields.Binary(attachment=False)
    file_name = fields.Char()
    column_ids = fields.One2many("spp.upload.attendance.column", "wizard_id", "Columns")
    day_columns = fields.Boolean(
        "Class Sheet", help="The titles of columns are days; the cells below say who was present."
    )
    date_format = fields.Selection(
        [("ymd", "Year, month, day"), ("dmy", "Day, month, year"), ("mdy", "Month, day, year")],
        "Dates Are Written",
        help="Where they could be read in more than one way.",
    )
    type_id = fields.Many2one(
        "spp.res.config.attendance.type",
        domain="[('source_id', 'in', (False, source_id))]",
        help="Of all rows, if no column says it.",
    )
    location_id = fields.Many2one(
        "spp.res.config.attendance.location",
        domain="[('source_id', 'in', (False, source_id))]",
        help="Of all rows, if no column says it.",
    )
    is_complete = fields.Boolean(
        "This File Is Complete",
        help="What the persons in it had, from its first to its last day and of its types, and is "
        "not in it, is withdrawn.",
    )
    state = fields.Selection([("choose", "Choose"), ("look", "Look")], default="choose")
    problem = fields.Text("Why It Can't Be Read", readonly=True)
    summary = fields.Text(readonly=True)
    row_count = fields.Integer("Rows", readonly=True)
    new_count = fields.Integer("New", readonly=True)
    changed_count = fields.Integer("Corrected", readonly=True)
    same_count = fields.Integer("Here Already", readonly=True)
    missing_count = fields.Integer("Withdrawn", readonly=True)
    bad_count = fields.Integer("Rows that Can't Be Used", readonly=True)
    problem_ids = fields.One2many("spp.upload.attendance.problem", "wizard_id", "Problems")
    bad_rows = fields.Binary("Rows to Correct", attachment=False, readonly=True)
    bad_rows_name = fields.Char(readonly=True)
    template = fields.Binary(attachment=False, readonly=True)
    template_name = fields.Char(readonly=True)

    @api.model
    def _get_default_source(self):
        sources = self.env["spp.attendance.source"].search([("protocol", "=", FILES)], limit=2)
        return sources if len(sources) == 1 else sources.browse()

    @api.onchange("file", "source_id")
    def _onchange_file(self):
        """What was found out about another file says nothing about this one."""
        self.column_ids = self.problem_ids = [(5, 0, 0)]
        self.update({"state": "choose", "problem": False, "summary": False})

    # Look

    def action_look(self):
        """Say what the columns most likely mean, and what storing the file would do."""
        self.ensure_one()
        if not self.file:
            raise UserError(_("Choose a file: CSV, or XLSX as Excel and LibreOffice write it."))
        if not self.source_id.id_type_id:
            raise UserError(
                _(
                    "An administrator has to choose by which type of ID the files of %(name)s know "
                    "people.",
                    name=self.source_id.name,
                )
            )
        try:
            table = open_table(self._get_content(), self.file_name or "")
            self._propose(table)
        except FileError as error:
            self.write({"problem": str(error), "state": "choose"})
            return self._reopen()
        return self.action_look_again()

    def _propose(self, table):
        """Propose what each column means: as it was said before, or by its title and content."""
        layout = guess_layout(table)
        own_title = self.source_id.id_type_id.name.strip().casefold()
        for title in table.header:
            if title.casefold() == own_title:
                layout = replace(layout, identifier=title)
        kept = self.source_id.file_layout
        if kept:
            kept = Layout.from_dict(kept)
            titles = set(table.header)
            if all(getattr(kept, name) in ("", *titles) for name, _label in MEANINGS):
                layout = replace(kept, date_format=layout.date_format or kept.date_format)
        meanings = {getattr(layout, name): name for name, _label in MEANINGS}
        samples = self._sample(table)
        self.column_ids.unlink()
        self.write(
            {
                "day_columns": layout.day_columns,
                "date_format": layout.date_format,
                "column_ids": [
                    (
                        0,
                        0,
                        {"name": title, "sample": sample, "meaning": meanings.get(title, False)},
                    )
                    for title, sample in zip(table.header, samples, strict=True)
                ],
            }
        )

    @staticmethod
    def _sample(table):
        rows = [cells for _number, (_row, cells) in zip(range(SAMPLES), table.rows(), strict=False)]
        return [
            ", ".join(cells[place] for cells in rows if cells[place])
            for place in range(len(table.header))
        ]

    def action_look_again(self):
        """Read the file by what its columns mean now. Changes nothing that is stored."""
        self.ensure_one()
        self.problem_ids.unlink()
        try:
            rows = self._get_rows()
        except UserError as error:
            self.write({"problem": str(error), "state": "look", "summary": False, "row_count": 0})
            return self._reopen()
        counts = rows.count()
        problems = rows.get_problems()
        self.write(
            {
                "state": "look",
                "problem": False,
                **self._prepare_counts(rows, counts),
                "problem_ids": [
                    (0, 0, {"number": number, "column": column, "message": message})
                    for number, column, message in problems[:SHOWN_PROBLEMS]
                ],
                "bad_rows": self._write_bad_rows(problems),
                "bad_rows_name": _("rows to correct.xlsx"),
            }
        )
        rows.drop()
        return self._reopen()

    @api.model
    def _prepare_counts(self, rows, counts):
        return {
            "row_count": counts["rows"],
            "new_count": counts["new"],
            "changed_count": counts["changed"],
            "same_count": counts["same"],
            "bad_count": counts["bad"],
            "missing_count": rows.count_missing() if self.is_complete else 0,
            "summary": _(
                "%(rows)s rows of %(persons)s persons.",
                rows=counts["rows"],
                persons=counts["persons"],
            ),
        }

    def _get_rows(self):
        intakes = self.env["spp.attendance.intake"].sudo()
        return intakes._read_rows(
            self.source_id.sudo(),
            self._get_content(),
            self.file_name,
            self._get_layout(),
            self._get_company(),
        )

    def _get_company(self):
        return self.source_id.company_id or self.env.company

    def _get_content(self):
        return b64decode(self.with_context(bin_size=False).file)

    def _get_layout(self):
        titles = {}
        for column in self.column_ids.filtered("meaning"):
            if column.meaning in titles:
                raise UserError(
                    _(
                        "Two columns are said to hold the same: %(one)s and %(other)s.",
                        one=titles[column.meaning],
                        other=column.name,
                    )
                )
            titles[column.meaning] = column.name
        return Layout(
            **titles,
            day_columns=self.day_columns,
            date_format=self.date_format or None,
            type_name=self.type_id.name or "",
            location_name=self.location_id.name or "",
        )

    def _write_bad_rows(self, problems):
        """Return a workbook of the rows that can't be used, each with what is wrong with it."""
        if not problems:
            return False
        told = {}
        for number, column, message in problems:
            told.setdefault(number, []).append(f"{column}: {message}" if column else message)
        table = open_table(self._get_content(), self.file_name or "")
        width = len(table.header)
        rows = (
            (*cells[:width], " ".join(told[number]))
            for number, cells in table.rows()
            if number in told
        )
        return b64encode(write_table((*table.header, _("What Is Wrong")), rows))

    # Store

    def action_store(self):
        """Store the file, if nothing is wrong with it."""
        return self._store(leaves_out_bad_rows=False)

    def action_store_good_rows(self):
        """Store the rows that can be used, and leave the others out."""
        return self._store(leaves_out_bad_rows=True)

    def _store(self, leaves_out_bad_rows):
        self.ensure_one()
        shown = self.bad_count, self.missing_count
        self.action_look_again()
        if self.problem or self.bad_count > shown[0] or self.missing_count > shown[1]:
            return self._reopen()
        if self.bad_count and not leaves_out_bad_rows:
            raise UserError(_("Rows can't be used: correct them, or leave them out."))
        layout = self._get_layout()
        self.source_id.sudo().file_layout = layout.to_dict()
        intakes = self.env["spp.attendance.intake"].sudo()._as_attendance_writer()
        intake = intakes._open_file(
            self.source_id.sudo(),
            self.with_context(bin_size=False).file,
            self.file_name,
            layout,
            is_complete=self.is_complete,
            leaves_out_bad_rows=leaves_out_bad_rows,
        )
        if self.row_count > BIG_FILE:
            intake._queue_file()
        else:
            intake._store_file()
        return intake._get_form_action()

    # Template

    def action_download_template(self):
        """Make an empty file with the right columns, and the source's types and locations."""
        self.ensure_one()
        types, locations = (
            self.env[model].search([("source_id", "in", (False, self.source_id.id))]).mapped("name")
            for model in ("spp.res.config.attendance.type", "spp.res.config.attendance.location")
        )
        lists = {
            "Presence": ["present", "absent", "unknown"],
            "Type": types,
            "Location": locations,
        }
        self.template = b64encode(write_table(TEMPLATE, [], lists))
        self.template_name = "attendance.xlsx"
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/template/{self.template_name}"
            "?download=true",
            "target": "new",
        }


class UploadAttendanceColumn(models.TransientModel):
    _name = "spp.upload.attendance.column"
    _description = "Column of a File of Attendance"
    _order = "id"

    wizard_id = fields.Many2one("spp.upload.attendance", required=True, ondelete="cascade")
    name = fields.Char("Column", readonly=True)
    sample = fields.Char("For Instance", readonly=True)
    meaning = fields.Selection(MEANINGS, help="Empty: the column is not looked at.")


class UploadAttendanceProblem(models.TransientModel):
    _name = "spp.upload.attendance.problem"
    _description = "Row of a File of Attendance that Can't Be Used"
    _order = "id"

    wizard_id = fields.Many2one("spp.upload.attendance", required=True, ondelete="cascade")
    number = fields.Integer("Row", readonly=True)
    column = fields.Char(readonly=True)
    message = fields.Char("What Is Wrong", readonly=True)
