import json

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common import SettlementCase

MANAGER = "g2p_programs.g2p_program_manager"
ADMIN = "g2p_registry_base.group_g2p_admin"
VALIDATOR = "g2p_programs.g2p_program_validator"
APPROVER = "g2p_programs.g2p_program_cycle_approver"
FINANCE = "g2p_programs.g2p_finance_validator"
REGISTRAR = "g2p_registry_base.group_g2p_registrar"
READER = "spp_auto_update_entitlements.group_settlement_reader"
# Only the newest platform has it.
PROGRAM_READER = "spp_programs.read_program_cycle_entitlement"
# There, what these users write to an entitlement is written by the superuser.
ENTITLEMENT_APPROVER = "spp_programs.approve_entitlement"
READERS = (MANAGER, ADMIN, VALIDATOR, APPROVER, FINANCE, READER)
MODELS = (
    "spp.cycle.settlement",
    "spp.cycle.settlement.total",
    "spp.cycle.settlement.line",
    "spp.service.point.redemption",
    "spp.redemption.report",
)


class AccessCase(SettlementCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {
            group: cls._create_user(f"settlement_user_{index}", group)
            for index, group in enumerate((*READERS, REGISTRAR))
        }
        cls.users["nobody"] = cls._create_user("settlement_user_nobody", "base.group_user")

    def _create_settleable_cycle(self, **vals):
        cycle = self._create_cycle(**vals)
        self._create_entitlement(cycle, transactions=[("PURCHASE", 40)])
        self._create_entitlement(cycle, transactions=[("REFUND", 40)])
        return cycle

    def _create_settled_cycle(self, **vals):
        cycle = self._create_settleable_cycle(**vals)
        cycle.mark_ended()
        self.env.flush_all()
        return cycle


@tagged("post_install", "-at_install")
class TestAccess(AccessCase):
    def test_who_may_settle(self):
        for group, user in self.users.items():
            cycle = self._create_settleable_cycle()
            with self.subTest(group):
                if group in (MANAGER, ADMIN):
                    cycle.with_user(user).mark_ended()
                    self.assertEqual(cycle.state, "ended")
                    self.assertEqual(cycle.settlement_ids.user_id, user)
                else:
                    with self.assertRaises(AccessError):
                        cycle.with_user(user).mark_ended()
                    self.assertEqual(cycle.state, "distributed")
                    self.assertFalse(cycle.settlement_ids)

    def test_the_cycle_manager_is_no_back_door(self):
        for group in (VALIDATOR, APPROVER):
            cycle = self._create_settleable_cycle().with_user(self.users[group])
            manager = self.program.cycle_managers.manager_ref_id.with_user(self.users[group])
            with self.subTest(group), self.assertRaises(AccessError):
                manager.mark_ended(cycle)

    def test_nobody_else_makes_an_ended_cycle(self):
        cycles = self.env["g2p.cycle"].with_user(self.users[VALIDATOR])
        today = fields.Date.today()
        vals = {"program_id": self.program.id, "start_date": today, "end_date": today}
        self.assertTrue(cycles.create({**vals, "name": "A draft"}))
        with self.assertRaisesRegex(AccessError, "may settle and end"):
            cycles.create({**vals, "name": "An ended one", "state": "ended"})

    def test_who_reads_the_proof(self):
        cycle = self._create_settled_cycle()
        for group, user in self.users.items():
            for name in MODELS:
                with self.subTest(group=group, model=name):
                    records = self.env[name].with_user(user)
                    if group in READERS:
                        self.assertTrue(
                            records.search([("cycle_id", "=", cycle.id)])
                            if "cycle_id" in records._fields
                            else records.search([])
                        )
                    else:
                        with self.assertRaises(AccessError):
                            records.search([])

    def test_every_role_reads_all_that_it_is_offered(self):
        cycle = self._create_settled_cycle()
        for group, user in self.users.items():
            rights = self.env["ir.model.access"].with_user(user)
            for record in (self.registrant, cycle):
                if not rights.check(record._name, "read", False):
                    continue
                with self.subTest(group=group, model=record._name):
                    self.env.invalidate_all()
                    # Others, and Odoo itself, offer more than may be read.
                    names = [
                        name
                        for name in record.with_user(user).fields_get()
                        if "spp_auto_update_entitlements" in record._fields[name]._modules
                    ]
                    (values,) = record.with_user(user).read([*names, "display_name"])
                    self.assertEqual("redemption_ids" in values, group in READERS)
                    self.assertEqual(bool(values.get("redemption_ids")), group in READERS)

    def test_who_reads_cycles_only_reads_no_settlement(self):
        group = self.env["res.groups"].create({"name": "Cycles Only"})
        self.env["ir.model.access"].create(
            {
                "name": "Cycles Only",
                "model_id": self.env["ir.model"]._get_id("g2p.cycle"),
                "group_id": group.id,
                "perm_read": True,
            }
        )
        self.users["nobody"].write({"groups_id": [(4, group.id)]})
        cycle = self._create_settled_cycle().with_user(self.users["nobody"])
        names = [
            name
            for name, field in cycle._fields.items()
            if field.comodel_name and field.comodel_name.startswith("spp.cycle.")
        ]
        self.assertTrue({"redemption_ids", "settlement_ids"}.issubset(names))
        self.assertFalse(set(names) & set(cycle.fields_get()))

    def test_the_platforms_own_readers_read_it(self):
        group = self.env.ref(PROGRAM_READER, raise_if_not_found=False) or self.env["res.groups"]
        self.assertLessEqual(group, self._get_implying(READER))
        for each in (MANAGER, ADMIN, VALIDATOR, FINANCE):
            self.assertIn(self.env.ref(each), self._get_implying(READER))

    def _get_implying(self, group):
        return self.env["res.groups"].search([("implied_ids", "in", self.env.ref(group).ids)])

    def test_nobody_edits_the_proof(self):
        cycle = self._create_settled_cycle()
        settlement = cycle.settlement_ids
        proof = (settlement, settlement.total_ids[0], settlement.line_ids[0])
        for group, user in self.users.items():
            for record in proof:
                with self.subTest(group=group, model=record._name):
                    own = record.with_user(user)
                    with self.assertRaises(AccessError):
                        own.write({"write_date": False})
                    with self.assertRaises(AccessError):
                        own.unlink()
                    with self.assertRaises(AccessError):
                        own.copy()

    def test_nobody_writes_what_was_redeemed_or_settled(self):
        """Nor does the superuser: an addon may go on with ``sudo()`` with what a user sent."""
        cycle = self._create_settled_cycle()
        cash, inkind = cycle.entitlement_ids[0], self._create_inkind(cycle)
        settlement = cycle.settlement_ids
        values = {
            "redeemed": 7,
            "entitlement_balance": 7,
            "redemption_problem": "currency",
            "is_settled": True,
            "settlement_id": settlement.id,
            "settlement_outcome": "redeemed",
            "state_before_settlement": "approved",
            "settled_state": "approved",
        }
        users = [self.users[MANAGER], self.env.user]
        if self.env.ref(ENTITLEMENT_APPROVER, raise_if_not_found=False):
            users.append(self._create_user("entitlement_approver", ENTITLEMENT_APPROVER))
        for user in users:
            for record, link in ((cash, "entitlement_ids"), (inkind, "inkind_entitlement_ids")):
                record = record.with_user(user)
                copied = record.copy_data()[0]
                for name, value in values.items():
                    self.assertNotIn(name, copied)
                    vals = {name: value}
                    commands = ([(1, record.id, vals)], [(0, 0, {**copied, **vals})])
                    for number, (method, *arguments) in enumerate(
                        (
                            (record.write, vals),
                            (record.sudo().write, vals),
                            (record.create, {**copied, **vals}),
                            (record.sudo().create, {**copied, **vals}),
                            *((cycle.sudo().write, {link: command}) for command in commands),
                        )
                    ):
                        way = self.subTest(user=user.name, model=record._name, name=name, n=number)
                        with way, self.assertRaises(AccessError):
                            method(*arguments)
        for commands in ([(0, 0, {"trigger": "user"})], [(1, settlement.id, {"error": "x"})]):
            with self.assertRaises(AccessError):
                cycle.sudo().write({"settlement_ids": commands})

    def test_defaults_write_nothing_that_is_guarded(self):
        cycle = self._create_settled_cycle()
        for record in (cycle.entitlement_ids[0], self._create_inkind(cycle)):
            forged = {
                "settlement_outcome": "redeemed",
                "state_before_settlement": "approved",
                "settlement_id": cycle.settlement_ids.id,
                "redeemed": 7,
            }
            copied = record.copy_data()[0]
            context = {f"default_{name}": value for name, value in forged.items()}
            made = record.sudo().with_context(**context).create(copied)
            for name, value in forged.items():
                self.env["ir.default"].sudo().set(record._name, name, value)
            made += record.create(copied)
            for each in made:
                self.assertEqual([each[name] or False for name in forged], [False] * len(forged))

    def test_an_import_writes_nothing_that_is_guarded(self):
        entitlement = self._create_settled_cycle().entitlement_ids[0]
        with mute_logger("odoo.models", "odoo.orm.models"):
            answer = entitlement.with_user(self.users[MANAGER]).load(
                [".id", "settlement_outcome"], [[str(entitlement.id), "redeemed"]]
            )
        self.assertFalse(answer["ids"])
        self.assertIn("can't be edited by hand", answer["messages"][0]["message"])

    def test_not_even_the_superuser_deletes_a_settlement(self):
        cycle = self._create_settled_cycle()
        with self.assertRaisesRegex(UserError, "kept for ever"):
            cycle.settlement_ids.sudo().unlink()

    def test_a_second_company_sees_and_touches_nothing(self):
        other = self.env["res.company"].create({"name": "Another Agency"})
        stranger = self._create_user(
            "stranger", MANAGER, company_id=other.id, company_ids=[(6, 0, other.ids)]
        )
        settled = self._create_settled_cycle()
        for name in MODELS:
            with self.subTest(name):
                found = self.env[name].with_user(stranger).search([])
                self.assertFalse(found)
        with self.assertRaises(AccessError):
            settled.settlement_ids.with_user(stranger).read(["state"])
        cycle = self._create_settleable_cycle()
        with self.assertRaises(AccessError):
            cycle.with_user(stranger).mark_ended()
        self.assertEqual(cycle.state, "distributed")

        program = self._create_program("Elsewhere", company_id=other.id)
        own_cycle = self._create_settleable_cycle(program=program)
        own_cycle.with_user(stranger).mark_ended()
        self.assertEqual(own_cycle.state, "ended")
        found = self.env["spp.cycle.settlement"].with_user(stranger).search([])
        self.assertEqual(found, own_cycle.settlement_ids)

    def test_a_dialog_is_of_who_opened_it(self):
        addon = "spp_auto_update_entitlements"
        models = self.env.values()
        dialogs = [each for each in models if each._transient and each._original_module == addon]
        self.assertTrue(dialogs)
        for dialog in dialogs:
            rules = self.env["ir.rule"].search([("model_id.model", "=", dialog._name)])
            own = rules.filtered(lambda rule: not rule.groups)
            self.assertIn("[('create_uid', '=', user.id)]", own.mapped("domain_force"))


@tagged("post_install", "-at_install")
class TestAccessOverRpc(AccessCase, HttpCase):
    def _call(self, user, record, method, *args):
        self.authenticate(user.login, user.login)
        answer = self.url_open(
            f"/web/dataset/call_kw/{record._name}/{method}",
            data=json.dumps(
                {
                    "jsonrpc": "2.0",
                    "params": {
                        "model": record._name,
                        "method": method,
                        "args": [record.ids, *args],
                        "kwargs": {},
                    },
                }
            ),
            headers={"Content-Type": "application/json"},
        )
        return answer.json()

    @mute_logger("odoo.http")
    def test_only_managers_end_a_cycle(self):
        for group in (VALIDATOR, FINANCE, REGISTRAR, "nobody", MANAGER):
            cycle = self._create_settleable_cycle()
            self.env.flush_all()
            with self.subTest(group):
                answer = self._call(self.users[group], cycle, "mark_ended")
                self.env.invalidate_all()
                if group == MANAGER:
                    self.assertNotIn("error", answer)
                    self.assertEqual(cycle.state, "ended")
                else:
                    self.assertEqual(answer["error"]["data"]["name"], "odoo.exceptions.AccessError")
                    self.assertEqual(cycle.state, "distributed")

    @mute_logger("odoo.http")
    def test_what_jobs_and_crons_call_is_private(self):
        cycle = self._create_settleable_cycle()
        for method in (
            "_settle_now",
            "_settle_next_batch",
            "_settle_by_cron",
            "_hold_back",
            "_cron_settle",
            "_report_failure",
        ):
            self.assertTrue(hasattr(cycle, method))
            with self.subTest(method):
                self.assertIn("error", self._call(self.users[MANAGER], cycle, method))
        self.env.invalidate_all()
        self.assertEqual(cycle.state, "distributed")

    @mute_logger("odoo.http")
    def test_a_refusal_is_a_sentence(self):
        cycle = self._create_settleable_cycle(state="draft")
        self.env.flush_all()
        answer = self._call(self.users[MANAGER], cycle, "mark_ended")
        self.assertEqual(answer["error"]["data"]["name"], f"odoo.exceptions.{UserError.__name__}")
        self.assertIn("only an approved or distributed", answer["error"]["data"]["message"])
