"""How long the server takes to open each screen of an addon, on a big cycle.

    ./setup/bench screens [--json] [--size 1000000] [--addon spp_auto_update_entitlements]

Seeded are, for the settlement, a cycle of ``size`` cash entitlements with about two transactions
each, and one of a tenth as many in kind, both settled by the addon itself; and a cash cycle, again
of a tenth, that is over and not settled yet. For the attendance, a cycle of ``size`` persons with
five attendances each, and one of a tenth as many households, both checked by the addon itself; and
what the overview counts of 23 earlier cycles. Then a program manager opens every screen there
is: the views of all windows of the addon and of those of the models that it extends, as far as the
user's menus show them or no menu leads to them; what the buttons in their forms open; and each
graph of a board. Each is opened as the web client does it (`tools/web_client.py`), with nothing
remembered, twice; the second time is shown. Then come lists as people filter them, and what they
print: as pages of HTML, without what it takes to make a PDF of them.
(What takes more than half a minute is opened once.)

``rows`` is how many records the screen is about: those that its domain finds; 1 for a form.
"""

import argparse
import json
import sys
from itertools import chain
from pathlib import Path

sys.path.insert(0, str(Path(sys.argv[0]).parent / "tools"))
from attendance_country import find_more, seed_checked_cycles
from screens import Finder, open_screen
from settlement_world import create_program_manager, seed_settlement

# Seconds.
LIMITS = {"pivot": 2, "graph": 2, "print": 3}
LIMIT = 1
# By addon: what makes the records that its screens show.
WORLDS = {
    "spp_auto_update_entitlements": seed_settlement,
    "spp_cycle_attendance_compliance": seed_checked_cycles,
}
# What people do on these screens, too.
MORE = {"spp_cycle_attendance_compliance": find_more}


def parse_arguments():
    parser = argparse.ArgumentParser(prog="setup/bench screens")
    parser.add_argument("--json", action="store_true")
    parser.add_argument(
        "--size", type=int, default=1_000_000, help="of the cycle (default: %(default)s)"
    )
    parser.add_argument("--addon", choices=WORLDS, default=next(iter(WORLDS)))
    return parser.parse_args()


def print_result(result):
    limit = LIMITS.get(result["kind"], LIMIT)
    mark = f"  above {limit} s" if result["seconds"] > limit else ""
    mark += "" if result["rows"] else "  shows nothing"
    columns = "{name:<64}  {kind:<8}  {rows:>9}  {seconds:>7.3f}"
    print(columns.format(**result) + mark, flush=True)


def main(env):
    options = parse_arguments()
    chosen = WORLDS[options.addon](env, options.size)
    user = create_program_manager(env)
    env.cr.commit()
    print(f"{'screen':<64}  {'kind':<8}  {'rows':>9}  {'seconds':>7}", flush=True)
    results, failed = [], []
    more = MORE[options.addon](env, chosen) if options.addon in MORE else ()
    for screen in chain(Finder(env, user, options.addon, chosen).find_all(), more):
        try:
            results.append(open_screen(env, user, screen))
        except Exception as error:
            failed.append(f"{screen.name}, {screen.kind}: {type(error).__name__}: {error}")
            print(f"{screen.name:<64}  {screen.kind:<8}  failed", flush=True)
            continue
        print_result(results[-1])
    if failed:
        sys.exit("These can't be opened:\n" + "\n".join(failed))
    if options.json:
        print(json.dumps({"bench": "screens", "screens": results}), flush=True)


main(env)
