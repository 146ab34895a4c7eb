"""What others do on a real database: service points, persons, other addons, SQL.

Each method is one transaction, committed, and kept in the facts as well.
"""

from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count
from uuid import uuid4

from odoo import SUPERUSER_ID

from .facts import Entitlement, Payment, Rates, Transaction, expect
from .stage import MODELS

TRANSACTIONS = {True: "spp.entitlement.transactions", False: "spp.inkind.entitlement.transactions"}
LONG_AGO = date(2020, 1, 1)


class World:
    """Cycles, what is granted in them, and what others do with it."""

    def __init__(self, stage):
        self.stage = stage
        self.rates = Rates(stage.own)
        self.numbers = count(1)
        self.entitlements, self.transactions, self.payments = [], [], []
        self.is_paused = self.has_grace = False
        # What the step at hand may do with cycles.
        self.may_end, self.may_drop_requests = set(), False
        with stage.transaction() as env:
            stage.put_aside_others(env)
            self.cycles = stage.create_cycles(env)
            self._enter_rate(env, "JOD", LONG_AGO, "0.5")
            self._enter_rate(env, "EUR", LONG_AGO, "2")

    def _name(self, prefix):
        return f"{prefix}{next(self.numbers)}"

    # Entitlements

    def grant(self, grants):
        """:param grants: (cycle, is cash, state, amount or quantity, value, whether it has days)"""
        created = []
        with self.stage.transaction() as env:
            for cycle, is_cash, state, granted, value, has_days in grants:
                # The first day of the cycle is too early, the last one too late.
                valid_from = cycle.first_day + timedelta(days=1) if has_days else None
                valid_until = cycle.last_day - timedelta(days=1) if has_days else None
                vals = {"initial_amount": float(granted), "is_cash_entitlement": True}
                if not is_cash:
                    vals = {
                        "qty": int(granted),
                        "total_amount": float(value),
                        "product_id": self.stage.rice,
                        "uom_id": self.stage.units["kg"],
                    }
                record = env[MODELS[is_cash]].create(
                    {
                        **vals,
                        "partner_id": self.stage.partner_id,
                        "cycle_id": cycle.id,
                        "state": state,
                        "valid_from": valid_from,
                        "valid_until": valid_until,
                    }
                )
                created.append(
                    Entitlement(
                        self._name("entitlement_"), record.id, is_cash, cycle, granted, value,
                        state, state, valid_from, valid_until,
                    )
                )  # fmt: skip
        self.entitlements += created
        return created

    def set_state(self, entitlement, state):
        with self.stage.transaction() as env:
            self._get(env, entitlement).write({"state": state})
        entitlement.given = entitlement.state = state
        entitlement.written = entitlement.unseen = None

    def set_state_by_sql(self, entitlement, state):
        """:param state: another one than the last settlement wrote"""
        self._execute(
            f"UPDATE {self._get_table(entitlement)} SET state = %s WHERE id = %s",
            state,
            entitlement.id,
        )
        entitlement.given = entitlement.state = state
        self._note_unseen(entitlement)

    def change_granted(self, entitlement, granted):
        name = "initial_amount" if entitlement.is_cash else "qty"
        number = float(granted) if entitlement.is_cash else int(granted)
        with self.stage.transaction() as env:
            self._get(env, entitlement).write({name: number})
        entitlement.granted = Decimal(granted if entitlement.is_cash else int(granted))

    def move_entitlement(self, entitlement, cycle):
        with self.stage.transaction() as env:
            self._get(env, entitlement).write({"cycle_id": cycle.id})
        entitlement.cycle = cycle

    def delete(self, entitlement):
        with self.stage.transaction() as env:
            self._get(env, entitlement).unlink()
        entitlement.is_deleted = True
        for transaction in entitlement.transactions:
            transaction.entitlement = None

    # What moves

    def prepare(
        self, entitlement, kind, amount, moment, what=None, receipt="", is_other_product=False
    ):
        """Return a transaction that is not sent yet.

        :param what: a currency, or a unit of measure; the entitlement's own one if left out
        """
        what = what or (entitlement.cycle.currency if entitlement.is_cash else "kg")
        return Transaction(
            self._name("transaction_"), 0, entitlement.is_cash, entitlement, kind, amount, what,
            what in self.stage.units, is_other_product, moment, receipt,
        )  # fmt: skip

    def send(self, transactions):
        """Record transactions as a service point does, all at once."""
        with self.stage.transaction() as env:
            for is_cash, name in TRANSACTIONS.items():
                sent = [each for each in transactions if each.is_cash == is_cash]
                records = env[name].create([self._get_vals(each) for each in sent])
                for each, record in zip(sent, records, strict=True):
                    each.id = record.id
        for each in transactions:
            self._keep(each)

    def send_by_sql(self, transaction):
        """Record one past the ORM, of what is still to settle; its figures are late until then."""
        vals = self._get_vals(transaction)
        table = TRANSACTIONS[transaction.is_cash].replace(".", "_")
        names, places = ", ".join(vals), ", ".join(["%s"] * len(vals))
        [row] = self._execute(
            f"INSERT INTO {table} ({names}) VALUES ({places}) RETURNING id", *vals.values()
        )
        transaction.id = row[0]
        transaction.entitlement.has_late_figures = True
        self._keep(transaction)

    def _keep(self, transaction):
        transaction.entitlement.transactions.append(transaction)
        self.transactions.append(transaction)

    def _get_vals(self, transaction):
        own = transaction.is_quantity or transaction.what not in self.stage.currencies
        vals = {
            "entitlement_id": transaction.entitlement.id,
            "transaction_type": transaction.kind,
            "transaction_uuid": str(uuid4()),
            "timestamp_transaction_created": transaction.moment,
            "user_id": SUPERUSER_ID,
            "service_point_device_id": "Shop",
            "receipt_number": transaction.receipt or None,
            "currency_id": self.stage.currencies[self.stage.own if own else transaction.what],
        }
        if not transaction.is_cash:
            vals["product_id"] = self.stage.oil if transaction.is_other_product else self.stage.rice
        if transaction.is_quantity:
            vals["uom_id"] = self.stage.units[transaction.what]
        return vals | {self._get_measure(transaction): float(transaction.amount)}

    def _get_measure(self, transaction):
        return "quantity" if transaction.is_quantity else "amount_charged_by_service_point"

    def change_transaction(self, transaction, kind, amount):
        with self.stage.transaction() as env:
            record = env[TRANSACTIONS[transaction.is_cash]].browse(transaction.id)
            record.write({"transaction_type": kind, self._get_measure(transaction): float(amount)})
        transaction.kind, transaction.amount = kind, amount

    def move_transaction(self, transaction, entitlement):
        with self.stage.transaction() as env:
            record = env[TRANSACTIONS[transaction.is_cash]].browse(transaction.id)
            record.write({"entitlement_id": entitlement.id})
        transaction.entitlement.transactions.remove(transaction)
        entitlement.transactions.append(transaction)
        transaction.entitlement = entitlement

    def pay(self, entitlement, status, amount):
        payment = Payment(self._name("payment_"), 0, entitlement, status, amount)
        vals = {
            "entitlement_id": entitlement.id,
            "cycle_id": entitlement.cycle.id,
            "amount_issued": 1,
            "amount_paid": float(amount),
            "status": status,
        }
        with self.stage.transaction() as env:
            payment.id = env["g2p.payment"].create(vals).id
        entitlement.payments.append(payment)
        self.payments.append(payment)
        return payment

    def change_payment(self, payment, status, amount):
        with self.stage.transaction() as env:
            record = env["g2p.payment"].browse(payment.id)
            record.write({"status": status, "amount_paid": float(amount)})
        payment.status, payment.amount = status, amount

    def enter_rate(self, currency, day, rate):
        """:param day: before all days of which a rate is known, so that no known one changes"""
        before = [expect(entitlement, self.rates) for entitlement in self.entitlements]
        with self.stage.transaction() as env:
            self._enter_rate(env, currency, day, rate)
        for entitlement, expected in zip(self.entitlements, before, strict=True):
            if not entitlement.is_deleted and expect(entitlement, self.rates) != expected:
                entitlement.has_late_figures = True
                self._note_unseen(entitlement)

    def _enter_rate(self, env, currency, day, rate):
        env["res.currency.rate"].create(
            {
                "currency_id": self.stage.currencies[currency],
                "name": day,
                "rate": float(rate),
                "company_id": self.stage.company_id,
            }
        )
        self.rates.enter(currency, day, rate)

    # Cycles

    def set_cycle_state(self, cycle, state):
        with self.stage.transaction() as env:
            env["g2p.cycle"].browse(cycle.id).write({"state": state})
        cycle.state = state

    def lock_cycle(self, cycle, is_locked):
        with self.stage.transaction() as env:
            env["g2p.cycle"].browse(cycle.id).write({"locked": is_locked})
        cycle.is_locked = is_locked

    def set_company(self, is_paused, has_grace):
        with self.stage.transaction() as env:
            env["res.company"].browse(self.stage.company_id).write(
                {
                    "is_settlement_paused": is_paused,
                    "settlement_grace_days": 60 if has_grace else 0,
                }
            )
        self.is_paused, self.has_grace = is_paused, has_grace

    # Reading

    def is_queued(self, entitlement):
        [row] = self.stage.ask(
            f"SELECT is_settled FROM {self._get_table(entitlement)} WHERE id = %s", entitlement.id
        )
        return not row["is_settled"]

    def _note_unseen(self, entitlement):
        """Remember how a settlement left it, unless it is to be settled anyway."""
        [row] = self.stage.ask(
            f"SELECT xmin::text, is_settled FROM {self._get_table(entitlement)} WHERE id = %s",
            entitlement.id,
        )
        entitlement.unseen = row["xmin"] if row["is_settled"] else None

    def _execute(self, statement, *parameters):
        with self.stage.registry.cursor() as cr:
            cr.execute(statement, parameters)
            return cr.fetchall() if cr.description else []

    def _get(self, env, entitlement):
        return env[MODELS[entitlement.is_cash]].browse(entitlement.id)

    def _get_table(self, entitlement):
        return MODELS[entitlement.is_cash].replace(".", "_")


def at(day, hour, minute):
    return datetime(day.year, day.month, day.day, hour, minute)
