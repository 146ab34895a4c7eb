"""What years of use leave in a database of 17.0.2.0.0 or 17.0.2.1.0, in small cases; and what an
upgrade makes of each. All are copies of rows that those versions wrote.
"""

import json
from itertools import count
from typing import NamedTuple

from earlier import EVENTS

FIRST_ID = 10_000
KEEP, ABSENT = "keep", "absent"
# The rules of the runs of the cycle "decided", in the order in which they were applied.
RULES = (KEEP, ABSENT, KEEP)


class Decided(NamedTuple):
    """A membership, and what the runs of its cycle decided about it.

    :param verdicts: by the run's number: verdict, status, state before, state after
    :param shown: state and status
    :param remembered: state before attendance, state that it gave, the run whose verdict stands
    :param reason: of the membership; the earlier version said the same
    :param override: the verdict of the override that is in force
    """

    verdicts: dict
    shown: tuple
    remembered: tuple
    reason: str
    override: str = None


UNKNOWN = "Unknown to the attendance system: no data"
REFUSED = "1 day (2 needed), 11/01/2025 to 11/30/2025: non-compliant"
PASSED = "2 days (2 needed), 11/01/2025 to 11/30/2025: compliant"
NO_DATA, COMPLIANT, NON_COMPLIANT = "no_data", "compliant", "non_compliant"
DECIDED = {
    "Never any data": Decided(
        {1: (NO_DATA, NO_DATA, "enrolled", "enrolled")},
        ("enrolled", NO_DATA),
        ("", "", 1),
        UNKNOWN,
    ),
    "Never any data, refused by a person": Decided(
        {3: (NO_DATA, NO_DATA, "draft", "draft")},
        ("non_compliant", NO_DATA),
        ("", "", 3),
        UNKNOWN,
    ),
    "Refused, then without data": Decided(
        {
            1: (NON_COMPLIANT, NON_COMPLIANT, "enrolled", "non_compliant"),
            3: (NO_DATA, NO_DATA, "non_compliant", "non_compliant"),
        },
        ("non_compliant", NO_DATA),
        ("enrolled", "non_compliant", 3),
        UNKNOWN,
    ),
    "Without data, then refused": Decided(
        {
            1: (NO_DATA, NO_DATA, "draft", "draft"),
            2: (NON_COMPLIANT, NON_COMPLIANT, "enrolled", "non_compliant"),
        },
        ("non_compliant", NON_COMPLIANT),
        ("enrolled", "non_compliant", 2),
        REFUSED,
    ),
    "Absent, then kept": Decided(
        {
            2: (NO_DATA, NO_DATA, "enrolled", "non_compliant"),
            3: (NO_DATA, NO_DATA, "non_compliant", "non_compliant"),
        },
        ("non_compliant", NO_DATA),
        ("enrolled", "non_compliant", 3),
        UNKNOWN,
    ),
    "Absent, enrolled by a person, then kept": Decided(
        {
            2: (NO_DATA, NO_DATA, "enrolled", "non_compliant"),
            3: (NO_DATA, NO_DATA, "enrolled", "enrolled"),
        },
        ("enrolled", NO_DATA),
        ("enrolled", "non_compliant", 3),
        UNKNOWN,
    ),
    "Other criteria failed": Decided(
        {1: (NO_DATA, NON_COMPLIANT, "enrolled", "non_compliant")},
        ("non_compliant", NON_COMPLIANT),
        ("enrolled", "non_compliant", 1),
        "Does not meet the program's compliance criteria: non-compliant",
    ),
    "Overridden, never any data": Decided(
        {1: (NO_DATA, "overridden", "enrolled", "enrolled")},
        ("enrolled", "overridden"),
        ("enrolled", "enrolled", 1),
        "Set to compliant by OdooBot on 12/01/2025: Seen",
        COMPLIANT,
    ),
    "Overridden, no run": Decided(
        {},
        ("non_compliant", "overridden"),
        ("non_compliant", "non_compliant", 0),
        "Set to non-compliant by OdooBot on 12/01/2025: Seen",
        NON_COMPLIANT,
    ),
    "Decided, then overridden": Decided(
        {
            1: (COMPLIANT, COMPLIANT, "draft", "enrolled"),
            2: (COMPLIANT, "overridden", "non_compliant", "non_compliant"),
        },
        ("non_compliant", "overridden"),
        ("draft", "non_compliant", 2),
        "Set to non-compliant by OdooBot on 12/01/2025: Seen",
        NON_COMPLIANT,
    ),
    # While the run waited: it was applied to the others.
    "Paused before it was applied": Decided(
        {1: (COMPLIANT, COMPLIANT, "enrolled", "enrolled")}, ("paused", ""), ("", "", 0), ""
    ),
    "Paused before it was applied, resumed since": Decided(
        {1: (NON_COMPLIANT, NON_COMPLIANT, "enrolled", "non_compliant")},
        ("enrolled", ""),
        ("", "", 0),
        "",
    ),
    "Decided, paused before the next": Decided(
        {
            1: (COMPLIANT, COMPLIANT, "draft", "enrolled"),
            2: (NON_COMPLIANT, NON_COMPLIANT, "enrolled", "non_compliant"),
        },
        ("paused", COMPLIANT),
        ("draft", "enrolled", 1),
        PASSED,
    ),
}
# What verdicts that were not applied say besides now.
LEFT_ALONE = {
    ("Paused before it was applied", 1): "paused, exited or not eligible",
    ("Paused before it was applied, resumed since", 1): "changed meanwhile",
    ("Decided, paused before the next", 2): "paused, exited or not eligible",
}


class Answered(NamedTuple):
    """A person, and what was answered about her by each of three runs to the same question.

    The first run was retried last, the second one was answered before that; of the third one nobody
    knows when.

    :param answers: by the run's number
    :param newest: the answer that counts
    :param note: the remark on each answer
    :param unreadable: how many records could not be read, as the remark says
    """

    answers: dict
    newest: str
    note: str = None
    unreadable: int = 0


ANSWERED = {
    "Read in part": Answered(
        {1: "known"},
        "known",
        "12 records of the answer could not be read: the date is missing",
        12,
    ),
    "Contradictory": Answered(
        {1: "known"},
        "known",
        "The number of days that the attendance system gave contradicts its list.",
    ),
    "Known at last": Answered({1: "known", 2: "unknown"}, "known"),
    "Lost at last": Answered({1: "unknown", 2: "known"}, "unknown"),
    "Asked once": Answered({2: "known"}, "known"),
    "Unknown, then nobody knows when": Answered({2: "unknown", 3: "known"}, "unknown"),
    "Always known": Answered({1: "known", 2: "known", 3: "known"}, "known"),
}
ANSWERED_AT = {1: "2025-12-01T12:00:00.000003", 2: "2025-12-01T12:00:00.000001", 3: None}
# Evaluations of "Always known" again, when they decided, and by the answer to which run they went.
EVALUATED = {
    4: ("2025-12-01T12:00:00.000002", 2),
    5: ("2025-12-01T12:00:00.000004", 1),
}


class Shared(NamedTuple):
    """Attendances that one source told with one number.

    :param events: of whom, with what they have of their own
    :param answers: in the order of time: about whom, and what; with what the run has of its own
    :param counts: of each event: whether it counts, and else for whom it does
    """

    events: list
    answers: list
    counts: list


OTHER = {"server_url": "https://other.example.org"}
A, B = ("A", {}), ("B", {})
KNOWN_A, KNOWN_B = ("A", "known", {}), ("B", "known", {})
TO_A, TO_B = ["counts", "A"], ["B", "counts"]
SHARED = {
    "the last answer": Shared([A, B], [KNOWN_A, KNOWN_B], TO_B),
    "the last answer, though stored first": Shared([A, B], [KNOWN_B, KNOWN_A], TO_A),
    "unknown says nothing": Shared([A, B], [KNOWN_A, ("B", "unknown", {})], TO_A),
    "unreadable says nothing": Shared([A, B], [KNOWN_A, ("B", "unreadable", {})], TO_A),
    "of another source": Shared([A, B], [KNOWN_A, ("B", "known", OTHER)], TO_A),
    "about days before": Shared(
        [A, B],
        [KNOWN_A, ("B", "known", {"from_date": "2025-10-01", "to_date": "2025-10-31"})],
        TO_A,
    ),
    "about days after": Shared(
        [A, B],
        [KNOWN_A, ("B", "known", {"from_date": "2025-12-01", "to_date": "2025-12-31"})],
        TO_A,
    ),
    "about another type": Shared(
        [A, B], [KNOWN_A, ("B", "known", {"attendance_type_id": 2})], TO_A
    ),
    "about its type": Shared([A, B], [KNOWN_A, ("B", "known", {"attendance_type_id": 1})], TO_B),
    "about another location": Shared(
        [A, ("B", {"attendance_location_id": None})],
        [KNOWN_A, ("B", "known", {"attendance_location_id": 1})],
        TO_A,
    ),
    "nobody was asked": Shared([A, B], [], TO_B),
    "only one was asked": Shared([A, B], [KNOWN_A], TO_A),
    "never told whether it is withdrawn": Shared(
        [("A", {"withdrawn": None}), ("B", {"withdrawn": None})], [KNOWN_A, KNOWN_B], TO_B
    ),
    "without a company": Shared(
        [("A", {"company_id": None}), ("B", {"company_id": None})], [KNOWN_A], TO_A
    ),
    "of two companies": Shared([A, ("B", {"company_id": None})], [KNOWN_A], ["counts", "counts"]),
    "of each of two companies": Shared(
        [A, B, ("A", {"company_id": None}), ("B", {"company_id": None})],
        [KNOWN_A, KNOWN_B],
        [*TO_B, *TO_B],
    ),
    "withdrawn before": Shared([A, ("B", {"withdrawn": True})], [KNOWN_B], ["counts", "withdrawn"]),
    "without a number": Shared(
        [("A", {"event_data_external_id": 0}), ("B", {"event_data_external_id": 0})],
        [KNOWN_B],
        ["counts", "counts"],
    ),
    # A restored database may lack the constraint.
    "twice of one person": Shared([A, A], [KNOWN_A], ["withdrawn", "counts"]),
    "twice of one, once of another": Shared([A, A, B], [KNOWN_A, KNOWN_B], ["B", "B", "counts"]),
    "twice of who was told last": Shared(
        [A, A, B], [KNOWN_B, KNOWN_A], ["withdrawn", "counts", "A"]
    ),
}


# Of the runs of "decided": who turned non-compliant, who was left in draft, who had changed.
COUNTED = {1: "3 1 1", 2: "4 0 0", 3: "0 1 0"}
# What people kept as filters: model, domain, context; and domain and context after that.
FILTERS = {
    "Not found": (
        "spp.attendance.run.line",
        '[("answer", "in", ["unknown", "unreadable"]), ("note", "=", "answer it")]',
        "{'group_by': ['answer', 'run_id']}",
        '[("finding", "in", ["unknown", "unreadable"]), ("note", "=", "answer it")]',
        "{'group_by': ['finding', 'run_id']}",
    ),
    "By run": (
        "spp.event.attendance",
        "[('run_id', '=', 6), ('withdrawn_run_id', '!=', 7)]",
        "{'group_by': ['run_id', 'withdrawn_run_id', 'cycle_id']}",
        "[('run_id', '=', 6), ('withdrawn_intake_id.run_id', '!=', 7)]",
        "{'group_by': ['intake_id', 'withdrawn_intake_id', 'cycle_id']}",
    ),
}
# What people changed on pages: the page, the field that they showed, whether it is there still.
VIEWS = {
    "Answers in the list": ("view_attendance_run_line_tree", "answer", False),
    "Remarks in the list": ("view_attendance_run_line_tree", "note", True),
    "Attempts on the form": ("view_attendance_run_form", "attempt", False),
    "Day of verdicts in the list": ("view_attendance_run_tree", "decided_at", True),
}


class Years:
    """All cases, as `sql` that brings them into a database; and the ids that they have there."""

    def __init__(self):
        self.numbers = count(FIRST_ID)
        self.statements = [f"ALTER TABLE {EVENTS} DROP CONSTRAINT {EVENTS}_external_unique"]
        self.line_ids = {}
        self.event_ids = {}
        self.add_decided()
        self.add_answered()
        for name, case in SHARED.items():
            self.add_shared(name, case)
        for name, (model, domain, context, *_after) in FILTERS.items():
            values = {"model_id": model, "domain": domain, "context": context}
            self.copy("ir_filters", "name = 'Unknown'", name=name, **values)
        for name, (page, field, _fits) in VIEWS.items():
            self.statements.append(
                "INSERT INTO ir_ui_view (name, model, type, inherit_id, mode, arch_db, active,"
                f" priority) SELECT $${name}$$, view.model, type, view.id, 'extension',"
                f" $${json.dumps({'en_US': self.show(field)})}$$::jsonb, TRUE, 99"
                " FROM ir_ui_view AS view JOIN ir_model_data AS data ON data.res_id = view.id"
                f" WHERE data.model = 'ir.ui.view' AND data.name = '{page}'"
            )
        self.sql = ";".join([*self.statements, ""])

    def copy(self, table, like, **values):
        """Add a row that is like another one, but for some values; return its id."""
        number = values["id"] = next(self.numbers)
        self.statements.append(
            f"INSERT INTO {table} SELECT (jsonb_populate_record(row, $${json.dumps(values)}$$)).*"
            f" FROM {table} AS row WHERE {like}"
        )
        return number

    @staticmethod
    def show(field):
        return f"<xpath expr='//field[1]' position='after'><field name='{field}'/></xpath>"

    def add_person(self, name, identifier=None):
        number = self.copy("res_partner", "name = 'Ana'", name=name, personal_identifier=identifier)
        self.statements.append(
            f"UPDATE res_partner SET commercial_partner_id = id WHERE id = {number}"
        )
        if identifier:
            like = "value = 'ANA'"
            self.copy("g2p_reg_id", like, partner_id=number, value=identifier)
        return number

    def add_cycle(self, name):
        return self.copy("g2p_cycle", "name = 'asked'", name=name)

    def add_run(self, cycle_id, **values):
        values = {"cycle_id": cycle_id, "brake_reason": "", **values}
        return self.copy("spp_attendance_run", "id = 6", **values)

    def add_line(self, run_id, person_id, **values):
        values = {
            "run_id": run_id,
            "partner_id": person_id,
            "cycle_membership_id": None,
            "batch_id": None,
            "override_id": None,
            **values,
        }
        return self.copy("spp_attendance_run_line", "id = 21", **values)

    def add_membership(self, cycle_id, person_id, **values):
        like = "id = (SELECT min(id) FROM g2p_cycle_membership)"
        values = {"cycle_id": cycle_id, "partner_id": person_id, **values}
        return self.copy("g2p_cycle_membership", like, **values)

    def add_decided(self):
        cycle_id = self.add_cycle("decided")
        self.decided_ids = run_ids = [
            self.add_run(
                cycle_id,
                no_data_rule=rule,
                decided_at=f"2025-12-0{number}T10:00:00",
                finished_at=f"2025-12-0{number}T10:00:00",
            )
            for number, rule in enumerate(RULES, 1)
        ]
        numbers = {NO_DATA: 0, NON_COMPLIANT: 1, COMPLIANT: 2}
        for name, case in DECIDED.items():
            person_id = self.add_person(name)
            state, status = case.shown
            shown = [v for v in case.verdicts.values() if v[1] in (status, "overridden")]
            membership_id = self.add_membership(
                cycle_id,
                person_id,
                state=state,
                attendance_status=status or None,
                number_of_attendance=numbers[shown[-1][0]] if shown else 0,
                attendance_override_id=None,
            )
            override_id = case.override and self.copy(
                "spp_attendance_override",
                "id = 1",
                cycle_membership_id=membership_id,
                partner_id=person_id,
                verdict=case.override,
                reason="Seen",
                create_uid=1,
                create_date="2025-12-01T10:00:00",
            )
            if override_id:
                self.statements.append(
                    f"UPDATE g2p_cycle_membership SET attendance_override_id = {override_id}"
                    f" WHERE id = {membership_id}"
                )
            for number, (verdict, line_status, before, after) in case.verdicts.items():
                self.line_ids[name, number] = self.add_line(
                    run_ids[number - 1],
                    person_id,
                    cycle_membership_id=membership_id,
                    answer="unknown" if verdict == NO_DATA else "known",
                    override_id=override_id if line_status == "overridden" else None,
                    number_of_attendance=numbers[verdict],
                    recorded=numbers[verdict],
                    verdict=verdict,
                    status=line_status,
                    state_before=before,
                    state_after=after,
                    is_changing=before != after,
                    passes_criteria=line_status == "overridden" or verdict == line_status,
                )

    def add_batch(self, run_id, **values):
        return self.copy("spp_attendance_run_batch", "id = 2", run_id=run_id, **values)

    def add_answered(self):
        cycle_id = self.add_cycle("answered")
        run_ids = {number: self.add_run(cycle_id) for number in (*ANSWERED_AT, *EVALUATED)}
        batch_ids = {
            number: self.add_batch(run_ids[number], answered_at=answered_at)
            for number, answered_at in ANSWERED_AT.items()
        }
        for name, case in ANSWERED.items():
            person_id = self.add_person(name, identifier=name.upper())
            self.add_membership(cycle_id, person_id, state="enrolled", attendance_status=None)
            for number, answer in case.answers.items():
                self.add_line(
                    run_ids[number],
                    person_id,
                    batch_id=batch_ids[number],
                    answer=answer,
                    identifier=name.upper(),
                    note=case.note,
                )
        for number, (decided_at, _answered) in EVALUATED.items():
            self.statements.append(
                f"UPDATE spp_attendance_run SET mode = 'evaluate', decided_at = '{decided_at}'"
                f" WHERE id = {run_ids[number]}"
            )
            self.line_ids["evaluated", number] = self.add_line(
                run_ids[number], person_id, answer="known", identifier=name.upper()
            )
        self.run_ids = run_ids

    def add_shared(self, name, case):
        person_ids = {each: self.add_person(f"{each} of {name}") for each in ("A", "B")}
        cycle_id = self.add_cycle(name)
        number = next(self.numbers)
        self.event_ids[name] = []
        for each, values in case.events:
            values = {"event_data_external_id": number, **values}
            event_id = self.copy(EVENTS, "id = 11", individual_id=person_ids[each], **values)
            self.event_ids[name].append(event_id)
            self.copy(
                "spp_event_data",
                "model = 'spp.event.attendance' AND res_id = 11",
                res_id=event_id,
                partner_id=person_ids[each],
                state="active",
            )
        for second, (each, answer, values) in enumerate(case.answers):
            run_id = self.add_run(cycle_id, **values)
            answered_at = f"2025-12-01T12:00:0{second}"
            batch_id = self.add_batch(run_id, answered_at=answered_at)
            self.add_line(run_id, person_ids[each], batch_id=batch_id, answer=answer)
