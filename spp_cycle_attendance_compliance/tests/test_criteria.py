from datetime import date, timedelta

from lxml import etree

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from ..models.criteria.attendance_condition import CLASSIC_FIELDS
from ..models.criteria.cycle import LOCKED_FIELDS
from .common import FIRST, AttendanceCase


@tagged("post_install", "-at_install")
class TestCriteria(AttendanceCase):
    def setUp(self):
        super().setUp()
        self.program = self._create_program()

    def _new_cycle(self, program, **vals):
        today = date.today()
        sequence = 1 + max(program.cycle_ids.mapped("sequence"), default=0)
        return self.env["g2p.cycle"].create(
            {
                "name": f"Cycle {sequence}",
                "program_id": program.id,
                "sequence": sequence,
                "start_date": today,
                "end_date": today + timedelta(days=30),
                **vals,
            }
        )

    def test_off_by_default(self):
        cycle = self._new_cycle(self.program)
        self.assertRecordValues(
            cycle,
            [
                {
                    "use_attendance_criteria": False,
                    "attendance_source_id": self.source.id,
                    "attendance_period": "before",
                    "attendance_unit": "days",
                    "attendance_requirement": "number",
                    "required_number_of_attendance": 10,
                    "household_rule": "any",
                    "no_data_rule": "absent",
                    "member_domain": "[]",
                    "attendance_type_id": False,
                }
            ],
        )

    def test_a_setting_and_the_default_type(self):
        type_id = self.env["spp.res.config.attendance.type"].create(
            {"name": "Training", "set_as_default": True, "source_id": self.source.id}
        )
        self.env.company.attendance_criteria_by_default = True
        cycle = self._new_cycle(self.program)
        self.assertRecordValues(
            cycle, [{"use_attendance_criteria": True, "attendance_type_id": type_id.id}]
        )
        with self.assertRaisesRegex(ValidationError, "Only one type of a source"):
            type_id.copy({"name": "Other", "set_as_default": True})

    def test_the_next_cycle_takes_them_over(self):
        type_id = self.env["spp.res.config.attendance.type"].create({"name": "Training"})
        location = self.env["spp.res.config.attendance.location"].create({"name": "Office"})
        criteria = {
            "use_attendance_criteria": True,
            "attendance_period": "dates",
            "attendance_source_id": self.recorded.id,
            "attendance_type_id": type_id.id,
            "attendance_location_id": location.id,
            "attendance_unit": "sessions",
            "attendance_requirement": "percentage",
            "required_percentage": 65,
            "required_number_of_attendance": 7,
            "household_rule": "number",
            "household_number": 3,
            "household_percentage": 33,
            "member_domain": "[('name', '!=', 'x')]",
            "no_data_rule": "keep",
        }
        first = self._new_cycle(self.program, **criteria)
        first.write({"from_date": first.start_date, "to_date": first.start_date})
        manager = self.program.get_manager(2)
        second = manager.new_cycle("Next", date.today() + timedelta(days=40), 9)
        self.assertRecordValues(second, [{**criteria, "from_date": False, "to_date": False}])
        type_id.active = False
        third = self._new_cycle(self.program)
        # Without it all types would count.
        self.assertEqual(third.attendance_type_id, type_id)
        self.assertEqual(third.attendance_location_id, location)
        self.assertFalse(self._new_cycle(self._create_program()).use_attendance_criteria)

    def _get_other_criteria(self):
        """Return another value than a new cycle's for each of the criteria."""
        type_id = self.env["spp.res.config.attendance.type"].create({"name": "Training"})
        location = self.env["spp.res.config.attendance.location"].create({"name": "Office"})
        criteria = {
            "use_attendance_criteria": False,
            "attendance_source_id": self.recorded.id,
            "attendance_type_id": type_id.id,
            "attendance_location_id": location.id,
            "attendance_period": "all",
            "from_date": FIRST + timedelta(days=1),
            "to_date": FIRST + timedelta(days=2),
            "attendance_unit": "sessions",
            "attendance_requirement": "percentage",
            "required_number_of_attendance": 7,
            "required_percentage": 65,
            "household_rule": "number",
            "household_number": 3,
            "household_percentage": 33,
            "member_domain": "[('name', '!=', 'x')]",
            "no_data_rule": "keep",
            "attendance_counts_from": "joining",
            "attendance_first_cycle_waived": True,
            "attendance_warnings": 1,
            "attendance_warning_cycles": 4,
            "attendance_condition_ids": [(0, 0, {"name": "Another"})],
        }
        self.assertEqual(set(criteria), set(LOCKED_FIELDS))
        return criteria

    def test_each_change_is_in_the_chatter(self):
        tracking = {"tracking_disable": False, "mail_notrack": False}
        cycle = self._create_cycle().with_context(**tracking)
        for name, value in self._get_other_criteria().items():
            with self.subTest(field=name):
                self.env.flush_all()
                self.env.cr.precommit.run()
                cycle.write({name: value})
                self.env.flush_all()
                self.env.cr.precommit.run()
                message = cycle.message_ids.sorted("id")[-1:]
                fields = message.sudo().tracking_value_ids.mapped("field_id.name")
                if name in (*CLASSIC_FIELDS, "attendance_condition_ids"):
                    self.assertIn("Attendance condition", message.body)
                else:
                    self.assertEqual(fields, [name])

    def test_all_are_read_only_once_the_cycle_is_approved(self):
        criteria = self._get_other_criteria()
        self._create_user("criteria_manager", "g2p_programs.g2p_program_manager")
        manager = self.env["res.users"].search([("login", "=", "criteria_manager")])
        cycle = self._create_cycle().with_user(manager)
        self.assertTrue(cycle.can_set_attendance_criteria)
        for state in ("approved", "distributed", "cancelled", "ended"):
            cycle.sudo().state = state
            self.assertFalse(cycle.can_set_attendance_criteria, state)
            for name, value in criteria.items():
                for writer in (cycle, cycle.sudo()):
                    with (
                        self.subTest(state=state, field=name, su=writer.env.su),
                        self.assertRaisesRegex(UserError, "can't be changed any more"),
                    ):
                        writer.write({name: value})
        cycle.sudo().state = "to_approve"
        cycle.write(criteria)
        self.assertFalse(cycle.use_attendance_criteria)

    def test_the_form_lets_nobody_change_them_then(self):
        """Each criterion on the form is read-only where ``can_set_attendance_criteria`` says so."""
        arch = etree.fromstring(self.env["g2p.cycle"].get_view(view_type="form")["arch"])
        for name in set(LOCKED_FIELDS) - set(CLASSIC_FIELDS):
            nodes = arch.xpath(f"//page[@name='attendance_compliance']//field[@name='{name}']")
            self.assertEqual(
                [node.get("readonly") for node in nodes], ["not can_set_attendance_criteria"], name
            )

    def test_numbers_and_dates_that_cannot_be(self):
        last_day = self._create_cycle().to_date
        cases = [
            ({"required_number_of_attendance": -1}, "enter 0 or more"),
            ({"attendance_requirement": "percentage", "required_percentage": 0}, "from 1 to 100"),
            ({"attendance_requirement": "percentage", "required_percentage": 101}, "from 1 to 100"),
            ({"household_rule": "number", "household_number": 0}, "enter 1 or more"),
            ({"household_rule": "percentage", "household_percentage": 101}, "from 1 to 100"),
            ({"from_date": "2025-11-02", "to_date": "2025-11-01"}, "must not be before the first"),
            ({"from_date": last_day + timedelta(days=1)}, "must not be before the first"),
            ({"to_date": FIRST - timedelta(days=1)}, "must not be before the first"),
            ({"member_domain": "[('no_such_field', '=', 1)]"}, "can't be used"),
            ({"member_domain": "birthdate > 2000"}, "no condition"),
            ({"member_domain": "__import__('os')"}, "no condition"),
        ]
        for vals, sentence in cases:
            with self.subTest(vals=vals):
                cycle = self._create_cycle()
                with self.assertRaisesRegex(ValidationError, sentence):
                    cycle.write(vals)
        cycle = self._create_cycle(from_date=last_day, to_date=last_day)
        self.assertIn(str(last_day.year), cycle.attendance_criteria_summary)

    def test_dates_the_wrong_way_round_in_an_older_database(self):
        """The earlier module let them be entered; nothing is made of them but a sentence."""
        cycle = self._create_cycle(registrants=[self._create_person("NID1")])
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE g2p_cycle SET from_date = '2025-11-30', to_date = '2025-11-01' WHERE id = %s",
            [cycle.id],
        )
        cycle.invalidate_recordset()
        buttons = (
            cycle.action_filter_beneficiaries_by_compliance_criteria,
            cycle.action_preview_attendance,
            cycle.action_evaluate_attendance,
        )
        for press in buttons:
            with self.assertRaisesRegex(UserError, "Correct the dates in the attendance criteria"):
                press()
        self.assertFalse(cycle.attendance_run_ids)
        self.assertFalse(self.server.requests)
        cycle.write({"from_date": "2025-11-01", "to_date": "2025-11-30"})
        cycle.action_preview_attendance()
        self.assertTrue(cycle.attendance_run_ids)

    def test_in_words(self):
        program = self._create_program("group")
        cycle = self._create_cycle(program)
        period = "11/01/2025 to 11/30/2025"
        cases = [
            ({}, f"At least 2 days, {period}. Any member that counts is enough."),
            (
                {"attendance_unit": "sessions", "household_rule": "all"},
                f"At least 2 sessions, {period}. All members that count must attend.",
            ),
            (
                {
                    "attendance_requirement": "percentage",
                    "household_rule": "percentage",
                    "household_percentage": 40,
                },
                f"At least 80% of the recorded sessions, {period}. "
                "At least 40% of the members that count must attend.",
            ),
            (
                {
                    "attendance_requirement": "number",
                    "required_number_of_attendance": 0,
                    "household_rule": "all",
                },
                f"Whoever is known is compliant, however often they came, {period}. "
                "All members that count must attend.",
            ),
        ]
        for vals, sentence in cases:
            cycle.write(vals)
            self.assertEqual(cycle.attendance_criteria_summary, sentence)
        cycle = self._create_cycle(attendance_period="cycle")
        self.assertIn(
            f"{cycle.start_date:%m/%d/%Y} to {cycle.end_date:%m/%d/%Y}.",
            cycle.attendance_criteria_summary,
        )

    def test_personal_identifiers(self):
        person = self._create_person("NID1")
        for value, known_as in (
            ("NID1", "NID1"),
            (" NID2 ", "NID2"),
            ("NID3\t", "NID3"),
            ("NID4\u00a0\r\n", "NID4"),
            ("\ufeffNID 5\u200b", "NID 5"),
            ("\u00a0\t", False),
        ):
            person.reg_ids.value = value
            self.assertEqual(person.attendance_identifier, known_as)
        person.reg_ids.write({"value": "NID6", "status": "invalid"})
        self.assertFalse(person.attendance_identifier)
        other_type = self.env["g2p.id.type"].create({"name": "School ID"})
        self.env["g2p.reg.id"].create(
            {"partner_id": person.id, "id_type": other_type.id, "value": "S1"}
        )
        person.invalidate_recordset()
        self.assertFalse(person.attendance_identifier)
        self.source.id_type_id = other_type
        person.invalidate_recordset()
        self.assertEqual(person.attendance_identifier, "S1")
        self.source.id_type_id = False
        person.invalidate_recordset()
        self.assertFalse(person.attendance_identifier)
        person.personal_identifier = "KEPT\t"
        self.assertEqual(person.attendance_identifier, "KEPT")
