"""Programs and cycles with entitlements and transactions, as the platform would have left them."""

from datetime import date, datetime, time, timedelta
from itertools import count
from uuid import uuid4

from measuring import vacuum
from seeding import add_entitlement_manager, copy_rows, seed_registrants

CYCLE_DAYS = 30
SERVICE_POINTS = 40
CASH, INKIND = "g2p.entitlement", "g2p.entitlement.inkind"
TRANSACTIONS = {
    CASH: "spp.entitlement.transactions",
    INKIND: "spp.inkind.entitlement.transactions",
}
TABLES = (
    "g2p_entitlement",
    "g2p_entitlement_inkind",
    "spp_entitlement_transactions",
    "spp_inkind_entitlement_transactions",
)
# What is granted, an amount or a quantity: each share of it that is bought is a whole number.
GRANTED = 100
# What an amount has to be multiplied with, where amounts vary, so that all keep their proportion.
SCALED = (
    "initial_amount",
    "redeemed",
    "entitlement_balance",
    "amount_charged_by_service_point",
)
# What people do with an entitlement: shares bought and voided, in percent. The last is too much.
HABITS = ([100], [60, 40], [40, 20], [50, -10, 20], [80, -80], [70, 30], [], [100, 25])
PICK_HABIT = f"1 + n % {len(HABITS) - 1}"
cycle_numbers = count(1)
receipt_numbers = count(1)


def create_program_manager(env):
    groups = "group_ids" if "group_ids" in env["res.users"]._fields else "groups_id"
    names = (
        "base.group_user",
        "g2p_programs.g2p_program_manager",
        "g2p_registry_base.group_g2p_admin",
    )
    return env["res.users"].create(
        {
            "name": "Program Manager",
            "login": "benchmark",
            groups: [(6, 0, [env.ref(name).id for name in names])],
        }
    )


def create_cycle(env, name):
    """Create a distributed cycle of a program of its own; it ended yesterday."""
    number = next(cycle_numbers)
    currency = env.company.currency_id
    journal = env["account.journal"].create(
        {
            "name": name,
            "code": f"B{number:04}",
            "type": "general",
            "currency_id": currency.id,
        }
    )
    program = env["g2p.program"].create({"name": name, "journal_id": journal.id})
    add_entitlement_manager(program)
    today = date.today()
    cycle = env["g2p.cycle"].create(
        {
            "name": name,
            "program_id": program.id,
            "sequence": number,
            "start_date": today,
            "end_date": today + timedelta(days=1),
            "state": "distributed",
        }
    )
    # The platform takes no start before today: a cycle only gets old by waiting.
    env.flush_all()
    env.cr.execute(
        "UPDATE g2p_cycle SET start_date = %s, end_date = %s WHERE id = %s",
        [today - timedelta(days=CYCLE_DAYS), today - timedelta(days=1), cycle.id],
    )
    env.invalidate_all()
    return cycle


def seed_entitlements(env, cycle, model, size, habits, partner=None, pick=None, factor="1"):
    """Give a cycle ``size`` approved entitlements with their transactions.

    :param model: `CASH` or `INKIND`
    :param habits: what people do with one: lists of the shares, in percent, that are bought and,
        below 0, voided; each habit is made through the ORM first, and then copied
    :param partner: an SQL expression of ``n``, the registrant's id; the same for all by default
    :param pick: an SQL expression of ``n``, which of the habits, from 1 on; all in turn by default
    :param factor: an SQL expression of ``n``, a whole number that all amounts are multiplied with
    """
    originals = _create_originals(cycle, model, habits)
    scaled = {name: f"original.{name} * ({factor})" for name in SCALED} if factor != "1" else {}
    count = size - len(originals)
    changes = {
        "code": f"'{cycle.id}-' || n",
        "ern": "lpad(n::text, 10, '0')",
        "partner_id": partner or "original.partner_id",
        **scaled,
    }
    base = copy_rows(env, originals._table, originals.ids, count, changes, pick=pick)
    place = f"(n * 7 + original.id) % {SERVICE_POINTS}"
    days = f"(n + original.id) % {CYCLE_DAYS} * interval '1 day'"
    changes = {
        "entitlement_id": f"{base} + n",
        "transaction_uuid": f"'{cycle.id}-' || n || '-' || original.id",
        "receipt_number": "'R' || n || '-' || original.id",
        "card_number": "lpad(n::text, 12, '0')",
        "service_point_device_id": f"'device-' || {place}",
        "timestamp_transaction_created": f"timestamp '{cycle.start_date} 08:00' + {days}"
        " + n % 540 * interval '1 minute'",
        **scaled,
    }
    service_points = _get_service_points(env, model)
    if service_points:
        literal = ",".join(map(str, service_points.ids))
        changes["service_point_id"] = f"('{{{literal}}}'::integer[])[1 + {place}]"
    table = env[TRANSACTIONS[model]]._table
    copy_rows(env, table, originals.ids, count, changes, key="entitlement_id", pick=pick)
    env.invalidate_all()
    return originals


def _create_originals(cycle, model, habits):
    env = cycle.env
    values = {
        "partner_id": env["res.partner"].create({"name": "Household", "is_registrant": True}).id,
        "cycle_id": cycle.id,
        "valid_from": cycle.start_date,
        "valid_until": cycle.end_date,
        "state": "approved",
    }
    if model == CASH:
        values.update(initial_amount=GRANTED, is_cash_entitlement=True)
    else:
        unit = env.ref("uom.product_uom_kgm")
        rice = env["product.product"].create({"name": "Rice"})
        values.update(product_id=rice.id, uom_id=unit.id, qty=GRANTED)
    entitlements = env[model].create([dict(values) for _habit in habits])
    env[TRANSACTIONS[model]].create(
        [
            prepare_transaction(entitlement, share)
            for entitlement, shares in zip(entitlements, habits, strict=True)
            for share in shares
        ]
    )
    return entitlements


def prepare_transaction(entitlement, share):
    """Return the values of one transaction as a service point sends it.

    :param share: the share of the entitlement, in percent, that is bought or, below 0, voided
    """
    env = entitlement.env
    number = next(receipt_numbers)
    # In a minute of its own: none of them is a probable twin of another.
    opening = datetime.combine(entitlement.cycle_id.start_date, time(8))
    values = {
        "entitlement_id": entitlement.id,
        "transaction_type": "PURCHASE" if share > 0 else "VOID",
        "transaction_uuid": str(uuid4()),
        "timestamp_transaction_created": opening + timedelta(minutes=number % 540),
        "receipt_number": f"R{number}",
        "user_id": env.uid,
        "currency_id": env.company.currency_id.id,
    }
    moved = GRANTED * abs(share) / 100
    if entitlement._name == CASH:
        return dict(values, amount_charged_by_service_point=moved)
    product = entitlement.product_id
    return dict(values, quantity=moved, product_id=product.id, uom_id=entitlement.uom_id.id)


def _get_service_points(env, model):
    """Return the platform's service points, which it has where their module is installed."""
    points = env[env[TRANSACTIONS[model]]._fields["service_point_id"].comodel_name]
    if points._name == "_unknown":
        return points
    missing = SERVICE_POINTS - points.search_count([])
    points.create([{"name": f"Service point {number}"} for number in range(missing)])
    return points.search([], limit=SERVICE_POINTS)


def seed_settlement(env, size):
    """Seed what the settlement's screens show, and have the addon settle it.

    :return: by model, ids of the records to look at
    """
    registrants = seed_registrants(env, size)
    # One in so many bought more than was granted: some hundred lines to look at.
    pick = f"CASE n % {max(size // 400, 2)} WHEN 0 THEN {len(HABITS)} ELSE {PICK_HABIT} END"
    cycles = []
    for name, model, share in (
        ("Settled, cash", CASH, 1),
        ("Settled, in kind", INKIND, 10),
        ("Over, not settled yet", CASH, 10),
    ):
        cycle = create_cycle(env, name)
        partner = f"{registrants} + n"
        seed_entitlements(env, cycle, model, size // share, HABITS, partner, pick)
        env.cr.commit()
        cycles.append(cycle)
    vacuum(env, (*TABLES, "res_partner"))
    for cycle in cycles[:2]:
        settle(cycle)
        assert cycle.state == "ended", cycle.activity_ids.note
        cycle._sum_up_service_points()
        env.cr.commit()
    vacuum(env, TABLES)
    return {"g2p.cycle": [cycles[0].id]}


def settle(cycle):
    """Settle a cycle as the nightly run does, with commits of its own."""
    cycle._settle_by_cron()
