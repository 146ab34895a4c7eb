from odoo import _, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from .file_store import FileRows

MAY_TAKE_BACK = ("g2p_registry_base.group_g2p_registrar", "g2p_registry_base.group_g2p_admin")
CONTENT = SQL("individual_id, date, time, category, type_id, location_id, description")


class AttendanceIntake(models.Model):
    """Taking a whole file back: what the other files of its source say counts, as if it had never
    been there."""

    _inherit = "spp.attendance.intake"

    taken_back_by_id = fields.Many2one("res.users", readonly=True, ondelete="restrict")
    taken_back_at = fields.Datetime("Taken Back on", readonly=True)
    taken_back_reason = fields.Text("Why Taken Back", readonly=True)

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
        if not any(map(self.env.user.has_group, MAY_TAKE_BACK)):
            raise AccessError(_("Only who records attendance may take a file back."))
        intake = self.sudo()
        if not intake.file_name or not intake.is_done or intake.taken_back_at:
            raise UserError(_("Only a file that is stored, and not taken back yet, can be."))

    def _take_back(self, user, reason):
        """Bring what this file brought, corrected or withdrew to what the other files say.

        :param user: who wants it
        :param str reason: why, for whoever asks later
        """
        self.ensure_one()
        self.write(
            {
                "taken_back_by_id": user.id,
                "taken_back_at": fields.Datetime.now(),
                "taken_back_reason": reason,
            }
        )
        self.env.flush_all()
        self._list_touched()
        others = [
            ("source_id", "=", self.source_id.id),
            ("file_name", "!=", False),
            ("is_done", "=", True),
            ("taken_back_at", "=", False),
        ]
        for other in self.search(others, order="id"):
            other._tell_touched()
        self._store_touched()

    def _list_touched(self):
        """List the attendances that this file brought, corrected or withdrew."""
        self.env.cr.execute(
            """
            CREATE TEMPORARY TABLE spp_attendance_touched ON COMMIT DROP AS
            SELECT event.file_record AS record, event.individual_id,
                event.attendance_date AS date, event.attendance_time AS time,
                event.attendance_category AS category, event.attendance_type_id AS type_id,
                event.attendance_location_id AS location_id,
                event.attendance_description AS description, event.id AS event_id,
                FALSE AS stands
            FROM spp_event_attendance AS event
            WHERE event.file_record IS NOT NULL AND event.moved_to_id IS NULL AND (
                event.intake_id = %(intake)s OR event.withdrawn_intake_id = %(intake)s
                OR EXISTS (
                    SELECT FROM spp_event_attendance_change AS change
                    WHERE change.event_id = event.id AND change.intake_id = %(intake)s
                )
            )
            """,
            {"intake": self.id},
        )

    def _tell_touched(self):
        """Note what this file says of them: the last one that says something is right."""
        rows = self._read_file()
        self.env.cr.execute(
            SQL(
                """
                UPDATE spp_attendance_touched AS touched
                SET (%(content)s, stands) = (
                    SELECT %(content)s, TRUE FROM spp_attendance_file_row AS row
                    WHERE row.record = touched.record AND row.change IS NOT NULL
                )
                WHERE EXISTS (
                    SELECT FROM spp_attendance_file_row AS row
                    WHERE row.record = touched.record AND row.change IS NOT NULL
                )
                """,
                content=CONTENT,
            )
        )
        if self.is_complete:
            self.env.cr.execute(
                SQL(
                    """
                    UPDATE spp_attendance_touched AS touched SET stands = FALSE
                    FROM spp_event_attendance AS event
                    WHERE event.id = touched.event_id AND %s
                        AND event.individual_id IN (
                            SELECT individual_id FROM spp_attendance_file_row
                            WHERE change IS NOT NULL
                        ) AND NOT EXISTS (
                            SELECT FROM spp_attendance_file_row AS row
                            WHERE row.record = touched.record AND row.change IS NOT NULL
                        )
                    """,
                    rows.get_complete_scope(),
                )
            )
        rows.drop()

    def _store_touched(self):
        self.env.cr.execute("SELECT array_agg(DISTINCT individual_id) FROM spp_attendance_touched")
        individual_ids = self.env.cr.fetchone()[0]
        if not individual_ids:
            self.env.cr.execute("DROP TABLE spp_attendance_touched")
            return
        self.env.cr.execute(
            "SELECT array_agg(event_id) FROM spp_attendance_touched WHERE NOT stands"
        )
        gone_ids = self.env.cr.fetchone()[0] or []
        store = self._make_file_store(SQL("event.id = ANY(%s)", gone_ids))
        rows = FileRows(self.env, self.source_id)
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO spp_attendance_file_row (record, change, %(content)s)
                SELECT record, 'changed', %(content)s FROM spp_attendance_touched WHERE stands
                """,
                content=CONTENT,
            )
        )
        store.store_rows(individual_ids, is_complete=True)
        rows.drop()
        self.env.cr.execute("DROP TABLE spp_attendance_touched")
