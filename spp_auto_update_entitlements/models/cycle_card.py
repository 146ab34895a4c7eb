from datetime import timedelta

from odoo import _, api, fields, models
from odoo.tools import format_date, format_datetime

from odoo.addons.g2p_programs.models.constants import STATE_CANCELLED


class G2PCycle(models.Model):
    """How a cycle stands, in a few figures and one sentence: read from what a settlement stored."""

    _inherit = "g2p.cycle"

    redemption_ids = fields.One2many(
        "spp.cycle.redemption",
        "cycle_id",
        "Redeemed in This Cycle",
        groups="spp_auto_update_entitlements.group_settlement_reader",
    )
    open_line_count = fields.Integer("Open Lines", compute="_compute_open_line_count")
    settled_by = fields.Char("Settled", compute="_compute_settled_by", compute_sudo=True)
    next_step = fields.Char(
        compute="_compute_next_step",
        compute_sudo=True,
        help="What happens to this cycle next, and who does it.",
    )

    def _compute_open_line_count(self):
        counts = dict(
            self.env["spp.cycle.settlement.line"]
            .sudo()
            ._read_group(
                [("cycle_id", "in", self.ids), ("status", "=", "open")], ["cycle_id"], ["__count"]
            )
        )
        for cycle in self:
            cycle.open_line_count = counts.get(cycle._origin, 0)

    @api.depends("settlement_ids.state")
    @api.depends_context("lang", "tz")
    def _compute_settled_by(self):
        for cycle in self:
            last = cycle.settlement_ids.filtered(lambda each: each.state == "done")[:1]
            moment = format_datetime(self.env, last.end_datetime, dt_format=False)
            if not last:
                cycle.settled_by = False
            elif last.trigger == "cron":
                cycle.settled_by = _("By the nightly run, %(moment)s", moment=moment)
            else:
                cycle.settled_by = _(
                    "By %(user)s, %(moment)s", user=last.user_id.name, moment=moment
                )

    @api.depends("nightly_plan", "open_line_count", "end_date", "state")
    @api.depends_context("lang", "tz")
    def _compute_next_step(self):
        for cycle in self:
            cycle.next_step = cycle._get_next_step()

    def _get_next_step(self):
        """Return the sentence of the next step, or ``False`` if there is none."""
        plan = self.nightly_plan
        if self.state == STATE_CANCELLED or not self.end_date:
            return False
        if plan == "none":
            if self.open_line_count:
                return _("Program managers look at the open lines, and clear each with a remark.")
            return _("Nothing is left to do.")
        if plan == "state":
            if self.is_expired:
                return _("The cycle is over, but was never approved: it is not settled.")
            return False
        if plan == "held":
            return _("The cycle is held back: program managers settle it or leave it alone.")
        if plan == "left":
            return _("A person left this cycle alone. It is settled when somebody settles it.")
        if plan == "locked":
            return _("A background task is working on the cycle. It is settled when that is done.")
        # What is still to be over, or in its days of grace, meets the pause later.
        if plan == "paused" or (
            plan in ("not_over", "grace") and self._get_company().is_settlement_paused
        ):
            return _(
                "The nightly run is paused: the cycle is settled when somebody sets it as ended, "
                "or when an administrator ends the pause."
            )
        return self._get_next_night_step(plan)

    def _get_next_night_step(self, plan):
        """Return what a nightly run will do with this cycle, which none leaves alone."""
        moment = self._get_next_night()
        if not moment:
            return _("The nightly run is switched off: an administrator can switch it on again.")
        if plan == "requested":
            return _(
                "%(user)s set it as ended: it is settled in the background.",
                user=self.end_requested_by_id.name,
            )
        if plan == "not_over":
            return _(
                "The last day is %(day)s. It is settled in the first night from %(first)s on.",
                day=format_date(self.env, self.end_date),
                first=self._format_first_day(),
            )
        if plan == "grace":
            return _(
                "Over since %(day)s, and waiting for late transactions. It is settled in the first "
                "night from %(first)s on.",
                day=format_date(self.env, self.end_date + timedelta(days=1)),
                first=self._format_first_day(),
            )
        night = format_datetime(self.env, moment, dt_format=False)
        if plan == "settle":
            return _(
                "Something changed since its settlement: the nightly run of %(night)s settles "
                "that.",
                night=night,
            )
        return _(
            "Over since %(day)s: the nightly run of %(night)s settles and ends it.",
            day=format_date(self.env, self.end_date + timedelta(days=1)),
            night=night,
        )

    def _format_first_day(self):
        days = self._get_company()._get_grace() + timedelta(days=1)
        return format_date(self.env, self.end_date + days)

    @api.model
    def _get_next_night(self):
        """Return when the nightly run is due next, or ``False`` if it is switched off."""
        cron = self.env.ref("spp_auto_update_entitlements.cron_settle_cycles").sudo()
        return cron.active and cron.nextcall

    def action_open_lines(self):
        """Open what a person has to look at in this cycle."""
        self.ensure_one()
        lines = self.env["spp.cycle.settlement.line"]
        domain = [("cycle_id", "=", self.id), ("status", "=", "open")]
        return self._get_list(_("Open Lines"), lines, domain, "list,kanban,form")
