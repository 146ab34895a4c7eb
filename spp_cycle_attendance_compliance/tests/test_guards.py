import inspect
from itertools import count
from uuid import uuid4

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.models import MAGIC_COLUMNS
from odoo.tests import tagged
from odoo.tools import SQL, mute_logger

from .common import AttendanceCase, days

ADDON = "spp_cycle_attendance_compliance"
GUARD = "spp.attendance.guard.mixin"
MANAGER = "g2p_programs.g2p_program_manager"
REGISTRAR = "g2p_registry_base.group_g2p_registrar"
IMPORT_LOGGERS = ("odoo.models", "odoo.orm.models")
# Read-only on screens, and yet nothing that only attendance may write.
UNGUARDED = {
    ("spp.attendance.category.map", "key"),  # of the word, which an administrator enters
    ("spp.event.attendance", "withdrawn"),  # of what was recorded by hand, a registrar's
    ("res.partner", "personal_identifier"),  # identifies, and proves nothing
    # Administrators import them.
    *(
        (f"spp.res.config.attendance.{kind}", name)
        for kind in ("type", "location")
        for name in ("external_id", "source_id")
    ),
}


class GuardCase(AttendanceCase):
    """One record at least of each guarded model, and what a field of it could be forged with."""

    def setUp(self):
        super().setUp()
        self.manager = self._create_user("guard_manager", f"{MANAGER},{REGISTRAR}")
        self.person = self._create_person("NID1")
        self.server.people["NID1"] = days(1, 1, 2)
        program = self._create_program("group")
        household = self._create_household(self.person)
        self.cycle = self._create_cycle(program, [household], required_number_of_attendance=3)
        self._create_cycle(
            self._create_program(company_id=self.env["res.company"].create({"name": "B"}).id)
        )
        for name in ("type", "location"):
            self.env[f"spp.res.config.attendance.{name}"].create({"name": "Here"})
        self.env["spp.area"].create([{"draft_name": "North"}, {"draft_name": "South"}])
        self.journal = self.env["account.journal"].create(
            {
                "name": "Guard",
                "code": "GRD",
                "type": "general",
                "currency_id": self.env.company.currency_id.id,
            }
        )
        program.journal_id = self.journal
        self.product = self.env["product.product"].create({"name": "Rice"})
        self.env["g2p.entitlement"].create(
            {"partner_id": household.id, "cycle_id": self.cycle.id, "initial_amount": 10}
        )
        self.person.activity_schedule("mail.mail_activity_data_todo")
        self._run(self.cycle)
        self._run(self.cycle)
        self.env["spp.attendance.file.row"]._as_attendance_writer().create(
            {
                "intake_id": self.env["spp.attendance.intake"].search([], limit=1).id,
                "individual_id": self.person.id,
                "record": "#1",
            }
        )
        self.minutes = count()
        self.records = {name: self._find_or_make(name) for name in self._get_guarded_models()}

    # What is guarded

    def _get_guarded_models(self):
        guard = self.env.registry[GUARD]
        return sorted(
            name
            for name, model in self.env.registry.items()
            if issubclass(model, guard) and not model._abstract
        )

    def _is_proof(self, model):
        """Return whether nobody makes or changes any of a model's records."""
        return "id" in model._get_attendance_guarded_fields()

    def _get_guarded_fields(self, model):
        # In an import, "id" is the external one.
        return sorted(model._get_attendance_guarded_fields() - {"id"})

    # What it is tried on

    def _find_or_make(self, name):
        if name == "spp.event.attendance.change":
            event = self._make("spp.event.attendance")
            event._withdraw("Not so")
            return event.change_ids
        if self._is_proof(self.env[name]):
            record = self.env[name].search([], order="id desc", limit=1)
            self.assertTrue(record, f"setUp makes no {name}")
            return record
        return self._make(name)

    def _make(self, name, model=None, **vals):
        """Make a record as people may, of a model of which they may."""
        model = self.env[name] if model is None else model
        cycle = self.cycle.id
        if name == "spp.attendance.override":
            membership = self._create_membership(self.cycle, self._create_household())
            given = {"cycle_membership_id": membership.id, "reason": "Was ill"}
        elif name == "g2p.cycle.membership":
            given = {"cycle_id": cycle, "partner_id": self._create_household().id}
        elif name == "spp.attendance.condition":
            given = {"cycle_id": cycle}
        elif name == "spp.attendance.source":
            given = {"name": f"Source {uuid4()}"}
        elif name == "spp.attendance.waiver":
            given = {
                "name": "Flood",
                "legal_basis": "Resolution 12/2026",
                "from_date": "2025-11-01",
                "to_date": "2025-11-09",
                "program_id": self.cycle.program_id.id,
            }
        elif name == "spp.event.attendance":
            given = {
                "individual_id": self.person.id,
                "attendance_date": "2025-11-09",
                "attendance_time": f"09:{next(self.minutes):02}",
            }
        else:
            of_kind = {
                "g2p.entitlement": {"initial_amount": 10, "is_cash_entitlement": True},
                "g2p.entitlement.inkind": {
                    "product_id": self.product.id,
                    "uom_id": self.product.uom_id.id,
                    "qty": 1,
                },
            }
            given = {"cycle_id": cycle, "partner_id": self.person.id, **of_kind[name]}
        return model.create({**given, **vals})

    def _forge(self, record, name):
        """Return another value than a field of a record has, as write() takes it."""
        field, value = record._fields[name], record[name]
        if field.type in ("one2many", "many2many"):
            return [(0, 0, {})]
        if field.type == "many2one":
            others = self.env[field.comodel_name].sudo().with_context(active_test=False)
            other = others.search([("id", "!=", value.id)], limit=1)
            self.assertTrue(other, f"setUp makes no other {field.comodel_name} for {field}")
            return other.id
        if field.type == "selection":
            return next(key for key in field.get_values(self.env) if key != value)
        return {
            "binary": lambda: "Rm9yZ2Vk",
            "json": lambda: '{"forged": 1}',
            "boolean": lambda: not value,
            "char": lambda: "forged",
            "html": lambda: "<p>forged</p>",
            "date": lambda: "2001-01-01",
            "datetime": lambda: "2001-01-01 00:00:00",
            "float": lambda: value + 7,
            "integer": lambda: value + 7,
            "text": lambda: "forged",
        }[field.type]()

    def _read(self, record):
        """Return a record, and how many there are, as stored."""
        self.env.flush_all()
        table = SQL.identifier(record._table)
        self.env.cr.execute(
            SQL(
                "SELECT (SELECT count(*) FROM %s), to_jsonb(row) FROM %s AS row WHERE id = %s",
                table,
                table,
                record.id,
            )
        )
        return self.env.cr.fetchone()

    def _walk(self):
        """Yield each guarded field of each model: a record, the name, another value."""
        for record in self.records.values():
            for name in self._get_guarded_fields(record):
                yield record, name, self._forge(record, name)

    def _get_other_sides(self, record):
        """Yield the records, with a field of theirs, through which a record can be written."""
        for name in self.env.registry:
            model = self.env[name].sudo().with_context(active_test=False)
            for field in model._fields.values():
                is_to_many = field.type in ("one2many", "many2many")
                if not is_to_many or field.comodel_name != record._name or model._abstract:
                    continue
                if field.inherited or (field.compute and not field.inverse):
                    continue
                inverse = getattr(field, "inverse_name", None)
                parent = record[inverse] if inverse else model.search([], limit=1)
                if parent:
                    yield parent, field.name


@tagged("post_install", "-at_install")
class TestGuards(GuardCase):
    """What only attendance writes, against all ways in: as a program manager, and as whoever goes
    on as the superuser with what a user has sent."""

    def test_what_is_guarded(self):
        """Whatever field this addon shows as read-only is one that only it may write."""
        found = set()
        for name in self.env.registry:
            model = self.env[name]
            if model._abstract or model._transient:
                continue
            names = {
                field.name
                for field in model._fields.values()
                if ADDON in field._modules
                and (field.store and field.column_type and field.readonly)
                and field.name not in MAGIC_COLUMNS
            }
            if name in self.records:
                names -= model._get_attendance_guarded_fields()
            found.update((name, each) for each in names)
        self.assertEqual(found, UNGUARDED)

    def test_vals(self):
        for record, name, value in self._walk():
            before, copied = self._read(record), record.copy_data()[0]
            vals = {name: value}
            for user in (self.manager, self.env.user):
                own = record.with_user(user)
                for way, method, given in (
                    ("write", own.write, vals),
                    ("write as superuser", own.sudo().write, vals),
                    ("create", own.create, {**copied, **vals}),
                    ("create as superuser", own.sudo().create, {**copied, **vals}),
                    ("create many", own.sudo().create, [copied, {**copied, **vals}]),
                    ("copy", own.copy, vals),
                    ("copy as superuser", own.sudo().copy, vals),
                ):
                    with (
                        self.subTest(way, field=str(record._fields[name]), user=user.login),
                        self.assertRaises(AccessError),
                    ):
                        method(given)
            self.assertEqual(self._read(record), before)

    def test_proof_is_made_by_nobody(self):
        for name, record in self.records.items():
            if not self._is_proof(record):
                continue
            for own in (record.with_user(self.manager), record, record.sudo()):
                for way in (lambda own=own: own.create({}), own.copy):
                    with self.subTest(name), self.assertRaises(AccessError):
                        way()
                with self.subTest(name), self.assertRaises(UserError):
                    own.unlink()

    def test_defaults(self):
        """A value that ``default_*`` and ``ir.default`` give is not taken."""
        forged = {}
        for record, name, value in self._walk():
            forged.setdefault(record._name, {})[name] = value
        for model, values in forged.items():
            if self._is_proof(self.env[model]):
                continue
            context = {f"default_{name}": value for name, value in values.items()}
            for user in (self.manager, self.env.user):
                records = self.env[model].with_user(user).sudo()
                self._check_not_taken(self._make(model, records.with_context(**context)), values)
            self._check_not_taken(
                self._make(model, self.env[model].with_context(**context)), values
            )
            for name, value in values.items():
                if self.env[model]._fields[name].type != "one2many":
                    self.env["ir.default"].sudo().set(model, name, value)
            self._check_not_taken(self._make(model), values)
            self._check_not_taken(
                self._make(model, self.env[model].with_user(self.manager).sudo()), values
            )

    def test_defaults_of_what_attendance_makes(self):
        """Neither is one taken while our own code makes a record."""
        proof = [name for name, record in self.records.items() if self._is_proof(record)]
        proof.remove("spp.attendance.file.row")  # copied by PostgreSQL, which knows no defaults
        expected = self._make_proof(self.env, proof)
        context = {}
        for record, name, value in self._walk():
            if record._name in proof and not isinstance(value, list):
                context[f"default_{name}"] = value
                self.env["ir.default"].sudo().set(record._name, name, value)
        self.assertIn("default_taken_back_by_id", context)
        self.assertEqual(self._make_proof(self.env(context=context), proof), expected)

    def _make_proof(self, env, names):
        """Let a run, taking it back, an override and a correction leave their proof.

        :return: by model, what each of the new records says, but for when and by what it was made
        """
        last_ids = {name: self.env[name].search([], order="id desc", limit=1).id for name in names}
        number = self.env["res.partner"].search_count([])
        person = self._create_person(f"NID{number}")
        self.server.people[f"NID{number}"] = days(number, 1, 2)
        household = self._create_household(person)
        cycle = self._create_cycle(
            self.cycle.program_id, [household], required_number_of_attendance=3
        )
        self.env["g2p.entitlement"].create(
            {"partner_id": household.id, "cycle_id": cycle.id, "initial_amount": 10}
        )
        for is_taken_back in (True, False):
            cycle.with_env(env).action_preview_attendance()
            run = cycle.attendance_run_ids[:1].with_env(env)
            run._decide_to_apply("As agreed")
            if is_taken_back:
                run._take_back("No")
        recorded = self._make("spp.event.attendance", individual_id=person.id)
        recorded.with_env(env).attendance_time = "11:00"
        made = {}
        for name in names:
            records = self.env[name].search([("id", ">", last_ids[name] or 0)], order="id")
            made[name] = [self._tell(record) for record in records]
            self.assertTrue(made[name], f"nothing makes a {name}")
        return made

    def _tell(self, record):
        told = {}
        for name, field in record._fields.items():
            if field.column_type and field.store and name not in MAGIC_COLUMNS:
                value = record[name]
                is_alike = field.type in ("many2one", "date", "datetime", "float", "char")
                told[name] = bool(value) if is_alike or name.endswith("_id") else value
        return told

    def _check_not_taken(self, record, values):
        self.env.flush_all()
        self.env.invalidate_all()
        for name, value in values.items():
            with self.subTest("default", field=str(record._fields[name])):
                kept = record[name]
                if isinstance(value, list):
                    self.assertFalse(kept)
                elif record._fields[name].type == "many2one":
                    self.assertNotEqual(kept.id, value)
                elif record._fields[name].type in ("date", "datetime"):
                    self.assertNotEqual(fields.Datetime.to_string(kept or None), value)
                else:
                    self.assertNotEqual(kept, value)

    def test_copies(self):
        for record, name, _value in self._walk():
            if not self._is_proof(record):
                with self.subTest(field=str(record._fields[name])):
                    self.assertNotIn(name, record.copy_data()[0])

    def test_imports(self):
        for record, name, value in self._walk():
            before, column = self._read(record), name
            with self.assertRaises(AccessError) as refused:
                record.sudo().write({name: value})
            refusal = str(refused.exception)
            if record._fields[name].relational:
                column = f"{name}/.id"
                others = self.env[record._fields[name].comodel_name].sudo()
                value = others.with_context(active_test=False).search([], limit=1).id
            for user in (self.manager, self.env.user):
                rows = [[str(record.id), str(value)]]
                for own in (record.with_user(user), record.with_user(user).sudo()):
                    way = self.subTest(
                        field=str(record._fields[name]), user=user.login, su=own.env.su
                    )
                    with way, mute_logger(*IMPORT_LOGGERS):
                        answer = own.load([".id", column], rows)
                        self.assertFalse(answer["ids"])
                        if own.env.su:
                            self.assertIn(refusal, answer["messages"][0]["message"])
            self.assertEqual(self._read(record), before)

    def test_commands_from_the_other_side(self):
        tried = set()
        for record, name, value in self._walk():
            before, copied = self._read(record), record.copy_data()[0]
            for parent, link in self._get_other_sides(record):
                tried.add((record._name, link))
                for command in (
                    (1, record.id, {name: value}),
                    (0, 0, {**copied, name: value}),
                ):
                    for user in (self.manager, self.env.user):
                        for own in (parent.with_user(user), parent.with_user(user).sudo()):
                            with (
                                self.subTest(
                                    field=str(record._fields[name]),
                                    link=str(parent._fields[link]),
                                    command=command[0],
                                    user=user.login,
                                    su=own.env.su,
                                ),
                                self.assertRaises(AccessError),
                            ):
                                own.write({link: [command]})
            self.assertEqual(self._read(record), before)
        self.assertLessEqual(
            {
                ("g2p.cycle.membership", "cycle_membership_ids"),
                ("g2p.entitlement", "entitlement_ids"),
                ("spp.attendance.run", "attendance_run_ids"),
                ("spp.event.attendance", "attendance_ids"),
            },
            tried,
        )

    def test_links_from_the_other_side(self):
        """A command that gives a record of the proof to somebody else, or takes it away."""
        for name, record in self.records.items():
            before = self._read(record)
            for parent, link in self._get_other_sides(record):
                inverse = getattr(parent._fields[link], "inverse_name", None)
                if inverse not in record._get_attendance_guarded_fields():
                    continue
                other = parent.search([("id", "!=", parent.id)], limit=1)
                self.assertTrue(other, f"setUp makes no other {parent._name}")
                for own, command in (
                    (other, (4, record.id)),
                    (other, (6, 0, record.ids)),
                    (parent, (2, record.id)),
                    (parent, (3, record.id)),
                    (parent, (5,)),
                ):
                    with (
                        self.subTest(name, link=link, command=command[0]),
                        self.assertRaises(UserError),
                    ):
                        own.sudo().write({link: [command]})
                        self.env.flush_all()
            self.assertEqual(self._read(record), before)

    def test_nobody_sends_the_writer(self):
        """What opens the guard is an object: no context that comes as JSON holds one."""
        membership = self.records["g2p.cycle.membership"].sudo()
        for sent in (True, 1, "WRITER", {"Writer": 1}, [1]):
            with self.subTest(sent), self.assertRaises(AccessError):
                membership.with_context(attendance_writer=sent).number_of_attendance = 99

    def test_s1_a_forged_event_is_one_recorded_by_hand(self):
        forged = {
            "source_id": self.source.id,
            "event_data_source": self.server.url,
            "event_data_external_id": 4711,
            "intake_id": self.records["spp.attendance.intake"].id,
        }
        registrar = self._create_user("guard_registrar", REGISTRAR)
        events = self.env["spp.event.attendance"].with_user(registrar)
        with self.assertRaisesRegex(AccessError, "Only what comes from an attendance system"):
            self._make(events._name, events, **forged)
        context = {f"default_{name}": value for name, value in forged.items()}
        made = self._make(events._name, events.with_context(**context))
        for name, value in forged.items():
            self.env["ir.default"].sudo().set(events._name, name, value)
        made += self._make(events._name, events)
        for event in made:
            self.assertRecordValues(event, [{**dict.fromkeys(forged, False), "is_fetched": False}])
            event.attendance_time = "10:00"  # it can be corrected
            event._withdraw("Not so")
            self.assertTrue(event.withdrawn)

    def test_s2_a_forged_membership_has_no_verdict(self):
        memberships = self.env["g2p.cycle.membership"].with_user(self.manager)
        forged = {
            "default_attendance_status": "compliant",
            "default_number_of_attendance": 99,
            "default_attendance_state": "enrolled",
        }
        made = self._make(memberships._name, memberships.with_context(**forged))
        nothing = {"attendance_status": False, "number_of_attendance": 0, "attendance_state": False}
        self.assertRecordValues(made, [nothing])
        self.assertFalse(made.attendance_line_ids)


@tagged("post_install", "-at_install")
class TestSharedModels(AttendanceCase):
    """Models that other addons extend, too."""

    def test_no_method_takes_the_place_of_another_addons(self):
        """Neither ours of theirs nor theirs of ours, unless it goes on with ``super()``."""
        found = set()
        for model in self.env.registry.values():
            for methods in self._get_methods(model).values():
                for number, (addon, method) in enumerate(methods):
                    hidden = {other for other, _method in methods[number + 1 :]} - {addon}
                    is_about_us = ADDON in (hidden if addon != ADDON else {addon})
                    if hidden and is_about_us and "__class__" not in method.__code__.co_freevars:
                        found.add(f"{model._name}: {method.__module__}.{method.__qualname__}")
        self.assertFalse(found)

    def _get_methods(self, model):
        """Return the methods that addons give to a model, by name: addons and functions, in the
        order in which Python looks for them."""
        methods = {}
        for base in model.__mro__:
            if not base.__module__.startswith("odoo.addons."):
                continue
            addon = base.__module__.split(".")[2]
            for name, method in vars(base).items():
                method = inspect.unwrap(method) if callable(method) else None
                if inspect.isfunction(method):
                    methods.setdefault(name, []).append((addon, method))
        return methods
