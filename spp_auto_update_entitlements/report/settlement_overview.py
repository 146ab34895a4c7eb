from odoo import _, api, fields, models
from odoo.tools import SQL

from odoo.addons.g2p_programs.models.constants import STATE_CANCELLED, STATE_ENDED


class SettlementOverview(models.Model):
    """How the cycles stand: what was redeemed of each, what is to look at, what is overdue.

    A row for each currency or unit of a cycle that was settled, as its settlement stored it; one
    for each other cycle that is to be settled, has open lines, or is over and was never approved.
    """

    _name = "spp.settlement.overview"
    _inherit = "spp.settlement.amounts.mixin"
    _description = "Settlement Overview"
    _auto = False
    _order = "end_date desc, id desc"
    _rec_name = "cycle_id"

    cycle_id = fields.Many2one("g2p.cycle", readonly=True)
    program_id = fields.Many2one("g2p.program", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    end_date = fields.Date("Cycle End", readonly=True)
    cycle_state = fields.Selection(related="cycle_id.state", string="Cycle State")
    kind = fields.Selection([("cash", "Cash"), ("inkind", "In-kind")], readonly=True)
    redemption_id = fields.Many2one("spp.cycle.redemption", readonly=True)
    entitlement_count = fields.Integer("Entitlements", readonly=True)
    redeemed_share = fields.Float(
        "Redeemed (%)", digits=(16, 1), readonly=True, group_operator="avg"
    )
    open_line_count = fields.Integer("Open Lines", readonly=True)
    days_overdue = fields.Integer("Days Late", related="cycle_id.days_overdue")
    is_overdue = fields.Boolean(
        "Overdue", compute="_compute_is_overdue", search="_search_is_overdue"
    )
    next_step = fields.Char(related="cycle_id.next_step")
    summary = fields.Char(related="redemption_id.summary")

    @property
    def _table_query(self):
        query = SQL(
            """
            SELECT COALESCE(2 * figures.id, 2 * cycle.id + 1) AS id, cycle.id AS cycle_id,
                cycle.program_id, COALESCE(cycle.company_id, program.company_id) AS company_id,
                cycle.end_date, figures.id AS redemption_id, figures.kind, figures.currency_id,
                figures.uom_id, figures.entitlement_count, figures.allocated, figures.redeemed,
                figures.balance, figures.redeemed_share,
                COALESCE(listed.number, 0) AS open_line_count
            FROM g2p_cycle AS cycle
            JOIN g2p_program AS program ON program.id = cycle.program_id
            LEFT JOIN spp_cycle_redemption AS figures ON figures.cycle_id = cycle.id
            LEFT JOIN (
                -- Each line counts once, in the row of its currency or unit, or in the first.
                SELECT line.cycle_id, COALESCE(own.id, first.id) AS row_id,
                    SUM(line.number) AS number
                FROM (
                    SELECT cycle_id, currency_id, uom_id, COUNT(*) AS number,
                        CASE WHEN inkind_entitlement_id IS NULL THEN 'cash' ELSE 'inkind' END
                            AS kind
                    FROM spp_cycle_settlement_line
                    WHERE status = 'open'
                    GROUP BY 1, 2, 3, 5
                ) AS line
                LEFT JOIN spp_cycle_redemption AS own
                    ON own.cycle_id = line.cycle_id AND own.kind = line.kind
                    AND own.currency_id IS NOT DISTINCT FROM line.currency_id
                    AND own.uom_id IS NOT DISTINCT FROM line.uom_id
                LEFT JOIN (
                    SELECT cycle_id, MIN(id) AS id FROM spp_cycle_redemption GROUP BY 1
                ) AS first ON first.cycle_id = line.cycle_id
                GROUP BY 1, 2
            ) AS listed
                ON listed.cycle_id = cycle.id AND listed.row_id IS NOT DISTINCT FROM figures.id
            WHERE figures.id IS NOT NULL OR listed.number > 0
                OR cycle.state IN ('approved', 'distributed')
                OR cycle.state IN ('draft', 'to_approve') AND cycle.end_date <= CURRENT_DATE
            """
        )
        return self.env.cr.mogrify(query.code, query.params).decode()

    @api.depends("days_overdue")
    def _compute_is_overdue(self):
        for row in self:
            row.is_overdue = bool(row.days_overdue)

    @api.model
    def _search_is_overdue(self, operator, value):
        # As the superuser: not everybody who reads the overview reads cycles.
        cycles = self.env["g2p.cycle"].sudo()
        overdue = cycles.search(
            [("is_expired", "=", True), ("state", "not in", (STATE_ENDED, STATE_CANCELLED))]
        )
        values = value if operator in ("in", "not in") else [value]
        is_wanted = (True in values) == (operator in ("=", "in"))
        return [("cycle_id", "in" if is_wanted else "not in", overdue.ids)]

    def action_open_cycle(self):
        """Open the cycle."""
        self.ensure_one()
        return self.cycle_id.get_formview_action()

    def action_open_lines(self):
        """Open what a person has to look at in the cycle."""
        self.ensure_one()
        return self.cycle_id.action_open_lines()

    def action_open_entitlements(self):
        """Open the entitlements behind these figures; all in cash, where there are none yet."""
        self.ensure_one()
        if self.redemption_id:
            return self.redemption_id.action_open_entitlements()
        domain = [("cycle_id", "=", self.cycle_id.id)]
        return self.cycle_id._get_list(_("Entitlements"), self.env["g2p.entitlement"], domain)
