from odoo import fields, models

from ..redemption import OUTCOMES


class CycleSettlementTotal(models.Model):
    """Counts and amounts of one outcome of a settlement, in one currency or unit of measure."""

    _name = "spp.cycle.settlement.total"
    _inherit = "spp.settlement.guard.mixin"
    _description = "Cycle Settlement Total"
    _order = "settlement_id, kind, id"

    settlement_id = fields.Many2one(
        "spp.cycle.settlement", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="settlement_id.company_id")
    kind = fields.Selection([("cash", "Cash"), ("inkind", "In-kind")], required=True)
    outcome = fields.Selection(OUTCOMES, required=True)
    currency_id = fields.Many2one("res.currency")
    uom_id = fields.Many2one("uom.uom", "Unit of Measure")
    count = fields.Integer("Entitlements")
    allocated = fields.Float(digits=(16, 2))
    redeemed = fields.Float(digits=(16, 2))
    balance = fields.Float(digits=(16, 2))

    def action_open_entitlements(self):
        """Open the entitlements behind this total that no later settlement has touched."""
        self.ensure_one()
        model = self.settlement_id._get_entitlement_models()[self.kind]
        label = dict(self._fields["outcome"]._description_selection(self.env))[self.outcome]
        return {
            "type": "ir.actions.act_window",
            "name": label,
            "res_model": model._name,
            "view_mode": "list,form",
            "domain": [
                ("cycle_id", "=", self.settlement_id.cycle_id.id),
                ("settlement_id", "=", self.settlement_id.id),
                ("settlement_outcome", "=", self.outcome),
            ],
            "context": {"create": False},
        }
