"""./setup/contract: says how a platform differs from those that the addons were tried on.

A contract is what a platform is, as far as our addons name it: models, fields, what may not be
empty or twice, access, views. Those of the platforms that they were tried on are kept.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from .addons import needed_from_outside
from .console import run_command, say
from .contract_differences import Difference, differences
from .contract_names import Names
from .environment import HERE, Environment
from .steps import LOGS, ROOT, locked

WIDTH = 100
FOLDER = ROOT / "setup" / "contracts"
KEPT = {
    "branch 17.0": FOLDER / "contract-17.0.json",
    "the newest platform": FOLDER / "contract-newest.json",
}


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="setup/contract",
        description="Installs a platform without the addons and says how it differs from those "
        "that they were tried on, and whether that touches them. Ends with 0 if nothing does.",
        epilog="ADDONS_PATH names the platform, ODOO_BIN its Odoo; PGHOST, PGPORT, PGUSER and "
        "PGPASSWORD a database server of your own. Without ADDONS_PATH it looks at the stand-ins: "
        "PLATFORM=newest at those for the newest platform.",
    )
    parser.add_argument(
        "--write", type=Path, metavar="FILE", help="write the platform's contract to this file"
    )
    file = parser.parse_args().write
    with (
        Environment.prepare() as env,
        locked(f"contract-{env.name}", lambda: say("Another one is under way; waiting ...")),
    ):
        contract = take(env)
    if file:
        file.write_text(as_text(contract))
        return 0
    nearest, found = compare(contract, names_of(env))
    print("\n".join(report(nearest, found)), flush=True)
    return 1 if any(difference.touches for difference in found) else 0


def names_of(env: Environment) -> Names:
    return Names.of(ROOT / addon for addon in env.addons)


def take(env: Environment) -> dict:
    """The contract of the environment's platform, seen on a database without our addons."""
    database = env.databases.platform(needed_from_outside(env.addons))
    with TemporaryDirectory(dir=LOGS) as folder:
        names, written = Path(folder) / "names.json", Path(folder) / "contract.json"
        names.write_text(names_of(env).as_json())
        env.shell(database, HERE / "contract_script.py", str(names), str(written))
        return json.loads(written.read_text())


def as_text(value, indent: str = "") -> str:
    """JSON with each thing that fits into a line on one."""
    line = json.dumps(value, ensure_ascii=False)
    if len(indent + line) <= WIDTH or not value or not isinstance(value, dict | list):
        text = line
    else:
        inner = indent + "  "
        if isinstance(value, dict):
            parts = [f"{json.dumps(k)}: {as_text(v, inner)}" for k, v in value.items()]
        else:
            parts = [as_text(each, inner) for each in value]
        opened, closed = "{}" if isinstance(value, dict) else "[]"
        text = f"{opened}\n" + ",\n".join(inner + part for part in parts) + f"\n{indent}{closed}"
    return text if indent else text + "\n"


def kept(name: str) -> dict:
    return json.loads(KEPT[name].read_text())


def compare(contract: dict, names: Names) -> tuple[str, list[Difference]]:
    """The kept platform that one is nearest to, and how it differs from that."""
    found = {name: differences(kept(name), contract, names) for name in KEPT}
    nearest = min(found, key=lambda name: (sum(d.touches for d in found[name]), len(found[name])))
    return nearest, found[nearest]


def report(nearest: str, found: list[Difference]) -> Iterator[str]:
    """The lines to print."""
    if not found:
        yield f"This platform is like {nearest}: the addons were tried on it."
        return
    yield f"This platform is nearest to {nearest}, on which the addons were tried, and differs."
    touching = [difference for difference in found if difference.touches]
    harmless = [difference for difference in found if not difference.touches]
    if touching:
        yield f"\nWhat touches the addons ({len(touching)}):"
        yield from _grouped(touching)
    if harmless:
        yield f"\nWhat does not touch them ({len(harmless)}):"
        yield from _grouped(harmless)


def _grouped(found: list[Difference]) -> Iterator[str]:
    for effect in dict.fromkeys(difference.effect for difference in found):
        yield f"\n  {effect}"
        for difference in found:
            if difference.effect == effect:
                yield f"    {difference.where} {difference.what}"


if __name__ == "__main__":
    run_command(main)
