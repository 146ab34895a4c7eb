from datetime import date
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.models import MAGIC_COLUMNS
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .test_access import MANAGER, READERS, REGISTRAR, RUNNERS, AccessCase

ADDON = "spp_cycle_attendance_compliance"
SAYS_STAYS = "stays as it is"


class WaiverCase(AccessCase):
    def setUp(self):
        super().setUp()
        self.program = self.cycle.program_id
        self.waivers = self.env["spp.attendance.waiver"]

    def _vals(self, **vals):
        return {
            "name": "Flood",
            "legal_basis": "Resolution 12/2026",
            "from_date": "2025-11-01",
            "to_date": "2025-11-09",
            "program_id": self.program.id,
            **vals,
        }

    def _waive(self, is_approved=True, **vals):
        waiver = self.waivers.create(self._vals(**vals))
        if is_approved:
            waiver.action_approve()
        return waiver

    def _revoke(self, waiver, reason="Wrong district"):
        action = waiver.action_revoke()
        wizard = waiver.env[action["res_model"]].with_context(**action["context"])
        wizard.create({"reason": reason}).action_confirm()

    def _get_in_force(self, first="2025-11-01", last="2025-11-30", cycle=None):
        first, last = date.fromisoformat(first), date.fromisoformat(last)
        return self.waivers._get_in_force(cycle or self.cycle, first, last)


@tagged("post_install", "-at_install")
class TestWaivers(WaiverCase):
    # Who may

    def test_who_may(self):
        waiver = self._waive(is_approved=False)
        self.env.invalidate_all()
        for group, user in self.users.items():
            own = waiver.with_user(user)
            with self.subTest(group):
                if group in READERS:
                    self.assertEqual(own.read(["name"])[0]["name"], "Flood")
                else:
                    with self.assertRaises(AccessError):
                        own.read(["name"])
                if group in RUNNERS:
                    made = own.create(self._vals(name="Storm"))
                    made.legal_basis = "Resolution 13/2026"
                    made.action_approve()
                    self._revoke(made)
                    own.create(self._vals()).unlink()
                    continue
                for way in (
                    lambda own=own: own.create(self._vals()),
                    lambda own=own: own.write({"name": "Storm"}),
                    own.unlink,
                    own.action_approve,
                    own.action_revoke,
                    lambda own=own: own._revoke("No"),
                ):
                    with self.assertRaises(AccessError):
                        way()
        self.assertRecordValues(waiver, [{"name": "Flood", "state": "draft"}])

    def test_readers_see_for_whom(self):
        """Areas too, which the platform shows to few."""
        area = self.env["spp.area"].create({"draft_name": "North"})
        waiver = self._waive(scope="areas", area_ids=[(6, 0, area.ids)])
        self.env.invalidate_all()
        for group in READERS:
            with self.subTest(group):
                own = waiver.with_user(self.users[group])
                self.assertEqual(own.area_ids.mapped("draft_name"), ["North"])

    def test_another_company_sees_none(self):
        company = self.env["res.company"].create({"name": "B"})
        other = self._waive(program_id=self._create_program(company_id=company.id).id)
        self.assertEqual(other.company_id, company)
        own = self._waive()
        manager = self.users[MANAGER]
        self.env.invalidate_all()
        self.assertEqual(self.waivers.with_user(manager).search([("name", "=", "Flood")]), own)
        for way in ("action_approve", "action_revoke"):
            with self.subTest(way), self.assertRaises(AccessError):
                getattr(other.with_user(manager), way)()
                self.env.flush_all()

    # Draft, approved, revoked

    def test_approved(self):
        waiver = self._waive(is_approved=False)
        self.assertFalse(self._get_in_force())
        waiver.with_user(self.users[MANAGER]).action_approve()
        self.assertEqual((waiver.state, waiver.approved_by_id), ("approved", self.users[MANAGER]))
        self.assertTrue(waiver.approved_at)
        self.assertEqual(self._get_in_force(), waiver)
        with self.assertRaisesRegex(UserError, "already"):
            waiver.action_approve()

    def test_revoked(self):
        waiver = self._waive()
        self._revoke(waiver.with_user(self.users[MANAGER]), "  Wrong district ")
        self.assertRecordValues(
            waiver,
            [
                {
                    "state": "revoked",
                    "revoked_by_id": self.users[MANAGER].id,
                    "revoked_reason": "Wrong district",
                    "approved_by_id": self.env.uid,
                }
            ],
        )
        self.assertTrue(waiver.revoked_at)
        self.assertFalse(self._get_in_force())
        for way in (waiver.action_approve, waiver.action_revoke):
            with self.assertRaises(UserError):
                way()

    def test_a_draft_is_not_revoked(self):
        waiver = self._waive(is_approved=False)
        with self.assertRaisesRegex(UserError, "approved"):
            waiver.action_revoke()

    def test_revoking_asks_why(self):
        waiver = self._waive()
        with self.assertRaisesRegex(UserError, "reason"):
            self._revoke(waiver, " \n")
        self.assertEqual(waiver.state, "approved")

    def test_what_was_approved_stays(self):
        """Each field that is neither the guard's nor the chatter's, whoever writes it."""
        approved, revoked = self._waive(), self._waive()
        self._revoke(revoked)
        guarded = self.waivers._get_attendance_guarded_fields()
        names = {
            name
            for name, field in self.waivers._fields.items()
            if field.store and ADDON in field._modules and name not in MAGIC_COLUMNS
        }
        self.assertLessEqual({"name", "document", "partner_ids", "cycle_id"}, names - guarded)
        for name in sorted(names - guarded):
            field = self.waivers._fields[name]
            value = [(5,)] if field.type == "many2many" else approved[name]
            for waiver in (approved, revoked):
                for own in (waiver, waiver.sudo(), waiver.with_user(self.users[MANAGER])):
                    with self.subTest(name), self.assertRaisesRegex(UserError, SAYS_STAYS):
                        own.write({name: value})
        for waiver in (approved, revoked):
            for own in (waiver, waiver.sudo(), waiver.with_user(self.users[MANAGER])):
                with self.assertRaisesRegex(UserError, SAYS_STAYS):
                    own.unlink()

    def test_an_approved_one_among_drafts(self):
        draft, approved = self._waive(is_approved=False), self._waive()
        with self.assertRaisesRegex(UserError, SAYS_STAYS):
            (draft + approved).write({"to_date": "2025-11-30"})

    def test_the_document_is_no_attachment_to_replace(self):
        waiver = self._waive(document="Rm9yZ2Vk", document_name="resolution.pdf")
        self.env.flush_all()
        files = [("res_model", "=", waiver._name), ("res_field", "!=", False)]
        self.assertFalse(self.env["ir.attachment"].search(files))
        self.assertEqual(waiver.with_user(self.users[MANAGER]).document, b"Rm9yZ2Vk")

    def test_people_can_talk_about_an_approved_one(self):
        waiver = self._waive().with_user(self.users[MANAGER])
        waiver.message_post(body="Paper copy in the archive")
        waiver.message_subscribe(self.users[MANAGER].partner_id.ids)
        self.assertIn("Paper copy", waiver.message_ids[0].body)

    def test_changes_of_a_draft_are_traced(self):
        traced = self.waivers.with_context(tracking_disable=False, mail_notrack=False)
        waiver = traced.create(self._vals())
        self.env.flush_all()
        self.cr.precommit.run()
        waiver.legal_basis = "Resolution 13/2026"
        self.env.flush_all()
        self.cr.precommit.run()
        traced = waiver.message_ids.sudo().tracking_value_ids
        self.assertEqual(traced.mapped("new_value_char"), ["Resolution 13/2026"])

    def test_a_copy_is_a_draft(self):
        waiver = self._waive()
        self._revoke(waiver)
        copied = waiver.copy()
        self.assertRecordValues(
            copied,
            [
                {
                    "name": "Flood",
                    "state": "draft",
                    "approved_by_id": False,
                    "approved_at": False,
                    "revoked_by_id": False,
                    "revoked_at": False,
                    "revoked_reason": False,
                }
            ],
        )

    # What may be entered

    def test_bad_input(self):
        another = self._create_cycle()
        contact = self.env["res.partner"].create({"name": "Shop"})
        for says, vals in (
            ("must not be before", {"to_date": "2025-10-31"}),
            ("Correct the first day", {"from_date": "1899-12-31"}),
            ("Correct the first day", {"from_date": "0003-11-01"}),
            ("reason and the legal basis", {"name": "  "}),
            ("reason and the legal basis", {"legal_basis": "  "}),
            ("is no cycle of", {"cycle_id": another.id}),
            ("for whom", {"scope": "partners"}),
            ("for whom", {"scope": "areas"}),
            ("for whom", {"scope": "locations"}),
            ("is no registrant", {"scope": "partners", "partner_ids": [(6, 0, contact.ids)]}),
        ):
            with self.subTest(str(vals)), self.assertRaisesRegex(ValidationError, says):
                self.waivers.create(self._vals(**vals))
        self.assertTrue(self.waivers.create(self._vals(from_date="1900-01-01")))
        self.assertTrue(self.waivers.create(self._vals(to_date="2025-11-01")))

    def test_what_is_missing(self):
        waiver = self._waive(is_approved=False)
        for name in ("name", "legal_basis", "from_date", "to_date", "program_id"):
            refusal = ValidationError if name in ("name", "legal_basis") else IntegrityError
            for way, expected, vals in (
                (self.waivers.create, IntegrityError, {**self._vals(), name: False}),
                (waiver.write, refusal, {name: False}),
            ):
                with (
                    self.subTest(name),
                    mute_logger("odoo.sql_db"),
                    self.assertRaises(expected),
                    self.cr.savepoint(),
                ):
                    way(vals)
                    self.env.flush_all()

    def test_whom(self):
        location = self.env["spp.res.config.attendance.location"].create({"name": "Here"})
        area = self.env["spp.area"].create({"draft_name": "North"})
        everything = {
            "partner_ids": [(6, 0, self.person.ids)],
            "area_ids": [(6, 0, area.ids)],
            "location_ids": [(6, 0, location.ids)],
        }
        chosen = {"partners": "partner_ids", "areas": "area_ids", "locations": "location_ids"}
        for scope in ("everybody", *chosen):
            made = self._waive(is_approved=False, scope=scope, **everything)
            changed = self._waive(is_approved=False)
            changed.write({"scope": scope, **everything})
            for waiver in (made, changed):
                with self.subTest(scope):
                    kept = {name for name in everything if waiver[name]}
                    self.assertEqual(kept, {chosen[scope]} if scope in chosen else set())
        waiver = self._waive(False, scope="partners", partner_ids=everything["partner_ids"])
        waiver.scope = "everybody"
        self.assertFalse(waiver.partner_ids)
        waiver.partner_ids = self.person
        self.assertFalse(waiver.partner_ids)

    def test_archived_ones_are_meant_too(self):
        location = self.env["spp.res.config.attendance.location"].create({"name": "Here"})
        at_location = self._waive(scope="locations", location_ids=[(6, 0, location.ids)])
        of_person = self._waive(scope="partners", partner_ids=[(6, 0, self.person.ids)])
        location.active = False
        self.person.active = False
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(at_location.location_ids, location)
        self.assertEqual(of_person.partner_ids, self.person)

    def test_who_is_named_is_not_deleted(self):
        location = self.env["spp.res.config.attendance.location"].create({"name": "Here"})
        area = self.env["spp.area"].create({"draft_name": "North"})
        named = self._create_person(name="Named")
        self._waive(scope="locations", location_ids=[(6, 0, location.ids)])
        self._waive(scope="areas", area_ids=[(6, 0, area.ids)])
        self._waive(scope="partners", partner_ids=[(6, 0, named.ids)])
        self.env.flush_all()
        for record in (location, area, named):
            with (
                self.subTest(record._name),
                mute_logger("odoo.sql_db"),
                self.assertRaises(IntegrityError),
                self.cr.savepoint(),
            ):
                record.unlink()
                self.env.flush_all()

    def test_merged_persons(self):
        first, second, kept = (self._create_person(name=name) for name in ("A", "B", "C"))
        two = self._waive(scope="partners", partner_ids=[(6, 0, (first + second).ids)])
        three = self._waive(scope="partners", partner_ids=[(6, 0, (first + second + kept).ids)])
        other = self._waive(scope="partners", partner_ids=[(6, 0, (first + self.person).ids)])
        self.env["base.partner.merge.automatic.wizard"]._merge(
            (first + second + kept).ids, kept, extra_checks=False
        )
        self.env.invalidate_all()
        self.assertFalse((first + second).exists())
        self.assertEqual(two.partner_ids, kept)
        self.assertEqual(three.partner_ids, kept)
        self.assertEqual(other.partner_ids, kept + self.person)

    def test_areas_absent(self):
        area = self.env["spp.area"].create({"draft_name": "North"})
        self.assertIn("areas", self._get_offered_scopes())
        self.assertTrue(self._waive(is_approved=False).has_areas)
        with patch.object(type(self.waivers), "_has_areas", lambda self: False):
            self.env.invalidate_all()
            self.assertNotIn("areas", self._get_offered_scopes())
            self.assertFalse(self._waive(is_approved=False).has_areas)
            with self.assertRaisesRegex(ValidationError, "no area"):
                self._waive(scope="areas", area_ids=[(6, 0, area.ids)])

    def _get_offered_scopes(self):
        return dict(self.waivers.fields_get(["scope"])["scope"]["selection"])

    def test_areas_that_lie_in_an_area(self):
        areas = self.env["spp.area"]
        province, elsewhere = areas.create([{"draft_name": name} for name in ("North", "South")])
        inside = areas.create({"draft_name": "Municipality", "parent_id": province.id})
        waiver = self._waive(scope="areas", area_ids=[(6, 0, province.ids)])
        self.assertEqual(waiver._get_areas(), province + inside)
        self.assertFalse(waiver._get_areas() & elsewhere)
        self.assertFalse(self._waive()._get_areas())

    # For runs

    def test_in_force(self):
        overlapping = {
            ("2025-10-01", "2025-11-01"): True,
            ("2025-11-30", "2025-12-31"): True,
            ("2025-11-10", "2025-11-10"): True,
            ("2025-01-01", "2025-12-31"): True,
            ("2025-10-01", "2025-10-31"): False,
            ("2025-12-01", "2025-12-01"): False,
        }
        for (first, last), is_in_force in overlapping.items():
            with self.subTest(first=first, last=last):
                waiver = self._waive(from_date=first, to_date=last)
                self.assertEqual(waiver in self._get_in_force(), is_in_force)

    def test_in_force_of_which_cycle(self):
        another = self._create_cycle(self.program)
        of_cycle = self._waive(cycle_id=self.cycle.id)
        self._waive(cycle_id=another.id)
        of_all = self._waive()
        self._waive(program_id=self._create_program().id)
        self._waive(is_approved=False)
        self.assertEqual(self._get_in_force(), of_cycle + of_all)

    def test_in_force_in_order_and_as_superuser(self):
        later, earlier = self._waive(from_date="2025-11-05"), self._waive()
        same_day = self._waive()
        manager = self.users[MANAGER]
        registrar = self.users[REGISTRAR]
        for user in (manager, registrar):
            found = self.waivers.with_user(user)._get_in_force(
                self.cycle.with_user(user), date(2025, 11, 1), date(2025, 11, 30)
            )
            self.assertEqual(found.ids, (earlier + same_day + later).ids)
            self.assertTrue(found.env.su)

    def test_reason(self):
        waiver = self._waive()
        self.assertRegex(waiver._get_reason(), r"^Flood, Nov 1\W+9, 2025$")
        self.assertEqual(waiver.display_name, waiver._get_reason())
        one_day = self._waive(to_date="2025-11-01")
        self.assertEqual(one_day._get_reason(), "Flood, Nov 1, 2025")
        self.env["res.lang"]._activate_lang("fr_FR")
        french = waiver.with_context(lang="fr_FR")
        self.assertRegex(french._get_reason(), r"^Flood, 1\W+9 nov\. 2025$")
        self.assertEqual(french.display_name, french._get_reason())

    # Screens

    def test_form(self):
        manager = self.users[MANAGER]
        form = Form(self.waivers.with_user(manager))
        form.name, form.legal_basis = "Flood", "Resolution 12/2026"
        form.from_date, form.to_date = "2025-11-01", "2025-11-09"
        form.program_id = self.program.with_user(manager)
        form.cycle_id = self.cycle.with_user(manager)
        form.program_id = self._create_program().with_user(manager)
        self.assertFalse(form.cycle_id)
        form.scope = "partners"
        with self.assertRaisesRegex(ValidationError, "for whom"):
            form.save()
        form.partner_ids.add(self.person.with_user(manager))
        self.assertEqual(form.save().partner_ids, self.person)

    def test_views_load(self):
        waivers = self.waivers.with_user(self.users[MANAGER])
        kinds = [(False, "calendar"), (False, "form"), (False, "search")]
        views = waivers.get_views(kinds)["views"]
        self.assertEqual(set(views), {"calendar", "form", "search"})
        for name in ('date_start="from_date"', 'date_stop="to_date"', 'color="program_id"'):
            self.assertIn(name, views["calendar"]["arch"])

    def test_opened_from_the_cycle(self):
        manager = self.users[MANAGER]
        draft, approved = self._waive(is_approved=False), self._waive(cycle_id=self.cycle.id)
        before = self._waive(from_date="2025-10-01", to_date="2025-10-31")
        another = self._waive(cycle_id=self._create_cycle(self.program).id)
        elsewhere = self._waive(program_id=self._create_program().id)
        action = self.cycle.with_user(manager).action_open_attendance_waivers()
        self.assertEqual(action["res_model"], self.waivers._name)
        found = self.waivers.with_user(manager).search(action["domain"])
        self.assertEqual(found, approved + draft)
        self.assertFalse(found & (before + another + elsewhere))
        made = self.waivers.with_context(**action["context"]).new({})
        self.assertEqual(made.program_id._origin, self.program)
        self.cycle.write({"from_date": False})
        with self.assertRaisesRegex(UserError, "one of the two is missing"):
            self.cycle.action_open_attendance_waivers()
