"""Entitlements and transactions as they were before the addon came. Run inside `odoo shell`."""

import sys
from datetime import date, timedelta

partial_state = sys.argv[1]
program = env["g2p.program"].create({"name": "Existing"})
cycle = env["g2p.cycle"].create(
    {
        "name": "Cycle",
        "program_id": program.id,
        "start_date": date.today(),
        "end_date": date.today() + timedelta(days=1),
        "state": "ended",
    }
)
common = {"cycle_id": cycle.id, "partner_id": env.company.partner_id.id}


def add(model, transaction_model, state, granted, moved):
    entitlement = env[model].create(dict(common, state=state, **granted))
    if moved:
        env[transaction_model].create(
            {
                "entitlement_id": entitlement.id,
                "transaction_type": "PURCHASE",
                "currency_id": env.company.currency_id.id,
                "transaction_uuid": f"{model} {entitlement.id}",
                "timestamp_transaction_created": "2026-01-15 12:00:00",
                "user_id": env.uid,
                **moved,
            }
        )


def add_cash(state, amount):
    moved = {"amount_charged_by_service_point": amount} if amount else {}
    add("g2p.entitlement", "spp.entitlement.transactions", state, {"initial_amount": 100}, moved)


def add_inkind(state, quantity):
    moved = {"quantity": quantity} if quantity else {}
    add("g2p.entitlement.inkind", "spp.inkind.entitlement.transactions", state, {"qty": 10}, moved)


add_cash("approved", 0)
add_cash(partial_state, 40)
add_cash("rdpd2ben", 100)
add_inkind("approved", 0)
add_inkind("rdpd2ben", 4)
env.cr.commit()
