from odoo import _, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...connector import Question
from ..intakes.identifiers import get_identifier
from .secrets import keep_secret

# Of so many attendances, as many percent are found again, or it is another system.
PROOF_SIZE = 100
PROOF_PERCENTAGE = 90
# What tells which system it is.
TELLING = ("url", "attendance_endpoint", "client_id", "auth_kind", "auth_endpoint")
# Among the newest of so many, those of persons who have an ID now are looked for.
PROOF_CANDIDATES = 10_000


class AttendanceSource(models.Model):
    """Changing the connection; to another address only if the same system answers there."""

    _inherit = "spp.attendance.source"

    def _is_moved_by(self, values):
        """Return whether settings may lead to another system than the one that was asked so far."""
        kept = self._get_connection()
        return self._is_known() and any(kept[name] != (values[name] or "") for name in TELLING)

    def _is_known(self):
        """Return whether anything came from it: answers, attendances, or types and locations."""
        related = (
            ("spp.attendance.intake", [("source_id", "=", self.id), ("is_done", "=", True)]),
            ("spp.event.attendance", [("source_id", "=", self.id)]),
            ("spp.res.config.attendance.type", [("source_id", "=", self.id)]),
            ("spp.res.config.attendance.location", [("source_id", "=", self.id)]),
        )
        return any(
            self.env[name].sudo().with_context(active_test=False).search_count(domain, limit=1)
            for name, domain in related
        )

    def _set_connection(self, values, secret=None):
        """Keep settings of the connection, and the secret if there is a new one."""
        self.ensure_one()
        self._as_attendance_writer().write(values)
        if secret:
            keep_secret(self.env.cr, self.id, self.url, secret)

    def _check_is_same_system(self, client, id_type):
        """Refuse an address at which another system answers.

        It is the same one if it knows the attendances that are stored, by their ids, persons and
        days: another one has other attendances under the same ids, and the stored ones would be
        corrected by it, or withdrawn.

        :param client: of the new address
        :param id_type: by which it knows people
        :raise UserError: if it is another one, or nothing can tell
        :raise connector.AttendanceError: if it can't be asked
        """
        stored = self._get_stored_attendances(id_type)
        self._refuse_while_it_is_asked()
        if not stored:
            raise UserError(
                _(
                    "Nothing can tell whether this is the same attendance system: of nobody who "
                    "has an ID of the chosen type is an attendance here that came from %(name)s. "
                    "Connect this address as a source of its own, and choose that one in the "
                    "cycles; or choose the right ID type.",
                    name=self.name,
                )
            )
        days = [day for _identifier, _number, day in stored]
        question = Question(from_date=min(days), to_date=max(days))
        identifiers = list(dict.fromkeys(identifier for identifier, *_rest in stored))
        found = {
            (person.person_id, attendance.external_id, attendance.date)
            for answer in client.fetch_attendance(identifiers, question)
            for person in answer.persons.values()
            for attendance in person.attendances
        }
        count = sum(each in found for each in stored)
        if count * 100 < PROOF_PERCENTAGE * len(stored):
            raise UserError(
                _(
                    "This is another attendance system: of %(total)s attendances that came from "
                    "%(name)s it knows %(count)s. Nothing was changed. Connect it as a source of "
                    "its own; or have it filled with the data of the old one, then try again.",
                    total=len(stored),
                    name=self.name,
                    count=count,
                )
            )

    def _get_stored_attendances(self, id_type):
        """Return the newest stored attendances as (identifier, external id, day).

        Of persons who have an ID, and share it with nobody of those.
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                SELECT known.identifier, known.number, known.day FROM (
                    SELECT event.id, event.event_data_external_id AS number,
                        event.attendance_date AS day, %(identifier)s AS identifier
                    FROM (
                        SELECT * FROM spp_event_attendance
                        WHERE source_id = %(source)s AND event_data_external_id > 0
                            AND withdrawn IS NOT TRUE
                        ORDER BY id DESC LIMIT %(candidates)s
                    ) AS event
                    JOIN res_partner AS person ON person.id = event.individual_id
                ) AS known
                WHERE known.identifier IS NOT NULL ORDER BY known.id DESC LIMIT %(size)s
                """,
                identifier=get_identifier(id_type.id, SQL("person")),
                source=self.id,
                candidates=PROOF_CANDIDATES,
                size=PROOF_SIZE,
            ),
            log_exceptions=False,
        )
        return self.env.cr.fetchall()

    def _refuse_while_it_is_asked(self):
        runs = self.env["spp.attendance.run"].sudo()
        asking = [("attendance_source_id", "=", self.id), ("state", "=", "running")]
        if runs.search_count(asking, limit=1):
            raise UserError(
                _(
                    "A run is asking %(name)s right now. Wait until it is done, then save again.",
                    name=self.name,
                )
            )
