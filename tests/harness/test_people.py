"""The demo's users have all the rights that their roles say."""

import runpy
import sys
from unittest.mock import MagicMock

import pytest

from harness.steps import ROOT

STORY = ROOT / "setup" / "stories" / "5_people.py"


@pytest.mark.parametrize(
    ("missing", "fails"),
    [
        ("spp_programs.read_program_cycle_entitlement", False),
        ("g2p_programs.g2p_finance_validator", True),
        ("base.group_user", True),
    ],
)
def test_a_group_that_is_missing(monkeypatch, missing, fails):
    asked = []

    def ref(name, raise_if_not_found=True):
        asked.append(name)
        if name == missing and raise_if_not_found:
            raise ValueError(name)
        return None if name == missing else MagicMock(id=1, _name="ir.actions.act_window")

    env = MagicMock(**{"ref.side_effect": ref})
    monkeypatch.setattr(sys, "argv", [str(STORY)])
    monkeypatch.setattr(sys, "path", sys.path[:])
    if fails:
        with pytest.raises(ValueError, match=missing):
            runpy.run_path(str(STORY), {"env": env})
    else:
        runpy.run_path(str(STORY), {"env": env})
        assert env.cr.commit.called
        assert "g2p_programs.g2p_program_cycle_approver" in asked, "Somebody can approve a cycle."
