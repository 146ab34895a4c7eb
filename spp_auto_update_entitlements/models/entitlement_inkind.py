from decimal import Decimal

from odoo import api, fields, models
from odoo.tools import SQL

from ..redemption import FULLY_REDEEMED, PARTIALLY_REDEEMED, Movement, sum_up, to_decimal
from .entitlement_facts import Line

# Finer than any unit of measure: 4 kg of a ton must not vanish.
QUANTITY_ROUNDING = 0.000001


class G2PEntitlementInkind(models.Model):
    _name = "g2p.entitlement.inkind"
    _inherit = [
        "g2p.entitlement.inkind",
        "spp.settlement.mixin",
        "spp.redemption.mixin",
        "spp.settlement.registrant.mixin",
    ]
    _granted_fields = ("qty", "total_amount", "product_id", "uom_id")
    _goods_columns = ("product_id", "uom_id", "quantity")
    _common_columns = ("product_id", "uom_id")
    _unit_fields = ("redemption_basis", "journal_id", "company_id", "uom_id", "product_id")
    _measure = "quantity"

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
        help="By value only where no quantity can be read and the goods have a value.",
    )
    redeemed = fields.Float(
        compute="_compute_redemption",
        store=True,
        digits=(16, 6),
        help="The sum of the purchases less the sum of the voids, in the entitlement's unit of "
        "measure (or its currency, when decided by value).",
    )
    entitlement_balance = fields.Float(
        "Left",
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
        # The figures do not follow from these, but what is listed does.
        "valid_from",
        "valid_until",
        "transaction_ids.receipt_number",
        "transaction_ids.service_point_device_id",
        "transaction_ids.service_point_id",
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

    @api.model
    def _get_granted_columns(self):
        return [
            SQL("entitlement.qty"),
            SQL("entitlement.total_amount::text"),
            SQL("entitlement.product_id"),
            SQL("COALESCE(entitlement.uom_id, template.uom_id)"),
        ]

    @api.model
    def _get_joins_of_granted(self):
        return SQL(
            """
            LEFT JOIN product_product AS product ON product.id = entitlement.product_id
            LEFT JOIN product_template AS template ON template.id = product.product_tmpl_id
            """
        )

    def _get_movements(self):
        return SQL(
            """
            SELECT entitlement_id, transaction_type AS kind, currency_id, NULL AS problem,
                NULLIF(amount_charged_by_service_point, 0) AS amount,
                timestamp_transaction_created AS moment, NULLIF(receipt_number, '') AS receipt,
                product_id, uom_id, NULLIF(quantity, 0) AS quantity
            FROM %s
            WHERE %s AND (quantity <> 0 OR amount_charged_by_service_point <> 0)
            """,
            self._get_transactions(),
            self._is_one_of_these("entitlement_id"),
        )

    @api.model
    def _get_line(self, kind, value, product_id, uom_id):  # pylint: disable=arguments-differ
        return Line(kind, product_id=product_id, uom_id=uom_id, quantity=value)

    def _add_up_lines(self, facts, lines, rates=None):
        quantity, total_amount, own_product_id, own_uom_id = facts.granted
        own_unit = self.env["uom.uom"].sudo().browse(own_uom_id)
        movements, by_value, unreadable = [], [], []
        for line in lines:
            value, problem = self._convert_quantity(line.quantity, line.uom_id, own_unit)
            if line.product_id and own_product_id and line.product_id != own_product_id:
                problem = "product"
            if not line.quantity:
                by_value.append(line._replace(problem=problem))
                continue
            value = to_decimal(value) * line.number
            movement = Movement(line.kind, value, line.quantity < 0, problem)
            movements.append(movement)
            if movement.find_problem():
                unreadable.append(line._replace(problem=movement.find_problem()))
        if by_value and len(unreadable) == len(movements) and to_decimal(total_amount):
            return self._add_up_money(facts, total_amount, by_value + unreadable, rates)
        # What can't be counted in what the others are counted in can't be read.
        movements += [
            Movement(line.kind, 0, problem=line.problem or "quantity") for line in by_value
        ]
        return sum_up(quantity, movements, QUANTITY_ROUNDING, uom_id=own_unit.id or None)

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
            moved.uom_id AS own_uom_id,
            COALESCE(NULLIF(moved.quantity, 0), moved.amount_charged_by_service_point) AS value
            """
        )

    def _get_unit(self):
        """Return what the figures are in: a currency, or a unit of measure."""
        is_by_value = self.redemption_basis == "value"
        return self.redemption_currency_id if is_by_value else self.uom_id or self.product_id.uom_id

    def _get_factor(self, product_id, currency_id, uom_id, moment):
        is_by_value = self.redemption_basis == "value"
        is_about_other_goods = product_id != (self.product_id.id or product_id)
        unit = self.uom_id or self.product_id.uom_id
        factor, problem = self._convert_quantity(Decimal(1), uom_id, unit)
        if is_about_other_goods or problem or bool(currency_id) != is_by_value:
            return Decimal(0)
        return self._get_currency_factor(currency_id, moment) if is_by_value else to_decimal(factor)
