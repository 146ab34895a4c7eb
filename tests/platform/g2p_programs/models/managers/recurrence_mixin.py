from odoo import api, fields, models

from odoo.addons.calendar.models import calendar_recurrence


class CycleRecurrenceMixin(models.Model):
    """When cycles start: a recurrence of Odoo's calendar with other defaults."""

    _name = "g2p.cycle.recurrence.mixin"
    _description = "Cycle Recurrence Mixin"
    _inherit = "calendar.recurrence"

    name = fields.Char(required=True, readonly=False)
    rrule_type = fields.Selection(
        calendar_recurrence.RRULE_TYPE_SELECTION,
        "Recurrence Unit",
        default="monthly",
        required=True,
        readonly=False,
    )
    byday = fields.Selection(calendar_recurrence.BYDAY_SELECTION, default="1")
    count = fields.Integer(default=10)
    interval = fields.Integer(default=1, compute="_compute_interval", store=True)

    @api.depends()
    def _compute_interval(self):
        raise NotImplementedError()

    def _compute_name(self):
        pass

    def _inverse_rrule(self):
        pass

    def _is_allday(self):
        return False
