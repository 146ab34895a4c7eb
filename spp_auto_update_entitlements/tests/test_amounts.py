from odoo.tests import tagged

from ..models.amounts_mixin import format_amount, set_apart
from .common import SettlementCase


@tagged("post_install", "-at_install")
class TestAmounts(SettlementCase):
    """Amounts as they are read, from right to left as well."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("ar_001")
        cls.cycle = cls._create_cycle()

    def test_amounts_are_read_from_left_to_right_in_arabic(self):
        currency = self.env.company.currency_id
        arabic = self.env(context={"lang": "ar_001"})
        shown = format_amount(arabic, -180, currency, None)
        mark, end = "\N{LEFT-TO-RIGHT MARK}", "\N{RIGHT-TO-LEFT MARK}"
        self.assertEqual(shown, f"-180.00 {currency.name}")
        self.assertEqual(set_apart(arabic, shown), f"{mark}{shown}{end}")
        self.assertEqual(set_apart(self.env, shown), shown)

    def test_what_is_kept_or_exported_has_no_marks_of_direction(self):
        self._create_entitlement(self.cycle, transactions=[("PURCHASE", 150)])
        self.cycle.mark_ended()
        settlement = self.cycle.settlement_ids.with_context(lang="ar_001")
        self.assertIn("\N{LEFT-TO-RIGHT MARK}", settlement.money_totals)
        exported = settlement.line_ids.export_data(["allocated_shown", "balance_shown"])["datas"]
        kept = f"{settlement._get_note()}{exported}"
        self.assertIn("150", kept)
        self.assertIn("-50", kept)
        self.assertIn("<bdi>", kept)
        self.assertNotIn("\N{LEFT-TO-RIGHT MARK}", kept)
        self.assertNotIn("\N{RIGHT-TO-LEFT MARK}", kept)
        for name, field in (("redemption_ids", "summary"), ("settlement_ids", "money_totals")):
            self.assertFalse(self.cycle[name]._fields[field].exportable)
