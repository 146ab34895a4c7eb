from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..redemption import FULLY_REDEEMED, PARTIALLY_REDEEMED, Movement, sum_up

# Finer than any unit of measure: 4 kg of a ton must not vanish.
QUANTITY_ROUNDING = 0.000001


class G2PEntitlementInkind(models.Model):
    _name = "g2p.entitlement.inkind"
    _inherit = ["g2p.entitlement.inkind", "spp.redemption.mixin"]

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
        "Balance Left",
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

    def _get_redemptions(self):
        quantities, by_value = self._get_quantity_movements()
        values = by_value._get_money_movements() if by_value else {}
        redemptions = {}
        for entitlement in self - by_value:
            movements = quantities.get(entitlement._origin.id, ())
            redemptions[entitlement.id] = sum_up(
                entitlement.qty, movements, QUANTITY_ROUNDING, basis="quantity"
            )
        for entitlement in by_value:
            redemptions[entitlement.id] = sum_up(
                entitlement.total_amount,
                values.get(entitlement._origin.id, ()),
                entitlement.redemption_currency_id.rounding,
            )
        return redemptions

    def _get_quantity_movements(self):
        """Sum the transactions by quantity.

        :return: a dict from entitlement id to a list of `redemption.Movement`, in the unit of
            measure of the entitlement; and the entitlements to decide by value instead
        """
        movements = defaultdict(list)
        with_quantity = set()
        own = {entitlement._origin.id: entitlement for entitlement in self}
        for entitlement, kind, product, unit, total, lowest, highest in (
            self.env["spp.inkind.entitlement.transactions"]
            .sudo()
            ._read_group(
                [("entitlement_id", "in", self._origin.ids)],
                ["entitlement_id", "transaction_type", "product_id", "uom_id"],
                ["quantity:sum", "quantity:min", "quantity:max"],
            )
        ):
            if lowest or highest:
                with_quantity.add(entitlement.id)
            granted = own[entitlement.id]
            value, problem = granted._convert_quantity(total or 0, unit)
            if product and granted.product_id and product != granted.product_id:
                problem = "product"
            elif lowest and lowest < 0:
                problem = "negative"
            movements[entitlement.id].append(Movement(kind, value, problem))
        by_value = self.filtered(
            lambda entitlement: entitlement.total_amount > 0
            and entitlement._origin.id in movements.keys() - with_quantity
        )
        return movements, by_value

    def _convert_quantity(self, quantity, unit):
        """Convert to the entitlement's unit of measure, which a missing unit stands for.

        :return: the quantity, and the problem (one of `redemption.PROBLEMS`) or ``None``
        """
        own_unit = self.uom_id or self.product_id.uom_id
        if not unit or unit == own_unit:
            return quantity, None
        if not own_unit:
            return 0, "unit"
        try:
            return unit._compute_quantity(quantity, own_unit, round=False), None
        except UserError:
            return 0, "unit"

    def _get_figures(self, redemption):
        return dict(super()._get_figures(redemption), redemption_basis=redemption.basis)

    @api.model
    def _get_settlement_fields(self):
        return super()._get_settlement_fields() + [
            "qty",
            "uom_id",
            "product_id",
            "total_amount",
            "redemption_basis",
        ]

    def _get_redemption_unit(self):
        if self.redemption_basis == "value":
            return super()._get_redemption_unit()
        unit = self.uom_id or self.product_id.uom_id
        return {"currency_id": False, "uom_id": unit.id}
