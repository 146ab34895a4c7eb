from odoo.exceptions import UserError


class SettlementUnderWay(UserError):
    """Somebody else is working on the cycle at this moment."""
