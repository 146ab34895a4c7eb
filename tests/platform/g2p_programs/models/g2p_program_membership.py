from odoo import api, fields, models


class G2PProgramMembership(models.Model):
    _name = "g2p.program_membership"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _inherits = {"res.partner": "partner_id"}
    _description = "Program Membership"
    _order = "id desc"

    partner_id = fields.Many2one(
        "res.partner",
        "Registrant",
        required=True,
        ondelete="cascade",
        domain=[("is_registrant", "=", True)],
    )
    program_id = fields.Many2one("g2p.program", required=True)
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("enrolled", "Enrolled"),
            ("paused", "Paused"),
            ("exited", "Exited"),
            ("not_eligible", "Not Eligible"),
            ("duplicated", "Duplicated"),
        ],
        "Status",
        default="draft",
        copy=False,
    )
    enrollment_date = fields.Datetime(compute="_compute_enrolled_date", store=True)
    exit_date = fields.Date()
    registrant_id = fields.Integer("Registrant ID", related="partner_id.id")

    _sql_constraints = [
        (
            "program_membership_unique",
            "unique (partner_id, program_id)",
            "A registrant is in a program once.",
        ),
    ]

    @api.depends("state")
    def _compute_enrolled_date(self):
        for membership in self:
            if membership.state == "enrolled":
                membership.enrollment_date = fields.Datetime.now()

    def open_registrant_form(self):
        return self.partner_id._open_registrant()
