from lxml import etree

from odoo.tests import tagged
from odoo.tools.safe_eval import safe_eval

from .common import TwoPersonsCase, days
from .test_prints import PrintCase

LINES = "spp.attendance.run.line"
FILTERS = {"non_compliant", "warned", "no_data", "undecided", "overridden", "exempt"}


def explain(records, domain):
    """Return the plan of a search."""
    query = records._search(domain)
    records.env.flush_all()
    select = query.select()
    records.env.cr.execute(type(select)("EXPLAIN %s", select))
    return "\n".join(row[0] for row in records.env.cr.fetchall())


@tagged("post_install", "-at_install")
class TestWhatStands(PrintCase, TwoPersonsCase):
    """Lists of what stands say the same as the membership; those of a run, what it gave."""

    def setUp(self):
        super().setUp()
        self.first = self._run(self.cycle)
        self.override = self._override(self.ben_in, "compliant")

    def _find(self, view, name):
        """Return who is found by a filter."""
        view = self.env.ref(f"spp_cycle_attendance_compliance.{view}")
        arch = etree.fromstring(self.env[LINES].get_view(view.id, "search")["arch"])
        domain = safe_eval(arch.xpath(f"//filter[@name='{name}']")[0].get("domain"))
        lines = self.env[LINES].search([("run_id", "in", self.cycle.attendance_run_ids.ids)])
        return self.env[LINES].search([("id", "in", lines.ids), *domain])

    def _group(self):
        domain = [("run_id", "=", self.first.id)]
        groups = self.env[LINES]._read_group(domain, ["standing_status"], ["__count"])
        return dict(groups)

    def test_who_is_overridden_since(self):
        of_ben = self.ben_in.attendance_line_ids
        self.assertEqual((of_ben.standing, of_ben.shown_status), ("stands", "non_compliant"))
        self.assertEqual(of_ben.standing_status, "overridden")
        self.assertIn("As I say", of_ben.standing_reason)
        self.assertIn("1 day (2 needed)", of_ben.reason)
        self.assertEqual(self._find("view_attendance_verdict_search", "overridden"), of_ben)
        self.assertFalse(self._find("view_attendance_verdict_search", "non_compliant"))
        self.assertEqual(self._find("view_attendance_run_line_search", "non_compliant"), of_ben)
        self.assertFalse(self._find("view_attendance_run_line_search", "overridden"))
        self.assertEqual(self._group(), {"compliant": 1, "overridden": 1})

    def test_whose_registrant_is_disabled(self):
        """The platform hides her membership from everybody; the list of verdicts opens."""
        self.ben.disabled = "2026-01-01"
        self.env.flush_all()
        self.env.invalidate_all()
        manager = self._create_user("of_disabled", "g2p_programs.g2p_program_manager")
        lines = self.first.line_ids.with_user(manager)
        self.assertFalse(self.ben_in.with_user(manager).search([("id", "=", self.ben_in.id)]))
        rows = lines.read(["standing_status", "standing_reason"])
        self.assertEqual({row["standing_status"] for row in rows}, {"compliant", "overridden"})
        dialog = self._open(cycle=self.cycle, user=manager, content="xlsx")
        self.assertIn("Overridden", sum(self._read(dialog), []))
        counts = self.env["spp.attendance.count"].with_user(manager)
        mine = ("cycle_id", "=", self.cycle.id)
        for status, line in zip(("compliant", "overridden"), lines, strict=True):
            domain = counts.action_open_counted([mine, ("status", "=", status)])["domain"]
            self.assertEqual(lines.search(domain), line, "as many as the figure says")

    def test_what_was_replaced_or_lifted(self):
        second = self._run(self.cycle)
        by_first, by_second = self.ben_in.attendance_line_ids.sorted("id")
        shown = [line.standing_status for line in (by_first, by_second)]
        self.assertEqual(shown, ["non_compliant", "overridden"])
        self.override._lift("No more")
        self.assertEqual(by_second.shown_status, "overridden")
        self.assertEqual(by_second.standing_status, "non_compliant")
        self.assertIn("1 day (2 needed)", by_second.standing_reason)
        found = self._find("view_attendance_verdict_search", "non_compliant")
        self.assertEqual(found, by_first + by_second)
        self.assertFalse(self._find("view_attendance_verdict_search", "overridden"))
        second._take_back("No")
        self.assertEqual(by_second.standing_status, "overridden")
        self.assertEqual(by_first.standing_status, "non_compliant")

    def test_each_filter_finds_what_it_says(self):
        eva, ida = self._create_person("EVA"), self._create_person("IDA")
        self.server.people.update(IDA=days(21, 1, 2))
        self.server.people["IDA"][1]["attendance_category"] = "late"
        self.cycle.write({"no_data_rule": "keep", "attendance_warnings": 1})
        for person in (eva, ida):
            self._create_membership(self.cycle, person)
        self._run(self.cycle)
        lines = self.env[LINES].search([("run_id", "in", self.cycle.attendance_run_ids.ids)])
        # Exempt by attendance, refused by the program's own criteria.
        of_ana = self.ana_in.attendance_line_ids
        of_ana._as_attendance_writer().write(
            {"verdict": "exempt", "status": "non_compliant", "passes_criteria": False}
        )
        self.ana_in._as_attendance_writer().attendance_status = "non_compliant"
        for view, field in (
            ("view_attendance_verdict_search", "standing_status"),
            ("view_attendance_run_line_search", "shown_status"),
        ):
            for name in FILTERS:
                with self.subTest(view=view, name=name):
                    expected = lines.filtered(lambda line: line[field] == name)  # noqa: B023
                    self.assertEqual(self._find(view, name), expected)
                    others = self.env[LINES].search([("id", "in", lines.ids), (field, "!=", name)])
                    self.assertEqual(others, lines - expected)
        self.assertIn("undecided", lines.mapped("standing_status"))

    def test_lists_that_open_elsewhere_filter_by_what_stands(self):
        search = self.env.ref("spp_cycle_attendance_compliance.view_attendance_verdict_search")
        action = self.env.ref("spp_cycle_attendance_compliance.action_attendance_verdict")
        self.assertEqual(action.search_view_id, search)
        event = self.env["spp.event.attendance"].search([("individual_id", "=", self.ben.id)])
        for action in (
            self.cycle.action_open_verdicts("overridden"),
            self.ben_in.action_open_attendance_verdicts(),
            event.action_open_attendance_verdicts(),
        ):
            self.assertEqual(action["search_view_id"], search.ids)
            found = self.env[LINES].search(action["domain"])
            self.assertEqual(found, self.ben_in.attendance_line_ids)

    def test_no_set_is_made_of_all_cycles(self):
        memberships = self.env["g2p.cycle.membership"]
        for status in ("no_data", "undecided"):
            is_so = ("attendance_shown_status", "=", status)
            for domain in ([is_so], ["|", is_so, ("attendance_status", "=", "warned")]):
                plan = explain(memberships, [("cycle_id", "=", self.cycle.id), *domain])
                self.assertNotIn("hashed", plan)
                self.assertEqual(plan.count("on g2p_cycle_membership "), 1, plan)


@tagged("post_install", "-at_install")
class TestPlanOfLists(PrintCase):
    def test_lists_by_location_read_the_runs_that_are_listed(self):
        person = self._create_person("ANA")
        self.server.people["ANA"] = days(1, 1)
        household = self._create_household(person)
        cycle = self._create_cycle(self._create_program("group"), [household])
        run = self._run(cycle)
        for which in ("all", "failing"):
            for vals in ({"run": run}, {"cycle": cycle}):
                dialog = self._open(content="xlsx", grouped_by="location", which=which, **vals)
                plan = explain(self.env[LINES], dialog._get_listed_domain())
                self.assertNotIn("hashed", plan)
                self.assertEqual(len(self._read(dialog)), 2)
