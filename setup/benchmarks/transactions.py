"""What the stored figures cost the points of service: with the addons, and on the platform alone.

    ./setup/bench transactions [--json] [--sizes 1,5000]

For each size as many transactions are created at once, each on an entitlement of its own that has
two already: by a program manager, with nothing remembered, committed. That is done on a database
with the addons and on one that has the platform only, in turn, in the same process, five times
each; the medians are shown. Both hold the same cycles.
"""

import sys
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(sys.argv[0]).parent / "tools"))
from measuring import get_parser, print_json, print_row, vacuum
from settlement_world import (
    CASH,
    INKIND,
    TABLES,
    TRANSACTIONS,
    create_cycle,
    create_program_manager,
    prepare_transaction,
    seed_entitlements,
)

from odoo import api
from odoo.modules.registry import Registry

ROUNDS = 5
SHARE = 5  # percent of an entitlement
KINDS = {CASH: "cash", INKIND: "in kind"}
COLUMNS = (
    "kind   ",
    "transactions",
    "queries",
    "without",
    "more",
    "seconds",
    "without s",
    "times",
)
AIMS = ("aims", "", "", "", "<= 5", "", "", "<= 3")


class Place:
    """A database, with cycles whose entitlements are used up one after the other."""

    def __init__(self, env, sizes):
        self.registry = env.registry
        self.user_id = create_program_manager(env).id
        # One more round, in which what is loaded once is loaded.
        size = sum(sizes) * (ROUNDS + 1)
        self.unused = {}
        for model in KINDS:
            cycle = create_cycle(env, f"Benchmark {KINDS[model]}")
            seed_entitlements(env, cycle, model, size + 2, ([50, -20], [30, 10]))
            found = env[model].search([("cycle_id", "=", cycle.id)], order="id")
            self.unused[model] = found.ids
        env.cr.commit()
        vacuum(env, TABLES)

    def create_transactions(self, model, size):
        """Create as many transactions; return the number of queries, and the seconds."""
        ids, self.unused[model] = self.unused[model][:size], self.unused[model][size:]
        with self.registry.cursor() as cr:
            entitlements = api.Environment(cr, self.user_id, {})[model].browse(ids)
            values = [prepare_transaction(entitlement, SHARE) for entitlement in entitlements]
        with self.registry.cursor() as cr:
            env = api.Environment(cr, self.user_id, {})
            queries, started = cr.sql_log_count, time.perf_counter()
            env[TRANSACTIONS[model]].create(values)
            cr.commit()
            return cr.sql_log_count - queries, time.perf_counter() - started


def measure(places, model, size):
    rounds = [[place.create_transactions(model, size) for place in places] for _ in range(ROUNDS)]
    medians = [
        [median(one[place][figure] for one in rounds) for figure in range(2)] for place in range(2)
    ]
    (queries, seconds), (queries_without, seconds_without) = medians
    return {
        "kind": KINDS[model],
        "transactions": size,
        "queries": queries,
        "queries_without": queries_without,
        "queries_more": queries - queries_without,
        "seconds": round(seconds, 4),
        "seconds_without": round(seconds_without, 4),
        "times": round(seconds / seconds_without, 1),
    }


def main(env):
    parser = get_parser("transactions", "1,5000", "transactions at once")
    parser.add_argument("--platform-database", required=True)
    options = parser.parse_args()
    with Registry(options.platform_database).cursor() as cr:
        alone = Place(api.Environment(cr, env.uid, {}), options.sizes)
    places = (Place(env, options.sizes), alone)
    for place in places:
        for model in KINDS:
            for size in options.sizes:
                place.create_transactions(model, size)
    print_row(COLUMNS, COLUMNS)
    results = []
    for model in KINDS:
        for size in options.sizes:
            results.append(measure(places, model, size))
            print_row(COLUMNS, results[-1].values())
    print_row(COLUMNS, AIMS)
    if options.json:
        print_json("transactions", results)


main(env)
