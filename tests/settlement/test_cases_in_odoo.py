"""The cases of ``cases.yaml``, granted on a real Odoo and settled there, twice."""

import json
import re
from decimal import Decimal
from pathlib import Path

import yaml

HERE = Path(__file__).parent
SCRIPT, CASES = HERE / "scripts" / "settle_cases.py", HERE / "cases.yaml"
CASE_BY_TITLE = {case["title"]: case for case in yaml.safe_load(CASES.read_text())["cases"]}
# As granted in cash, in goods and where payments count; the platform has all states but `reject`.
FEWEST_GRANTED = 500


def expect(title, given):
    expected = CASE_BY_TITLE[title]["then"]
    return {
        "state": given if expected["state"] == "as given" else expected["state"],
        "outcome": expected["outcome"],
        "listed": int(expected["listed"]),
        "redeemed": Decimal(str(expected["redeemed"])),
        "left": Decimal(str(expected["left"])),
        "problem": expected.get("problem"),
    }


def test_cases_on_real_entitlements(odoo_env, database, packages_in_odoo):
    said = odoo_env.shell(database(), SCRIPT, str(packages_in_odoo), str(CASES))
    found = json.loads(re.search(r"^found:(.*)", said, re.M)[1])
    differences = []
    for row in found:
        expected = expect(row["title"], row["given"])
        row |= {name: Decimal(row[name]) for name in ("redeemed", "left")}
        if {name: row[name] for name in expected} != expected:
            differences.append((row, expected))
    assert not differences
    assert {row["title"] for row in found} == CASE_BY_TITLE.keys()
    assert {(row["kind"], row["night"]) for row in found} == {
        (kind, night) for kind in ("cash", "goods", "paid") for night in (1, 2)
    }
    assert len(found) >= 2 * FEWEST_GRANTED
