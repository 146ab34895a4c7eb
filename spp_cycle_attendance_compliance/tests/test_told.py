from datetime import date

from odoo.tests import HttpCase, tagged

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


@tagged("post_install", "-at_install")
class TestLinksOfMails(AttendanceCase, HttpCase):
    def test_they_open_with_the_menu(self):
        cycle, person = self._create_cycle(), self._create_person("ANA")
        validator = "told_validator"
        self._create_user(validator, "g2p_programs.g2p_program_validator", password=validator)
        self.env.flush_all()
        self.authenticate(validator, validator)
        # A validator has no menu of the registry; another app may have persons, too.
        programs = self.env.ref("g2p_programs.g2p_program_menu_root").id
        for record, menu in ((cycle, f"{programs}\\b"), (person, "[0-9]+")):
            with self.subTest(model=record._name):
                link = f"/mail/view?model={record._name}&res_id={record.id}"
                location = self.url_open(link, allow_redirects=False).headers["Location"]
                self.assertRegex(location, f"menu_id={menu}")
