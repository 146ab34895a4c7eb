from contextlib import contextmanager
from datetime import date, timedelta

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import EventCase

ADDON = "spp_cycle_attendance_compliance"


@tagged("post_install", "-at_install")
class TestExcused(EventCase):
    """Who is excused by hand; and which days and twins nobody records by hand."""

    def setUp(self):
        super().setUp()
        self.illness = self.env.ref(f"{ADDON}.excuse_illness")
        self.other = self.env.ref(f"{ADDON}.excuse_other")

    def _excuse(self, day, reason=None, **vals):
        reason = reason or self.illness
        return self._record(self.person, day, "excused", excuse_reason_id=reason.id, **vals)

    @contextmanager
    def _refuse(self, sentence):
        with self.assertRaisesRegex(UserError, sentence), self.cr.savepoint():
            yield

    # Reasons

    def test_the_excused_have_a_reason_and_nobody_else(self):
        with self._refuse("for which reason Person NID1"):
            self._record(self.person, "2025-11-01", "excused")
        with self._refuse("Only who is excused has a reason"):
            self._record(self.person, "2025-11-01", excuse_reason_id=self.illness.id)
        event = self._record(self.person, "2025-11-01")
        with self._refuse("for which reason"):
            event.attendance_category = "excused"
        with self._refuse("Only who is excused"):
            event.excuse_reason_id = self.illness
        event.write({"attendance_category": "excused", "excuse_reason_id": self.illness.id})
        with self._refuse("for which reason"):
            event.excuse_reason_id = False
        event.attendance_category = "absent"
        self.assertFalse(event.excuse_reason_id)

    def test_a_change_of_the_reason_is_traced(self):
        event = self._excuse("2025-11-01")
        event.excuse_reason_id = self.other
        event.attendance_category = "absent"
        self.assertRecordValues(
            event.change_ids.sorted("id"),
            [
                {"field_name": name, "old_value": old, "new_value": new}
                for name, old, new in (
                    ("excuse_reason_id", "Illness", "Other"),
                    ("attendance_category", "Excused", "Absent"),
                    ("excuse_reason_id", "Other", ""),
                )
            ],
        )

    def test_the_form(self):
        registrar = self._create_user("excusing", "g2p_registry_base.group_g2p_registrar")
        events = self.env["spp.event.attendance"].with_user(registrar)
        with Form(events, f"{ADDON}.view_spp_event_attendance_form") as form:
            form.individual_id = self.person
            form.attendance_date = "2025-11-01"
            form.attendance_category = "excused"
            form.excuse_reason_id = self.illness
        event = self._get_events()
        self.assertEqual(event.excuse_reason_id, self.illness)
        with Form(event.with_user(registrar), f"{ADDON}.view_spp_event_attendance_form") as form:
            form.attendance_category = "present"
        self.assertFalse(event.excuse_reason_id)

    def test_the_platforms_wizard(self):
        action = self.person.open_create_event_wizard()
        first = self.env[action["res_model"]].browse(action["res_id"])
        first.write({"event_data_model": "spp.event.attendance", "registrar": "Registrar"})
        action = first.next_page()
        wizard = self.env[action["res_model"]].browse(action["res_id"])
        wizard.attendance_category = "excused"
        with self._refuse("for which reason"):
            wizard.action_create()
        wizard.excuse_reason_id = self.illness
        for day, sentence in (("6209-11-04", "still to come"), ("0003-11-04", "is before")):
            wizard.attendance_date = day
            with self._refuse(sentence):
                wizard.action_create()
        wizard.attendance_date = "2025-11-01"
        wizard.action_create()
        self.assertRecordValues(
            self._get_events(),
            [{"attendance_category": "excused", "excuse_reason_id": self.illness.id}],
        )

    def test_what_can_be_no_reason(self):
        reasons = self.env["spp.attendance.excuse.reason"]
        for name, sentence in (
            ("Falta", "word for a presence or an absence"),
            ("justified", "word for a presence or an absence"),
            (" illness ", "already"),
        ):
            with self.subTest(name), self._refuse(sentence):
                reasons.create({"name": name})
        self.other.active = False
        with self._refuse("may be archived"):
            reasons.create({"name": "OTHER"})

    def test_a_reason_in_use_is_kept(self):
        reasons = self.env["spp.attendance.excuse.reason"]
        used, mapped, in_file, unused = reasons.create(
            [{"name": name} for name in ("Harvest", "Pilgrimage", "Strike", "Flood")]
        )
        event = self._excuse("2025-11-01", used)
        self.env["spp.attendance.category.map"].create(
            {
                "source_id": self.source.id,
                "word": "P",
                "category": "excused",
                "excuse_reason_id": mapped.id,
            }
        )
        self.env["spp.attendance.file.row"]._as_attendance_writer().create(
            {
                "intake_id": 1,
                "individual_id": self.person.id,
                "record": "#1",
                "reason_id": in_file.id,
            }
        )
        for reason in (used, mapped, in_file, self.other):
            with self.subTest(reason.name), self._refuse("Archive it"):
                reason.unlink()
        number = unused.id
        unused.unlink()
        with self._refuse("reason does not exist any more"):
            event.excuse_reason_id = number
        used.active = False
        self.assertEqual(event.excuse_reason_id, used)

    # Days

    def test_no_day_that_is_still_to_come(self):
        """In Kiritimati it is tomorrow when it is today elsewhere."""
        self.env.company.partner_id.tz = "UTC"
        with freeze_time("2026-11-04 12:00:00"):
            self._record(self.person, "2026-11-04")
            with self._refuse("11/05/2026 is still to come"):
                self._record(self.person, "2026-11-05")
            self.env.company.partner_id.tz = "Pacific/Kiritimati"
            self._record(self.person, "2026-11-05")
            # The person's company decides, if she has one.
            west = self.env["res.company"].create({"name": "West"})
            west.partner_id.tz = "Pacific/Pago_Pago"
            self.person.company_id = west
            with self._refuse("still to come"):
                self._record(self.person, "2026-11-05", attendance_time="09:00")

    def test_days_and_corrections(self):
        event = self._record(self.person, "1900-01-01")
        for day, sentence in (
            ("1899-12-31", "1899-12-31 is before"),
            ("0003-11-04", "0003-11-04 is before"),
            ("6209-11-04", "still to come"),
            (date.today() + timedelta(days=2), "still to come"),
        ):
            with self.subTest(day), self._refuse(sentence):
                event.attendance_date = day
            with self.subTest(day), self._refuse(sentence):
                self._record(self.person, day)

    def test_an_import_says_which_row(self):
        with mute_logger("odoo.models"):
            result = self.env["spp.event.attendance"].load(
                ["individual_id", "attendance_date"],
                [[self.person.name, "2025-11-01"], [self.person.name, "6209-11-01"]],
            )
        self.assertFalse(result["ids"])
        self.assertIn("still to come", str(result["messages"]))

    # Twins

    def test_no_twins(self):
        """Each case: what differs from what is recorded; whether it is the very same."""
        event = self._record(self.person, "2025-11-01", attendance_time="09:00")
        kind = self.env["spp.res.config.attendance.type"].create({"name": "School"})
        place = self.env["spp.res.config.attendance.location"].create({"name": "School"})
        day = {"individual_id": self.person.id, "attendance_date": "2025-11-01"}
        for vals, is_twin in (
            ({"attendance_time": "09:00"}, True),
            ({"attendance_time": "09:00:00"}, True),
            ({"attendance_time": "09:00", "attendance_description": "Again"}, True),
            ({"attendance_time": "09:00:01"}, False),
            ({}, False),
            ({"attendance_time": "09:00", "attendance_category": "absent"}, False),
            ({"attendance_time": "09:00", "attendance_type_id": kind.id}, False),
            ({"attendance_time": "09:00", "attendance_location_id": place.id}, False),
            ({"attendance_time": "09:00", "attendance_date": "2025-11-02"}, False),
            ({"attendance_time": "09:00", "individual_id": self._create_person().id}, False),
        ):
            with self.subTest(vals=vals):
                if is_twin:
                    with self._refuse("enter the time of each"):
                        event.create({**day, **vals})
                else:
                    event.create({**day, **vals})
        with self._refuse("enter the time of each"):
            event.create([{**day, "attendance_time": "10:00"}] * 2)

    def test_no_twin_by_correcting_or_restoring(self):
        first = self._record(self.person, "2025-11-01")
        second = self._record(self.person, "2025-11-02")
        with self._refuse("very same"):
            second.attendance_date = "2025-11-01"
        with self._refuse("very same"):
            (first + second).write({"attendance_date": "2025-11-03"})
        first._withdraw("Not so")
        second.attendance_date = "2025-11-01"
        with self._refuse("very same"):
            first.action_restore()
        first.attendance_time = "09:00"
        first.action_restore()
        self.assertFalse(first.withdrawn)

    def test_what_a_source_says_has_twins(self):
        """It tells them apart itself: by hand, the same may be recorded beside it."""
        self._run(self.cycle)
        fetched = self._get_events()[0]
        vals = {
            "individual_id": self.person.id,
            "attendance_date": fetched.attendance_date,
            "attendance_time": fetched.attendance_time,
            "attendance_category": fetched.attendance_category,
        }
        self.assertFalse(fetched.create(vals).is_fetched)

    def test_what_an_earlier_version_let_in_can_be_corrected(self):
        """Twins, and days that can't be: what is not changed is not looked at."""
        old = self._record(self.person, "2025-11-01") + self._record(self.person, "2025-11-02")
        for day in ("6209-11-04", "0003-11-04"):
            self.env.flush_all()
            self.env.cr.execute(
                "UPDATE spp_event_attendance SET attendance_date = %s WHERE id = ANY(%s)",
                [day, old.ids],
            )
            old.invalidate_recordset()
            with self.subTest(day):
                old.attendance_description = f"From {day}"
                # As an import sends it: the day is the same.
                old.write({"attendance_date": day, "attendance_description": "Seen"})
                old[1].attendance_time = "10:00"
                old._withdraw("Not so")
                old.action_restore()
                old[0].attendance_date = "2025-11-03"
                old[1].attendance_time = False
