from odoo import api, models


class ManagerSourceMixin(models.AbstractModel):
    """A manager: the record that a wrapper points to."""

    _name = "g2p.manager.source.mixin"
    _description = "Manager Data Source Mixin"

    WRAPPERS = (
        "g2p.eligibility.manager",
        "g2p.program.manager",
        "g2p.cycle.manager",
        "g2p.program.entitlement.manager",
        "g2p.program.payment.manager",
    )

    @api.model_create_multi
    def create(self, vals_list):
        # One manager at a time, as on the platform.
        return self.browse().concat(*(self._create_one(vals) for vals in vals_list))

    def _create_one(self, vals):
        return super().create([vals])

    def unlink(self):
        for manager in self:
            self.get_managers_for_unlink(f"{manager._name},{manager.id}").unlink()
        return super().unlink()

    @api.model
    def get_managers_for_unlink(self, manager_ref):
        wrappers = self.env[self.WRAPPERS[0]]
        for model in self.WRAPPERS:
            wrappers = self.env[model].search([("manager_ref_id", "=", manager_ref)])
            if wrappers:
                break
        return wrappers

    def get_manager_view_id(self):
        """Return the id of the form, or False."""
        forms = [("model", "=", self._name), ("type", "=", "form")]
        return self.env["ir.ui.view"].search(forms, limit=1).id
