from odoo import _, api, fields, models

from ..notification import notification


class ManagerMixin(models.AbstractModel):
    """A wrapper: it says which manager does a kind of work for a program."""

    _name = "g2p.manager.mixin"
    _description = "Manager Mixin"

    manager_id = fields.Integer("Manager ID")
    manager_ref_id = fields.Reference(
        selection="_selection_manager_ref_id", string="Manager", required=True
    )

    @api.model
    def _selection_manager_ref_id(self):
        return []

    def open_manager_form(self):
        self.ensure_one()
        manager = self.manager_ref_id
        if not manager:
            return notification(_("Manager"), _("Choose a manager first."), "danger")
        return {
            "name": manager.display_name,
            "type": "ir.actions.act_window",
            "res_model": manager._name,
            "res_id": manager.id,
            "views": [(manager.get_manager_view_id(), "form")],
            "target": "new",
        }
