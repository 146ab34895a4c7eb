from unittest.mock import patch

from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from ..models.sources.secrets import find_secret
from .attendance_faults import Fault
from .attendance_server import AttendanceServer
from .common import AttendanceCase, days

TYPE = "spp.res.config.attendance.type"
LOCATION = "spp.res.config.attendance.location"


@tagged("post_install", "-at_install")
class TestConnect(AttendanceCase):
    def setUp(self):
        super().setUp()
        self.admin = self._create_user("registry_admin", "g2p_registry_base.group_g2p_admin")
        self.wizards = self.env["spp.connect.attendance"].with_user(self.admin)
        self.wizards = self.wizards.with_context(default_source_id=self.source.id)

    def _get_secret(self):
        return find_secret(self.env.cr, self.source.id, self.source.url)

    def _get_steps(self, wizard):
        wizard.action_test()
        return [(step.name, step.state, step.message) for step in wizard.step_ids]

    def test_it_shows_the_settings_but_the_secret(self):
        wizard = self.wizards.create({})
        self.assertRecordValues(
            wizard,
            [
                {
                    "url": self.server.url,
                    "client_id": "client",
                    "client_secret": False,
                    "secret_note": "A secret is kept. Leave the field empty to keep it.",
                    "auth_endpoint": "/auth/token",
                    "attendance_endpoint": "/attendances",
                    "type_endpoint": "/attendance/types",
                    "location_endpoint": "/attendance/locations",
                    "persons_per_request": 500,
                    "allow_http": False,
                    "id_type_id": self.id_type.id,
                }
            ],
        )

    def test_the_secret_is_write_only(self):
        self.server.client = ("client", "typed")
        wizard = self.wizards.create({"client_secret": "typed"})
        self.assertEqual(self._get_secret(), "secret", "not saved yet")
        self.assertNotIn("typed", str(wizard.read()))
        self.assertNotIn("new_client_secret", wizard.fields_get())
        wizard.action_save()
        self.assertEqual(self._get_secret(), "typed")
        self.assertFalse(wizard.sudo().new_client_secret)
        self.server.client = ("other", "typed")
        self.wizards.create({"client_id": "other"}).action_save()
        self.assertEqual(self._get_secret(), "typed", "left empty it stays")
        self.assertEqual(self.source.client_id, "other")

    def test_test_connection(self):
        self.server.people["NID1"] = []
        before = self._snapshot()
        wizard = self.wizards.create({"sample_person": "NID1"})
        steps = self._get_steps(wizard)
        self.assertEqual(
            [step[:2] for step in steps],
            [
                ("Settings", "ok"),
                ("Token", "ok"),
                ("Types", "ok"),
                ("Locations", "ok"),
                ("Sample person", "ok"),
            ],
        )
        self.assertIn("Training Session", steps[2][2])
        self.assertEqual(steps[4][2], "Known, with 0 attendances in the last 365 days.")
        wizard.sample_person = "NID2"
        sample = self._get_steps(wizard)[4]
        self.assertEqual(sample[1], "warning")
        self.assertIn("Unknown", sample[2])
        self.assertEqual(self._snapshot(), before, "nothing changed")

    def _snapshot(self):
        return (
            self.source.sudo().read(),
            self._get_secret(),
            self.env[TYPE].search_count([]),
            self.env[LOCATION].search_count([]),
        )

    @mute_logger("odoo.addons.spp_cycle_attendance_compliance")
    def test_what_fails_says_why(self):
        """Each case: what is typed or happens; the step that fails and what it says."""
        cases = [
            ({"url": ""}, "Settings", "Enter the address"),
            ({"url": "ftp://example.org"}, "Settings", "http"),
            ({"url": "http://example.org"}, "Settings", "http"),
            ({"auth_endpoint": "token"}, "Settings", "/"),
            ({"client_secret": "wrong"}, "Token", "client ID"),
            ({"auth_kind": "oauth2"}, "Token", "400"),
            ({"auth_endpoint": "/nowhere"}, "Token", "404"),
            ({"type_endpoint": "/nowhere"}, "Types", "404"),
            ({"location_endpoint": "/nowhere"}, "Locations", "404"),
        ]
        for typed, failing, sentence in cases:
            with self.subTest(typed=typed):
                steps = self._get_steps(self.wizards.create(typed))
                self.assertEqual([step[0] for step in steps if step[1] != "ok"], [failing])
                message = next(step[2] for step in steps if step[1] != "ok")
                self.assertIn(sentence, message)
                self.assertNotIn("wrong", message)

    def test_a_server_that_echoes_the_secret(self):
        self.server.next("token", Fault.echo(400))
        wizard = self.wizards.create({"client_secret": "s3cr3t-typed"})
        with self.assertLogs(level="DEBUG") as logs:
            steps = self._get_steps(wizard)
        self.assertEqual(steps[1][1], "failed")
        self.assertNotIn("s3cr3t-typed", str(steps))
        ours = [line for line in logs.output if "odoo.sql_db" not in line]
        self.assertNotIn("s3cr3t-typed", str(ours))

    def test_s3_the_secret_is_sent_to_its_address_only(self):
        with AttendanceServer({}) as elsewhere:
            wizard = self.wizards.create({"url": elsewhere.url})
            self.assertIn(f"was given for {self.server.url}", wizard.secret_note)
            name, state, message = self._get_steps(wizard)[0]
            self.assertEqual((name, state), ("Settings", "failed"))
            self.assertIn(f"was given for {self.server.url}", message)
            for attempt in (wizard.action_save, wizard.action_save_anyway, wizard.action_import):
                with self.assertRaisesRegex(UserError, "Enter the secret for the new address"):
                    attempt()
            self.assertFalse(elsewhere.requests)
            # One that is entered, and not saved yet, goes nowhere else either.
            wizard.client_secret = "secret"
            self.assertIn("is kept when you save", wizard.secret_note)
            with AttendanceServer({}) as third:
                wizard.url = third.url
                self.assertIn("was given for", wizard.secret_note)
                self.assertIn("was given for", self._get_steps(wizard)[0][2])
                self.assertFalse(third.requests)
            wizard.url = elsewhere.url
            wizard.action_save()
            self.assertEqual(self.source.url, elsewhere.url)
        # The same place, written otherwise.
        wizard = self.wizards.create({"url": f" {elsewhere.url}/attendance/ "})
        self.assertIn("A secret is kept", wizard.secret_note)
        wizard.action_save()

    def test_what_cannot_be_saved(self):
        with self.assertRaisesRegex(UserError, "Choose the ID type"):
            self.wizards.create({"id_type_id": False}).action_save()
        with self.assertRaisesRegex(UserError, "address"):
            self.wizards.create({"url": False}).action_save()
        for number in (0, 5001):
            with self.assertRaisesRegex(ValidationError, "1 to 5,000"):
                self.wizards.create({"persons_per_request": number})

    def test_settings_are_used(self):
        self.server.people["NID1"] = days(1, 1, 2)
        person = self._create_person("NID1")
        other = self._create_person("NID2")
        self.server.people["NID2"] = days(11, 1, 2)
        self.wizards.create(
            {"url": f" {self.server.url}/ ", "persons_per_request": 1}
        ).action_save()
        cycle = self._create_cycle(registrants=[person, other])
        self._run(cycle)
        self.assertEqual(len(self.server.asked("attendance")), 2)
        self.assertEqual(set(cycle.cycle_membership_ids.mapped("state")), {"enrolled"})
        self.assertEqual(self.source.url, self.server.url)

    def test_a_new_form_tells_that_a_secret_is_kept(self):
        names = dict.fromkeys(("url", "secret_note", "client_secret"), {})
        shown = self.wizards.onchange({}, [], names)["value"]
        self.assertIn("A secret is kept", shown["secret_note"])
        self.assertFalse(shown["client_secret"])

    def test_another_id_type(self):
        person = self._create_person("NID1")
        school_id = self.env["g2p.id.type"].create({"name": "School ID"})
        self.env["g2p.reg.id"].create(
            {"partner_id": person.id, "id_type": school_id.id, "value": "S1"}
        )
        self.wizards.create({"id_type_id": school_id.id}).action_save()
        self.assertEqual(person.attendance_identifier, "S1")

    def test_the_id_type_of_an_older_database(self):
        """The earlier module kept the identifiers, and no ID type: they may tell which it is."""
        school_id = self.env["g2p.id.type"].create({"name": "School ID"})
        persons = self.env["res.partner"]
        for number in range(40):
            persons |= self._create_person(f"NID{number}")
        self.env["g2p.reg.id"].create(
            [
                {"partner_id": person.id, "id_type": school_id.id, "value": f"S{number}"}
                for number, person in enumerate(persons)
            ]
        )
        cases = [
            # kept: School IDs of so many, National IDs of so many, something else, with a blank
            ((0, 40, 0), self.id_type, ""),
            ((0, 38, 2), self.id_type, "2 of 40 persons are known to the attendance system by"),
            ((0, 37, 3), None, "of how many it is an ID: National ID"),
            ((20, 20, 0), None, "School ID 20"),
            ((39, 0, 1), school_id, "1 of 40 persons"),
            ((0, 0, 40), None, "of how many it is an ID: -"),
            ((0, 0, 0), None, ""),
        ]
        for (school, national, other), chosen, note in cases:
            with self.subTest(school=school, national=national, other=other):
                self.env.flush_all()
                self.source.id_type_id = False
                kept = [f"S{number}\t" for number in range(school)]
                kept += [f" NID{number}" for number in range(school, school + national)]
                kept += [f"X{number}" for number in range(other)]
                kept += [None] * (len(persons) - len(kept))
                self.env.cr.execute("UPDATE res_partner SET personal_identifier = NULL")
                for person, identifier in zip(persons, kept, strict=True):
                    self.env.cr.execute(
                        "UPDATE res_partner SET personal_identifier = %s WHERE id = %s",
                        [identifier, person.id],
                    )
                self.env.invalidate_all()
                self.source._choose_id_type()
                self.assertEqual(self.source.id_type_id, chosen or self.env["g2p.id.type"])
                wizard = self.wizards.create({})
                self.assertIn(note, wizard.id_type_note or "")
                self.assertEqual(bool(wizard.id_type_note), bool(note))
                if chosen:
                    unmatched = wizard.action_open_unmatched()["domain"][0][2]
                    self.assertEqual(unmatched, persons[school + national :].ids[:other])
                    registered = "S39" if chosen == school_id else "NID39"
                    self.assertEqual(persons[39].attendance_identifier, registered)
                self.assertEqual(persons.mapped("personal_identifier"), [k or False for k in kept])

    def test_import(self):
        own = {"source_id": self.source.id}
        other = self._create_another_source()
        described, renamed, gone, same_name, foreign, archived = self.env[TYPE].create(
            [
                {"name": "Lesson", "external_id": 4, **own, "description": "a"},
                {"name": "Trainig", "external_id": 1, **own},
                {"name": "Gone", "external_id": 7, **own},
                {"name": "Health Check-up"},
                {"name": "Foreign", "external_id": 2, "source_id": other.id},
                {"name": "Old", "external_id": 3, **own, "active": False},
            ]
        )
        self.server.types[3] = {"id": 3, "name": "Back again", "description": False}
        self.server.types[4] = {"id": 4, "name": "Lesson", "description": "b"}
        wizard = self.wizards.create({})
        wizard.action_import()
        found = wizard.difference_ids.filtered(lambda difference: difference.model == TYPE)
        self.assertEqual(
            {(each.change, each.name, each.former_name) for each in found},
            {
                ("new", "Health Check-up", False),
                ("new", "Back again", False),
                ("renamed", "Training Session", "Trainig"),
                ("described", "Lesson", False),
                ("gone", "Gone", False),
            },
        )
        self.assertEqual(len(wizard.difference_ids - found), 2)
        self.assertEqual(renamed.name, "Trainig", "only shown yet")
        wizard.action_take_over()
        self.assertEqual(described.description, "b")
        self.assertRecordValues(
            renamed + gone + same_name + foreign + archived,
            [
                {"name": "Training Session", "active": True},
                {"name": "Gone", "active": False},
                {"name": "Health Check-up", "active": True},
                {"name": "Foreign", "active": True},
                {"name": "Back again", "active": True},
            ],
        )
        new = self.env[TYPE].search([("source_id", "=", self.source.id), ("external_id", "=", 2)])
        self.assertEqual(new.name, "Health Check-up")
        again = self.wizards.create({})
        again.action_import()
        self.assertFalse(again.difference_ids)
        self.assertEqual(again.compared_url, self.server.url)

    def test_what_was_compared_elsewhere_is_not_taken_over(self):
        with AttendanceServer({}) as elsewhere:
            wizard = self.wizards.create({})
            wizard.action_import()
            wizard.write({"url": elsewhere.url, "client_secret": "secret"})
            with self.assertRaisesRegex(UserError, "not compared with this address"):
                wizard.action_take_over()
        self.assertFalse(self.source.type_ids)

    def test_what_was_found_is_forgotten_when_something_else_is_typed(self):
        wizard = self.wizards.create({})
        wizard.action_test()
        wizard.action_import()
        with Form(wizard) as form:
            self.assertEqual((len(form.step_ids), len(form.difference_ids)), (4, 4))
            form.client_id = "other"
            self.assertEqual((len(form.step_ids), len(form.difference_ids)), (0, 0))

    def test_import_that_fails_changes_nothing(self):
        self.env[TYPE].create({"name": "A", "external_id": 9, "source_id": self.source.id})
        self.server.next("locations", Fault.body(b"<html>"), times=None)
        with self.assertRaises(UserError):
            self.wizards.create({}).action_import()
        self.assertEqual(self.env[TYPE].search_count([("external_id", "=", 9)]), 1)

    def _neutralize(self):
        from odoo.modules.neutralize import get_neutralization_queries

        self.env.flush_all()
        with patch.object(self.env.registry, "clear_cache"):
            for query in get_neutralization_queries(["spp_cycle_attendance_compliance"]):
                self.env.cr.execute(query)
        self.env.invalidate_all()
        self.env.registry.clear_cache()

    def test_neutralized_before_it_is_upgraded(self):
        """As with a copy that is made to try the upgrade on: the secret is a parameter there."""
        parameters = self.env["ir.config_parameter"].sudo()
        name = "spp_cycle_attendance_compliance.attendance_client_secret"
        parameters.set_param(name, "secret")
        self.env.flush_all()
        for table in ("spp_attendance_secret", "spp_connect_attendance"):
            self.env.cr.execute(f"ALTER TABLE {table} RENAME TO {table}_of_later")
        self._neutralize()
        self.assertFalse(parameters.get_param(name))

    def test_neutralized(self):
        """A copy made with Odoo's neutralisation forgets the credentials."""
        self.wizards.create({"client_secret": "typed"})
        self._neutralize()
        for table in ("spp_attendance_secret", "spp_connect_attendance"):
            self.env.cr.execute(f"SELECT count(*) FROM {table}")
            self.assertEqual(self.env.cr.fetchone(), (0,))
        self.assertFalse(self.source.client_id)
        self.assertEqual(self.source.url, self.server.url)
