from collections import defaultdict

from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.g2p_programs.models.constants import STATE_ENDED

from .program import REDEMPTION_SOURCES, TRANSACTIONS

MAY_SETTLE_GROUPS = ("g2p_programs.g2p_program_manager", "g2p_registry_base.group_g2p_admin")


class G2PCycle(models.Model):
    """When a cycle is over, who may end it, and what counts as redeemed in it."""

    _name = "g2p.cycle"
    _inherit = ["g2p.cycle", "spp.settlement.guard.mixin"]

    is_expired = fields.Boolean(
        compute="_compute_is_expired",
        search="_search_is_expired",
        help="The end date, which is the last day of the cycle, is past.",
    )
    redemption_source = fields.Selection(
        REDEMPTION_SOURCES,
        "Cash Is Redeemed By",
        compute="_compute_redemption_source",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
        help="What counts as redeemed. Never both: a card is loaded, then spent. It can be changed "
        "until the first settlement of the cycle.",
    )
    settlement_ids = fields.One2many(
        "spp.cycle.settlement",
        "cycle_id",
        "Settlements",
        groups="spp_auto_update_entitlements.group_settlement_reader",
    )
    end_requested_by_id = fields.Many2one(
        "res.users",
        "To Be Ended By",
        copy=False,
        help="Who set the cycle as ended. It ends when its entitlements are settled.",
    )
    settlement_hold = fields.Selection(
        [("held", "Held back"), ("left", "Left alone")],
        "Held Back",
        copy=False,
        index="btree_not_null",
        help="The cycle was over before this version of the addon came. No nightly run settles it "
        "before a person has looked at it.",
    )

    @api.model
    def _get_guarded_fields(self):
        return {"end_requested_by_id", "settlement_hold"}

    @api.model_create_multi
    def create(self, vals_list):
        cycles = super().create(vals_list)
        cycles.filtered(lambda cycle: cycle.state == STATE_ENDED)._check_may_settle()
        return cycles

    def write(self, vals):
        if vals.get("state") == STATE_ENDED:
            self.filtered(lambda cycle: cycle.state != STATE_ENDED)._check_may_settle()
        source = vals.get("redemption_source")
        others = self.filtered(lambda cycle: source and cycle.redemption_source != source)
        others._check_redemption_source_can_change()
        moved = self if {"start_date", "end_date"} & vals.keys() else self.browse()
        days_before = [(cycle, cycle.start_date, cycle.end_date) for cycle in moved]
        result = super().write(vals)
        self.env["g2p.entitlement"].sudo()._compute_anew_in([("cycle_id", "in", others.ids)])
        moved.flush_recordset()
        for cycle, start_date, end_date in days_before:
            for model in cycle._get_entitlement_models().values():
                model._queue_bought_between(cycle, "valid_from", start_date, cycle.start_date)
                model._queue_bought_between(cycle, "valid_until", end_date, cycle.end_date)
        return result

    # What counts as redeemed

    @api.depends("program_id")
    def _compute_redemption_source(self):
        for cycle in self:
            # Taken when the cycle is made: it does not go along to another program.
            cycle.redemption_source = (
                cycle._origin.redemption_source
                or cycle.program_id.redemption_source
                or TRANSACTIONS
            )

    def _check_redemption_source_can_change(self):
        settled = self.sudo().filtered("settlement_ids")[:1]
        if settled:
            raise UserError(
                _(
                    "What counts as redeemed in the cycle %(cycle)s can't be changed any more: "
                    "its settlement has begun.",
                    cycle=settled.name,
                )
            )

    # Expired?

    def _get_company(self):
        """Return the company whose cycle this is: its own, or else its program's."""
        cycle = self.sudo()
        return cycle.company_id or cycle.program_id.company_id

    @api.depends("end_date", "company_id", "program_id.company_id")
    def _compute_is_expired(self):
        for cycle in self:
            today = cycle._get_company()._get_settlement_today()
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
    def _get_expired_domain(self, with_grace=False):
        """Return the domain of the cycles that are over, and their days of grace if asked."""
        companies_by_day = defaultdict(list)
        companies = self.env["res.company"].sudo().with_context(active_test=False)
        companies = companies.search([("partner_id", "!=", False)])
        companies.partner_id.fetch(["tz"])  # or each is asked for on its own
        for company in companies:
            last_day = company._get_settlement_today()
            if with_grace:
                last_day -= company._get_grace()
            companies_by_day[last_day].append(company.id)
        companies_by_day[companies.browse()._get_settlement_today()].append(False)
        domain = ["|"] * (len(companies_by_day) - 1)
        for last_day, company_ids in companies_by_day.items():
            domain += ["&", ("end_date", "<", last_day), "|", ("company_id", "in", company_ids)]
            domain += [
                "&",
                ("company_id", "=", False),
                ("program_id.company_id", "in", company_ids),
            ]
        return domain

    # Who may settle

    def _check_may_settle(self):
        if self.env.su or not self:
            return
        if not any(map(self.env.user.has_group, MAY_SETTLE_GROUPS)):
            raise AccessError(_("Only program managers may settle and end a cycle."))
        for cycle in self.sudo():
            company = cycle._get_company()
            if company and company not in self.env.companies:
                raise AccessError(
                    _("The cycle %(cycle)s belongs to another company.", cycle=cycle.name)
                )
