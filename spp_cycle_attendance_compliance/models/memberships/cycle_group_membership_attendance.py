from odoo import api, fields, models
from odoo.tools import SQL

from ...verdicts import COMPLIANT, EXEMPT


class CycleGroupMembershipAttendance(models.Model):
    """How the members of a household attended, as the verdict that stands says."""

    _name = "spp.cycle.group.membership.attendance"
    _inherit = "spp.attendance.guard.mixin"
    _description = "Attendance of a Household Member"
    _order = "counts desc, individual_id"
    _rec_name = "individual_id"

    cycle_membership_id = fields.Many2one(
        "g2p.cycle.membership", "Membership", required=True, ondelete="cascade"
    )
    individual_id = fields.Many2one("res.partner", "Member", required=True, ondelete="cascade")
    number_of_attendance = fields.Integer("Attended")
    number_of_attendance_str = fields.Char(
        "As Recorded Earlier", help="What the earlier version of the addon kept, if no number."
    )
    counts = fields.Boolean(default=True)
    state = fields.Selection(
        [("included", "Met"), ("not_included", "Did Not Meet")],
        "Criteria",
        help="Met: attended enough, or nothing is asked of them.",
    )
    needed = fields.Char(compute="_compute_reason")
    reason = fields.Char("Why", compute="_compute_reason")
    line_id = fields.Many2one("spp.attendance.run.line", "Verdict", compute="_compute_reason")
    active = fields.Boolean(
        default=True, help="The earlier version of the addon listed some members more than once."
    )

    @api.depends("cycle_membership_id", "individual_id")
    @api.depends_context("lang")
    def _compute_reason(self):
        standing = self.env["spp.attendance.run.line"]._get_standing(self.cycle_membership_id)
        own = {
            (line.cycle_membership_id.id, member.partner_id.id): member
            for line in standing.values()
            for member in line.member_line_ids
        }
        for member in self:
            line = own.get((member.cycle_membership_id.id, member.individual_id.id))
            member.line_id = line
            member.needed = line and line._get_needed()
            member.reason = line and line._get_verdict_sentence()

    def action_open_days(self):
        """Open the days that were counted of this member."""
        self.ensure_one()
        return self.line_id.action_open_days()

    @api.model
    def _get_attendance_guarded_fields(self):
        return self._fields.keys()

    def init(self):
        result = super().init()
        # A member is listed once for each membership of the household.
        self.env.cr.execute(
            SQL(
                "CREATE UNIQUE INDEX IF NOT EXISTS %s"
                " ON %s (cycle_membership_id, individual_id) WHERE active",
                SQL.identifier(f"{self._table}_shown_unique"),
                SQL.identifier(self._table),
            )
        )
        return result

    @api.model
    def _show_only(self, standing):
        """Show the members of the lines that stand, and none where nothing stands.

        :param SQL standing: the table of memberships' ids, and the ``line_id`` that stands for each
        """
        self._show(SQL("line.id IN (SELECT line_id FROM %s)", standing))
        self.env.cr.execute(
            SQL(
                """
                UPDATE spp_cycle_group_membership_attendance AS shown SET active = FALSE
                FROM %s AS standing
                WHERE shown.cycle_membership_id = standing.id AND shown.active
                    AND standing.line_id IS NULL
                """,
                standing,
            )
        )

    @api.model
    def _show(self, standing):
        """Show on each household's membership how its members did.

        :param SQL standing: the condition of the ``line`` that stands, and its ``membership``
        """
        parameters = {
            "uid": self.env.uid,
            "now": self.env.cr.now(),
            "standing": standing,
        }
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO spp_cycle_group_membership_attendance AS shown
                    (cycle_membership_id, individual_id, number_of_attendance, counts, state,
                     active, create_uid, create_date, write_uid, write_date)
                SELECT membership.id, member.partner_id, member.number_of_attendance,
                    member.counts,
                    CASE WHEN member.verdict = %(compliant)s
                        OR member.verdict = %(exempt)s AND member.counts THEN 'included'
                        ELSE 'not_included' END,
                    TRUE, %(uid)s, %(now)s, %(uid)s, %(now)s
                FROM spp_attendance_run_line AS line
                JOIN g2p_cycle_membership AS membership
                    ON membership.id = line.cycle_membership_id
                JOIN spp_attendance_run_line AS member ON member.household_line_id = line.id
                WHERE %(standing)s AND line.kind = 'household'
                ORDER BY member.id
                ON CONFLICT (cycle_membership_id, individual_id) WHERE active DO UPDATE
                SET number_of_attendance = excluded.number_of_attendance,
                    counts = excluded.counts, state = excluded.state,
                    write_uid = excluded.write_uid, write_date = excluded.write_date
                WHERE (shown.number_of_attendance, shown.counts, shown.state) IS DISTINCT FROM
                    (excluded.number_of_attendance, excluded.counts, excluded.state)
                """,
                compliant=COMPLIANT,
                exempt=EXEMPT,
                **parameters,
            )
        )
        self.env.cr.execute(
            SQL(
                """
                UPDATE spp_cycle_group_membership_attendance AS shown
                SET counts = FALSE, state = 'not_included', write_uid = %(uid)s,
                    write_date = %(now)s
                FROM spp_attendance_run_line AS line
                JOIN g2p_cycle_membership AS membership
                    ON membership.id = line.cycle_membership_id
                WHERE %(standing)s AND line.kind = 'household'
                    AND shown.cycle_membership_id = membership.id AND shown.active
                    AND (shown.counts OR shown.state = 'included')
                    AND NOT EXISTS (
                        SELECT FROM spp_attendance_run_line AS member
                        WHERE member.household_line_id = line.id
                            AND member.partner_id = shown.individual_id
                    )
                """,
                **parameters,
            )
        )
