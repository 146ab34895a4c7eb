from datetime import date, timedelta
from uuid import uuid4

from odoo.tests import TransactionCase, new_test_user

from .attendance_faults import Fault
from .attendance_server import AttendanceServer, attendance

COMMON_CONTEXT = {
    "tracking_disable": True,
    "mail_create_nolog": True,
    "mail_notrack": True,
    "no_reset_password": True,
}
FIRST, LAST = date(2025, 11, 1), date(2025, 11, 30)
TWO_DAYS = {"required_number_of_attendance": 2}


def days(first_number, *attended, **vals):
    """Return presences on days of November 2025, with one absence on each negative day."""
    return [
        attendance(
            first_number + number,
            str(FIRST + timedelta(days=abs(day) - 1)),
            category="present" if day > 0 else "absent",
            **vals,
        )
        for number, day in enumerate(attended)
    ]


class AttendanceCase(TransactionCase):
    """A connected attendance system, a program for persons, and factories."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context=dict(cls.env.context, **COMMON_CONTEXT))
        cls.id_type = cls.env["g2p.id.type"].create({"name": f"National ID {uuid4()}"})
        cls.recorded = cls.env.ref("spp_cycle_attendance_compliance.source_recorded")

    def setUp(self):
        super().setUp()
        self.server = AttendanceServer({})
        self.addCleanup(self.server.close)
        type(self).source = self._create_source(self.server)

    @classmethod
    def _create_source(cls, server, **vals):
        """Connect a server as a source of its own."""
        sources = cls.env["spp.attendance.source"].sudo()._as_attendance_writer()
        source = sources.create(
            {
                "name": f"Source {uuid4()}",
                "url": server.url,
                "client_id": server.client[0],
                "id_type_id": cls.id_type.id,
                **vals,
            }
        ).with_env(cls.env)
        source.sudo()._set_connection({}, server.client[1])
        return source

    def _create_another_source(self, **vals):
        """Connect a second system, which knows the same people."""
        server = AttendanceServer(self.server.people)
        self.addCleanup(server.close)
        return self._create_source(server, **vals)

    @classmethod
    def _move(cls, url, **vals):
        """Have the source at another address, without a proof."""
        cls.source.sudo()._set_connection({"url": url, **vals}, "secret")

    @classmethod
    def _create_program(cls, target_type="individual", **vals):
        program = cls.env["g2p.program"].create(
            {"name": f"Program {uuid4()}", "target_type": target_type, **vals}
        )
        manager = cls.env["g2p.cycle.manager.default"].create(
            {"name": "Default", "program_id": program.id}
        )
        wrapper = cls.env["g2p.cycle.manager"].create(
            {"program_id": program.id, "manager_ref_id": f"{manager._name},{manager.id}"}
        )
        program.cycle_managers = [(4, wrapper.id)]
        return program

    def _require_tag(self, program):
        """Have a program want a tag of its registrants, by its compliance criteria."""
        tag = self.env["g2p.registrant.tags"].create({"name": "Poor"})
        manager = self.env["g2p.program_membership.manager.default"].create(
            {
                "name": "Poor",
                "program_id": program.id,
                "eligibility_domain": f"[('tags_ids', '=', {tag.id})]",
            }
        )
        self.env["spp.compliance.manager"].create(
            {"program_id": program.id, "manager_ref_id": f"{manager._name},{manager.id}"}
        )
        return tag

    @classmethod
    def _create_cycle(cls, program=None, registrants=(), state="draft", **vals):
        """Create a cycle that counts November 2025 and asks for 2 days, with enrolled members."""
        program = program or cls._create_program()
        today = date.today()
        cycle = cls.env["g2p.cycle"].create(
            {
                "name": f"Cycle {uuid4()}",
                "program_id": program.id,
                "company_id": program.company_id.id,
                "start_date": today,
                "end_date": today + timedelta(days=30),
                "state": state,
                "use_attendance_criteria": True,
                "attendance_source_id": cls.source.id,
                "attendance_period": "dates",
                "from_date": FIRST,
                "to_date": LAST,
                **({} if "attendance_condition_ids" in vals else TWO_DAYS),
                **vals,
            }
        )
        for registrant in registrants:
            cls._create_membership(cycle, registrant)
        return cycle

    @classmethod
    def _create_membership(cls, cycle, registrant, state="enrolled"):
        return cls.env["g2p.cycle.membership"].create(
            {"cycle_id": cycle.id, "partner_id": registrant.id, "state": state}
        )

    @classmethod
    def _create_person(cls, identifier=None, name="Person", **vals):
        person = cls.env["res.partner"].create(
            {"name": f"{name} {identifier or ''}".strip(), "is_registrant": True, **vals}
        )
        if identifier:
            cls.env["g2p.reg.id"].create(
                {"partner_id": person.id, "id_type": cls.id_type.id, "value": identifier}
            )
        return person

    @classmethod
    def _create_household(cls, *members, name="Household"):
        household = cls.env["res.partner"].create(
            {"name": name, "is_registrant": True, "is_group": True}
        )
        for member in members:
            cls._add_member(household, member)
        return household

    @classmethod
    def _add_member(cls, household, member, **vals):
        return cls.env["g2p.group.membership"].create(
            {"group": household.id, "individual": member.id, **vals}
        )

    @classmethod
    def _record(cls, person, day, category="present", **vals):
        """Record an attendance by hand."""
        return cls.env["spp.event.attendance"].create(
            {
                "individual_id": person.id,
                "attendance_date": day,
                "attendance_category": category,
                **vals,
            }
        )

    @classmethod
    def _create_user(cls, login, groups, **vals):
        return new_test_user(cls.env, login, groups=f"base.group_user,{groups}", **vals)

    def _run(self, cycle):
        """Press "Check Attendance", and return the run; applied whatever the brake says."""
        run = self._get_run(cycle.action_filter_beneficiaries_by_compliance_criteria())
        if run.state == "waiting":
            run._decide_to_apply("As agreed")
        return run

    def _get_run(self, action):
        self.assertEqual(action["res_model"], "spp.attendance.run")
        return self.env["spp.attendance.run"].browse(action["res_id"])

    def _get_membership(self, cycle, registrant):
        return cycle.cycle_membership_ids.filtered(lambda each: each.partner_id == registrant)


class EventCase(AttendanceCase):
    """A person with three attendances on the server, and a cycle."""

    def setUp(self):
        super().setUp()
        self.person = self._create_person("NID1")
        self.server.people["NID1"] = days(1, 1, 2, -3)
        self.cycle = self._create_cycle(registrants=[self.person])

    def _get_events(self, person=None):
        person = person or self.person
        return self.env["spp.event.attendance"].search(
            [("individual_id", "=", person.id)], order="event_data_external_id, id"
        )

    def _get_data(self, person=None):
        person = person or self.person
        return self.env["spp.event.data"].search(
            [("partner_id", "=", person.id), ("model", "=", "spp.event.attendance")], order="id"
        )


class TwoPersonsCase(AttendanceCase):
    """A cycle of two: Ana came on both days that are required, Ben on one."""

    def setUp(self):
        super().setUp()
        self.ana = self._create_person("ANA")
        self.ben = self._create_person("BEN")
        self.server.people.update(ANA=days(1, 1, 2), BEN=days(11, 1))
        self.cycle = self._create_cycle(registrants=[self.ana, self.ben])
        self.ana_in, self.ben_in = self.cycle.cycle_membership_ids.sorted("partner_id")
        if self.ana_in.partner_id != self.ana:
            self.ana_in, self.ben_in = self.ben_in, self.ana_in

    def _preview(self):
        return self._get_run(self.cycle.action_preview_attendance())

    def _override(self, membership, verdict):
        return self.env["spp.attendance.override"].create(
            {"cycle_membership_id": membership.id, "verdict": verdict, "reason": "As I say"}
        )


class OneVerdictCase(TwoPersonsCase):
    """Runs about two persons, and what stands of each afterwards."""

    def _evaluate(self):
        return self._get_run(self.cycle.action_evaluate_attendance())

    def _fail(self):
        self.server.next("attendance", Fault.status(403))
        return self._get_run(self.cycle.action_filter_beneficiaries_by_compliance_criteria())

    def _answered_at(self, moment):
        """Let what was answered to this cycle so far be of another moment."""
        intakes = self.cycle.attendance_run_ids.intake_ids
        intakes._as_attendance_writer().answered_at = moment

    def _look(self, membership):
        return membership.attendance_status, membership.state
