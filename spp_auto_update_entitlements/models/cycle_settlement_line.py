from odoo import _, api, fields, models

from ..redemption import OUTCOMES, PROBLEMS


class CycleSettlementLine(models.Model):
    """An entitlement that a settlement lists: an exception, or a correction of an earlier one."""

    _name = "spp.cycle.settlement.line"
    _inherit = "spp.settlement.guard.mixin"
    _description = "Cycle Settlement Line"
    _order = "settlement_id desc, is_exception desc, id"

    settlement_id = fields.Many2one(
        "spp.cycle.settlement", required=True, ondelete="cascade", index=True
    )
    cycle_id = fields.Many2one(related="settlement_id.cycle_id")
    company_id = fields.Many2one(related="settlement_id.company_id")
    entitlement_id = fields.Many2one("g2p.entitlement", index="btree_not_null")
    inkind_entitlement_id = fields.Many2one(
        "g2p.entitlement.inkind", "In-kind Entitlement", index="btree_not_null"
    )
    partner_id = fields.Many2one("res.partner", "Registrant")
    code = fields.Char("Entitlement Code")
    outcome = fields.Selection(OUTCOMES, required=True)
    is_exception = fields.Boolean("Exception")
    problem = fields.Selection(PROBLEMS)
    state_before = fields.Selection("_selection_state")
    state_after = fields.Selection("_selection_state")
    allocated = fields.Float(digits=(16, 2))
    redeemed = fields.Float(digits=(16, 2))
    balance = fields.Float(digits=(16, 2))
    currency_id = fields.Many2one("res.currency")
    uom_id = fields.Many2one("uom.uom", "Unit of Measure")
    previous_settlement_id = fields.Many2one("spp.cycle.settlement", "Settled Before In")
    explanation = fields.Char(compute="_compute_explanation")

    @api.model
    def _selection_state(self):
        return self.env["g2p.entitlement"]._selection_state()

    @api.depends("outcome", "problem")
    @api.depends_context("lang")
    def _compute_explanation(self):
        sentences = self._get_explanations()
        resettled = _("Its transactions changed after an earlier settlement.")
        problems = dict(self._fields["problem"]._description_selection(self.env))
        for line in self:
            sentence = sentences.get(line.outcome, resettled)
            if line.problem:
                sentence = f"{problems[line.problem]} {sentence}"
            line.explanation = sentence

    @api.model
    def _get_explanations(self):
        """Return, by outcome, what it means and what a person can do about it."""
        return {
            "over": _(
                "More was redeemed than was granted. It counts as redeemed; "
                "check the transactions with the service point."
            ),
            "closed_with_transactions": _(
                "Something was redeemed though the entitlement was not payable in this state. "
                "The state was left as it is; check the transactions."
            ),
            "voided_elsewhere": _(
                "Its transactions are all voided, yet it was marked as redeemed by something "
                "other than a settlement. Check whether it was paid in another way."
            ),
            "over_voided": _(
                "More was voided than was ever bought. The state was left as it is; "
                "a purchase is missing, or a void is wrong."
            ),
            "unreadable": _(
                "The state was left as it is. Correct the transaction: the next nightly run "
                "then settles this entitlement again."
            ),
            "restored": _("Everything that an earlier settlement counted has been voided since."),
        }

    def action_open_entitlement(self):
        """Open the entitlement of this line."""
        self.ensure_one()
        entitlement = self.entitlement_id or self.inkind_entitlement_id
        return entitlement.get_formview_action()
