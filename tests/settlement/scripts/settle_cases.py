"""Grants what the cases of a file say, settles it, and prints as JSON what became of it.

Run inside `odoo shell`: FOLDER CASES, the folder of the Python packages that Odoo's Python lacks,
and the file. Each case is granted in cash, in goods, or in both; in each of its states that the
platform has. It is settled by two nights; in between, what was granted is written again.
"""

import json
import sys
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

sys.path += [sys.argv[1], str(Path(sys.argv[0]).parent)]

import yaml
from past_cycle import create_past_cycle

UNITS = {"t": "uom.product_uom_ton", "piece": "uom.product_uom_unit"}
KILOGRAM = env.ref("uom.product_uom_kgm")
# Why a transaction can't be read: in cash, in goods, and where payments count.
UNREADABLE = {"cash": {"currency"}, "goods": {"unit", "product", "quantity"}, "paid": {"amount"}}
AMOUNT = "amount_charged_by_service_point"


def read_transaction(text):
    kind, amount = text.rsplit(" ", 1)
    return kind, Decimal(amount)


def find_kinds(facts):
    """Return how a case can be granted."""
    problems = facts.get("unreadable", {}).keys()
    _step, unit = str(facts.get("rounding", "0.01 ")).split(" ")
    if unit:
        return ["goods" if unit in UNITS else "cash"]
    if problems:
        return [kind for kind, readable in UNREADABLE.items() if problems <= readable]
    return ["cash", "goods"]


class Grants:
    """The cases as entitlements, in cycles that are over, one for each currency."""

    def __init__(self):
        self.cycles = {}
        self.granted = []  # (title, state given, kind, entitlement)
        self.transactions = {"cash": [], "goods": []}
        self.rice, self.oil = env["product.product"].create([{"name": "Rice"}, {"name": "Oil"}])
        self.partner = env["res.partner"].create({"name": "Household", "is_registrant": True})
        self.without_rate = env.ref("base.KES")
        self.without_rate.active = True

    def get_cycle(self, kind, currency=""):
        key = ("paid" if kind == "paid" else "bought", currency)
        if key not in self.cycles:
            cycle = create_past_cycle(env)
            if kind == "paid":
                cycle.redemption_source = "payments"
            cycle.program_id.journal_id = currency and self.create_journal(currency)
            self.cycles[key] = cycle
        return self.cycles[key]

    def create_journal(self, rounding):
        step, name = rounding.split()
        currency = env.ref(f"base.{name}")
        currency.write({"active": True, "rounding": float(step)})
        return env["account.journal"].create(
            {"name": name, "code": name, "type": "general", "currency_id": currency.id}
        )

    def grant(self, case, kind):
        facts = case["if"]
        rounding = str(facts.get("rounding", ""))
        unit = env.ref(UNITS[rounding.split()[1]]) if rounding and kind == "goods" else KILOGRAM
        cycle = self.get_cycle(kind, "" if kind == "goods" else rounding)
        vals = {"partner_id": self.partner.id, "cycle_id": cycle.id, "valid_until": False}
        if kind == "goods":
            model = env["g2p.entitlement.inkind"]
            vals |= {"qty": facts["granted"], "product_id": self.rice.id, "uom_id": unit.id}
        else:
            model = env["g2p.entitlement"]
            vals |= {"initial_amount": facts["granted"], "is_cash_entitlement": True}
        known = dict(model._fields["state"]._description_selection(env))
        states = [state for state in facts["given"] if state in known]
        for entitlement in model.create([{**vals, "state": state} for state in states]):
            self.granted.append((case["title"], entitlement.state, kind, entitlement))
            for text in facts["transactions"]:
                self.add(entitlement, kind, *read_transaction(text), unit)
            for problem, text in facts.get("unreadable", {}).items():
                self.add_unreadable(entitlement, kind, problem, *read_transaction(text))

    def add(self, entitlement, kind, name, amount, unit, product=None, currency=None):
        moved = self.transactions[kind]
        # No two in one minute: they would be twins.
        created = entitlement.cycle_id.start_date + timedelta(days=1)
        vals = {
            "entitlement_id": entitlement.id,
            "transaction_type": name,
            "transaction_uuid": str(uuid4()),
            "timestamp_transaction_created": f"{created} 12:{len(moved) % 60:02}:00",
            "user_id": env.uid,
            "currency_id": (currency or entitlement.redemption_currency_id).id,
        }
        if kind == "goods":
            # What is recorded has two decimals.
            is_ton = unit == env.ref(UNITS["t"])
            recorded, factor = (KILOGRAM, 1000) if is_ton else (unit, 1)
            vals |= {"quantity": float(amount * factor), "uom_id": recorded.id}
            vals["product_id"] = (product or self.rice).id
        moved.append((vals, amount))

    def add_unreadable(self, entitlement, kind, problem, name, amount):
        if problem == "amount":
            env["g2p.payment"].create(
                {
                    "entitlement_id": entitlement.id,
                    "amount_issued": 1,
                    "amount_paid": float(amount),
                    "status": "paid",
                }
            )
        elif problem == "quantity":
            self.add(entitlement, kind, name, amount, KILOGRAM)
            vals, _amount = self.transactions[kind][-1]
            vals[AMOUNT] = vals.pop("quantity")
        elif problem == "unit":
            self.add(entitlement, kind, name, amount, env.ref(UNITS["piece"]))
        elif problem == "product":
            self.add(entitlement, kind, name, amount, KILOGRAM, product=self.oil)
        else:
            self.add(entitlement, kind, name, amount, None, currency=self.without_rate)

    def send(self):
        """Record the transactions; amounts as they are meant, which the ORM would round."""
        goods = [vals for vals, _amount in self.transactions["goods"]]
        env["spp.inkind.entitlement.transactions"].create(goods)
        cash = self.transactions["cash"]
        sent = env["spp.entitlement.transactions"].create(
            [{**vals, AMOUNT: float(amount)} for vals, amount in cash]
        )
        env.flush_all()
        for transaction, (_vals, amount) in zip(sent, cash, strict=True):
            env.cr.execute(
                f"UPDATE spp_entitlement_transactions SET {AMOUNT} = %s WHERE id = %s",
                [amount, transaction.id],
            )

    def write_again(self):
        for _title, _given, kind, entitlement in self.granted:
            name = "qty" if kind == "goods" else "initial_amount"
            entitlement[name] = entitlement[name]

    def read(self):
        """Return what has become of what was granted, with figures in full."""
        env.flush_all()
        return [
            {"title": title, "given": given, "kind": kind, **read_row(entitlement)}
            for title, given, kind, entitlement in self.granted
        ]


def read_row(entitlement):
    env.cr.execute(
        f"""
        SELECT state, settlement_outcome AS outcome, redeemed::text,
            entitlement_balance::text AS "left", redemption_problem AS problem
        FROM {entitlement._table} WHERE id = %s
        """,
        [entitlement.id],
    )
    [row] = env.cr.dictfetchall()
    name = "entitlement_id" if entitlement._name == "g2p.entitlement" else "inkind_entitlement_id"
    lines = env["spp.cycle.settlement.line"].search([(name, "=", entitlement.id)])
    row["listed"] = len(lines.filtered(lambda line: line.status == "open"))
    return row


grants = Grants()
for case in yaml.safe_load(Path(sys.argv[2]).read_text())["cases"]:
    for kind in find_kinds(case["if"]):
        grants.grant(case, kind)
grants.send()
found = []
for night in (1, 2):
    env["g2p.cycle"]._cron_settle()
    found += [{"night": night, **row} for row in grants.read()]
    grants.write_again()
env.cr.commit()
print(f"found:{json.dumps(found)}")
