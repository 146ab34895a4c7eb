"""A cycle of persons, a cycle of households, and an attendance system that knows some of them."""

from contextlib import contextmanager
from datetime import date, timedelta
from itertools import count
from uuid import uuid4

from attendance_server import AttendanceServer, attendance

from odoo import SUPERUSER_ID, api
from odoo.exceptions import UserError

from odoo.addons.queue_job.job import Job

from .told import Register

PERSONS = 6
# Both months are cut.
FIRST = date(2025, 11, 29)
DECIDED = ("draft", "enrolled", "non_compliant")
# Of which half of a record's day is left: it is among those that are asked for.
UNREADABLE_DAY = "2025-12-1x"
# Two of its words; of what else it says nobody knows the meaning.
SICK, LATE = "sick", "late"
# On the first day that counts half of the persons are not yet 7 years old, but soon; others are 12.
BIRTH_DATES = (date(2018, 12, 1), date(2013, 3, 1))
# What a person says who is asked for a reason.
REASON = "As agreed"
# Who is called so does not meet the programs' own criteria.
EXCLUDED = "Excluded"


class Killed(BaseException):
    """The process is gone: nobody catches it."""


class Stage:
    """What all worlds share, on a database that nobody else uses."""

    def __init__(self, env):
        self.registry = env.registry
        self.server = AttendanceServer({})
        self.numbers = count(1)
        id_type = env["g2p.id.type"].create({"name": f"ID {uuid4()}"})
        self.id_type_id = id_type.id
        sources = env["spp.attendance.source"]._as_attendance_writer()
        source = sources.create(
            {
                "name": f"Source {uuid4()}",
                "url": self.server.url,
                "client_id": self.server.client[0],
                "id_type_id": id_type.id,
            }
        )
        source._set_connection({}, self.server.client[1])
        recorded = env.ref("spp_cycle_attendance_compliance.source_recorded")
        self.source_ids = {"server": source.id, "recorded": recorded.id}
        self.excuse_id = env.ref("spp_cycle_attendance_compliance.excuse_illness").id
        # By their numbers on the server.
        self.type_ids = {}
        for number in (1, 2):
            types = env["spp.res.config.attendance.type"]
            types._take_over(source, number, f"Type {number}", "")
            found = types.search([("source_id", "=", source.id), ("external_id", "=", number)])
            self.type_ids[number] = found.id
        env.company.attendance_no_data_limit = 100
        currency = env.company.currency_id
        self.journal_id = (
            env["account.journal"]
            .create({"name": "J", "code": "JNL", "type": "general", "currency_id": currency.id})
            .id
        )
        product = env["product.product"].create({"name": "Rice"})
        # Persons get cash, households get in kind.
        self.entitlements = (
            ("g2p.entitlement", {"initial_amount": 10, "is_cash_entitlement": True}),
            (
                "g2p.entitlement.inkind",
                {"product_id": product.id, "uom_id": product.uom_id.id, "qty": 4},
            ),
        )
        self.program_ids = [self._create_program(env, target) for target in ("individual", "group")]

    def _create_program(self, env, target):
        program = env["g2p.program"].create(
            {"name": f"{target} {uuid4()}", "target_type": target, "journal_id": self.journal_id}
        )
        manager = env["g2p.cycle.manager.default"].create({"name": "M", "program_id": program.id})
        program.cycle_managers = env["g2p.cycle.manager"].create(
            {"program_id": program.id, "manager_ref_id": f"{manager._name},{manager.id}"}
        )
        criteria = env["g2p.program_membership.manager.default"].create(
            {
                "name": "Not excluded",
                "program_id": program.id,
                "eligibility_domain": f"[('name', '!=', '{EXCLUDED}')]",
            }
        )
        env["spp.compliance.manager"].create(
            {"program_id": program.id, "manager_ref_id": f"{criteria._name},{criteria.id}"}
        )
        return program.id

    @contextmanager
    def transaction(self):
        with self.registry.cursor() as cr:
            yield api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})

    def ask(self, query, *parameters):
        with self.registry.cursor() as cr:
            cr.execute(query, parameters)
            return cr.dictfetchall()


class World:
    """Two cycles; the second one's households have two of the first one's persons each.

    Each has an earlier one of the same program, with the same members, two places further on.
    """

    def __init__(self, stage):
        self.stage = stage
        self.server = stage.server
        self.server.people.clear()
        self.server.forget_faults()
        with stage.transaction() as env:
            # What an earlier world left behind is no concern of this one.
            env.cr.execute(
                "UPDATE spp_attendance_run SET state = 'discarded' WHERE state = 'running'"
            )
            env.cr.execute("DELETE FROM queue_job")
            env.cr.execute("DELETE FROM spp_attendance_category_map")
            env.cr.execute("UPDATE spp_attendance_waiver SET state = 'revoked'")
            env.invalidate_all()
            self.set_brake(env, 100)
            self.person_ids = [self._create_person(env) for _number in range(PERSONS)]
            self.household_ids = [
                self._create_household(env, self.person_ids[start : start + 2])
                for start in range(0, PERSONS, 2)
            ]
            members = self.person_ids, self.household_ids
            programs = list(zip(stage.program_ids, members, strict=True))
            today, later = date.today(), date.today() + timedelta(40)
            earlier = [self._create_cycle(env, today, *each) for each in programs]
            self.cycle_ids = [self._create_cycle(env, later, *each) for each in programs] + earlier
        self.register = Register(self)

    def _create_person(self, env):
        number = next(self.stage.numbers)
        person = env["res.partner"].create(
            {"name": "P", "is_registrant": True, "birthdate": BIRTH_DATES[number % 2]}
        )
        identifier = f"ID{next(self.stage.numbers)}"
        env["g2p.reg.id"].create(
            {"partner_id": person.id, "id_type": self.stage.id_type_id, "value": identifier}
        )
        self.server.people[identifier] = []
        return person.id

    def _create_household(self, env, members):
        household = env["res.partner"].create(
            {"name": "H", "is_registrant": True, "is_group": True}
        )
        for member in members:
            env["g2p.group.membership"].create(
                {
                    "group": household.id,
                    "individual": member,
                    "start_date": "2020-01-01 00:00:00",
                }
            )
        return household.id

    def _create_cycle(self, env, start, program_id, partner_ids):
        cycle = env["g2p.cycle"].create(
            {
                "name": f"C {uuid4()}",
                "program_id": program_id,
                "start_date": start,
                "end_date": start + timedelta(days=30),
                "use_attendance_criteria": True,
                "attendance_source_id": self.stage.source_ids["server"],
                "attendance_period": "dates",
                "from_date": FIRST,
                "to_date": FIRST + timedelta(days=29),
                "household_rule": "any",
                "no_data_rule": "absent",
                "attendance_counts_from": "first",
                "attendance_first_cycle_waived": False,
                "attendance_warnings": 0,
                "attendance_condition_ids": [(0, 0, {"required_number": 2})],
                "cycle_membership_ids": [
                    (
                        0,
                        0,
                        {"partner_id": partner_id, "state": "draft" if number % 3 else "enrolled"},
                    )
                    for number, partner_id in enumerate(partner_ids)
                ],
            }
        )
        return cycle.id

    # What others do

    def set_brake(self, env, percentage):
        self.brake_percentage = percentage
        env.company.attendance_non_compliant_limit = percentage

    def do(self, step):
        """Take a step in a transaction of its own; return what it refuses, if it does."""
        try:
            with self.stage.transaction() as env:
                step(env)
        except UserError as error:
            return str(error)
        return None

    def attend(self, identifier, day, category="present", type_id=1):
        number = next(self.stage.numbers)
        item = attendance(number, str(FIRST + timedelta(days=day)), type_id, category=category)
        self.server.people.setdefault(identifier, []).append(item)

    def get_identifier(self, env, person_id):
        domain = [("partner_id", "=", person_id), ("id_type", "=", self.stage.id_type_id)]
        return env["g2p.reg.id"].search(domain, limit=1)

    def press(self, cycle_id, method, is_big=False):
        """Press a button of a cycle; a big one goes on in the background."""

        def step(env):
            getattr(env["g2p.cycle"].browse(cycle_id), method)()

        with self.stage.of_size(is_big):
            return self.do(step)

    def decide(self, cycle_id, state, decide, is_big=False):
        """Do something with the last run of a cycle that is in a state, if there is one."""

        def step(env):
            run = env["spp.attendance.run"].search(
                [("cycle_id", "=", cycle_id), ("state", "=", state)], limit=1
            )
            if run:
                decide(run)

        with self.stage.of_size(is_big):
            return self.do(step)

    def work(self, most=50):
        """Do the next jobs of the background, as the job runner does."""
        for _job in range(most):
            with self.stage.transaction() as env:
                pending = env["queue.job"].search([("state", "=", "pending")], limit=1)
                if not pending:
                    return
                job = Job.load(env, pending.uuid)
                try:
                    job.perform()
                    job.set_done()
                except Killed:
                    env.cr.rollback()
                    raise
                except Exception as error:
                    env.cr.rollback()
                    job.set_failed(exc_info=str(error))
                job.store()
                env.flush_all()
                job.enqueue_waiting()
            self.register.observe()
