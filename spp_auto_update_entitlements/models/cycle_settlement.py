import time
from collections import defaultdict

from markupsafe import Markup

from odoo import _, api, fields, models
from odoo.exceptions import UserError

BATCH_SIZE = 5000
ACTIVE_JOB_STATES = ("wait_dependencies", "pending", "enqueued", "started")


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
            ("queued", "Queued"),
            ("running", "Running"),
            ("done", "Done"),
            ("interrupted", "Interrupted"),
            ("failed", "Failed"),
        ],
        required=True,
    )
    trigger = fields.Selection(
        [("cron", "Nightly run"), ("user", "Set as Ended")], "Started By", required=True
    )
    user_id = fields.Many2one("res.users", required=True)
    is_follow_up = fields.Boolean(
        "Late Transactions",
        help="The cycle had been settled before; only entitlements whose transactions changed "
        "since then were settled again.",
    )
    start_datetime = fields.Datetime("Start")
    end_datetime = fields.Datetime("End")
    duration = fields.Float("Duration (s)", digits=(16, 2))
    entitlement_count = fields.Integer("Entitlements")
    changed_count = fields.Integer("Changed")
    exception_count = fields.Integer("Exceptions")
    total_ids = fields.One2many("spp.cycle.settlement.total", "settlement_id", "Totals")
    line_ids = fields.One2many("spp.cycle.settlement.line", "settlement_id", "Listed")
    error = fields.Text()
    job_uuid = fields.Char("Job")

    @api.depends("cycle_id", "start_datetime")
    def _compute_display_name(self):
        for settlement in self:
            start = settlement.start_datetime
            moment = fields.Datetime.context_timestamp(settlement, start) if start else None
            settlement.display_name = _(
                "Settlement of %(cycle)s, %(moment)s",
                cycle=settlement.sudo().cycle_id.name,
                moment=moment.strftime("%Y-%m-%d %H:%M") if moment else _("queued"),
            )

    @api.ondelete(at_uninstall=False)
    def _refuse_unlink(self):
        raise UserError(_("Settlements are kept for ever: they are the proof of what was paid."))

    @api.model
    def _get_entitlement_models(self):
        """Return the models that are settled, by kind of entitlement."""
        return {
            "cash": self.env["g2p.entitlement"].sudo(),
            "inkind": self.env["g2p.entitlement.inkind"].sudo(),
        }

    @api.model
    def _open(self, cycle, trigger):
        """Return a running settlement of ``cycle``; the caller holds its settlement lock."""
        settlements = self.search([("cycle_id", "=", cycle.id)])
        # Whoever ran them is gone, or the lock would not be ours.
        orphans = settlements.filtered(lambda settlement: settlement.state == "running")
        orphans.write({"state": "interrupted"})
        vals = {"state": "running", "start_datetime": fields.Datetime.now()}
        queued = settlements.filtered(lambda settlement: settlement.state == "queued")[:1]
        if queued:
            queued.write(vals)
            return queued
        return self.create(
            dict(
                self._prepare_vals(cycle, trigger),
                is_follow_up="done" in settlements.mapped("state"),
                **vals,
            )
        )

    @api.model
    def _prepare_vals(self, cycle, trigger):
        return {
            "cycle_id": cycle.id,
            "company_id": cycle.company_id.id or cycle.program_id.company_id.id,
            "trigger": trigger,
            "user_id": self.env.uid,
        }

    def _run(self):
        """Settle what is due in the cycle, in batches of bounded memory.

        A generator: it yields between batches, so that the caller may commit.
        """
        self.ensure_one()
        is_first = True
        for kind, model in self._get_entitlement_models().items():
            after_id = 0
            while model._get_to_settle(self.cycle_id, after_id, limit=1):
                if not is_first:
                    yield
                is_first = False
                started = time.monotonic()
                batch = model._get_to_settle(self.cycle_id, after_id, limit=BATCH_SIZE)
                after_id = batch.ids[-1] if batch else after_id
                self._book(kind, batch._settle(self))
                self.env.flush_all()
                self.duration += time.monotonic() - started
                self.env.invalidate_all()

    def _book(self, kind, groups):
        """Add a batch to the counts, the totals and the list of this settlement.

        :param groups: what `spp.settlement.mixin._settle` returned
        """
        totals = defaultdict(lambda: [0, 0, 0])
        lines = []
        entitlements = changed = exceptions = 0
        for group, members in groups.items():
            entitlements += len(members)
            changed += len(members) * group.is_changed
            exceptions += len(members) * group.is_exception
            total = totals[group.decision.outcome, group.currency_id, group.uom_id]
            total[0] += len(members)
            total[1] += sum(redemption.allocated for _id, redemption in members)
            total[2] += sum(redemption.redeemed for _id, redemption in members)
            if group.is_exception or group.settlement_before_id:
                lines += self._prepare_lines(kind, group, members)
        self.env["spp.cycle.settlement.line"].sudo().create(lines)
        self.write(
            {
                "entitlement_count": self.entitlement_count + entitlements,
                "changed_count": self.changed_count + changed,
                "exception_count": self.exception_count + exceptions,
            }
        )
        self._add_totals(kind, totals)

    def _prepare_lines(self, kind, group, members):
        entitlements = self._get_entitlement_models()[kind].browse(id_ for id_, _sum in members)
        return [
            {
                "settlement_id": self.id,
                "entitlement_id": entitlement.id if kind == "cash" else False,
                "inkind_entitlement_id": entitlement.id if kind == "inkind" else False,
                "partner_id": entitlement.partner_id.id,
                "code": entitlement.code,
                "outcome": group.decision.outcome,
                "is_exception": group.is_exception,
                "problem": redemption.problem,
                "state_before": group.state_before,
                "state_after": group.decision.state,
                "allocated": float(redemption.allocated),
                "redeemed": float(redemption.redeemed),
                "balance": float(redemption.balance),
                "currency_id": group.currency_id,
                "uom_id": group.uom_id,
                "previous_settlement_id": group.settlement_before_id,
            }
            for entitlement, (_id, redemption) in zip(entitlements, members, strict=True)
        ]

    def _add_totals(self, kind, totals):
        known = {
            (total.outcome, total.currency_id.id or None, total.uom_id.id or None): total
            for total in self.total_ids
            if total.kind == kind
        }
        for key, (count, allocated, redeemed) in totals.items():
            outcome, currency_id, uom_id = key
            total = known.get(key) or self.total_ids.create(
                {
                    "settlement_id": self.id,
                    "kind": kind,
                    "outcome": outcome,
                    "currency_id": currency_id,
                    "uom_id": uom_id,
                }
            )
            total.write(
                {
                    "count": total.count + count,
                    "allocated": total.allocated + float(allocated),
                    "redeemed": total.redeemed + float(redeemed),
                    "balance": total.balance + float(allocated - redeemed),
                }
            )

    def _close(self):
        """Mark as done, and say the totals in the cycle's chatter."""
        self.write({"state": "done", "end_datetime": fields.Datetime.now()})
        self.cycle_id.message_post(body=self._get_note())

    def _get_note(self):
        outcomes = dict(self.total_ids._fields["outcome"]._description_selection(self.env))
        rows = []
        for total in self.total_ids:  # no comprehension: `_` would not find the language in it
            rows.append(
                _(
                    "%(outcome)s: %(count)s (%(redeemed)s of %(allocated)s %(unit)s)",
                    outcome=outcomes[total.outcome],
                    count=total.count,
                    redeemed=format(total.redeemed, ",.2f"),
                    allocated=format(total.allocated, ",.2f"),
                    unit=total.currency_id.name or total.uom_id.name or "",
                )
            )
        return Markup("<p>%s</p><ul>%s</ul>") % (
            _(
                "Settlement: %(count)s entitlements, %(changed)s changed, "
                "%(exceptions)s exceptions.",
                count=self.entitlement_count,
                changed=self.changed_count,
                exceptions=self.exception_count,
            ),
            Markup().join(Markup("<li>%s</li>") % row for row in rows),
        )

    def _fail(self, error):
        """Remember why this settlement did not end."""
        self.write({"state": "failed", "end_datetime": fields.Datetime.now(), "error": error})

    def _is_job_alive(self):
        """Tell whether the job that is to run this queued settlement can still do so."""
        return bool(
            self.env["queue.job"]
            .sudo()
            .search_count([("uuid", "=", self.job_uuid), ("state", "in", ACTIVE_JOB_STATES)])
        )
