from collections import defaultdict, deque
from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.g2p_programs.models.constants import (
    MANAGER_CYCLE,
    STATE_APPROVED,
    STATE_DISTRIBUTED,
    STATE_ENDED,
)

from ..exceptions import SettlementUnderWay
from .nightly_run_mixin import MAY_SETTLE_GROUPS

# Above this many entitlements, "Set as Ended" hands the settlement to the job queue.
MAX_SETTLED_AT_ONCE = 2000
# The key of the PostgreSQL advisory locks that keep a cycle from being settled twice at once.
SETTLEMENT_LOCK = 1_802_530_117


class G2PCycle(models.Model):
    _name = "g2p.cycle"
    _inherit = ["g2p.cycle", "spp.nightly.run.mixin"]

    is_expired = fields.Boolean(
        compute="_compute_is_expired",
        search="_search_is_expired",
        help="The end date, which is the last day of the cycle, is past.",
    )
    settlement_ids = fields.One2many("spp.cycle.settlement", "cycle_id", "Settlements")
    settlement_count = fields.Integer(compute="_compute_settlement_count")
    settlement_failure = fields.Text(
        compute="_compute_settlement_failure", help="Why the last settlement failed."
    )

    # Expired?

    @api.depends("end_date", "company_id")
    def _compute_is_expired(self):
        for cycle in self:
            today = self._get_today(cycle.company_id)
            cycle.is_expired = bool(cycle.end_date) and cycle.end_date < today

    @api.model
    def _search_is_expired(self, operator, value):
        values = value if operator in ("in", "not in") else [value]
        if operator not in ("=", "!=", "in", "not in"):
            raise ValueError(f"is_expired can't be compared with {operator}")
        wanted = {bool(each) for each in values}
        if operator in ("!=", "not in"):
            wanted = {True, False} - wanted
        if len(wanted) != 1:
            return [(1, "=", 1)] if wanted else [(0, "=", 1)]
        expired = self._get_expired_domain()
        return expired if True in wanted else ["!", *expired]

    @api.model
    def _get_today(self, company):
        """Return the date of today where ``company`` is: in its partner's time zone, or UTC."""
        time_zone = company.sudo().partner_id.tz or "UTC"
        return fields.Date.context_today(self.with_context(tz=time_zone))

    @api.model
    def _get_expired_domain(self, grace_days=0):
        """Return the domain of the cycles that ended more than ``grace_days`` days ago."""
        companies_by_day = defaultdict(list)
        companies = self.env["res.company"].sudo().with_context(active_test=False)
        for company in companies.search([("partner_id", "!=", False)]):
            companies_by_day[self._get_today(company)].append(company.id)
        companies_by_day[self._get_today(self.env["res.company"])].append(False)
        domain = ["|"] * (len(companies_by_day) - 1)
        for today, company_ids in companies_by_day.items():
            domain += [
                "&",
                ("company_id", "in", company_ids),
                ("end_date", "<", today - timedelta(days=grace_days)),
            ]
        return domain

    # Set as Ended

    def mark_ended(self):
        """Settle the entitlements of these cycles, then end them the platform's way.

        A cycle with more than `MAX_SETTLED_AT_ONCE` entitlements to settle is locked, and left to
        a background job. One that has ended already stays as it is.

        :raise AccessError: if the user may not settle
        :raise UserError: if a cycle is in no state to end, or is being worked on
        """
        self._check_may_settle()
        queued = self.browse()
        for cycle in self.filtered(lambda cycle: cycle.state != STATE_ENDED):
            cycle._check_can_end()
            if cycle._is_too_big_for_now():
                cycle._queue_settlement()
                queued |= cycle
                continue
            cycle._settle_now()
            if cycle.program_id.get_manager(MANAGER_CYCLE):
                super(G2PCycle, cycle).mark_ended()
            else:
                cycle.state = STATE_ENDED
        return queued._get_queued_notification() if queued else None

    def _check_may_settle(self):
        if self.env.su:
            return
        if not any(map(self.env.user.has_group, MAY_SETTLE_GROUPS)):
            raise AccessError(_("Only program managers may settle and end a cycle."))
        for cycle in self.sudo():
            company = cycle.company_id or cycle.program_id.company_id
            if company and company not in self.env.companies:
                raise AccessError(
                    _("The cycle %(cycle)s belongs to another company.", cycle=cycle.name)
                )

    def _check_can_end(self):
        self.ensure_one()
        if self.state not in (STATE_APPROVED, STATE_DISTRIBUTED):
            raise UserError(
                _(
                    "The cycle %(cycle)s can't be ended: only an approved or distributed cycle "
                    "can.",
                    cycle=self.name,
                )
            )
        if self.locked:
            raise SettlementUnderWay(
                _(
                    "A background task is working on the cycle %(cycle)s (%(reason)s). "
                    "Wait until it is done, then try again.",
                    cycle=self.name,
                    reason=self.locked_reason or "",
                )
            )

    # Settling

    def _settle_now(self):
        """Settle what there is to settle, at once; nothing if all is settled."""
        if self._needs_settlement():
            deque(self._settle("user"), maxlen=0)

    def _needs_settlement(self):
        self.ensure_one()
        done = self.sudo().settlement_ids.filtered(lambda settlement: settlement.state == "done")
        return not done or self._has_entitlements_to_settle()

    def _has_entitlements_to_settle(self):
        models_to_settle = self.env["spp.cycle.settlement"]._get_entitlement_models().values()
        return any(model._get_to_settle(self, limit=1) for model in models_to_settle)

    def _settle(self, trigger):
        """Settle the entitlements of this cycle.

        A generator: it yields between batches, when the caller may commit what is done.

        :param trigger: who starts it, ``cron`` or ``user``
        :raise SettlementUnderWay: if another process is at it
        """
        self.ensure_one()
        self._check_may_settle()
        self._lock_settlement()
        settlement = self.env["spp.cycle.settlement"].sudo()._as_writer()._open(self, trigger)
        for _batch in settlement._run():
            yield
            self._lock_settlement()
        settlement._close()
        self._clear_failure()

    def _lock_settlement(self):
        """Keep others from settling this cycle until the transaction ends."""
        self.env.cr.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [SETTLEMENT_LOCK, self.id])
        if not self.env.cr.fetchone()[0]:
            raise SettlementUnderWay(
                _(
                    "The cycle %(cycle)s is being settled right now. Reload the page in a moment.",
                    cycle=self.name,
                )
            )

    # In the background

    def _is_too_big_for_now(self):
        models_to_settle = self.env["spp.cycle.settlement"]._get_entitlement_models().values()
        limit = MAX_SETTLED_AT_ONCE + 1
        return sum(len(m._get_to_settle(self, limit=limit)) for m in models_to_settle) >= limit

    def _queue_settlement(self):
        self._lock_settlement()
        settlement = self.env["spp.cycle.settlement"].sudo()._as_writer()
        settlement = settlement.create(dict(settlement._prepare_vals(self, "user"), state="queued"))
        job = self.with_delay(
            channel="root_program.cycle",
            description=_("Settle the cycle %(cycle)s", cycle=self.name),
            identity_key=f"{self._name}.settle.{self.id}",
        )._settle_in_background(self)
        settlement.job_uuid = job.uuid
        self.write(
            {"locked": True, "locked_reason": _("The entitlements of the cycle are being settled.")}
        )
        self.message_post(
            body=_(
                "%(user)s set the cycle as ended. Its settlement runs in the background.",
                user=self.env.user.name,
            )
        )

    def _get_queued_notification(self):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "title": _("Settlement"),
                "message": _(
                    "The entitlements of %(cycles)s are being settled in the background. "
                    "The cycle ends by itself when that is done.",
                    cycles=", ".join(self.mapped("name")),
                ),
                "type": "info",
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _settle_in_background(self, cycle):
        """Job: settle ``cycle`` and end it.

        The cycle is the first argument because the platform's "Related Job(s)" button looks for
        it there. Whatever happens, the cycle is unlocked.
        """
        try:
            with self.env.cr.savepoint():
                cycle.write({"locked": False, "locked_reason": False})
                deque(cycle._settle("user"), maxlen=0)
                cycle.mark_ended()
        except Exception as error:
            # The job's own transaction is about to be rolled back.
            with self.env.registry.cursor() as cr:
                cycle.with_env(self.env(cr=cr))._report_failure(error)
            raise

    # Screens

    def _compute_settlement_count(self):
        counts = dict(
            self.env["spp.cycle.settlement"]
            .sudo()
            ._read_group([("cycle_id", "in", self.ids)], ["cycle_id"], ["__count"])
        )
        for cycle in self:
            cycle.settlement_count = counts.get(cycle, 0)

    @api.depends("settlement_ids.state")
    def _compute_settlement_failure(self):
        for cycle in self:
            last = cycle.sudo().settlement_ids[:1]
            cycle.settlement_failure = last.state == "failed" and last.error

    def action_open_settlements(self):
        """Open the settlements of this cycle."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": _("Settlements"),
            "res_model": "spp.cycle.settlement",
            "view_mode": "list,form",
            "domain": [("cycle_id", "=", self.id)],
        }
