from odoo import models

from ..verdicts import DECIDED_STATES
from .attendance_criteria_mixin import EXTERNAL
from .attendance_run_line import NO_IDENTIFIER, NOT_ASKED, SHARED_IDENTIFIER
from .res_partner import BLANKS

# How many persons a batch has, as the platform's jobs.
BATCH_SIZE = 2000


class AttendanceRunPreparation(models.AbstractModel):
    """The first part of a run: about whom to decide, and whom to ask about."""

    _name = "spp.attendance.run.preparation"
    _description = "Preparation of an Attendance Run"

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
                 passes_criteria)
            SELECT %(run)s, CASE WHEN registrant.is_group THEN 'household' ELSE 'person' END,
                membership.id, registrant.id, membership.state,
                membership.attendance_override_id, TRUE, TRUE
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
                 passes_criteria)
            SELECT DISTINCT ON (household.id, person.id)
                %(run)s, 'member', household.cycle_membership_id, person.id, household.id,
                counting.id IS NOT NULL, TRUE
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
            SET identifier = btrim(person.personal_identifier, %(blanks)s),
                answer = CASE
                    WHEN person.personal_identifier IS NULL THEN %(missing)s
                    WHEN EXISTS (
                        SELECT FROM res_partner AS other
                        WHERE other.personal_identifier = person.personal_identifier
                            AND other.id != person.id
                            AND other.active AND other.disabled IS NULL
                            AND (
                                other.company_id IS NOT DISTINCT FROM person.company_id
                                OR other.id IN (SELECT partner_id FROM spp_attendance_draft)
                            )
                    ) THEN %(shared)s
                END
            FROM res_partner AS person
            WHERE person.id = line.partner_id AND line.kind != 'household'
            """,
            blanks=BLANKS,
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
                    JOIN spp_attendance_run_batch AS batch ON batch.id = earlier.batch_id
                    JOIN spp_attendance_run AS run ON run.id = earlier.run_id
                    WHERE earlier.partner_id = line.partner_id
                        AND earlier.answer IS NOT NULL
                        AND run.server_url = %(source)s
                        AND run.from_date <= %(first)s AND run.to_date >= %(last)s
                        AND (run.attendance_type_id IS NULL OR run.attendance_type_id = %(type)s)
                        AND (run.attendance_location_id IS NULL
                            OR run.attendance_location_id = %(location)s)
                    ORDER BY batch.answered_at DESC NULLS LAST, earlier.id DESC LIMIT 1
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
