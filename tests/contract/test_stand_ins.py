"""Nothing about the stand-ins is nicer than the platform: they are like the kept contracts."""

import os

import pytest

from harness.contract import compare, kept, names_of, take
from harness.contract_differences import differences
from harness.environment import Environment

OUT_OF_DATE = (
    "The stand-in is to be as the kept contract says. If our addons name other things of the "
    "platform than when that was taken, take it anew: see --write of ./setup/contract."
)


@pytest.mark.parametrize(
    ("shape", "platform"), [("17.0", "branch 17.0"), ("newest", "the newest platform")]
)
def test_stand_ins(monkeypatch, shape, platform):
    monkeypatch.delenv("ADDONS_PATH", raising=False)
    monkeypatch.setenv("PLATFORM", shape)
    with Environment.prepare() as env:
        found = differences(kept(platform), take(env), names_of(env))
    lines = [f"{difference.where} {difference.what}" for difference in found]
    assert not lines, "\n".join([f"Otherwise than {platform}:", *lines, OUT_OF_DATE])


def test_the_platform_that_is_tested_on(odoo_env):
    """The one of ADDONS_PATH, if it is given, has nothing that the addons do not bear."""
    nearest, found = compare(take(odoo_env), names_of(odoo_env))
    lines = [f"{each.where} {each.what}: {each.effect}" for each in found if each.touches]
    assert not lines, "\n".join([f"Otherwise than {nearest}:", *lines])
    assert os.environ.get("ADDONS_PATH") or not found
