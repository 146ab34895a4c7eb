from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import Form, tagged

from ..models import cycle_end
from .common import SettlementCase


@tagged("post_install", "-at_install")
class TestDesk(SettlementCase):
    """What people look at every day: the cycle's figures, the overview, the page of a family."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls._create_user("desk_manager", "g2p_programs.g2p_program_manager")
        cls.finance = cls._create_user("desk_finance", "g2p_programs.g2p_finance_validator")
        cls.cycle = cls._create_cycle()

    def _get_figures(self, cycle):
        return {
            row.kind: (
                row.entitlement_count,
                row.allocated,
                row.redeemed,
                row.balance,
                row.redeemed_share,
            )
            for row in cycle.redemption_ids
        }

    # Figures of a cycle

    def test_figures_are_of_what_is_payable(self):
        self._create_entitlement(self.cycle, transactions=[("PURCHASE", 75)])
        self._create_entitlement(self.cycle)
        self._create_entitlement(self.cycle, state="cancelled")
        self._create_inkind(self.cycle, transactions=[("PURCHASE", 12)])
        self.assertFalse(self.cycle.redemption_ids)
        self.cycle.mark_ended()
        self.assertEqual(
            self._get_figures(self.cycle),
            {"cash": (2, 200, 75, 125, 37.5), "inkind": (1, 10, 12, -2, 120)},
        )
        name = self.currency.name
        summary = f"75.00 {name} of 200.00 {name} redeemed (38 %), 125.00 {name} left"
        self.assertEqual(self.cycle.redemption_ids[0].summary, summary)
        self.assertIn(
            f"200.00 {name} granted, 75.00 {name} redeemed (38 %), 125.00 {name} left",
            self.cycle.settlement_ids.money_totals,
        )
        # The page says of what, as the report does, and its table takes whole percents, too.
        arch = self.cycle.settlement_ids.get_view(False, "form")["arch"]
        self.assertIn("In all, of what is payable or redeemed:", arch)
        self.assertIn('widget="percentage" digits="[16, 0]"', arch)

    def test_totals_of_earlier_versions_are_found_by_their_lines(self):
        """What is not payable was not told apart then; the lines say what it was."""
        names = ("unpayable_count", "unpayable_allocated", "unpayable_redeemed")
        for state in ("approved", "cancelled", "cancelled"):
            for moved in ([("REFUND", 5)], [("PURCHASE", 9), ("REFUND", 5)], [("VOID", 5)]):
                self._create_entitlement(self.cycle, state=state, transactions=moved)
            self._create_inkind(self.cycle, state=state, transactions=[("VOID", 1)])
        self.cycle.mark_ended()
        settlement = self.cycle.settlement_ids
        found = settlement.total_ids.filtered(lambda total: total.unpayable_count)
        self.assertEqual(set(found.mapped("outcome")), {"unreadable", "over_voided"})
        right, sentences = found.read(names), settlement._get_money_totals()
        self.env.cr.execute(
            "UPDATE spp_cycle_settlement_total SET unpayable_count = NULL,"
            " unpayable_allocated = NULL, unpayable_redeemed = NULL WHERE settlement_id = %s",
            [settlement.id],
        )
        self.env.invalidate_all()
        self.assertNotEqual(settlement._get_money_totals(), sentences)
        # Of which a line is missing, nobody can tell.
        broken = found.filtered(lambda total: total.kind == "inkind")
        lines = settlement.line_ids.filtered("inkind_entitlement_id")
        lines[0].flush_recordset()
        self.env.cr.execute(
            "UPDATE spp_cycle_settlement_line SET outcome = 'over' WHERE id = %s", [lines[0].id]
        )
        settlement.total_ids._find_unpayable()
        told = [vals for vals in right if vals["id"] not in broken.ids]
        self.assertEqual((found - broken).read(names), told)
        self.assertFalse(broken.unpayable_count)
        self.env.cr.execute(
            "UPDATE spp_cycle_settlement_line SET outcome = 'over_voided' WHERE id = %s",
            [lines[0].id],
        )
        settlement.total_ids._find_unpayable()
        self.assertEqual(found.read(names), right)
        self.assertEqual(settlement._get_money_totals(), sentences)

    def test_the_report_has_the_figures_of_the_cycle(self):
        self._create_entitlement(self.cycle, transactions=[("PURCHASE", 75)])
        for state in ("approved", "cancelled"):
            for transactions in ([("REFUND", 5)], [("VOID", 5)], [("PURCHASE", 5)]):
                self._create_entitlement(self.cycle, state=state, transactions=transactions)
        self._create_inkind(self.cycle, state="cancelled", transactions=[("VOID", 1)])
        preview = self.cycle._preview_settlement().money_totals
        self.cycle.mark_ended()
        self.assertEqual(self._get_figures(self.cycle), {"cash": (4, 400, 75, 325, 18.8)})
        name = self.currency.name
        totals = f"400.00 {name} granted, 75.00 {name} redeemed (19 %), 325.00 {name} left"
        self.assertEqual(self.cycle.settlement_ids.money_totals, totals)
        self.assertEqual(preview, totals)

    def test_the_report_adds_batches_up(self):
        for state in ("approved", "cancelled", "cancelled"):
            self._create_entitlement(self.cycle, state=state, transactions=[("REFUND", 5)])
        with patch.object(cycle_end, "BATCH_SIZE", 1):
            self.cycle.mark_ended()
        self.assertEqual(self.cycle.settlement_ids.total_ids.count, 3)
        self.assertIn("100.00 ", self.cycle.settlement_ids.money_totals.partition(" granted")[0])

    def test_figures_follow_corrections(self):
        entitlement = self._create_entitlement(self.cycle, transactions=[("PURCHASE", 40)])
        self._create_entitlement(self.cycle, transactions=[("PURCHASE", 100)])
        self.cycle.mark_ended()
        self._create_transaction(entitlement, "PURCHASE", 60)
        self.cycle._settle_by_cron()
        self.assertEqual(len(self.cycle.settlement_ids), 2)
        self.assertEqual(self._get_figures(self.cycle), {"cash": (2, 200, 200, 0, 100)})

    def test_each_currency_has_its_figures(self):
        other = self.env["res.currency"].create({"name": "XQQ", "symbol": "Q"})
        journal = self.env["account.journal"].create(
            {"name": "Q", "code": "QQQ", "type": "bank", "currency_id": other.id}
        )
        self._create_entitlement(self.cycle, transactions=[("PURCHASE", 50)])
        in_other = self._create_entitlement(self.cycle, amount=30)
        in_other.journal_id = journal  # such as of a program that got another one
        self.cycle.mark_ended()
        self.assertEqual(
            {
                row.currency_id.name: (row.allocated, row.redeemed)
                for row in self.cycle.redemption_ids
            },
            {self.currency.name: (100, 50), "XQQ": (30, 0)},
        )

    def test_figures_open_their_entitlements(self):
        payable = self._create_entitlement(self.cycle, transactions=[("PURCHASE", 130)])
        self._create_entitlement(self.cycle, state="cancelled")
        self.cycle.mark_ended()
        action = self.cycle.redemption_ids.with_user(self.finance).action_open_entitlements()
        self.assertEqual(self.env[action["res_model"]].search(action["domain"]), payable)
        self.assertEqual(self.cycle.open_line_count, 1)
        action = self.cycle.with_user(self.manager).action_open_lines()
        lines = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(lines.entitlement_id, payable)

    # The next step

    def _get_cron(self):
        return self.env.ref("spp_auto_update_entitlements.cron_settle_cycles")

    def test_the_next_step_says_what_happens(self):
        self._get_cron().nextcall = fields.Datetime.to_datetime("2031-05-06 01:00:00")
        over = self._create_entitlement(self.cycle, transactions=[("PURCHASE", 130)]).cycle_id
        self.assertIn("05/06/2031", over.next_step)
        self.assertIn("settles and ends it", over.next_step)
        self.assertIn(f"Over since {self.today:%m/%d/%Y}", over.next_step)
        later = self._create_cycle(ended_days_ago=-10)
        first = self.today + timedelta(days=11)
        self.assertIn(f"from {first:%m/%d/%Y} on", later.next_step)
        self.assertIn("never approved", self._create_cycle(state="draft").next_step)
        self.assertFalse(self._create_cycle(state="draft", ended_days_ago=-1).next_step)
        self.assertFalse(self._create_cycle(state="cancelled").next_step)

    def test_the_next_step_after_the_settlement(self):
        self._create_entitlement(self.cycle, transactions=[("PURCHASE", 130)])
        self.cycle.with_user(self.manager).mark_ended()
        self.assertIn("open lines", self.cycle.next_step)
        self.assertIn(self.manager.name, self.cycle.settled_by)
        self.cycle.settlement_ids.line_ids._clear("The shop paid it back.")
        self.env.invalidate_all()
        self.assertIn("Nothing is left", self.cycle.next_step)
        self._create_transaction(self.cycle.entitlement_ids, "VOID", 10)
        self.env.invalidate_all()
        self.assertIn("Something changed", self.cycle.next_step)

    def test_a_pause_and_a_switched_off_run_are_told(self):
        self._create_entitlement(self.cycle)
        self._get_cron().active = False
        self.assertIn("switched off", self.cycle.next_step)
        settings = self.env["res.config.settings"].create({})
        self.assertIn("Switched off", settings.settlement_next_run)
        self._get_cron().active = True
        self.env.company.is_settlement_paused = True
        self.env.invalidate_all()
        self.assertIn("paused", settings.settlement_next_run)
        self.cycle._get_company().is_settlement_paused = True
        self.assertIn("paused", self.cycle.next_step)

    def test_no_night_is_promised_that_does_not_come(self):
        later = self._create_cycle(ended_days_ago=-10)
        cycles = later | self.cycle
        company = self.cycle._get_company()
        company.settlement_grace_days = 5
        self.assertEqual(cycles.mapped("nightly_plan"), ["not_over", "grace"])
        for cycle in cycles:
            self.assertIn("in the first night", cycle.next_step)
        self.assertIn(f"Over since {self.today:%m/%d/%Y}", self.cycle.next_step)
        company.is_settlement_paused = True
        self.env.invalidate_all()
        for cycle in cycles:
            self.assertIn("paused", cycle.next_step)
        company.is_settlement_paused = False
        self._get_cron().active = False
        self.env.invalidate_all()
        for cycle in cycles:
            self.assertIn("switched off", cycle.next_step)

    # The overview

    def test_the_overview_has_what_is_settled_and_what_is_open(self):
        settled = self._create_cycle()
        self._create_entitlement(settled, transactions=[("PURCHASE", 130)])
        self._create_inkind(settled, transactions=[("PURCHASE", 13)])
        self._create_entitlement(self.cycle)
        settled.mark_ended()
        cancelled = self._create_cycle(state="cancelled")
        self.env.flush_all()
        overview = self.env["spp.settlement.overview"].with_user(self.finance)
        cycles = settled | self.cycle | cancelled
        rows = overview.search([("cycle_id", "in", cycles.ids)])
        self.assertEqual(rows.cycle_id, settled | self.cycle)
        self.assertEqual(len(rows), 3)
        self.assertEqual(sum(rows.mapped("open_line_count")), 2)
        self.assertEqual(sorted(rows.mapped("redeemed_share")), [0, 130, 130])
        overdue = rows.filtered_domain([("days_overdue", ">", 0)])
        self.assertEqual(overdue.cycle_id, self.cycle)
        found = rows.search([("cycle_id", "in", cycles.ids), ("is_overdue", "=", True)])
        self.assertEqual(found, overdue)
        found = rows.search([("cycle_id", "in", cycles.ids), ("is_overdue", "=", False)])
        self.assertEqual(found, rows - overdue)

    # Beneficiaries

    def _create_person_in_household(self):
        household = self._create_registrant("Household of Rosa", is_group=True)
        person = self._create_registrant("Rosa")
        self.env["g2p.group.membership"].create({"group": household.id, "individual": person.id})
        id_type = self.env["g2p.id.type"].create({"name": "Ration Card"})
        self.env["g2p.reg.id"].create(
            {"partner_id": person.id, "id_type": id_type.id, "value": "RC-4711"}
        )
        return person

    def test_a_beneficiary_is_found_by_id(self):
        person = self._create_person_in_household()
        cash = self._create_entitlement(self.cycle, partner_id=person.id)
        inkind = self._create_inkind(self.cycle, partner_id=person.id)
        for entitlement in (cash, inkind):
            listed = entitlement.with_user(self.manager)
            self.assertEqual(listed.registrant_code, "RC-4711")
            self.assertEqual(listed.household_name, "Household of Rosa")
            self.assertEqual(listed.search([("registrant_code", "=", "RC-4711")]), entitlement)
            self.assertFalse(listed.search([("registrant_code", "=", "RC-471")]))

    def test_an_invalid_id_is_not_shown_or_found(self):
        person = self._create_person_in_household()
        other = self.env["g2p.id.type"].create({"name": "Passport"})
        self.env["g2p.reg.id"].create(
            {"partner_id": person.id, "id_type": other.id, "value": "P-1", "status": "invalid"}
        )
        entitlement = self._create_entitlement(self.cycle, partner_id=person.id)
        listed = entitlement.with_user(self.manager)
        self.assertEqual(listed.registrant_code, "RC-4711")
        self.assertFalse(listed.search([("registrant_code", "=", "P-1")]))
        person.reg_ids.status = "valid"
        self.env.invalidate_all()
        self.assertEqual(set(listed.registrant_code.split(", ")), {"P-1", "RC-4711"})
        self.assertEqual(listed.search([("registrant_code", "=", "P-1")]), entitlement)

    def test_a_household_that_was_left_is_not_named(self):
        person = self._create_person_in_household()
        entitlement = self._create_entitlement(self.cycle, partner_id=person.id)
        now = fields.Datetime.now()
        person.individual_membership_ids.start_date = now - timedelta(days=2)
        for days, named in ((1, "Household of Rosa"), (-1, "")):
            person.individual_membership_ids.ended_date = now + timedelta(days=days)
            entitlement.invalidate_recordset()
            self.assertEqual(entitlement.household_name or "", named)

    def test_an_id_is_for_those_who_may_read_the_registry(self):
        person = self._create_person_in_household()
        entitlement = self._create_entitlement(self.cycle, partner_id=person.id)
        listed = entitlement.with_user(self.finance)
        self.assertFalse(listed.registrant_code)
        self.assertFalse(listed.search([("registrant_code", "=", "RC-4711")]))
        self.assertEqual(listed.household_name, "Household of Rosa")

    def test_a_family_over_all_cycles(self):
        earlier = self._create_cycle(ended_days_ago=60)
        self._create_entitlement(earlier, transactions=[("PURCHASE", 130)])
        inkind = self._create_inkind(self.cycle, transactions=[("PURCHASE", 4)])
        self._create_entitlement(self.cycle, partner_id=self._create_registrant("Other").id)
        earlier.mark_ended()
        self.cycle.mark_ended()
        self.env.flush_all()
        action = inkind.with_user(self.finance).action_open_registrant_redemption()
        rows = self.env[action["res_model"]].with_user(self.finance).search(action["domain"])
        self.assertEqual(rows, self.registrant.redemption_ids)
        name, unit = self.currency.name, self.product.uom_id.name
        self.assertEqual(
            [(row.cycle_id, row.allocated_shown, row.redeemed_shown, row.state) for row in rows],
            [
                (self.cycle, f"10 {unit}", f"4 {unit}", "parrdpd2ben"),
                (earlier, f"100.00 {name}", f"130.00 {name}", "rdpd2ben"),
            ],
        )
        self.assertEqual(rows.mapped("problem"), [False, "Over-redeemed"])
        self.assertEqual(rows[0].action_open_entitlement()["res_id"], inkind.id)
        self.assertEqual(rows[1].action_open_line()["res_id"], rows[1].line_id.id)

    def test_the_page_of_a_registrant_has_the_tab(self):
        self._create_entitlement(self.cycle)
        self.env.flush_all()
        for view, registrant in (
            ("g2p_registry_individual.view_individuals_form", self.registrant),
            (
                "g2p_registry_group.view_groups_form",
                self._create_registrant("Household of Rosa", is_group=True),
            ),
        ):
            manager = registrant.with_user(self.manager)
            self.assertEqual(manager.get_formview_id(), self.env.ref(view).id)
            arch = manager.get_view(self.env.ref(view).id, "form")["arch"]
            self.assertIn('name="redemption_ids"', arch)
            Form(registrant, view)
        contact = self.env["res.partner"].create({"name": "A shop"})
        self.assertNotEqual(
            contact.with_user(self.manager).get_formview_id(),
            self.env.ref("g2p_registry_individual.view_individuals_form").id,
        )

    def test_the_tab_says_in_which_cycles_nothing_is_granted(self):
        """Of memberships that get nothing, if there is nothing."""
        memberships = self.env["g2p.cycle.membership"]
        label = dict(memberships._fields["state"]._description_selection(self.env))["paused"]
        cycles = {
            name: self._create_cycle(state=state, name=name)
            for name, state in (
                ("Enrolled", "ended"),
                ("Paused", "draft"),
                ("Cancelled", "cancelled"),
                ("Granted", "approved"),
                ("In kind", "approved"),
            )
        }
        other = self._create_registrant("Other")
        enrolled = dict(memberships._fields["state"]._description_selection(self.env))["enrolled"]
        for name, cycle in cycles.items():
            state = "enrolled" if name == "Enrolled" else "paused"
            memberships.create(
                {"cycle_id": cycle.id, "partner_id": self.registrant.id, "state": state}
            )
            memberships.create({"cycle_id": cycle.id, "partner_id": other.id, "state": "enrolled"})
        self._create_entitlement(cycles["Granted"])
        # What is not granted any more is nothing.
        for state in ("cancelled", "rejected1", "rejected2", "rejected3"):
            self._create_entitlement(cycles["Paused"], state=state)
        self._create_inkind(cycles["Paused"], state="cancelled")
        self._create_inkind(cycles["In kind"])
        expected = (
            f"{self.program.name}, Paused: nothing is granted, since the membership is “{label}”."
        )
        unprepared = f"the membership is “{enrolled}”, but no entitlement was prepared."
        finance = self.registrant.with_user(self.finance)
        told = (finance + other.with_user(self.finance)).mapped("cycles_without_entitlement")
        self.assertEqual(
            [set(each.splitlines()) for each in told],
            [
                {expected, f"{self.program.name}, Enrolled: {unprepared}"},
                {
                    f"{self.program.name}, {name}: {unprepared}"
                    for name in ("Enrolled", "Granted", "In kind")
                },
            ],
        )
        # What was prepared and cancelled is in the list.
        self._create_entitlement(cycles["Enrolled"], state="cancelled")
        self.env.invalidate_all()
        self.assertEqual(finance.cycles_without_entitlement, expected)
        company = self.env["res.company"].create({"name": "Another one"})
        cycles["Paused"].company_id = company
        self.env.invalidate_all()
        self.assertFalse(finance.cycles_without_entitlement)
        for view in ("individual.view_individuals_form", "group.view_groups_form"):
            view = self.env.ref(f"g2p_registry_{view}")
            arch = self.registrant.with_user(self.manager).get_view(view.id, "form")["arch"]
            self.assertIn('name="cycles_without_entitlement"', arch)

    def test_a_draft_gets_nothing_once_its_cycle_is_over(self):
        memberships = self.env["g2p.cycle.membership"]
        label = dict(memberships._fields["state"]._description_selection(self.env))["draft"]
        for name, state, days_ago in (
            ("Running", "draft", 0),
            ("Over", "draft", 1),
            ("Ended", "ended", -5),
        ):
            cycle = self._create_cycle(state=state, ended_days_ago=days_ago, name=name)
            memberships.create(
                {"cycle_id": cycle.id, "partner_id": self.registrant.id, "state": "draft"}
            )
        told = self.registrant.cycles_without_entitlement.splitlines()
        self.assertEqual(
            [line.partition(": ")[0] for line in told],
            [f"{self.program.name}, Ended", f"{self.program.name}, Over"],
        )
        self.assertIn(f"“{label}”", told[0])

    # The turn of the night

    def test_where_a_turn_stopped_is_kept_for_the_next(self):
        turn = self.env["spp.settlement.turn"]
        self.assertEqual(turn._get_unseen(["cash"]), {"cash": 0})
        turn._keep_unseen({"cash": 7})
        self.assertEqual(turn._get_unseen(["cash", "inkind"]), {"cash": 7})
        turn._keep_unseen({})
        self.assertEqual(turn._get_unseen(["cash"]), {})
        turn._keep_unseen(None)
        self.assertEqual(turn._get_unseen(["cash"]), {"cash": 0})

    def test_the_turn_of_another_day_is_forgotten(self):
        turn = self.env["spp.settlement.turn"]
        turn._keep_unseen({"cash": 7})
        turn._as_writer().search([]).day = fields.Date.today() - timedelta(days=1)
        self.assertEqual(turn._get_unseen(["cash"]), {"cash": 0})
