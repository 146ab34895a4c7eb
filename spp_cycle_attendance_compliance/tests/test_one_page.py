from datetime import date, timedelta

from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import AttendanceCase

REGISTRAR = "g2p_registry_base.group_g2p_registrar"


@tagged("post_install", "-at_install")
class TestOnePage(AttendanceCase):
    def test_tap_who_did_not_come(self):
        ana, ben, zoe = (self._create_person(name) for name in ("ANA", "BEN", "ZOE"))
        household = self._create_household(ana, ben)
        registrar = self._create_user("page_registrar", REGISTRAR)
        pages = self.env["spp.record.attendance"].with_user(registrar)
        pages = pages.with_context(active_model="res.partner", active_ids=(household + zoe).ids)
        page = pages.create({"attendance_date": "2025-11-03"})
        self.assertEqual(page.line_ids.individual_id, ana + ben + zoe)
        page.line_ids[1].is_present = False
        page.line_ids[2].unlink()
        page.action_record()
        events = self.env["spp.event.attendance"].search([], order="individual_id")
        events = events.filtered(lambda event: event.individual_id in ana + ben + zoe)
        self.assertRecordValues(
            events,
            [
                {"individual_id": ana.id, "attendance_category": "present", "is_fetched": False},
                {"individual_id": ben.id, "attendance_category": "absent", "is_fetched": False},
            ],
        )
        # Once more: it shows what is recorded, corrects, and makes no twin.
        again = pages.create({"attendance_date": "2025-11-03"})
        again._onchange_what_is_recorded()
        self.assertEqual(again.line_ids.mapped("is_present"), [True, False, True])
        again.line_ids[1].is_present = True
        again.line_ids[2].unlink()
        again.action_record()
        self.assertEqual(set(events.mapped("attendance_category")), {"present"})
        # Excused is who did not come and has a reason.
        illness, other = (
            self.env.ref(f"spp_cycle_attendance_compliance.excuse_{name}")
            for name in ("illness", "other")
        )
        once_more = pages.create({"attendance_date": "2025-11-03"})
        once_more._onchange_what_is_recorded()
        once_more.line_ids[0].write({"is_present": False, "excuse_reason_id": illness.id})
        once_more.line_ids[1].write({"is_present": True, "excuse_reason_id": illness.id})
        once_more.line_ids[2].unlink()
        message = once_more.action_record()["params"]["message"]
        self.assertIn("1 present, 0 absent, 1 excused; of these, 1 were corrected", message)
        self.assertRecordValues(
            events,
            [
                {"attendance_category": "excused", "excuse_reason_id": illness.id},
                {"attendance_category": "present", "excuse_reason_id": False},
            ],
        )
        shown = pages.create({"attendance_date": "2025-11-03"})
        shown._onchange_what_is_recorded()
        self.assertEqual(shown.line_ids.mapped("is_present"), [False, True, True])
        self.assertEqual(shown.line_ids[0].excuse_reason_id, illness)
        shown.line_ids[0].excuse_reason_id = other
        shown.line_ids[1:].unlink()
        shown.action_record()
        self.assertEqual(events[0].excuse_reason_id, other)
        self.assertEqual(events[0].change_ids[0].old_value, "Illness")
        later = pages.create({"attendance_date": date.today() + timedelta(days=1)})
        with self.assertRaisesRegex(UserError, "still to come"):
            later.action_record()

    def test_several_of_a_day_are_made_one(self):
        """Somebody recorded them twice, each time otherwise: what is said here is what remains."""
        ana = self._create_person("ANA")
        pages = self.env["spp.record.attendance"].with_context(
            active_model="res.partner", active_ids=ana.ids
        )
        for is_present, remaining in ((False, 1), (True, 0)):
            with self.subTest(is_present=is_present):
                day = f"2025-11-0{3 + remaining}"
                events = self._record(ana, day) + self._record(ana, day, "absent")
                page = pages.create({"attendance_date": day})
                page.line_ids.is_present = is_present
                page.action_record()
                kept = events.filtered(lambda event: not event.withdrawn)
                self.assertEqual(kept, events[remaining])
                # Neither was so: the first one is corrected.
                reason = self.env.ref("spp_cycle_attendance_compliance.excuse_other")
                events[1 - remaining].action_restore()
                again = pages.create({"attendance_date": day})
                again.line_ids.write({"is_present": False, "excuse_reason_id": reason.id})
                again.action_record()
                self.assertEqual(events.mapped("withdrawn"), [False, True])
                self.assertEqual(events[0].excuse_reason_id, reason)
