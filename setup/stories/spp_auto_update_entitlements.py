"""A cash and a food program whose cycles are over, and the nightly run that settles them.

Run inside `odoo shell` by ./setup/demo; the last line names the page to open first.
"""

from datetime import date, datetime, time, timedelta
from itertools import count

TODAY = date.today()
HOUSEHOLDS = 60
# What households do with an entitlement, over and over: shares bought (+) and voided (-).
HABITS = ([1], [0.5, 0.5], [0.4], [], [0.7, 0.3], [0.25, 0.35], [1], [], [0.8, -0.8], [1])
numbers = count(1)


def create_program(name, **vals):
    program = env["g2p.program"].create(dict(name=name, target_type="group", **vals))
    for kind, field in (
        ("g2p.cycle.manager", "cycle_managers"),
        ("g2p.program.entitlement.manager", "entitlement_managers"),
    ):
        manager = env[f"{kind}.default"].create({"name": "Default", "program_id": program.id})
        program[field] = env[kind].create(
            {"program_id": program.id, "manager_ref_id": f"{manager._name},{manager.id}"}
        )
    return program


def create_cycle(program, name, state, ended_days_ago):
    end = TODAY - timedelta(days=ended_days_ago)
    cycle = env["g2p.cycle"].create(
        {
            "name": name,
            "program_id": program.id,
            "sequence": next(numbers),
            "start_date": TODAY,
            "end_date": TODAY + timedelta(days=1),
            "state": state,
        }
    )
    env.flush_all()
    # The platform takes no start before today: a cycle only gets old by waiting.
    env.cr.execute(
        "UPDATE g2p_cycle SET start_date = %s, end_date = %s WHERE id = %s",
        [end - timedelta(days=30), end, cycle.id],
    )
    cycle.invalidate_recordset()
    return cycle


def add_cash(cycle, household, shares, amount=120.0, state="approved"):
    entitlement = env["g2p.entitlement"].create(
        {
            "partner_id": household.id,
            "cycle_id": cycle.id,
            "initial_amount": amount,
            "is_cash_entitlement": True,
            "state": state,
        }
    )
    for share in shares:
        add_transaction(entitlement, share, amount_charged_by_service_point=amount * abs(share))


def add_food(cycle, household, shares, quantity=40, state="approved"):
    entitlement = env["g2p.entitlement.inkind"].create(
        {
            "partner_id": household.id,
            "cycle_id": cycle.id,
            "product_id": rice.id,
            "uom_id": kilogram.id,
            "qty": quantity,
            "state": state,
        }
    )
    for share in shares:
        add_transaction(entitlement, share, quantity=quantity * abs(share), uom_id=kilogram.id)


def add_transaction(entitlement, share, **vals):
    model = entitlement._fields["transaction_ids"].comodel_name
    days_before_end = 5 + entitlement.id % 20
    day = entitlement.cycle_id.end_date - timedelta(days=days_before_end)
    env[model].create(
        {
            "entitlement_id": entitlement.id,
            "transaction_type": "PURCHASE" if share > 0 else "VOID",
            "transaction_uuid": f"demo-{next(numbers)}",
            "timestamp_transaction_created": datetime.combine(day, time(10)),
            "receipt_number": f"R{next(numbers):05}",
            "user_id": env.uid,
            "currency_id": env.company.currency_id.id,
            **vals,
        }
    )


def spell_type_wrong(cycle):
    """A service point that calls its purchases something else."""
    cycle.entitlement_ids.transaction_ids[-1].transaction_type = "SALE"


def print_table(title, rows):
    widths = [max(len(str(row[i])) for row in rows) for i in range(len(rows[0]))]
    print(f"\n{title}")
    for number, row in enumerate(rows):
        cells = [
            str(cell).ljust(width) if i == 0 else str(cell).rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  " + "  ".join(cells))
        if not number:
            print("  " + "  ".join("-" * width for width in widths))


def count_states(entitlements):
    labels = dict(env["g2p.entitlement"]._fields["state"]._description_selection(env))
    short = {"parrdpd2ben": "Partially redeemed", "rdpd2ben": "Redeemed"}
    groups = entitlements._read_group([("id", "in", entitlements.ids)], ["state"], ["__count"])
    counts = sorted(groups, key=lambda group: list(labels).index(group[0]))
    return ", ".join(f"{number} {short.get(state, labels[state])}" for state, number in counts)


def entitlements_of(cycle):
    return cycle.entitlement_ids or cycle.inkind_entitlement_ids


kilogram = env.ref("uom.product_uom_kgm")
rice = env["product.product"].create({"name": "Rice"})
households = env["res.partner"].create(
    [
        {"name": f"Household {number:03}", "is_registrant": True, "is_group": True}
        for number in range(1, HOUSEHOLDS + 1)
    ]
)
dollars = env["account.journal"].create(
    {
        "name": "Relief",
        "code": "RELF",
        "type": "general",
        "currency_id": env.company.currency_id.id,
    }
)
cash = create_program("Cash for School", journal_id=dollars.id)
food = create_program("Food Basket")
cycles = {
    "over": create_cycle(cash, "Cash, last month", "distributed", 3),
    "approved": create_cycle(cash, "Cash, the month before", "approved", 34),
    "draft": create_cycle(cash, "Cash, forgotten draft", "draft", 65),
    "running": create_cycle(cash, "Cash, this month", "distributed", -27),
    "food": create_cycle(food, "Food, last month", "distributed", 2),
}
for cycle in cycles.values():
    cycle.cycle_membership_ids = [
        (0, 0, {"partner_id": household.id, "enrollment_date": TODAY, "state": "enrolled"})
        for household in households
    ]
for number, household in enumerate(households):
    habit = HABITS[number % len(HABITS)]
    add_cash(cycles["over"], household, habit)
    add_cash(cycles["approved"], household, HABITS[(number + 3) % len(HABITS)])
    add_cash(cycles["running"], household, habit[:1])
    add_food(cycles["food"], household, habit)
for household in households[:5]:
    add_cash(cycles["draft"], household, [], state="draft")
add_cash(cycles["over"], households[0], [1, 0.5])
add_cash(cycles["over"], households[1], [0.5], state="cancelled")
add_cash(cycles["approved"], households[2], [0.5, -0.75])
add_food(cycles["food"], households[3], [1, 0.25])
spell_type_wrong(cycles["approved"])
cycles["food"]._compute_inkind_entitlements_count()
env.flush_all()

before = {cycle: (cycle.state, count_states(entitlements_of(cycle))) for cycle in cycles.values()}
env["g2p.cycle"]._cron_settle()
env.cr.commit()
env.invalidate_all()

rows = [("Cycle", "Last day", "State", "Entitlements")]
for cycle in cycles.values():
    states = dict(cycle._fields["state"]._description_selection(env))
    state_before, counts_before = before[cycle]
    counts_after = count_states(entitlements_of(cycle))
    rows.append((cycle.name, cycle.end_date, states[state_before], counts_before))
    if cycle.state != state_before or counts_after != counts_before:
        rows.append(("  after the nightly run", "", states[cycle.state], counts_after))
print_table("The nightly run settled the cycles that are over, and ended them:", rows)

rows = [
    ("Settlement", "Entitlements", "Changed", "Exceptions", "Allocated", "Redeemed", "Balance", "")
]
for settlement in env["spp.cycle.settlement"].search([], order="id"):
    totals = settlement.total_ids.filtered(lambda total: not total.outcome.startswith("closed"))
    unit = totals.currency_id[:1].name or totals.uom_id[:1].name
    rows.append(
        (
            settlement.cycle_id.name,
            settlement.entitlement_count,
            settlement.changed_count,
            settlement.exception_count,
            f"{sum(totals.mapped('allocated')):,.2f}",
            f"{sum(totals.mapped('redeemed')):,.2f}",
            f"{sum(totals.mapped('balance')):,.2f}",
            unit,
        )
    )
print_table("What was redeemed, and what is left:", rows)
yesterday = TODAY - timedelta(days=1)
env.cr.execute(
    "UPDATE g2p_cycle SET start_date = %s, end_date = %s WHERE id = %s",
    [yesterday - timedelta(days=30), yesterday, cycles["running"].id],
)
env.cr.commit()
print(
    f"\nSince then “{cycles['running'].name}” is over, too: it is among the expired cycles, "
    "to be set as ended by hand."
)

action = env.ref("spp_auto_update_entitlements.action_expired_cycles")
print(f"OPEN /web#action={action.id}")
