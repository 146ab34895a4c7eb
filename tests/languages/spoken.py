"""In which languages the demo is looked at, and the scripts for it that run inside Odoo."""

from pathlib import Path

SCRIPTS = Path(__file__).parent / "scripts"
# The first one is spoken by whoever makes the demo: sentences that are kept are in it.
LANGUAGES = ("fr_FR", "ar_001")
