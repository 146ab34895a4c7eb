import json
from collections import Counter
from contextlib import closing

from odoo import _, fields, models
from odoo.tools import SQL

from ...connector import Known, read_ahead
from ..criteria.cycle import ONE_DAY
from .attendance_answer import KNOWN, UNKNOWN, UNREADABLE
from .unknown_words import MOST_WORDS


class AttendanceIntake(models.Model):
    """Receiving what a source answers: a row for each person asked about, and events."""

    _inherit = "spp.attendance.intake"

    def _receive(self, client, event_rows, store, partner_ids, question):
        """Ask about persons, and keep what is answered.

        :param event_rows: the `EventRows` that are made of it
        :param store: the `EventStore` of this intake
        :param dict partner_ids: by the identifiers to ask by
        :raise connector.AttendanceError: whoever calls has to roll back
        """
        self.ensure_one()
        totals, reasons = Counter(), Counter()
        known = self._get_known_answers(partner_ids)
        # Where the system is, the next day may have begun.
        last_day = self.cycle_id._get_attendance_day(fields.Datetime.now()) + ONE_DAY
        answers = client.fetch_attendance(list(partner_ids), question, known, last_day)

        def make_ready(answer):
            told = {
                partner_ids[person.person_id]: person.attendances
                for person in answer.persons.values()
                if person.attendances is not None
            }
            return answer, event_rows.make_ready(told)

        with closing(read_ahead(map(make_ready, answers))) as answers:
            for answer, ready in answers:
                if answer.is_known:
                    rows = self._get_same_again(answer, known)
                else:
                    rows = self._store_answer(store, answer, ready, partner_ids, totals)
                    reasons.update(set_aside.reason for set_aside in answer.set_aside)
                self._write_answers(rows, partner_ids)
        totals["not_asked_for_count"] += event_rows.not_wanted
        self.write(
            {
                **totals,
                "unknown_category_count": event_rows.unknown_categories,
                "unclear_count": event_rows.unclear,
                "unknown_words": event_rows.unknown_words.most_common(MOST_WORDS) or False,
                "set_aside_reasons": "\n".join(
                    f"{count} x {reason}" for reason, count in reasons.most_common(20)
                ),
            }
        )

    def _get_same_again(self, answer, known):
        """Return what to keep of the persons of an answer that is the known one."""
        return [
            {
                "identifier": person_id,
                # Who was known has a digest: there was nothing odd about that answer.
                "answer": KNOWN if known[person_id].digest else UNKNOWN,
                **known[person_id]._asdict(),
            }
            for person_id in answer.asked
        ]

    def _store_answer(self, store, answer, ready, partner_ids, totals):
        """Store the events of an answer, and add to the totals.

        :return: what to keep of each person
        """
        partial = {set_aside.person_id for set_aside in answer.set_aside}
        # What nobody has said the meaning of is read, and listed, each time.
        digest = None if ready.unmapped_ids else answer.digest
        withdrawable, rows = [], []
        for person_id in answer.asked:
            partner_id = partner_ids[person_id]
            person = answer.persons.get(person_id)
            row = {"identifier": person_id, "answer_digest": digest}
            if person is None:
                # A record that does not say whose it is may be anybody's.
                unreadable = not partial.isdisjoint((person_id, None))
                if not unreadable:
                    withdrawable.append(partner_id)
                rows.append({**row, "answer": UNREADABLE if unreadable else UNKNOWN})
                continue
            if person.attendances is not None and partial.isdisjoint((person_id, None)):
                withdrawable.append(partner_id)
            note = self._get_note(person, answer)
            rows.append(
                {
                    **row,
                    "answer": KNOWN,
                    "digest": None if note or partner_id in ready.unmapped_ids else person.digest,
                    "unreadable_count": person.unreadable,
                    "note": note,
                }
            )
        stored = store.store(ready, withdrawable)
        totals.update(
            new_count=stored.new,
            changed_count=stored.changed,
            withdrawn_count=stored.withdrawn,
            moved_count=stored.moved,
            set_aside_count=len(answer.set_aside),
            not_asked_for_count=answer.not_asked_for,
            duplicate_count=answer.duplicates,
        )
        return rows

    def _get_note(self, person, answer):
        reasons = [each.reason for each in answer.set_aside if each.person_id == person.person_id]
        if reasons:
            return _(
                "%(count)s records of the answer could not be read: %(reason)s",
                count=len(reasons),
                reason=reasons[0],
            )
        if person.person_id in answer.contradictions:
            return _("The number of days that the attendance system gave contradicts its list.")
        return None

    def _write_answers(self, rows, partner_ids):
        for row in rows:
            row["partner_id"] = partner_ids[row["identifier"]]
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO spp_attendance_answer
                    (intake_id, identifier, partner_id, answer, unreadable_count, digest,
                     answer_digest, note)
                SELECT %s, identifier, partner_id, answer, coalesce(unreadable_count, 0), digest,
                    answer_digest, note
                FROM json_to_recordset(%s) AS given (
                    identifier varchar, partner_id integer, answer varchar,
                    unreadable_count integer, digest varchar, answer_digest varchar, note varchar
                )
                """,
                self.id,
                json.dumps(rows),
            ),
            log_exceptions=False,  # IDs don't go into the server's log
        )

    def _get_known_answers(self, partner_ids):
        """Return the answers that are stored already, by identifier.

        Only where the last answer about a person was the last one about the identifier, too, and
        to the very same question, and day: any other one in between may have changed what is
        stored. Nor where an attendance was given from her to somebody else, or to her: the answers
        about both have to be read, or it would go to and fro.
        """
        self.env.cr.execute(
            """
            SELECT id FROM spp_attendance_intake
            WHERE is_done AND question_key = %s AND to_date = %s
            """,
            [self.question_key, self.to_date],
        )
        same_intake_ids = [row[0] for row in self.env.cr.fetchall()]
        if not same_intake_ids:
            return {}
        self.env.cr.execute(
            SQL(
                """
                SELECT last.identifier, last.digest, last.answer_digest
                FROM unnest(%s::varchar[], %s::integer[]) AS asked (identifier, partner_id)
                CROSS JOIN LATERAL (
                    SELECT answer.* FROM spp_attendance_answer AS answer
                    WHERE answer.partner_id = asked.partner_id ORDER BY answer.id DESC LIMIT 1
                ) AS last
                WHERE last.identifier = asked.identifier AND last.intake_id = ANY(%s::integer[])
                    AND NOT EXISTS (
                        SELECT FROM spp_attendance_answer AS answer
                        WHERE answer.identifier = asked.identifier AND answer.id > last.id
                    ) AND NOT EXISTS (
                        SELECT FROM spp_event_attendance AS event
                        WHERE event.individual_id = asked.partner_id
                            AND event.moved_to_id != event.individual_id
                    ) AND NOT EXISTS (
                        SELECT FROM spp_event_attendance AS event
                        WHERE event.moved_to_id = asked.partner_id
                            AND event.moved_to_id != event.individual_id
                    )
                """,
                list(partner_ids),
                list(partner_ids.values()),
                same_intake_ids,
            ),
            log_exceptions=False,
        )
        return {identifier: Known(*digests) for identifier, *digests in self.env.cr.fetchall()}
