import math

from odoo import _, api, fields, models
from odoo.tools import float_round
from odoo.tools.misc import formatLang, get_lang

# Finer than any unit of measure: 4 kg of a ton must be seen.
MAX_DIGITS = 6


def format_amount(env, amount, currency, uom):
    """Return an amount as the user reads it, with its currency or its unit of measure.

    Money in the currency's own decimals; a quantity in the unit's, or in as many as it has.
    """
    if currency:
        return f"{formatLang(env, amount, digits=currency.decimal_places)} {currency.name}"
    digits = len(f"{amount:.{MAX_DIGITS}f}".rstrip("0").partition(".")[2])
    return f"{formatLang(env, amount, digits=digits)} {uom.name or ''}".rstrip()


def set_apart(env, shown):
    """Return an amount for a sentence that is neither kept nor exported.

    From right to left, its minus would stand behind, and what follows would be drawn into it.
    """
    if get_lang(env).direction == "rtl":
        return f"\N{LEFT-TO-RIGHT MARK}{shown}\N{RIGHT-TO-LEFT MARK}"
    return shown


def format_share(env, share):
    """Return a share in percent as the user reads it, and as the bars show it: 12.5 as "13 %"."""
    # From the one decimal that is stored, of which the bars take the nearest whole.
    whole = math.floor(float_round(share, precision_digits=1) + 0.5)
    return _("%(share)s %%", share=formatLang(env, whole, digits=0))


class AmountsMixin(models.AbstractModel):
    """Figures of a settlement, in full, in one currency or unit of measure."""

    _name = "spp.settlement.amounts.mixin"
    _description = "Amounts of a Settlement"

    # Without digits nothing is cut off.
    allocated = fields.Float("Granted", digits=0)
    redeemed = fields.Float(digits=0)
    balance = fields.Float("Left", digits=0)
    currency_id = fields.Many2one("res.currency")
    uom_id = fields.Many2one("uom.uom", "Unit of Measure")
    allocated_shown = fields.Char("Granted (with Unit)", compute="_compute_shown")
    redeemed_shown = fields.Char("Redeemed (with Unit)", compute="_compute_shown")
    balance_shown = fields.Char("Left (with Unit)", compute="_compute_shown")

    @api.depends("allocated", "redeemed", "balance", "currency_id", "uom_id")
    @api.depends_context("lang")
    def _compute_shown(self):
        for record in self:
            units = (record.currency_id, record.uom_id)
            for name in ("allocated", "redeemed", "balance"):
                record[f"{name}_shown"] = format_amount(self.env, record[name], *units)
