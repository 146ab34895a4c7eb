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
        later = pages.create({"attendance_date": date.today() + timedelta(days=1)})
        with self.assertRaisesRegex(UserError, "still to come"):
            later.action_record()
