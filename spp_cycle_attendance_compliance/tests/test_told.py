from datetime import date
from unittest.mock import patch
from urllib.parse import quote

from odoo.http import request
from odoo.tests import HttpCase, tagged

from odoo.addons.mail.controllers.mail import MailController

from .common import FIRST, AttendanceCase, TwoPersonsCase

MANAGER = "g2p_programs.g2p_program_manager"


@tagged("post_install", "-at_install")
class TestChatterOfTheCycle(TwoPersonsCase):
    """One message for each action: who did it, how many it changed, which run; nobody is named."""

    def setUp(self):
        super().setUp()
        self.manager = self._create_user("told_manager", MANAGER)
        self.known = self.cycle.message_ids

    def _get_told(self):
        """Return what is new in the chatter."""
        self.env.invalidate_all()
        told = self.cycle.message_ids - self.known
        self.known = self.cycle.message_ids
        return told

    def _check_told(self, sentence, run):
        (message,) = self._get_told()
        self.assertIn(sentence, message.body)
        self.assertEqual(message.author_id, self.manager.partner_id)
        link = f'data-oe-id="{run.id}"' if run else "no link"
        self.assertEqual(link in message.body, bool(run))
        for name in (self.ana.name, self.ben.name, "As I say"):
            self.assertNotIn(name, message.body)

    def test_applied_and_taken_back(self):
        cycle = self.cycle.with_user(self.manager)
        run = self._get_run(cycle.action_preview_attendance()).with_user(self.manager)
        self.assertFalse(self._get_told(), "it changed nothing")
        run.action_apply()
        self._check_told("The verdicts were applied. Persons who become non-compliant: 1;", run)
        run._take_back("As I say")
        self._check_told("taken back: what stood before it counts. Persons whose state", run)
        run = self._get_run(cycle.action_filter_beneficiaries_by_compliance_criteria())
        self.assertEqual(run.state, "done")
        self._check_told("The verdicts were applied.", run)
        run.with_user(self.manager)._take_back("As I say")
        self._check_told("Persons whose state changed: 1.", run)

    def test_families(self):
        household = self._create_household(self.ana, self.ben)
        self.cycle = self._create_cycle(
            self._create_program("group"), [household], household_rule="all"
        )
        self.known = self.cycle.message_ids
        cycle = self.cycle.with_user(self.manager)
        run = self._get_run(cycle.action_preview_attendance()).with_user(self.manager)
        run._decide_to_apply("As I say")
        self._check_told("Families that become non-compliant: 1;", run)
        run._take_back("As I say")
        self._check_told("Families whose state changed: 1.", run)

    def test_overrides(self):
        overrides = self.env["spp.attendance.override"].with_user(self.manager)
        vals = {"verdict": "compliant", "reason": "As I say"}
        first = overrides.create({**vals, "cycle_membership_id": self.ben_in.id})
        self._check_told("Attendance overrides set: 1.", None)
        first._lift("As I say")
        self._check_told("Attendance overrides lifted: 1.", None)
        run = self._run(self.cycle)
        self._get_told()
        made = overrides.create(
            [{**vals, "cycle_membership_id": each.id} for each in self.ana_in + self.ben_in]
        )
        self._check_told("Attendance overrides set: 2.", run)
        made[0]._lift("As I say")
        self._check_told("Attendance overrides lifted: 1.", run)


@tagged("post_install", "-at_install")
class TestTraceOfAnAttendance(AttendanceCase):
    def test_in_words(self):
        event = self._record(self._create_person("ANA"), FIRST)
        event._withdraw("It was her sister")
        event.action_restore()
        event.attendance_date = date(2025, 11, 3)
        withdrawn, restored, day = event.change_ids.sorted("id")
        self.assertEqual((withdrawn.shown_old, withdrawn.shown_new), ("Counted", "Withdrawn"))
        self.assertEqual((restored.shown_old, restored.shown_new), ("Withdrawn", "Counted"))
        self.assertEqual((day.shown_old, day.shown_new), ("11/01/2025", "11/03/2025"))
        self.assertEqual(withdrawn.reason, "It was her sister")
        # As a run writes it.
        raw = day._as_attendance_writer()
        raw.write({"field_name": "attendance_category", "old_value": "present"})
        self.assertEqual(raw.shown_old, "Present")
        raw.write({"field_name": "submitted_datetime", "old_value": "soon"})
        self.assertEqual(raw.shown_old, "soon")
        form = self.env.ref("spp_cycle_attendance_compliance.view_spp_event_attendance_form")
        for name in ("create_uid", "shown_old", "shown_new", "reason"):
            self.assertIn(f'name="{name}"', form.arch)
        self.assertNotIn('name="new_value"', form.arch)


def open_record(cls, model, res_id, access_token=None, **kwargs):
    """What Odoo 17 answers to a link of a mail; 19 finds menus of its own."""
    return request.redirect(f"/web#model={model}&id={res_id}")


@tagged("post_install", "-at_install")
class TestLinksOfMails(AttendanceCase, HttpCase):
    def setUp(self):
        super().setUp()
        self.programs = self.env.ref("g2p_programs.g2p_program_menu_root")
        self.login = "told_validator"
        groups = "g2p_programs.g2p_program_validator"
        self._create_user(self.login, groups, password=self.login)
        self.cycle = self._create_cycle()
        self.env.flush_all()

    def _follow(self, record, by_odoo=open_record):
        """Return where the link of a mail leads to."""
        link = f"/mail/view?model={record._name}&res_id={record.id}"
        with patch.object(MailController, "_redirect_to_record", classmethod(by_odoo)):
            return self.url_open(link, allow_redirects=False).headers["Location"]

    def test_they_open_with_the_menu(self):
        self.authenticate(self.login, self.login)
        person = self._create_person("ANA")
        contact = self.env["res.partner"].create({"name": "A shop"})
        self.env.flush_all()
        # A validator has no menu of the registry.
        for record, has_menu in ((self.cycle, True), (person, True), (contact, False)):
            with self.subTest(record=record):
                location = self._follow(record)
                opened = f"/web#model={record._name}&id={record.id}"
                self.assertIn(opened, location)
                self.assertEqual(location.endswith(f"&menu_id={self.programs.id}"), has_menu)

    def test_as_odoo_answers(self):
        self.authenticate(self.login, self.login)
        by_odoo = MailController.__dict__["_redirect_to_record"].__func__
        location = self._follow(self.cycle, by_odoo)
        self.assertRegex(location, f"menu_id={self.programs.id}\\b")

    def test_who_is_not_logged_in_follows_them_again(self):
        link = quote(f"/mail/view?model=g2p.cycle&res_id={self.cycle.id}", safe="")
        self.assertTrue(self._follow(self.cycle).endswith(f"/web/login?redirect={link}"))
        # Nobody learns so who is a registrant.
        person = self._create_person("ANA")
        self.env.flush_all()
        self.assertNotIn("menu_id", self._follow(person))

    def test_a_menu_that_was_deleted(self):
        self.authenticate(self.login, self.login)
        xml_id = self.env["ir.model.data"].search(
            [("module", "=", "g2p_programs"), ("name", "=", "g2p_program_menu_root")]
        )
        xml_id.unlink()
        self.env.flush_all()
        self.assertTrue(self._follow(self.cycle).endswith(f"id={self.cycle.id}"))
