from odoo import fields, models
from odoo.tools import SQL


class CycleGroupMembershipAttendance(models.Model):
    """How the members of a household attended, as the last run that was applied found."""

    _name = "spp.cycle.group.membership.attendance"
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
        [("included", "Included"), ("not_included", "Not Included")],
        help="Included: attended enough.",
    )
    active = fields.Boolean(
        default=True, help="The earlier version of the addon listed some members more than once."
    )

    def init(self):
        # A member is listed once for each membership of the household.
        self.env.cr.execute(
            SQL(
                "CREATE UNIQUE INDEX IF NOT EXISTS %s"
                " ON %s (cycle_membership_id, individual_id) WHERE active",
                SQL.identifier(f"{self._table}_shown_unique"),
                SQL.identifier(self._table),
            )
        )
