"""What both addons hold, since neither depends on the other, is the same but for their names."""

import pytest

from harness.steps import ROOT

ADDONS = ("spp_auto_update_entitlements", "spp_cycle_attendance_compliance")
COPIES = (
    *("static/src/keys.esm.js", "static/src/contrast.css"),
    *("controllers/mail.py", "migrations/0.0.0/end-migration.py"),
)


@pytest.mark.parametrize("path", COPIES)
def test_copies_are_alike(path):
    first, second = (
        (ROOT / addon / path).read_text().replace(addon, "the_addon") for addon in ADDONS
    )
    assert first == second
