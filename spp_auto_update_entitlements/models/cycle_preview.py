from collections import Counter, defaultdict

from odoo import _, models
from odoo.exceptions import AccessError

from .cycle_settlement_report import MAX_PRINTED
from .settlement_queue import BATCH_SIZE


class G2PCycle(models.Model):
    """A dry run of a settlement."""

    _inherit = "g2p.cycle"

    def action_preview_settlement(self):
        """Show what a settlement would decide now, as the report of a settlement."""
        report = self.env.ref("spp_auto_update_entitlements.action_report_settlement_preview")
        # Without asking how letters are to look, which is not the time for it.
        return report.report_action(self, config=False)

    def _preview_settlement(self):
        """Return the settlement that this cycle would get now, as a record that is not stored.

        The figures are those of a settlement; of the exceptions, it has those that are printed.
        """
        self.ensure_one()
        self._check_may_preview()
        settlements = self.env["spp.cycle.settlement"].sudo()
        counts, totals, lines = Counter(), {}, defaultdict(list)
        for kind, cases in self._decide_in_batches():
            counts.update(settlements._count(cases))
            for key, sums in settlements._sum_up(cases).items():
                known = totals.get((kind, key), (0,) * len(sums))
                totals[kind, key] = tuple(map(sum, zip(known, sums, strict=True)))
            listed = [(case, ids) for case, ids in cases if case.is_exception]
            for vals in settlements.line_ids._prepare_vals_list(settlements, kind, listed):
                status = vals["status"]
                counts["open_count"] += status == "open"
                if len(lines[status]) < MAX_PRINTED:
                    lines[status].append(vals)
        total_vals = [
            settlements.total_ids._prepare_vals(kind, key, *sums)
            for (kind, key), sums in totals.items()
        ]
        return settlements.new(
            {
                "cycle_id": self.id,
                **counts,
                "total_ids": [(0, 0, vals) for vals in total_vals],
                "line_ids": [(0, 0, vals) for listed in lines.values() for vals in listed],
            }
        )

    def _check_may_preview(self):
        self.env["spp.cycle.settlement"].search_count([], limit=1)  # refuses who may not read them
        company = self._get_company()
        if company and company not in self.env.companies:
            raise AccessError(
                _("The cycle %(cycle)s belongs to another company.", cycle=self.sudo().name)
            )

    def _decide_in_batches(self):
        """Yield what would be decided, by kind and batch; what this writes is rolled back."""
        for kind, model in self._get_entitlement_models().items():
            after_id = 0
            while True:
                with self.env.cr.savepoint() as savepoint:
                    model._queue_changed_states(self)
                    batch = model._get_to_settle(self, after_id, BATCH_SIZE)
                    cases, _stale = batch._decide()
                    savepoint.rollback()
                if not batch:
                    break
                after_id = batch.ids[-1]
                yield kind, cases
                self.env.invalidate_all()
