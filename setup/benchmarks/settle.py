"""How fast a cycle is settled, beside one bare SQL statement that writes the same columns.

    ./setup/bench settle [--json] [--sizes 10000,50000,200000]

For each size two equal cycles are seeded: a third of the entitlements redeemed in full, a third in
part, a third not (all was voided); three transactions each. One is settled the way the nightly run
does it, batch by batch with commits. The other is settled by the bare statement, which writes what
a settlement writes, on the same rows, those that were not redeemed included; and before that, to
be undone again, by a narrower one that writes just the states that change ("states only"). And once
more with amounts that vary from one entitlement to the next, so that few look alike. What takes
less than half a minute is done three times; the medians are shown, and in the last row what the
addon aims at where amounts are alike.
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(sys.argv[0]).parent / "tools"))
from measuring import measured, parse_arguments, print_json, print_row, repeat
from seeding import get_columns
from settlement_world import CASH, TABLES, create_cycle, seed_entitlements, settle

COLUMNS = (
    "entitlements",
    "amounts",
    "seconds",
    "entitlements/s",
    "queries",
    "peak growth MB",
    "states only s",
    "bare SQL s",
    "bare / states",
    "times bare",
)
AIMS = ("aims, alike", *[""] * 8, "<= 2")
HABITS = ([40, 40, 20], [50, -20, 10], [40, 40, -80])
# By name in the results: what the amounts are multiplied with.
AMOUNTS = {"alike": "1", "varied": "1 + n % 9973"}
# What is redeemed of each entitlement of a cycle.
NET = """
    SELECT own.id AS entitlement_id, COALESCE(SUM(
        CASE t.transaction_type WHEN 'PURCHASE' THEN 1 ELSE -1 END
        * t.amount_charged_by_service_point
    ), 0) AS redeemed
    FROM g2p_entitlement own
    {join} spp_entitlement_transactions t ON t.entitlement_id = own.id
    WHERE own.cycle_id = %(cycle)s
    GROUP BY own.id
"""
PAYABLE = "e.state IN ('approved', 'trans2FSP', 'expired', 'parrdpd2ben', 'rdpd2ben')"
REDEEMED_STATE = "CASE WHEN net.redeemed >= e.initial_amount THEN 'rdpd2ben' ELSE 'parrdpd2ben' END"
NEW_STATE = f"CASE WHEN net.redeemed > 0 THEN {REDEEMED_STATE} ELSE e.state END"
# What a settlement writes, as far as the table has it.
WRITTEN = {
    "state": NEW_STATE,
    "is_settled": "TRUE",
    "settlement_id": "(SELECT max(id) FROM spp_cycle_settlement)",
    "settlement_outcome": "CASE WHEN net.redeemed <= 0 THEN 'unredeemed'"
    " WHEN net.redeemed >= e.initial_amount THEN 'redeemed' ELSE 'partial' END",
    "state_before_settlement": "e.state",
    "settled_state": NEW_STATE,
    "ern": f"CASE WHEN e.state = {NEW_STATE} THEN e.ern END",
    "write_uid": "1",
    "write_date": "now() AT TIME ZONE 'UTC'",
}
BARE_SETTLEMENT = f"""
    UPDATE g2p_entitlement e SET {{written}} FROM ({NET.format(join="LEFT JOIN")}) net
    WHERE net.entitlement_id = e.id AND {PAYABLE}
"""
STATES_ONLY = f"""
    UPDATE g2p_entitlement e SET state = {REDEEMED_STATE} FROM ({NET.format(join="JOIN")}) net
    WHERE net.entitlement_id = e.id AND net.redeemed > 0 AND {PAYABLE}
"""
STATES = "SELECT state, count(*) FROM g2p_entitlement WHERE cycle_id = %s GROUP BY 1 ORDER BY 1"
UNSETTLED = "SELECT count(*) FROM g2p_entitlement WHERE cycle_id = %s AND is_settled IS NOT TRUE"


def seed_cycle(env, name, size, factor):
    """Create a distributed cycle that ended yesterday, with ``size`` entitlements."""
    cycle = create_cycle(env, f"Benchmark {name} {time.time()}")
    seed_entitlements(env, cycle, CASH, size, HABITS, factor=factor)
    env.cr.commit()
    return cycle


def get_bare_settlement(env):
    """Return the statement that writes what a settlement does: the columns that there are."""
    columns = get_columns(env, "g2p_entitlement")
    written = (f"{name} = {value}" for name, value in WRITTEN.items() if name in columns)
    return BARE_SETTLEMENT.format(written=", ".join(written))


def settle_bare(env, cycle, statement, keep):
    """Settle a cycle by one statement; return its seconds, and how many have which state then."""
    with measured(env, TABLES) as bare:
        env.cr.execute(statement, {"cycle": cycle.id})
        if keep:
            env.cr.commit()
    states = count_states(env, cycle)
    env.cr.rollback()
    return bare["seconds"], states


def count_states(env, cycle):
    env.cr.execute(STATES, [cycle.id])
    return env.cr.fetchall()


def measure(env, size, factor="1"):
    settled = seed_cycle(env, "settled", size, factor)
    twin = seed_cycle(env, "bare", size, factor)
    # Undone first: so both that are compared find the room that was left by the one before.
    states_seconds, states = settle_bare(env, twin, STATES_ONLY, keep=False)
    bare_seconds, bare_states = settle_bare(env, twin, get_bare_settlement(env), keep=True)
    with measured(env, TABLES) as result:
        settle(settled)

    assert settled.state == "ended", settled.activity_ids.note
    settled_states = count_states(env, settled)
    assert settled_states == bare_states == states, (
        f"the settlement and the statements disagree: {settled_states} {bare_states} {states}"
    )
    env.cr.execute(UNSETTLED, [settled.id])
    assert env.cr.fetchone()[0] == 0, "not all is settled"
    # What is left over would slow the next round's statement down, which looks at all of it.
    env.cr.execute(f"TRUNCATE {', '.join(TABLES)} CASCADE")
    env.cr.commit()
    return {
        "entitlements": size,
        **result,
        "bare_sql_seconds": bare_seconds,
        "states_only_sql_seconds": states_seconds,
    }


def print_result(amounts, result):
    seconds, bare = result["seconds"], result["bare_sql_seconds"]
    print_row(
        COLUMNS,
        (
            result["entitlements"],
            amounts,
            seconds,
            round(result["entitlements"] / seconds),
            result["queries"],
            result["peak_growth_mb"],
            result["states_only_sql_seconds"],
            bare,
            round(bare / result["states_only_sql_seconds"], 1),
            round(seconds / bare, 2),
        ),
    )


def main(env):
    options = parse_arguments("settle", "10000,50000,200000", "entitlements of the cycles")
    measure(env, 1000)  # what is loaded once is not part of the measurement
    print_row(COLUMNS, COLUMNS)
    results = []
    for size in options.sizes:
        of_size = {}
        for amounts, factor in AMOUNTS.items():
            result = repeat(lambda size=size, factor=factor: measure(env, size, factor))
            print_result(amounts, result)
            prefix = "" if amounts == "alike" else f"{amounts}_"
            of_size.update({f"{prefix}{name}": value for name, value in result.items()})
        of_size.pop("varied_entitlements")
        results.append(of_size)
    print_row(COLUMNS, AIMS)
    if options.json:
        print_json("settle", results)


main(env)
