from collections import Counter

from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ...files import FileError, open_table, read_rows
from ..sources.attendance_source import RECORDED
from .file_sentences import FileSentences
from .file_store import FileDraft, FileStore

# Of how many attendances a file is stored in the background.
BIG_FILE = 100_000
PERSONS_AT_ONCE = 2_000
MAY_STORE = ("g2p_registry_base.group_g2p_registrar", "g2p_registry_base.group_g2p_admin")
FIGURES = ("new", "changed", "withdrawn", "moved")


class AttendanceIntake(models.Model):
    """A file is an intake, too. Its rows are kept; events are what the files that stand say.

    So a file is stored, or taken back, by bringing the events of its persons to that, some persons
    at once: whatever was done before, and in whatever order.
    """

    _inherit = "spp.attendance.intake"

    taken_back_by_id = fields.Many2one("res.users", readonly=True, ondelete="restrict")
    taken_back_at = fields.Datetime("Taken Back on", readonly=True)
    taken_back_reason = fields.Text("Why Taken Back", readonly=True)
    stored_person_count = fields.Integer("Persons Stored", readonly=True)
    last_stored_id = fields.Integer(readonly=True, help="The person up to whom it is stored.")
    progress = fields.Float(compute="_compute_progress", help="In percent of the persons.")

    @api.depends("person_count", "stored_person_count", "is_done")
    def _compute_progress(self):
        for intake in self:
            share = intake.stored_person_count / (intake.person_count or 1)
            intake.progress = 100.0 if intake.is_done else 100 * share

    # Looking at it

    @api.model
    def _draft_file(self, source, content, name, layout, company):
        """Return the rows of a file, held against the registry and what is stored today.

        :param bytes content: of the file
        :param Layout layout: what its columns mean
        :rtype: FileDraft
        :raise UserError: if the file can't be read, or its columns mean nothing
        """
        draft = FileDraft(self.env, source)
        today = fields.Date.context_today(self.with_context(tz=company.partner_id.tz or "UTC"))
        try:
            table = open_table(content, name)
            types, locations = source._get_names()
            reasons = self.env["spp.attendance.excuse.reason"]
            rows = read_rows(
                table,
                layout,
                types,
                locations,
                today,
                reasons._get_by_name(),
                reasons._get_default().id or None,
            )
            draft.fill(rows)
        except FileError as error:
            raise UserError(FileSentences(self.env).say(error.sentence)) from None
        draft.resolve(company)
        return draft

    # Storing it

    @api.model
    def _open_file(self, draft, counts, **vals):
        """Keep a file and what it says; its events come next."""
        intake = self.create(
            {
                "source_id": draft.source.id,
                "user_id": self.env.uid,
                "from_date": counts["first"],
                "to_date": counts["last"],
                "row_count": counts["rows"],
                "bad_row_count": counts["bad"],
                "duplicate_count": counts["twice"],
                "person_count": counts["persons"],
                **vals,
            }
        )
        intake.file_type_ids = draft.keep(intake.id)
        return intake

    def _store(self, is_big):
        """Bring the events of the file's persons to what the files that stand say.

        :param bool is_big: to do so in the background, by jobs one after the other
        """
        self.ensure_one()
        self._lock_source()
        self.write({"is_done": False, "stored_person_count": 0, "last_stored_id": 0})
        if is_big:
            self._queue_next()
            return
        while self._store_some():
            pass

    def _lock_source(self):
        """Let files of a source be stored one after the other.

        Whoever began before this transaction ends has to begin anew: a lock alone would let them go
        on with what they knew.
        """
        self.env.cr.execute(
            "UPDATE spp_attendance_source SET name = name WHERE id = %s", [self.source_id.id]
        )

    def _store_some(self):
        """Store the next persons; return whether there were any."""
        self.env.cr.execute(
            """
            SELECT array_agg(id) FROM (
                SELECT DISTINCT individual_id AS id FROM spp_attendance_file_row
                WHERE intake_id = %s AND individual_id > %s ORDER BY 1 LIMIT %s
            ) AS person
            """,
            [self.id, self.last_stored_id, PERSONS_AT_ONCE],
        )
        individual_ids = self.env.cr.fetchone()[0]
        if not individual_ids:
            done_at = self.answered_at or fields.Datetime.now()
            self.write({"is_done": True, "answered_at": done_at})
            return False
        store = FileStore(
            self.env,
            intake_id=self.id,
            source=self.source_id,
            company_id=self.company_id.id,
            cycle_id=None,
            program_id=None,
            scope=SQL("FALSE"),
        )
        stored = store.settle(individual_ids, self.company_id.id)
        totals = Counter(stored_person_count=len(individual_ids))
        if not self.taken_back_at:
            totals.update({f"{name}_count": getattr(stored, name) for name in FIGURES})
        self.write(
            {
                **{name: self[name] + count for name, count in totals.items()},
                "last_stored_id": individual_ids[-1],
            }
        )
        return True

    def _queue_next(self):
        delayable = self.env["spp.attendance.intake"].delayable(
            description=_("Attendance of the file %s", self.file_name),
            identity_key=f"spp.attendance.file.{self.id}.{self.last_stored_id}",
        )
        delayable._attendance_file_job(self.id).delay()

    def _attendance_file_job(self, intake_id):
        """Job: store the next persons of a big file."""
        intake = self.sudo()._as_attendance_writer().browse(intake_id)
        intake._lock_source()
        if not intake.is_done and intake._store_some():
            intake._queue_next()

    def action_go_on(self):
        """Go on storing a file whose job was stopped, from where it was."""
        self.ensure_one()
        self._check_may_store()
        intake = self.sudo()._as_attendance_writer()
        if not intake.is_done:
            intake._queue_next()

    def _check_may_store(self):
        """Refuse who may not record attendance, or not see this file.

        The caller goes on as the superuser.
        """
        if not any(map(self.env.user.has_group, MAY_STORE)):
            raise AccessError(_("Only who records attendance may do this."))
        if self.search_count([("id", "in", self.ids)]) < len(self):
            raise AccessError(_("This file belongs to another company."))

    # Taking it back

    def action_take_back(self):
        """Ask why, then take the file back."""
        self.ensure_one()
        self._check_can_take_back()
        return {
            "type": "ir.actions.act_window",
            "name": _("Take the File Back"),
            "res_model": "spp.attendance.take.back",
            "view_mode": "form",
            "views": [[False, "form"]],
            "target": "new",
            "context": {"default_intake_id": self.id},
        }

    def _check_can_take_back(self):
        self._check_may_store()
        intake = self.sudo()
        if not intake.file_name or intake.taken_back_at:
            raise UserError(_("Only a file that is not taken back yet can be."))

    def _take_back(self, reason):
        """Let the other files of the source say what counts, as if this one had never been there.

        :param str reason: why, for whoever asks later
        """
        self._check_can_take_back()
        intake = self.sudo()._as_attendance_writer()
        intake.write(
            {
                "taken_back_by_id": self.env.uid,
                "taken_back_at": fields.Datetime.now(),
                "taken_back_reason": reason,
            }
        )
        intake._store(is_big=intake.row_count > BIG_FILE)


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

    def _explain_unfinished_file(self, company):
        """Return why nothing can be decided now, if a file is only half stored; else nothing."""
        domain = [
            ("file_name", "!=", False),
            ("is_done", "=", False),
        ]
        if company:
            domain.append(("company_id", "in", (False, company.id)))
        if self.protocol != RECORDED:
            domain.append(("source_id", "=", self.id))
        unfinished = self.env["spp.attendance.intake"].sudo().search(domain, limit=1)
        if not unfinished or self._is_asked():
            return ""
        return _(
            "The file %(name)s is being stored: wait until it is done (Attendance > Files and "
            "Questions), or press Go On there if it was stopped.",
            name=unfinished.file_name,
        )
