from lxml import etree

from odoo.tests import tagged
from odoo.tools.safe_eval import safe_eval

from .common import SettlementCase

ADDON = "spp_auto_update_entitlements"


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

    def test_no_graph_takes_the_mean_of_different_units(self):
        pieces, kilograms = self.product.uom_id, self.env.ref("uom.product_uom_kgm")
        self._create_inkind(self.cycle, transactions=[("PURCHASE", 10)])
        self._create_inkind(self.cycle, uom_id=kilograms.id)
        self._create_entitlement(self.cycle, transactions=[("PURCHASE", 50)])
        self.cycle.mark_ended()
        rows = self._get_rows(self.cycle)
        view = self.env.ref(f"{ADDON}.view_settlement_overview_graph")
        graph = etree.fromstring(view.arch)
        self.assertEqual(graph.get("stacked"), "0")
        (measure,) = graph.xpath("//field[@type='measure']")
        self.assertIn("mean", measure.get("string"))
        groups = {None: graph.xpath("//field[not(@type)]/@name")}
        board = etree.fromstring(self.env.ref(f"{ADDON}.view_settlement_board").arch)
        for kind in ("cash", "inkind"):
            (action,) = board.xpath(f"//action[@domain=\"[('kind', '=', '{kind}')]\"]")
            groups[kind] = safe_eval(action.get("context"))["graph_groupbys"]
        currency = self.currency
        for kind, expected in (
            (None, [(currency, 50), (kilograms, 0), (pieces, 100)]),
            ("cash", [(currency, 50)]),
            ("inkind", [(kilograms, 0), (pieces, 100)]),
        ):
            domain = [("id", "in", rows.ids)] + ([("kind", "=", kind)] if kind else [])
            bars = rows._read_group(domain, groups[kind], ["redeemed_share:avg"])
            found = {next(filter(None, units)): share for _cycle, *units, share in bars}
            self.assertEqual(found, dict(expected))

    def test_a_row_opens_a_form_with_its_links(self):
        self._create_entitlement(self.cycle, transactions=[("PURCHASE", 130)])
        self.cycle.mark_ended()
        row = self._get_rows(self.cycle)
        # As a board asks for it.
        view = self.env["spp.settlement.overview"].with_user(self.finance).get_view(False, "form")
        self.assertEqual(view["id"], self.env.ref(f"{ADDON}.view_settlement_overview_form").id)
        buttons = etree.fromstring(view["arch"]).xpath("//button/@name")
        self.assertEqual(buttons, ["action_open_lines", "action_open_entitlements"])
        for name in buttons:
            action = getattr(row, name)()
            self.assertTrue(row.env[action["res_model"]].search(action["domain"]))
        modes = self.env.ref(f"{ADDON}.action_settlement_overview").view_mode
        self.assertIn("form", modes.split(","))

    def test_a_row_without_figures_opens_the_cycles_entitlements(self):
        entitlement = self._create_entitlement(self.cycle)
        row = self._get_rows(self.cycle)
        self.assertFalse(row.redemption_id)
        action = row.action_open_entitlements()
        self.assertEqual(self.env[action["res_model"]].search(action["domain"]), entitlement)

    def test_what_is_cancelled_is_not_overdue(self):
        self._create_entitlement(self.cycle, transactions=[("PURCHASE", 130)])
        self.cycle.mark_ended()
        self.assertEqual(self._get_rows(self.cycle).days_overdue, 0)
        self.cycle.state = "cancelled"
        rows = self._get_rows(self.cycle)
        self.assertEqual((rows.days_overdue, rows.is_overdue), (0, False))
        self.assertFalse(rows.search([("id", "in", rows.ids), ("is_overdue", "=", True)]))
        self.cycle.state = "distributed"
        self.assertEqual(self._get_rows(self.cycle).days_overdue, 1)

    def test_the_list_asks_nothing_for_each_row(self):
        def count_queries():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            overview.search([("cycle_id", "in", cycles.ids)]).read(["days_overdue", "is_overdue"])
            return self.env.cr.sql_log_count - before

        overview = self.env["spp.settlement.overview"].with_user(self.finance)
        cycles = self.cycle
        self._create_entitlement(self.cycle)
        self.cycle.mark_ended()
        count_queries()
        expected = count_queries()
        for _number in range(3):
            cycle = self._create_cycle()
            self._create_entitlement(cycle)
            cycle.mark_ended()
            cycles |= cycle
        self.assertEqual(count_queries(), expected)

    def test_finance_prints_a_settlement(self):
        self._create_entitlement(self.cycle, transactions=[("PURCHASE", 130)])
        self.cycle.mark_ended()
        self.env.flush_all()
        self.env.invalidate_all()
        settlement = self.cycle.settlement_ids.with_user(self.finance)
        self.assertIn(self.cycle.sudo().name, settlement._get_file_name())
        self.env.invalidate_all()
        reports = self.env["ir.actions.report"].with_user(self.finance)
        action = f"{ADDON}.action_report_settlement"
        report = reports._render_qweb_html(action, settlement.ids)[0].decode()
        self.assertIn(self.cycle.sudo().name, report)
