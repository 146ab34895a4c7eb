from collections import defaultdict
from decimal import Decimal

from markupsafe import Markup

from odoo import _, api, fields, models

from ..redemption import to_decimal
from .amounts_mixin import format_amount, format_share, set_apart

# Lines of each kind in a report; the others are on the screen.
MAX_PRINTED = 500
# What was never payable, or is not any more, was not granted.
NOT_GRANTED = ("closed", "closed_with_transactions")


class CycleSettlement(models.Model):
    """What people read of a settlement: sums, a note in the cycle's chatter, a report."""

    _inherit = "spp.cycle.settlement"

    money_totals = fields.Text(compute="_compute_money_totals", exportable=False)

    def _compute_money_totals(self):
        for settlement in self:
            settlement.money_totals = "\n".join(settlement._get_money_totals())

    def _get_money_totals(self):
        """Return a sentence for each currency and unit: granted, redeemed, left, the share.

        Of what is payable or redeemed, like the figures on the cycle.
        """
        sums = defaultdict(lambda: [Decimal(0), Decimal(0)])
        for total in self.total_ids.filtered(lambda each: each.outcome not in NOT_GRANTED):
            if total.count == total.unpayable_count:
                continue
            granted_and_redeemed = sums[total.kind, total.currency_id, total.uom_id]
            granted_and_redeemed[0] += to_decimal(total.allocated)
            granted_and_redeemed[0] -= to_decimal(total.unpayable_allocated)
            granted_and_redeemed[1] += to_decimal(total.redeemed)
            granted_and_redeemed[1] -= to_decimal(total.unpayable_redeemed)
        sentences = []
        for (_kind, currency, uom), (granted, redeemed) in sums.items():
            left = granted - redeemed
            shown = [
                set_apart(self.env, format_amount(self.env, float(amount), currency, uom))
                for amount in (granted, redeemed, left)
            ]
            share = float(100 * redeemed / granted) if granted else 0
            sentences.append(
                _(
                    "%(granted)s granted, %(redeemed)s redeemed (%(share)s), %(left)s left",
                    granted=shown[0],
                    redeemed=shown[1],
                    left=shown[2],
                    share=format_share(self.env, share),
                )
            )
        return sentences

    def _get_note(self):
        outcomes = dict(self.total_ids._fields["outcome"]._description_selection(self.env))
        rows = []
        for total in self.total_ids:  # no comprehension: `_` would not find the language in it
            rows.append(
                _(
                    "%(outcome)s: %(count)s (%(redeemed)s of %(allocated)s)",
                    outcome=outcomes[total.outcome],
                    count=total.count,
                    redeemed=Markup("<bdi>%s</bdi>") % total.redeemed_shown,
                    allocated=Markup("<bdi>%s</bdi>") % total.allocated_shown,
                )
            )
        orphans = self._count_transactions_without_entitlement()
        if orphans:
            rows.append(
                _("Transactions without an entitlement, of all programs: %(count)s", count=orphans)
            )
        return Markup("<p>%s</p><ul>%s</ul>") % (
            _(
                "Settlement: %(count)s entitlements, %(changed)s changed, "
                "%(exceptions)s exceptions, %(open)s to look at.",
                count=self.entitlement_count,
                changed=self.changed_count,
                exceptions=self.exception_count,
                open=self.open_count,
            ),
            Markup().join(Markup("<li>%s</li>") % row for row in rows),
        )

    @api.model
    def _count_transactions_without_entitlement(self):
        return sum(
            self.env[model._fields["transaction_ids"].comodel_name].search_count(
                [("entitlement_id", "=", False)]
            )
            for model in self.env["g2p.cycle"]._get_entitlement_models().values()
        )

    def _get_file_name(self):
        """Return the name of the printed report: what it is about, and its day."""
        return _(
            "Settlement of %(cycle)s, %(day)s",
            cycle=self.sudo().cycle_id.name,
            day=fields.Datetime.context_timestamp(self, self.start_datetime).date(),
        )

    def _get_report_sections(self):
        """Return what the report lists: the lines to look at, and the cleared ones."""
        # Of a preview nothing is stored, and each exception is open or cleared.
        previewed = {"open": self.open_count, "cleared": self.exception_count - self.open_count}
        sections = []
        for status, title in (("open", _("To look at")), ("cleared", _("Cleared"))):
            domain = [("settlement_id", "=", self._origin.id), ("status", "=", status)]
            if self._origin:
                count = self.line_ids.search_count(domain)
                lines = self.line_ids.search(domain, limit=MAX_PRINTED)
            else:
                count = previewed[status]
                lines = self.line_ids.filtered_domain(domain[1:])
            sections.append({"title": title, "count": count, "lines": lines})
        return sections
