from unittest.mock import patch

from odoo.tests import tagged

from ..hooks import forget_events
from ..models.intakes.event_store import EventStore
from .attendance_server import AttendanceServer
from .common import EventCase, days


@tagged("post_install", "-at_install")
class TestEvents(EventCase):
    def _snapshot(self):
        """Return every event with when it was last written."""
        query = "SELECT * FROM spp_event_attendance ORDER BY id"
        self.env.flush_all()
        self.env.cr.execute(query)
        events = self.env.cr.fetchall()
        self.env.cr.execute("SELECT * FROM spp_event_data ORDER BY id")
        return events, self.env.cr.fetchall()

    def test_uninstalling_leaves_no_event_that_cannot_be_opened(self):
        self._run(self.cycle)
        other = self.env["spp.event.data"].create(
            {"model": "res.partner", "partner_id": self.person.id}
        )
        self.assertTrue(self._get_data())
        forget_events(self.env)
        self.assertFalse(self._get_data())
        self.assertTrue(other.exists(), "events of another kind stay")

    def test_events_as_the_platform_has_them(self):
        type_id = self.env["spp.res.config.attendance.type"].create(
            {"name": "Training", "external_id": 1, "source_id": self.source.id}
        )
        self.server.people["NID1"][0].update(
            attendance_description="<b>Maths</b>", attendance_external_url="https://example.org/1"
        )
        run = self._run(self.cycle)
        events = self._get_events()
        self.assertRecordValues(
            events,
            [
                {
                    "attendance_date": day,
                    "attendance_time": "09:00:00",
                    "attendance_category": category,
                    "attendance_type_id": type_id.id,
                    "attendance_location_id": False,
                    "attendance_description": description,
                    "attendance_external_url": url,
                    "submitted_by": "officer",
                    "submitted_datetime": "2025-11-20 10:00:00",
                    "event_data_source": self.server.url,
                    "event_data_external_id": number,
                    "company_id": self.person.company_id.id,
                    "run_id": run.id,
                    "last_seen_intake_id": run.intake_ids.id,
                    "cycle_id": self.cycle.id,
                    "program_id": self.cycle.program_id.id,
                    "withdrawn": False,
                    "is_fetched": True,
                }
                for number, (day, category, description, url) in enumerate(
                    [
                        (
                            self.cycle.from_date.replace(day=1),
                            "present",
                            "<b>Maths</b>",
                            "https://example.org/1",
                        ),
                        (self.cycle.from_date.replace(day=2), "present", False, False),
                        (self.cycle.from_date.replace(day=3), "absent", False, False),
                    ],
                    1,
                )
            ],
        )
        self.assertEqual(run.unknown_category_count, 3, "the location is not known here")
        data = self._get_data()
        label = self.env["ir.model"]._get("spp.event.attendance").name
        self.assertEqual(data.mapped("state"), ["inactive", "inactive", "active"])
        self.assertEqual(data.mapped("res_id"), events.ids)
        self.assertEqual(set(data.mapped("event_type")), {label})
        self.assertEqual(data[0].name, f"{label} - [{data[0].create_date:%Y-%m-%d %H:%M}]")
        self.assertEqual(data.mapped("collection_date"), events.mapped("attendance_date"))
        by_hand = self.env["spp.event.data"].create(
            {"model": "spp.event.attendance", "partner_id": self.person.id, "res_id": events[0].id}
        )
        self.assertEqual((by_hand.name, by_hand.event_type), (data[0].name, label))
        self.assertEqual(self.person.attendance_count, 3)
        self.assertEqual(data[0].open_form()["res_model"], "spp.event.attendance")

    def test_the_same_run_twice_writes_nothing(self):
        self._run(self.cycle)
        before = self._snapshot()
        membership = self.cycle.cycle_membership_ids
        written = membership.write_date
        second = self._run(self.cycle)
        self.assertEqual(self._snapshot(), before)
        self.assertEqual(membership.write_date, written)
        self.assertRecordValues(
            second, [{"new_count": 0, "changed_count": 0, "withdrawn_count": 0, "call_count": 2}]
        )
        events = self._get_events()
        self.assertEqual(events.last_seen_intake_id.run_id, second)
        self.assertNotEqual(events.intake_id.run_id, second)

    def test_an_answer_that_has_not_changed_is_not_read_again(self):
        known, unknown = self._create_person("NID2"), self._create_person("NID3")
        for person in (known, unknown):
            self._create_membership(self.cycle, person)
        self.server.people["NID2"] = days(11, 1)
        columns = ("partner_id", "identifier", "finding", "verdict")
        first, before = self._run(self.cycle), self._snapshot()
        with patch.object(EventStore, "store", side_effect=AssertionError("read again")):
            second = self._run(self.cycle)
        self.assertEqual(self._snapshot(), before)
        self.assertEqual(
            second.line_ids.mapped(lambda line: [line[name] for name in columns]),
            first.line_ids.mapped(lambda line: [line[name] for name in columns]),
        )
        self.assertEqual(second.line_ids.mapped("finding"), ["known", "known", "unknown"])

        del self.server.people["NID2"]
        self.server.people["NID3"] = days(21, 4)
        third = self._run(self.cycle)
        self.assertEqual(third.line_ids.mapped("finding"), ["known", "unknown", "known"])
        self.assertEqual((third.new_count, third.withdrawn_count), (1, 1))
        self.assertEqual(self._get_events(known).withdrawn_intake_id.run_id, third)
        self.assertEqual(self._get_events(unknown).intake_id.run_id, third)

    def test_the_same_events_in_another_order_write_nothing(self):
        self._run(self.cycle)
        before = self._snapshot()
        self.server.people["NID1"].reverse()
        self.server.people["NID1"][0]["ignored"] = "a field that this addon does not know"
        self._run(self.cycle)
        self.assertEqual(self._snapshot(), before)

    def test_corrected_and_withdrawn_events(self):
        first = self._run(self.cycle)
        corrected, withdrawn, absent = self._get_events()
        attendances = self.server.people["NID1"]
        attendances[0].update(date="2025-11-05", time="10:30:00")
        attendances[2]["attendance_category"] = "present"
        del attendances[1]
        second = self._run(self.cycle)
        self.assertRecordValues(
            corrected + withdrawn + absent,
            [
                {"attendance_time": "10:30:00", "withdrawn": False, "run_id": first.id},
                {"attendance_time": "09:00:00", "withdrawn": True, "run_id": first.id},
                {"attendance_time": "09:00:00", "withdrawn": False, "run_id": first.id},
            ],
        )
        self.assertEqual(absent.attendance_category, "present")
        self.assertEqual(withdrawn.withdrawn_intake_id.run_id, second)
        self.assertEqual(withdrawn.last_seen_intake_id.run_id, first)
        self.assertEqual(corrected.last_seen_intake_id.run_id, second)
        self.assertRecordValues(
            corrected.change_ids.sorted("field_name"),
            [
                {
                    "field_name": "attendance_date",
                    "old_value": "2025-11-01",
                    "new_value": "2025-11-05",
                    "intake_id": second.intake_ids.id,
                },
                {
                    "field_name": "attendance_time",
                    "old_value": "09:00:00",
                    "new_value": "10:30:00",
                    "intake_id": second.intake_ids.id,
                },
            ],
        )
        self.assertRecordValues(
            second, [{"new_count": 0, "changed_count": 2, "withdrawn_count": 1}]
        )
        self.assertEqual(self.cycle.cycle_membership_ids.number_of_attendance, 2)
        self.assertEqual(self._get_data().mapped("state"), ["inactive", "inactive", "active"])

    def test_the_active_event_is_one_that_counts(self):
        self._run(self.cycle)
        del self.server.people["NID1"][2]
        self._run(self.cycle)
        self.assertEqual(self._get_data().mapped("state"), ["inactive", "active", "inactive"])
        self.server.people["NID1"] += days(10, 9)
        self._run(self.cycle)
        self.assertEqual(
            self._get_data().mapped("state"), ["inactive", "inactive", "inactive", "active"]
        )

    def test_a_withdrawn_event_comes_back(self):
        self._run(self.cycle)
        gone = self.server.people["NID1"].pop(0)
        self._run(self.cycle)
        self.server.people["NID1"].append(gone)
        last = self._run(self.cycle)
        event = self._get_events()[0]
        self.assertRecordValues(event, [{"withdrawn": False, "withdrawn_intake_id": False}])
        self.assertEqual(event.last_seen_intake_id.run_id, last)
        self.assertEqual(
            [(each.old_value or "", each.new_value or "") for each in event.change_ids],
            [("true", ""), ("", "true")],
        )
        self.assertEqual(self.cycle.cycle_membership_ids.number_of_attendance, 2)

    def test_an_unknown_person_keeps_nothing_that_counts(self):
        self._run(self.cycle)
        del self.server.people["NID1"]
        self._run(self.cycle)
        self.assertEqual(self._get_events().mapped("withdrawn"), [True] * 3)
        self.assertEqual(self.cycle.cycle_membership_ids.attendance_status, "no_data")

    def test_another_question_touches_nothing_else(self):
        """Another period, type, location, cycle or person: the events of the first run stay."""
        type_id, other_type = self.env["spp.res.config.attendance.type"].create(
            [{"name": "A", "external_id": number, "source_id": self.source.id} for number in (1, 2)]
        )
        location = self.env["spp.res.config.attendance.location"].create(
            {"name": "B", "external_id": 2, "source_id": self.source.id}
        )
        self._run(self.cycle)
        by_hand = self._record(self.person, "2025-11-04")
        self.server.people["NID1"].clear()
        before = self._snapshot()
        stranger = self._create_person("NID2")
        for question in (
            {"from_date": "2025-12-01", "to_date": "2025-12-31"},
            {"attendance_type_id": other_type.id},
            {"attendance_location_id": location.id},
            {"registrants": [stranger]},
        ):
            with self.subTest(question=question):
                cycle = self._create_cycle(**{"registrants": [self.person], **question})
                self._run(cycle)
                self.assertEqual(self._snapshot(), before)
        self._run(self._create_cycle(registrants=[self.person], attendance_type_id=type_id.id))
        self.assertEqual(
            [event.withdrawn for event in self._get_events()], [True, True, True, False]
        )
        self.assertFalse(by_hand.withdrawn)

    def test_an_answer_in_between_is_not_forgotten(self):
        """What a narrower question changed is changed back, although the answer is as before."""
        self.env["spp.res.config.attendance.type"].create(
            {"name": "Training", "external_id": 1, "source_id": self.source.id}
        )
        self._run(self.cycle)
        narrow = self._create_cycle(registrants=[self.person], to_date="2025-11-01")
        gone = self.server.people["NID1"].pop(0)
        self._run(narrow)
        self.assertTrue(self._get_events()[0].withdrawn)
        self.server.people["NID1"].insert(0, gone)
        self._run(self.cycle)
        self.assertFalse(self._get_events()[0].withdrawn)

    def test_who_asks_last_has_the_last_word_though_its_run_is_older(self):
        """As when a batch in the background fails, and is tried again later."""
        other = self._create_cycle(registrants=[self.person])
        runs = self.env["spp.attendance.run"].sudo()._as_attendance_writer()
        older = runs._open(self.cycle, "preview")
        older._plan_intakes()
        brought = self._run(other)
        attendances = self.server.people.pop("NID1")
        with older._get_client() as client:
            older._ask(older.intake_ids, client)
        events = self._get_events()
        self.assertEqual(events.withdrawn_intake_id.run_id, older)
        self.assertEqual(events.mapped("last_seen_intake_id.run_id"), brought)
        evaluated = self._get_run(other.action_evaluate_attendance())
        self.assertEqual(evaluated.line_ids.finding, "unknown")
        # The very answer that the other run got: but it is not the last one.
        self.server.people["NID1"] = attendances
        again = self._run(other)
        self.assertEqual(
            again.line_ids.answer_id.answer_digest, brought.line_ids.answer_id.answer_digest
        )
        self.assertEqual(again.line_ids.number_of_attendance, 2)
        self.assertFalse(events.filtered("withdrawn"))
        self.assertEqual(events.last_seen_intake_id.run_id, again)

    def test_types_that_are_imported_later_are_filled_in(self):
        self._run(self.cycle)
        self.assertFalse(self._get_events().attendance_type_id)
        type_id = self.env["spp.res.config.attendance.type"].create(
            {"name": "Training", "external_id": 1, "source_id": self.source.id}
        )
        self._run(self.cycle)
        self.assertEqual(self._get_events().attendance_type_id, type_id)

    def test_a_record_that_cannot_be_read_withdraws_nothing(self):
        self._run(self.cycle)
        self.server.people["NID1"][0]["date"] = "2025-11-1x"
        self._run(self.cycle)
        self.assertEqual(self._get_events().mapped("withdrawn"), [False] * 3)

    def test_two_sources_with_the_same_numbers(self):
        self._run(self.cycle)
        first = self._get_events()
        with AttendanceServer(self.server.people) as server:
            second = self._create_source(server)
            self.cycle.attendance_source_id = second
            self._run(self.cycle)
        events = self._get_events()
        self.assertEqual(events.mapped("event_data_external_id"), [1, 1, 2, 2, 3, 3])
        self.assertEqual(first.source_id, self.source)
        self.assertEqual((events - first).source_id, second)
        self.assertFalse(any(events.mapped("withdrawn")))
        self.assertEqual(self.cycle.cycle_membership_ids.number_of_attendance, 2)

    def test_a13_the_same_system_at_another_address(self):
        """A run finds what it knows; a cycle of what is recorded counts it once."""
        self._run(self.cycle)
        before = self._snapshot()
        with AttendanceServer(self.server.people) as server:
            self._move(server.url)
            self.cycle.attendance_unit = "sessions"
            self._run(self.cycle)
            self.assertTrue(server.asked("attendance"))
        self.assertEqual(self._snapshot(), before)
        self.cycle.attendance_source_id = self.recorded
        self._run(self.cycle)
        self.assertEqual(self.cycle.cycle_membership_ids.number_of_attendance, 2)
