from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..models.events.event_attendance import ABSENT, EXCUSED, PRESENT
from ..models.events.event_data import ATTENDANCE_MODEL


class CreateEventAttendance(models.TransientModel):
    """The second page of the platform's "Create Event", for attendance."""

    _name = "spp.create.event.attendance.wizard"
    _inherit = "spp.attendance.untyped.mixin"
    _description = "Record an Attendance"

    event_id = fields.Many2one("spp.event.data", required=True, ondelete="cascade")
    registrant_id = fields.Many2one(related="event_id.partner_id")
    is_household = fields.Boolean(related="registrant_id.is_group")
    member_ids = fields.Many2many("res.partner", compute="_compute_member_ids")
    individual_id = fields.Many2one(
        "res.partner",
        "Person",
        compute="_compute_individual_id",
        store=True,
        readonly=False,
        domain="[('id', 'in', member_ids)]",
    )
    attendance_date = fields.Date(
        "Date", compute="_compute_attendance_date", store=True, readonly=False
    )
    attendance_time = fields.Char("Time", help="24 hours, as 09:30.")
    attendance_type_id = fields.Many2one("spp.res.config.attendance.type", "Type")
    attendance_location_id = fields.Many2one("spp.res.config.attendance.location", "Location")
    attendance_category = fields.Selection(
        [(PRESENT, "Present"), (ABSENT, "Absent"), (EXCUSED, "Excused")],
        "Presence",
        required=True,
        default=PRESENT,
    )
    excuse_reason_id = fields.Many2one("spp.attendance.excuse.reason", "Reason")
    attendance_description = fields.Text("Description")

    @api.depends("registrant_id")
    def _compute_member_ids(self):
        for wizard in self:
            memberships = wizard.registrant_id.sudo().group_membership_ids
            current = memberships.filtered(
                lambda membership: (
                    not membership.ended_date or membership.ended_date > fields.Datetime.now()
                )
            )
            registrant = wizard.registrant_id
            wizard.member_ids = current.individual if wizard.is_household else registrant

    @api.depends("registrant_id")
    def _compute_individual_id(self):
        for wizard in self:
            wizard.individual_id = not wizard.is_household and wizard.registrant_id

    @api.depends("event_id")
    def _compute_attendance_date(self):
        for wizard in self:
            wizard.attendance_date = wizard.event_id.collection_date

    @api.constrains("event_id")
    def _check_event_id(self):
        """What is created or taken back here is what the same user's first page made."""
        for wizard in self:
            event_data = wizard.event_id.sudo()
            if (
                event_data.model != ATTENDANCE_MODEL
                or event_data.res_id
                or event_data.create_uid != self.env.user
            ):
                raise UserError(
                    _(
                        "This event is somebody else's, or has its attendance already. Close this "
                        "window, and begin on the registrant's page."
                    )
                )

    def action_create(self):
        """Record the attendance, as the event that the first page made."""
        self.ensure_one()
        self._check_event_id()
        if not self.individual_id or not self.attendance_date:
            raise UserError(_("Choose the person who came, and the day."))
        event = self.env["spp.event.attendance"]
        event = event.with_context(attendance_event_data_id=self.event_id.id).create(
            {
                "individual_id": self.individual_id.id,
                **{
                    name: self[name]
                    for name in (
                        "attendance_date",
                        "attendance_time",
                        "attendance_category",
                        "attendance_description",
                    )
                },
                "excuse_reason_id": self._get_reason().id,
                "attendance_type_id": self.attendance_type_id.id,
                "attendance_location_id": self.attendance_location_id.id,
            }
        )
        self.event_id.sudo().res_id = event.id
        event.sudo()._update_event_data(self.event_id.partner_id)
        return {"type": "ir.actions.act_window_close"}

    def _get_reason(self):
        # What was chosen before the presence was changed once more is not meant.
        reason = self.excuse_reason_id
        return reason if self.attendance_category == EXCUSED else reason.browse()

    def action_cancel(self):
        """Take back the event that the first page made, and that has no attendance."""
        self.ensure_one()
        self._check_event_id()
        event_data = self.event_id.sudo()
        registrant = event_data.partner_id
        event_data.unlink()
        self.env["spp.event.data"].sudo()._refresh_active_attendance(registrant.ids)
        return {"type": "ir.actions.act_window_close"}
