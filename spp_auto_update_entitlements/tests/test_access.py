import json

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
READERS = (MANAGER, ADMIN, VALIDATOR, APPROVER, FINANCE)
MODELS = (
    "spp.cycle.settlement",
    "spp.cycle.settlement.total",
    "spp.cycle.settlement.line",
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
            "_settle",
            "_settle_now",
            "_settle_in_background",
            "_settle_by_cron",
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
