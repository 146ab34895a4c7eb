import hashlib
import time
from collections import Counter

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..connector import Question
from ..event_store import EventStore
from ..verdicts import DECIDED_STATES
from .attendance_criteria_mixin import EXTERNAL
from .attendance_run_line import (
    KNOWN,
    NO_IDENTIFIER,
    NOT_ASKED,
    SHARED_IDENTIFIER,
    UNKNOWN,
    UNREADABLE,
)

# How many persons a batch has, as the platform's jobs.
BATCH_SIZE = 2000


class AttendanceRunQuestion(models.AbstractModel):
    """The first half of a run: whom to ask about, asking, and storing the answers."""

    _name = "spp.attendance.run.question"
    _description = "Question of an Attendance Run"

    # Whom to ask about

    def _prepare(self):
        """Make the lines of the run, and the batches of persons that it asks for."""
        self.ensure_one()
        self.env.flush_all()
        self._make_draft()
        self._draft_registrant_lines()
        self._draft_member_lines()
        self.env.cr.execute("ANALYZE spp_attendance_draft")
        if self.attendance_source == EXTERNAL:
            self._set_identifiers()
            if self.mode == "evaluate":
                self._take_over_answers()
            else:
                self._make_batches()
        self._execute(
            "INSERT INTO spp_attendance_run_line SELECT * FROM spp_attendance_draft ORDER BY id"
        )
        self.env.invalidate_all(flush=False)
        self.is_prepared = True

    def _make_draft(self):
        """Make an empty draft of lines: a copy of their table, of this transaction only.

        Changed again and again where they are, lines would cost many times as much: PostgreSQL
        then writes all of their indexes, and checks all of their foreign keys, each time.
        """
        self.env.cr.execute("DROP TABLE IF EXISTS pg_temp.spp_attendance_draft")
        self.env.cr.execute(
            "CREATE TEMPORARY TABLE spp_attendance_draft"
            " (LIKE spp_attendance_run_line INCLUDING DEFAULTS) ON COMMIT DROP"
        )

    def _draft_registrant_lines(self):
        self._execute(
            """
            INSERT INTO spp_attendance_draft
                (run_id, kind, cycle_membership_id, partner_id, state_before, override_id, counts,
                 passes_criteria, create_uid, create_date, write_uid, write_date)
            SELECT %(run)s, CASE WHEN registrant.is_group THEN 'household' ELSE 'person' END,
                membership.id, registrant.id, membership.state,
                membership.attendance_override_id, TRUE, TRUE, %(uid)s, %(now)s, %(uid)s, %(now)s
            FROM g2p_cycle_membership AS membership
            JOIN res_partner AS registrant ON registrant.id = membership.partner_id
            WHERE membership.cycle_id = %(cycle)s AND membership.state IN %(states)s
            ORDER BY membership.id
            """,
            cycle=self.cycle_id.id,
            states=DECIDED_STATES,
        )

    def _draft_member_lines(self):
        """Make a line for each member whose membership of the household has not ended.

        Who was removed from the registry is no member either. ``is_ended`` is not looked at: the
        platform's job that sets it lags behind.
        """
        persons = self.env["res.partner"].sudo()
        counting = persons._search(self._get_member_domain())
        self._execute(
            """
            INSERT INTO spp_attendance_draft
                (run_id, kind, cycle_membership_id, partner_id, household_line_id, counts,
                 passes_criteria, create_uid, create_date, write_uid, write_date)
            SELECT DISTINCT ON (household.id, person.id)
                %(run)s, 'member', household.cycle_membership_id, person.id, household.id,
                counting.id IS NOT NULL, TRUE, %(uid)s, %(now)s, %(uid)s, %(now)s
            FROM spp_attendance_draft AS household
            JOIN g2p_group_membership AS membership
                ON membership."group" = household.partner_id
            JOIN res_partner AS person ON person.id = membership.individual
            LEFT JOIN %(counting)s AS counting ON counting.id = person.id
            WHERE household.kind = 'household'
                AND (membership.ended_date IS NULL OR membership.ended_date > %(now)s)
                AND person.active AND person.disabled IS NULL
            ORDER BY household.id, person.id
            """,
            counting=counting.subselect(),
        )

    def _set_identifiers(self):
        """Find the ID of each person; who has none, or another one's, is not asked for."""
        self._execute(
            """
            UPDATE spp_attendance_draft AS line
            SET identifier = person.personal_identifier,
                answer = CASE
                    WHEN person.personal_identifier IS NULL THEN %(missing)s
                    WHEN EXISTS (
                        SELECT FROM res_partner AS other
                        WHERE other.personal_identifier = person.personal_identifier
                            AND other.id != person.id
                            AND other.company_id IS NOT DISTINCT FROM person.company_id
                            AND other.active AND other.disabled IS NULL
                    ) THEN %(shared)s
                END
            FROM res_partner AS person
            WHERE person.id = line.partner_id AND line.kind != 'household'
            """,
            missing=NO_IDENTIFIER,
            shared=SHARED_IDENTIFIER,
        )

    def _make_batches(self):
        """Deal out the persons: nobody is in two batches, and asked for twice."""
        self.env.cr.execute(
            """
            SELECT count(DISTINCT partner_id) FROM spp_attendance_draft
            WHERE kind != 'household' AND answer IS NULL
            """
        )
        person_count = self.env.cr.fetchone()[0]
        batches = self.env["spp.attendance.run.batch"].create(
            [
                {
                    "run_id": self.id,
                    "number": number,
                    "person_count": min(BATCH_SIZE, person_count - start),
                }
                for number, start in enumerate(range(0, person_count, BATCH_SIZE), 1)
            ]
        )
        batches.flush_recordset()
        self._execute(
            """
            UPDATE spp_attendance_draft AS line SET batch_id = batch.id
            FROM (
                SELECT id, (dense_rank() OVER (ORDER BY partner_id) - 1) / %(size)s + 1 AS number
                FROM spp_attendance_draft
                WHERE kind != 'household' AND answer IS NULL
            ) AS dealt
            JOIN spp_attendance_run_batch AS batch
                ON batch.run_id = %(run)s AND batch.number = dealt.number
            WHERE dealt.id = line.id
            """,
            size=BATCH_SIZE,
        )

    def _take_over_answers(self):
        """Take the last answer about each person that covers what is asked now."""
        self._execute(
            """
            UPDATE spp_attendance_draft AS line
            SET answer = coalesce(
                (
                    SELECT earlier.answer
                    FROM spp_attendance_run_line AS earlier
                    JOIN spp_attendance_run AS run ON run.id = earlier.run_id
                    WHERE earlier.partner_id = line.partner_id
                        AND earlier.batch_id IS NOT NULL AND earlier.answer IS NOT NULL
                        AND run.server_url = %(source)s
                        AND run.from_date <= %(first)s AND run.to_date >= %(last)s
                        AND (run.attendance_type_id IS NULL OR run.attendance_type_id = %(type)s)
                        AND (run.attendance_location_id IS NULL
                            OR run.attendance_location_id = %(location)s)
                    ORDER BY earlier.id DESC LIMIT 1
                ),
                %(not_asked)s
            )
            WHERE line.kind != 'household' AND line.answer IS NULL
            """,
            first=self.from_date,
            last=self.to_date,
            type=self.attendance_type_id.id or None,
            location=self.attendance_location_id.id or None,
            not_asked=NOT_ASKED,
        )

    # Asking

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
        known_digests = self._get_known_digests(partner_ids)
        answers = client.fetch_attendance(list(partner_ids), self._get_question(), known_digests)
        for answer in answers:
            totals.update(self._store_answer(batch, store, answer, partner_ids))
            reasons.update(set_aside.reason for set_aside in answer.set_aside)
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

    def _store_answer(self, batch, store, answer, partner_ids):
        """Store the events of an answer, and keep on the lines who was known."""
        partial = {set_aside.person_id for set_aside in answer.set_aside}
        attendances, withdrawable, rows = {}, [], []
        for person_id in answer.asked:
            partner_id = partner_ids[person_id]
            person = answer.persons.get(person_id)
            if person is None:
                # A record that does not say whose it is may be anybody's.
                unreadable = not partial.isdisjoint((person_id, None))
                if not unreadable:
                    withdrawable.append(partner_id)
                rows.append((partner_id, UNREADABLE if unreadable else UNKNOWN, None, None))
                continue
            if person.attendances is not None:
                attendances[partner_id] = person.attendances
                if person_id not in partial:
                    withdrawable.append(partner_id)
            note = self._get_note(person_id, answer)
            rows.append((partner_id, KNOWN, None if note else person.digest, note))
        stored = store.store(attendances, withdrawable)
        self._write_answers(batch, rows)
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

    def _write_answers(self, batch, rows):
        partner_ids, answers, digests, notes = map(list, zip(*rows, strict=True))
        self._execute(
            """
            UPDATE spp_attendance_run_line AS line
            SET answer = given.answer, digest = given.digest, note = given.note
            FROM unnest(
                %(partner_ids)s::integer[], %(answers)s::varchar[], %(digests)s::varchar[],
                %(notes)s::varchar[]
            ) AS given (partner_id, answer, digest, note)
            WHERE line.batch_id = %(batch)s AND line.partner_id = given.partner_id
            """,
            partner_ids=partner_ids,
            answers=answers,
            digests=digests,
            notes=notes,
            batch=batch.id,
        )

    def _get_known_digests(self, partner_ids):
        """Return the digests of answers that are stored already, by identifier.

        Only where the last thing that the server was asked about a person was the very same: any
        other question in between may have changed what is stored.
        """
        self.env.cr.execute(
            SQL(
                """
                SELECT DISTINCT ON (line.partner_id)
                    line.identifier, line.digest, run.question_key, line.partner_id
                FROM spp_attendance_run_line AS line
                JOIN spp_attendance_run AS run ON run.id = line.run_id
                WHERE line.partner_id = ANY(%s) AND line.run_id != %s
                    AND line.batch_id IS NOT NULL AND line.answer IS NOT NULL
                ORDER BY line.partner_id, line.id DESC
                """,
                list(partner_ids.values()),
                self.id,
            )
        )
        return {
            identifier: digest
            for identifier, digest, question_key, partner_id in self.env.cr.fetchall()
            if digest
            and question_key == self.question_key
            and partner_ids.get(identifier) == partner_id
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
        without them has to be stored again once they are there.
        """
        known = [
            sorted((external_id, record.id) for external_id, record in records.items())
            for records in self._get_categories()
        ]
        text = repr((self.server_url, self._get_question(), known))
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
