"""What 17.0.2.0.0 and 17.0.2.1.0 left of settlements, what an upgrade makes of it, and what the
night after it does. All of it was found in databases that those versions had settled.

A value that is not there is `-`.
"""

from typing import NamedTuple


class Kind(NamedTuple):
    """An entitlement to 100 (in-kind: 10), in the cycle "over".

    :param moved: its transactions
    :param figures: redeemed, balance, problem
    :param left: state, state before settlements, outcome, whether it is settled
    :param upgraded: state given, state written, outcome, whether it is settled
    :param night: state, state given, outcome
    """

    name: str
    moved: str
    figures: str
    left: str
    upgraded: str
    night: str


BOUGHT, PART, FULL = "PURCHASE 40", "parrdpd2ben", "rdpd2ben"
CLOSED = "closed_with_transactions"
KINDS = [
    Kind(
        *("partial", BOUGHT, "40 60 -"),
        f"{PART} approved partial t",
        f"approved {PART} partial t",
        f"{PART} approved partial",
    ),
    Kind(
        *("redeemed", "PURCHASE 100", "100 0 -"),
        f"{FULL} trans2FSP redeemed t",
        f"trans2FSP {FULL} redeemed t",
        f"{FULL} trans2FSP redeemed",
    ),
    Kind(
        *("over", "PURCHASE 120", "120 -20 -"),
        f"{FULL} approved over t",
        f"approved {FULL} over t",
        f"{FULL} approved over",
    ),
    Kind(
        *("over, then partial", "PURCHASE 120, VOID 30", "90 10 -"),
        f"{PART} approved partial t",
        f"approved {PART} partial t",
        f"{PART} approved partial",
    ),
    Kind(
        *("unredeemed", "", "0 100 -"),
        "approved approved unredeemed t",
        "- approved unredeemed t",
        "approved - unredeemed",
    ),
    Kind(
        *("restored", f"{BOUGHT}, VOID 40", "0 100 -"),
        "expired expired restored t",
        "- expired voided t",
        "expired - voided",
    ),
    # These three: others had given more than the transactions say, and now it is listed.
    Kind(
        *("restored to partial", "PURCHASE 100, VOID 100", "0 100 -"),
        f"{PART} {PART} restored t",
        f"- {PART} partial f",
        f"{PART} - partial",
    ),
    Kind(
        *("lowered", BOUGHT, "40 60 -"),
        f"{PART} {FULL} partial t",
        f"{FULL} {PART} partial f",
        f"{FULL} - contradicted",
    ),
    Kind(
        *("lowered, restored", f"{BOUGHT}, VOID 40", "0 100 -"),
        f"{FULL} {FULL} restored t",
        f"- {FULL} contradicted f",
        f"{FULL} - contradicted",
    ),
    Kind(
        *("elsewhere", "", "0 100 -"),
        f"{FULL} {FULL} paid_elsewhere t",
        f"- {FULL} paid_elsewhere t",
        f"{FULL} - paid_elsewhere",
    ),
    Kind(
        *("voided elsewhere", f"{BOUGHT}, VOID 40", "0 100 -"),
        f"{FULL} {FULL} voided_elsewhere t",
        f"- {FULL} contradicted f",
        f"{FULL} - contradicted",
    ),
    Kind(
        *("voided elsewhere in part", f"{BOUGHT}, VOID 40", "0 100 -"),
        f"{PART} {PART} voided_elsewhere t",
        f"- {PART} partial f",
        f"{PART} - partial",
    ),
    Kind(
        *("nothing bought", "PURCHASE 0", "0 100 -"),
        f"{FULL} {FULL} voided_elsewhere t",
        f"- {FULL} contradicted f",
        f"{FULL} - paid_elsewhere",
    ),
    Kind(
        *("closed", "", "0 100 -"),
        "cancelled cancelled closed t",
        "- cancelled closed t",
        "cancelled - closed",
    ),
    Kind(
        *("closed, bought", BOUGHT, "40 60 -"),
        f"rejected1 rejected1 {CLOSED} t",
        f"- rejected1 {CLOSED} t",
        f"rejected1 - {CLOSED}",
    ),
    Kind(
        *("over-voided", "VOID 40", "-40 140 -"),
        "approved approved over_voided t",
        "- approved over_voided t",
        "approved - over_voided",
    ),
    Kind(
        *("over-voided later", f"{BOUGHT}, VOID 60", "-20 120 -"),
        f"{PART} approved over_voided t",
        f"approved {PART} over_voided f",
        "approved - over_voided",
    ),
    Kind(
        *("unreadable", f"{BOUGHT}, REFUND 10", "40 60 type"),
        "approved approved unreadable t",
        "- approved unreadable f",
        f"{PART} approved unreadable",
    ),
    Kind(
        *("unreadable later", f"{BOUGHT}, REFUND 10", "40 60 type"),
        f"{PART} approved unreadable t",
        f"approved {PART} unreadable f",
        f"{PART} approved unreadable",
    ),
    Kind(
        *("late", f"{BOUGHT}, PURCHASE 60", "100 0 -"),
        f"{PART} approved partial f",
        f"approved {PART} partial f",
        f"{FULL} approved redeemed",
    ),
    # The state was set by others since: it is what the transactions are held against.
    Kind(
        *("set by a person", BOUGHT, "40 60 -"),
        f"{FULL} approved - t",
        "- - - f",
        f"{FULL} - contradicted",
    ),
    Kind(
        *("set by a person, late", f"{BOUGHT}, PURCHASE 10", "50 50 -"),
        "cancelled approved - f",
        "- - - f",
        f"cancelled - {CLOSED}",
    ),
    Kind(
        *("approved since", "", "0 100 -"),
        "approved draft - t",
        "- - - f",
        "approved - unredeemed",
    ),
    Kind(
        *("cancelled by SQL", BOUGHT, "40 60 -"),
        "cancelled approved partial t",
        "- - - f",
        f"cancelled - {CLOSED}",
    ),
    Kind(
        *("cancelled by SQL, settled", f"{BOUGHT}, PURCHASE 10", "50 50 -"),
        f"cancelled approved {CLOSED} t",
        f"- cancelled {CLOSED} t",
        f"cancelled - {CLOSED}",
    ),
    Kind(
        *("redeemed by SQL", BOUGHT, "40 60 -"),
        f"{FULL} approved partial t",
        "- - - f",
        f"{FULL} - contradicted",
    ),
    Kind(
        *("reset by SQL", "PURCHASE 100", "100 0 -"),
        "approved approved redeemed t",
        "- - - f",
        f"{FULL} approved redeemed",
    ),
    Kind(
        *("restored, redeemed by SQL", f"{BOUGHT}, VOID 40", "0 100 -"),
        f"{FULL} approved restored t",
        "- - - f",
        f"{FULL} - contradicted",
    ),
    Kind(
        *("unredeemed, redeemed by SQL", "", "0 100 -"),
        f"{FULL} approved unredeemed t",
        "- - - f",
        f"{FULL} - paid_elsewhere",
    ),
    Kind(
        *("elsewhere, reset by SQL", "", "0 100 -"),
        f"approved {FULL} paid_elsewhere t",
        "- - - f",
        "approved - unredeemed",
    ),
    Kind(
        *("approved by SQL", "PURCHASE 100", "100 0 -"),
        f"approved draft {CLOSED} t",
        "- - - f",
        f"{FULL} approved redeemed",
    ),
    Kind(
        *("in-kind, partial", "PURCHASE 4", "4 6 -"),
        f"{PART} approved partial t",
        f"approved {PART} partial t",
        f"{PART} approved partial",
    ),
    Kind(
        *("in-kind, lowered", "PURCHASE 4", "4 6 -"),
        f"{PART} {FULL} partial t",
        f"{FULL} {PART} partial f",
        f"{FULL} - contradicted",
    ),
]


class Line(NamedTuple):
    """What a settlement listed of an entitlement.

    :param settlement: the number of the settlement, 1 or 2; the last one is the highest one here
    :param left: outcome, state after it, whether it is an exception
    :param upgraded: outcome, status
    :param night: status
    """

    name: str
    settlement: int
    left: str
    upgraded: str
    night: str


LINES = [
    Line("over", 1, f"over {FULL} t", "over open", "open"),
    Line("over, then partial", 1, f"over {FULL} t", "over superseded", "superseded"),
    Line("over, then partial", 2, f"partial {PART} f", "partial -", "-"),
    Line("restored", 2, "restored expired f", "voided -", "-"),
    Line("restored to partial", 2, f"restored {PART} f", "partial -", "-"),
    Line("lowered, restored", 2, f"restored {FULL} f", "contradicted -", "-"),
    Line(*("voided elsewhere", 1, f"voided_elsewhere {FULL} t"), "contradicted open", "superseded"),
    Line(
        *("voided elsewhere in part", 1, f"voided_elsewhere {PART} t"), "partial open", "superseded"
    ),
    Line("closed, bought", 1, f"{CLOSED} rejected1 t", f"{CLOSED} open", "open"),
    Line("over-voided later", 2, f"over_voided {PART} t", "over_voided open", "superseded"),
    Line("unreadable", 1, "unreadable approved t", "unreadable open", "superseded"),
    # Of an entitlement that was deleted since: nobody has looked at it.
    Line("-", 1, f"over {FULL} t", "over open", "open"),
]
# What the night lists anew for a person to look at, by what the transactions and the states say.
LISTED = [
    *("cancelled by SQL", "in-kind, lowered", "lowered", "lowered, restored", "over-voided later"),
    *("redeemed by SQL", "restored to partial", "restored, redeemed by SQL", "set by a person"),
    *("set by a person, late", "unreadable", "unreadable later", "voided elsewhere"),
    "voided elsewhere in part",
]
