from datetime import datetime, timezone

from odoo import _, fields, models
from odoo.tools import SQL, format_date

from ... import verdicts
from ...verdicts import (
    COMPLIANT,
    NO_DATA,
    NON_COMPLIANT_STATE,
    PERCENTAGE,
    UNDECIDED,
    Attended,
    Members,
)
from ..criteria.attendance_criteria_mixin import ALL_SO_FAR
from ..sources.attendance_source import FILES
from .attendance_run_line import STATUSES
from .draft import UNSETTLED, WITH_DATA, Draft


class AttendanceRun(models.Model):
    """The verdicts: from the world as it is, the newest answers and the stored events.

    The rules are in `verdicts`. They are asked once for each kind of case (so many days present
    out of so many recorded), and their answer goes to all lines of that kind.
    """

    _inherit = "spp.attendance.run"

    def _decide(self):
        """Make the lines of this run, a verdict on each."""
        self.ensure_one()
        draft = self._draft_world()
        draft.set_worlds()
        scope = self._get_event_scope()
        is_asked = self.attendance_source_id._is_asked()
        if is_asked:
            draft.join_answers(self._get_usable_intakes())
            draft.count_events(scope, self.attendance_unit)
        if is_asked and self.attendance_requirement == PERCENTAGE:
            draft.find_silent_locations(
                scope,
                self.from_date,
                self.attendance_source_id.id,
                self.attendance_location_id.id,
            )
        self._judge_persons(draft)
        self._judge_households(draft)
        self._check_compliance_criteria(draft)
        if self._is_asking():
            draft.leave_alone_who_changed()
        self._resolve_states(draft)
        draft.keep()
        self.env.invalidate_all(flush=False)
        self._sum_up()
        # To the microsecond, as the start of the run.
        self.decided_at = datetime.now(timezone.utc).replace(tzinfo=None)

    def _draft_world(self, *membership_range):
        """Return a draft of who is decided about, and known by what, as it is now.

        :param membership_range: the first and the last id of the memberships; by default all
        """
        self.env.flush_all()
        draft = Draft(self.env.cr, self.id)
        draft.add_registrants(self.cycle_id.id, *membership_range)
        counting = self.env["res.partner"].sudo()._search(self._get_member_domain())
        draft.add_members(fields.Datetime.now(), counting.select())
        if self.attendance_source_id._is_asked():
            self._set_identifiers(draft)
        else:
            if self.attendance_source_id.protocol == FILES:
                # No file can tell which of those who share an ID it means.
                self._set_identifiers(draft)
                draft.forget_missing_identifiers()
            draft.count_events(self._get_event_scope(), self.attendance_unit)
        return draft

    def _judge_persons(self, draft):
        requirement = self._get_requirement()

        def judge(finding, present, unclear, recorded, undated):
            attended = None
            if finding in WITH_DATA:
                attended = Attended(present, recorded - present - unclear, unclear, undated)
            return (verdicts.judge_person(requirement, attended, finding in UNSETTLED),)

        case = SQL("finding, number_of_attendance, unclear, recorded, undated")
        draft.set_by_case(case, SQL("kind != 'household'"), ["verdict"], judge)

    def _judge_households(self, draft):
        draft.execute(
            """
            UPDATE spp_attendance_draft AS line
            SET members_counting = household.counting, members_meeting = household.meeting,
                members_without_data = household.without_data,
                members_undecided = household.undecided,
                number_of_attendance = household.present, recorded = household.recorded
            FROM (
                SELECT household.id, count(member.id) AS counting,
                    count(member.id) FILTER (WHERE member.verdict = %(compliant)s) AS meeting,
                    count(member.id) FILTER (WHERE member.verdict = %(no_data)s) AS without_data,
                    count(member.id) FILTER (WHERE member.verdict = %(undecided)s) AS undecided,
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
            undecided=UNDECIDED,
        )
        requirement = self._get_requirement()

        def judge(*members):
            return (verdicts.judge_household(requirement, Members(*members)),)

        case = SQL("members_counting, members_meeting, members_without_data, members_undecided")
        draft.set_by_case(case, SQL("kind = 'household'"), ["verdict"], judge)

    def _check_compliance_criteria(self, draft):
        """The program's own compliance criteria, if it has any, come first."""
        if not self.cycle_id.program_id.compliance_managers:
            return
        domain = self.cycle_id._get_compliance_criteria_domain()
        satisfied = self.env["res.partner"].sudo()._search(domain)
        draft.execute(
            """
            UPDATE spp_attendance_draft SET passes_criteria = EXISTS (
                SELECT FROM (%(satisfied)s) AS satisfied WHERE satisfied.id = partner_id
            )
            WHERE kind != 'member'
            """,
            satisfied=satisfied.select(),
        )

    def _resolve_states(self, draft):
        """Put the status and the state after on the lines of memberships, and mark exceptions."""
        requirement = self._get_requirement()

        def resolve(verdict, passes_criteria, override, state):
            decided = verdict, passes_criteria, override
            after = verdicts.get_state(requirement, *decided, state)
            return verdicts.get_status(*decided), after, after != state

        override = SQL(
            "(SELECT verdict FROM spp_attendance_override AS override"
            " WHERE override.id = override_id)"
        )
        case = SQL("verdict, passes_criteria, %s, state_before", override)
        columns = ["status", "state_after", "is_changing"]
        draft.set_by_case(case, SQL("kind != 'member'"), columns, resolve)
        draft.execute(
            """
            UPDATE spp_attendance_draft SET state_after = state_before, is_changing = FALSE
            WHERE left_alone IS NOT NULL
            """
        )
        exceptional = SQL(
            """
            coalesce(left_alone IS NOT NULL OR counts AND (
                note IS NOT NULL OR unclear > 0 OR undated > 0
                OR verdict IN %s OR finding NOT IN %s
            ), FALSE)
            """,
            (NO_DATA, UNDECIDED),
            WITH_DATA,
        )
        draft.execute(
            """
            UPDATE spp_attendance_draft SET is_exception = %(exceptional)s
            WHERE is_exception IS DISTINCT FROM %(exceptional)s
            """,
            exceptional=exceptional,
        )

    def _would_more_lose(self):
        """Look at the world again, before a run that waited is applied.

        Memberships that somebody changed meanwhile keep what stood.

        :return: whether more would lose than the person was shown: then it has to be shown again
        """
        losing, with_entitlements = self.losing_count, self.entitlement_count
        draft = self._draft_world()
        draft.set_worlds()
        draft.take_lines()
        self._check_compliance_criteria(draft)
        self._resolve_states(draft)
        draft.update_lines()
        self.env.invalidate_all(flush=False)
        self._sum_up()
        return self.losing_count > losing or self.entitlement_count > with_entitlements

    def _sum_up(self):
        """Set the counts of the run from its lines."""
        lines = self.env["spp.attendance.run.line"].sudo()
        persons = [("run_id", "=", self.id), ("kind", "!=", "household"), ("counts", "=", True)]
        registrants = [("run_id", "=", self.id), ("kind", "!=", "member")]
        without_data = lines.search_count(
            [*persons, ("verdict", "in", (NO_DATA, UNDECIDED)), ("recorded", "=", 0)]
        )
        person_count = lines.search_count(persons)
        by_status = dict(lines._read_group(registrants, ["status"], ["__count"]))
        self.write(
            {
                "person_count": person_count,
                "asked_count": lines.search_count(
                    [("run_id", "=", self.id), ("answer_id", "!=", False)]
                ),
                "with_data_count": person_count - without_data,
                "without_data_count": without_data,
                "membership_count": sum(by_status.values()),
                **{f"{status}_count": by_status.get(status, 0) for status, _label in STATUSES},
                "unchanged_count": lines.search_count([*registrants, ("is_changing", "=", False)]),
                "changed_meanwhile_count": lines.search_count(
                    [*registrants, ("left_alone", "in", ("changed", "joined"))]
                ),
                "undecided_draft_count": lines.search_count(
                    [*registrants, *self._get_undecided_domain()]
                ),
            }
        )
        self._brake()

    # What a person has to look at first

    def _brake(self):
        """Count who would lose, and keep why a person has to look at this first, if so."""
        lines = self.env["spp.attendance.run.line"].sudo()
        losing = [
            ("run_id", "=", self.id),
            ("kind", "!=", "member"),
            ("is_changing", "=", True),
            ("state_after", "=", NON_COMPLIANT_STATE),
        ]
        self.write(
            {
                "losing_count": lines.search_count(losing),
                "entitlement_count": self._count_with_entitlements(
                    ("draft", "pending_validation"), SQL("TRUE")
                ),
            }
        )
        self.brake_reason = "\n".join(filter(None, self._get_brake_reasons()))

    def _get_brake_reasons(self):
        yield self._get_period_reason()
        company = self.company_id or self.env.company
        limit = company.attendance_no_data_limit
        if self.without_data_count * 100 > limit * self.person_count:
            yield _(
                "%(count)s of %(total)s persons have no data, more than %(limit)s%%. "
                "Is the right attendance system connected, with the right type of ID?",
                count=self.without_data_count,
                total=self.person_count,
                limit=limit,
            )
        limit = company.attendance_non_compliant_limit
        may_lose = self._count_who_may_lose()
        if self.losing_count * 100 > limit * may_lose:
            yield _(
                "%(count)s of %(total)s members would become non-compliant, more than "
                "%(limit)s%%. Are the criteria right, and is the attendance complete?",
                count=self.losing_count,
                total=may_lose,
                limit=limit,
            )
        if self.entitlement_count:
            yield _(
                "%(count)s members who would be non-compliant have prepared entitlements: "
                "those in draft are deleted, and those pending validation cancelled.",
                count=self.entitlement_count,
            )
        approved = self._count_with_entitlements(("approved",), SQL("line.is_changing"))
        if approved:
            yield _(
                "%(count)s members who would be non-compliant have approved entitlements: "
                "attendance leaves those as they are.",
                count=approved,
            )

    def _get_period_reason(self):
        """Return how much of the period is still to come: now, and when it was asked about."""
        if self.attendance_period == ALL_SO_FAR:
            return ""  # what comes later is not meant
        today = self.cycle_id._get_attendance_day(fields.Datetime.now())
        days = (self.to_date - self.from_date).days + 1
        # Today is over only tomorrow.
        left = min(days, (self.to_date - today).days + 1)
        if left > 0:
            return _(
                "The period is not over: %(left)s of %(days)s days are still to come.",
                left=left,
                days=days,
            )
        self.env.cr.execute(
            """
            SELECT min(intake.answered_at)
            FROM spp_attendance_run_line AS line
            JOIN spp_attendance_answer AS answer ON answer.id = line.answer_id
            JOIN spp_attendance_intake AS intake ON intake.id = answer.intake_id
            WHERE line.run_id = %s
            """,
            [self.id],
        )
        asked_at = self.env.cr.fetchone()[0]
        asked_on = asked_at and self.cycle_id._get_attendance_day(asked_at)
        if asked_on and asked_on <= self.to_date:
            return _(
                "Some answers were given on %(day)s, before the period was over.",
                day=format_date(self.env, asked_on),
            )
        return ""

    def _count_with_entitlements(self, states, condition):
        """Return how many memberships that are refused have entitlements in some states.

        :param SQL condition: of the ``line``
        """
        self.env.cr.execute(
            SQL(
                """
                SELECT count(*) FROM spp_attendance_run_line AS line
                WHERE line.run_id = %(run)s AND line.kind != 'member' AND line.left_alone IS NULL
                    AND line.state_after = %(refused)s AND %(deciding)s AND %(condition)s AND (
                        EXISTS (
                            SELECT FROM g2p_entitlement WHERE cycle_id = %(cycle)s
                                AND partner_id = line.partner_id AND state IN %(states)s
                        ) OR EXISTS (
                            SELECT FROM g2p_entitlement_inkind WHERE cycle_id = %(cycle)s
                                AND partner_id = line.partner_id AND state IN %(states)s
                        )
                    )
                """,
                run=self.id,
                cycle=self.cycle_id.id,
                refused=NON_COMPLIANT_STATE,
                deciding=self._get_deciding(),
                states=states,
                condition=condition,
            )
        )
        return self.env.cr.fetchone()[0]

    def _count_who_may_lose(self):
        return self.env["spp.attendance.run.line"].search_count(
            [
                ("run_id", "=", self.id),
                ("kind", "!=", "member"),
                ("state_before", "!=", NON_COMPLIANT_STATE),
            ]
        )
