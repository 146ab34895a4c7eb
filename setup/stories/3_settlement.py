"""A cash and a food program whose cycles are over, and the nightly run that settles all cycles.

Run inside `odoo shell` by ./setup/demo, after the other stories; the last lines name pages to open.
"""

import sys
from datetime import timedelta
from pathlib import Path

from dateutil.relativedelta import relativedelta

sys.path.insert(0, str(Path(sys.argv[0]).parent))
from story_tools import (
    HABITS,
    TODAY,
    add_cash,
    add_transaction,
    create_cycle,
    create_families,
    create_journal,
    create_persons,
    create_program,
    enrol,
    get_label,
    move_cycle,
    print_page,
    print_table,
    print_text,
)

HOUSEHOLDS = 60
PLACES = ("North", "Lake", "Hills")
# Two parents and a child of each household.
PARENTS = ("Efua", "Kwame"), ("Lindiwe", "Sipho"), ("Zainab", "Idris"), ("Mary", "Jorge")
CHILDREN = ("Ama", "Thandi", "Musa", "Grace", "Kofi")
SURNAMES = ("Asante", "Banda", "Dube", "Kone", "Mbeki", "Nkosi", "Okoro", "Phiri", "Sesay", "Toure")
CASH, WAGE = 120.0, 120.0
PAYABLE = ("approved", "trans2FSP", "expired", "parrdpd2ben", "rdpd2ben")


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
    """A service point that sends a purchase again, because no answer came; return the first."""
    first = cycle.entitlement_ids.transaction_ids[0]
    moment = first.timestamp_transaction_created + timedelta(seconds=1)
    first.copy({"transaction_uuid": "sent again", "timestamp_transaction_created": moment})
    return first


def describe_parents_and_child(number):
    """What `create_persons` wants to know of a household's three members."""
    surname, place = SURNAMES[number % len(SURNAMES)], PLACES[number % len(PLACES)]
    names = *PARENTS[number % len(PARENTS)], CHILDREN[number % len(CHILDREN)]
    ages = 27 + number % 20, 30 + number % 20, 2 + number % 12
    return [
        (name, surname, TODAY - relativedelta(years=age, days=number), place, None)
        for name, age in zip(names, ages, strict=True)
    ]


def create_households():
    """Each household of a surname has another number."""
    numbers = range(HOUSEHOLDS)
    persons = create_persons(env, [one for n in numbers for one in describe_parents_and_child(n)])
    return create_families(
        env,
        [
            (
                f"{SURNAMES[number % len(SURNAMES)]} family {number + 1:02}",
                persons[3 * number : 3 * number + 3],
                None,
            )
            for number in numbers
        ],
    )


def clear_a_line(first):
    """A program manager looks at a purchase that was sent twice, and says what is done about it."""
    line = first.entitlement_id.cycle_id.settlement_ids.line_ids.filtered(
        lambda line: line.is_twin and line.entitlement_id == first.entitlement_id
    )
    remark = (
        f"Sent twice: {first.service_point_device_id} has one receipt {first.receipt_number}, and "
        "voids the second purchase."
    )
    env["spp.settlement.clearing"].create({"line_ids": line.ids, "remark": remark}).action_confirm()
    return line, remark


def print_settlements(cycles):
    """What Redemption Analysis and Lines to Look At say of each cycle now."""
    head = ("Cycle", "State", "In full", "In part", "Not", "Open lines")
    rows = [(*head, "Granted", "Redeemed", "Left", "")]
    for cycle in cycles:
        rows.append((cycle.name, get_label(cycle, "state"), *count_outcomes(cycle), *sum_up(cycle)))
    title = "The nightly run settled and ended the cycles that are over. Entitlements redeemed:"
    print_table(title, rows, 2)


def count_outcomes(cycle):
    """How many entitlements were redeemed in full, in part and not, and how many lines are open."""
    if not cycle.settlement_ids:
        return [""] * 4
    outcomes = [
        *cycle.entitlement_ids.mapped("settlement_outcome"),
        *cycle.inkind_entitlement_ids.mapped("settlement_outcome"),
    ]
    lines = [("cycle_id", "=", cycle.id), ("status", "=", "open")]
    return [
        outcomes.count("redeemed"),
        outcomes.count("partial"),
        outcomes.count("unredeemed") + outcomes.count("voided"),
        env["spp.cycle.settlement.line"].search_count(lines),
    ]


def sum_up(cycle):
    """What was granted, redeemed and is left, and in which currency or unit."""
    report = env["spp.redemption.report"].search(
        [("cycle_id", "=", cycle.id), ("state", "in", PAYABLE)]
    )
    if not report or not cycle.settlement_ids:
        return [""] * 4
    figures = [sum(report.mapped(name)) for name in ("allocated", "redeemed", "balance")]
    unit = report.uom_id.name or report.currency_id.name
    return [*(f"{figure:,.2f}" for figure in figures), unit]


kilogram = env.ref("uom.product_uom_kgm")
rice = env["product.product"].create({"name": "Rice"})
households = create_households()
journal = create_journal(env, "Relief", "RELF")
cash = create_program(env, "Cash Relief", CASH, target_type="group", journal_id=journal.id)
food = create_program(env, "Food Basket", target_type="group")
wages = create_program(
    env,
    "Public Works",
    WAGE,
    target_type="group",
    journal_id=journal.id,
    redemption_source="payments",
)
for program in (cash, food, wages):
    enrol(program, households)
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
twice = send_twice(over)
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
cleared, remark = clear_a_line(twice)
env.cr.commit()
env.invalidate_all()
print_settlements(cycles)

move_cycle(running, days_ago(1))
env.cr.commit()
print_text(
    f"A purchase for “{over.name}” came late: the next night settled that entitlement again. "
    f"The line of {cleared.partner_id.name} in “{over.name}” was cleared: “{remark}”",
    f"“{forgotten.name}” was over before the addon came: it is held back until somebody settles "
    f"it or leaves it alone. After that, “{running.name}” came to its end, too: it waits for "
    "somebody to press “Set as Ended”, or for the night.",
)
for login, name, title in (
    ("manager", "action_expired_cycles", "expired cycles: what the next night will do"),
    ("finance", "action_cycle_settlement", "settlements"),
    ("finance", "action_lines_to_look_at", "lines that a person should look at"),
    ("finance", "action_redemption_report_cash", "redemption analysis"),
    ("auditor", "action_cycle_settlement", "settlements"),
):
    print_page(login, env.ref(f"spp_auto_update_entitlements.{name}"), title)
