"""Cycles, entitlements and transactions as they were before the addon came. For `odoo shell`.

The argument is the state of an entitlement that is redeemed in part.
"""

import sys
from datetime import date, timedelta

from odoo.tests import new_test_user

partial_state = sys.argv[1]
TODAY = date.today()
manager = new_test_user(env, "manager", groups="g2p_programs.g2p_program_manager")
programs = {}


def create_cycle(name, state, days_over, program="Existing"):
    if program not in programs:
        programs[program] = env["g2p.program"].create({"name": program})
        default = env["g2p.cycle.manager.default"].create(
            {"name": "M", "program_id": programs[program].id}
        )
        programs[program].cycle_managers = env["g2p.cycle.manager"].create(
            {"program_id": programs[program].id, "manager_ref_id": f"{default._name},{default.id}"}
        )
    cycle = env["g2p.cycle"].create(
        {
            "name": name,
            "program_id": programs[program].id,
            "start_date": TODAY,
            "end_date": TODAY + timedelta(days=1),
            "state": state,
        }
    )
    env.flush_all()
    env.cr.execute(
        "UPDATE g2p_cycle SET start_date = %s, end_date = %s WHERE id = %s",
        [TODAY - timedelta(days=60), TODAY - timedelta(days=days_over), cycle.id],
    )
    return cycle


def add(cycle, model, transaction_model, state, granted, moved):
    entitlement = env[model].create(
        {"cycle_id": cycle.id, "partner_id": env.company.partner_id.id, "state": state, **granted}
    )
    if moved:
        env[transaction_model].create(
            {
                "entitlement_id": entitlement.id,
                "transaction_type": "PURCHASE",
                "currency_id": env.company.currency_id.id,
                "transaction_uuid": f"{model} {entitlement.id}",
                "timestamp_transaction_created": f"{TODAY - timedelta(days=40)} 12:00:00",
                "user_id": env.uid,
                **moved,
            }
        )


def add_cash(cycle, state, amount):
    moved = {"amount_charged_by_service_point": amount} if amount else {}
    granted = {"initial_amount": 100}
    add(cycle, "g2p.entitlement", "spp.entitlement.transactions", state, granted, moved)


def add_inkind(cycle, state, quantity):
    moved = {"quantity": quantity} if quantity else {}
    transactions = "spp.inkind.entitlement.transactions"
    add(cycle, "g2p.entitlement.inkind", transactions, state, {"qty": 10}, moved)


ended = create_cycle("ended", "ended", 9)
add_cash(ended, "approved", 0)
add_cash(ended, partial_state, 40)
add_cash(ended, "rdpd2ben", 100)
add_inkind(ended, "approved", 0)
add_inkind(ended, "rdpd2ben", 4)
create_cycle("ended, empty", "ended", 9)
for cycle in (
    create_cycle("approved, over", "approved", 1),
    create_cycle("distributed, over", "distributed", 400, "Another"),
    create_cycle("draft, over", "draft", 9),
    create_cycle("to approve, over", "to_approve", 9),
    create_cycle("cancelled, over", "cancelled", 9),
    create_cycle("running", "approved", -5, "Running"),
):
    add_cash(cycle, "approved", 40)
env.flush_all()
env.cr.execute("UPDATE g2p_program SET create_uid = %s", [manager.id])
env.cr.commit()
