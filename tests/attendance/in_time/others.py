"""What others do between the steps of attendance, and what happens to the attendance system."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from .checks import Checks
from .world import EXCLUDED, FIRST, LATE, SICK, UNREADABLE_DAY, World

CYCLES = st.integers(0, 1)
MEMBERS = st.integers(0, 5)
DAYS = st.integers(0, 4)
TYPES = st.sampled_from([1, 1, 2])
CATEGORIES = st.sampled_from(["present", "present", "present", "absent", "absent", LATE, SICK])
CRITERIA = st.one_of(
    st.fixed_dictionaries(
        {
            "attendance_requirement": st.just("number"),
            "required_number_of_attendance": st.integers(1, 3),
            "attendance_unit": st.sampled_from(["days", "sessions"]),
        }
    ),
    st.fixed_dictionaries(
        {
            "attendance_requirement": st.just("percentage"),
            "required_percentage": st.sampled_from([40, 67, 100]),
        }
    ),
    st.fixed_dictionaries({"no_data_rule": st.sampled_from(["absent", "keep"])}),
    st.fixed_dictionaries(
        {"from_date": st.sampled_from([FIRST + timedelta(days) for days in range(4)])}
    ),
    st.fixed_dictionaries({"attendance_period": st.sampled_from(["dates", "all"])}),
    st.fixed_dictionaries(
        {
            "household_rule": st.sampled_from(["any", "all", "number", "percentage"]),
            "household_number": st.integers(1, 3),
            "household_percentage": st.sampled_from([34, 50, 100]),
        }
    ),
    st.fixed_dictionaries({"attendance_protocol": st.sampled_from(["server", "recorded"])}),
)
BY_HAND = st.sampled_from(["present", "absent", "excused", None])
STATES = st.sampled_from(["draft", "enrolled", "non_compliant", "paused", "exited", "not_eligible"])


class Others(RuleBasedStateMachine):
    """People, the platform, and the attendance system."""

    stage = None
    steps = worlds = 0

    def __init__(self):
        super().__init__()
        type(self).worlds += 1
        self.world = World(self.stage)
        self.checks = Checks(self.world)
        # Of cycles that are locked or approved: after how many steps, and by what, no more.
        self.reopening = {}

    def _step(self):
        type(self).steps += 1
        for cycle, (steps, vals) in list(self.reopening.items()):
            self.reopening[cycle] = steps - 1, vals
            if not steps:
                del self.reopening[cycle]
                self._write(cycle, vals)

    def _do(self, step):
        self._step()
        return self.world.do(step)

    def _get_membership(self, env, cycle, number):
        memberships = env["g2p.cycle.membership"].search(
            [("cycle_id", "=", self.world.cycle_ids[cycle])], order="id"
        )
        return memberships[number % len(memberships)] if memberships else memberships

    # Cycles and their criteria

    def _write(self, cycle, vals):
        cycle_id = self.world.cycle_ids[cycle]
        protocol = vals.get("attendance_protocol")
        if protocol:
            vals = {"attendance_source_id": self.stage.source_ids[protocol]}
        return self.world.do(lambda env: env["g2p.cycle"].browse(cycle_id).write(vals))

    @rule(cycle=CYCLES, vals=CRITERIA)
    def change_criteria(self, cycle, vals):
        self._step()
        self._write(cycle, vals)

    @rule(cycle=CYCLES, is_locked=st.booleans(), steps=st.integers(1, 4))
    def close(self, cycle, is_locked, steps):
        """For some steps a task of the platform works on a cycle; or it is approved."""
        self._step()
        if cycle not in self.reopening and not (is_locked and self.checks.is_worked_on(cycle)):
            self._close(cycle, is_locked, steps)

    def _close(self, cycle, is_locked, steps):
        self._write(cycle, {"locked": True} if is_locked else {"state": "approved"})
        opened = {"locked": False} if is_locked else {"state": "draft"}
        self.reopening[cycle] = steps, opened

    @rule(percentage=st.sampled_from([30, 100]))
    def change_brake(self, percentage):
        self._do(lambda env: self.world.set_brake(env, percentage))

    # Persons, households and memberships

    @rule(cycle=CYCLES, number=MEMBERS, state=STATES)
    def set_state(self, cycle, number, state):
        def step(env):
            membership = self._get_membership(env, cycle, number)
            if membership and membership.state != state:
                membership.state = state
                self.checks.changed_by_person.add(membership.id)

        self._do(step)

    @rule(cycle=CYCLES, number=MEMBERS, is_excluded=st.booleans())
    def exclude(self, cycle, number, is_excluded):
        """The program's own criteria are not met by somebody any more; or are again."""
        name = EXCLUDED if is_excluded else "Included"
        self._do(
            lambda env: self._get_membership(env, cycle, number).partner_id.write({"name": name})
        )

    @rule(number=MEMBERS, other=MEMBERS, is_shared=st.booleans())
    def change_identifier(self, number, other, is_shared=False):
        """Two persons change their identifiers, or share one; with itself, one gets a new one."""

        def step(env):
            first, second = (
                self.world.get_identifier(env, self.world.person_ids[each])
                for each in (number, other)
            )
            if first == second:
                first.value = f"NEW{next(self.stage.numbers)}"
            elif is_shared:
                first.value = second.value
            else:
                first.value, second.value = second.value, first.value

        self._do(step)

    @rule(number=MEMBERS, status=st.sampled_from(["invalid", "valid"]))
    def check_identifier(self, number, status):
        person_id = self.world.person_ids[number]
        self._do(lambda env: self.world.get_identifier(env, person_id).write({"status": status}))

    @rule(number=st.integers(0, 2), member=MEMBERS)
    def join_household(self, number, member):
        def step(env):
            memberships = env["g2p.group.membership"]
            own = {
                "group": self.world.household_ids[number],
                "individual": self.world.person_ids[member],
            }
            domain = [(name, "=", value) for name, value in own.items()]
            known = memberships.search(domain, limit=1)
            if not known:
                memberships.create({**own, "start_date": "2020-01-01 00:00:00"})
            else:
                is_over = bool(known.ended_date)
                known.ended_date = False if is_over else "2021-01-01 00:00:00"

        self._do(step)

    @rule(number=st.integers(0, 2))
    def join_without_identifier(self, number):
        """Somebody without an ID joins a household, perhaps after it was asked about."""
        household_id = self.world.household_ids[number]

        def step(env):
            person = env["res.partner"].create({"name": "N", "is_registrant": True})
            vals = {"group": household_id, "individual": person.id}
            env["g2p.group.membership"].create({**vals, "start_date": "2020-01-01 00:00:00"})

        if not self._do(step):
            self.checks.joined(household_id)

    @rule(cycle=CYCLES, number=MEMBERS, state=st.sampled_from(["draft", "enrolled"]))
    def join_or_leave_cycle(self, cycle, number, state):
        def step(env):
            partner_ids = (self.world.person_ids, self.world.household_ids)[cycle]
            vals = {
                "cycle_id": self.world.cycle_ids[cycle],
                "partner_id": partner_ids[number % len(partner_ids)],
            }
            memberships = env["g2p.cycle.membership"].search([("cycle_id", "=", vals["cycle_id"])])
            own = memberships.filtered(lambda each: each.partner_id.id == vals["partner_id"])
            if not own:
                own.create({**vals, "state": state})
            elif len(memberships) > 1:
                own.unlink()

        self._do(step)

    # Entitlements

    @rule(cycle=CYCLES, state=st.sampled_from(["draft", "pending_validation"]))
    def prepare_entitlements(self, cycle, state):
        """For who is enrolled and has none, as on the platform."""

        def step(env):
            own = self._get_entitlements(env, cycle)
            memberships = env["g2p.cycle.membership"].search(
                [("cycle_id", "=", self.world.cycle_ids[cycle]), ("state", "=", "enrolled")]
            )
            self._prepare(own, cycle, memberships.partner_id - own.partner_id, state)

        self._do(step)

    @rule(cycle=CYCLES, number=MEMBERS)
    def prepare_another(self, cycle, number):
        """By hand, for one of those who have none but cancelled ones."""

        def step(env):
            own = self._get_entitlements(env, cycle)
            cancelled = own.filtered(lambda each: each.state == "cancelled")
            partners = cancelled.partner_id - (own - cancelled).partner_id
            if partners:
                partner = partners.sorted("id")[number % len(partners)]
                another = self._prepare(own, cycle, partner, "pending_validation")
                replaced = cancelled.filtered(lambda each: each.partner_id == partner)
                self.checks.entitlements.replace(replaced, another)

        self._do(step)

    def _get_entitlements(self, env, cycle):
        model, _vals = self.stage.entitlements[cycle]
        return env[model].search([("cycle_id", "=", self.world.cycle_ids[cycle])], order="id")

    def _prepare(self, entitlements, cycle, partners, state):
        _model, vals = self.stage.entitlements[cycle]
        own = {**vals, "cycle_id": self.world.cycle_ids[cycle], "state": state}
        return entitlements.create([{**own, "partner_id": partner.id} for partner in partners])

    @rule(
        cycle=CYCLES,
        number=MEMBERS,
        state=st.sampled_from(["pending_validation", "approved", "cancelled"]),
    )
    def change_entitlement(self, cycle, number, state):
        def step(env):
            entitlements = self._get_entitlements(env, cycle)
            if entitlements:
                entitlement = entitlements[number % len(entitlements)]
                entitlement.state = state
                self.checks.entitlements.change(entitlement)

        self._do(step)

    # Attendance

    @initialize(
        days=st.lists(st.tuples(MEMBERS, DAYS, CATEGORIES), max_size=12), is_later=st.booleans()
    )
    def begin(self, days, is_later):
        identifiers = list(self.world.server.people)
        for number, day, category in days:
            self.world.attend(identifiers[number], day, category)
        if is_later:
            # The two cycles ask different questions about the same persons.
            self._write(1, {"from_date": FIRST + timedelta(days=1)})

    @rule(
        number=MEMBERS,
        days=st.lists(DAYS, min_size=1, max_size=3),
        category=CATEGORIES,
        type_id=TYPES,
    )
    def attend(self, number, days, category, type_id=1):
        self._step()
        with self.stage.transaction() as env:
            identifier = self.world.get_identifier(env, self.world.person_ids[number]).value
        for day in days:
            self.world.attend(identifier, day, category, type_id)

    @rule(
        number=MEMBERS,
        day=DAYS,
        change=st.sampled_from(["withdraw", "correct", "garble", "forget", "give"]),
    )
    def change_attendance(self, number, day, change):
        """The attendance system tells something else of a person's first attendance."""
        self._step()
        people = self.world.server.people
        identifier = list(people)[number % len(people)]
        attendances = people[identifier]
        if change == "forget" and len(people) > 1:
            del people[identifier]
        elif change == "withdraw":
            del attendances[:1]
        elif attendances and change == "give":
            people[list(people)[(number + 1) % len(people)]].append(attendances.pop(0))
        elif attendances and change == "correct":
            attendances[0]["date"] = str(FIRST + timedelta(days=day))
        elif attendances and change == "garble":
            self._make_readable()
            attendances[0]["date"] = UNREADABLE_DAY

    def _make_readable(self):
        """Of more than one record that can't be read, none at all would be used."""
        for attendances in self.world.server.people.values():
            for attendance in attendances:
                attendance["date"] = attendance["date"].replace(UNREADABLE_DAY, str(FIRST))

    @rule(status=st.sampled_from([403, 500]))
    def server_fails(self, status):
        self._step()
        self.world.server.next("attendance", self.stage.make_fault(status), times=1)

    @rule(number=MEMBERS, day=DAYS, category=BY_HAND)
    def record_by_hand(self, number, day, category):
        """Record a presence, an absence or an excuse; or withdraw the first one."""
        person_id, day = self.world.person_ids[number], FIRST + timedelta(days=day)
        own = self.world.register.by_hand[person_id]

        def step(env):
            events = env["spp.event.attendance"]
            if category:
                minute = max(own, default=0) % 1440  # another one each time: no twins
                time = f"{minute // 60:02}:{minute % 60:02}"
                vals = {
                    "individual_id": person_id,
                    "attendance_date": day,
                    "attendance_time": time,
                }
                if category == "excused":
                    vals["excuse_reason_id"] = self.stage.excuse_id
                event = events.create({**vals, "attendance_category": category})
                own[event.id] = day, category, None
            elif own:
                events.browse(min(own))._withdraw("Not so")
                del own[min(own)]

        self._do(step)
