from odoo import _, models
from odoo.tools import SQL

from .. import verdicts
from ..verdicts import COMPLIANT, DAYS, NO_DATA, NON_COMPLIANT_STATE
from .attendance_criteria_mixin import EXTERNAL
from .attendance_run_line import ANSWERS_WITH_DATA, RECORDED, STATUSES, UNRECORDED
from .attendance_settings import NO_DATA_LIMIT_PARAMETER, NON_COMPLIANT_LIMIT_PARAMETER

# The columns of the lines that a decision fills.
DECIDED_COLUMNS = (
    "answer",
    "number_of_attendance",
    "recorded",
    "members_counting",
    "members_meeting",
    "members_without_data",
    "passes_criteria",
    "verdict",
    "status",
    "state_after",
    "is_changing",
    "is_exception",
)


class AttendanceRunDecision(models.AbstractModel):
    """The third part of a run: counting the stored events, and the verdicts.

    The rules are in `verdicts`. They are asked once for each kind of case (so many days present
    out of so many recorded), and their answer goes to all lines of that kind.
    """

    _name = "spp.attendance.run.decision"
    _description = "Decision of an Attendance Run"

    def _decide(self):
        """Put a verdict on every line, from the stored events."""
        self.ensure_one()
        self.env.flush_all()
        self._make_draft()
        self._execute(
            """
            INSERT INTO spp_attendance_draft
            SELECT * FROM spp_attendance_run_line WHERE run_id = %(run)s ORDER BY id
            """
        )
        self.env.cr.execute("ANALYZE spp_attendance_draft")
        self._count_events()
        self._check_compliance_criteria()
        self._judge_persons()
        self._sum_up_households()
        self._judge_households()
        self._resolve_states()
        self._write_draft()
        self.env.invalidate_all(flush=False)
        self._sum_up()

    def _write_draft(self):
        """Put on the lines what was decided in the draft."""
        columns = [SQL.identifier(name) for name in DECIDED_COLUMNS]
        self._execute(
            """
            UPDATE spp_attendance_run_line AS line SET (%(columns)s) = ROW(%(decided)s)
            FROM spp_attendance_draft AS draft WHERE draft.id = line.id
            """,
            columns=SQL(", ").join(columns),
            decided=SQL(", ").join(SQL("draft.%s", column) for column in columns),
        )

    def _count_events(self):
        counted = SQL("DISTINCT event.attendance_date" if self.attendance_unit == DAYS else "*")
        with_data = SQL("line.answer IN %s", ANSWERS_WITH_DATA)
        if self.attendance_source != EXTERNAL:
            with_data = SQL("TRUE")
        # By a subquery for each line, which is always looked up in the index of the persons. A join
        # would depend on statistics, and those know nothing of the events that came just now.
        self._execute(
            """
            UPDATE spp_attendance_draft AS line
            SET (number_of_attendance, recorded) = (
                SELECT count(%(counted)s) FILTER (WHERE event.attendance_category = 'present'),
                    count(%(counted)s)
                FROM spp_event_attendance AS event
                WHERE event.individual_id = line.partner_id
                    AND event.withdrawn IS NOT TRUE AND %(scope)s AND %(with_data)s
            )
            WHERE line.kind != 'household'
            """,
            counted=counted,
            scope=self._get_event_scope(),
            with_data=with_data,
        )
        self._execute(
            """
            UPDATE spp_attendance_draft
            SET answer = CASE WHEN recorded > 0 THEN %(some)s ELSE %(none)s END
            WHERE kind != 'household' AND answer IS NULL
            """,
            some=RECORDED,
            none=UNRECORDED,
        )

    def _check_compliance_criteria(self):
        """The program's own compliance criteria, if it has any, come first."""
        if not self.cycle_id.program_id.compliance_managers:
            return
        domain = self.cycle_id._get_compliance_criteria_domain()
        satisfied = self.env["res.partner"].sudo()._search(domain)
        self._execute(
            """
            UPDATE spp_attendance_draft AS line SET passes_criteria = FALSE
            WHERE line.kind != 'member' AND NOT EXISTS (
                SELECT FROM %(satisfied)s AS satisfied WHERE satisfied.id = line.partner_id
            )
            """,
            satisfied=satisfied.subselect(),
        )

    def _judge_persons(self):
        requirement = self._get_requirement()

        def judge(has_data, present, recorded):
            attended = verdicts.Attended(present, recorded) if has_data else None
            return (verdicts.judge_person(requirement, attended),)

        has_data = SQL("answer IN %s", ANSWERS_WITH_DATA)
        case = SQL("%s, number_of_attendance, recorded", has_data)
        self._set_by_case(case, SQL("kind != 'household'"), ["verdict"], judge)

    def _sum_up_households(self):
        self._execute(
            """
            UPDATE spp_attendance_draft AS line
            SET members_counting = household.counting, members_meeting = household.meeting,
                members_without_data = household.without_data,
                number_of_attendance = household.present, recorded = household.recorded
            FROM (
                SELECT household.id, count(member.id) AS counting,
                    count(member.id) FILTER (WHERE member.verdict = %(compliant)s) AS meeting,
                    count(member.id) FILTER (WHERE member.verdict = %(no_data)s) AS without_data,
                    coalesce(sum(member.number_of_attendance), 0) AS present,
                    coalesce(sum(member.recorded), 0) AS recorded
                FROM spp_attendance_draft AS household
                LEFT JOIN spp_attendance_draft AS member
                    ON member.household_line_id = household.id AND member.counts
                WHERE household.kind = 'household'
                GROUP BY household.id
            ) AS household
            WHERE household.id = line.id
            """,
            compliant=COMPLIANT,
            no_data=NO_DATA,
        )

    def _judge_households(self):
        requirement = self._get_requirement()

        def judge(counting, meeting, without_data):
            members = verdicts.Members(counting, meeting, without_data)
            return (verdicts.judge_household(requirement, members),)

        case = SQL("members_counting, members_meeting, members_without_data")
        self._set_by_case(case, SQL("kind = 'household'"), ["verdict"], judge)

    def _resolve_states(self):
        """Put the status and the state after on the lines of memberships, and mark exceptions."""
        requirement = self._get_requirement()

        def resolve(verdict, passes_criteria, override, state):
            status = verdicts.get_status(verdict, passes_criteria, override)
            after = verdicts.get_state(requirement, verdict, passes_criteria, override, state)
            return status, after, after != state

        override = SQL(
            "(SELECT verdict FROM spp_attendance_override AS override"
            " WHERE override.id = override_id)"
        )
        case = SQL("verdict, passes_criteria, %s, state_before", override)
        columns = ["status", "state_after", "is_changing"]
        self._set_by_case(case, SQL("kind != 'member'"), columns, resolve)
        self._execute(
            """
            UPDATE spp_attendance_draft
            SET is_exception = counts AND (
                note IS NOT NULL OR verdict = %(no_data)s OR answer NOT IN %(with_data)s
            )
            """,
            no_data=NO_DATA,
            with_data=ANSWERS_WITH_DATA,
        )

    def _set_by_case(self, case, condition, columns, decide):
        """Set columns of the lines, deciding once for each distinct case among them.

        :param SQL case: the expressions that make a case
        :param decide: a function of a case's values that returns the columns' values
        """
        key = SQL("ROW(%s)::text", case)
        self.env.cr.execute(
            SQL("SELECT DISTINCT %s, %s FROM spp_attendance_draft WHERE %s", key, case, condition)
        )
        decisions = [(case_key, *decide(*values)) for case_key, *values in self.env.cr.fetchall()]
        if not decisions:
            return
        targets = [SQL.identifier(column) for column in columns]
        decided = [SQL.identifier(f"decided_{column}") for column in columns]
        self._execute(
            """
            UPDATE spp_attendance_draft SET (%(targets)s) = ROW(%(decided)s)
            FROM (VALUES %(decisions)s) AS decision (case_key, %(decided)s)
            WHERE %(condition)s AND %(key)s = case_key
            """,
            targets=SQL(", ").join(targets),
            decided=SQL(", ").join(decided),
            decisions=SQL(", ").join(SQL("%s", decision) for decision in decisions),
            condition=condition,
            key=key,
        )

    def _sum_up(self):
        """Set the counts of the run from its lines."""
        lines = self.env["spp.attendance.run.line"].sudo()
        persons = [("run_id", "=", self.id), ("kind", "!=", "household"), ("counts", "=", True)]
        registrants = [("run_id", "=", self.id), ("kind", "!=", "member")]
        without_data = lines.search_count([*persons, ("verdict", "=", NO_DATA)])
        person_count = lines.search_count(persons)
        by_status = dict(lines._read_group(registrants, ["status"], ["__count"]))
        self.write(
            {
                "person_count": person_count,
                "asked_count": lines.search_count(
                    [("run_id", "=", self.id), ("batch_id", "!=", False)]
                ),
                "with_data_count": person_count - without_data,
                "without_data_count": without_data,
                "membership_count": sum(by_status.values()),
                **{f"{status}_count": by_status.get(status, 0) for status, _label in STATUSES},
                "unchanged_count": lines.search_count([*registrants, ("is_changing", "=", False)]),
                "brake_reason": self._get_brake_reason(person_count, without_data),
            }
        )

    def _get_brake_reason(self, person_count, without_data):
        """Return why a person has to look at this before it is applied, if so."""
        lines = self.env["spp.attendance.run.line"].sudo()
        settings = self.env["spp.attendance.settings"]
        enrolled = [
            ("run_id", "=", self.id),
            ("kind", "!=", "member"),
            ("state_before", "=", "enrolled"),
        ]
        enrolled_count = lines.search_count(enrolled)
        refused_count = lines.search_count([*enrolled, ("state_after", "=", NON_COMPLIANT_STATE)])
        reasons = []
        limit = settings._get_percentage(NO_DATA_LIMIT_PARAMETER)
        if without_data * 100 > limit * person_count:
            reasons.append(
                _(
                    "%(count)s of %(total)s persons have no data, more than %(limit)s%%. "
                    "Is the right attendance system connected, with the right type of ID?",
                    count=without_data,
                    total=person_count,
                    limit=limit,
                )
            )
        limit = settings._get_percentage(NON_COMPLIANT_LIMIT_PARAMETER)
        if refused_count * 100 > limit * enrolled_count:
            reasons.append(
                _(
                    "%(count)s of %(total)s enrolled members would become non-compliant, more than "
                    "%(limit)s%%. Are the criteria right, and is the attendance complete?",
                    count=refused_count,
                    total=enrolled_count,
                    limit=limit,
                )
            )
        return "\n".join(reasons)
