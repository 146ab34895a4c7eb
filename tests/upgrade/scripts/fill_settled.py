"""Fills a database of 17.0.2.0.0 or 17.0.2.1.0 as years of use did. For `odoo shell`.

The argument is a file of what is to be in it: see `settled.py` and `settled_cycles.py`. What those
versions of the addon wrote is written past the ORM, which knows nothing of them.
"""

import json
import sys
from datetime import date, timedelta

from odoo.tests import new_test_user

ADDON = "spp_auto_update_entitlements"
with open(sys.argv[1]) as file:
    DATA = json.load(file)
# The model of entitlements and that of their transactions, what is granted and what moves.
CASH = (
    *("g2p.entitlement", "spp.entitlement.transactions"),
    *("initial_amount", 100, "amount_charged_by_service_point"),
)
INKIND = ("g2p.entitlement.inkind", "spp.inkind.entitlement.transactions", "qty", 10, "quantity")
TODAY = date.today()


def insert(table, **values):
    marks = ", ".join(["%s"] * len(values))
    env.cr.execute(
        f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks}) RETURNING id",
        [*values.values()],
    )
    return env.cr.fetchone()[0]


def update(table, record_id, **values):
    env.flush_all()
    env.cr.execute(
        f"UPDATE {table} SET {', '.join(f'{name} = %s' for name in values)} WHERE id = %s",
        [*values.values(), record_id],
    )


def split(text):
    return [None if word == "-" else word for word in text.split()]


# Programs and cycles

main, second = env.company, env["res.company"].create({"name": "Second"})
manager = new_test_user(
    env, "manager", groups="g2p_programs.g2p_program_manager", company_ids=[(6, 0, main.ids)]
)
update("res_company", env["res.company"].create({"name": "Closed"}).id, active=False)


def create_program(name, company):
    program = env["g2p.program"].create({"name": name, "company_id": company.id})
    default = env["g2p.cycle.manager.default"].create({"name": "M", "program_id": program.id})
    program.cycle_managers = env["g2p.cycle.manager"].create(
        {"program_id": program.id, "manager_ref_id": f"{default._name},{default.id}"}
    )
    update("g2p_program", program.id, create_uid=manager.id)
    return program


programs = {main: create_program("Main", main), second: create_program("Other", second)}
cycles, settlements = {}, {}


def create_cycle(name, state, days_over, waiting):
    company = second if "second" in name else main
    cycles[name] = cycle = env["g2p.cycle"].create(
        {
            "name": name,
            "program_id": programs[company].id,
            "company_id": company.id,
            "start_date": TODAY,
            "end_date": TODAY + timedelta(days=1),
        }
    )
    update(
        "g2p_cycle",
        cycle.id,
        state=state,
        start_date=TODAY - timedelta(days=60),
        end_date=TODAY - timedelta(days=days_over),
    )
    for settlement in filter(None, waiting.split(", ")):
        create_settlement(cycle, *settlement.split())


def create_settlement(cycle, state, job_state=None):
    values = {}
    if job_state:
        values["job_uuid"] = create_job(cycle, "_settle_in_background", job_state)
        update("g2p_cycle", cycle.id, locked=True, locked_reason="Being settled.")
    else:
        values["start_datetime"] = "2026-01-01 01:00:00"
    settlement_id = insert(
        "spp_cycle_settlement",
        cycle_id=cycle.id,
        program_id=cycle.program_id.id,
        company_id=cycle.company_id.id,
        state=state,
        trigger="user" if job_state else "cron",
        user_id=manager.id,
        entitlement_count=0,
        **values,
    )
    settlements.setdefault(cycle.name, []).append(settlement_id)


def create_job(cycle, method, state):
    job = cycle.with_delay().mark_ended()
    env.flush_all()
    env.cr.execute(
        "UPDATE queue_job SET method_name = %s, state = %s WHERE uuid = %s",
        [method, state, job.uuid],
    )
    return job.uuid


for values in DATA["cycles"]:
    create_cycle(*values)
create_job(cycles["running"], "mark_ended", "pending")

# Entitlements and their transactions


def create_entitlement(kind, name, cycle, state, moved, **values):
    model, transactions, granted, amount, measure = kind
    partner = env["res.partner"].create({"name": name})
    entitlement = env[model].create(
        {"partner_id": partner.id, "cycle_id": cycle.id, granted: amount, "code": name}
    )
    for number, movement in enumerate(filter(None, moved.split(", "))):
        transaction_type, value = movement.split()
        env[transactions].create(
            {
                "entitlement_id": entitlement.id,
                "transaction_type": transaction_type,
                measure: float(value),
                "currency_id": main.currency_id.id,
                "transaction_uuid": f"{cycle.name} {name} {number}",
                "timestamp_transaction_created": f"{TODAY - timedelta(days=40 - number)} 12:00:00",
                "user_id": env.uid,
            }
        )
    update(entitlement._table, entitlement.id, state=state, **values)
    return entitlement.id


last = {name: number for name, number, *_rest in DATA["lines"]}
ids = {}
for name, moved, figures, left in DATA["kinds"]:
    redeemed, balance, problem = split(figures)
    state, before, outcome, is_settled = split(left)
    ids[name] = create_entitlement(
        INKIND if name.startswith("in-kind") else CASH,
        name,
        cycles["over"],
        state,
        moved,
        redeemed=redeemed,
        entitlement_balance=balance,
        redemption_problem=problem,
        state_before_settlement=before,
        settlement_outcome=outcome,
        is_settled=is_settled == "t",
        settlement_id=settlements["over"][last.get(name, 1) - 1],
    )
for cycle in cycles.values():
    if cycle.name not in ("over", "empty"):
        create_entitlement(
            *(CASH, f"in {cycle.name}", cycle, "approved", "PURCHASE 40"),
            redeemed=40,
            entitlement_balance=60,
        )

# What the settlements listed

for name, number, left in DATA["lines"]:
    outcome, state, is_exception = left.split()
    insert(
        "spp_cycle_settlement_line",
        settlement_id=settlements["over"][number - 1],
        entitlement_id=ids.get(name),
        code=name,
        outcome=outcome,
        state_after=state,
        is_exception=is_exception == "t",
        allocated=100,
        redeemed=40,
        balance=60,
    )
for outcome in ("partial", "restored", "voided_elsewhere"):
    insert(
        "spp_cycle_settlement_total",
        settlement_id=settlements["over"][0],
        kind="cash",
        outcome=outcome,
        count=1,
        allocated=100.25,
        redeemed=40.5,
        balance=59.75,
    )

# The settings, and what people have made

cron = {
    "name": "Programs: settle expired cycles and end them",
    "model_id": env.ref("g2p_programs.model_g2p_cycle").id,
    "state": "code",
    "code": "model._cron_settle()",
    "user_id": env.ref("base.user_root").id,
    "interval_type": "days",
}
if "numbercall" in env["ir.cron"]._fields:
    cron["numbercall"] = -1
env["ir.model.data"].create(
    {
        "module": ADDON,
        "name": "cron_settle_cycles",
        "model": "ir.cron",
        "res_id": env["ir.cron"].create(cron).id,
        "noupdate": True,
    }
)
env["ir.config_parameter"].set_param(f"{ADDON}.grace_days", "5")
for model, domain in (
    ("spp.cycle.settlement.line", "[('outcome', '=', 'restored')]"),
    ("g2p.entitlement", '[["settlement_outcome", "in", ["voided_elsewhere", "over"]]]'),
    ("res.partner", "[('name', '=', 'restored')]"),
):
    insert(
        "ir_filters",
        name=f"Mine of {model}",
        model_id=model,
        domain=domain,
        context="{}",
        sort="[]",
        active=True,
    )
for name, field in (("Fits", "create_date"), ("Names a job", "job_uuid")):
    arch = (
        f"<xpath expr=\"//field[@name='error']\" position='after'><field name='{field}'/></xpath>"
    )
    insert(
        "ir_ui_view",
        name=name,
        model="spp.cycle.settlement",
        type="form",
        inherit_id=env.ref(f"{ADDON}.view_cycle_settlement_form").id,
        mode="extension",
        arch_db=json.dumps({"en_US": arch}),
        active=True,
        priority=99,
    )
env.cr.execute("CREATE VIEW spp_redemption_report AS SELECT id, redeemed FROM g2p_entitlement")
env.cr.commit()
