from datetime import timedelta

from odoo import models
from odoo.tools import SQL

from .worlds import get_worlds

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
        self.env["spp.attendance.intake"].create(
            [
                {
                    **self._prepare_question_vals(),
                    "run_id": self.id,
                    "user_id": self.user_id.id,
                    "number": number,
                    "first_membership_id": first_id,
                    "last_membership_id": last_id,
                    "person_count": count,
                }
                for number, (first_id, last_id, count) in enumerate(self._deal_memberships(), 1)
            ]
        )

    def _ask(self, intake, client):
        """Ask for the persons of an intake, by what they are known now, and store the answers.

        :raise connector.AttendanceError: nothing of the intake is kept then
        """
        draft, _cells = self._draft_world(
            self.id, intake.first_membership_id, intake.last_membership_id
        )
        worlds = get_worlds(draft)
        # Who has an answer already is left out: to another intake of this run, or, of a retry, one
        # that is not old yet.
        partner_ids = draft.get_persons_to_ask(self._get_usable_intakes())
        self._receive_answers(intake, client, partner_ids)
        intake.worlds = worlds

    def _get_intake_condition(self):
        """A run goes by what it asked itself, a retry also by answers that are not old yet, to the
        very same question. Evaluate Again asks nobody."""
        if self.mode == "evaluate":
            return super()._get_intake_condition()
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
