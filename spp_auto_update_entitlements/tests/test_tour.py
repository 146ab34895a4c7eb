from odoo.tests import HttpCase, tagged

from .common import SettlementCase


@tagged("post_install", "-at_install")
class TestTour(SettlementCase, HttpCase):
    def setUp(self):
        super().setUp()
        if "spp_registry_base" in self.env["ir.module.module"]._installed():
            # The newest platform names a script that it does not bring, which is an error to tours.
            self.env["ir.asset"].create(
                {
                    "name": "A script that is missing",
                    "bundle": "web.assets_backend",
                    "directive": "remove",
                    "path": "spp_registry/static/src/import_records/import_records.js",
                }
            )

    def test_a_manager_ends_a_cycle_and_looks_at_an_exception(self):
        self._create_user("program_manager", "g2p_programs.g2p_program_manager")
        registrant = self._create_registrant("Household 2")
        cycle = self._create_cycle(name="March Allowance")
        self._create_entitlement(cycle, transactions=[("PURCHASE", 100)])
        over = self._create_entitlement(
            cycle, transactions=[("PURCHASE", 130)], partner_id=registrant.id
        )
        self.env.flush_all()
        action = self.env.ref("spp_auto_update_entitlements.action_expired_cycles")
        self.start_tour(
            f"/web#action={action.id}",
            "spp_auto_update_entitlements.end_cycle",
            login="program_manager",
        )
        self.env.invalidate_all()
        self.assertEqual(cycle.state, "ended")
        self.assertEqual(over.settlement_outcome, "over")
