from lxml import etree

from odoo.tests import tagged

from .common import AttendanceCase, TwoPersonsCase, days
from .test_prints import PrintCase

LINES, MEMBERSHIPS = "spp.attendance.run.line", "g2p.cycle.membership"


@tagged("post_install", "-at_install")
class TestShownStatus(PrintCase):
    """Who is not decided about is called so wherever a verdict is shown."""

    def setUp(self):
        super().setUp()
        names = ("ANA", "BEN", "EVA", "IDA", "OLA")
        self.people = [self._create_person(name) for name in names]
        self.ana, self.ben, self.eva, self.ida, self.ola = self.people
        # Ana came; Ben may have come twice; of Eva nothing is known; Ida failed; so did Ola, who is
        # overridden.
        self.server.people.update(
            ANA=days(1, 1, 2), BEN=days(11, 1, 2), IDA=days(21, 1), OLA=days(31, 1)
        )
        self.server.people["BEN"][1]["attendance_category"] = "late"
        self.cycle = self._create_cycle(
            registrants=self.people, attendance_warnings=1, attendance_warning_cycles=3
        )
        self.cycle.no_data_rule = "keep"
        self.env["spp.attendance.override"].create(
            {
                "cycle_membership_id": self._get_membership(self.cycle, self.ola).id,
                "verdict": "compliant",
                "reason": "As I say",
            }
        )
        self.run_of_all = self._run(self.cycle)
        self.expected = {
            self.ana: "compliant",
            self.ben: "undecided",
            self.eva: "no_data",
            self.ida: "warned",
            self.ola: "overridden",
        }

    def _get_cases(self):
        """Yield a model, the domain of the cycle in it, and its field that is shown."""
        yield LINES, [("run_id", "=", self.run_of_all.id)], "shown_status"
        yield MEMBERSHIPS, [("cycle_id", "=", self.cycle.id)], "attendance_shown_status"

    def test_shown_grouped_and_found(self):
        for model, domain, field in self._get_cases():
            with self.subTest(model=model):
                records = self.env[model].search(domain)
                shown = {record.partner_id: record[field] for record in records}
                self.assertEqual(shown, self.expected)
                self.assertEqual(
                    self._group(records, domain, field), dict.fromkeys(shown.values(), 1)
                )
                for status in shown.values():
                    self._check_found(records, domain, field, status)
                self._check_found(records, domain, field, "non_compliant")

    def _group(self, records, domain, field):
        """Return how many have which status, as a list in the browser groups them."""
        if hasattr(records, "formatted_read_group"):
            groups = records.formatted_read_group(domain, [field], ["__count"])
            return {group[field]: group["__count"] for group in groups}
        groups = records.read_group(domain, [], [field])
        return {group[field]: group[f"{field}_count"] for group in groups}

    def _check_found(self, records, domain, field, status):
        wanted = records.filtered(lambda record: record[field] == status)
        for operator, value, expected in (
            ("=", status, wanted),
            ("!=", status, records - wanted),
            ("in", [status, False], wanted),
            ("not in", [status, False], records - wanted),
        ):
            found = records.search([*domain, (field, operator, value)])
            self.assertEqual(found, expected, f"{operator} {value}")

    def test_members_of_households(self):
        household = self._create_household(self.ana, self.ben)
        cycle = self._create_cycle(
            self._create_program("group"), [household], household_rule="all", no_data_rule="keep"
        )
        lines = self._run(cycle).line_ids
        shown = {line.partner_id: line.shown_status for line in lines}
        self.assertEqual(
            shown, {household: "undecided", self.ana: "compliant", self.ben: "undecided"}
        )
        domain = [("id", "in", lines.ids)]
        found = lines.search([*domain, ("shown_status", "=", "undecided")])
        self.assertEqual(found.partner_id, household + self.ben)
        grouped = dict(lines._read_group(domain, ["shown_status"], ["__count"]))
        self.assertEqual(grouped, {"compliant": 1, "undecided": 2})

    def test_the_programs_own_criteria_come_first(self):
        line = self.run_of_all.line_ids.filtered(lambda each: each.partner_id == self.ben)
        line._as_attendance_writer().write({"status": "non_compliant", "passes_criteria": False})
        self.assertEqual(line.shown_status, "non_compliant")
        self.assertEqual(line._get_shown_status(of_run=True)[2], "Non-Compliant")

    def test_whoever_reads_memberships_sees_it(self):
        user = self._create_user("shown_manager", "g2p_programs.g2p_program_manager")
        membership = self._get_membership(self.cycle, self.ben).with_user(user)
        self.assertEqual(membership.attendance_shown_status, "undecided")

    def test_marks_of_the_history(self):
        self.assertIn("Not Decided", self.ben.attendance_history)
        self.assertNotIn("No Data", self.ben.attendance_history.partition("text-muted")[0])
        self.assertIn("No Data", self.eva.attendance_history.partition("text-muted")[0])

    def test_lists_to_print_say_the_same(self):
        labels = dict(self.run_of_all.line_ids._fields["shown_status"].selection)
        expected = {person.name: labels[status] for person, status in self.expected.items()}
        for dialog in (
            self._open(self.run_of_all, content="xlsx"),
            self._open(cycle=self.cycle, content="xlsx"),
        ):
            shown = {row[1]: row[3] for row in self._read(dialog)[1:]}
            self.assertEqual(shown, expected)

    def test_the_list_of_runs_counts_it_apart(self):
        counted = self.run_of_all.nothing_known_count, self.run_of_all.undecided_count
        self.assertEqual(counted, (1, 1))

    def test_views_show_no_other_status(self):
        cases = (
            (LINES, "status", "spp_cycle_attendance_compliance.view_attendance_run_line_tree"),
            (LINES, "status", "spp_cycle_attendance_compliance.view_attendance_verdict_tree"),
            (LINES, "status", "spp_cycle_attendance_compliance.view_attendance_run_line_form"),
            (LINES, "status", "spp_cycle_attendance_compliance.view_attendance_run_line_kanban"),
            (MEMBERSHIPS, "attendance_status", "g2p_programs.view_cycle_membership_form"),
            (MEMBERSHIPS, "attendance_status", "g2p_programs.view_cycle_membership_tree"),
            (
                MEMBERSHIPS,
                "attendance_status",
                "spp_cycle_attendance_compliance.view_attendance_cycle_tree",
            ),
            (
                MEMBERSHIPS,
                "attendance_status",
                "spp_cycle_attendance_compliance.view_attendance_cycle_kanban",
            ),
        )
        for model, name, view in cases:
            with self.subTest(view=view):
                view = self.env.ref(view)
                kind = "list" if view.type == "tree" else view.type
                try:
                    arch = self.env[model].get_view(view.id, kind)["arch"]
                except ValueError:
                    arch = self.env[model].get_view(view.id, view.type)["arch"]
                self.assertRegex(arch, 'name="(shown|standing|attendance_shown)_status"')
                self.assertNotIn(f'name="{name}"', arch)


@tagged("post_install", "-at_install")
class TestKindOfRun(TwoPersonsCase):
    def test_what_was_applied_is_no_preview(self):
        run = self._preview()
        self.assertEqual((run.kind, run.mode), ("preview", "preview"))
        run._decide_to_apply("As agreed")
        self.assertEqual((run.kind, run.mode, run.state), ("apply", "preview", "done"))
        run._take_back("No")
        self.assertEqual(run.kind, "apply")
        discarded = self._preview()
        discarded.action_discard()
        self.assertEqual(discarded.kind, "preview")
        for view in ("tree", "kanban", "form"):
            view = self.env.ref(f"spp_cycle_attendance_compliance.view_attendance_run_{view}")
            fields = etree.fromstring(view.arch).findall(".//field")
            seen = [field.get("name") for field in fields if not field.get("invisible")]
            self.assertIn("kind", seen)
            self.assertNotIn("mode", seen)


@tagged("post_install", "-at_install")
class TestLocationLists(PrintCase, AttendanceCase):
    """Which rows the list by location has of a household none of whose members failed."""

    def setUp(self):
        super().setUp()
        self.ana, self.eva = self._create_person("ANA"), self._create_person("EVA")
        self.server.people.update(ANA=days(1, 1, 2), EVA=days(11, 1, 2))
        self.place = self.env["spp.res.config.attendance.location"].create(
            {"name": "Hill School", "source_id": self.recorded.id}
        )
        for person in (self.ana, self.eva):
            self._record(person, "2025-11-01", attendance_location_id=self.place.id)
        self.household = self._create_household(self.ana, self.eva, name="Family Lopez")
        program = self._create_program("group")
        self.cycle = self._create_cycle(program, [self.household], household_rule="all")
        self._run(self.cycle)

    def _list(self, run=None, **vals):
        cycle = None if run else self.cycle
        dialog = self._open(run, cycle, content="xlsx", grouped_by="location", **vals)
        return [row[1:6] for row in self._read(dialog)[1:]]

    def test_a_household_that_a_person_set_non_compliant(self):
        membership = self._get_membership(self.cycle, self.household)
        self.env["spp.attendance.override"].create(
            {
                "cycle_membership_id": membership.id,
                "verdict": "non_compliant",
                "reason": "They moved away",
            }
        )
        expected = [["Family Lopez", "Hill School", None, "2 of 2 members", "Overridden"]]
        self.assertEqual(self._list(which="failing"), expected)
        self.assertEqual(self._list(which="failing", location_id=self.place.id), expected)
        self.assertEqual(self._list(self._run(self.cycle), which="failing"), expected)
        # Among all, its members are listed, as ever.
        self.assertEqual([row[0] for row in self._list()], ["Person ANA", "Person EVA"])
        letters = self._open(cycle=self.cycle, content="letters", which="failing")
        letters.action_print()
        self.assertEqual(len(letters.letter_numbers), 1)

    def test_a_household_of_nobody_who_counts(self):
        self.cycle.member_domain = "[('name', '=', 'Nobody')]"
        run = self._run(self.cycle)
        (row,) = self._list(run)
        self.assertEqual((row[0], row[3:]), ("Family Lopez", ["No member counts", "Exempt"]))

    def test_a_household_that_fails_the_programs_own_criteria(self):
        run = self._run(self.cycle)
        line = run.line_ids.filtered(lambda each: each.kind == "household")
        line._as_attendance_writer().write({"status": "non_compliant", "passes_criteria": False})
        (row,) = self._list(run, which="failing")
        self.assertEqual((row[0], row[4]), ("Family Lopez", "Non-Compliant"))
        self.assertEqual([row[4] for row in self._list(run)], ["Non-Compliant"] * 2)
