from odoo import models
from odoo.tools import SQL

from ...verdicts import (
    DECIDED_STATES,
    ENROLLED_STATE,
    KEEP,
    NO_DATA,
    NON_COMPLIANT_STATE,
    UNDECIDED,
)


class AttendanceRun(models.Model):
    """What was decided becomes the state of the memberships; or not any more."""

    _inherit = "spp.attendance.run"

    # Applying

    def _apply(self):
        """Give the memberships the states, numbers and statuses that were decided."""
        self.ensure_one()
        self.env.flush_all()
        self._write_attendance()
        self._write_members()
        self.env.invalidate_all(flush=False)
        memberships = self.env["g2p.cycle.membership"].sudo()
        memberships._set_states(self._find_changing())
        memberships._withhold_entitlements(self._find_given(NON_COMPLIANT_STATE), self)
        memberships._give_entitlements_back(self._find_given(ENROLLED_STATE))

    def _get_applicable(self):
        """Return the SQL condition of the lines that hold."""
        return SQL(
            "line.run_id = %s AND line.kind != 'member' AND line.left_alone IS NULL"
            " AND membership.state IN %s",
            self.id,
            DECIDED_STATES,
        )

    def _get_deciding(self):
        """Return the SQL condition of the lines that decide: others leave the state as it is."""
        return SQL(
            "NOT (line.status = %s AND (line.verdict = %s OR %s))",
            NO_DATA,
            UNDECIDED,
            self.no_data_rule == KEEP,
        )

    def _find_changing(self):
        """Return the query of the memberships that get another state, and of that state."""
        return SQL(
            """
            SELECT membership.id, line.state_after
            FROM spp_attendance_run_line AS line
            JOIN g2p_cycle_membership AS membership ON membership.id = line.cycle_membership_id
            WHERE %s AND line.state_after != membership.state
            ORDER BY membership.id
            FOR UPDATE OF membership
            """,
            self._get_applicable(),
        )

    def _find_given(self, state):
        """Return the query of the memberships that are in a state now by this run."""
        return SQL(
            """
            SELECT line.cycle_membership_id FROM spp_attendance_run_line AS line
            WHERE line.run_id = %s AND line.kind != 'member' AND line.left_alone IS NULL
                AND line.state_after = %s AND %s
            """,
            self.id,
            state,
            self._get_deciding(),
        )

    def _write_attendance(self):
        """Write what was decided, and keep the state before attendance first decided."""
        self.env.cr.execute(
            SQL(
                """
                UPDATE g2p_cycle_membership AS membership
                SET number_of_attendance = line.number_of_attendance,
                    attendance_status = line.status,
                    attendance_state = CASE WHEN %(deciding)s THEN line.state_after
                        ELSE membership.attendance_state END,
                    state_before_attendance = CASE WHEN %(deciding)s
                        THEN coalesce(membership.state_before_attendance, membership.state)
                        ELSE membership.state_before_attendance END,
                    write_uid = %(uid)s, write_date = %(now)s
                FROM spp_attendance_run_line AS line
                WHERE membership.id = line.cycle_membership_id AND %(applicable)s AND (
                    (membership.number_of_attendance, membership.attendance_status)
                        IS DISTINCT FROM (line.number_of_attendance, line.status)
                    OR %(deciding)s AND (
                        membership.attendance_state IS DISTINCT FROM line.state_after
                        OR membership.state_before_attendance IS NULL
                    )
                )
                """,
                uid=self.env.uid,
                now=self.env.cr.now(),
                applicable=self._get_applicable(),
                deciding=self._get_deciding(),
            )
        )

    def _write_members(self):
        lines = self._get_applicable()
        self.env["spp.cycle.group.membership.attendance"]._show(lines)

    # Taking back

    def _restore_memberships(self):
        """Give the memberships that this run decided about what stands now.

        :return: how many of them got another state
        """
        decided = SQL(
            """
            membership.id IN (
                SELECT cycle_membership_id FROM spp_attendance_run_line
                WHERE run_id = %s AND kind != 'member' AND left_alone IS NULL
            )
            """,
            self.id,
        )
        return self.env["g2p.cycle.membership"].sudo()._let_stand(decided, self)
