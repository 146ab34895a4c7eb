"""Which pictures the addons' pages have, and which files say what is seen on each."""

from pathlib import Path
from typing import NamedTuple

from .steps import ROOT, digest

SETTLEMENT, ATTENDANCE = "spp_auto_update_entitlements", "spp_cycle_attendance_compliance"
FOLDER = "static/description"


class Picture(NamedTuple):
    """A screen of the demo.

    :param login: who looks at it
    :param shows: the files, as patterns in the addon's folder, that say what is seen
    :param steps: JavaScript that is run on the page, one after the other
    """

    addon: str
    name: str
    login: str
    shows: tuple[str, ...]
    steps: tuple[str, ...] = ()
    width: int = 1280
    height: int = 800

    @property
    def key(self) -> str:
        return f"{self.addon}/{self.name}"

    @property
    def path(self) -> Path:
        return ROOT / self.addon / FOLDER / f"{self.name}.png"

    def digest(self) -> str:
        """One hash of the picture's own description and of all files that it shows."""
        folder = ROOT / self.addon
        files = sorted({path for pattern in self.shows for path in folder.glob(pattern)})
        return digest([repr(self), *files])[:16]


def tab(name: str) -> str:
    return f"document.querySelector('.o_notebook_headers a[name={name}]').click()"


HISTORY = ("views/attendance_history_views.xml", "models/memberships/attendance_*.py")
DAYS = ("views/attendance_days_templates.xml", "models/runs/*days.py")
RESULT = ("models/runs/cycle_result.py", "models/runs/verdict_bar.py")
PICTURES = (
    Picture(SETTLEMENT, "expired_cycle", "manager", ("views/cycle_views.xml",), height=480),
    Picture(SETTLEMENT, "cycle", "manager", ("views/cycle_views.xml", "models/cycle_card.py")),
    Picture(
        SETTLEMENT,
        "overview",
        "manager",
        ("views/settlement_board_views.xml", "report/settlement_overview*", "static/src/*"),
        height=1000,
    ),
    Picture(
        SETTLEMENT,
        "settlement",
        "finance",
        ("views/cycle_settlement_views.xml", "views/cycle_settlement_line_views.xml"),
        (tab("listed"),),
        height=900,
    ),
    Picture(
        SETTLEMENT,
        "entitlement",
        "manager",
        ("views/entitlement_views.xml",),
        (tab("redemption"),),
        height=1240,
    ),
    Picture(SETTLEMENT, "analysis", "finance", ("report/redemption_report_views.xml",)),
    Picture(ATTENDANCE, "cycle", "manager", ("views/cycle_views.xml", *RESULT)),
    Picture(ATTENDANCE, "connect", "admin", ("wizards/connect_attendance_views.xml",), height=900),
    Picture(
        ATTENDANCE,
        "criteria",
        "manager",
        ("views/cycle_views.xml", "views/attendance_condition_views.xml"),
        (tab("attendance_compliance"),),
        height=1100,
    ),
    Picture(ATTENDANCE, "file", "registrar", ("wizards/upload_attendance_views.xml",), height=900),
    Picture(
        ATTENDANCE,
        "history",
        "validator",
        HISTORY,
        (tab("attendance_history"),),
        height=900,
    ),
    Picture(
        ATTENDANCE,
        "days",
        "validator",
        (*HISTORY, *DAYS),
        (
            tab("attendance_history"),
            "document.querySelector('button[name=action_open_attendance_days]').click()",
        ),
    ),
    Picture(
        ATTENDANCE,
        "overview",
        "manager",
        ("views/attendance_board_views.xml", "static/src/*"),
        height=1000,
    ),
    Picture(ATTENDANCE, "membership", "validator", ("views/cycle_membership_views.xml",)),
    Picture(
        ATTENDANCE,
        "run",
        "manager",
        ("views/attendance_run_views.xml", "models/runs/attendance_run_screen.py", *RESULT),
        height=900,
    ),
    Picture(ATTENDANCE, "verdicts", "validator", ("views/attendance_run_line_views.xml",)),
    Picture(ATTENDANCE, "waiver", "manager", ("views/attendance_waiver_views.xml",)),
)
