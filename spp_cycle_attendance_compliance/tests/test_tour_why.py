from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from odoo.tests import tagged

from .tour_common import TourCase

# The first of a month, three years ago.
FIRST = date.today().replace(day=1) - relativedelta(years=3)
CYCLES = 25


@tagged("post_install", "-at_install")
class TestTourWhy(TourCase):
    """Why was this family not paid in this cycle, three years ago?"""

    def setUp(self):
        super().setUp()
        self.rosa = self._create_person(name="Rosa", birthdate=FIRST - relativedelta(years=9))
        self.family = self._create_household(self.rosa, name="Family of Rosa")
        self.program = self._create_program("group", name="Program of the Tour")
        events = [
            self._record(self.rosa, FIRST + timedelta(days=number), category)
            for number, category in ((1, "present"), (2, "present"), (3, "absent"), (4, "absent"))
        ]
        run = self._check("Three Years Ago", 0)
        self._let_three_years_pass(run)
        events[1]._withdraw("As the teacher says")
        # Of that many cycles since, the family's page shows the newest only.
        for number in range(CYCLES):
            self._check(f"Cycle {number + 1:02}", number + 1)

    def _check(self, name, number):
        """Check a cycle, which asks for five days, as it was at its time."""
        cycle = self._create_cycle(
            self.program,
            [self.family],
            name=name,
            sequence=number + 1,
            attendance_source_id=self.recorded.id,
            from_date=FIRST + relativedelta(months=number),
            to_date=FIRST + relativedelta(months=number + 1) - timedelta(days=1),
            required_number_of_attendance=5,
        )
        run = self._run(cycle)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE g2p_cycle SET start_date = %s, end_date = %s, state = 'ended' WHERE id = %s",
            [
                FIRST + relativedelta(months=number + 1),
                FIRST + relativedelta(months=number + 2) - timedelta(days=1),
                cycle.id,
            ],
        )
        self.env.invalidate_all()
        return run

    def _let_three_years_pass(self, run):
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE spp_event_attendance SET create_date = create_date - interval '3 years'"
            " WHERE individual_id = %s",
            [self.rosa.id],
        )
        self.env.cr.execute(
            "UPDATE spp_attendance_run SET decided_at = decided_at - interval '3 years'"
            " WHERE id = %s",
            [run.id],
        )
        self.env.invalidate_all()

    def _start(self, url, tour, group):
        self._create_user("why_not_paid", group)
        self.env.flush_all()
        self.start_tour(url, f"spp_cycle_attendance_compliance.{tour}", login="why_not_paid")

    def test_a_validator_finds_out_from_the_menu(self):
        action = self.env.ref("spp_cycle_attendance_compliance.action_attendance_verdict")
        self._start(
            f"/web#action={action.id}", "why_from_menu", "g2p_programs.g2p_program_validator"
        )

    def test_a_validator_who_may_read_the_registry_finds_out_on_the_family_s_page(self):
        action = self.env.ref("g2p_registry_group.action_groups_list")
        self._start(
            f"/web#action={action.id}&id={self.family.id}&model=res.partner&view_type=form",
            "why_from_family",
            "g2p_programs.g2p_program_validator,g2p_registry_base.group_g2p_registrar",
        )
