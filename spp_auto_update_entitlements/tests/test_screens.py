import re

from lxml import etree

from odoo import release
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools.safe_eval import safe_eval

from ..models.settlement_mixin import READER_VIEW
from .test_access import ENTITLEMENT_APPROVER, PROGRAM_READER, READERS, AccessCase

ADDON = "spp_auto_update_entitlements"
# What a button's method is called that opens records, and does nothing else.
OPENER = "action_open_"
IS_17 = release.version_info[0] == 17


@tagged("post_install", "-at_install")
class TestScreens(AccessCase):
    """Whoever reads settlements opens all that the addon's menus and buttons lead to."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.readers = [cls.users[group] for group in READERS]
        for group in (PROGRAM_READER, ENTITLEMENT_APPROVER):
            if cls.env.ref(group, raise_if_not_found=False):
                cls.readers.append(cls._create_user(group.split(".")[1], group))
        cls.cycle = cls._create_cycle()
        cls.cash = cls._create_entitlement(cls.cycle, transactions=[("PURCHASE", 130)])
        cls.inkind = cls._create_inkind(cls.cycle, transactions=[("PURCHASE", 13)])
        cls._create_entitlement(cls.cycle)
        cls._create_inkind(cls.cycle)
        cls.env["g2p.payment"].create(
            {
                "entitlement_id": cls.cash.id,
                "cycle_id": cls.cycle.id,
                "amount_issued": 100,
                "status": "paid",
            }
        )
        cls._create_transaction(cls.env["g2p.entitlement"], "PURCHASE", 5)
        cls._create_inkind_transaction(cls.env["g2p.entitlement.inkind"], "PURCHASE", quantity=5)
        cls._create_entitlement(cls._create_cycle())  # for Expired Cycles
        cls.cycle.mark_ended()
        cls.env.flush_all()

    def _get_menus(self):
        data = self.env["ir.model.data"].search(
            [("module", "=", ADDON), ("model", "=", "ir.ui.menu")]
        )
        return self.env["ir.ui.menu"].browse(data.mapped("res_id"))

    def _open(self, user, action):
        """Open each view of a window action, and what the addon's buttons on its form open."""
        self.env.invalidate_all()
        context = action.get("context") or {}
        context = safe_eval(context, {"uid": user.id}) if isinstance(context, str) else context
        # What the web client passes on when it loads views.
        context = {name: context[name] for name in context if name.endswith("_view_ref")}
        model = self.env[action["res_model"]].with_user(user).with_context(**context)
        if model._name == "board.board":
            return self._open_board(user, model.get_view(action["view_id"][0], "form"))
        domain = action.get("domain") or []
        domain = safe_eval(domain) if isinstance(domain, str) else domain
        records = model.browse(action.get("res_id") or []) or model.search(domain)
        if not self._has_views(model):
            return records
        modes = action.get("view_mode", "list,form").split(",")
        for view_id, kind in action.get("views") or [(False, mode) for mode in modes]:
            if IS_17 and kind == "list":
                kind = "tree"
            arch = etree.fromstring(model.get_view(view_id, kind)["arch"])
            if kind != "form":
                records.read(arch.xpath("//field/@name"))
            if kind != "form" or not records:
                continue
            Form(records[0], view_id)
            for button in arch.xpath(f"//button[starts-with(@name, '{OPENER}')]"):
                within = [node.get("name") for node in button.iterancestors("field")]
                for pressed in records[0][within[0]] if within else records[0]:
                    if self._is_hidden(button, pressed):
                        continue
                    press = getattr(pressed, button.get("name"))
                    if press.__module__.startswith(f"odoo.addons.{ADDON}."):
                        with self.subTest(button=button.get("name"), of=pressed):
                            self._open(user, press())
        return records

    def _has_views(self, model):
        """Without the module of service points the platform's views don't open."""
        listed = model._fields.get("transaction_ids")
        link = (self.env[listed.comodel_name] if listed else model)._fields.get("service_point_id")
        return not (IS_17 and link and link.comodel_name == "_unknown")

    def _forget_views(self):
        """Forget what others opened: the views are cached, the platform's refusals are not."""
        self.env.registry.clear_cache("templates")

    def _is_hidden(self, button, record):
        condition = button.get("invisible", "False")
        names = set(re.findall(r"\w+", condition)) & set(record._fields)
        # An empty reference is false, too.
        return safe_eval(condition, {name: record[name] for name in names})

    def _open_board(self, user, board):
        """Open each view that a board shows; return what it shows."""
        nodes = etree.fromstring(board["arch"]).xpath("//action")
        for node in nodes:
            action = self.env["ir.actions.act_window"].browse(int(node.get("name")))
            values = {**action.sudo().read()[0], "views": [(False, node.get("view_mode"))]}
            values["domain"] = node.get("domain")
            self.assertTrue(self._open(user, values), node.get("string"))
        return nodes

    def test_every_reader_opens_every_menu(self):
        for user in self.readers:
            self._forget_views()
            visible = self.env["ir.ui.menu"].with_user(user)._visible_menu_ids()
            for menu in self._get_menus():
                if menu.action.res_model == "g2p.cycle" and not self._may_read_cycles(user):
                    continue  # a matter of the platform
                with self.subTest(user.login, menu=menu.complete_name):
                    self.assertIn(menu.id, visible)
                    self.assertTrue(self._open(user, menu.action.sudo().read()[0]))

    def test_every_reader_opens_what_was_settled(self):
        for user in self.readers:
            self._forget_views()
            cycles = [self.cycle] if self._may_read_cycles(user) else []
            for record in (self.cash, self.inkind, *cycles):
                with self.subTest(user.login, record=record):
                    action = {"res_model": record._name, "res_id": record.id}
                    self._open(user, {**action, "context": READER_VIEW})

    def test_every_reader_opens_what_the_lists_lead_to(self):
        for user in self.readers:
            self._forget_views()
            rows = self.env["spp.registrant.redemption"].search(
                [("partner_id", "=", self.registrant.id)]
            )
            lines = self.cycle.settlement_ids.line_ids
            # The list of the settlement's page has a view of its own.
            lines = lines.with_context(tree_view_ref=f"{ADDON}.view_cycle_settlement_line_tree")
            for record in (*rows, *lines):
                with self.subTest(user.login, record=record):
                    self._open(user, record.with_user(user).action_open_entitlement())

    def test_the_platform_refuses_whom_it_refused(self):
        for model in (self.cash.browse(), self.inkind.browse()):
            if not self._has_views(model):
                continue
            refused = []
            for user in self.users.values():
                self._forget_views()
                if not self._may_open(user, model):
                    refused.append(user)
            self._forget_views()
            for user in self.readers:
                self.assertTrue(self._may_open(user, model, **READER_VIEW))
            for user in refused:
                with self.subTest(user.login, model=model._name):
                    self.assertFalse(self._may_open(user, model))
                    if user not in self.readers:
                        self.assertFalse(self._may_open(user, model, **READER_VIEW))

    def _may_open(self, user, model, **context):
        try:
            model.with_user(user).with_context(**context).get_view(False, "form")
        except (AccessError, ValidationError):
            return False
        return True

    def _may_read_cycles(self, user):
        return self.env["ir.model.access"].with_user(user).check("g2p.cycle", "read", False)
