from collections import defaultdict
from decimal import Decimal

from odoo import api, fields, models
from odoo.tools import SQL

from ..redemption import FULLY_REDEEMED, PARTIALLY_REDEEMED, Movement, sum_up, to_decimal

# Finer than any unit of measure: 4 kg of a ton must not vanish.
QUANTITY_ROUNDING = 0.000001


class G2PEntitlementInkind(models.Model):
    _name = "g2p.entitlement.inkind"
    _inherit = ["g2p.entitlement.inkind", "spp.settlement.mixin", "spp.redemption.mixin"]

    cycle_id = fields.Many2one(index=True)
    state = fields.Selection(
        selection_add=[
            (PARTIALLY_REDEEMED, "Partially Redeemed/Paid to Beneficiary"),
            (FULLY_REDEEMED,),
        ],
        # Without this addon nobody may be supplied a second time for what was redeemed in part.
        ondelete={PARTIALLY_REDEEMED: lambda records: records.write({"state": FULLY_REDEEMED})},
    )
    transaction_ids = fields.One2many(
        "spp.inkind.entitlement.transactions", "entitlement_id", "Transactions", readonly=True
    )
    redemption_basis = fields.Selection(
        [("quantity", "Quantity"), ("value", "Value")],
        compute="_compute_redemption",
        store=True,
        help="By value only where no transaction carries a quantity and the goods have a value.",
    )
    redeemed = fields.Float(
        compute="_compute_redemption",
        store=True,
        digits=(16, 6),
        help="The sum of the purchases less the sum of the voids, in the entitlement's unit of "
        "measure (or its currency, when decided by value).",
    )
    entitlement_balance = fields.Float(
        compute="_compute_redemption",
        store=True,
        digits=(16, 6),
        help="What is left. Below zero when more was redeemed than granted.",
    )

    @api.depends(
        "qty",
        "uom_id",
        "product_id",
        "total_amount",
        "journal_id",
        "company_id",
        "cycle_id",
        "transaction_ids.transaction_type",
        "transaction_ids.quantity",
        "transaction_ids.uom_id",
        "transaction_ids.product_id",
        "transaction_ids.amount_charged_by_service_point",
        "transaction_ids.currency_id",
        "transaction_ids.timestamp_transaction_created",
    )
    def _compute_redemption(self):
        return super()._compute_redemption()

    @api.model
    def _get_figures(self, redemption):
        basis = "value" if redemption.currency_id else "quantity"
        return dict(super()._get_figures(redemption), redemption_basis=basis)

    def _get_redemptions(self):
        facts = {
            entitlement_id: row
            for entitlement_id, *row in self._read_facts(
                "qty", "total_amount", "uom_id", "product_id", "journal_id"
            )
        }
        units = self._get_units(facts)
        movements, unfit_by_value = self._get_quantity_movements(facts, units)
        redemptions = self._get_redemptions_by_value(facts, unfit_by_value)
        known = {}
        for entitlement_id in facts.keys() - redemptions.keys():
            quantity, unit = facts[entitlement_id][0], units[entitlement_id]
            key = (quantity, unit.id, *movements.get(entitlement_id, ()))
            if key not in known:
                known[key] = sum_up(quantity, key[2:], QUANTITY_ROUNDING, uom_id=unit.id)
            redemptions[entitlement_id] = known[key]
        return redemptions

    def _get_quantity_movements(self, facts, units):
        """Sum the transactions by quantity.

        :param facts: a dict from entitlement id to what was granted
        :param units: a dict from entitlement id to its unit of measure
        :return: a dict from entitlement id to a list of `redemption.Movement`, in the unit of
            the entitlement; and a dict from the id of those to decide by value instead to their
            transactions that can't be read: (entitlement id, product id, unit id, problem)
        """
        movements, unfit = defaultdict(list), defaultdict(list)
        for entitlement_id, kind, product_id, uom_id, total, is_negative in self._sum_quantities():
            _qty, total_amount, _uom_id, own_product_id, *_rest = facts[entitlement_id]
            unit = units[entitlement_id]
            value, problem = self._convert_quantity(Decimal(total or 0), uom_id, unit)
            if product_id and own_product_id and product_id != own_product_id:
                problem = "product"
            if total is not None:
                movements[entitlement_id].append(Movement(kind, value, is_negative, problem))
            elif total_amount:
                unfit[entitlement_id].append((entitlement_id, product_id, uom_id, problem))
        return movements, {id_: unfit[id_] for id_ in unfit.keys() - movements.keys()}

    def _get_redemptions_by_value(self, facts, unfit_by_value):
        rows = []
        for entitlement_id in unfit_by_value:
            _qty, total_amount, _uom_id, _product_id, journal_id, company_id, _ = facts[
                entitlement_id
            ]
            rows.append((entitlement_id, total_amount, journal_id, company_id))
        unfit = [row for rows in unfit_by_value.values() for row in rows if row[-1]]
        return self.browse(unfit_by_value)._get_money_redemptions(
            rows, lambda entitlements: entitlements._get_money_transactions(unfit)
        )

    def _sum_quantities(self):
        """Sum the transactions of these entitlements by quantity.

        :return: rows (entitlement id, kind, product id, unit id, sum as text or ``None`` where
            transactions only carry a value, whether the quantities are below 0)
        """
        self.env.cr.execute(
            SQL(
                """
                SELECT entitlement_id, transaction_type, product_id, uom_id,
                    SUM(NULLIF(quantity, 0))::text, COALESCE(quantity, 0) < 0 AS is_negative
                FROM %s
                WHERE entitlement_id = ANY(%s::integer[])
                    AND (quantity <> 0 OR amount_charged_by_service_point <> 0)
                GROUP BY entitlement_id, transaction_type, product_id, uom_id, is_negative
                """,
                self._get_transactions(),
                self._get_ids_literal(),
            )
        )
        return self.env.cr.fetchall()

    @api.model
    def _convert_quantity(self, quantity, uom_id, own_unit):
        """Convert to the entitlement's unit of measure, which a missing unit stands for.

        :return: the quantity, and the problem (one of `redemption.PROBLEMS`) or ``None``
        """
        if not uom_id or uom_id == own_unit.id:
            return quantity, None
        unit = self.env["uom.uom"].sudo().browse(uom_id)
        if not self._is_convertible(unit, own_unit):
            return 0, "unit"
        return unit._compute_quantity(float(quantity), own_unit, round=False), None

    @api.model
    def _is_convertible(self, unit, own_unit):
        if "category_id" in unit._fields:
            return unit.category_id == own_unit.category_id
        # Later series have no categories of units, and convert kilograms to dozens unasked.
        return bool(own_unit) and unit._has_common_reference(own_unit)

    def _get_units(self, facts):
        """Return a dict from entitlement id to its unit of measure, or else its product's."""
        known = {}  # the same few products, a million times
        units = {}
        for entitlement_id, (_qty, _amount, uom_id, product_id, *_rest) in facts.items():
            key = (uom_id, product_id)
            if key not in known:
                product = self.env["product.product"].sudo().browse(product_id)
                known[key] = self.env["uom.uom"].sudo().browse(uom_id) or product.uom_id
            units[entitlement_id] = known[key]
        return units

    @api.model
    def _is_by_transactions(self, cycle):
        return True

    @api.model
    def _get_moved_columns(self):
        return SQL(
            """
            COALESCE(moved.product_id, entitlement.product_id) AS product_id,
            CASE WHEN moved.quantity <> 0 THEN NULL ELSE moved.currency_id END AS currency_id,
            CASE WHEN moved.quantity <> 0 THEN COALESCE(moved.uom_id, entitlement.uom_id) END
                AS uom_id,
            COALESCE(NULLIF(moved.quantity, 0), moved.amount_charged_by_service_point) AS value
            """
        )

    def _get_factor(self, currency_id, uom_id, moment):
        if self.redemption_basis == "value":
            return self._get_currency_factor(currency_id, moment) if currency_id else Decimal(0)
        if currency_id:
            return Decimal(0)
        unit = self.uom_id or self.product_id.uom_id
        factor, _problem = self._convert_quantity(Decimal(1), uom_id, unit)
        return to_decimal(factor)
