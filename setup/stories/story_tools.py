"""What the stories share: makers of programs, cycles and entitlements, and tables to print."""

from datetime import date, datetime, time, timedelta
from itertools import count
from textwrap import fill
from uuid import uuid4

TODAY = date.today()
# What people do with an entitlement, over and over: shares bought (+) and voided (-).
HABITS = ([1], [0.5, 0.5], [0.4], [], [0.7, 0.3], [0.25, 0.35], [1], [], [0.8, -0.8], [1])
CYCLE_DAYS = 30
WIDTH = 98
numbers = count(1)


def create_program(env, name, **vals):
    program = env["g2p.program"].create(dict(name=name, **vals))
    for kind, field in (
        ("g2p.cycle.manager", "cycle_managers"),
        ("g2p.program.entitlement.manager", "entitlement_managers"),
    ):
        manager = env[f"{kind}.default"].create({"name": "Default", "program_id": program.id})
        program[field] = env[kind].create(
            {"program_id": program.id, "manager_ref_id": f"{manager._name},{manager.id}"}
        )
    return program


def create_journal(env, name, code):
    """What gives a program's cash its currency."""
    currency = env.company.currency_id
    return env["account.journal"].create(
        {"name": name, "code": code, "type": "general", "currency_id": currency.id}
    )


def create_cycle(program, name, members, last_day=None, first_day=None, **vals):
    """A cycle of enrolled members, from today on; or one that ends on another day, after the
    usual time, or since a first day."""
    cycle = program.env["g2p.cycle"].create(
        {
            "name": name,
            "program_id": program.id,
            "sequence": next(numbers),
            "start_date": TODAY,
            "end_date": TODAY + timedelta(days=CYCLE_DAYS - 1),
            "cycle_membership_ids": [
                (0, 0, {"partner_id": member.id, "enrollment_date": TODAY, "state": "enrolled"})
                for member in members
            ],
            **vals,
        }
    )
    if last_day:
        move_cycle(cycle, last_day, first_day)
    return cycle


def move_cycle(cycle, last_day, first_day=None):
    """The platform takes no start before today: a cycle only gets old by waiting."""
    cycle.env.flush_all()
    cycle.env.cr.execute(
        "UPDATE g2p_cycle SET start_date = %s, end_date = %s WHERE id = %s",
        [first_day or last_day - timedelta(days=CYCLE_DAYS - 1), last_day, cycle.id],
    )
    cycle.env.invalidate_all()


def add_cash(cycle, member, shares, amount=120.0, state="approved"):
    entitlement = cycle.env["g2p.entitlement"].create(
        {
            "partner_id": member.id,
            "cycle_id": cycle.id,
            "initial_amount": amount,
            "is_cash_entitlement": True,
            "state": state,
        }
    )
    for share in shares:
        add_transaction(entitlement, share, amount_charged_by_service_point=amount * abs(share))
    return entitlement


def add_transaction(entitlement, share, **vals):
    env = entitlement.env
    days_before_end = 5 + entitlement.id % 20
    day = entitlement.cycle_id.end_date - timedelta(days=days_before_end)
    hour = 8 + len(entitlement.transaction_ids)
    env[entitlement._fields["transaction_ids"].comodel_name].create(
        {
            "entitlement_id": entitlement.id,
            "transaction_type": "PURCHASE" if share > 0 else "VOID",
            "transaction_uuid": str(uuid4()),
            "timestamp_transaction_created": datetime.combine(day, time(hour)),
            "receipt_number": f"R{next(numbers):05}",
            "service_point_device_id": f"Shop {'ABC'[entitlement.partner_id.id % 3]}",
            "user_id": env.uid,
            "currency_id": env.company.currency_id.id,
            **vals,
        }
    )


def get_label(record, field):
    """The value of a selection as a person reads it."""
    return dict(record._fields[field]._description_selection(record.env)).get(record[field], "")


def print_table(title, rows, text_columns):
    """The first row is the head; what follows the text columns is flush right."""
    widths = [max(len(str(row[i])) for row in rows) for i in range(len(rows[0]))]
    print(f"\n{title}")
    for number, row in enumerate(rows):
        cells = [
            str(cell).ljust(width) if i < text_columns else str(cell).rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print(("  " + "  ".join(cells)).rstrip())
        if not number:
            print("  " + "  ".join("-" * width for width in widths))


def print_text(*sentences):
    print()
    for sentence in sentences:
        print(fill(sentence, WIDTH))
