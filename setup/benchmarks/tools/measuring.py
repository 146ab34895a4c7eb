"""What all benchmarks do: read their arguments, measure, print rows."""

import argparse
import ctypes
import gc
import json
import time
from contextlib import contextmanager
from pathlib import Path
from statistics import median

# What takes no longer than this is measured three times: the machine has other work, too.
SHORT = 30  # seconds
ROUNDS = 3


def parse_arguments(name, sizes, of_what):
    return get_parser(name, sizes, of_what).parse_args()


def get_parser(name, sizes, of_what):
    parser = argparse.ArgumentParser(prog=f"setup/bench {name}")
    parser.add_argument("--json", action="store_true")
    parser.add_argument(
        "--sizes",
        type=_parse_sizes,
        default=sizes,
        help=f"{of_what}, separated by commas (default: %(default)s)",
    )
    return parser


def _parse_sizes(text):
    sizes = text.split(",")
    if not all(size.isdecimal() and int(size) for size in sizes):
        raise argparse.ArgumentTypeError(f"{text}: give numbers such as 10000,50000")
    return [int(size) for size in sizes]


@contextmanager
def measured(env, tables):
    """Give a dict, and fill it: seconds, number of queries, and growth of peak memory in MB."""
    vacuum(env, tables)
    env.invalidate_all()
    _forget_peak_memory()
    result = {}
    memory, queries, started = _get_peak_memory(), env.cr.sql_log_count, time.perf_counter()
    yield result
    result["seconds"] = round(time.perf_counter() - started, 3)
    result["queries"] = env.cr.sql_log_count - queries
    result["peak_growth_mb"] = round(_get_peak_memory() - memory, 1)


def vacuum(env, tables):
    """Leave no work for autovacuum to do in the middle of a measurement."""
    with env.registry.cursor() as cr:
        cr._cnx.autocommit = True
        for table in tables:
            cr.execute(f"VACUUM ANALYZE {table}")
        cr.execute("CHECKPOINT")


def _get_peak_memory():
    """Return the process's peak memory since `_forget_peak_memory`, in MB."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def _forget_peak_memory():
    """Begin anew, without what is free already: it would hide how much is taken later."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")


def repeat(measure):
    """Return the medians of what `measure` returns: of three rounds, if one is short."""
    results = [measure()]
    if results[0]["seconds"] < SHORT:
        results += [measure() for _round in range(ROUNDS - 1)]
    return {name: median(result[name] for result in results) for name in results[0]}


def print_row(columns, values):
    """Print values under the titles that `columns` are."""
    cells = (f"{value:>{len(title)}}" for title, value in zip(columns, values, strict=True))
    print("  ".join(cells), flush=True)


def print_json(bench, sizes, **more):
    print(json.dumps({"bench": bench, "sizes": sizes, **more}), flush=True)
