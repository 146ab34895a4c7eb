from decimal import Decimal
from typing import NamedTuple

from ..redemption import Redemption


class Facts(NamedTuple):
    """What one entitlement granted, and what moved of it: where these are the same, all is.

    :param granted: the columns of `_get_granted_columns`
    :param company_id: whose days count
    :param currency_id: its own currency
    :param rounding: of that currency
    :param is_mixed: what moved is not of one currency, product and unit, or can't be read
    :param may_have_twins: two movements may be of the same amount and receipt, or minute
    :param is_outside: something was bought before it was valid, or after
    :param purchased: the sum of what was purchased, unless it is mixed; ``None`` if nothing was
    :param voided: the same of what was voided
    :param common: the columns that its movements have in common
    """

    granted: tuple
    company_id: int
    currency_id: int
    rounding: float
    is_mixed: bool
    may_have_twins: bool
    is_outside: bool
    purchased: str | None
    voided: str | None
    common: tuple


# Beside what was granted, whose it is, and what movements have in common.
NUMBER_OF_FIXED_FACTS = len(Facts._fields) - 5


class Alike(NamedTuple):
    """Entitlements of which the facts are the same, and so is what was redeemed of them.

    :param ids: theirs
    :param columns: what was read beside the facts
    """

    ids: list
    columns: tuple
    facts: Facts
    redemption: Redemption


class Line(NamedTuple):
    """Movements of one entitlement that are alike in what moved; of cash, without goods."""

    kind: str
    currency_id: int | None = None
    problem: str | None = None
    amount: Decimal = Decimal(0)
    number: int = 1
    day: str | None = None
    product_id: int | None = None
    uom_id: int | None = None
    quantity: Decimal = Decimal(0)

    @classmethod
    def parse(cls, moved):
        """Return the lines in what `RedemptionMixin._group_by_day` wrote."""
        lines = []
        for line in moved.split("\n"):
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
