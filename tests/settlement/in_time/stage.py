"""What all worlds share: programs, goods, currencies, and who settles."""

from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

from odoo import SUPERUSER_ID, api
from odoo.exceptions import UserError

from .facts import Cycle

FOREIGN = ("EUR", "KES", "MAD")
MODELS = {True: "g2p.entitlement", False: "g2p.entitlement.inkind"}
FIGURES = {"granted", "allocated", "redeemed", "balance", "entitlement_balance"}

# Name, program, whether it goes by payments, whether it is over.
CYCLES = [
    ("bought", "dollars", False, True),
    ("paid", "dollars", True, True),
    ("dinars", "dinars", False, True),
    ("not_over", "dollars", False, False),
]


class Stage:
    """On a database that nobody else uses."""

    def __init__(self, env):
        self.registry = env.registry
        env.company.partner_id.tz = "Australia/Brisbane"
        self.own = env.company.currency_id.name
        self.currencies = {name: env.ref(f"base.{name}").id for name in (self.own, "JOD", *FOREIGN)}
        env["res.currency"].browse(self.currencies.values()).active = True
        journal = env["account.journal"].create(
            {
                "name": "Dinars",
                "code": "JOD",
                "type": "general",
                "currency_id": self.currencies["JOD"],
            }
        )
        self.programs = {
            "dollars": self._create_program(env, "Dollars", False),
            "dinars": self._create_program(env, "Dinars", journal.id),
        }
        names = {"kg": "kgm", "g": "gram", "dozen": "dozen"}
        self.units = {unit: env.ref(f"uom.product_uom_{name}").id for unit, name in names.items()}
        products = env["product.product"].create([{"name": "Rice"}, {"name": "Oil"}])
        self.rice, self.oil = products.ids
        self.company_id = env.company.id
        self.partner_id = env["res.partner"].create({"name": "H", "is_registrant": True}).id
        manager = env.ref("base.user_admin")
        groups = "groups_id" if "groups_id" in manager._fields else "group_ids"
        manager[groups] |= env.ref("g2p_programs.g2p_program_manager")
        self.manager_id = manager.id
        self.states = {
            is_cash: set(dict(env[model]._fields["state"]._description_selection(env)))
            for is_cash, model in MODELS.items()
        }

    def _create_program(self, env, name, journal_id):
        program = env["g2p.program"].create({"name": f"{name} {uuid4()}"})
        manager = env["g2p.cycle.manager.default"].create({"name": "M", "program_id": program.id})
        program.cycle_managers = env["g2p.cycle.manager"].create(
            {"program_id": program.id, "manager_ref_id": f"{manager._name},{manager.id}"}
        )
        program.journal_id = journal_id
        return program.id

    @contextmanager
    def transaction(self, user_id=SUPERUSER_ID):
        with self.registry.cursor() as cr:
            yield api.Environment(cr, user_id, {"tracking_disable": True})

    def ask(self, query, *parameters):
        """Return the rows of a query; the figures, which it gives as text, in full."""
        with self.registry.cursor() as cr:
            cr.execute(query, parameters)
            rows = cr.dictfetchall()
        for row in rows:
            row |= {name: Decimal(row[name]) for name in FIGURES & row.keys() if row[name]}
        return rows

    # Worlds

    def put_aside_others(self, env):
        """What an earlier world left behind is no concern of the nights to come."""
        for statement in (
            "UPDATE g2p_cycle SET state = 'cancelled', end_requested_by_id = NULL",
            "UPDATE g2p_entitlement SET redemption_problem = NULL",
            "UPDATE g2p_entitlement_inkind SET redemption_problem = NULL",
            "UPDATE spp_cycle_settlement SET state = 'interrupted' WHERE state = 'running'",
            "DELETE FROM res_currency_rate",
            "DELETE FROM ir_cron_trigger",
            "DELETE FROM spp_settlement_turn",
            "UPDATE res_company SET is_settlement_paused = FALSE, settlement_grace_days = 0",
        ):
            env.cr.execute(statement)

    def forget_turn(self):
        with self.transaction() as env:
            env["spp.settlement.turn"].search([]).unlink()

    def create_cycles(self, env):
        """Return the cycles of a world, as they are before anything is granted."""
        today = date.today()
        names = [(name, self.programs[program]) for name, program, *_rest in CYCLES]
        records = env["g2p.cycle"].create(
            [
                {
                    "name": f"{name} {uuid4()}",
                    "program_id": program_id,
                    "start_date": today,
                    "end_date": today + timedelta(days=30),
                    "state": "distributed",
                }
                for name, program_id in names
            ]
        )
        env.flush_all()
        cycles = []
        for record, (name, program, goes_by_payments, is_over) in zip(records, CYCLES, strict=True):
            first = today - timedelta(days=9)
            last = today + timedelta(days=-2 if is_over else 30)
            env.cr.execute(
                """
                UPDATE g2p_cycle SET start_date = %s, end_date = %s, redemption_source = %s
                WHERE id = %s
                """,
                [first, last, "payments" if goes_by_payments else "transactions", record.id],
            )
            currency = "JOD" if program == "dinars" else self.own
            cycles.append(Cycle(name, record.id, currency, goes_by_payments, is_over, first, last))
        return cycles

    # What persons do about settlements

    def hold_back(self, cycle):
        with self.transaction() as env:
            env["g2p.cycle"].browse(cycle.id)._as_writer().settlement_hold = "held"

    def press(self, cycle, method):
        """Call a method of a cycle as a program manager does.

        :return: whether it was refused
        """
        try:
            with self.transaction(self.manager_id) as env:
                getattr(env["g2p.cycle"].browse(cycle.id), method)()
        except UserError:
            return True
        return False

    def clear(self, line_id):
        with self.transaction(self.manager_id) as env:
            env["spp.cycle.settlement.line"].browse(line_id)._clear("Looked at.")

    def let_transactions_decide(self, line_id):
        """:return: why it was refused, if it was"""
        try:
            with self.transaction(self.manager_id) as env:
                line = env["spp.cycle.settlement.line"].browse(line_id)
                line._let_transactions_decide("Not paid twice.")
        except UserError as error:
            return str(error)
        return None
