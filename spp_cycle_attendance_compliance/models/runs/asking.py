import time

from odoo import fields, models
from odoo.tools import SQL

from ..intakes.event_rows import EventRows
from ..intakes.event_store import EventStore
from ..intakes.identifiers import get_identifier
from .draft import Draft

# How many persons are asked about in one intake, as in the platform's jobs.
INTAKE_SIZE = 2000


class AttendanceCriteriaMixin(models.AbstractModel):
    """Asking a source for criteria's sake: a run does it, and the nightly poll."""

    _inherit = "spp.attendance.criteria.mixin"

    def _get_cycle(self):
        """Return the cycle that the criteria are of."""
        raise NotImplementedError

    def _deal_memberships(self):
        """Deal the memberships of the cycle out to intakes of about as many persons each.

        :return: the first id, the last id, and the number of persons of each
        """
        self.env.flush_all()
        draft = Draft(self.env.cr)
        draft.add_registrants(self._get_cycle().id)
        draft.add_members(fields.Datetime.now())
        self.env.cr.execute(
            """
            SELECT min(id), max(id), sum(persons)
            FROM (
                SELECT id, div(greatest(sum(persons) OVER (ORDER BY id) - 1, 0), %s) AS number,
                    persons
                FROM (
                    SELECT cycle_membership_id AS id,
                        count(*) FILTER (WHERE kind != 'household') AS persons
                    FROM spp_attendance_draft GROUP BY 1
                ) AS membership
            ) AS dealt
            GROUP BY number ORDER BY number
            """,
            [INTAKE_SIZE],
        )
        return self.env.cr.fetchall()

    def _set_identifiers(self, draft):
        id_type_id = self.attendance_source_id.id_type_id.id
        identifier = get_identifier(id_type_id, SQL("person"))
        draft.set_identifiers(id_type_id, identifier, self._get_cycle().id)

    def _receive_answers(self, intake, client, partner_ids):
        """Ask about persons, and store what is answered.

        :param dict partner_ids: by the identifiers to ask by
        :raise connector.AttendanceError: nothing of the intake is kept then
        """
        started = time.monotonic()
        calls_before = client.calls
        cycle = self._get_cycle()
        source = self.attendance_source_id
        store = EventStore(
            self.env,
            intake_id=intake.id,
            source=source,
            company_id=cycle._get_attendance_company().id,
            cycle_id=cycle.id,
            program_id=cycle.program_id.id,
            scope=self._get_event_scope(),
        )
        rows = EventRows(source, self._get_categories(), self._get_scopes())
        # What the source's words mean may have been changed since the intake was planned.
        intake.question_key = self._get_question_key()
        intake._receive(client, rows, store, partner_ids, self._get_question())
        intake.write(
            {
                "is_done": True,
                "server_url": source.url,
                "answered_at": fields.Datetime.now(),
                "person_count": len(partner_ids),
                "call_count": client.calls - calls_before,
                "duration": time.monotonic() - started,
            }
        )
