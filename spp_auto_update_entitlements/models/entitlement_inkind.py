from collections import defaultdict

from odoo import api, fields, models

from ..redemption import FULLY_REDEEMED, PARTIALLY_REDEEMED, Movement, sum_up

# Finer than any unit of measure: 4 kg of a ton must not vanish.
QUANTITY_ROUNDING = 0.000001


class G2PEntitlementInkind(models.Model):
    _name = "g2p.entitlement.inkind"
    _inherit = ["g2p.entitlement.inkind", "spp.settlement.mixin"]

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
        units = self._get_units()
        movements, by_value = self._get_quantity_movements(units)
        redemptions = by_value._get_money_redemptions(
            by_value._read_columns("total_amount", "journal_id", "company_id")
        )
        for entitlement_id, quantity in (self - by_value)._read_columns("qty"):
            redemptions[entitlement_id] = sum_up(
                quantity,
                movements.get(entitlement_id, ()),
                QUANTITY_ROUNDING,
                uom_id=units[entitlement_id].id,
            )
        return redemptions

    def _get_quantity_movements(self, units):
        """Sum the transactions by quantity.

        :param units: a dict from entitlement id to its unit of measure
        :return: a dict from entitlement id to a list of `redemption.Movement`, in the unit of
            the entitlement; and the entitlements to decide by value instead
        """
        products = dict(self._read_columns("product_id"))
        movements = defaultdict(list)
        with_quantity = set()
        for (
            entitlement_id,
            kind,
            product_id,
            uom_id,
            total,
            has_negative,
            has_quantity,
        ) in self._sum_transactions("quantity", "transaction_type", "product_id", "uom_id"):
            if has_quantity:
                with_quantity.add(entitlement_id)
            value, problem = self._convert_quantity(float(total), uom_id, units[entitlement_id])
            own_product_id = products[entitlement_id]
            if product_id and own_product_id and product_id != own_product_id:
                problem = "product"
            movements[entitlement_id].append(Movement(kind, value, has_negative, problem))
        without_quantity = self.browse(movements.keys() - with_quantity)
        by_value = [id_ for id_, value in without_quantity._read_columns("total_amount") if value]
        return movements, self.browse(by_value)

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
        return unit._compute_quantity(quantity, own_unit, round=False), None

    @api.model
    def _is_convertible(self, unit, own_unit):
        if "category_id" in unit._fields:
            return unit.category_id == own_unit.category_id
        # Later series have no categories of units, and convert kilograms to dozens unasked.
        return bool(own_unit) and unit._has_common_reference(own_unit)

    def _get_units(self):
        """Return a dict from entitlement id to its unit of measure, or else its product's."""
        unit_by_key = {}  # the same few products, a million times
        units = {}
        for entitlement_id, uom_id, product_id in self._read_columns("uom_id", "product_id"):
            key = (uom_id, product_id)
            if key not in unit_by_key:
                product = self.env["product.product"].sudo().browse(product_id)
                unit_by_key[key] = self.env["uom.uom"].sudo().browse(uom_id) or product.uom_id
            units[entitlement_id] = unit_by_key[key]
        return units
