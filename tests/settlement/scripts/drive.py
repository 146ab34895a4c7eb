"""What the fault tests have a real Odoo process do: run inside `odoo shell`, with commands.

    seed AMOUNT [AMOUNT ...]   an expired cycle, an entitlement of 100 for each purchase
    cron [PAUSE]               the nightly run, in batches of 2
    end                        "Set as Ended"
    request                    "Set as Ended" on a cycle that is too big to do at once
    cancel                     somebody cancels the cycle
    buy AMOUNT [pause]         a service point sends a purchase for the first entitlement
    break_managers             a bug in another addon, from here on

The first argument is the gate, a file. Each other one is a command, and committed. At batch number
PAUSE, or before the commit, it says so and waits until the gate is there.
"""

import sys
from datetime import datetime, timedelta
from pathlib import Path
from unittest.mock import patch
from uuid import uuid4

from odoo.addons.spp_auto_update_entitlements.models import cycle_end

sys.path += map(str, (Path(sys.argv[0]).parent, Path(sys.argv[0]).parents[2]))

from driving import carry_out, wait_at_gate
from past_cycle import create_past_cycle


def in_small_batches(pause=0):
    """Settle two entitlements at a time, and wait in the middle of batch number ``pause``."""
    settlement_class = type(env["spp.cycle.settlement"])
    original = settlement_class._book
    done = []

    def book(self, kind, settled):
        original(self, kind, settled)
        done.append(kind)
        if len(done) == int(pause):
            wait_at_gate()

    patch.object(cycle_end, "BATCH_SIZE", 2).start()
    patch.object(settlement_class, "_book", book).start()


def seed(*amounts):
    cycle = create_past_cycle(env)
    for amount in amounts:
        entitlement = env["g2p.entitlement"].create(
            {
                "partner_id": env.company.partner_id.id,
                "cycle_id": cycle.id,
                "initial_amount": 100,
                "state": "approved",
            }
        )
        if float(amount):
            add_purchase(entitlement, amount)


def add_purchase(entitlement, amount):
    env["spp.entitlement.transactions"].create(
        {
            "entitlement_id": entitlement.id,
            "transaction_type": "PURCHASE",
            "amount_charged_by_service_point": float(amount),
            "currency_id": env.company.currency_id.id,
            "transaction_uuid": str(uuid4()),
            "timestamp_transaction_created": datetime.now() - timedelta(days=4),
            "user_id": env.uid,
        }
    )


def cron(pause=0):
    in_small_batches(pause)
    env["g2p.cycle"]._cron_settle()


def get_cycle():
    return env["g2p.cycle"].search([], order="id desc", limit=1)


def end():
    get_cycle().mark_ended()


def request():
    with patch.object(cycle_end, "MAX_SETTLED_AT_ONCE", 0):
        end()


def cancel():
    get_cycle().state = "cancelled"


def buy(amount, pause=None):
    add_purchase(env["g2p.entitlement"].search([], order="id", limit=1), amount)
    env.flush_all()
    if pause:
        wait_at_gate()


def break_managers():
    patch.object(
        type(env["g2p.cycle.manager.default"]), "mark_ended", side_effect=ZeroDivisionError("bug")
    ).start()


carry_out(env, globals())
