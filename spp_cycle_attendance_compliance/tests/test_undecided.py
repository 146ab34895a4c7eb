from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import AttendanceCase, days


@tagged("post_install", "-at_install")
class TestUndecided(AttendanceCase):
    """Who is not decided about and not enrolled gets nothing until somebody enrols them."""

    def setUp(self):
        super().setUp()
        self.ana, self.ben, self.eva, self.ida = (
            self._create_person(name) for name in ("ANA", "BEN", "EVA", "IDA")
        )
        # Ana may have come twice; Ben did; Eva is not known; Ida may have, and is enrolled.
        self.server.people.update(
            ANA=self._come_late(1), BEN=days(11, 1, 2), IDA=self._come_late(31)
        )
        self.cycle = self._create_cycle(registrants=[self.ida], no_data_rule="keep")
        self.ana_in, self.ben_in, self.eva_in = (
            self._create_membership(self.cycle, person, "draft")
            for person in (self.ana, self.ben, self.eva)
        )

    def _come_late(self, number):
        attendances = days(number, 1, 2)
        attendances[1]["attendance_category"] = "late"
        return attendances

    def _open_undecided(self, run):
        action = run.action_open_undecided()
        self.assertTrue(action["context"]["may_enrol"])
        return self.env[action["res_model"]].search(action["domain"])

    def _override(self, membership, verdict):
        return self.env["spp.attendance.override"].create(
            {"cycle_membership_id": membership.id, "verdict": verdict, "reason": "As I say"}
        )

    def test_they_are_counted_and_listed(self):
        run = self._run(self.cycle)
        lines = self._open_undecided(run)
        self.assertEqual(lines.partner_id, self.ana + self.eva)
        self.assertEqual(run.undecided_draft_count, 2)
        self.assertEqual(run.no_data_count, 3)
        self.assertEqual(lines.cycle_membership_id.mapped("state"), ["draft", "draft"])

    def test_members_of_households_are_not_listed(self):
        household = self._create_household(self.ana, self.eva)
        cycle = self._create_cycle(self._create_program("group"), no_data_rule="keep")
        self._create_membership(cycle, household, "draft")
        run = self._run(cycle)
        self.assertEqual(self._open_undecided(run).partner_id, household)
        self.assertEqual(run.undecided_draft_count, 1)

    def test_what_is_prepared_for_them_stays(self):
        """An undecided membership stays as it is, refused or enrolled by a person."""
        self.eva_in.state = "non_compliant"
        draft, pending = self.env["g2p.entitlement"].create(
            [
                {"partner_id": self.eva.id, "cycle_id": self.cycle.id, "initial_amount": 10},
                {
                    "partner_id": self.ida.id,
                    "cycle_id": self.cycle.id,
                    "initial_amount": 10,
                    "state": "pending_validation",
                },
            ]
        )
        run = self._run(self.cycle)
        self.assertEqual((run.state, run.entitlement_count), ("done", 0))
        self.assertEqual((draft.state, pending.state), ("draft", "pending_validation"))

    def test_who_came_is_not_without_data_twice(self):
        """Of Eva nothing is known in two cycles; Ana came, but whether often enough is unclear."""
        program = self.cycle.program_id
        self._run(self.cycle)
        later = self._create_cycle(program, [self.ana, self.eva], no_data_rule="keep", sequence=2)
        self._run(later)
        people = self.ana + self.eva
        domain = [("id", "in", people.ids), ("attendance_missing_twice", "=", True)]
        self.assertEqual(self.env["res.partner"].search(domain), self.eva)
        self.assertEqual(people.mapped("attendance_missing_twice"), [False, True])

    def test_enrolling(self):
        run = self._run(self.cycle)
        lines = self._open_undecided(run)
        lines.filtered(lambda line: line.partner_id == self.ana).action_enrol()
        self.assertEqual((self.ana_in.state, self.eva_in.state), ("enrolled", "draft"))
        # The next run doesn't decide either, and leaves her enrolled.
        run = self._run(self.cycle)
        self.assertEqual((self.ana_in.state, run.undecided_draft_count), ("enrolled", 1))
        self.assertEqual(self._open_undecided(run).partner_id, self.eva)

    def test_who_is_decided_meanwhile_is_not_enrolled(self):
        """Each case: what happens to Ana after the list was opened, draft again in the end."""

        def decide():
            self.server.people["ANA"] = []
            self._run(self.cycle)

        def decide_and_put_back():
            decide()
            self.ana_in.state = "draft"

        def override_and_put_back():
            self._override(self.ana_in, "non_compliant")
            self.ana_in.state = "draft"

        cases = (
            decide,
            decide_and_put_back,
            override_and_put_back,
            lambda: self.ana_in.write({"state": "paused"}),
            lambda: self.ana_in.unlink(),
        )
        for case in cases:
            with self.subTest(case.__name__):
                self.server.people["ANA"] = self._come_late(1)
                self.ana_in = self._get_membership(self.cycle, self.ana)
                if self.ana_in.attendance_override_id:
                    self.ana_in.attendance_override_id._lift("As I say")
                self.ana_in.state = self.eva_in.state = "draft"
                lines = self._open_undecided(self._run(self.cycle))
                self.assertEqual(lines.partner_id, self.ana + self.eva)
                case()
                with self.assertRaisesRegex(UserError, "Reload the page"):
                    lines.action_enrol()
                self.assertEqual(self.eva_in.state, "draft")

    def test_whom_a_person_enrolled_stays_so_when_runs_are_taken_back(self):
        """A run that does not decide gives no state: there is none to be taken back."""
        first = self._run(self.cycle)
        self.assertFalse(self.ana_in.attendance_state or self.ana_in.state_before_attendance)
        lines = self._open_undecided(first)
        lines.filtered(lambda line: line.partner_id == self.ana).action_enrol()
        self._run(self.cycle)._take_back("No")
        self.assertEqual(self.ana_in.state, "enrolled")
        # What comes back is the state before attendance decided, not before it did not.
        self.server.people["ANA"] = []
        deciding = self._run(self.cycle)
        self.assertEqual(self.ana_in.state, "non_compliant")
        deciding._take_back("No")
        self.assertEqual(self.ana_in.attendance_status, "no_data")
        self.assertEqual(self.ana_in.state, "enrolled")
        self.assertFalse(self.ana_in.attendance_state or self.ana_in.state_before_attendance)

    def test_who_may_enrol_and_when(self):
        lines = self._open_undecided(self._run(self.cycle))
        officer = self._create_user("officer_enrol", "g2p_registry_base.group_g2p_registrar")
        with self.assertRaises(AccessError):
            lines.with_user(officer).action_enrol()
        self.cycle.write({"locked": True, "locked_reason": "Preparing entitlements"})
        with self.assertRaisesRegex(UserError, "Preparing entitlements"):
            lines.action_enrol()
        self.cycle.write({"locked": False, "state": "approved"})
        with self.assertRaisesRegex(UserError, "can't be changed any more"):
            lines.action_enrol()
        self.assertEqual(self.ana_in.state, "draft")

    def test_enrolling_gives_back_what_attendance_cancelled(self):
        pending, ben_s = self.env["g2p.entitlement"].create(
            [
                {
                    "partner_id": person.id,
                    "cycle_id": self.cycle.id,
                    "initial_amount": 10,
                    "state": "pending_validation",
                }
                for person in (self.ana, self.ben)
            ]
        )
        self.server.people["ANA"] = self.server.people["BEN"] = []
        self._run(self.cycle)
        self.assertEqual((pending + ben_s).mapped("state"), ["cancelled", "cancelled"])
        self.ana_in.state = "draft"
        self.server.people["ANA"] = self._come_late(1)
        self._open_undecided(self._run(self.cycle)).action_enrol()
        self.assertEqual(self.ana_in.state, "enrolled")
        self.assertEqual((pending + ben_s).mapped("state"), ["pending_validation", "cancelled"])
