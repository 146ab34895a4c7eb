import hashlib
import time
from dataclasses import replace
from datetime import date, timedelta

from odoo import fields, models
from odoo.tools import SQL

from ...connector import Question
from ..criteria.attendance_criteria_mixin import ALL_SO_FAR
from ..intakes.event_store import EventStore
from ..intakes.identifiers import get_identifier
from ..sources.attendance_source import RECORDED
from .draft import Draft

# How many persons are asked about in one intake, as in the platform's jobs.
INTAKE_SIZE = 2000
# Younger answers are taken over by a retry.
FRESH_HOURS = 12


class AttendanceRun(models.Model):
    """Asking the attendance system, in intakes: each asks by the identifiers of its time."""

    _inherit = "spp.attendance.run"

    def _is_asking(self):
        return self.attendance_source_id._is_asked() and self.mode != "evaluate"

    def _plan_intakes(self):
        """Deal the memberships of the cycle out to intakes of about as many persons each."""
        self.ensure_one()
        if not self._is_asking():
            return
        self.env.flush_all()
        draft = Draft(self.env.cr, self.id)
        draft.add_registrants(self.cycle_id.id)
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
        self.env["spp.attendance.intake"].create(
            [
                {
                    **self._prepare_intake_vals(),
                    "number": number,
                    "first_membership_id": first_id,
                    "last_membership_id": last_id,
                    "person_count": count,
                }
                for number, (first_id, last_id, count) in enumerate(self.env.cr.fetchall(), 1)
            ]
        )

    def _prepare_intake_vals(self):
        return {
            "run_id": self.id,
            "user_id": self.user_id.id,
            "company_id": self.company_id.id,
            "source_id": self.attendance_source_id.id,
            "from_date": self.from_date,
            "to_date": self.to_date,
            "attendance_type_id": self.attendance_type_id.id,
            "attendance_location_id": self.attendance_location_id.id,
            "question_key": self.question_key,
        }

    def _ask(self, intake, client):
        """Ask for the persons of an intake, by what they are known now, and store the answers.

        :raise connector.AttendanceError: nothing of the intake is kept then
        """
        started = time.monotonic()
        calls_before = client.calls
        draft = self._draft_world(intake.first_membership_id, intake.last_membership_id)
        worlds = draft.get_worlds()
        # Who has an answer already is left out: to another intake of this run, or, of a retry, one
        # that is not old yet.
        partner_ids = draft.get_persons_to_ask(self._get_usable_intakes())
        store = EventStore(
            self.env,
            intake_id=intake.id,
            source=self.attendance_source_id,
            company_id=self.company_id.id,
            cycle_id=self.cycle_id.id,
            program_id=self.program_id.id,
            scope=self._get_event_scope(),
            categories=self._get_categories(),
        )
        intake._receive(client, store, partner_ids, self._get_question())
        intake.write(
            {
                "is_done": True,
                "server_url": self.attendance_source_id.url,
                "worlds": worlds,
                "answered_at": fields.Datetime.now(),
                "person_count": len(partner_ids),
                "call_count": client.calls - calls_before,
                "duration": time.monotonic() - started,
            }
        )

    def _set_identifiers(self, draft):
        id_type_id = self.attendance_source_id.id_type_id.id
        draft.set_identifiers(
            id_type_id, get_identifier(id_type_id, SQL("person")), self.cycle_id.id
        )

    def _get_usable_intakes(self):
        """Return the ids of the intakes by whose answers this run goes.

        A run goes by what it asked itself, a retry also by answers that are not old yet, to the
        very same question. Evaluate Again asks nobody, and goes by the newest answer that covers
        what is asked now, of any age.
        """
        self.env.cr.execute(
            SQL(
                "SELECT id FROM spp_attendance_intake AS intake WHERE is_done AND %s",
                self._get_intake_condition(),
            )
        )
        return [row[0] for row in self.env.cr.fetchall()]

    def _get_intake_condition(self):
        if self.mode == "evaluate":
            covered = SQL("intake.to_date >= %s", self.to_date)
            if self.attendance_period == ALL_SO_FAR:
                covered = SQL(
                    "(%s OR EXISTS (SELECT FROM spp_attendance_run AS asking"
                    " WHERE asking.id = intake.run_id AND asking.attendance_period = %s))",
                    covered,
                    ALL_SO_FAR,
                )
            return SQL(
                """
                intake.source_id = %s AND intake.from_date <= %s AND %s
                AND (intake.attendance_type_id IS NULL OR intake.attendance_type_id = %s)
                AND (intake.attendance_location_id IS NULL OR intake.attendance_location_id = %s)
                """,
                self.attendance_source_id.id,
                self.from_date,
                covered,
                self.attendance_type_id.id or None,
                self.attendance_location_id.id or None,
            )
        own = SQL("intake.run_id = %s", self.id)
        if not self.takes_over:
            return own
        return SQL(
            "(%s OR (intake.question_key = %s AND intake.answered_at > %s))",
            own,
            self.question_key,
            self.create_date - timedelta(hours=FRESH_HOURS),
        )

    def _get_client(self, limits=None):
        return self.attendance_source_id._get_client(limits)

    # The question

    def _get_question(self):
        return Question(
            from_date=self.from_date,
            to_date=self.to_date,
            type_id=self.attendance_type_id.external_id or None,
            location_id=self.attendance_location_id.external_id or None,
        )

    def _get_categories(self):
        """Return the types and the locations of the source, by its ids."""
        source = self.attendance_source_id
        return (
            self.env["spp.res.config.attendance.type"]._get_by_external_id(source),
            self.env["spp.res.config.attendance.location"]._get_by_external_id(source),
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
        question = self._get_question()
        if self.attendance_period == ALL_SO_FAR:
            # It is the same question tomorrow, when it ends a day later.
            question = replace(question, to_date=date.max)
        text = repr((self.attendance_source_id.id, question, known, module.latest_version))
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    def _get_event_scope(self):
        """Return the SQL condition of the events that this run is about."""
        conditions = [SQL("event.attendance_date BETWEEN %s AND %s", self.from_date, self.to_date)]
        if self.attendance_source_id.protocol != RECORDED:
            conditions.append(SQL("event.source_id = %s", self.attendance_source_id.id))
        if self.attendance_type_id:
            conditions.append(SQL("event.attendance_type_id = %s", self.attendance_type_id.id))
        if self.attendance_location_id:
            conditions.append(
                SQL("event.attendance_location_id = %s", self.attendance_location_id.id)
            )
        return SQL(" AND ").join(conditions)
