from odoo import _, fields, models
from odoo.exceptions import UserError


class ReasonMixin(models.AbstractModel):
    """A dialog that asks why something is undone, before it is."""

    _name = "spp.attendance.reason.mixin"
    _description = "Dialog that Asks for a Reason"

    reason = fields.Text(required=True)

    def action_confirm(self):
        """Do it, and keep the reason with it."""
        self.ensure_one()
        reason = self.reason.strip()
        if not reason:
            raise UserError(_("Give the reason: whoever asks later has to understand it."))
        self._confirm(reason)
        return {"type": "ir.actions.act_window_close"}

    def _confirm(self, reason):
        raise NotImplementedError
