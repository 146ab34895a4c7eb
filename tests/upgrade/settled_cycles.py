"""Cycles as 17.0.2.0.0 and 17.0.2.1.0 left them, what becomes of them, and the night after.

A value that is not there is `-`. The days of grace are 5.
"""

from typing import NamedTuple


class Cycle(NamedTuple):
    """A cycle.

    :param state: its state, which its entitlement (if any) does not share
    :param days_over: how many days ago it ended
    :param settlements: their states, and those of the jobs that they wait for
    :param upgraded: state, hold, who asked to end it, states of the settlements
    :param night: the same
    """

    name: str
    state: str
    days_over: int
    settlements: str
    upgraded: str
    night: str


CYCLES = [
    Cycle("over", "ended", 9, "done, done", "ended - - done done", "ended - - done done done"),
    Cycle("before", "ended", 9, "", "ended held - -", "ended held - -"),
    Cycle("empty", "ended", 9, "", "ended - - -", "ended - - -"),
    Cycle("failed", "ended", 9, "failed", "ended - - failed", "ended - - failed done"),
    Cycle("unsettled", "distributed", 9, "", "distributed - - -", "ended - - done"),
    Cycle("in grace", "approved", 2, "", "approved - - -", "approved - - -"),
    Cycle("running", "approved", -5, "", "approved - - -", "approved - - -"),
    Cycle("draft", "draft", 9, "", "draft - - -", "draft - - -"),
    Cycle("cancelled", "cancelled", 9, "", "cancelled - - -", "cancelled - - -"),
    Cycle("killed", "distributed", 9, "running", "distributed - - running", "ended - - done"),
    Cycle(
        *("queued", "distributed", -3, "queued pending"),
        "distributed - manager running",
        "ended - - done",
    ),
    Cycle(
        *("killed, queued", "approved", 9, "running, queued failed"),
        "approved - manager interrupted running",
        "ended - - interrupted done",
    ),
    Cycle(
        *("stopped", "distributed", -3, "queued cancelled"),
        "distributed - - failed",
        "distributed - - failed",
    ),
    Cycle(
        *("queued, cancelled", "cancelled", 9, "queued pending"),
        "cancelled - - failed",
        "cancelled - - failed",
    ),
    Cycle("of the second company", "ended", 9, "", "ended held - -", "ended held - -"),
]
