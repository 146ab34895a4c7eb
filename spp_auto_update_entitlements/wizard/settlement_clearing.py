from odoo import _, fields, models
from odoo.exceptions import UserError


class SettlementClearing(models.TransientModel):
    """Asks why a person clears lines of a settlement."""

    _name = "spp.settlement.clearing"
    _description = "Clear Lines of a Settlement"

    line_ids = fields.Many2many("spp.cycle.settlement.line", string="Lines", required=True)
    transactions_decide = fields.Boolean()
    remark = fields.Text(required=True)

    def action_confirm(self):
        """Clear the lines with the remark."""
        self.ensure_one()
        remark = self.remark.strip()
        if not remark:
            raise UserError(_("Write why: a remark of blanks tells nobody anything."))
        if self.transactions_decide:
            self.line_ids._let_transactions_decide(remark)
        else:
            self.line_ids._clear(remark)
        return {"type": "ir.actions.act_window_close"}
