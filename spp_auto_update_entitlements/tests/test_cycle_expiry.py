from datetime import date

from freezegun import freeze_time

from odoo.tests import tagged

from .common import SettlementCase


@tagged("post_install", "-at_install")
class TestCycleExpiry(SettlementCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env["res.company"].create({"name": "Samoa Relief"})
        cls.far_program = cls._create_program("Far Away", company_id=cls.company.id)
        cls.cycle = cls._create_cycle()
        cls.far_cycle = cls._create_cycle(cls.far_program)
        for cycle in cls.cycle + cls.far_cycle:
            cls._move_end(cycle, date(2026, 3, 31))

    def _assert_expired(self, cycle, expired):
        """The field and the search must agree, whichever way one asks."""
        cycle.invalidate_recordset()
        self.assertEqual(cycle.is_expired, expired)
        mine = [("id", "=", cycle.id)]
        for operator, value, found in (
            ("=", True, expired),
            ("=", False, not expired),
            ("!=", True, not expired),
            ("!=", False, expired),
            ("in", [True], expired),
            ("not in", [True], not expired),
            ("in", [True, False], True),
            ("in", [], False),
        ):
            domain = mine + [("is_expired", operator, value)]
            self.assertEqual(bool(self.env["g2p.cycle"].search(domain)), found, domain)

    def test_the_last_day_belongs_to_the_cycle(self):
        for now, expired in (
            ("2026-03-30 12:00:00", False),
            ("2026-03-31 00:00:00", False),
            ("2026-03-31 23:59:59", False),
            ("2026-04-01 00:00:00", True),
            ("2027-01-01 00:00:00", True),
        ):
            with self.subTest(now=now), freeze_time(now):
                self._assert_expired(self.cycle, expired)

    def test_today_is_where_the_company_is(self):
        for zone, now, expired in (
            # Apia is 13 hours ahead of UTC: 1 April begins there at 11:00 UTC on 31 March.
            ("Pacific/Apia", "2026-03-31 10:59:59", False),
            ("Pacific/Apia", "2026-03-31 11:00:00", True),
            # Honolulu is 10 hours behind: 31 March lasts there until 10:00 UTC on 1 April.
            ("Pacific/Honolulu", "2026-04-01 09:59:59", False),
            ("Pacific/Honolulu", "2026-04-01 10:00:00", True),
            (False, "2026-03-31 23:59:59", False),
            (False, "2026-04-01 00:00:00", True),
        ):
            with self.subTest(zone=zone, now=now), freeze_time(now):
                self.company.partner_id.tz = zone
                self._assert_expired(self.far_cycle, expired)

    def test_the_zone_of_the_user_does_not_matter(self):
        with freeze_time("2026-03-31 12:00:00"):
            self.env.user.tz = "Pacific/Apia"
            self._assert_expired(self.cycle.with_context(tz="Pacific/Apia"), False)

    def test_the_zones_of_all_companies_are_asked_for_at_once(self):
        def count_queries():
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.env["g2p.cycle"]._get_expired_domain()
            return self.env.cr.sql_log_count - before

        count = count_queries()
        self.env["res.company"].create([{"name": f"Relief {number}"} for number in range(3)])
        self.assertEqual(count_queries(), count)

    def test_a_cycle_without_an_end_is_not_expired(self):
        self.assertFalse(self.env["g2p.cycle"].new({"program_id": self.program.id}).is_expired)

    def test_meaningless_comparisons_are_refused(self):
        with self.assertRaisesRegex(ValueError, "is_expired"):
            self.env["g2p.cycle"].search([("is_expired", ">", True)])
