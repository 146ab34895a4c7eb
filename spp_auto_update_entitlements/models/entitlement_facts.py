from decimal import Decimal
from typing import NamedTuple


class Facts(NamedTuple):
    """What one entitlement granted, and what moved of it: where these are the same, all is.

    :param granted: the columns of `_get_granted_columns`
    :param currency_id: its own currency
    :param company_id: whose days count
    :param moved: what moved, as `Line` reads it; ``None`` if nothing did
    :param has_equal: two or more movements are alike in what moved
    :param is_outside: something was bought before it was valid, or after
    """

    granted: tuple
    currency_id: int
    company_id: int | None
    moved: str | None
    has_equal: bool
    is_outside: bool


class Line(NamedTuple):
    """Movements of one entitlement that are alike in what moved; of cash, without goods."""

    kind: str
    currency_id: int
    problem: str | None
    amount: Decimal
    number: int
    day: str | None
    product_id: int | None = None
    uom_id: int | None = None
    quantity: Decimal = Decimal(0)

    @classmethod
    def parse(cls, moved):
        """Return the lines in what `RedemptionMixin._group_movements` wrote."""
        lines = []
        for line in moved.split("\n") if moved else ():
            kind, currency, problem, amount, number, day, *goods = line.split("\t")
            if goods:
                product, uom, quantity = goods
                goods = (
                    int(product) if product else None,
                    int(uom) if uom else None,
                    Decimal(quantity or 0),
                )
            lines.append(
                cls(
                    kind,
                    int(currency),
                    problem or None,
                    Decimal(amount or 0),
                    int(number),
                    day or None,
                    *goods,
                )
            )
        return lines
