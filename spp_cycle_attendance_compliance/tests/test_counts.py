from random import Random
from unittest.mock import patch

from odoo.tests import tagged

from ..models.overview import attendance_count_question as questions
from .common import FIRST, AttendanceCase

PERSONS, SEEDS = 12, 3


@tagged("post_install", "-at_install")
class TestCounts(AttendanceCase):
    """What is deleted is taken out of the counts: they are what a whole recount says."""

    def setUp(self):
        super().setUp()
        self.areas = self.env["spp.area"].create(
            [{"draft_name": name} for name in ("North", "South", "East")]
        )
        self.places = self.env["spp.res.config.attendance.location"].create(
            [{"name": name} for name in ("School", "Health Post")]
        )
        self.counts = self.env["spp.attendance.count"].sudo()

    def _create_people(self, random):
        """Return persons of some areas: who came, who did not, and of whom nobody knows."""
        people = self.env["res.partner"].browse()
        for number in range(PERSONS):
            area = random.choice([*self.areas, self.areas.browse()])
            person = self._create_person(f"P{number}", area_id=area.id)
            place = random.choice(self.places).id
            for day in range(1, random.choice((1, 2, 3, 3))):
                category = random.choice(("present", "present", "absent", "unknown"))
                self._record(person, FIRST.replace(day=day), category, attendance_location_id=place)
            people |= person
        return people

    def _create_decided(self, random):
        """Return a cycle of persons and one of households that are decided, some overridden."""
        people = self._create_people(random)
        households = self.env["res.partner"].browse()
        for first in range(0, PERSONS, 3):
            household = self._create_household(*people[first : first + 3], name=f"H{first}")
            household.area_id = random.choice(self.areas)
            households |= household
        cycles = self.env["g2p.cycle"].browse()
        for kind, registrants in (("individual", people), ("group", households)):
            cycle = self._create_cycle(
                self._create_program(kind),
                registrants,
                attendance_source_id=self.recorded.id,
                no_data_rule=random.choice(("keep", "absent")),
            )
            self._run(cycle)
            cycles |= cycle
            for membership in random.sample(list(cycle.cycle_membership_ids), 2):
                self.env["spp.attendance.override"].create(
                    {
                        "cycle_membership_id": membership.id,
                        "verdict": random.choice(("compliant", "non_compliant")),
                        "reason": "As I say",
                    }
                )
        # Who joined afterwards has no verdict.
        self._create_membership(cycles[0], self._create_person("LATE"))
        return cycles

    def _read(self, cycles):
        """Return the counts by place, and the totals."""
        return {
            tuple(getattr(each, "id", each) for each in where): number
            for names in (
                ["cycle_id", "area_id", "region_id", "location_id", "status"],
                ["cycle_id", "status"],
            )
            for *where, number in self.counts._read_group(
                [("cycle_id", "in", cycles.ids)], names, ["membership_count:sum"]
            )
        }

    def _recount(self, cycles):
        with self.env.cr.savepoint() as savepoint:
            for cycle in cycles:
                self.counts._count_standing(cycle)
            counted = self._read(cycles)
            savepoint.rollback()
        self.env.invalidate_all()
        return counted

    def _delete(self, memberships):
        """Delete memberships; nothing may be counted anew for it."""
        with patch.object(type(self.counts), "_count_standing", side_effect=AssertionError):
            memberships.unlink()

    def test_whoever_is_deleted_in_whatever_order(self):
        seen = set()
        for seed in range(SEEDS):
            random = Random(seed)
            with self.subTest(seed=seed), self.env.cr.savepoint() as savepoint:
                cycles = self._create_decided(random)
                self.assertEqual(self._read(cycles), self._recount(cycles))
                seen.update(status for *_where, status in self._read(cycles))
                while memberships := cycles.cycle_membership_ids:
                    most = min(len(memberships), 7)
                    gone = random.sample(list(memberships), random.randint(1, most))
                    self._delete(memberships.browse(each.id for each in gone))
                    self.assertEqual(self._read(cycles), self._recount(cycles))
                    self.assertTrue(all(self._read(cycles).values()))
                self.assertFalse(self.counts.search([("cycle_id", "in", cycles.ids)]))
                savepoint.rollback()
            self.env.invalidate_all()
        # Of what the cases have to be, none is missing.
        self.assertLessEqual({"compliant", "non_compliant", "undecided", "overridden"}, seen)

    def test_areas_that_are_gone_are_one(self):
        """Their counts are several of the same place, and each is left as long as it has some."""
        random = Random(7)
        cycles = self._create_decided(random)
        self.env.cr.execute("DELETE FROM spp_area WHERE id = ANY(%s)", [self.areas[:2].ids])
        self.env.invalidate_all()
        while memberships := cycles.cycle_membership_ids:
            self._delete(memberships[: random.randint(1, 4)])
            self.assertEqual(self._read(cycles), self._recount(cycles))
            kept = self.counts.search([("cycle_id", "in", cycles.ids)])
            self.assertTrue(all(count > 0 for count in kept.mapped("membership_count")))

    def test_what_was_replaced_or_taken_back(self):
        """Only what stands is counted, and so only that is taken out."""
        random = Random(3)
        cycle = self._create_decided(random)[0]
        for membership in cycle.cycle_membership_ids[:6]:
            for day in (8, 9):
                self._record(membership.partner_id, FIRST.replace(day=day))
        second = self._run(cycle)
        self._delete(cycle.cycle_membership_ids[:2])
        self.assertEqual(self._read(cycle), self._recount(cycle))
        second._take_back("A mistake")
        self._delete(cycle.cycle_membership_ids[:3])
        self.assertEqual(self._read(cycle), self._recount(cycle))

    def test_one_statement_for_all(self):
        cycle = self._create_decided(Random(1))[0]
        memberships = cycle.cycle_membership_ids
        self.env.flush_all()
        with self.assertQueryCount(1):
            self.counts._take_out(memberships)

    def test_a_cycle_that_was_not_counted(self):
        cycle = self._create_decided(Random(2))[0]
        self.env.cr.execute("DELETE FROM spp_attendance_count WHERE cycle_id = %s", [cycle.id])
        self.env.invalidate_all()
        self._delete(cycle.cycle_membership_ids[:3])
        self.assertFalse(self._read(cycle))

    def test_the_locations_with_most_non_compliant(self):
        """Of the latest cycle of each program; what is behind a bar is where it is, too."""
        program = self._create_program()
        old, new = self._create_cycle(program), self._create_cycle(program)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE g2p_cycle SET start_date = start_date - 60 WHERE id = %s", [old.id]
        )
        self.env.invalidate_all()
        place_ids = {}
        for name, cycle, status, number in (
            ("Some", new, "non_compliant", 5),
            ("Most", new, "non_compliant", 9),
            ("Most", new, "compliant", 1),
            ("Good", new, "compliant", 50),
            ("Once", old, "non_compliant", 99),
        ):
            place = self.places.search([("name", "=", name)]) or self.places.create({"name": name})
            place_ids[name] = place.id
            self.counts._as_attendance_writer().create(
                {
                    "cycle_id": cycle.id,
                    "program_id": program.id,
                    "location_id": place.id,
                    "status": status,
                    "membership_count": number,
                }
            )
        is_shown = [("is_shown_location", "=", True)]
        mine = [("program_id", "=", program.id)]
        for most, names in ((1, {"Most"}), (2, {"Most", "Some"}), (3, {"Most", "Some", "Good"})):
            with self.subTest(most=most), patch.object(questions, "MOST_LOCATIONS", most):
                shown = self.counts.search(is_shown + mine)
                self.assertEqual(set(shown.location_id.mapped("name")), names)
                self.assertEqual(set(shown.mapped("is_shown_location")), {True})
                others = self.counts.search([("is_shown_location", "=", False)] + mine)
                self.assertEqual(others, self.counts.search(mine) - shown)
                behind = self.counts.action_open_counted(is_shown)["domain"]
                ids = [place_ids[name] for name in ("Most", "Some", "Good")][:most]
                self.assertIn(("location_id", "in", ids), behind)
