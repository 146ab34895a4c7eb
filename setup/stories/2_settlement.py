"""A cash and a food program whose cycles are over, and the nightly run that settles all cycles.

Run inside `odoo shell` by ./setup/demo, after the other story; the last line names a page to open.
"""

import sys
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(sys.argv[0]).parent))
from story_tools import (
    HABITS,
    TODAY,
    add_cash,
    add_transaction,
    create_cycle,
    create_journal,
    create_program,
    get_label,
    move_cycle,
    print_table,
    print_text,
)

HOUSEHOLDS = 60


def days_ago(number):
    return TODAY - timedelta(days=number)


def add_food(cycle, household, shares, quantity=40):
    entitlement = env["g2p.entitlement.inkind"].create(
        {
            "partner_id": household.id,
            "cycle_id": cycle.id,
            "product_id": rice.id,
            "uom_id": kilogram.id,
            "qty": quantity,
            "state": "approved",
        }
    )
    for share in shares:
        add_transaction(entitlement, share, quantity=quantity * abs(share), uom_id=kilogram.id)


def spell_type_wrong(cycle):
    """A service point that calls its purchases something else."""
    cycle.entitlement_ids.transaction_ids[-1].transaction_type = "SALE"


def send_twice(cycle):
    """A service point that sends a purchase again, because no answer came."""
    first = cycle.entitlement_ids.transaction_ids[0]
    moment = first.timestamp_transaction_created + timedelta(seconds=1)
    first.copy({"transaction_uuid": "sent again", "timestamp_transaction_created": moment})


def print_settlements(cycles):
    head = ("Cycle", "State", "In full", "In part", "Not", "Exceptions", "Redeemed", "Balance", "")
    rows = [head]
    for cycle in cycles:
        figures = describe_settlement(cycle.settlement_ids) if cycle.settlement_ids else [""] * 7
        rows.append((cycle.name, get_label(cycle, "state"), *figures))
    title = "The nightly run settled and ended the cycles that are over. Entitlements redeemed:"
    print_table(title, rows, 2)


def describe_settlement(settlement):
    """How many entitlements were redeemed in full, in part, not; and what is left."""
    totals = settlement.total_ids
    counts = {total.outcome: total.count for total in totals}
    payable = totals.filtered(lambda total: not total.outcome.startswith("closed"))
    return [
        counts.get("redeemed", 0),
        counts.get("partial", 0),
        counts.get("unredeemed", 0) + counts.get("voided", 0),
        settlement.exception_count,
        f"{sum(payable.mapped('redeemed')):,.2f}",
        f"{sum(payable.mapped('balance')):,.2f}",
        payable.currency_id.name or payable.uom_id.name,
    ]


kilogram = env.ref("uom.product_uom_kgm")
rice = env["product.product"].create({"name": "Rice"})
households = env["res.partner"].create(
    [
        {"name": f"Household {number:03}", "is_registrant": True, "is_group": True}
        for number in range(1, HOUSEHOLDS + 1)
    ]
)
journal = create_journal(env, "Relief", "RELF")
cash = create_program(env, "Cash Relief", target_type="group", journal_id=journal.id)
food = create_program(env, "Food Basket", target_type="group")
over, basket, running, draft = (
    create_cycle(program, name, households, days_ago(ended), state=state)
    for program, name, state, ended in (
        (cash, "Cash, last month", "distributed", 3),
        (food, "Food, last month", "approved", 2),
        (cash, "Cash, this month", "distributed", -27),
        (cash, "Cash, forgotten draft", "draft", 34),
    )
)
for number, household in enumerate(households):
    habit = HABITS[number % len(HABITS)]
    add_cash(over, household, habit)
    add_cash(running, household, habit[:1])
    add_food(basket, household, habit)
for household in households[:5]:
    add_cash(draft, household, [], state="draft")
add_cash(over, households[0], [1, 0.5])
add_cash(over, households[1], [0.5], state="cancelled")
add_cash(over, households[2], [0.5, -0.75])
add_food(basket, households[3], [1, 0.25])
spell_type_wrong(over)
send_twice(over)
basket._compute_inkind_entitlements_count()
env.flush_all()

cycles = env["g2p.cycle"].search([("state", "!=", "draft")], order="id") | draft
cycles._cron_settle()
env.cr.commit()
env.invalidate_all()
print_settlements(cycles)

move_cycle(running, days_ago(1))
env.cr.commit()
print_text(
    f"After that, “{running.name}” came to its end, too. It waits among the expired cycles, for "
    "somebody to press “Set as Ended”."
)
for name, title in (
    ("action_expired_cycles", "the expired cycles"),
    ("action_cycle_settlement", "the settlements"),
    ("action_lines_to_look_at", "what a person is to look at"),
):
    action = env.ref(f"spp_auto_update_entitlements.{name}")
    print(f"OPEN /web#action={action.id} {title}")
