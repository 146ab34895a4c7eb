from datetime import timedelta

from odoo.tests import tagged

from ..models.sources.secrets import find_secret
from .common import FIRST, days
from .tour_common import TourCase


@tagged("post_install", "-at_install")
class TestTour(TourCase):
    def test_an_administrator_connects_tests_and_imports(self):
        self.source.unlink()
        self.id_type.name = "School ID of the Tour"
        self.server.people["NID1"] = days(1, 1)
        self._create_user("attendance_admin", "g2p_registry_base.group_g2p_admin")
        self._open(
            "spp_cycle_attendance_compliance.action_attendance_source",
            "connect",
            "attendance_admin",
            f"?attendance_server={self.server.url}",
        )
        source = self.env["spp.attendance.source"].search([("name", "=", "Schools of the Tour")])
        self.assertRecordValues(source, [{"url": self.server.url, "id_type_id": self.id_type.id}])
        self.assertEqual(find_secret(self.env.cr, source.id, source.url), "secret")
        for kind, count in (("type", 2), ("location", 2)):
            records = self.env[f"spp.res.config.attendance.{kind}"].search(
                [("source_id", "=", source.id)]
            )
            self.assertEqual(len(records), count)

    def test_a_manager_checks_overrides_and_finds_out_why(self):
        self._create_user("attendance_manager", "g2p_programs.g2p_program_manager")
        families = []
        for number, (name, attended) in enumerate(
            [
                ("Diligent Family", (1, 2)),
                ("Family of Truants", (1,)),
                ("Family in Hospital", ()),
                ("Another Diligent Family", (1, 2, 3)),
            ]
        ):
            person = self._create_person(f"T{number}")
            self.server.people[f"T{number}"] = days(number * 10 + 1, *attended)
            families.append(self._create_household(person, name=name))
        program = self._create_program("group")
        cycle = self._create_cycle(
            program, families, name="Cycle of the Tour", use_attendance_criteria=False
        )
        self._open("g2p_programs.action_cycle", "check", "attendance_manager")
        self.assertEqual(cycle.required_number_of_attendance, 2)
        self.assertRecordValues(
            cycle.cycle_membership_ids.sorted("id"),
            [
                {"attendance_status": "compliant", "state": "enrolled"},
                {"attendance_status": "non_compliant", "state": "non_compliant"},
                {"attendance_status": "overridden", "state": "enrolled"},
                {"attendance_status": "compliant", "state": "enrolled"},
            ],
        )

    def _store_event(self, source, person, day, category, kind):
        self.env["spp.event.attendance"]._as_attendance_writer().create(
            {
                "source_id": source.id,
                "individual_id": person.id,
                "attendance_date": FIRST + timedelta(days=day - 1),
                "attendance_category": category,
                "attendance_type_id": kind.id,
            }
        )

    def test_a_manager_enters_national_conditions_from_nothing(self):
        self._create_user("attendance_manager", "g2p_programs.g2p_program_manager")
        lists = self._create_files_of_the_tour()
        school, health = self.env["spp.res.config.attendance.type"].create(
            [{"name": name, "source_id": lists.id} for name in ("School day", "Health visit")]
        )
        lia = self._create_person(name="Lia", birthdate="2021-01-15")
        tiago = self._create_person(name="Tiago", birthdate="2014-03-02")
        family = self._create_household(lia, tiago, name="Family of the Tour")
        cycle = self._create_cycle(
            self._create_program("group"),
            [family],
            name="Cycle of the Tour",
            use_attendance_criteria=False,
            attendance_source_id=False,
            household_rule="all",
        )
        for day in (3, 4, 5, 6):
            for child, presences in ((lia, (3, 4, 5)), (tiago, (3, 4))):
                category = "present" if day in presences else "absent"
                self._store_event(lists, child, day, category, school)
        self._store_event(lists, lia, 10, "present", health)
        self._open("g2p_programs.action_cycle", "conditions", "attendance_manager")
        self.assertEqual(
            [
                (each.age_from, each.age_to, each._get_values().kind, each._get_values().amount)
                for each in cycle.attendance_condition_ids.sorted()
            ],
            [(4, 5, "percentage", 60), (6, 17, "percentage", 75), (0, 6, "number", 1)],
        )
        self.assertEqual(
            cycle.attendance_condition_ids.sorted().mapped("over"), ["month", "month", "period"]
        )
        self.assertEqual(cycle.attendance_condition_ids.type_id, school + health)
        self.assertEqual((cycle.attendance_warnings, cycle.attendance_warning_cycles), (2, 5))
        self.assertEqual(
            cycle.attendance_run_ids.line_ids.filtered(
                lambda line: line.kind == "household"
            ).status,
            "warned",
        )

    def _create_cycle_of_the_tour(self):
        """A manager, and a cycle whose members came on two days and on one."""
        self._create_user("attendance_manager", "g2p_programs.g2p_program_manager")
        self.server.people.update({"ANA": days(1, 1, 2), "BEN": days(11, 1)})
        ana, ben = self._create_person("ANA", "Ana"), self._create_person("BEN", "Ben")
        cycle = self._create_cycle(registrants=[ana, ben], name="Cycle of the Tour")
        return cycle, self._get_membership(cycle, ben)

    def test_a_manager_sees_that_a_run_is_outdated_and_runs_again(self):
        cycle, of_ben = self._create_cycle_of_the_tour()
        self._open("g2p_programs.action_cycle", "outdated", "attendance_manager")
        first, second = cycle.attendance_run_ids.sorted("id")
        self.assertEqual((first.state, first.applied_number), ("outdated", 0))
        self.assertEqual(set(first.line_ids.mapped("standing")), {"outdated"})
        self.assertEqual((second.state, second.applied_number), ("done", 1))
        self.assertEqual((of_ben.attendance_status, of_ben.state), ("compliant", "enrolled"))

    def test_a_manager_overrides_and_lifts_it(self):
        cycle, of_ben = self._create_cycle_of_the_tour()
        self._run(cycle)
        self._open("g2p_programs.action_cycle", "lift", "attendance_manager")
        self.assertTrue(of_ben.attendance_override_ids.lifted_at)
        self.assertEqual(
            (of_ben.attendance_status, of_ben.state), ("non_compliant", "non_compliant")
        )

    def test_a_manager_takes_a_run_back(self):
        cycle, of_ben = self._create_cycle_of_the_tour()
        run = self._run(cycle)
        self._open("g2p_programs.action_cycle", "take_back", "attendance_manager")
        self.assertEqual(
            (run.state, run.taken_back_reason), ("taken_back", "The lists of another school")
        )
        self.assertEqual((of_ben.attendance_status, of_ben.state), (False, "enrolled"))

    def _create_files_of_the_tour(self):
        files = self.env["spp.attendance.source"].create(
            {"name": "School lists", "protocol": "file", "id_type_id": self.id_type.id}
        )
        self.env["spp.res.config.attendance.type"].create({"name": "Lesson", "source_id": files.id})
        return files

    def test_a_registrar_brings_in_a_file_with_errors(self):
        files = self._create_files_of_the_tour()
        self._create_person("ANA", "Ana")
        self._create_person("BEN", "Ben")
        self._create_user("attendance_registrar", "g2p_registry_base.group_g2p_registrar")
        self._open(
            "spp_cycle_attendance_compliance.action_spp_event_attendance",
            "file",
            "attendance_registrar",
        )
        events = self.env["spp.event.attendance"].search([("source_id", "=", files.id)])
        self.assertEqual(
            sorted(events.mapped("attendance_category")), ["absent", "present", "present"]
        )
        self.assertEqual(events.intake_id.file_name, "november.csv")

    def test_a_manager_makes_a_class_sheet(self):
        cycle, _of_ben = self._create_cycle_of_the_tour()
        cycle.attendance_source_id = self._create_files_of_the_tour()
        self._open("g2p_programs.action_cycle", "class_sheet", "attendance_manager")
