from odoo import fields, models


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
    counts = fields.Boolean(default=True)
    state = fields.Selection(
        [("included", "Included"), ("not_included", "Not Included")],
        help="Included: attended enough.",
    )

    _sql_constraints = [
        (
            "member_unique",
            "unique (cycle_membership_id, individual_id)",
            "A member is listed once for each membership of the household.",
        ),
    ]
