from odoo import models


class AccountJournal(models.Model):
    _inherit = "account.journal"

    def write(self, vals):
        before = [(journal, journal._get_settlement_currency()) for journal in self]
        result = super().write(vals)
        others = [
            journal.id
            for journal, currency in before
            if journal._get_settlement_currency() != currency
        ]
        if others:
            domain = [("journal_id", "in", others)]
            paid = [("payment_ids.journal_id", "in", others)]
            # Past the ORM's way, which takes all of them into memory at once.
            self.env["g2p.entitlement"].sudo()._compute_anew_in(["|", *domain, *paid])
            self.env["g2p.entitlement.inkind"].sudo()._compute_anew_in(domain)
        return result

    def _get_settlement_currency(self):
        """Return the currency of this journal: without one of its own, it is its company's."""
        return self.currency_id or self.company_id.currency_id
