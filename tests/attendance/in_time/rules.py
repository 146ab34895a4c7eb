"""What others change of the rules: conditions, free days, warnings, and what words mean."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from .others import CYCLES, DAYS, MEMBERS, Others
from .world import BIRTH_DATES, FIRST, LATE, REASON, SICK

MOST_CONDITIONS = 3
CONDITIONS = st.fixed_dictionaries(
    {
        "required_number": st.sampled_from([1, 2, 3, 12]),
        "required_percentage": st.sampled_from([40, 67, 100]),
    },
    optional={
        "requirement": st.sampled_from(["number", "percentage"]),
        "unit": st.sampled_from(["days", "sessions"]),
        "over": st.sampled_from(["period", "month"]),
        "ages": st.sampled_from([None, (0, 6), (7, 0), (12, 14)]),
        "type": st.sampled_from([None, 1, 2]),
    },
)
CRITERIA = st.one_of(
    st.fixed_dictionaries(
        {"attendance_counts_from": st.sampled_from(["first", "enrolment", "joining"])}
    ),
    st.fixed_dictionaries({"attendance_first_cycle_waived": st.booleans()}),
    st.fixed_dictionaries({"attendance_warnings": st.sampled_from([0, 1, 1, 2])}),
)
# With the earlier ones.
ANY_CYCLE = st.integers(0, 3)
PLACES = st.integers(0, MOST_CONDITIONS - 1)
# For how many days something is waived: all but some, too.
LENGTHS = st.sampled_from([1, 2, 15, 30])
WHOM = st.sampled_from(["everybody", "person", "household"])


class Rules(Others):
    """People who set, or resolve, what counts."""

    def _get_conditions(self, env, cycle):
        return env["g2p.cycle"].browse(self.world.cycle_ids[cycle]).attendance_condition_ids

    def _prepare_condition(self, vals):
        """Return what is written: an age and a type are chosen in a few words."""
        vals = dict(vals)
        if "ages" in vals:
            ages = vals.pop("ages")
            vals["about"] = "age" if ages else "everybody"
            vals["age_from"], vals["age_to"] = ages or (0, 0)
        if "type" in vals:
            vals["type_id"] = self.stage.type_ids.get(vals.pop("type"), False)
        return vals

    @rule(cycle=CYCLES, vals=CONDITIONS)
    def add_condition(self, cycle, vals):
        vals = {**self._prepare_condition(vals), "cycle_id": self.world.cycle_ids[cycle]}

        def step(env):
            conditions = self._get_conditions(env, cycle)
            if len(conditions) < MOST_CONDITIONS:
                conditions.create(vals)

        self._do(step)

    @rule(cycle=CYCLES, place=PLACES, vals=CONDITIONS)
    def change_condition(self, cycle, place, vals):
        def step(env):
            conditions = self._get_conditions(env, cycle)
            if conditions:
                conditions[place % len(conditions)].write(self._prepare_condition(vals))

        self._do(step)

    @rule(cycle=CYCLES, place=PLACES)
    def remove_condition(self, cycle, place):
        def step(env):
            conditions = self._get_conditions(env, cycle)
            if conditions:
                conditions[place % len(conditions)].unlink()

        self._do(step)

    @rule(cycle=CYCLES, vals=CRITERIA)
    def change_rules(self, cycle, vals):
        self._step()
        self._write(cycle, vals)

    @initialize(is_mapped=st.booleans(), is_waived=st.booleans())
    def begin_with_excuses(self, is_mapped, is_waived):
        """Half of the worlds begin with a word that excuses, half with days that are free."""
        if is_mapped:
            self.map_word(SICK, "excused")
        if is_waived:
            for cycle in (0, 1):
                self.waive(cycle, 1, 2, "everybody", 0, of_all=False)

    # What words mean

    @rule(
        word=st.sampled_from([SICK, SICK, LATE]),
        category=st.sampled_from(["excused", "present"]),
    )
    def map_word(self, word, category):
        """Say what a word of the attendance system means; or that it means nothing, if it did."""

        def step(env):
            source_id = self.stage.source_ids["server"]
            words = env["spp.attendance.category.map"]
            known = words.search([("source_id", "=", source_id), ("word", "=", word)])
            if known:
                known.unlink()
                return
            reason = self.stage.excuse_id if category == "excused" else False
            vals = {"source_id": source_id, "word": word, "category": category}
            words.create({**vals, "excuse_reason_id": reason})

        self._do(step)

    # Free days

    @rule(
        cycle=ANY_CYCLE,
        day=DAYS,
        length=LENGTHS,
        whom=WHOM,
        number=MEMBERS,
        of_all=st.booleans(),
    )
    def waive(self, cycle, day, length, whom, number, of_all):
        """Some days of a cycle, or of all of its program, are free."""
        first = FIRST + timedelta(day)
        partner_ids = {
            "everybody": [],
            "person": [self.world.person_ids[number]],
            "household": [self.world.household_ids[number % 3]],
        }[whom]

        def step(env):
            of_cycle = env["g2p.cycle"].browse(self.world.cycle_ids[cycle])
            waiver = env["spp.attendance.waiver"].create(
                {
                    "name": "Flood",
                    "legal_basis": "Resolution 12",
                    "from_date": first,
                    "to_date": first + timedelta(length - 1),
                    "program_id": of_cycle.program_id.id,
                    "cycle_id": False if of_all else of_cycle.id,
                    "scope": "partners" if partner_ids else "everybody",
                    "partner_ids": [(6, 0, partner_ids)],
                }
            )
            waiver.action_approve()

        self._do(step)

    @rule(number=MEMBERS)
    def revoke(self, number):
        """One of the waivers that are in force is not any more."""

        def step(env):
            approved = env["spp.attendance.waiver"].search([("state", "=", "approved")])
            if approved:
                waiver = approved.sorted("id")[number % len(approved)]
                revoking = env["spp.attendance.waiver.revoke"]
                revoking.create({"waiver_id": waiver.id, "reason": REASON}).action_confirm()

        self._do(step)

    @rule(cycle=CYCLES, number=MEMBERS, day=st.one_of(DAYS, st.none()))
    def enrol_again(self, cycle, number, day):
        """Somebody is enrolled in the program on a day that counts, or now."""

        def step(env):
            partner = self._get_membership(env, cycle, number).partner_id
            program_id = self.stage.program_ids[cycle]
            memberships = env["g2p.program_membership"]
            domain = [("partner_id", "=", partner.id), ("program_id", "=", program_id)]
            own = memberships.search(domain) or memberships.create(
                {"partner_id": partner.id, "program_id": program_id, "state": "draft"}
            )
            own.state = "enrolled"
            if day is not None:
                env.flush_all()
                own.enrollment_date = FIRST + timedelta(day)
            elif own.enrollment_date:
                own.state = "paused"
                own.state = "enrolled"

        self._do(step)

    @rule(number=st.integers(0, 2), member=MEMBERS, day=DAYS)
    def join_later(self, number, member, day):
        """It is found out that a member joined the household later."""

        def step(env):
            members = env["g2p.group.membership"].search(
                [("group", "=", self.world.household_ids[number]), ("ended_date", "=", False)],
                order="id",
            )
            if members:
                members[member % len(members)].start_date = FIRST + timedelta(day)

        self._do(step)

    @rule(number=MEMBERS, born=st.sampled_from([*BIRTH_DATES, False]))
    def correct_birth_date(self, number, born):
        person_id = self.world.person_ids[number]
        self._do(lambda env: env["res.partner"].browse(person_id).write({"birthdate": born}))
