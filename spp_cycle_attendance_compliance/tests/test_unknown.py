from datetime import date, timedelta

from odoo.tests import tagged

from .common import AttendanceCase, days


@tagged("post_install", "-at_install")
class TestUnknown(AttendanceCase):
    """Unknown is not absent: nobody is refused for what can't be read, or is another's."""

    def _decide(self, person, **criteria):
        cycle = self._create_cycle(registrants=[person], **criteria)
        run = self._run(cycle)
        return run, cycle.cycle_membership_ids

    def _serve(self, identifier, attendances):
        others = {f"O{number}": days(900 + number, 1) for number in range(20)}
        self.server.people.update({identifier: attendances, **others})
        return self._create_person(identifier)

    def test_a7_a_time_decides_nothing(self):
        attendances = days(1, 1, 2)
        attendances[1]["time"] = "9:00:00"
        run, membership = self._decide(self._serve("ANA", attendances))
        self.assertEqual((membership.number_of_attendance, membership.state), (2, "enrolled"))
        self.assertEqual(run.set_aside_count, 0)

    def test_a8_a_record_without_a_date(self):
        """Each case: required; status, state."""
        attendances = days(1, 1, 2, 3)
        attendances[2]["date"] = "2025-11-1x"
        person = self._serve("ANA", attendances)
        for required, status, state in (
            (3, "no_data", "enrolled"),
            (2, "compliant", "enrolled"),
            (4, "non_compliant", "non_compliant"),
        ):
            with self.subTest(required=required):
                run, membership = self._decide(person, required_number_of_attendance=required)
                self.assertEqual((membership.attendance_status, membership.state), (status, state))
                self.assertTrue(run.line_ids.is_exception)
                self.assertIn("At least 2 days", membership.attendance_reason)

    def test_a9_blanks_nobody_sees(self):
        for number, blanks in enumerate(("\t", "\u00a0", "\r\n", "\u200b", "\ufeff")):
            with self.subTest(blanks=repr(blanks)):
                person = self._serve(f"A{number}", days(number * 10 + 1, 1, 2))
                person.reg_ids.value = f"A{number}{blanks}"
                _run, membership = self._decide(person)
                self.assertEqual(membership.state, "enrolled")

    def test_a10_two_who_are_disabled_or_archived_with_one_identifier(self):
        for number, vals in enumerate(({"disabled": "2025-01-01"}, {"active": False})):
            with self.subTest(vals=vals):
                first = self._serve(f"A{number}", days(number * 10 + 1, 1, 2))
                second = self._create_person(f"A{number}")
                (first + second).write(vals)
                cycle = self._create_cycle(registrants=[first, second])
                run = self._run(cycle)
                self.assertEqual(set(run.line_ids.mapped("finding")), {"shared_identifier"})
                self.assertEqual(set(cycle.cycle_membership_ids.mapped("state")), {"enrolled"})

    def test_a14_a_condition_that_nobody_meets(self):
        person = self._serve("ANA", days(1, 1, 2))
        household = self._create_household(person)
        cycle = self._create_cycle(
            self._create_program("group"), [household], member_domain="[('id', 'in', [])]"
        )
        self._run(cycle)
        self.assertEqual(cycle.cycle_membership_ids.attendance_status, "exempt")
        managers = {
            "default": {"eligibility_domain": "[('id', 'in', [])]"},
            # Not every platform has this one.
            "sql": {
                "sql_query": "SELECT id FROM res_partner WHERE FALSE",
                "sql_query_valid": "valid",
            },
        }
        for kind, vals in managers.items():
            name = f"g2p.program_membership.manager.{kind}"
            if name not in self.env:
                continue
            with self.subTest(kind):
                cycle = self._create_cycle(registrants=[person])
                manager = self.env[name].create(
                    {"name": "Nobody", "program_id": cycle.program_id.id, **vals}
                )
                self.env["spp.compliance.manager"].create(
                    {
                        "program_id": cycle.program_id.id,
                        "manager_ref_id": f"{name},{manager.id}",
                    }
                )
                self._run(cycle)
                self.assertEqual(cycle.cycle_membership_ids.attendance_status, "non_compliant")

    def test_ages_of_all_so_far_are_those_of_today(self):
        """They were those of 1900, and nobody counted."""
        child, parent = self._serve("CHILD", days(1, 1, 2)), self._serve("PARENT", [])
        child.birthdate = date.today() - timedelta(days=3000)
        parent.birthdate = date.today() - timedelta(days=12000)
        cycle = self._create_cycle(
            self._create_program("group"),
            [self._create_household(child, parent)],
            attendance_period="all",
            member_domain="[('birthdate', '<=', context_today() - relativedelta(years=6)),"
            " ('birthdate', '>', context_today() - relativedelta(years=18))]",
        )
        run = self._run(cycle)
        self.assertEqual((run.person_count, run.compliant_count), (1, 1))

    def test_a20_a_category_that_is_not_known(self):
        attendances = days(1, *range(1, 21))
        for attendance in attendances[12:]:
            attendance["attendance_category"] = "T"
        person = self._serve("ANA", attendances)
        percentage = {"attendance_requirement": "percentage", "required_percentage": 80}
        run, membership = self._decide(person, **percentage)
        self.assertEqual((membership.attendance_status, membership.state), ("no_data", "enrolled"))
        self.assertEqual((run.unclear_count, run.line_ids.unclear), (8, 8))
        self.assertIn("At least 12 of 20 recorded days", membership.attendance_reason)
        events = self.env["spp.event.attendance"].search([("individual_id", "=", person.id)])
        self.assertEqual(len(events.filtered(lambda e: e.attendance_category == "unknown")), 8)
        _run, membership = self._decide(person, **{**percentage, "required_percentage": 60})
        self.assertEqual(membership.attendance_status, "compliant")

    def test_on_one_day_a_presence_comes_first(self):
        """Days with: presence and unknown, absence and unknown, absence; 2 of 3 at best."""
        attendances = days(1, 1, 1, 2, -2, -3)
        attendances[1]["attendance_category"] = attendances[2]["attendance_category"] = "late"
        person = self._serve("ANA", attendances)
        run, membership = self._decide(person)
        line = run.line_ids
        self.assertEqual((line.number_of_attendance, line.unclear, line.recorded), (1, 1, 3))
        self.assertEqual((line.verdict, membership.state), ("undecided", "enrolled"))

    def test_a21_an_attendance_counts_for_one_person(self):
        ana, ben = self._create_person("ID1"), self._create_person("ID2")
        self.server.people["ID1"] = days(1, 1, 2)
        self.server.people["ID2"] = []
        self._run(self._create_cycle(registrants=[ana, ben]))
        ana.reg_ids.unlink()
        ben.reg_ids.value = "ID1"
        cycle = self._create_cycle(registrants=[ana, ben])
        run = self._run(cycle)
        self.assertEqual(run.moved_count, 2)
        events = self.env["spp.event.attendance"]
        of_ana = events.search([("individual_id", "=", ana.id)])
        self.assertEqual(of_ana.mapped("withdrawn"), [True, True])
        self.assertEqual(of_ana.moved_to_id, ben)
        recorded = self._create_cycle(registrants=[ana, ben], attendance_source_id=self.recorded.id)
        self._run(recorded)
        statuses = recorded.cycle_membership_ids.sorted("partner_id").mapped("attendance_status")
        self.assertCountEqual(statuses, ["no_data", "compliant"])
        # And back again.
        ben.reg_ids.unlink()
        self.env["g2p.reg.id"].create(
            {"partner_id": ana.id, "id_type": self.id_type.id, "value": "ID1"}
        )
        self._run(self._create_cycle(registrants=[ana, ben]))
        of_ana.invalidate_recordset()
        self.assertEqual(of_ana.mapped("withdrawn"), [False, False])
        self.assertFalse(of_ana.moved_to_id)

    def test_a21_what_is_told_of_two_at_once_counts_for_one(self):
        ana, ben = self._create_person("ID1"), self._create_person("ID2")
        self.server.people["ID1"] = self.server.people["ID2"] = days(1, 1, 2)
        events = self.env["spp.event.attendance"]
        changes = self.env["spp.event.attendance.change"]
        # Then anew, and then the very same again: it does not go to and fro.
        for _again in range(3):
            self._run(self._create_cycle(registrants=[ana, ben]))
            found = events.search([("individual_id", "in", (ana + ben).ids)])
            found.invalidate_recordset()
            self.assertEqual(len(found), 4)
            self.assertEqual(found.filtered(lambda event: not event.withdrawn).individual_id, ben)
            withdrawn = [("event_id", "in", found.ids), ("field_name", "=", "withdrawn")]
            self.assertEqual(changes.search_count(withdrawn), 2)
            self.server.people["ID1"] = self.server.people["ID2"] = days(
                1, 1, 2, description="Read again"
            )

    def test_a23_of_two_records_of_one_attendance_the_live_one_counts(self):
        for is_kept_withdrawn in (True, False):
            with self.subTest(is_kept_withdrawn=is_kept_withdrawn):
                ana, twin = self._create_person("A"), self._create_person("B")
                self.server.people["A"] = days(1, 1)
                self.server.people["B"] = days(11, 1)
                self._run(self._create_cycle(registrants=[ana, twin]))
                events = self.env["spp.event.attendance"].search(
                    [("individual_id", "in", (ana + twin).ids)]
                )
                of_ana = events.filtered(lambda event, ana=ana: event.individual_id == ana)
                dead = of_ana if is_kept_withdrawn else events - of_ana
                self.env.cr.execute(
                    "UPDATE spp_event_attendance SET event_data_external_id = 1,"
                    " withdrawn = id = %s WHERE id = ANY(%s)",
                    [dead.id, events.ids],
                )
                (twin.reg_ids + ana.reg_ids).unlink()
                self.env["base.partner.merge.automatic.wizard"]._update_foreign_keys(twin, ana)
                self.env.invalidate_all()
                self.assertEqual(events.exists().individual_id, ana)
                self.assertEqual(len(events.exists()), 2)
                self.assertEqual(events.filtered("withdrawn"), dead)

    def test_a23_merged_contacts_lose_nothing(self):
        ana, twin = self._create_person("ID1"), self._create_person("ID2")
        self.server.people["ID1"] = days(1, 1, 2)
        self.server.people["ID2"] = days(11, *range(1, 8))
        self._run(self._create_cycle(registrants=[ana, twin]))
        events = self.env["spp.event.attendance"].search(
            [("individual_id", "in", (ana + twin).ids)]
        )
        # One of them is known of both, who were in two companies.
        self.env.cr.execute(
            "UPDATE spp_event_attendance SET event_data_external_id = 1, company_id = %s"
            " WHERE id = %s",
            [
                self.env["res.company"].create({"name": "B"}).id,
                events.filtered(lambda event: event.individual_id == twin)[0].id,
            ],
        )
        (twin.reg_ids + ana.reg_ids).unlink()
        # Another one was told of a third person first, and then of the one who goes.
        third = self._create_person("ID3")
        given = events[-1].copy({"individual_id": third.id})
        self.env.cr.execute(
            "UPDATE spp_event_attendance SET withdrawn = TRUE, moved_to_id = %s WHERE id = %s",
            [twin.id, given.id],
        )
        twin.email = ana.email = "ana@example.com"
        wizard = self.env["base.partner.merge.automatic.wizard"]
        wizard._merge((ana + twin).ids, ana)
        self.env.invalidate_all()
        self.assertFalse(twin.exists())
        self.assertEqual((given.individual_id, given.moved_to_id), (third, ana))
        self.assertEqual(len(events.exists()), 9)
        self.assertEqual(events.individual_id, ana)
        self.assertEqual(len(events.filtered("withdrawn")), 1)
        self.assertEqual(events.company_id, ana.company_id)

    def test_a21_in_each_company_it_counts_for_one_person(self):
        """Who comes from another company leaves it to who has it there, or to one of both."""
        company = self.env["res.company"].create({"name": "B"})
        others = [self.env["res.company"].create({"name": name}) for name in ("C", "D")]
        here = self._create_person("ID1", company_id=company.id)
        first, second = (
            self._create_person(f"ID{number}", company_id=other.id)
            for number, other in enumerate(others, 2)
        )
        for number, person in enumerate((here, first, second), 1):
            self.server.people[f"ID{number}"] = days(1, 1, 2)[: 1 if person == here else 2]
        self._run(self._create_cycle(registrants=[here, first, second]))
        events = self.env["spp.event.attendance"].search(
            [("individual_id", "in", (here + first + second).ids)]
        )
        self.assertFalse(any(events.mapped("withdrawn")))
        (first + second).company_id = company
        counting = events.filtered(lambda event: not event.withdrawn)
        self.assertEqual(counting.mapped("event_data_external_id"), [2, 1])
        self.assertEqual(counting.individual_id, here + second)
        self.assertEqual(events.company_id, company)
        gone = events - counting
        self.assertEqual(gone.moved_to_id, here + second)
        self.assertEqual(set(gone.change_ids.mapped("field_name")), {"withdrawn"})
        active = self.env["spp.event.data"].search(
            [("partner_id", "in", (here + first + second).ids), ("state", "=", "active")]
        )
        self.assertCountEqual(active.mapped("res_id"), counting.ids)

    def test_where_a_person_attends_is_where_she_did_before(self):
        lake, hill = self.env["spp.res.config.attendance.location"].create(
            [
                {"name": name, "external_id": number, "source_id": self.source.id}
                for number, name in ((2, "Lakeside"), (1, "Hillside"))
            ]
        )
        ana, ben = self._create_person("ANA"), self._create_person("BEN")
        self._record(ana, "2025-10-01", attendance_location_id=lake.id)
        self._record(ana, "2025-12-01", attendance_location_id=hill.id)
        self.server.people["ANA"] = []
        self.server.people["BEN"] = days(1, 1, location_id=1)
        percentage = {"attendance_requirement": "percentage", "required_percentage": 80}
        # Where she attends since says nothing about November; where it is asked about, that does.
        for criteria, verdict in (
            ({}, "undecided"),
            ({"attendance_location_id": hill.id}, "no_data"),
            ({"attendance_location_id": lake.id}, "undecided"),
        ):
            with self.subTest(**criteria):
                cycle = self._create_cycle(registrants=[ana, ben], **percentage, **criteria)
                run = self._run(cycle)
                self.assertFalse(run.error)
                of_ana = run.line_ids.filtered(lambda line: line.partner_id == ana)
                self.assertEqual(of_ana.verdict, verdict)

    def test_where_a_person_attends_for_another_source_says_nothing(self):
        clinic = self.env["spp.res.config.attendance.location"].create(
            {
                "name": "Clinic",
                "external_id": 2,
                "source_id": self._create_another_source().id,
            }
        )
        ana = self._create_person("ANA")
        self._record(ana, "2025-10-01", attendance_location_id=clinic.id)
        self.server.people["ANA"] = []
        percentage = {"attendance_requirement": "percentage", "required_percentage": 80}
        run, membership = self._decide(ana, **percentage)
        self.assertEqual((run.line_ids.finding, membership.state), ("known", "non_compliant"))

    def test_where_a_person_attends_nothing_came(self):
        location = self.env["spp.res.config.attendance.location"].create(
            {"name": "Lakeside", "external_id": 2, "source_id": self.source.id}
        )
        ana = self._create_person("ANA")
        self._record(ana, "2025-10-01", attendance_location_id=location.id)
        self.server.people["ANA"] = []
        percentage = {"attendance_requirement": "percentage", "required_percentage": 80}
        run, membership = self._decide(ana, **percentage)
        self.assertEqual((run.line_ids.verdict, membership.state), ("undecided", "enrolled"))
        self.assertIn("Nothing came from where the person attends", run.line_ids.reason)
        ben = self._create_person("BEN")
        self.server.people["BEN"] = days(1, 1, location_id=2)
        cycle = self._create_cycle(registrants=[ana, ben], **percentage)
        run = self._run(cycle)
        events = self.env["spp.event.attendance"].search([("individual_id", "=", ben.id)])
        self.assertEqual(events.attendance_location_id, location)
        of_ana = run.line_ids.filtered(lambda line: line.partner_id == ana)
        self.assertEqual((of_ana.finding, of_ana.verdict), ("known", "no_data"))
