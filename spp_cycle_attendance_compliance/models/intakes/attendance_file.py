import time
from base64 import b64decode
from collections import Counter

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import config

from ...files import FileError, Layout, open_table, read_rows
from .file_store import FileRows, FileStore

# Bigger ones are stored in the background.
BIG_FILE = 100_000
FIGURES = ("new", "changed", "withdrawn", "moved")


class AttendanceIntake(models.Model):
    """A file is an intake, too: its rows become events, told from each other by their records."""

    _inherit = "spp.attendance.intake"

    @api.model
    def _open_file(self, source, content, name, layout, **vals):
        """Make the intake of a file that is about to be stored.

        :param bytes content: of the file, which is kept
        :param Layout layout: what its columns mean
        """
        return self.create(
            {
                "source_id": source.id,
                "company_id": source.company_id.id or self.env.company.id,
                "user_id": self.env.uid,
                "file": content,
                "file_name": name,
                "file_layout": layout.to_dict(),
                **vals,
            }
        )

    def _read_file(self):
        """Return the rows of the file, held against the registry and what is stored today.

        :rtype: FileRows
        :raise UserError: if the file can't be read, or its columns mean nothing
        """
        intake = self.with_context(bin_size=False)
        return self._read_rows(
            intake.source_id,
            b64decode(intake.file),
            intake.file_name,
            Layout.from_dict(intake.file_layout),
            intake.company_id,
        )

    @api.model
    def _read_rows(self, source, content, name, layout, companies):
        rows = FileRows(self.env, source)
        today = fields.Date.context_today(self.with_context(tz=companies[:1].partner_id.tz))
        try:
            table = open_table(content, name)
            types, locations = source._get_names()
            rows.fill(read_rows(table, layout, types, locations, today))
        except FileError as error:
            raise UserError(str(error)) from None
        rows.resolve(companies)
        return rows

    def _store_file(self):
        """Store the rows of the file, some persons at once; what is stored is committed.

        Done again, it finds what is stored already: so it may be cut at any time.

        :raise UserError: if rows can't be used, and are not to be left out: nothing is stored then
        """
        self.ensure_one()
        started = time.monotonic()
        rows = self._read_file()
        counts = rows.count()
        self._check_bad_rows(counts["bad"])
        store = self._make_file_store(rows.get_complete_scope())
        self.write(
            {
                "from_date": counts["first"],
                "to_date": counts["last"],
                "row_count": counts["rows"],
                "bad_row_count": counts["bad"],
                "duplicate_count": counts["twice"],
                "person_count": counts["persons"],
                "stored_person_count": 0,
            }
        )
        for individual_ids in rows.deal_persons():
            stored = store.store_rows(individual_ids, self.is_complete)
            totals = Counter({f"{name}_count": getattr(stored, name) for name in FIGURES})
            totals["stored_person_count"] = len(individual_ids)
            self.write({name: self[name] + count for name, count in totals.items()})
            self._commit_file()
        rows.drop()
        self.write(
            {
                "is_done": True,
                "error": False,
                "answered_at": fields.Datetime.now(),
                "duration": time.monotonic() - started,
            }
        )

    def _make_file_store(self, scope):
        """Return what writes events in this file's name.

        :param SQL scope: the condition of the ``event`` that may be withdrawn
        """
        return FileStore(
            self.env,
            intake_id=self.id,
            source=self.source_id,
            company_id=self.company_id.id,
            cycle_id=None,
            program_id=None,
            scope=scope,
            categories=({}, {}),
        )

    def _check_bad_rows(self, count):
        if not count:
            return
        if not self.leaves_out_bad_rows:
            raise UserError(_("%(count)s rows can't be used, so nothing was stored.", count=count))
        if self.is_complete:
            raise UserError(
                _(
                    "A file with rows that can't be used is not complete: correct it, or store the "
                    "good rows without withdrawing what is not in the file."
                )
            )

    @api.model
    def _commit_file(self):
        # In a test the transaction belongs to the test; and small files are stored as a whole.
        if self.in_background and not config["test_enable"]:
            self.env.cr.commit()  # pylint: disable=invalid-commit

    def _queue_file(self):
        self.in_background = True
        delayable = self.env["spp.attendance.intake"].delayable(
            description=_("Attendance of the file %s", self.file_name),
            identity_key=f"spp.attendance.file.{self.id}",
        )
        delayable._attendance_file_job(self.id).delay()

    def _attendance_file_job(self, intake_id):
        """Job: store a big file. What goes wrong for good is said on the intake."""
        intake = self.sudo()._as_attendance_writer().browse(intake_id)
        if intake.is_done:
            return
        try:
            intake._store_file()
        except UserError as error:
            intake.error = str(error)

    @api.depends("person_count", "stored_person_count", "is_done")
    def _compute_progress(self):
        for intake in self:
            share = intake.stored_person_count / (intake.person_count or 1)
            intake.progress = 100.0 if intake.is_done else 100 * share

    stored_person_count = fields.Integer("Persons Stored", readonly=True)
    progress = fields.Float(compute="_compute_progress", help="In percent of the persons.")
    in_background = fields.Boolean(readonly=True)
    error = fields.Text("What Failed", readonly=True)


class AttendanceSource(models.Model):
    _inherit = "spp.attendance.source"

    def _get_names(self):
        """Return the ids of the types and of the locations that files may name.

        Those of the source; those that were made here, and are no other source's, too.

        :return: two dicts, by their names stripped and casefolded
        """
        domain = [("source_id", "in", (False, self.id))]
        return tuple(
            {
                record.name.strip().casefold(): record.id
                for record in self.env[model].sudo().search(domain).sorted("source_id")
            }
            for model in ("spp.res.config.attendance.type", "spp.res.config.attendance.location")
        )
