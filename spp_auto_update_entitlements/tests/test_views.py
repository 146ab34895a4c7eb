from lxml import etree

from odoo.tests import tagged
from odoo.tools.safe_eval import safe_eval

from .common import SettlementCase


@tagged("post_install", "-at_install")
class TestViews(SettlementCase):
    """What the screens show, and to whom; asked of the view as that user gets it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls._create_user("manager", "g2p_programs.g2p_program_manager")
        cls.validator = cls._create_user("validator", "g2p_programs.g2p_program_validator")
        cls.registrar = cls._create_user("registrar", "g2p_registry_base.group_g2p_registrar")

    def _get_arch(self, model, user, view_type, view=None):
        view_id = self.env.ref(view).id if view else False
        return etree.fromstring(
            self.env[model].with_user(user).get_view(view_id, view_type)["arch"]
        )

    def _get_cycle_form(self, user):
        return self._get_arch("g2p.cycle", user, "form", "g2p_programs.view_cycle_form")

    def test_set_as_ended_is_shown_where_it_makes_sense(self):
        (button,) = self._get_cycle_form(self.manager).xpath("//button[@name='mark_ended']")
        for state, is_expired, locked, is_shown in (
            ("distributed", True, False, True),
            ("distributed", False, False, True),
            ("distributed", True, True, False),
            ("approved", True, False, True),
            ("approved", False, False, False),
            ("draft", True, False, False),
            ("to_approve", True, False, False),
            ("cancelled", True, False, False),
            ("ended", True, False, False),
        ):
            for requested in (False, 7):
                values = {
                    "state": state,
                    "is_expired": is_expired,
                    "locked": locked,
                    "end_requested_by_id": requested,
                }
                shown = not safe_eval(button.get("invisible"), dict(values))
                with self.subTest(**values):
                    self.assertEqual(shown, is_shown and not requested)

    def test_set_as_ended_is_for_managers(self):
        form = self._get_cycle_form(self.validator)
        self.assertFalse(form.xpath("//button[@name='mark_ended']"))

    def test_the_ribbon_marks_expired_cycles(self):
        (ribbon,) = self._get_cycle_form(self.validator).xpath("//widget[@name='web_ribbon']")
        for state, is_expired, is_shown in (
            ("approved", True, True),
            ("draft", True, True),
            ("approved", False, False),
            ("ended", True, False),
        ):
            values = {"state": state, "is_expired": is_expired}
            with self.subTest(**values):
                self.assertEqual(not safe_eval(ribbon.get("invisible"), values), is_shown)

    def test_registrars_open_an_entitlement_without_its_transactions(self):
        view = "g2p_programs.view_entitlement_form"
        for user, is_shown in ((self.manager, True), (self.registrar, False)):
            form = self._get_arch("g2p.entitlement", user, "form", view)
            with self.subTest(user.login):
                self.assertEqual(bool(form.xpath("//field[@name='transaction_ids']")), is_shown)
                self.assertTrue(form.xpath("//field[@name='entitlement_balance']"))

    def test_filters_find_what_they_say(self):
        cycle = self._create_cycle(state="approved")
        for create, model, view in (
            (self._create_entitlement, "g2p.entitlement", "g2p_programs.entitlement_filter"),
            (
                self._create_inkind,
                "g2p.entitlement.inkind",
                "spp_programs.entitlement_inkind_filter",
            ),
        ):
            vals = {"amount": 10} if model == "g2p.entitlement" else {"qty": 10}
            expected = {
                "partially_redeemed": create(cycle, transactions=[("PURCHASE", 4)], **vals),
                "redeemed": create(cycle, transactions=[("PURCHASE", 10)], **vals),
                "unredeemed": create(cycle, **vals),
                "over_redeemed": create(
                    cycle, state="cancelled", transactions=[("PURCHASE", 14)], **vals
                ),
            }
            create(cycle, state="draft", **vals)
            cycle._settle_now()
            search = self._get_arch(model, self.manager, "search", view)
            for name, entitlement in expected.items():
                with self.subTest(model=model, filter=name):
                    (node,) = search.xpath(f"//filter[@name='{name}']")
                    found = self.env[model].search(
                        [("cycle_id", "=", cycle.id), *safe_eval(node.get("domain"))]
                    )
                    self.assertEqual(found, entitlement)

    def test_the_cycle_opens_its_settlements(self):
        cycle = self._create_cycle()
        self._create_entitlement(cycle)
        cycle.mark_ended()
        action = cycle.with_user(self.validator).action_open_settlements()
        found = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(found, cycle.settlement_ids)
        self.assertEqual(cycle.settlement_count, 1)
        self.assertIn(cycle.name, found.display_name)
