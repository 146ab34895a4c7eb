from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged
from odoo.tools import SQL

from ..models.memberships import prepared_entitlements
from .common import TwoPersonsCase, days

IN_KIND = "g2p.entitlement.inkind"


@tagged("post_install", "-at_install")
class TestWithheldEntitlements(TwoPersonsCase):
    """A27: what was prepared for who is refused is not paid, and comes back with the verdict."""

    def _prepare(self, model="g2p.entitlement", **vals):
        if model == "g2p.entitlement":
            vals = {"initial_amount": 10, **vals}
        else:
            vals = {"uom_id": vals["product_id"].uom_id.id, "qty": 1, **vals}
            vals["product_id"] = vals["product_id"].id
        return self.env[model].create(
            {"partner_id": self.ben.id, "cycle_id": self.cycle.id, **vals}
        )

    def _prepare_later(self, *args, **vals):
        """Prepare one after a run withheld others, though in the same transaction."""
        entitlement = self._prepare(*args, **vals)
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "UPDATE %s SET create_date = %s WHERE id = %s",
                SQL.identifier(entitlement._table),
                fields.Datetime.add(fields.Datetime.now(), hours=1),
                entitlement.id,
            )
        )
        self.env.invalidate_all()
        return entitlement

    def test_a27_prepared_entitlements(self):
        currency = self.env.company.currency_id
        journal = self.env["account.journal"].create(
            {"name": "A27", "code": "A27", "type": "general", "currency_id": currency.id}
        )
        self.cycle.program_id.journal_id = journal
        entitlements = self.env["g2p.entitlement"].create(
            [
                {
                    "partner_id": person.id,
                    "cycle_id": self.cycle.id,
                    "initial_amount": 10,
                    "is_cash_entitlement": True,
                    "state": state,
                }
                for person, state in (
                    (self.ana, "pending_validation"),
                    (self.ben, "pending_validation"),
                    (self.ben, "draft"),
                )
            ]
        )
        of_ana, pending, draft = entitlements
        code = draft.code
        run = self._get_run(self.cycle.action_filter_beneficiaries_by_compliance_criteria())
        self.assertEqual((run.state, run.entitlement_count), ("waiting", 1))
        self.assertIn("and have prepared entitlements: 1.", run.brake_reason)
        run._decide_to_apply("As agreed")
        self.assertFalse(draft.exists())
        self.assertEqual((of_ana.state, pending.state), ("pending_validation", "cancelled"))
        self.assertEqual((run.deleted_entitlement_count, run.cancelled_entitlement_count), (1, 1))
        kept = self._get_withheld(run)
        self.assertEqual(kept.partner_id, self.ben)
        self.assertEqual(
            kept.sorted("entitlement_id").mapped(lambda row: (row.code, row.action, row.amount)),
            [(pending.code, "cancelled", 10), (code, "deleted", 10)],
        )
        self.assertEqual(set(kept.mapped("kind")), {"g2p.entitlement"})
        self.assertEqual(set(kept.mapped("unit")), {currency.name})
        self.assertIn(pending.id, kept.mapped("entitlement_id"))
        # An override, lifting it, taking the run back: as the membership goes, so they go.
        override = self._override(self.ben_in, "compliant")
        self.assertEqual((self.ben_in.state, pending.state), ("enrolled", "pending_validation"))
        self.assertFalse(override.withheld_ids)
        override._lift("As I say")
        self.assertEqual((self.ben_in.state, pending.state), ("non_compliant", "cancelled"))
        self.assertEqual(override.withheld_ids.mapped("code"), [pending.code])
        run._take_back("No")
        self.assertEqual((self.ben_in.state, pending.state), ("enrolled", "pending_validation"))
        # What somebody has changed since stays.
        run = self._run(self.cycle)
        self.assertEqual(pending.state, "cancelled")
        pending.state = "cancelled"
        run._take_back("No")
        self.assertEqual((self.ben_in.state, pending.state), ("enrolled", "cancelled"))

    def _get_withheld(self, run):
        action = run.action_open_withheld()
        return self.env[action["res_model"]].search(action["domain"])

    def test_a27_the_run_keeps_which_in_kind(self):
        product = self.env["product.product"].create({"name": "Rice"})
        first, second = (self._prepare(IN_KIND, product_id=product, qty=qty) for qty in (4, 7))
        drafts = first + second
        codes = drafts.mapped("code")
        run = self._run(self.cycle)
        product.name = "Wheat"
        self.assertFalse(drafts.exists())
        self.assertEqual(
            self._get_withheld(run)
            .sorted("entitlement_id")
            .mapped(
                lambda row: (row.kind, row.code, row.amount, row.unit, row.product, row.action)
            ),
            [
                (IN_KIND, code, qty, product.uom_id.name, "Rice", "deleted")
                for code, qty in zip(codes, (4, 7), strict=True)
            ],
        )
        self.assertEqual(run.withheld_count, 2)

    def test_a27_taking_back_what_enrolled_somebody_keeps_which_too(self):
        first = self._run(self.cycle)
        self.cycle.required_number_of_attendance = 1
        second = self._run(self.cycle)
        self.assertEqual(self.ben_in.state, "enrolled")
        draft = self._prepare()
        second._take_back("No")
        self.assertFalse(draft.exists())
        self.assertEqual((first.withheld_count, second.withheld_count), (0, 1))

    def test_a27_whoever_has_refused_them_before(self):
        """What is prepared for who is non-compliant already is not paid either."""
        pending = self._prepare(state="pending_validation")
        self.ben_in.state = "non_compliant"
        run = self._get_run(self.cycle.action_filter_beneficiaries_by_compliance_criteria())
        self.assertEqual((run.state, run.losing_count, run.entitlement_count), ("waiting", 0, 1))
        run._decide_to_apply("As agreed")
        self.assertEqual((pending.state, run.cancelled_entitlement_count), ("cancelled", 1))
        pending.state = "pending_validation"
        draft = pending.copy({"initial_amount": 1.125, "state": "draft"})
        override = self._override(self.ben_in, "non_compliant")
        self.assertEqual((self.ben_in.state, pending.state), ("non_compliant", "cancelled"))
        self.assertFalse(draft.exists())
        unit = self.env.company.currency_id.name
        self.assertEqual(
            override.withheld_ids.mapped(lambda row: (row.action, row.quantity)),
            [("cancelled", f"10 {unit}"), ("deleted", f"1.125 {unit}")],
        )

    def test_a27_what_was_cancelled_comes_back_to_whom_a_person_enrolled(self):
        pending = self._prepare(state="pending_validation")
        for way in (
            lambda run: run._take_back("No"),
            lambda run: self._override(self.ben_in, "compliant"),
            lambda run: self._run(self.cycle),
        ):
            if self.ben_in.attendance_override_id:
                self.ben_in.attendance_override_id._lift("As I say")
            self.server.people["BEN"] = days(11, 1)
            run = self._run(self.cycle)
            self.assertEqual((self.ben_in.state, pending.state), ("non_compliant", "cancelled"))
            self.ben_in.state = "enrolled"
            self.server.people["BEN"] = days(11, 1, 2)
            way(run)
            self.assertEqual((self.ben_in.state, pending.state), ("enrolled", "pending_validation"))

    def test_a27_who_got_another_one_since_gets_no_second(self):
        first = self._prepare(state="pending_validation")
        run = self._run(self.cycle)
        self.assertEqual(first.state, "cancelled")
        second = self._prepare_later(state="pending_validation")
        run._take_back("No")
        self.assertEqual((first.state, second.state), ("cancelled", "pending_validation"))
        # Cancelled one after another, one comes back.
        self._run(self.cycle)
        self.assertEqual((first.state, second.state), ("cancelled", "cancelled"))
        override = self._override(self.ben_in, "compliant")
        self.assertEqual((first.state, second.state), ("cancelled", "pending_validation"))
        # One that was rejected is none.
        override._lift("As I say")
        second.state = "rejected1"
        self._override(self.ben_in, "compliant")
        self.assertEqual((first.state, second.state), ("pending_validation", "rejected1"))

    def test_a27_of_each_product_one_is_given_back(self):
        rice, oil = self.env["product.product"].create([{"name": "Rice"}, {"name": "Oil"}])
        first = self._prepare(IN_KIND, product_id=rice, state="pending_validation")
        deleted = self._prepare(IN_KIND, product_id=oil)
        run = self._run(self.cycle)
        self.assertEqual((deleted.exists(), first.state), (deleted.browse(), "cancelled"))
        self.ben_in.state = "enrolled"
        self.assertIn("1 have no entitlement any more", self.cycle.attendance_to_do)
        again = self._prepare_later(IN_KIND, product_id=oil, state="pending_validation")
        self.assertFalse(self.cycle.attendance_to_do)
        run._take_back("No")
        self.assertEqual(set((first + again).mapped("state")), {"pending_validation"})

    def test_a27_two_items_of_one_product_are_two(self):
        """As the platform's module of programs in kind tells them apart."""
        model = type(self.env[IN_KIND])
        if "inkind_item_id" not in model._fields:
            self.env.cr.execute("ALTER TABLE g2p_entitlement_inkind ADD inkind_item_id integer")
        get_same_benefit = model._get_same_benefit

        def know_items(entitlements):
            with patch.object(model, "_fields", {**model._fields, "inkind_item_id": None}):
                return get_same_benefit(entitlements)

        rice = self.env["product.product"].create({"name": "Rice"})
        for items, given_back in (((1, 1), False), ((1, 2), True), ((1, None), True)):
            with self.subTest(items=items), patch.object(model, "_get_same_benefit", know_items):
                first = self._prepare(IN_KIND, product_id=rice, state="pending_validation")
                run = self._run(self.cycle)
                self.assertEqual(first.state, "cancelled")
                other = self._prepare_later(IN_KIND, product_id=rice, state="pending_validation")
                for entitlement, item in zip((first, other), items, strict=True):
                    self.env.cr.execute(
                        "UPDATE g2p_entitlement_inkind SET inkind_item_id = %s WHERE id = %s",
                        [item, entitlement.id],
                    )
                run._take_back("No")
                self.assertEqual(first.state == "pending_validation", given_back)
                (first + other).write({"state": "rejected1"})

    def test_a27_approved_ones_are_left_and_said(self):
        approved = self._prepare(state="approved")
        run = self._get_run(self.cycle.action_filter_beneficiaries_by_compliance_criteria())
        self.assertEqual(run.state, "waiting")
        self.assertIn("and have approved entitlements: 1.", run.brake_reason)
        run._decide_to_apply("As agreed")
        self.assertEqual((self.ben_in.state, approved.state), ("non_compliant", "approved"))
        # It is said once.
        run = self._get_run(self.cycle.action_filter_beneficiaries_by_compliance_criteria())
        self.assertEqual((run.state, run.brake_reason), ("done", ""))

    def test_a27_what_was_prepared_instead_counts_too(self):
        draft = self._prepare()
        self._run(self.cycle)._take_back("No")
        self.assertFalse(draft.exists())
        self.assertIn("1 have no entitlement any more", self.cycle.attendance_to_do)
        product = self.env["product.product"].create({"name": "Flour"})
        self._prepare_later(IN_KIND, product_id=product)
        self.assertFalse(self.cycle.attendance_to_do)

    def test_a27_a_deleted_draft_is_to_be_prepared_again(self):
        draft = self._prepare()
        run = self._run(self.cycle)
        self.assertFalse(draft.exists())
        run._take_back("No")
        self.assertIn("1 have no entitlement any more", self.cycle.attendance_to_do)
        self._prepare()
        self.cycle.invalidate_recordset()
        self.assertFalse(self.cycle.attendance_to_do)

    def test_dialogs_say_what_happens_to_entitlements(self):
        for name in ("spp.attendance.override", "spp.attendance.override.lift"):
            arch = " ".join(self.env[name].get_view(view_type="form")["arch"].split())
            for told in ("are deleted", "are cancelled", "are pending again"):
                self.assertIn(told, arch, name)

    def test_who_has_no_entitlement_is_looked_up_in_an_index(self):
        """Every form of a cycle counts them: it does not read all memberships for that."""
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        query = f"EXPLAIN {prepared_entitlements.WITHOUT_ENTITLEMENT}"
        self.env.cr.execute(query, [self.cycle.id])
        plan = "\n".join(row[0] for row in self.env.cr.fetchall())
        self.assertNotIn("Seq Scan", plan)
        # Which of the indexes it is depends on how many there are: none, here.
        self.env.cr.execute(
            "SELECT indexdef FROM pg_indexes"
            " WHERE indexname = 'spp_attendance_withheld_entitlement_deleted_index'"
        )
        self.assertRegex(self.env.cr.fetchone()[0], r"\(cycle_id\) WHERE .*action")
