from datetime import date, timedelta

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from ..hooks import uninstall_hook
from ..models.sources.secrets import find_secret, keep_secret
from .attendance_faults import Fault
from .attendance_server import AttendanceServer
from .common import AttendanceCase, EventCase, days

TYPE = "spp.res.config.attendance.type"
ADMIN = "g2p_registry_base.group_g2p_admin"


class WizardCase(AttendanceCase):
    def setUp(self):
        super().setUp()
        self.admin = self._create_user("registry_admin", ADMIN)

    def _open_wizard(self, source=None, **vals):
        wizards = self.env["spp.connect.attendance"].with_user(self.admin)
        context = {"default_source_id": source.id} if source else {}
        return wizards.with_context(**context).create(vals)

    def _get_secret(self, source=None):
        source = source or self.source
        return find_secret(self.env.cr, source.id, source.url)


@tagged("post_install", "-at_install")
class TestSources(WizardCase):
    def test_connect_a_second_one(self):
        with AttendanceServer({}) as server:
            wizard = self._open_wizard(
                name="Health centres",
                url=f" {server.url}/ ",
                client_id="client",
                client_secret="secret",
                id_type_id=self.id_type.id,
            )
            action = wizard.action_save()
        self.assertEqual(action["params"]["message"], "The connection was saved.")
        self.assertRecordValues(
            wizard.source_id,
            [{"name": "Health centres", "url": server.url, "persons_per_request": 500}],
        )
        self.assertEqual(self._get_secret(wizard.source_id), "secret")
        self.assertEqual((self.source.url, self._get_secret()), (self.server.url, "secret"))
        with self.assertRaisesRegex(ValidationError, "called health centres already"):
            self.source.copy({"name": "health centres"})
        with self.assertRaisesRegex(ValidationError, "Health centres already"):
            self._create_source(server)

    def test_a_wrong_secret_does_not_replace_a_good_one(self):
        wizard = self._open_wizard(self.source, client_secret="wrong", persons_per_request=7)
        wizard.action_save()
        self.assertIn("Nothing was saved", wizard.failure)
        self.assertEqual((self._get_secret(), self.source.persons_per_request), ("secret", 500))
        action = wizard.action_save_anyway()
        self.assertIn("does not work yet", action["params"]["message"])
        self.assertEqual((self._get_secret(), self.source.persons_per_request), ("secret", 7))

    def test_what_failed_is_saved_when_told_to(self):
        """The system may be down today: what was typed may be right."""
        self.server.next("token", Fault.status(503), times=None)
        wizard = self._open_wizard(self.source, client_secret="new")
        wizard.action_save()
        self.assertEqual(self._get_secret(), "secret")
        wizard.action_save_anyway()
        self.assertEqual(self._get_secret(), "new")

    def test_save_anyway_is_for_what_was_seen_to_fail(self):
        wizard = self._open_wizard(self.source, client_secret="wrong")
        wizard.action_save_anyway()
        self.assertIn("Nothing was saved", wizard.failure)
        self.assertEqual(self._get_secret(), "secret")

    def test_the_only_one_is_the_default(self):
        """Each case: companies of further sources; whether a new program has one chosen."""
        other = self.env["res.company"].create({"name": "Another Agency"})
        sources = self.env["spp.attendance.source"]
        sources.search([("id", "not in", (self.source + self.recorded).ids)]).active = False
        for company, chosen in ((None, self.source), (other, self.source), (False, sources)):
            with self.subTest(company=company):
                if company is not None:
                    self._create_another_source(company_id=company and company.id)
                cycle = self._create_next_cycle(self._create_program())
                self.assertEqual(cycle.attendance_source_id, chosen)

    def _create_next_cycle(self, program):
        today = date.today()
        return self.env["g2p.cycle"].create(
            {
                "name": "Next",
                "program_id": program.id,
                "start_date": today,
                "end_date": today + timedelta(days=29),
            }
        )

    def test_an_archived_one_is_not_taken_over(self):
        cycle = self._create_cycle()
        self.source.active = False
        self.assertFalse(self._create_next_cycle(cycle.program_id).attendance_source_id)

    def test_another_source_has_other_types(self):
        own, others, made_here = self.env[TYPE].create(
            [
                {"name": "Lesson", "external_id": 1, "source_id": self.source.id},
                {
                    "name": "Check-up",
                    "external_id": 1,
                    "source_id": self._create_another_source().id,
                },
                {"name": "Made here"},
            ]
        )
        cycle = self._create_cycle(attendance_type_id=own.id)
        for source, kind, kept in (
            (self.source, own, True),
            (others.source_id, own, False),
            (self.source, made_here, False),
            (self.recorded, others, True),
            (self.recorded, made_here, True),
        ):
            with self.subTest(source=source.name, kind=kind.name):
                shown = cycle.new(origin=cycle)
                shown.update({"attendance_source_id": source, "attendance_type_id": kind})
                shown._onchange_attendance_source_id()
                self.assertEqual(bool(shown.attendance_type_id), kept)
        shown = others.with_context(show_source=True)
        self.assertEqual(shown.display_name, f"Check-up ({others.source_id.name})")
        self.assertEqual(others.with_context(show_source=False).display_name, "Check-up")

    def test_what_is_used_is_not_deleted(self):
        cycle = self._create_cycle()
        with self.assertRaisesRegex(UserError, "Archive it instead"):
            self.source.unlink()
        made_here = self.env[TYPE].create({"name": "Made here"})
        cycle.write({"attendance_source_id": self.recorded.id, "attendance_type_id": made_here.id})
        with self.assertRaisesRegex(UserError, "can't be deleted"):
            made_here.unlink()
        self.source.unlink()
        self.env.cr.execute("SELECT count(*) FROM spp_attendance_secret")
        self.assertEqual(self.env.cr.fetchone(), (0,), "its secret went with it")

    def test_its_kind_and_address_are_not_written(self):
        with self.assertRaises(AccessError):
            self.source.protocol = "recorded"
        with self.assertRaisesRegex(AccessError, "Change Connection"):
            self.source.url = "https://other.example.org"
        with self.assertRaises(ValidationError):
            self.source.persons_per_request = 0

    def test_uninstalling_forgets_the_secrets(self):
        uninstall_hook(self.env)
        self.env.cr.execute("SELECT to_regclass('spp_attendance_secret')")
        self.assertEqual(self.env.cr.fetchone(), (None,))

    def test_a_secret_is_bound_to_its_origin(self):
        """Each case: an address; whether the secret given for https://a.example.org goes there."""
        keep_secret(self.env.cr, self.source.id, "https://a.example.org/api", "s")
        for url, goes in (
            ("https://a.example.org", True),
            ("https://A.example.org:443/other", True),
            ("http://a.example.org/api", False),
            ("https://a.example.org:8443/api", False),
            ("https://b.example.org/api", False),
            ("https://a.example.org.evil.org/api", False),
            ("", False),
        ):
            with self.subTest(url):
                self.assertEqual(
                    find_secret(self.env.cr, self.source.id, url), goes and "s" or None
                )

    def test_another_companys_secret_is_not_lent(self):
        other = self.env["res.company"].create({"name": "Another Agency"})
        self.source.company_id = other
        with self.assertRaises(AccessError):
            self._open_wizard(
                name="X", source_id=self.source.id, url=self.server.url, id_type_id=self.id_type.id
            )
        self.assertFalse(self.server.requests)

    def test_what_a_browser_can_show(self):
        """It shows the sentence of a `UserError`, and of none of its kinds."""
        wizard = self._open_wizard(self.source, url="https://other.example.org")
        for step in (wizard.action_save, wizard.action_import):
            with self.assertRaisesRegex(UserError, "was given for") as caught:
                step()
            self.assertIs(type(caught.exception), UserError)
        self.env.cr.execute("DELETE FROM spp_attendance_secret")
        cycle = self._create_cycle(registrants=[self._create_person("NID1")])
        with self.assertRaisesRegex(UserError, "No secret is kept") as caught:
            cycle.action_preview_attendance()
        self.assertIs(type(caught.exception), UserError)

    def test_credentials_stay_together(self):
        """Where new ones are refused, both of those that are kept stay."""
        wizard = self._open_wizard(self.source, client_id="other", client_secret="wrong")
        wizard.action_save()
        wizard.action_save_anyway()
        self.assertEqual((self.source.client_id, self._get_secret()), ("client", "secret"))

    def test_what_failed_is_not_saved_when_something_else_is_typed(self):
        wizard = self._open_wizard(self.source, client_secret="wrong")
        wizard.action_save()
        wizard.client_secret = "wrong again"
        wizard.action_save_anyway()
        self.assertIn("Nothing was saved", wizard.failure)

    def test_a_company_sees_its_own(self):
        other = self.env["res.company"].create({"name": "Another Agency"})
        self.source.company_id = other
        kind = self.env[TYPE].create(
            {"name": "Lesson", "external_id": 1, "source_id": self.source.id}
        )
        for record in (self.source, kind):
            with self.assertRaises(AccessError):
                record.with_user(self.admin).read(["name"])

    def test_what_only_an_administrator_can_mend(self):
        person = self._create_person("NID1")
        cycle = self._create_cycle(registrants=[person])
        self.source.with_user(self.admin).persons_per_request = 100
        for fault, count in (
            (Fault.status(503), 0),
            (Fault.status(401), 1),
            (Fault.status(403), 1),
        ):
            self.server.next("token", fault, times=None)
            run = self._get_run(cycle.action_filter_beneficiaries_by_compliance_criteria())
            self.server.forget_faults()
            self.assertEqual((run.state, len(self.source.activity_ids)), ("failed", count))
        self.assertEqual(self.source.activity_ids.user_id, self.admin)
        self.assertIn("client ID", self.source.activity_ids.note)


@tagged("post_install", "-at_install")
class TestMovedSource(EventCase, WizardCase):
    def setUp(self):
        super().setUp()
        # Ten attendances in all, of two persons.
        self.other = self._create_person("NID2")
        self._create_membership(self.cycle, self.other)
        self.server.people["NID2"] = days(11, 1, 2, 3, 4, 5, 6, 7)
        self._run(self.cycle)

    def _move_to(self, server, **vals):
        wizard = self._open_wizard(self.source, url=server.url, client_secret="secret", **vals)
        return wizard, wizard.action_save

    def test_to_where_the_same_system_is(self):
        """Each case: how many of ten attendances are found again; whether it may move."""
        for lost, may_move in ((0, True), (1, True), (2, False), (7, False)):
            people = dict(self.server.people, NID2=self.server.people["NID2"][lost:])
            with self.subTest(lost=lost), AttendanceServer(people) as server:
                before = self.source.url
                _wizard, save = self._move_to(server)
                if may_move:
                    save()
                    self.assertEqual(self.source.url, server.url)
                    self.assertEqual(self._get_secret(), "secret")
                else:
                    with self.assertRaisesRegex(UserError, f"of 10 .* it knows {10 - lost}"):
                        save()
                    self.assertEqual(self.source.url, before)

    def test_what_is_found_is_the_same_attendance(self):
        """The same numbers, of other days or other persons, are no proof."""
        ana, ben = self.server.people["NID1"], self.server.people["NID2"]
        later = [{**each, "date": "2025-12-01"} for each in ben]
        for people in ({}, {"NID1": ana, "NID2": later}, {"NID1": ben, "NID2": ana}):
            with (
                self.subTest(people=len(people)),
                AttendanceServer(people) as server,
                self.assertRaisesRegex(UserError, "another attendance system"),
            ):
                self._move_to(server)[1]()

    def test_a_proof_that_fails_is_not_overruled(self):
        with AttendanceServer(self.server.people) as server:
            server.next("attendance", Fault.status(503), times=None)
            wizard, save = self._move_to(server)
            save()
            self.assertIn("must be found again", wizard.failure)
            wizard.action_save_anyway()
            self.assertEqual(self.source.url, self.server.url)
            server.forget_faults()
            wizard.action_save()
            self.assertEqual(self.source.url, server.url)

    def test_nothing_can_tell(self):
        other = self.env["g2p.id.type"].create({"name": "School ID"})
        with (
            AttendanceServer(self.server.people) as server,
            self.assertRaisesRegex(UserError, "Nothing can tell"),
        ):
            self._move_to(server, id_type_id=other.id)[1]()

    def test_nothing_came_from_it_yet(self):
        """Then its address may be corrected; but not once it was asked, or has types."""
        empty = self._create_another_source()
        with AttendanceServer({}) as server, AttendanceServer({}) as third:
            wizard = self._open_wizard(empty, url=server.url, client_secret="secret")
            wizard.action_save()
            self.assertEqual(empty.url, server.url)
            self.env[TYPE].create({"name": "Lesson", "external_id": 1, "source_id": empty.id})
            wizard = self._open_wizard(empty, url=third.url, client_secret="secret")
            with self.assertRaisesRegex(UserError, "Nothing can tell"):
                wizard.action_save()
            self.assertEqual(empty.url, server.url)

    def test_a_system_that_knew_nobody_is_not_moved(self):
        """What it answered ("unknown") would be taken for what the other one says."""
        self.cycle.attendance_source_id = self._create_another_source()
        self.cycle.attendance_source_id.id_type_id = self.env["g2p.id.type"].create({"name": "X"})
        stranger = self._create_person("STRANGER")
        stranger.reg_ids.id_type = self.cycle.attendance_source_id.id_type_id
        self._create_membership(self.cycle, stranger)
        self._run(self.cycle)
        with (
            AttendanceServer({}) as server,
            self.assertRaisesRegex(UserError, "Nothing can tell"),
        ):
            self._open_wizard(
                self.cycle.attendance_source_id, url=server.url, client_secret="secret"
            ).action_save()

    def test_another_path_or_client_may_be_another_system(self):
        for vals in ({"attendance_endpoint": "/other/attendances"}, {"client_id": "other"}):
            with self.subTest(vals=vals):
                self.server.client = (vals.get("client_id", "client"), "secret")
                self.server.people = {}
                wizard = self._open_wizard(self.source, **vals)
                try:
                    wizard.action_save()
                except UserError as error:
                    self.assertIn("another attendance system", str(error))
                else:
                    self.assertIn("must be found again", wizard.failure)
                self.assertEqual(self.source.client_id, "client")
                self.assertEqual(self.source.attendance_endpoint, "/attendances")

    def test_not_while_it_is_asked(self):
        runs = self.env["spp.attendance.run"].sudo()._as_attendance_writer()
        runs._open(self.cycle, "apply")
        with (
            AttendanceServer(self.server.people) as server,
            self.assertRaisesRegex(UserError, "is asking"),
        ):
            self._move_to(server)[1]()

    def test_types_and_verdicts_stay(self):
        """After the move a run finds all as it was: nothing is new, corrected or withdrawn."""
        with AttendanceServer(self.server.people) as server:
            self._move_to(server)[1]()
            run = self._run(self.cycle)
            self.assertEqual(
                (run.new_count, run.changed_count, run.withdrawn_count, run.server_url),
                (0, 0, 0, server.url),
            )
        self.assertEqual(len(self._get_events()), 3)
