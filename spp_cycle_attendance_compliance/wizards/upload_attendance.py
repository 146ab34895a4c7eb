from base64 import b64decode, b64encode
from dataclasses import replace
from hashlib import sha256
from urllib.parse import quote

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..files import FileError, Layout, guess_layout, open_table, write_table
from ..files.words import is_absence, is_plain_word
from ..models.intakes.attendance_file import BIG_FILE
from ..models.intakes.file_sentences import FileSentences
from ..models.sources.attendance_source import FILES
from .upload_attendance_column import MEANINGS

SHOWN_PROBLEMS = 100
SHOWN_COUNTS = (
    *("row_count", "new_count", "changed_count", "same_count", "bad_count", "missing_count"),
)
SAMPLES = 3
# How many columns are named to who has to choose one of them.
NAMED_COLUMNS = 10
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
    untyped_count = fields.Integer("Without a Type", readonly=True)
    untyped_warning = fields.Char("What That Means", readonly=True)
    presence_warning = fields.Char(
        "What That Means for Presences", compute="_compute_presence_warning"
    )
    problem_ids = fields.One2many("spp.upload.attendance.problem", "wizard_id", "Problems")
    bad_rows = fields.Binary("Rows to Correct", attachment=False, readonly=True)
    template = fields.Binary(attachment=False, readonly=True)
    looked_at = fields.Char(readonly=True, help="Tells what was looked at.")

    @api.model
    def _get_default_source(self):
        sources = self.env["spp.attendance.source"].search([("protocol", "=", FILES)], limit=2)
        return sources if len(sources) == 1 else sources.browse()

    @api.constrains("source_id")
    def _check_source_id(self):
        """Refuse what is no source of files, or another company's: no other is written to."""
        for wizard in self.sudo(False):
            usable = [
                ("id", "=", wizard.source_id.id),
                ("protocol", "=", FILES),
                ("active", "=", True),
            ]
            if not wizard.source_id.search_count(usable):
                raise UserError(_("Choose a source of files that is in use."))
            if not wizard.source_id.sudo().id_type_id:
                raise UserError(
                    _(
                        "An administrator has to choose by which type of ID the files of %(name)s "
                        "know people.",
                        name=wizard.source_id.name,
                    )
                )

    @api.onchange("file", "source_id")
    def _onchange_file(self):
        """What was found out about another file says nothing about this one."""
        self.column_ids = self.problem_ids = [(5, 0, 0)]
        self.update({"state": "choose", "problem": False, "summary": False})

    @api.onchange(
        "is_complete", "date_format", "type_id", "location_id", "day_columns", "column_ids"
    )
    def _onchange_reading(self):
        """What was found out was about another way to read it."""
        self.looked_at = False

    @api.depends(
        *("column_ids.name", "column_ids.sample", "column_ids.meaning", "day_columns"),
        *("row_count", "bad_count"),
    )
    def _compute_presence_warning(self):
        for wizard in self:
            told = wizard.column_ids.filtered(lambda column: column.meaning == "category")[:1]
            if wizard.day_columns:
                wizard.presence_warning = False
            elif told:
                wizard.presence_warning = wizard._warn_of_absences(told)
            else:
                wizard.presence_warning = wizard._warn_of_no_presence()

    def _warn_of_no_presence(self):
        """Say that all would be stored as present, though a column may say something else."""
        unread = self.column_ids.filtered(lambda column: not column.meaning)
        count = self.row_count - self.bad_count
        if not unread or count < 1:
            return False
        warning = _(
            "No column says who came: each row that is stored counts as present, also where "
            "somebody did not come (rows: %(count)s). Columns that are not looked at: %(columns)s. "
            "If one of them says who came, choose Presence for it below, then Look Again.",
            count=count,
            columns=self._name_columns(unread),
        )
        if absences := unread.filtered(lambda column: is_absence(column.name)):
            warning += " " + _(
                "What asks who was absent is not looked at, since yes would count as present: "
                "%(columns)s. Write present and absent in its cells instead, and choose the file "
                "once more.",
                columns=self._name_columns(absences),
            )
        return warning

    def _warn_of_absences(self, column):
        """Say how the answers are read in a column whose title asks who was absent."""
        words = [word for word in (column.sample or "").split(", ") if word]
        if not is_absence(column.name) or (words and all(map(is_plain_word, words))):
            return False
        return _(
            'The column "%(column)s" asks who was absent, but yes is read as present in it, and no '
            "as absent. Write present and absent in its cells instead, and choose the file once "
            "more.",
            column=column.name,
        )

    @api.model
    def _name_columns(self, columns):
        more = ", …" if len(columns) > NAMED_COLUMNS else ""
        return ", ".join(columns[:NAMED_COLUMNS].mapped("name")) + more

    # Look

    def action_look(self):
        """Say what the columns most likely mean, and what storing the file would do."""
        self.ensure_one()
        if not self.file:
            raise UserError(
                _(
                    "Choose a file that is not empty: CSV, or XLSX as Excel and LibreOffice write "
                    "it."
                )
            )
        self._check_source_id()
        try:
            table = open_table(self._get_content(), self.file_name or "")
            self._propose(table)
        except FileError as error:
            problem = FileSentences(self.env).say(error.sentence)
            self.write({"problem": problem, "state": "choose"})
            return self._reopen()
        return self.action_look_again()

    def _propose(self, table):
        """Propose what each column means: as it was said before, or by its title and content."""
        layout = self._guess(table)
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

    def _guess(self, table):
        """Guess what the columns mean.

        What was said before goes before what they look like; but a column that looks like something
        is never left out because the files had none before: without their column, absences would be
        read as presences.
        """
        guess = guess_layout(table)
        own_title = self.source_id.id_type_id.name.strip().casefold()
        for title in table.header:
            if title.casefold() == own_title:
                guess = replace(guess, identifier=title)
        try:
            kept = Layout.from_dict(self.source_id.file_layout or {})
        except FileError:
            return guess
        if guess.day_columns:
            return guess
        said = {
            name: getattr(kept, name)
            for name, _label in MEANINGS
            if getattr(kept, name) in table.header
        }
        guessed = {
            name: getattr(guess, name)
            for name, _label in MEANINGS
            if name not in said and getattr(guess, name) not in said.values()
        }
        return Layout(**guessed, **said, date_format=guess.date_format or kept.date_format)

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
        self._look()
        return self._reopen()

    def _look(self):
        """Look at the file as it is to be read now, and keep what is shown.

        :return: the rows and their counts, if they can be read
        """
        self.problem_ids.unlink()
        self.write({"state": "look", "problem": False, "looked_at": False})
        try:
            self.looked_at = self._get_key()
            draft = self._draft_rows()
        except UserError as error:
            self.write({"problem": str(error), "summary": False, "row_count": 0, "new_count": 0})
            return None, None
        counts = draft.count()
        if not counts["rows"]:
            self.problem = _(
                "Below its titles the file has no row with a date and a presence: there is nothing "
                "to store."
            )
        self.write(
            {
                **self._prepare_counts(draft, counts),
                "problem_ids": [
                    (0, 0, {"number": number, "column": column, "message": message})
                    for number, column, message in draft.get_problems(SHOWN_PROBLEMS)
                ],
            }
        )
        return draft, counts

    def _get_key(self):
        """Return what tells whether the file would be read in the same way once more."""
        values = (
            self.source_id.id,
            self.is_complete,
            self.file_name,
            self._get_layout().to_dict(),
            sha256(self._get_content()).hexdigest(),
        )
        return sha256(repr(values).encode()).hexdigest()

    @api.model
    def _prepare_counts(self, draft, counts):
        types = self.env["spp.res.config.attendance.type"]
        untyped_warning = types._warn_of_none(self.source_id)
        return {
            "row_count": counts["rows"],
            "new_count": counts["new"],
            "changed_count": counts["changed"],
            "same_count": counts["same"],
            "bad_count": counts["bad"],
            "missing_count": draft.count_missing() if self.is_complete else 0,
            "untyped_count": counts["untyped"] if untyped_warning else 0,
            "untyped_warning": untyped_warning,
            "summary": _(
                "Rows: %(rows)s. Persons found in the registry: %(persons)s.",
                rows=counts["rows"],
                persons=counts["persons"],
            ),
        }

    def _draft_rows(self):
        intakes = self.env["spp.attendance.intake"].sudo()
        return intakes._draft_file(
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

    def action_download_bad_rows(self):
        """Make a file of the rows that can't be used, each with what is wrong with it."""
        self.ensure_one()
        draft, _counts = self._look()
        if not draft:
            return self._reopen()
        left_out = self._prepare_left_out(draft)
        draft.drop()
        if not left_out:
            return self._reopen()
        self.bad_rows = left_out["left_out_file"]
        return self._download("bad_rows", left_out["left_out_name"])

    def _prepare_left_out(self, draft):
        return self.env["spp.attendance.intake"]._prepare_left_out(
            draft, self._get_content(), self.file_name or self.source_id.name
        )

    # Store

    def action_store(self):
        """Store the file, if nothing is wrong with it."""
        return self._store(leaves_out_bad_rows=False)

    def action_store_good_rows(self):
        """Store the rows that can be used, and leave the others out."""
        return self._store(leaves_out_bad_rows=True)

    def _store(self, leaves_out_bad_rows):
        """Store what was shown; if it is not what would be stored now, show that instead."""
        self.ensure_one()
        self._check_source_id()
        shown = self.looked_at, *(self[name] for name in SHOWN_COUNTS)
        draft, counts = self._look()
        if shown != (self.looked_at, *(self[name] for name in SHOWN_COUNTS)):
            self.problem = self.problem or _(
                "Something was changed since you looked at the file, here or in the registry. "
                "Nothing was stored: look at it once more, then store it."
            )
        if self.problem:
            return self._reopen()
        if self.bad_count and not leaves_out_bad_rows:
            raise UserError(_("Rows can't be used: correct them, or leave them out."))
        if self.bad_count and self.is_complete:
            raise UserError(
                _(
                    "A file with rows that can't be used is not complete: correct it, or store the "
                    "good rows without withdrawing what is not in the file."
                )
            )
        layout = self._get_layout().to_dict()
        if not self.day_columns and layout != self.source_id.file_layout:
            self.source_id.sudo().file_layout = layout
        intakes = self.env["spp.attendance.intake"].sudo()._as_attendance_writer()
        intake = intakes._open_file(
            draft,
            counts,
            company_id=self._get_company().id,
            file=self.with_context(bin_size=False).file,
            file_name=self.file_name,
            file_layout=layout,
            is_complete=self.is_complete,
            **self._prepare_left_out(draft),
        )
        draft.drop()
        intake._store(is_big=counts["new"] + counts["changed"] + counts["same"] > BIG_FILE)
        return intake._get_form_action()

    # Template

    def action_download_template(self):
        """Make an empty file with the right columns, and the source's types and locations; who is
        excused has the reason in the place of a presence."""
        self.ensure_one()
        types, locations = (
            self.env[model].search([("source_id", "in", (False, self.source_id.id))]).mapped("name")
            for model in ("spp.res.config.attendance.type", "spp.res.config.attendance.location")
        )
        reasons = self.env["spp.attendance.excuse.reason"]._get_in_use().mapped("name")
        lists = {
            "Presence": ["present", "absent", *reasons, "unknown"],
            "Type": types,
            "Location": locations,
        }
        self.template = b64encode(write_table(TEMPLATE, [], lists))
        name = _("Attendance, template for %(name)s.xlsx", name=self.source_id.name)
        return self._download("template", name)

    def _download(self, name, file_name):
        file_name = quote(file_name.replace("/", "-"))
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/{name}/{file_name}?download=true",
            "target": "new",
        }
