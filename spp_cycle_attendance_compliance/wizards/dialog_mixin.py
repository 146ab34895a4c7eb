from odoo import models


class DialogMixin(models.AbstractModel):
    """A dialog that stays open when one of its buttons was pressed, to show what was found."""

    _name = "spp.attendance.dialog.mixin"
    _description = "Dialog that Stays Open"

    def _reopen(self):
        return {
            "type": "ir.actions.act_window",
            "name": self._description,
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [[False, "form"]],
            "target": "new",
        }
