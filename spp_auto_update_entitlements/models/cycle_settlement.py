import time
from collections import defaultdict
from decimal import Decimal

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_datetime

from ..redemption import OPEN_STATES


class CycleSettlement(models.Model):
    """One settlement of a cycle: who decided what about its entitlements, when and why.

    Written by the settlement itself and by nobody else; never deleted.
    """

    _name = "spp.cycle.settlement"
    _inherit = "spp.settlement.guard.mixin"
    _description = "Cycle Settlement"
    _order = "id desc"

    cycle_id = fields.Many2one("g2p.cycle", required=True, ondelete="restrict", index=True)
    program_id = fields.Many2one(related="cycle_id.program_id", store=True, index=True)
    company_id = fields.Many2one("res.company")
    state = fields.Selection(
        [
            ("running", "Running"),
            ("done", "Done"),
            ("interrupted", "Interrupted"),
            ("failed", "Failed"),
        ],
        required=True,
        index=True,
    )
    trigger = fields.Selection(
        [("cron", "Nightly run"), ("user", "A person")], "Started By", required=True
    )
    user_id = fields.Many2one("res.users", required=True)
    is_follow_up = fields.Boolean(
        "Late Changes",
        help="The cycle had been settled before; only entitlements about which something changed "
        "since then were settled again.",
    )
    start_datetime = fields.Datetime("Start")
    end_datetime = fields.Datetime("End")
    duration = fields.Float(
        "Working Time (s)",
        digits=(16, 2),
        help="How many seconds the settlement itself took, without waiting for its turn.",
    )
    entitlement_count = fields.Integer("Entitlements")
    changed_count = fields.Integer("Changed")
    exception_count = fields.Integer("Exceptions")
    open_count = fields.Integer("To Look At", compute="_compute_open_count")
    total_ids = fields.One2many("spp.cycle.settlement.total", "settlement_id", "Totals")
    line_ids = fields.One2many("spp.cycle.settlement.line", "settlement_id", "Listed")
    error = fields.Text()

    @api.depends("cycle_id", "start_datetime")
    @api.depends_context("lang", "tz")
    def _compute_display_name(self):
        for settlement in self:
            settlement.display_name = _(
                "Settlement of %(cycle)s, %(moment)s",
                cycle=settlement.sudo().cycle_id.name,
                moment=format_datetime(self.env, settlement.start_datetime, dt_format=False),
            )

    def _compute_open_count(self):
        counts = dict(
            self.env["spp.cycle.settlement.line"]
            .sudo()
            ._read_group(
                [("settlement_id", "in", self.ids), ("status", "=", "open")],
                ["settlement_id"],
                ["__count"],
            )
        )
        for settlement in self:
            settlement.open_count = counts.get(settlement, 0)

    @api.ondelete(at_uninstall=False)
    def _refuse_unlink(self):
        raise UserError(_("Settlements are kept for ever: they are the proof of what was paid."))

    # Opened and closed

    @api.model
    def _get_running(self, cycle):
        return self.search([("cycle_id", "=", cycle.id), ("state", "=", "running")])

    @api.model
    def _open(self, cycle, trigger):
        """Return the running settlement of ``cycle``, of which the caller holds the lock.

        One that was killed, or had its turn, goes on: what it did is kept with each batch.
        """
        return self._get_running(cycle)[:1] or self.create(
            {
                **self._prepare_vals(cycle),
                "state": "running",
                "trigger": trigger,
                "is_follow_up": bool(
                    self.search_count(
                        [("cycle_id", "=", cycle.id), ("state", "=", "done")], limit=1
                    )
                ),
            }
        )

    @api.model
    def _prepare_vals(self, cycle):
        return {
            "cycle_id": cycle.id,
            "company_id": cycle._get_company().id,
            "user_id": self.env.uid,
            "start_datetime": fields.Datetime.now(),
        }

    def _close(self):
        """Mark as done; say the totals in the cycle's chatter, and who is to look at what."""
        for settlement in self:
            settlement.write({"state": "done", "end_datetime": fields.Datetime.now()})
            cycle = settlement.cycle_id
            self.env["spp.cycle.redemption"]._compute_of(cycle)
            cycle.message_post(body=settlement._get_note())
            cycle._remind_of_open_lines()

    def _interrupt(self, reason):
        """Remember why these settlements stopped half-way; what they did is kept."""
        for settlement in self:
            settlement.write(
                {"state": "interrupted", "end_datetime": fields.Datetime.now(), "error": reason}
            )
            settlement.cycle_id.message_post(
                body=_(
                    "The settlement stopped after %(count)s entitlements, which stay settled. "
                    "The next nightly run: %(reason)s.",
                    count=settlement.entitlement_count,
                    reason=reason,
                )
            )

    @api.model
    def _fail(self, cycle, reason):
        """Remember why the settlement of ``cycle`` did not end; its finished batches are kept."""
        vals = {"state": "failed", "end_datetime": fields.Datetime.now(), "error": reason}
        running = self._get_running(cycle)
        if running:
            running.write(vals)
        else:
            self.create({**self._prepare_vals(cycle), "trigger": "cron", **vals})

    # Batches

    def _settle(self, kind, batch):
        """Settle entitlements of one kind, and keep what was decided."""
        started = time.monotonic()
        self._book(kind, batch._settle(self))
        self.env.flush_all()
        self.duration += time.monotonic() - started

    def _book(self, kind, cases):
        """Add a batch to the counts, the totals and the list of this settlement.

        :param cases: what `spp.settlement.mixin._settle` returned
        """
        lines = self.env["spp.cycle.settlement.line"].sudo()
        lines._list(
            self,
            kind,
            [(case, ids) for case, ids in cases if case.is_exception or case.settlement_before_id],
        )
        self._add_totals(kind, self._sum_up(cases))
        self.write({name: self[name] + count for name, count in self._count(cases).items()})

    @api.model
    def _count(self, cases):
        """Return counts of entitlements, as values of a settlement."""
        return {
            "entitlement_count": sum(len(ids) for _case, ids in cases),
            "changed_count": sum(len(ids) for case, ids in cases if case.is_changed),
            "exception_count": sum(len(ids) for case, ids in cases if case.is_exception),
        }

    @api.model
    def _sum_up(self, cases):
        """Return (count, granted, redeemed) by (outcome, currency id, unit id), in full.

        Then the same three again, of those that are not payable or redeemed.
        """
        sums = defaultdict(lambda: (0, Decimal(0), Decimal(0)) * 2)
        for case, ids in cases:
            redemption = case.redemption
            key = (case.decision.outcome, redemption.currency_id, redemption.uom_id)
            more = (len(ids), len(ids) * redemption.allocated, len(ids) * redemption.redeemed)
            more += (0, 0, 0) if case.decision.state in OPEN_STATES else more
            sums[key] = tuple(map(sum, zip(sums[key], more, strict=True)))
        return sums

    def _add_totals(self, kind, sums):
        known = {
            (total.outcome, total.currency_id.id or None, total.uom_id.id or None): total
            for total in self.total_ids
            if total.kind == kind
        }
        for key, more in sums.items():
            total = known.get(key)
            if not total:
                self.total_ids.create(
                    {
                        "settlement_id": self.id,
                        **self.total_ids._prepare_vals(kind, key, *more),
                    }
                )
                continue
            figures = map(sum, zip(total._get_sums(), more, strict=True))
            total.write(total._prepare_vals(kind, key, *figures))
