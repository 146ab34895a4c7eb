from datetime import date, timedelta

from dateutil.relativedelta import relativedelta
from lxml import etree

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools.safe_eval import safe_eval

from .common import EventCase


@tagged("post_install", "-at_install")
class TestEventsByHand(EventCase):
    """What registrars record, import and correct."""

    def test_recorded_by_hand(self):
        first = self._record(self.person, "2025-11-01", attendance_time="08:15")
        second = self._record(self.person, "2026-10-01")
        self.assertEqual(self._get_data().mapped("res_id"), (first + second).ids)
        self.assertEqual(self._get_data().mapped("state"), ["inactive", "active"])
        self.assertEqual(first.submitted_by, self.env.user.name)
        self.assertFalse(first.is_fetched)
        second.write({"attendance_date": "2026-10-02", "attendance_category": "absent"})
        self.assertRecordValues(
            second.change_ids.sorted("field_name"),
            [
                {"field_name": "attendance_category", "old_value": "Present"},
                {"field_name": "attendance_date", "old_value": "2026-10-01"},
            ],
        )
        self.assertEqual(self._get_data()[1].collection_date, second.attendance_date)
        second._withdraw("Not so")
        self.assertEqual(self._get_data().mapped("state"), ["active", "inactive"])
        self.assertEqual(self.person.attendance_count, 1)
        second.action_restore()
        self.assertEqual(self._get_data().mapped("state"), ["inactive", "active"])

    def test_withdrawing_wants_a_reason(self):
        registrar = self._create_user("withdraws", "g2p_registry_base.group_g2p_registrar")
        event = self._record(self.person, "2025-11-01").with_user(registrar)
        with self.assertRaisesRegex(UserError, "withdrawn for a reason"):
            event.write({"withdrawn": True})
        action = event.action_withdraw()
        dialogs = self.env[action["res_model"]].with_user(registrar)
        dialogs = dialogs.with_context(**action["context"])
        with self.assertRaisesRegex(UserError, "Give the reason"):
            dialogs.create({"reason": " "}).action_confirm()
        self.assertFalse(event.withdrawn)
        dialogs.create({"reason": "It was her sister"}).action_confirm()
        self.assertTrue(event.withdrawn)
        event.action_restore()
        self.assertRecordValues(
            event.change_ids.sorted("id"),
            [
                {"field_name": "withdrawn", "new_value": "true", "reason": "It was her sister"},
                {"field_name": "withdrawn", "new_value": "", "reason": False},
            ],
        )

    def test_in_words_and_colours(self):
        kind = self.env["spp.res.config.attendance.type"].create({"name": "School day"})
        event = self._record(self.person, "2025-11-03", "absent", attendance_type_id=kind.id)
        self.assertEqual(event.words, f"Absent: {self.person.name}, School day")
        self.assertEqual(event.display_name, f"{event.words} · 11/03/2025")
        colors = {}
        for category in ("present", "absent", "unknown"):
            event.attendance_category = category
            colors[category] = event.color
        self.assertEqual(len(set(colors.values())), 3)
        event._withdraw("Not so")
        self.assertEqual(event.words, f"Withdrawn: {self.person.name}, Unknown, School day")
        self.assertEqual(event.color, colors["unknown"])

    def test_the_list_opens_with_what_counts_of_the_last_months(self):
        today = date.today()
        lately = self._record(self.person, today - timedelta(days=80))
        before = self._record(self.person, today - timedelta(days=100))
        withdrawn = self._record(self.person, today - timedelta(days=10), "absent")
        withdrawn._withdraw("Not so")
        action = self.env.ref("spp_cycle_attendance_compliance.action_spp_event_attendance")
        arch = etree.fromstring(self.env[action.res_model].get_view(view_type="search")["arch"])
        domain = [("id", "in", (lately + before + withdrawn).ids)]
        names = {"context_today": date.today, "relativedelta": relativedelta}
        for key in safe_eval(action.context):
            (chosen,) = arch.xpath(f"//filter[@name='{key.removeprefix('search_default_')}']")
            domain += safe_eval(chosen.get("domain"), names)
        self.assertEqual(self.env[action.res_model].search(domain), lately)

    def test_a_copy_is_recorded_by_hand(self):
        self._run(self.cycle)
        registrar = self._create_user("registrar5", "g2p_registry_base.group_g2p_registrar")
        copy = self._get_events()[0].with_user(registrar).copy({"attendance_date": "2025-11-20"})
        self.assertRecordValues(copy, [{"is_fetched": False, "run_id": False, "withdrawn": False}])

    def test_moved_to_another_person(self):
        other = self._create_person()
        event = self._record(self.person, "2025-11-01")
        self._record(other, "2025-11-01", "absent")
        event.individual_id = other
        self.assertFalse(self._get_data())
        self.assertEqual(self._get_data(other).mapped("state"), ["inactive", "active"])

    def test_bad_input_by_hand(self):
        household = self._create_household(self.person)
        cases = [
            ({"individual_id": household.id}, ValidationError, "no person of the registry"),
            ({"attendance_time": "25:00"}, ValidationError, "no time of a day"),
            ({"attendance_time": "noon"}, ValidationError, "no time of a day"),
            ({"attendance_external_url": "javascript:alert(1)"}, ValidationError, "https://"),
        ]
        for vals, error, sentence in cases:
            with self.subTest(vals=vals), self.assertRaisesRegex(error, sentence):
                self._record(self.person, "2025-11-01", **vals)

    def test_types_and_locations_in_use_are_kept(self):
        for name, field in (
            ("spp.res.config.attendance.type", "attendance_type_id"),
            ("spp.res.config.attendance.location", "attendance_location_id"),
        ):
            with self.subTest(name):
                used, unused, known = self.env[name].create(
                    [{"name": "School"}, {"name": "Shool"}, {"name": "Clinic", "external_id": 9}]
                )
                event = self._record(self.person, "2025-11-01", **{field: used.id})
                number = unused.id
                unused.unlink()
                with self.assertRaisesRegex(ValidationError, "does not exist any more"):
                    self._record(self.person, "2025-11-02", **{field: number})
                for record in (used, known):
                    with self.assertRaisesRegex(UserError, "Archive it instead"):
                        record.sudo().unlink()
                self.assertEqual(event[field], used)

    def test_fetched_events_are_changed_by_nobody(self):
        self._run(self.cycle)
        event = self._get_events()[0].with_user(self.env.ref("base.user_admin"))
        for change in (
            lambda: event.write({"attendance_date": "2025-11-09"}),
            event.action_withdraw,
        ):
            with self.assertRaisesRegex(UserError, "can't be changed here"):
                change()
        with self.assertRaisesRegex(UserError, "never deleted"):
            event.sudo().unlink()
        with self.assertRaisesRegex(AccessError, "event_data_external_id"):
            event.create(
                {
                    "individual_id": self.person.id,
                    "event_data_source": self.server.url,
                    "event_data_external_id": 99,
                }
            )

    def test_file_import(self):
        """Odoo's own import, as a registrar."""
        registrar = self._create_user("registrar", "g2p_registry_base.group_g2p_registrar")
        events = self.env["spp.event.attendance"].with_user(registrar)
        rows = [
            [self.person.name, "2025-11-01", "present"],
            [self.person.name, "2025-11-02", "absent"],
        ]
        result = events.load(["individual_id", "attendance_date", "attendance_category"], rows)
        self.assertEqual(result["messages"], [])
        self.assertEqual(self._get_events().ids, result["ids"])
        self.assertEqual(self._get_data().mapped("state"), ["inactive", "active"])
        result = events.load(["individual_id", "attendance_date"], [[self.person.name, "31/31"]])
        self.assertFalse(result["ids"])
        self.assertEqual(len(self._get_events()), 2)

    def test_the_platforms_wizard(self):
        registrar = self._create_user("registrar2", "g2p_registry_base.group_g2p_registrar")
        wizard = self._open_wizard(registrar, self.person)
        with Form(wizard) as form:
            form.attendance_time = "09:30"
        wizard.action_create()
        event = self._get_events()
        self.assertRecordValues(
            event, [{"attendance_time": "09:30", "individual_id": self.person.id}]
        )
        self.assertRecordValues(self._get_data(), [{"res_id": event.id, "state": "active"}])
        self.assertEqual(event.attendance_date, self._get_data().collection_date)

    def _open_wizard(self, user, registrant):
        action = registrant.with_user(user).open_create_event_wizard()
        first = self.env[action["res_model"]].with_user(user).browse(action["res_id"])
        first.write({"event_data_model": "spp.event.attendance", "registrar": "Registrar"})
        action = first.next_page()
        view = self.env.ref("spp_cycle_attendance_compliance.view_create_event_attendance_form")
        self.assertEqual(action["view_id"], view.id)
        return self.env[action["res_model"]].with_user(user).browse(action["res_id"])

    def test_the_platforms_wizard_for_a_household(self):
        registrar = self._create_user("registrar3", "g2p_registry_base.group_g2p_registrar")
        other = self._create_person()
        self._record(self.person, "2025-11-01")
        household = self._create_household(self.person, other)
        wizard = self._open_wizard(registrar, household)
        self.assertEqual(wizard.member_ids, self.person + other)
        with self.assertRaisesRegex(UserError, "Choose the person"):
            wizard.action_create()
        wizard.individual_id = self.person
        wizard.action_create()
        self.assertEqual(self._get_data().mapped("state"), ["inactive", "active"])
        self.assertFalse(self._get_data(household))

    def test_the_platforms_wizard_is_cancelled(self):
        registrar = self._create_user("registrar4", "g2p_registry_base.group_g2p_registrar")
        self._record(self.person, "2025-11-01")
        wizard = self._open_wizard(registrar, self.person)
        self.assertEqual(self._get_data().mapped("state"), ["inactive", "active"])
        wizard.action_cancel()
        self.assertEqual(self._get_data().mapped("state"), ["active"])

    def test_s8_the_platforms_wizard_touches_nobody_elses_events(self):
        registrar = self._create_user("registrar6", "g2p_registry_base.group_g2p_registrar")
        colleague = self._create_user("registrar7", "g2p_registry_base.group_g2p_registrar")
        recorded = self._record(self.person, "2025-11-01")
        others = self._open_wizard(colleague, self._create_person()).event_id
        of_another_kind = others.with_user(registrar).create(
            {"model": "res.partner", "partner_id": self.person.id}
        )
        mine = self._open_wizard(registrar, self.person)
        for event_data in (self._get_data()[0], others, of_another_kind):
            for attempt in (
                lambda event_data=event_data: mine.create({"event_id": event_data.id}),
                lambda event_data=event_data: mine.write({"event_id": event_data.id}),
            ):
                with self.assertRaisesRegex(UserError, "somebody else's"), self.cr.savepoint():
                    attempt()
        self.assertEqual(self._get_data()[0].res_id, recorded.id)
        # Done once, it is not done again.
        mine.action_create()
        for attempt in (mine.action_create, mine.action_cancel):
            with self.assertRaisesRegex(UserError, "already"):
                attempt()
        self.assertEqual(len(self._get_events()), 2)
        self.assertTrue(others.exists())
