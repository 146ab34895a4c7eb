from odoo import _, fields, models

from ..notification import notification


class DefaultCashEntitlementManager(models.Model):
    _name = "g2p.program.entitlement.manager.default"
    _inherit = ["g2p.base.program.entitlement.manager", "g2p.manager.source.mixin"]
    _description = "Default Entitlement Manager"

    IS_CASH_ENTITLEMENT = True

    amount_per_cycle = fields.Monetary(default=0.0)
    amount_per_individual_in_group = fields.Monetary(default=0.0)
    max_individual_in_group = fields.Integer(
        "Maximum number of individual in group", default=0, help="0 means no limit"
    )
    currency_id = fields.Many2one(related="program_id.journal_id.currency_id")
    transfer_fee_pct = fields.Float("Transfer Fee(%)", digits=(5, 2), default=0.0)
    transfer_fee_amt = fields.Monetary("Transfer Fee Amount", default=0.0)
    entitlement_validation_group_id = fields.Many2one("res.groups")

    def prepare_entitlements(self, cycle, beneficiaries):
        """Create a draft for each member of the cycle who has no entitlement in it."""
        entitlements = self.env["g2p.entitlement"]
        of_cycle = [("cycle_id", "=", cycle.id)]
        partners = beneficiaries.partner_id
        partners -= entitlements.search([*of_cycle, ("partner_id", "in", partners.ids)]).partner_id
        sizes = dict(partners.count_individuals())
        return entitlements.create(
            [
                self._prepare_entitlement_vals(cycle, partner, sizes.get(partner.id, 0))
                for partner in partners
            ]
        )

    def _prepare_entitlement_vals(self, cycle, partner, size):
        amount = self._calculate_amount(partner, size)
        fee = amount * self.transfer_fee_pct / 100.0 or self.transfer_fee_amt
        return {
            "cycle_id": cycle.id,
            "partner_id": partner.id,
            "initial_amount": amount,
            "transfer_fee": fee,
            "state": "draft",
            "is_cash_entitlement": True,
            "valid_from": cycle.start_date,
            "valid_until": cycle.end_date,
        }

    def _calculate_amount(self, beneficiary, num_individuals):
        if not beneficiary.is_group:
            return self.amount_per_cycle
        counted = min(num_individuals, self.max_individual_in_group or num_individuals)
        return self.amount_per_cycle + self.amount_per_individual_in_group * counted

    # The platform makes jobs of the next three from 200 entitlements on.
    def set_pending_validation_entitlements(self, cycle):
        cycle.get_entitlements(["draft"]).write({"state": "pending_validation"})

    def cancel_entitlements(self, cycle):
        states = ["draft", "pending_validation", "approved"]
        cycle.get_entitlements(states).write({"state": "cancelled"})

    def validate_entitlements(self, cycle):
        entitlements = cycle.get_entitlements(["draft", "pending_validation"])
        errors, message = self.approve_entitlements(entitlements)
        if errors:
            return notification(_("Entitlement"), message, "danger")
        return notification(
            _("Entitlement"), _("%(count)s were approved.", count=len(entitlements))
        )

    def approve_entitlements(self, entitlements):
        """Approve drafts and pending ones; return the number of the others, and a message.

        The platform also wants posted funds, and draws payments on the journal.
        """
        approved = entitlements.filtered(lambda e: e.state in ("draft", "pending_validation"))
        approved.write({"state": "approved", "date_approved": fields.Date.today()})
        others = len(entitlements - approved)
        message = _("%(count)s cannot be approved any more.", count=others) if others else ""
        return others, message

    def open_entitlements_form(self, cycle):
        return {
            "name": _("Cycle Entitlements"),
            "type": "ir.actions.act_window",
            "res_model": "g2p.entitlement",
            "view_mode": "list,form",
            "views": [
                [self.env.ref("g2p_programs.view_entitlement_tree").id, "list"],
                [self.env.ref("g2p_programs.view_entitlement_form").id, "form"],
            ],
            "domain": [("cycle_id", "=", cycle.id)],
            "context": {"create": False, "default_cycle_id": cycle.id},
        }

    def open_entitlement_form(self, rec):
        return {
            "name": _("Entitlement"),
            "type": "ir.actions.act_window",
            "res_model": "g2p.entitlement",
            "res_id": rec.id,
            "view_mode": "form",
            "view_id": self.env.ref("g2p_programs.view_entitlement_form").id,
            "target": "new",
        }
