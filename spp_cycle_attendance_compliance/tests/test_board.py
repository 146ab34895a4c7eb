import re
from collections import Counter
from unittest.mock import patch

from lxml import etree

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools.misc import file_open

from .common import FIRST, AttendanceCase
from .tour_common import TourCase

READER = "spp_cycle_attendance_compliance.group_attendance_reader"
GRAPH = "spp_cycle_attendance_compliance/static/src/attendance_graph.esm.js"


def get_luminance(colour):
    """Return how bright ``#rrggbb`` is, from 0 to 1, as WCAG 2 has it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@tagged("post_install", "-at_install")
class TestBoard(AttendanceCase):
    """Ana, of the north, came twice to the school; Ben, of the south, once to the health post."""

    def setUp(self):
        super().setUp()
        self.north, self.south = self.env["spp.area"].create(
            [{"draft_name": "North"}, {"draft_name": "South"}]
        )
        self.school, self.post = self.env["spp.res.config.attendance.location"].create(
            [{"name": "School"}, {"name": "Health Post"}]
        )
        self.ana = self._create_person("ANA", area_id=self.north.id)
        self.ben = self._create_person("BEN", area_id=self.south.id)
        for person, day, place in (
            (self.ana, 1, self.post),
            (self.ana, 2, self.school),
            (self.ben, 1, self.post),
        ):
            self._record(person, FIRST.replace(day=day), attendance_location_id=place.id)
        # It is after the period.
        self._record(self.ben, FIRST.replace(month=12), attendance_location_id=self.school.id)
        self.program = self._create_program()
        self.cycle = self._create_recorded_cycle(self.ana, self.ben)
        self.ben_in = self._get_membership(self.cycle, self.ben)

    def _create_recorded_cycle(self, *registrants, **vals):
        vals = {"attendance_source_id": self.recorded.id, **vals}
        return self._create_cycle(vals.pop("program", self.program), registrants, **vals)

    def _get_counts(self, cycle=None, is_total=False):
        return self.env["spp.attendance.count"].search(
            [("cycle_id", "=", (cycle or self.cycle).id), ("is_total", "=", is_total)]
        )

    def _read_counts(self, cycle=None):
        """Return the counts by place; the totals are always the same."""
        counts = self._get_counts(cycle)
        sums = Counter()
        for each in counts:
            sums[each.status] += each.membership_count
        totals = self._get_counts(cycle, is_total=True)
        self.assertEqual(
            sorted((each.status, each.membership_count) for each in totals), sorted(sums.items())
        )
        return {
            (each.area_id.draft_name, each.location_id.name, each.status): each.membership_count
            for each in counts
        }

    def _override(self, verdict="compliant"):
        return self.env["spp.attendance.override"].create(
            {"cycle_membership_id": self.ben_in.id, "verdict": verdict, "reason": "Was ill"}
        )

    # What is counted

    def test_a_run_counts_by_area_and_location(self):
        self.assertFalse(self._get_counts())
        self._run(self.cycle)
        self.assertEqual(
            self._read_counts(),
            {("North", "School", "compliant"): 1, ("South", "Health Post", "non_compliant"): 1},
        )

    def test_a_preview_counts_nothing(self):
        self._get_run(self.cycle.action_preview_attendance())
        self.assertFalse(self._get_counts())

    def test_a_household_counts_where_most_members_attended(self):
        cleo = self._create_person("CLEO")
        self._record(cleo, FIRST, attendance_location_id=self.school.id)
        household = self._create_household(self.ana, self.ben, cleo)
        household.area_id = self.south
        cycle = self._create_recorded_cycle(household, program=self._create_program("group"))
        self._run(cycle)
        self.assertEqual(list(self._read_counts(cycle)), [("South", "School", "compliant")])

    def test_counts_stay_with_the_place_of_the_decision(self):
        self._run(self.cycle)
        self.ben.area_id = self.north
        self._override()
        self.assertIn(("South", "Health Post", "overridden"), self._read_counts())

    def test_an_override_moves_one(self):
        cleo = self._create_person("CLEO", area_id=self.south.id)
        self._record(cleo, FIRST, attendance_location_id=self.post.id)
        self._create_membership(self.cycle, cleo)
        self._run(self.cycle)
        here = "South", "Health Post"
        self.assertEqual(self._read_counts()[(*here, "non_compliant")], 2)
        override = self._override()
        counts = self._read_counts()
        self.assertEqual(counts[(*here, "non_compliant")], 1)
        self.assertEqual(counts[(*here, "overridden")], 1)
        override._lift("As I say")
        self.assertEqual(
            self._read_counts(), {("North", "School", "compliant"): 1, (*here, "non_compliant"): 2}
        )

    def test_who_was_not_decided_and_is_overridden_is_behind_the_figure(self):
        for day in (1, 2):
            self._record(self.ben, FIRST.replace(day=day), "unknown")
        self._run(self.cycle)
        counts = self.env["spp.attendance.count"]
        for override, status in ((None, "undecided"), ("compliant", "overridden")):
            if override:
                self._override(override)
            domain = counts.action_open_counted([("status", "=", status)])["domain"]
            lines = self.env["spp.attendance.run.line"].search(domain)
            self.assertEqual(lines.partner_id & (self.ana | self.ben), self.ben, status)
        self.assertEqual(lines.verdict, "undecided")

    def test_an_override_of_what_was_not_counted_yet(self):
        self._run(self.cycle)
        self.env.cr.execute("DELETE FROM spp_attendance_count")
        self.env.invalidate_all()
        self._override()
        self.assertEqual(
            self._read_counts(),
            {("North", "School", "compliant"): 1, ("South", "Health Post", "overridden"): 1},
        )

    def test_who_leaves_the_cycle_counts_no_more(self):
        self._run(self.cycle)
        with patch.object(type(self.env["spp.attendance.count"]), "_count_standing") as count:
            self.ben_in.unlink()
        count.assert_not_called()
        self.assertEqual(self._read_counts(), {("North", "School", "compliant"): 1})

    def test_not_decided_is_a_count_of_its_own(self):
        self._record(self.ben, FIRST.replace(day=4), "unknown", attendance_location_id=self.post.id)
        self._run(self.cycle)
        here = "South", "Health Post"
        self.assertEqual(
            self._read_counts(), {("North", "School", "compliant"): 1, (*here, "undecided"): 1}
        )
        action = self._get_counts().action_open_counted(
            ["|", ("status", "=", "undecided"), ("status", "=", "no_data")]
        )
        lines = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(lines.cycle_membership_id, self.ben_in)
        override = self._override()
        self.assertIn((*here, "overridden"), self._read_counts())
        override._lift("As I say")
        self.assertIn((*here, "undecided"), self._read_counts())

    def test_a_place_that_is_gone_keeps_nobody_from_deciding(self):
        self._run(self.cycle)
        with self.assertRaisesRegex(UserError, "can't be deleted"):
            self.school.unlink()
        self.env.cr.execute("DELETE FROM spp_area WHERE id = %s", [self.south.id])
        self.env.invalidate_all()
        self._override()
        self.assertIn((False, "Health Post", "overridden"), self._read_counts())

    def test_taking_back_counts_what_stands_then(self):
        self._run(self.cycle)
        self._record(self.ben, FIRST.replace(day=3), attendance_location_id=self.school.id)
        second = self._run(self.cycle)
        self.assertIn(("South", "School", "compliant"), self._read_counts())
        second._take_back("A mistake")
        self.assertIn(("South", "Health Post", "non_compliant"), self._read_counts())
        self.cycle.attendance_run_ids.filtered(lambda run: run.state == "done")._take_back("Both")
        self.assertFalse(self._get_counts())

    def test_regions(self):
        areas = self.env["spp.area"]
        villages = areas.create(
            [{"draft_name": f"Village {n}", "parent_id": self.north.id} for n in (1, 2)]
        )
        self.ana.area_id, self.ben.area_id = villages
        self._run(self.cycle)
        counts = self._get_counts()
        self.assertEqual(counts.area_id, villages)
        self.assertEqual(counts.region_id, self.north)
        reader = self._create_user("attendance_board_reader", READER)
        counts = counts.with_user(reader)
        groups = counts._read_group([("cycle_id", "=", self.cycle.id)], ["region_id"], ["__count"])
        self.assertEqual([region.id for region, _count in groups], self.north.ids)
        action = counts.action_open_counted([("region_id", "=", self.north.id)])
        lines = self.env[action["res_model"]].with_user(reader)
        self.assertEqual(len(lines.search(action["domain"])), 2)
        action = counts.action_open_counted([("region_id", "=", False)])
        self.assertFalse(lines.search(action["domain"]))
        with self.assertRaisesRegex(UserError, "filters of your own"):
            counts.action_open_counted([("region_id", "!=", self.north.id)])
        # All lie in one country: the regions are below it.
        country = areas.create({"draft_name": "Country"})
        (areas.search([("parent_id", "=", False)]) - country).parent_id = country
        counts.sudo()._count_standing(self.cycle)
        self.assertEqual(self._get_counts().region_id, self.north)
        self.ana.area_id = country
        self._run(self.cycle)
        self.assertEqual(self._get_counts().region_id, self.north | country)
        # Counted are regions of before, whatever is topmost since.
        areas.create({"draft_name": "Another Country"})
        for leaf, found in (
            (("region_id", "=", country.id), self.ana),
            (("region_id", "=", self.north.id), self.ben),
            (("region_id", "ilike", "north"), self.ben),
            (("region_id", "in", (self.north | country).ids), self.ana | self.ben),
        ):
            with self.subTest(leaf=leaf):
                domain = counts.action_open_counted([leaf])["domain"]
                self.assertEqual(lines.search(domain).partner_id, found)

    def test_each_question_is_answered_once(self):
        self._run(self.cycle)
        counts = self.env["spp.attendance.count"]
        verdicts = [("compliant", 1), ("non_compliant", 1)]
        mine = ("cycle_id", "=", self.cycle.id)
        for domain, groupby, answer in (
            ([mine], ["status"], verdicts),
            ([mine], ["cycle_id", "status"], [(self.cycle, *each) for each in verdicts]),
            (["|", mine, mine], [], [(2,)]),
            ([mine, ("program_id.name", "=", "None")], ["status"], []),
            (["&", mine, ("is_latest", "=", True), (1, "=", 1)], ["status"], verdicts),
            ([mine], ["area_id"], [(self.north, 1), (self.south, 1)]),
            ([mine], ["region_id"], [(self.north, 1), (self.south, 1)]),
            ([mine], ["location_id", "area_id"], None),
            ([mine, ("area_id", "child_of", self.north.id)], ["status"], verdicts[:1]),
            ([mine, ("location_id.name", "=", "School")], ["cycle_id"], [(self.cycle, 1)]),
            ([("id", "in", self._get_counts().ids)], ["status"], verdicts),
            ([mine, ("is_total", "=", True)], ["area_id"], [(self.env["spp.area"], 2)]),
        ):
            with self.subTest(domain=domain, groupby=groupby):
                groups = counts._read_group(domain, groupby, ["membership_count:sum"])
                if answer is None:
                    self.assertEqual([number for *_names, number in groups], [1, 1])
                else:
                    self.assertEqual(groups, answer)

    def test_few_rows_answer_what_is_not_about_places(self):
        self._run(self.cycle)
        counts, mine = self.env["spp.attendance.count"], [("cycle_id", "=", self.cycle.id)]
        self.env.cr.execute("DELETE FROM spp_attendance_count WHERE is_total IS NOT TRUE")
        self.assertEqual(
            counts._read_group(mine, ["status"], ["membership_count:sum"]),
            [("compliant", 1), ("non_compliant", 1)],
        )
        self.assertFalse(counts._read_group(mine, ["area_id"]))

    def test_a_pivot_counts_each_once(self):
        self._run(self.cycle)
        for names in (["status"], ["area_id"]):
            all_in_one, by_name = self._read_pivot([], names)
            self.assertEqual([all_in_one, by_name], [[2], [1, 1]])

    def _read_pivot(self, *groupings):
        """Return what a pivot of the cycle shows, by grouping, as Odoo asks for it."""
        counts, mine = self.env["spp.attendance.count"], [("cycle_id", "=", self.cycle.id)]
        if hasattr(counts, "formatted_read_grouping_sets"):  # from Odoo 19 on
            name = "membership_count:sum"
            answers = counts.formatted_read_grouping_sets(mine, groupings, [name])
        else:
            name = "membership_count"
            answers = [counts.read_group(mine, [name], each, lazy=False) for each in groupings]
        return [[group[name] for group in answer] for answer in answers]

    def test_the_latest_cycle_of_the_program(self):
        earlier = self._create_recorded_cycle(self.ana)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE g2p_cycle SET start_date = start_date - 60 WHERE id = %s", [earlier.id]
        )
        self.env.invalidate_all()
        self._run(earlier)
        self.assertEqual(self._get_counts(earlier).mapped("is_latest"), [True])
        self._run(self.cycle)
        self.assertEqual(self._get_counts(earlier).mapped("is_latest"), [False])
        self.assertEqual(self._get_counts().mapped("is_latest"), [True, True])
        self.cycle.attendance_run_ids._take_back("A mistake")
        self.assertEqual(self._get_counts(earlier).mapped("is_latest"), [True])

    # What is behind a figure

    def test_each_count_opens_its_verdicts(self):
        self._run(self.cycle)
        self._override()
        counts = self._get_counts()
        self.assertEqual(len(counts), 2)
        for count in counts:
            action = counts.action_open_counted(
                [
                    "&",
                    ("is_latest", "=", True),
                    "&",
                    ("area_id", "=", count.area_id.id),
                    "&",
                    ("location_id", "=", count.location_id.id),
                    "&",
                    ("status", "=", count.status),
                    "&",
                    ("cycle_id", "=", count.cycle_id.id),
                    "&",
                    ("program_id.name", "=", self.program.name),
                    (1, "=", 1),
                ]
            )
            lines = self.env[action["res_model"]].search(action["domain"])
            self.assertEqual(len(lines), count.membership_count)
            self.assertEqual(lines.cycle_membership_id.attendance_status, count.status)
        action = counts.action_open_counted([("area_id", "=", False)])
        self.assertFalse(self.env[action["res_model"]].search(action["domain"]))
        with self.assertRaisesRegex(UserError, "filters of your own"):
            counts.action_open_counted([("membership_count", ">", 1)])

    # Who sees and writes them

    def test_readers_see_their_companys_and_nobody_writes(self):
        self.program.company_id = self.env["res.company"].create({"name": "Another Agency"})
        self.cycle.company_id = self.program.company_id
        self._run(self.cycle)
        count = self._get_counts()[0]
        self.assertEqual(count.company_id, self.program.company_id)
        reader = self._create_user("attendance_board_reader", READER)
        self.assertFalse(count.with_user(reader).search([]))
        registrar = self._create_user(
            "attendance_board_registrar", "g2p_registry_base.group_g2p_registrar"
        )
        with self.assertRaises(AccessError):
            count.with_user(registrar).search([])
        with self.assertRaises(AccessError):
            count.sudo().membership_count = 5
        with self.assertRaises(AccessError):
            count.sudo().unlink()

    # The board

    def test_the_board_is_there_for_a_reader(self):
        reader = self._create_user("attendance_board_reader", READER)
        action = self.env.ref("spp_cycle_attendance_compliance.action_attendance_board")
        menu = self.env.ref("spp_cycle_attendance_compliance.menu_attendance_board")
        self.assertIn(menu.id, menu.with_user(reader)._visible_menu_ids())
        board = self.env["board.board"].with_user(reader)
        shown = etree.fromstring(board.get_view(action.view_id.id, "form")["arch"])
        self.assertEqual(shown.get("js_class"), "board")
        windows = [int(node.get("name")) for node in shown.iter("action")]
        self.assertEqual(len(windows), 4)
        for window in self.env["ir.actions.act_window"].browse(windows):
            view = self.env[window.res_model].with_user(reader).get_view(view_type="graph")
            self.assertIn('js_class="attendance_graph"', view["arch"])

    def test_each_verdict_and_presence_has_its_colour(self):
        with file_open(GRAPH) as file:
            colours = dict(re.findall(r'(\w+): "(#[0-9a-f]{6})"', file.read()))
        presences = self.env["spp.event.attendance"]._fields["attendance_category"].selection
        statuses = self.env["spp.attendance.count"]._fields["status"].selection
        for values in (presences, statuses):
            own = [colours[value] for value, _label in values]
            self.assertEqual(len(set(own)), len(own))
            for colour in own:
                with self.subTest(colour=colour):
                    contrast = 1.05 / (get_luminance(colour) + 0.05)
                    self.assertGreaterEqual(contrast, 3)


@tagged("post_install", "-at_install")
class TestBoardTour(TourCase):
    def test_a_bar_and_a_figure_open_their_verdicts(self):
        person = self._create_person(name="Ana of the Tour")
        for day in (1, 2):
            self._record(person, FIRST.replace(day=day))
        self._run(self._create_cycle(registrants=[person], attendance_source_id=self.recorded.id))
        self._create_user("attendance_validator", "g2p_programs.g2p_program_validator")
        for tour, action in (
            ("board", "board"),
            ("board_by_keys", "board"),
            ("compliance", "count"),
        ):
            self._open(
                f"spp_cycle_attendance_compliance.action_attendance_{action}",
                tour,
                "attendance_validator",
            )
