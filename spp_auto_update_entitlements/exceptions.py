from odoo.exceptions import UserError


class SettlementUnderWay(UserError):
    """Somebody else is settling the cycle at this moment."""
