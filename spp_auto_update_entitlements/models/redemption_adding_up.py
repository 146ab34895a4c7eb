from decimal import Decimal

from odoo import api, fields, models

from ..redemption import PURCHASE, VOID, Movement, sum_up, to_decimal
from .entitlement_facts import NUMBER_OF_FIXED_FACTS, Alike, Facts


class RedemptionMixin(models.AbstractModel):
    """How what moved of an entitlement is added up."""

    _inherit = "spp.redemption.mixin"

    def _add_up_alike(self, columns=(), time_zone="UTC"):
        """Add up what moved of these entitlements; of those that are alike, once.

        :param columns: SQL expressions, also to be alike
        :param time_zone: of the days that an entitlement is valid
        :return: a list of `Alike`
        """
        names = ("res.company", "account.journal", "g2p.cycle")
        models = [self.env[name].sudo() for name in names]
        owners = {}
        end = -len(self._common_columns)
        start = end - NUMBER_OF_FIXED_FACTS
        added_up, by_day = [], {}
        for ids, *row in self._read_facts(columns, time_zone):
            owner_ids = tuple(row[start - len(names) : start])
            if owner_ids not in owners:
                company, currency = self._get_company_and_currency(
                    *(model.browse(id_) for model, id_ in zip(models, owner_ids, strict=True))
                )
                owners[owner_ids] = company.id, currency.id, currency.rounding
            look = tuple(row[: len(columns)])
            granted = tuple(row[len(columns) : start - len(names)])
            facts = Facts(granted, *owners[owner_ids], *row[start:end], tuple(row[end:]))
            redemption = None
            if not facts.is_mixed:
                redemption = self._add_up_lines(facts, self._get_lines(facts))
            if redemption is not None:
                added_up.append(Alike(ids, look, facts, redemption))
            else:
                by_day.update(dict.fromkeys(ids, (look, facts)))
        return added_up + self._add_up_by_day(by_day)

    def _add_up_by_day(self, by_day):
        """Add up what the sums do not say all about, so that each is on its own.

        :param by_day: a dict from entitlement id to the columns asked for, and its `Facts`
        :return: a list of `Alike`, each of one entitlement
        """
        if not by_day:
            return []
        rates = {}
        days = self._get_days({id_: facts for id_, (_look, facts) in by_day.items()})
        return [
            Alike([id_], look, facts, self._add_up_lines(facts, days[id_], rates))
            for id_, (look, facts) in by_day.items()
        ]

    @api.model
    def _get_lines(self, facts):
        """Return what moved as a `Line` for the purchases and one for the voids, if there are."""
        sums = ((PURCHASE, facts.purchased), (VOID, facts.voided))
        return [
            self._get_line(kind, Decimal(value), *facts.common) for kind, value in sums if value
        ]

    @api.model
    def _get_line(self, kind, value, *common):
        """Return a `Line` of one kind of movements, of which `_measure` is ``value``."""
        raise NotImplementedError

    def _add_up_lines(self, facts, lines, rates=None):
        """Add up what moved of one entitlement.

        :param rates: the rates that are known, a dict; only lines with a day can be converted
        :return: a `redemption.Redemption`, or ``None`` if the days are needed
        """
        raise NotImplementedError

    def _add_up_money(self, facts, granted, lines, rates=None):
        """Add up lines by their amounts; parameters as in `_add_up_lines`."""
        movements = []
        for line in lines:
            if not line.amount and not line.problem:
                continue
            value, problem = line.amount * line.number, line.problem
            if line.currency_id != facts.currency_id and not problem:
                if rates is None:
                    return None
                key = (line.currency_id, facts.currency_id, facts.company_id, line.day)
                if key not in rates:
                    rates[key] = self._get_rate(*key)
                value *= rates[key] or 0
                problem = None if rates[key] else "currency"
            movements.append(Movement(line.kind, value, line.amount < 0, problem))
        return sum_up(granted, movements, facts.rounding, currency_id=facts.currency_id)

    def _get_currency_factor(self, currency_id, moment):
        """Return what one of a currency was in the entitlement's own at a moment; 0 if unknown."""
        own = self.redemption_currency_id
        if currency_id == own.id:
            return Decimal(1)
        company = self.company_id or self.cycle_id._get_company()
        zone = company._get_settlement_time_zone()
        day = fields.Datetime.context_timestamp(self.with_context(tz=zone), moment).date()
        return self._get_rate(currency_id, own.id, company.id, day) or Decimal(0)

    @api.model
    def _get_rate(self, currency_id, own_currency_id, company_id, day):
        """Return the rate into the entitlement's own currency on a day, or ``None``."""
        company = self.env["res.company"].browse(company_id) or self.env.company
        currency, own_currency = self.env["res.currency"].browse([currency_id, own_currency_id])
        for each in currency | own_currency:
            # Without a rate Odoo converts at 1, which would be a guess about somebody's money.
            if each != company.currency_id and not self.env["res.currency.rate"].search_count(
                [
                    ("currency_id", "=", each.id),
                    ("name", "<=", day),
                    ("company_id", "in", [False, company.root_id.id]),
                ],
                limit=1,
            ):
                return None
        return to_decimal(currency._get_conversion_rate(currency, own_currency, company, day))
