from collections import defaultdict
from decimal import Decimal

from odoo import _, api, fields, models
from odoo.tools import SQL

from ..redemption import PURCHASE, VOID, share_out_excess, to_decimal
from .amounts_mixin import format_amount

FIGURES = ("purchased", "voided", "redeemed", "over_redeemed")


class ServicePointRedemption(models.Model):
    """What one service point redeemed in a cycle, to be held against its invoices.

    In the currencies and units of its transactions. Computed when the cycle is settled, and when
    the list of the cycle is opened: a million transactions are too many to add up for each look.
    """

    _name = "spp.service.point.redemption"
    _inherit = "spp.settlement.guard.mixin"
    _description = "Redemption at a Service Point"
    _order = "cycle_id desc, service_point, id"
    _rec_name = "service_point"

    cycle_id = fields.Many2one("g2p.cycle", required=True, ondelete="cascade", index=True)
    program_id = fields.Many2one(related="cycle_id.program_id", store=True)
    company_id = fields.Many2one("res.company")
    end_date = fields.Date(related="cycle_id.end_date", store=True, string="Cycle End")
    kind = fields.Selection([("cash", "Cash"), ("inkind", "In-kind")], required=True)
    service_point = fields.Char()
    service_point_ref = fields.Integer("Service Point ID")
    product_id = fields.Many2one("product.product")
    currency_id = fields.Many2one("res.currency")
    uom_id = fields.Many2one("uom.uom", "Unit of Measure")
    transaction_count = fields.Integer("Transactions")
    purchased = fields.Float(digits=0)
    voided = fields.Float(digits=0)
    redeemed = fields.Float(digits=0, help="The purchases less the voids.")
    over_redeemed = fields.Float(
        "Over-redeemed",
        digits=0,
        help="Which part of it went beyond what the entitlement granted, in order of time.",
    )
    purchased_shown = fields.Char("Purchased (with Unit)", compute="_compute_shown")
    voided_shown = fields.Char("Voided (with Unit)", compute="_compute_shown")
    redeemed_shown = fields.Char("Redeemed (with Unit)", compute="_compute_shown")
    over_redeemed_shown = fields.Char("Over-redeemed (with Unit)", compute="_compute_shown")

    @api.depends(*FIGURES, "currency_id", "uom_id")
    @api.depends_context("lang")
    def _compute_shown(self):
        for row in self:
            for name in FIGURES:
                row[f"{name}_shown"] = format_amount(
                    self.env, row[name], row.currency_id, row.uom_id
                )

    @api.model
    def _compute_of(self, cycle):
        """Put the rows of ``cycle`` as its transactions are now in place of the stored ones."""
        rows = self.sudo()._as_writer()
        rows.search([("cycle_id", "=", cycle.id)]).unlink()
        vals_list = []
        for kind, model in cycle._get_entitlement_models().items():
            sums = self._sum_transactions(model, cycle)
            excess = self._get_excess(model, cycle)
            for point, device, product_id, currency_id, uom_id, count, purchased, voided in sums:
                key = (point, device, product_id, currency_id, uom_id)
                vals_list.append(
                    {
                        "cycle_id": cycle.id,
                        "company_id": cycle._get_company().id,
                        "kind": kind,
                        "service_point_ref": point,
                        "service_point": self._get_name(point, device),
                        "product_id": product_id,
                        "currency_id": currency_id,
                        "uom_id": uom_id,
                        "transaction_count": count,
                        "purchased": float(purchased),
                        "voided": float(voided),
                        "redeemed": float(Decimal(purchased) - Decimal(voided)),
                        "over_redeemed": float(excess.get(key, 0)),
                    }
                )
        return rows.create(vals_list)

    @api.model
    def _get_name(self, point, device):
        if point and "spp.service.point" in self.env:
            found = self.env["spp.service.point"].sudo().browse(point).exists()
            if found:
                return found.display_name
        return device or (point and str(point)) or _("No service point")

    @api.model
    def _get_transactions(self, model, cycle, condition):
        """Return the query of what moved in a cycle, and where.

        :param model: the entitlements, cash or in-kind
        :param condition: which of them, SQL
        """
        transactions = self.env[model._fields["transaction_ids"].comodel_name]
        transactions.flush_model()
        model.flush_model()
        return SQL(
            """
            SELECT moved.service_point_id AS point,
                CASE WHEN moved.service_point_id IS NULL THEN moved.service_point_device_id END
                    AS device,
                %s, moved.transaction_type AS kind, moved.entitlement_id,
                moved.timestamp_transaction_created AS moment, moved.id
            FROM %s AS moved
            JOIN %s AS entitlement ON entitlement.id = moved.entitlement_id
            WHERE entitlement.cycle_id = %s AND %s
            """,
            model._get_moved_columns(),
            SQL.identifier(transactions._table),
            SQL.identifier(model._table),
            cycle.id,
            condition,
        )

    @api.model
    def _sum_transactions(self, model, cycle):
        """Sum what moved in a cycle, by service point and by what moved."""
        self.env.cr.execute(
            SQL(
                """
                SELECT point, device, product_id, currency_id, uom_id, COUNT(*),
                    COALESCE(SUM(value) FILTER (WHERE kind = %s), 0)::text,
                    COALESCE(SUM(value) FILTER (WHERE kind = %s), 0)::text
                FROM (%s) AS moved
                GROUP BY point, device, product_id, currency_id, uom_id
                ORDER BY point, device, product_id, currency_id, uom_id
                """,
                PURCHASE,
                VOID,
                self._get_transactions(model, cycle, SQL("TRUE")),
            )
        )
        return self.env.cr.fetchall()

    @api.model
    def _get_excess(self, model, cycle):
        """Return by service point and by what moved how much of it went beyond what was granted."""
        if not model._is_by_transactions(cycle):
            return {}
        self.env.cr.execute(
            SQL(
                """
                SELECT entitlement_id, point, device, product_id, currency_id, uom_id, own_uom_id,
                    kind, value::text, moment
                FROM (%s) AS moved WHERE value > 0 AND kind IN %s
                ORDER BY entitlement_id, moment, id
                """,
                self._get_transactions(model, cycle, SQL("entitlement.entitlement_balance < 0")),
                (PURCHASE, VOID),
            )
        )
        movements = defaultdict(list)
        for entitlement_id, *movement in self.env.cr.fetchall():
            movements[entitlement_id].append(movement)
        excess = defaultdict(Decimal)
        for entitlement in model.browse(movements):
            granted = to_decimal(entitlement.redeemed) + to_decimal(entitlement.entitlement_balance)
            valued = []
            for *key, own_uom_id, kind, value, moment in movements[entitlement.id]:
                factor = entitlement._get_factor(*key[2:4], own_uom_id, moment)
                moved = Decimal(value) * factor * (1 if kind == PURCHASE else -1)
                valued.append(((*key, factor), moved))
            for (*key, factor), share in share_out_excess(granted, valued).items():
                if factor:
                    excess[tuple(key)] += share / factor
        return excess
