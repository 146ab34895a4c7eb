import json

from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common import AttendanceCase, days

MANAGER = "g2p_programs.g2p_program_manager"
ADMIN = "g2p_registry_base.group_g2p_admin"
VALIDATOR = "g2p_programs.g2p_program_validator"
APPROVER = "g2p_programs.g2p_program_cycle_approver"
FINANCE = "g2p_programs.g2p_finance_validator"
REGISTRAR = "g2p_registry_base.group_g2p_registrar"
READER = "spp_cycle_attendance_compliance.group_attendance_reader"
# Only the newest platform has it.
PROGRAM_READER = "spp_programs.read_program_cycle_entitlement"
SYSTEM = "base.group_system"
RUNNERS = (MANAGER, ADMIN)
READERS = (MANAGER, ADMIN, VALIDATOR, APPROVER, READER)
EVENT_READERS = (*READERS, REGISTRAR)
PROOF_MODELS = (
    "spp.attendance.run",
    "spp.attendance.run.line",
    "spp.attendance.withheld.entitlement",
    "spp.attendance.answer",
    "spp.attendance.intake",
    "spp.attendance.override",
    "spp.cycle.group.membership.attendance",
)
PRIVATE_METHODS = {
    "g2p.cycle": (
        "_start_attendance_run",
        "_run_attendance_at_once",
        "_queue_attendance_run",
        "_attendance_job",
        "_attendance_plan",
        "_attendance_ask",
        "_attendance_finish",
        "_attendance_request",
        "_report_attendance_failure",
        "_stop_attendance_run",
        "_cron_release_attendance_runs",
    ),
    "spp.attendance.run": (
        "_open",
        "_plan_intakes",
        "_ask",
        "_finish",
        "_decide",
        "_apply",
        "_decide_to_apply",
        "_request",
        "_carry_out_request",
        "_carry_out",
        "_take_back",
        "_fail",
    ),
    "spp.attendance.source": ("_get_connection", "_set_connection", "_get_client"),
    "spp.event.data": ("_refresh_active_attendance",),
    "g2p.cycle.membership": ("_let_stand", "_set_states"),
}


class AccessCase(AttendanceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        groups = (*READERS, FINANCE, REGISTRAR, SYSTEM)
        cls.users = {
            group: cls._create_user(f"attendance_user_{index}", group)
            for index, group in enumerate(groups)
        }
        cls.users["nobody"] = cls._create_user("attendance_user_nobody", "base.group_user")
        cls.users["portal"] = cls._create_portal_user()

    @classmethod
    def _create_portal_user(cls):
        user = cls._create_user("attendance_user_portal", "base.group_user")
        portal, internal = cls.env.ref("base.group_portal"), cls.env.ref("base.group_user")
        field = "groups_id" if "groups_id" in user._fields else "group_ids"
        user[field] = [(3, internal.id), (4, portal.id)]
        return user

    def setUp(self):
        super().setUp()
        self.person = self._create_person("NID1")
        self.server.people["NID1"] = days(1, 1, 2)
        self.household = self._create_household(self.person)
        self.cycle = self._create_cycle(
            self._create_program("group"), [self.household], required_number_of_attendance=3
        )
        self.membership = self.cycle.cycle_membership_ids

    def _run_and_override(self):
        self.env["g2p.entitlement"].create(
            {"partner_id": self.household.id, "cycle_id": self.cycle.id, "initial_amount": 10}
        )
        self._run(self.cycle)
        self.env["spp.attendance.override"].create(
            {
                "cycle_membership_id": self.membership.id,
                "verdict": "compliant",
                "reason": "Was ill",
            }
        )
        self.env.flush_all()


@tagged("post_install", "-at_install")
class TestAccess(AccessCase):
    def test_who_runs_previews_applies_and_overrides(self):
        for group, user in self.users.items():
            cycle = self.cycle.with_user(user)
            if group in RUNNERS:
                with self.subTest(group):
                    run = self._get_run(cycle.action_preview_attendance()).with_user(user)
                    self._give_reason(run.action_apply(), user)  # the first one refuses somebody
                    self.assertEqual(self.membership.state, "non_compliant")
                    override = self.env["spp.attendance.override"].with_user(user)
                    override = override.create(
                        {
                            "cycle_membership_id": self.membership.id,
                            "verdict": "compliant",
                            "reason": "Was ill",
                        }
                    )
                    self.assertEqual(self.membership.state, "enrolled")
                    override._lift("As I say")
                    self.assertEqual(self.membership.state, "non_compliant")
                    cycle.action_filter_beneficiaries_by_compliance_criteria()
                    cycle.action_evaluate_attendance()
                continue
            waiting = self._get_run(self.cycle.action_preview_attendance())
            asked = len(self.server.requests)
            for attempt in (
                cycle.action_filter_beneficiaries_by_compliance_criteria,
                cycle.action_preview_attendance,
                cycle.action_evaluate_attendance,
                waiting.with_user(user).action_apply,
                waiting.with_user(user).action_discard,
                waiting.with_user(user).action_retry,
                lambda user=user: (
                    self.env["spp.attendance.override"]
                    .with_user(user)
                    .create({"cycle_membership_id": self.membership.id, "reason": "x"})
                ),
            ):
                with self.subTest(group=group), self.assertRaises(AccessError):
                    attempt()
            self.assertEqual(len(self.server.requests), asked)
            self.assertEqual(waiting.state, "waiting")

    def _give_reason(self, action, user):
        if not action:
            return
        wizard = self.env[action["res_model"]].with_user(user).with_context(**action["context"])
        wizard.create({"reason": "As agreed"}).action_confirm()

    def test_who_sets_criteria(self):
        for group, user in self.users.items():
            cycle = self.cycle.with_user(user)
            with self.subTest(group):
                if group in RUNNERS:
                    cycle.required_number_of_attendance = 4
                    self.assertTrue(cycle.can_set_attendance_criteria)
                else:
                    for vals in (
                        {"required_number_of_attendance": 1},
                        {"use_attendance_criteria": False},
                        {"from_date": False},
                        {"no_data_rule": "keep"},
                    ):
                        with self.assertRaises(AccessError):
                            cycle.write(vals)

    def test_nobody_writes_attendance_on_a_membership(self):
        for group, user in self.users.items():
            membership = self.membership.with_user(user)
            for vals in (
                {"number_of_attendance": 99},
                {"attendance_status": "compliant"},
                {"attendance_override_id": False},
                {"cycle_group_membership_attendance_ids": [(5,)]},
            ):
                with self.subTest(group=group, vals=vals), self.assertRaises(AccessError):
                    membership.write(vals)

    def test_who_reads_the_proof(self):
        self._run_and_override()
        for group, user in self.users.items():
            for name in PROOF_MODELS:
                records = self.env[name].with_user(user)
                with self.subTest(group=group, model=name):
                    if group in READERS:
                        self.assertTrue(records.search([]))
                    elif (group, name) == (REGISTRAR, "spp.attendance.intake"):
                        self.assertFalse(records.search([]), "files only")
                    else:
                        with self.assertRaises(AccessError):
                            records.search([])

    def test_nobody_edits_the_proof(self):
        self._run_and_override()
        for group, user in self.users.items():
            for name in PROOF_MODELS:
                record = self.env[name].search([], limit=1).with_user(user)
                with self.subTest(group=group, model=name):
                    with self.assertRaises(AccessError):
                        record.write({"write_date": False})
                    with self.assertRaises(AccessError):
                        record.unlink()

    def test_who_reads_and_records_events(self):
        self._run(self.cycle)
        by_hand = self._record(self.person, "2025-11-09")
        for number, (group, user) in enumerate(self.users.items()):
            vals = {"individual_id": self.person.id, "attendance_date": f"2025-11-{10 + number}"}
            events = self.env["spp.event.attendance"].with_user(user)
            with self.subTest(group):
                if group in EVENT_READERS:
                    self.assertEqual(len(events.search([("is_fetched", "=", True)])), 2)
                else:
                    with self.assertRaises(AccessError):
                        events.search([])
                if group in (REGISTRAR, ADMIN):
                    events.create(vals)
                    by_hand.with_user(user).attendance_time = "10:00"
                    self.assertTrue(by_hand.with_user(user).change_ids)
                else:
                    with self.assertRaises(AccessError):
                        events.create(vals)
                    with self.assertRaises(AccessError):
                        by_hand.with_user(user).attendance_time = "11:00"

    def test_who_configures(self):
        for group, user in self.users.items():
            types = self.env["spp.res.config.attendance.type"].with_user(user)
            reasons = self.env["spp.attendance.excuse.reason"].with_user(user)
            words = self.env["spp.attendance.category.map"].with_user(user)
            word = {"source_id": self.source.id, "word": "late", "category": "present"}
            wizards = self.env["spp.connect.attendance"].with_user(user)
            with self.subTest(group):
                if group == ADMIN:
                    types.create({"name": "Training"})
                    reasons.create({"name": "Harvest"})
                    words.create(word)
                    wizard = wizards.with_context(default_source_id=self.source.id).create({})
                    wizard.action_import()
                else:
                    with self.assertRaises(AccessError):
                        types.create({"name": "Training"})
                    with self.assertRaises(AccessError):
                        reasons.create({"name": "Harvest"})
                    with self.assertRaises(AccessError):
                        words.create(word)
                    with self.assertRaises(AccessError):
                        wizards.create({})

    def test_no_model_stands_for_the_secrets(self):
        """So nothing that goes by models reads them; a source says nothing of them either."""
        names = [model._table for model in self.env.registry.models.values()]
        self.assertNotIn("spp_attendance_secret", names)
        self.assertNotIn("secret", str(self.source.sudo().read()))
        self.assertNotIn("secret", str(self.source.sudo().export_data(["name", "url", "id"])))
        self.assertNotIn("secret", str(self.source.sudo().message_ids.mapped("body")))
        self.env.cr.execute(
            "SELECT table_name FROM information_schema.columns "
            " WHERE column_name = 'secret' AND table_name LIKE 'spp%'"
        )
        self.assertEqual(self.env.cr.fetchall(), [("spp_attendance_secret",)])
        copied = self.source.copy({"name": "Copied"})
        self.assertFalse(copied._get_secret_address())

    def test_nobody_redirects_the_secret(self):
        """Who could write the address would have the secret sent to it."""
        for group, user in [*self.users.items(), ("root", self.env.ref("base.user_admin"))]:
            with self.subTest(group), self.assertRaises(AccessError):
                self.source.with_user(user).write({"url": "https://evil.example.org"})
        self.source.sudo()._as_attendance_writer().url = self.server.url.replace("http", "https")
        with self.assertRaisesRegex(UserError, "is sent nowhere else"):
            self.source._get_client()

    def test_s5_nobody_else_changes_what_runs_go_by(self):
        """The platform lets every user write system parameters: none of ours is left there."""
        parameters = self.env["ir.config_parameter"].sudo()
        prefix = "spp_cycle_attendance_compliance."
        self.assertFalse(parameters.search([("key", "=like", f"{prefix}%")]))
        parameters.set_param(f"{prefix}attendance_server_url", "https://evil.example.org")
        parameters.set_param(f"{prefix}brake_non_compliant_percentage", "100")
        self.assertEqual(self.source._get_connection()["url"], self.server.url)
        self.assertEqual(self.env.company.attendance_non_compliant_limit, 50)
        for group, user in self.users.items():
            if group != SYSTEM:
                with self.subTest(group), self.assertRaises(AccessError):
                    self.env.company.with_user(user).attendance_non_compliant_limit = 100

    def test_who_keeps_sources(self):
        vals = {"name": "Another", "protocol": "recorded"}
        for group, user in self.users.items():
            source = self.source.with_user(user)
            with self.subTest(group):
                if group == ADMIN:
                    source.persons_per_request = 400
                    source.create(vals).unlink()
                    self.assertEqual(source.client_id, "client")
                    continue
                for method, *arguments in (
                    ("write", {"persons_per_request": 1}),
                    ("create", vals),
                    ("unlink",),
                    ("read", ["client_id"]),
                ):
                    with self.assertRaises(AccessError):
                        getattr(source, method)(*arguments)

    def test_a_second_company_sees_and_touches_nothing(self):
        other = self.env["res.company"].create({"name": "Another Agency"})
        stranger = self._create_user(
            "attendance_stranger",
            f"{MANAGER},{REGISTRAR}",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        self._run_and_override()
        event = self._record(self.person, "2025-11-09")
        event.attendance_time = "10:00"
        for name in (*PROOF_MODELS, "spp.event.attendance", "spp.event.attendance.change"):
            with self.subTest(name):
                self.assertTrue(self.env[name].search([]))
                self.assertFalse(self.env[name].with_user(stranger).search([]))
        waiting = self._get_run(self.cycle.action_preview_attendance())
        for attempt in (
            self.cycle.with_user(stranger).action_filter_beneficiaries_by_compliance_criteria,
            self.cycle.with_user(stranger).action_preview_attendance,
            waiting.with_user(stranger).action_apply,
            lambda: event.with_user(stranger).write({"attendance_time": "11:00"}),
        ):
            with self.assertRaises(AccessError):
                attempt()
        self.assertEqual(waiting.state, "waiting")

    def test_s9_a_cycle_without_a_company_is_its_programs(self):
        other = self.env["res.company"].create({"name": "Another Agency"})
        here = self._create_user("attendance_here", MANAGER)
        there = self._create_user(
            "attendance_there", MANAGER, company_id=other.id, company_ids=[(6, 0, other.ids)]
        )
        program = self.cycle.program_id
        program.company_id = self.env.company
        self.cycle.company_id = False
        self._run_and_override()
        self.assertFalse(self.cycle.company_id)
        for name in PROOF_MODELS:
            with self.subTest(name):
                self.assertTrue(self.env[name].with_user(here).search([]))
                self.assertFalse(self.env[name].with_user(there).search([]))
                with self.assertRaises(AccessError):
                    self.env[name].search([], limit=1).with_user(there).read(["display_name"])
        cycle = self.cycle.with_user(there)
        texts = (
            (self.membership, "attendance_reason"),
            (self.cycle, "attendance_to_do"),
            (self.cycle, "attendance_run_message"),
        )
        for record, name in texts:
            with self.subTest(name):
                self.assertTrue(record.with_user(here)[name])
                self.assertFalse(record.with_user(there)[name])
        override = self.membership.attendance_override_id.with_user(there)
        run = self.cycle.attendance_run_ids[:1].with_user(there)
        for attempt in (
            cycle.action_filter_beneficiaries_by_compliance_criteria,
            cycle.action_preview_attendance,
            cycle.action_evaluate_attendance,
            run.action_take_back,
            lambda: override._lift("As I say"),
        ):
            with self.subTest(attempt.__name__), self.assertRaises(AccessError):
                attempt()
        waiting = self._get_run(self.cycle.with_user(here).action_preview_attendance())
        self.assertEqual((waiting.state, waiting.company_id), ("waiting", self.env.company))
        asking = self.env["spp.attendance.run.reason"].with_user(there)
        asking = asking.create({"run_id": waiting.id, "reason": "x"})
        for name in ("brake_reason", "change_text"):
            with self.subTest(name), self.assertRaises(AccessError):
                asking[name]  # pylint: disable=pointless-statement

    def test_s4_who_reads_by_which_id_a_person_is_known(self):
        self._run_and_override()
        self.person.personal_identifier = "OLD1"
        self.env.flush_all()
        lines = self.env["spp.attendance.run.line"].search([("identifier", "!=", False)])
        fields = (
            (self.person, "personal_identifier"),
            (self.person, "attendance_identifier"),
            (self.env["spp.attendance.answer"].search([], limit=1), "identifier"),
            (lines, "identifier"),
            # Nobody tries out IDs until one of these fits.
            (
                self.env["spp.attendance.run.line"].search([("world", "!=", False)], limit=1),
                "world",
            ),
        )
        for group, user in self.users.items():
            for record, name in fields:
                own, is_partner = record[:1].with_user(user), record == self.person
                way = self.subTest(group=group, model=record._name, name=name)
                if group in (MANAGER, ADMIN) or (group == REGISTRAR and is_partner):
                    with way:
                        self.assertTrue(own.read([name])[0][name])
                    continue
                with way:
                    with self.assertRaises(AccessError):
                        own.read([name])
                    self._check_not_exported(own, name)
                    with self.assertRaises(AccessError):
                        own.search([(name, "like", "%")])
                    if group != REGISTRAR:  # who may read such fields, but not these models
                        self.assertNotIn(name, own.fields_get())

    def _check_not_exported(self, record, name):
        try:
            exported = record.export_data([name])["datas"]
        except UserError:  # who may not export, or not this field
            return
        # Odoo 17.0 exports computed fields without looking at their groups.
        self.assertEqual(exported, [[""]])

    def test_two_companies_with_the_same_person(self):
        """Each has its own registrant with the ID, and its own events of that person."""
        other = self.env["res.company"].create({"name": "Another Agency"})
        twin = self._create_person("NID1", company_id=other.id)
        own = self._create_cycle(registrants=[self.person])
        self._run(own)
        theirs = self._create_cycle(self._create_program(company_id=other.id), [twin])
        self._run(theirs)
        self.assertEqual((own + theirs).cycle_membership_ids.mapped("number_of_attendance"), [2, 2])
        events = self.env["spp.event.attendance"].search([("individual_id", "=", twin.id)])
        self.assertEqual(events.company_id, other)


@tagged("post_install", "-at_install")
class TestAccessOverRpc(AccessCase, HttpCase):
    def _call(self, user, record, method, *args):
        self.authenticate(user.login, user.login)
        self.env.flush_all()
        answer = self.url_open(
            f"/web/dataset/call_kw/{record._name}/{method}",
            data=json.dumps(
                {
                    "jsonrpc": "2.0",
                    "params": {
                        "model": record._name,
                        "method": method,
                        "args": [record.ids, *args] if record else list(args),
                        "kwargs": {},
                    },
                }
            ),
            headers={"Content-Type": "application/json"},
        )
        self.env.invalidate_all()
        return answer.json()

    def _assert_refused(self, answer):
        self.assertEqual(answer["error"]["data"]["name"], "odoo.exceptions.AccessError")

    @mute_logger("odoo.http")
    def test_only_managers_run(self):
        for group in (VALIDATOR, APPROVER, FINANCE, REGISTRAR, "nobody", "portal", MANAGER):
            with self.subTest(group):
                answer = self._call(
                    self.users[group],
                    self.cycle,
                    "action_filter_beneficiaries_by_compliance_criteria",
                )
                if group == MANAGER:
                    self.assertNotIn("error", answer)
                    self.assertEqual(self.cycle.attendance_run_ids.user_id, self.users[MANAGER])
                else:
                    self._assert_refused(answer)
                    self.assertFalse(self.cycle.attendance_run_ids)
                    self.assertFalse(self.server.requests)

    @mute_logger("odoo.http")
    def test_what_jobs_and_crons_call_is_private(self):
        self._run_and_override()
        records = {"g2p.cycle": self.cycle, "g2p.cycle.membership": self.membership}
        for name, methods in PRIVATE_METHODS.items():
            record = records.get(name, self.env[name])
            for method in methods:
                self.assertTrue(hasattr(record, method))
                with self.subTest(f"{name}.{method}"):
                    answer = self._call(self.users[ADMIN], record, method)
                    self.assertIn("private", str(answer["error"]["data"]["message"]).lower())

    @mute_logger("odoo.http")
    def test_the_secret(self):
        wizard = self.env["spp.connect.attendance"]
        specification = {"client_secret": {}, "secret_note": {}}
        values = {"name": "Schools", "client_secret": "typed"}
        admin = self.users[ADMIN]
        answer = self._call(admin, wizard, "web_save", [], values, specification)
        self.assertEqual(answer["result"][0]["client_secret"], False)
        self.assertNotIn("typed", str(answer))
