"""./setup/contract: what it says, writes and ends with."""

from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from harness import contract as command
from harness.contract import KEPT, as_text, kept

ENVIRONMENT = SimpleNamespace(name="try", addons=["spp_auto_update_entitlements"])


@pytest.fixture
def run(monkeypatch, capsys):
    """Runs the command on a platform with a given contract; returns its code and what it says."""

    @contextmanager
    def prepare():
        yield ENVIRONMENT

    def run(contract, *arguments):
        monkeypatch.setattr("sys.argv", ["contract", *map(str, arguments)])
        monkeypatch.setattr(command.Environment, "prepare", prepare)
        monkeypatch.setattr(command, "take", lambda env: contract)
        code = command.main()
        return code, capsys.readouterr().out

    return run


@pytest.mark.parametrize("platform", KEPT)
def test_a_platform_like_a_kept_one(run, platform):
    said = f"This platform is like {platform}: the addons were tried on it.\n"
    assert run(kept(platform)) == (0, said)


@pytest.mark.parametrize("platform", KEPT)
def test_a_platform_that_has_more(run, platform):
    contract = kept(platform)
    contract["models"]["g2p.cycle"]["fields"]["source"] = {"type": "char", "stored": True}
    code, said = run(contract)
    assert code == 0
    assert said == (
        f"This platform is nearest to {platform}, on which the addons were tried, and differs.\n"
        "\n"
        "What does not touch them (1):\n"
        "\n"
        "  It is more than our addons ask for.\n"
        "    g2p.cycle.source is a further field\n"
    )


@pytest.mark.parametrize("platform", KEPT)
def test_a_platform_that_has_less(run, platform):
    contract = kept(platform)
    fields = contract["models"]["g2p.entitlement"]["fields"]
    del fields["ern"], fields["initial_amount"]
    contract["views"]["g2p_programs.view_cycle_form"]["elements"]["//sheet"] = False
    code, said = run(contract)
    assert code == 1
    assert said == (
        f"This platform is nearest to {platform}, on which the addons were tried, and differs.\n"
        "\n"
        "What touches the addons (3):\n"
        "\n"
        "  Our addons use it: without it they do not install, or fail there.\n"
        "    g2p.entitlement.ern is missing\n"
        "    g2p.entitlement.initial_amount is missing\n"
        "\n"
        "  Our addons are built on it: without it they do not install.\n"
        "    g2p_programs.view_cycle_form lacks the element //sheet\n"
    )


def test_the_nearest_is_the_one_with_less_that_touches(run):
    """A platform with all that is new, but without kinds of events: what it has more is no harm."""
    contract = kept("the newest platform")
    del contract["models"]["spp.event.mixin"]
    contract["models"]["g2p.program"]["access"]["everybody"] = ["read", "write", "create"]
    code, said = run(contract)
    assert code == 0
    assert said.startswith("This platform is nearest to branch 17.0,")


@pytest.mark.parametrize("platform", KEPT)
def test_kept_contracts_are_as_they_are_written(run, tmp_path, platform):
    """So that a contract taken anew differs in its facts only."""
    written = tmp_path / "contract.json"
    assert run(kept(platform), "--write", written) == (0, "")
    assert written.read_text() == KEPT[platform].read_text()


def test_text():
    line = "a" * 90
    assert as_text({"b": 1, "a": [1, 2]}) == '{"b": 1, "a": [1, 2]}\n'
    assert as_text({"b": {}, "a": [line, "é"]}) == (
        f'{{\n  "b": {{}},\n  "a": [\n    "{line}",\n    "é"\n  ]\n}}\n'
    )
