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


def pay(entitlement, status):
    amount = entitlement.initial_amount
    env["g2p.payment"].create(
        {
            "entitlement_id": entitlement.id,
            "cycle_id": entitlement.cycle_id.id,
            "amount_issued": amount,
            "amount_paid": amount if status == "paid" else 0,
            "status": status,
            "payment_datetime": entitlement.cycle_id.end_date,
        }
    )


def forget_entitlement(cycle):
    """A service point that does not say for which entitlement it sold."""
    first = cycle.entitlement_ids.transaction_ids[0]
    first.copy({"transaction_uuid": "of nobody", "entitlement_id": False, "receipt_number": "R0"})


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
        settlement = cycle.settlement_ids[-1:]
        figures = describe_settlement(settlement) if settlement else [""] * 7
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
areas = env["spp.area"].create([{"draft_name": name} for name in ("North", "Lake", "Hills")])
households = env["res.partner"].create(
    [
        {
            "name": f"Household {number:03}",
            "is_registrant": True,
            "is_group": True,
            "area_id": areas[number % len(areas)].id,
        }
        for number in range(1, HOUSEHOLDS + 1)
    ]
)
journal = create_journal(env, "Relief", "RELF")
cash = create_program(env, "Cash Relief", target_type="group", journal_id=journal.id)
food = create_program(env, "Food Basket", target_type="group")
wages = create_program(
    env, "Public Works", target_type="group", journal_id=journal.id, redemption_source="payments"
)
over, basket, running, paid, forgotten, draft = (
    create_cycle(program, name, households, days_ago(ended), state=state)
    for program, name, state, ended in (
        (cash, "Cash, last month", "distributed", 3),
        (food, "Food, last month", "approved", 2),
        (cash, "Cash, this month", "distributed", -27),
        (wages, "Wages, last month", "distributed", 1),
        (cash, "Cash, years ago", "distributed", 800),
        (cash, "Cash, forgotten draft", "draft", 34),
    )
)
for number, household in enumerate(households):
    habit = HABITS[number % len(HABITS)]
    add_cash(over, household, habit)
    add_cash(running, household, habit[:1])
    add_food(basket, household, habit)
for number, household in enumerate(households[:9]):
    pay(add_cash(paid, household, []), ("paid", "paid", "failed")[number % 3])
    add_cash(forgotten, household, [0.5])
for household in households[:5]:
    add_cash(draft, household, [], state="draft")
add_cash(over, households[0], [1, 0.5])
add_cash(over, households[1], [0.5], state="cancelled")
add_cash(over, households[2], [0.5, -0.75])
add_food(basket, households[3], [1, 0.25])
spell_type_wrong(over)
send_twice(over)
forget_entitlement(over)
basket._compute_inkind_entitlements_count()
env.flush_all()

# As if it had been there when the addon was installed.
forgotten._as_writer().settlement_hold = "held"
cycles = env["g2p.cycle"].search([("state", "not in", ("draft", "ended"))], order="id") | draft
cycles._cron_settle()
env.cr.commit()
late = over.entitlement_ids.filtered(
    lambda entitlement: entitlement.settlement_outcome == "partial"
)
add_transaction(late[0], 0.5, amount_charged_by_service_point=60)
cycles._cron_settle()
env.cr.commit()
env.invalidate_all()
print_settlements(cycles)

move_cycle(running, days_ago(1))
env.cr.commit()
print_text(
    f"A purchase for “{over.name}” came late: the next night settled that entitlement again. "
    f"“{forgotten.name}” was over before the addon came: it is held back until somebody settles "
    f"it or leaves it alone. After that, “{running.name}” came to its end, too: it waits for "
    "somebody to press “Set as Ended”, or for the night."
)
for name, title in (
    ("action_expired_cycles", "the expired cycles"),
    ("action_cycle_settlement", "the settlements"),
    ("action_lines_to_look_at", "what a person is to look at"),
):
    action = env.ref(f"spp_auto_update_entitlements.{name}")
    print(f"OPEN /web#action={action.id} {title}")
