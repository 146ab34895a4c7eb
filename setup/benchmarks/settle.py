"""How fast a cycle is settled, beside one bare SQL statement that writes the same states.

    ./setup/bench settle [--json] [--sizes 10000,50000,200000]

For each size two equal cycles are seeded: a third of the entitlements redeemed in full, a third in
part, a third not (all was voided); three transactions each. One is settled the way the nightly run
does it, batch by batch with commits. The other is settled by the bare statement. What takes less
than half a minute is done three times; the medians are shown.
"""

import sys
import time
from datetime import date, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(sys.argv[0]).parent / "tools"))
from measuring import measured, parse_arguments, print_json, print_row, repeat

TABLES = ("g2p_entitlement", "spp_entitlement_transactions")
COLUMNS = (
    "entitlements",
    "seconds",
    "entitlements/s",
    "queries",
    "peak growth MB",
    "bare SQL s",
    "times bare",
)
SEED_ENTITLEMENTS = """
    INSERT INTO g2p_entitlement (
        code, ern, partner_id, cycle_id, company_id, initial_amount, is_cash_entitlement, state,
        redeemed, entitlement_balance, create_uid, write_uid, create_date, write_date
    )
    SELECT %(cycle)s || '-' || n, lpad(n::text, 10, '0'), %(partner)s, %(cycle)s, %(company)s,
        100, TRUE, 'approved', CASE n %% 3 WHEN 0 THEN 100 WHEN 1 THEN 40 ELSE 0 END,
        CASE n %% 3 WHEN 0 THEN 0 WHEN 1 THEN 60 ELSE 100 END,
        1, 1, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC'
    FROM generate_series(1, %(size)s) n
"""
SEED_TRANSACTIONS = """
    INSERT INTO spp_entitlement_transactions (
        entitlement_id, transaction_type, amount_charged_by_service_point, currency_id, user_id,
        timestamp_transaction_created, transaction_uuid,
        create_uid, write_uid, create_date, write_date
    )
    SELECT e.id, t.type, t.amount, %(currency)s, 1, now() AT TIME ZONE 'UTC',
        e.id || '-' || t.number, 1, 1, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC'
    FROM g2p_entitlement e
    JOIN (VALUES
        (100, 1, 'PURCHASE', 50), (100, 2, 'PURCHASE', 30), (100, 3, 'PURCHASE', 20),
        (40, 1, 'PURCHASE', 50), (40, 2, 'VOID', 20), (40, 3, 'PURCHASE', 10),
        (0, 1, 'PURCHASE', 50), (0, 2, 'PURCHASE', 30), (0, 3, 'VOID', 80)
    ) t (redeemed, number, type, amount) ON t.redeemed = e.redeemed
    WHERE e.cycle_id = %(cycle)s
"""
BARE_SETTLEMENT = """
    UPDATE g2p_entitlement e
    SET state = CASE WHEN net.redeemed >= e.initial_amount THEN 'rdpd2ben' ELSE 'parrdpd2ben' END
    FROM (
        SELECT t.entitlement_id, SUM(
            CASE t.transaction_type WHEN 'PURCHASE' THEN 1 ELSE -1 END
            * t.amount_charged_by_service_point
        ) AS redeemed
        FROM spp_entitlement_transactions t
        JOIN g2p_entitlement own ON own.id = t.entitlement_id
        WHERE own.cycle_id = %(cycle)s
        GROUP BY t.entitlement_id
    ) net
    WHERE net.entitlement_id = e.id AND net.redeemed > 0
        AND e.state IN ('approved', 'trans2FSP', 'expired', 'parrdpd2ben', 'rdpd2ben')
"""
STATES = "SELECT state, count(*) FROM g2p_entitlement WHERE cycle_id = %s GROUP BY 1 ORDER BY 1"


def seed_cycle(env, name, size):
    """Create a distributed cycle that ended yesterday, with ``size`` entitlements."""
    today = date.today()
    program = env["g2p.program"].create({"name": f"Benchmark {name}"})
    cycle = env["g2p.cycle"].create(
        {
            "name": name,
            "program_id": program.id,
            "start_date": today,
            "end_date": today + timedelta(days=1),
            "state": "distributed",
        }
    )
    env.flush_all()
    values = {
        "cycle": cycle.id,
        "partner": env["res.partner"].create({"name": name, "is_registrant": True}).id,
        "company": env.company.id,
        "currency": env.company.currency_id.id,
        "size": size,
    }
    env.cr.execute(
        "UPDATE g2p_cycle SET start_date = %s, end_date = %s WHERE id = %s",
        [today - timedelta(days=30), today - timedelta(days=1), cycle.id],
    )
    env.cr.execute(SEED_ENTITLEMENTS, values)
    env.cr.execute(SEED_TRANSACTIONS, values)
    env.cr.commit()
    return cycle


def measure(env, size):
    settled = seed_cycle(env, f"settled {time.time()}", size)
    twin = seed_cycle(env, f"bare {time.time()}", size)
    with measured(env, TABLES) as bare:
        env.cr.execute(BARE_SETTLEMENT, {"cycle": twin.id})
        env.cr.commit()
    with measured(env, TABLES) as result:
        settled._settle_by_cron()

    assert settled.state == "ended", settled.activity_ids.note
    states = []
    for cycle in (settled, twin):
        env.cr.execute(STATES, [cycle.id])
        states.append(env.cr.fetchall())
    assert states[0] == states[1], f"the settlement and the statement disagree: {states}"
    # What is left over would slow the next round's statement down, which looks at all of it.
    env.cr.execute(f"TRUNCATE {', '.join(TABLES)} CASCADE")
    env.cr.commit()
    return {"entitlements": size, **result, "bare_sql_seconds": bare["seconds"]}


def main(env):
    options = parse_arguments("settle", "10000,50000,200000", "entitlements")
    measure(env, 1000)  # what is loaded once is not part of the measurement
    print_row(COLUMNS, COLUMNS)
    results = []
    for size in options.sizes:
        result = repeat(lambda size=size: measure(env, size))
        results.append(result)
        seconds, bare = result["seconds"], result["bare_sql_seconds"]
        print_row(
            COLUMNS,
            (
                size,
                seconds,
                round(size / seconds),
                result["queries"],
                result["peak_growth_mb"],
                bare,
                round(seconds / bare, 1),
            ),
        )
    if options.json:
        print_json("settle", results)


main(env)
