from collections import defaultdict

from odoo import models
from odoo.tools import SQL, split_every

from ...verdicts import DECIDED_STATES, ENROLLED_STATE, KEEP, NO_DATA, UNDECIDED
from ..memberships.prepared_entitlements import ENTITLEMENT_MODELS, WITHHELD

# How many memberships change their state in one write.
WRITE_SIZE = 1000


class AttendanceRun(models.Model):
    """What was decided becomes the state of the memberships; or not any more."""

    _inherit = "spp.attendance.run"

    # Applying

    def _apply(self):
        """Give the memberships the states, numbers and statuses that were decided."""
        self.ensure_one()
        self.env.flush_all()
        self._remember_states()
        by_state = self._get_changed_memberships()
        self._write_attendance()
        self._write_members()
        self.env.invalidate_all(flush=False)
        self.env["g2p.cycle.membership"].sudo()._set_states(by_state)
        self._withhold_entitlements()
        self._give_entitlements_back()

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

    def _remember_states(self):
        """Keep the state that each membership had before attendance first decided about it."""
        self.env.cr.execute(
            SQL(
                """
                UPDATE g2p_cycle_membership AS membership
                SET state_before_attendance = membership.state
                FROM spp_attendance_run_line AS line
                WHERE membership.id = line.cycle_membership_id AND %s
                    AND membership.state_before_attendance IS NULL AND %s
                """,
                self._get_applicable(),
                self._get_deciding(),
            )
        )

    def _get_changed_memberships(self):
        """Return the ids of the memberships that get another state, by that state."""
        self.env.cr.execute(
            SQL(
                """
                SELECT line.state_after, membership.id
                FROM spp_attendance_run_line AS line
                JOIN g2p_cycle_membership AS membership
                    ON membership.id = line.cycle_membership_id
                WHERE %s AND line.state_after != membership.state
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
        self.env.cr.execute(
            SQL(
                """
                UPDATE g2p_cycle_membership AS membership
                SET number_of_attendance = line.number_of_attendance,
                    attendance_status = line.status,
                    attendance_state = CASE WHEN %(deciding)s THEN line.state_after
                        ELSE membership.attendance_state END,
                    write_uid = %(uid)s, write_date = %(now)s
                FROM spp_attendance_run_line AS line
                WHERE membership.id = line.cycle_membership_id AND %(applicable)s AND (
                    (membership.number_of_attendance, membership.attendance_status)
                        IS DISTINCT FROM (line.number_of_attendance, line.status)
                    OR membership.attendance_state IS DISTINCT FROM line.state_after
                        AND %(deciding)s
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

    def _withhold_entitlements(self):
        """Withhold what was prepared for who is non-compliant by this run, and keep how many."""
        memberships = self.env["g2p.cycle.membership"].sudo()
        for some in split_every(WRITE_SIZE, self._find_with_prepared_entitlements()):
            deleted, cancelled = memberships.browse(some)._withhold_entitlements()
            self.deleted_entitlement_count += deleted
            self.cancelled_entitlement_count += cancelled

    def _give_entitlements_back(self):
        """Give back what attendance cancelled to who is enrolled now by this run."""
        partners = self.env["res.partner"]
        for model in ENTITLEMENT_MODELS:
            withheld = [("cycle_id", "=", self.cycle_id.id), *WITHHELD]
            partners |= self.env[model].sudo().search(withheld).partner_id
        self.line_ids.search(
            [
                ("run_id", "=", self.id),
                ("kind", "!=", "member"),
                ("left_alone", "=", False),
                ("state_after", "=", ENROLLED_STATE),
                ("partner_id", "in", partners.ids),
            ]
        ).cycle_membership_id._give_entitlements_back()

    # Taking back

    def _restore_memberships(self):
        """Give the memberships that this run decided about what stands now."""
        memberships = self.env["g2p.cycle.membership"].sudo()
        lines = self.line_ids.search(
            [("run_id", "=", self.id), ("kind", "!=", "member"), ("left_alone", "=", False)]
        )
        for some in split_every(WRITE_SIZE, lines.cycle_membership_id.ids):
            memberships.browse(some)._let_stand()
            self.env.flush_all()
            self.env.invalidate_all()
