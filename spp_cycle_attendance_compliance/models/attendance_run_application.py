from collections import defaultdict

from odoo import models
from odoo.tools import SQL, split_every

from ..verdicts import COMPLIANT, DECIDED_STATES

# How many memberships change their state in one write.
WRITE_SIZE = 1000


class AttendanceRunApplication(models.AbstractModel):
    """The last part of a run: what was decided becomes the state of the memberships."""

    _name = "spp.attendance.run.application"
    _description = "Application of an Attendance Run"

    def _apply(self):
        """Give the memberships the states, numbers and statuses that were decided."""
        self.ensure_one()
        self.env.flush_all()
        by_state = self._get_changed_memberships()
        self._write_attendance()
        self._write_members()
        self.env.invalidate_all(flush=False)
        memberships = self.env["g2p.cycle.membership"].sudo()
        for state, ids in by_state.items():
            for some in split_every(WRITE_SIZE, ids):
                memberships.browse(some).write({"state": state})
                self.env.flush_all()
                self.env.invalidate_all()

    def _get_applicable(self):
        """Return the SQL condition of the lines that still hold.

        A member who was paused, or overridden, after the decision is left alone.
        """
        return SQL(
            "line.run_id = %s AND line.kind != 'member' AND membership.state IN %s"
            " AND membership.attendance_override_id IS NOT DISTINCT FROM line.override_id",
            self.id,
            DECIDED_STATES,
        )

    def _get_changed_memberships(self):
        """Return the ids of the memberships that change, by their state after."""
        self.env.cr.execute(
            SQL(
                """
                SELECT line.state_after, membership.id
                FROM spp_attendance_run_line AS line
                JOIN g2p_cycle_membership AS membership
                    ON membership.id = line.cycle_membership_id
                WHERE %s AND line.state_after != membership.state
                    AND line.state_after != line.state_before
                ORDER BY membership.id
                FOR UPDATE OF membership
                """,
                self._get_applicable(),
            )
        )
        by_state = defaultdict(list)
        for state, membership_id in self.env.cr.fetchall():
            by_state[state].append(membership_id)
        return by_state

    def _write_attendance(self):
        self._execute(
            """
            UPDATE g2p_cycle_membership AS membership
            SET number_of_attendance = line.number_of_attendance,
                attendance_status = line.status, write_uid = %(uid)s, write_date = %(now)s
            FROM spp_attendance_run_line AS line
            WHERE membership.id = line.cycle_membership_id AND %(applicable)s
                AND (membership.number_of_attendance, membership.attendance_status)
                    IS DISTINCT FROM (line.number_of_attendance, line.status)
            """,
            applicable=self._get_applicable(),
        )

    def _write_members(self):
        """Show on each household's membership how its members did."""
        self._execute(
            """
            INSERT INTO spp_cycle_group_membership_attendance AS shown
                (cycle_membership_id, individual_id, number_of_attendance, counts, state, active,
                 create_uid, create_date, write_uid, write_date)
            SELECT membership.id, member.partner_id, member.number_of_attendance, member.counts,
                CASE WHEN member.verdict = %(compliant)s THEN 'included' ELSE 'not_included' END,
                TRUE, %(uid)s, %(now)s, %(uid)s, %(now)s
            FROM spp_attendance_run_line AS line
            JOIN g2p_cycle_membership AS membership ON membership.id = line.cycle_membership_id
            JOIN spp_attendance_run_line AS member ON member.household_line_id = line.id
            WHERE %(applicable)s
            ORDER BY member.id
            ON CONFLICT (cycle_membership_id, individual_id) WHERE active DO UPDATE
            SET number_of_attendance = excluded.number_of_attendance, counts = excluded.counts,
                state = excluded.state, write_uid = excluded.write_uid,
                write_date = excluded.write_date
            WHERE (shown.number_of_attendance, shown.counts, shown.state) IS DISTINCT FROM
                (excluded.number_of_attendance, excluded.counts, excluded.state)
            """,
            compliant=COMPLIANT,
            applicable=self._get_applicable(),
        )
        self._execute(
            """
            UPDATE spp_cycle_group_membership_attendance AS shown
            SET counts = FALSE, state = 'not_included', write_uid = %(uid)s, write_date = %(now)s
            FROM spp_attendance_run_line AS line
            JOIN g2p_cycle_membership AS membership ON membership.id = line.cycle_membership_id
            WHERE %(applicable)s AND shown.cycle_membership_id = membership.id AND shown.active
                AND (shown.counts OR shown.state = 'included')
                AND NOT EXISTS (
                    SELECT FROM spp_attendance_run_line AS member
                    WHERE member.household_line_id = line.id
                        AND member.partner_id = shown.individual_id
                )
            """,
            applicable=self._get_applicable(),
        )
