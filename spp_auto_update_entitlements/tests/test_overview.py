from odoo.tests import tagged

from .common import SettlementCase


@tagged("post_install", "-at_install")
class TestOverview(SettlementCase):
    """The overview of the cycles: a row for each currency or unit of a cycle."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.finance = cls._create_user("overview_finance", "g2p_programs.g2p_finance_validator")
        cls.cycle = cls._create_cycle()

    def _get_rows(self, cycle):
        self.env.flush_all()
        self.env.invalidate_all()
        overview = self.env["spp.settlement.overview"].with_user(self.finance)
        return overview.search([("cycle_id", "=", cycle.id)])

    def test_each_row_has_its_own_open_lines(self):
        soap = self.env["product.product"].create(
            {"name": "Soap", "uom_id": self.env.ref("uom.product_uom_dozen").id}
        )
        self._create_entitlement(self.cycle, transactions=[("PURCHASE", 50)])
        self._create_inkind(self.cycle, transactions=[("PURCHASE", 13)])
        for _number in range(2):
            self._create_inkind(
                self.cycle,
                product_id=soap.id,
                uom_id=soap.uom_id.id,
                transactions=[("PURCHASE", 13)],
            )
        self.cycle.mark_ended()
        rows = self._get_rows(self.cycle)
        self.assertEqual(
            {(row.kind, row.uom_id): row.open_line_count for row in rows},
            {
                ("cash", self.env["uom.uom"]): 0,
                ("inkind", self.product.uom_id): 1,
                ("inkind", soap.uom_id): 2,
            },
        )

    def test_lines_of_no_row_are_in_the_first(self):
        self._create_entitlement(self.cycle, transactions=[("PURCHASE", 130)])
        # What was cancelled grants nothing, so its unit has no figures.
        self._create_inkind(self.cycle, state="cancelled", transactions=[("PURCHASE", 1)])
        self.cycle.mark_ended()
        rows = self._get_rows(self.cycle)
        self.assertEqual([(row.kind, row.open_line_count) for row in rows], [("cash", 2)])

    def test_an_ended_cycle_without_figures_has_its_open_lines(self):
        self._create_entitlement(self.cycle, state="cancelled", transactions=[("PURCHASE", 5)])
        self.cycle.mark_ended()
        self.assertFalse(self.cycle.redemption_ids)
        row = self._get_rows(self.cycle)
        self.assertEqual((row.open_line_count, row.redemption_id.id), (1, False))
        self.cycle.settlement_ids.line_ids._clear("The shop paid it back.")
        self.assertFalse(self._get_rows(self.cycle))
