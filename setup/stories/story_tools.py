"""What the stories share: makers of persons, programs, cycles and entitlements; tables to print."""

from datetime import date, datetime, time, timedelta
from itertools import count
from textwrap import fill
from uuid import uuid4

TODAY = date.today()
# What people do with an entitlement, over and over: shares bought (+) and voided (-).
HABITS = ([1], [0.5, 0.5], [0.4], [], [0.7, 0.3], [0.25, 0.35], [1], [], [0.8, -0.8], [1])
CYCLE_DAYS = 30
# The lists that pages are opened from.
ACTIONS = {
    "g2p.cycle": "g2p_programs.action_cycle",
    "res.partner": "g2p_registry_group.action_groups_list",
}
WIDTH = 98
MALE = {"Bong", "Chidi", "Davi", "Emeka", "Jorge", "Jun", "Leo", "Nilo", "Otto", "Ramon", "Rui"}
MALE |= {"Idris", "Kwame", "Sipho", "Tiago"}
NATIONAL_ID = "National ID"
# Who must be a member of the group to approve a cycle.
APPROVERS = "g2p_programs.g2p_program_cycle_approver"
numbers = count(1)


# Who there is


def get_or_create(env, model, **vals):
    found = env[model].search([(name, "=", value) for name, value in vals.items()], limit=1)
    return found or env[model].create(vals)


def create_persons(env, people):
    """Make registrants of whom everything is known that their pages show.

    :param people: of each, given name, family name, date of birth, place, and an ID of some type
        beside the national one (a pair of type and value), or None
    """
    national = get_or_create(env, "g2p.id.type", name=NATIONAL_ID)
    given = env["g2p.reg.id"].search_count([("id_type", "=", national.id)])
    national_numbers = count(given + 1)
    for gender in ("Female", "Male"):
        get_or_create(env, "gender.type", code=gender, value=gender)
    places = {place: get_area(env, place) for place in {person[3] for person in people}}
    return env["res.partner"].create(
        [
            {
                "name": f"{given_name} {family_name}",
                "given_name": given_name,
                "family_name": family_name,
                "is_registrant": True,
                "birthdate": birthdate,
                "gender": "Male" if given_name in MALE else "Female",
                "area_id": places[place].id,
                "address": place,
                "registration_date": TODAY - timedelta(days=400),
                "reg_ids": [
                    (0, 0, {"id_type": kind.id, "value": value})
                    for kind, value in (
                        (national, f"{next(national_numbers):08}"),
                        *filter(None, [other]),
                    )
                ],
            }
            for given_name, family_name, birthdate, place, other in people
        ]
    )


def create_families(env, families):
    """Make households, each of persons of whom the first is its head.

    :param families: of each its name, its persons, and when each of them joined (None: just now)
    """
    head = env.ref("g2p_registry_membership.group_membership_kind_head")
    kind = env.ref("g2p_registry_group.group_kind_family")
    return env["res.partner"].create(
        [
            {
                "name": name,
                "is_registrant": True,
                "is_group": True,
                "kind": kind.id,
                "area_id": persons[0].area_id.id,
                "address": persons[0].address,
                "registration_date": TODAY - timedelta(days=400),
                "group_membership_ids": [
                    (
                        0,
                        0,
                        {
                            "individual": person.id,
                            "kind": [(6, 0, head.ids if person == persons[0] else [])],
                            **({"start_date": since[number]} if since else {}),
                        },
                    )
                    for number, person in enumerate(persons)
                ],
            }
            for name, persons, since in families
        ]
    )


def get_area(env, name):
    # The kind that the pages of registrants offer; the stand-ins have none.
    kind = env.ref("spp_area.admin_area_kind", raise_if_not_found=False)
    return get_or_create(env, "spp.area", draft_name=name, **({"kind": kind.id} if kind else {}))


def enrol(program, registrants):
    program.env["g2p.program_membership"].create(
        [
            {"partner_id": registrant.id, "program_id": program.id, "state": "enrolled"}
            for registrant in registrants
        ]
    )


# What they are in


def create_program(env, name, amount=0.0, **vals):
    """Make a program with its managers.

    :param amount: what "Prepare Entitlement" grants each member in a cycle
    """
    program = env["g2p.program"].create(dict(name=name, **vals))
    settings = {
        "cycle_managers": {"approver_group_id": env.ref(APPROVERS).id},
        "entitlement_managers": {"amount_per_cycle": amount},
    }
    for kind, field in (
        ("g2p.cycle.manager", "cycle_managers"),
        ("g2p.program.entitlement.manager", "entitlement_managers"),
    ):
        manager = env[f"{kind}.default"].create(
            {"name": "Default", "program_id": program.id, **settings[field]}
        )
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


# What is told


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


def print_page(login, record_or_action, title):
    """Tell the command of a page to open, as whom, and what it shows."""
    if record_or_action._name == "ir.actions.act_window":
        page = f"action={record_or_action.id}"
    else:
        action = record_or_action.env.ref(ACTIONS[record_or_action._name])
        model, number = record_or_action._name, record_or_action.id
        page = f"action={action.id}&id={number}&model={model}&view_type=form"
        if login == "validator":  # has not the menu of each of these actions
            menu = record_or_action.env.ref("g2p_programs.g2p_program_menu_root")
            page += f"&menu_id={menu.id}"
    print(f"OPEN {login} /web#{page} {title}")
