import hashlib
import json
import time
from collections import Counter

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..connector import Known, Question
from ..event_store import EventStore
from .attendance_criteria_mixin import EXTERNAL
from .attendance_run_line import (
    KNOWN,
    UNKNOWN,
    UNREADABLE,
)


class AttendanceRunQuestion(models.AbstractModel):
    """The second part of a run: asking the attendance system, and storing its answers."""

    _name = "spp.attendance.run.question"
    _description = "Question of an Attendance Run"

    def _fetch(self, batch, client):
        """Ask for the persons of a batch, and store what is answered.

        :raise connector.AttendanceError: nothing of the batch is kept then
        """
        self.ensure_one()
        started = time.monotonic()
        calls_before = client.calls
        partner_ids = self._get_partners_to_ask(batch)
        if not partner_ids:
            raise UserError(_("There is nobody to ask for."))
        store = EventStore(self, *self._get_categories())
        totals = Counter()
        reasons = Counter()
        found = []
        known = self._get_known_answers(partner_ids)
        answers = client.fetch_attendance(list(partner_ids), self._get_question(), known)
        for answer in answers:
            if answer.is_known:
                found += self._get_same_again(answer, known, partner_ids)
                continue
            totals.update(self._store_answer(store, answer, partner_ids, found))
            reasons.update(set_aside.reason for set_aside in answer.set_aside)
        self._write_answers(batch, found)
        batch.write(
            {
                "is_done": True,
                "call_count": client.calls - calls_before,
                "duration": time.monotonic() - started,
                "set_aside_reasons": "\n".join(
                    f"{count} x {reason}" for reason, count in reasons.most_common(20)
                ),
                "unknown_category_count": store.unknown_categories,
                **totals,
            }
        )

    def _get_partners_to_ask(self, batch):
        """Return the ids of the partners of a batch, by the identifiers to ask by."""
        self.env.cr.execute(
            SQL(
                # In the same order in every run, or two that share persons wait for each other.
                "SELECT identifier, partner_id FROM spp_attendance_run_line"
                " WHERE batch_id = %s ORDER BY partner_id",
                batch.id,
            )
        )
        return dict(self.env.cr.fetchall())

    @api.model
    def _get_same_again(self, answer, known, partner_ids):
        """Return what to keep on the lines of the persons of an answer that is the known one."""
        return [
            {
                "partner_id": partner_ids[person_id],
                # Who was known has a digest: there was nothing odd about that answer.
                "answer": KNOWN if known[person_id].digest else UNKNOWN,
                **known[person_id]._asdict(),
            }
            for person_id in answer.asked
        ]

    def _store_answer(self, store, answer, partner_ids, found):
        """Store the events of an answer.

        :param list found: gets what to keep on the line of each person
        :return: the counts for the batch
        """
        partial = {set_aside.person_id for set_aside in answer.set_aside}
        attendances, withdrawable = {}, []
        for person_id in answer.asked:
            partner_id = partner_ids[person_id]
            person = answer.persons.get(person_id)
            if person is None:
                # A record that does not say whose it is may be anybody's.
                unreadable = not partial.isdisjoint((person_id, None))
                if not unreadable:
                    withdrawable.append(partner_id)
                found.append(
                    {
                        "partner_id": partner_id,
                        "answer": UNREADABLE if unreadable else UNKNOWN,
                        "answer_digest": answer.digest,
                    }
                )
                continue
            if person.attendances is not None:
                attendances[partner_id] = person.attendances
                if person_id not in partial:
                    withdrawable.append(partner_id)
            note = self._get_note(person_id, answer)
            found.append(
                {
                    "partner_id": partner_id,
                    "answer": KNOWN,
                    "digest": None if note else person.digest,
                    "answer_digest": answer.digest,
                    "note": note,
                }
            )
        stored = store.store(attendances, withdrawable)
        return {
            "new_count": stored.new,
            "changed_count": stored.changed,
            "withdrawn_count": stored.withdrawn,
            "set_aside_count": len(answer.set_aside),
            "not_asked_for_count": answer.not_asked_for,
            "duplicate_count": answer.duplicates,
        }

    def _get_note(self, person_id, answer):
        reasons = [each.reason for each in answer.set_aside if each.person_id == person_id]
        if reasons:
            return _(
                "%(count)s records of the answer could not be read: %(reason)s",
                count=len(reasons),
                reason=reasons[0],
            )
        if person_id in answer.contradictions:
            return _("The number of days that the attendance system gave contradicts its list.")
        return None

    def _write_answers(self, batch, found):
        self._execute(
            """
            UPDATE spp_attendance_run_line AS line
            SET answer = given.answer, digest = given.digest,
                answer_digest = given.answer_digest, note = given.note
            FROM json_to_recordset(%(found)s) AS given (
                partner_id integer, answer varchar, digest varchar, answer_digest varchar,
                note varchar
            )
            WHERE line.batch_id = %(batch)s AND line.partner_id = given.partner_id
            """,
            found=json.dumps(found),
            batch=batch.id,
        )
        # To the microsecond, which Odoo's own times are not.
        self._execute(
            "UPDATE spp_attendance_run_batch"
            " SET answered_at = clock_timestamp() AT TIME ZONE 'UTC' WHERE id = %(batch)s",
            batch=batch.id,
        )
        batch.invalidate_recordset(["answered_at"])

    def _get_known_answers(self, partner_ids):
        """Return the answers that are stored already, by identifier.

        Only where the last answer about a person that was stored was to the very same question:
        any other one in between may have changed what is stored.
        """
        self.env.cr.execute(
            SQL(
                """
                SELECT last.identifier, person.id, last.digest, last.answer_digest
                FROM unnest(%s) AS person (id)
                CROSS JOIN LATERAL (
                    SELECT line.identifier, line.digest, line.answer_digest, line.run_id
                    FROM spp_attendance_run_line AS line
                    JOIN spp_attendance_run_batch AS batch ON batch.id = line.batch_id
                    WHERE line.partner_id = person.id AND line.run_id != %s
                        AND line.answer IS NOT NULL
                    ORDER BY batch.answered_at DESC NULLS LAST, line.id DESC LIMIT 1
                ) AS last
                JOIN spp_attendance_run AS run ON run.id = last.run_id
                WHERE run.question_key = %s
                """,
                list(partner_ids.values()),
                self.id,
                self.question_key,
            )
        )
        return {
            identifier: Known(*digests)
            for identifier, partner_id, *digests in self.env.cr.fetchall()
            if partner_ids.get(identifier) == partner_id
        }

    @api.model
    def _get_categories(self):
        """Return the types and the locations of the server, by its ids."""
        return (
            self.env["spp.res.config.attendance.type"]._get_by_external_id(self.server_url),
            self.env["spp.res.config.attendance.location"]._get_by_external_id(self.server_url),
        )

    def _get_question(self):
        return Question(
            from_date=self.from_date,
            to_date=self.to_date,
            type_id=self.attendance_type_id.external_id or None,
            location_id=self.attendance_location_id.external_id or None,
        )

    def _get_question_key(self):
        """Return what tells this run's question from others, in a few characters.

        The types and locations that are known here are part of it: an answer that was stored
        without them has to be stored again once they are there. So is this addon's version:
        another one may read the same answer otherwise.
        """
        known = [
            sorted((external_id, record.id) for external_id, record in records.items())
            for records in self._get_categories()
        ]
        module = self.env.ref("base.module_spp_cycle_attendance_compliance").sudo()
        text = repr((self.server_url, self._get_question(), known, module.latest_version))
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    def _get_event_scope(self):
        """Return the SQL condition of the events that this run is about."""
        conditions = [SQL("event.attendance_date BETWEEN %s AND %s", self.from_date, self.to_date)]
        if self.attendance_source == EXTERNAL:
            conditions.append(SQL("event.event_data_source = %s", self.server_url))
        if self.attendance_type_id:
            conditions.append(SQL("event.attendance_type_id = %s", self.attendance_type_id.id))
        if self.attendance_location_id:
            conditions.append(
                SQL("event.attendance_location_id = %s", self.attendance_location_id.id)
            )
        return SQL(" AND ").join(conditions)

    def _execute(self, query, **parameters):
        """Run a statement on this run, with its id, the user and the time as parameters."""
        self.env.cr.execute(
            SQL(  # pylint: disable=sql-injection
                query,
                run=self.id,
                uid=self.env.uid,
                now=fields.Datetime.now(),
                source=self.server_url or None,
                **parameters,
            )
        )
