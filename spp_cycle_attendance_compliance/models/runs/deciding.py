from datetime import timedelta

from odoo import _, fields, models
from odoo.tools import SQL

from ... import verdicts
from ...verdicts import COMPLIANT, EXEMPT, NO_DATA, UNDECIDED, Members
from ..criteria.attendance_criteria_mixin import ENROLMENT, JOINING
from ..criteria.attendance_waiver import EVERYBODY, LOCATIONS, PARTNERS
from ..criteria.condition_values import BY_AGE
from ..sources.attendance_source import FILES, RECORDED
from .cells import Cells
from .draft import WITH_DATA, Draft
from .free_days import FreeDays
from .worlds import set_worlds


class AttendanceCriteriaMixin(models.AbstractModel):
    """The verdicts: from the world as it is, the newest answers and the stored events.

    The rules are in `verdicts`. They are asked once for each kind of case (so many days present
    out of so many recorded), and their answer goes to all lines of that kind.
    """

    _inherit = "spp.attendance.criteria.mixin"

    def _get_usable_intakes(self):
        """Return the ids of the intakes by whose answers these criteria are decided."""
        self.env.cr.execute(
            SQL(
                "SELECT id FROM spp_attendance_intake AS intake WHERE is_done AND %s",
                self._get_intake_condition(),
            )
        )
        return [row[0] for row in self.env.cr.fetchall()]

    def _get_intake_condition(self):
        """Return the SQL condition of these: answers of any age, if they cover what is asked."""
        return self._get_covering_condition()

    # The world

    def _draft_persons(self, run_id=0, *membership_range):
        """Return a draft of who there is, and which conditions are about whom."""
        self.env.flush_all()
        partners = self.env["res.partner"].sudo()
        # Of who is archived, and a registrant still, the same is asked.
        all_partners = partners.with_context(active_test=False)
        domains = [self._get_domain_of(condition) for condition in self._get_conditions()]
        draft = Draft(
            self.env.cr,
            run_id,
            [all_partners._search(domain).select() if domain else None for domain in domains],
        )
        draft.add_registrants(self._get_cycle().id, *membership_range)
        counting = partners._search(self._get_person_domain(self.member_domain))
        draft.add_members(fields.Datetime.now(), counting.select())
        return draft

    def _draft_world(self, run_id=0, *membership_range):
        """Return a draft of who is decided about, and known by what, as it is now.

        :param int run_id: the run that the lines are of; 0 if they are only looked at
        :param membership_range: the first and the last id of the memberships; by default all
        :return: the draft, and its cells if nobody is asked
        """
        draft = self._draft_persons(run_id, *membership_range)
        self._find_free_days(draft)
        cells = Cells(draft, self._get_conditions(), self._get_spans())
        source = self.attendance_source_id
        if source._is_asked():
            self._set_identifiers(draft)
        else:
            if source.protocol == FILES:
                # No file can tell which of those who share an ID it means.
                self._set_identifiers(draft)
                draft.forget_missing_identifiers()
            cells.count(self._get_period_scope())
            cells.find_recorded()
        set_worlds(draft)
        return draft, cells

    # Free days

    def _find_free_days(self, draft):
        """Find which days are free for whom, and in which earlier cycles attendance failed."""
        first, last = self._get_attendance_period()
        earlier = self._get_earlier_cycles()
        waivers = self._get_waivers(earlier)
        has_first_day = self._has_first_day()
        for waiver in waivers.filtered(lambda waiver: waiver.scope != EVERYBODY):
            by_place = waiver.scope == LOCATIONS
            draft.add_waiver(waiver.id, self._get_waived(waiver), by_place)
        for start, joins, is_late in self._get_starts():
            draft.set_start(start, joins, first, last, is_late and has_first_day)
        draft.set_free_days(lambda until, ids: self._get_free_days(waivers, until, ids))
        if earlier:
            everybodys = waivers.filtered(lambda waiver: waiver.scope == EVERYBODY)
            draft.find_failures(earlier.ids, everybodys.ids)

    def _get_earlier_cycles(self):
        """Return the cycles whose failures count for warnings, in the order of time."""
        cycle = self._get_cycle().sudo()
        domain = [
            ("program_id", "=", cycle.program_id.id),
            ("start_date", "<", cycle.start_date),
            ("id", "!=", cycle.id),
            ("state", "!=", "cancelled"),
        ]
        if not self.attendance_warnings:
            return cycle.browse()
        count = self.attendance_warning_cycles - 1
        return cycle.search(domain, order="start_date desc, id desc", limit=count)[::-1]

    def _get_waivers(self, earlier):
        """Return the waivers that are in force in the period, and in that of earlier cycles."""
        first, last = self._get_attendance_period()
        runs = earlier.attendance_run_ids.filtered("from_date")
        first = min([first, *runs.mapped("from_date")])
        cycle = self._get_cycle()
        waivers = self.env["spp.attendance.waiver"]
        return waivers.union(
            *(waivers._get_in_force(each, first, last) for each in (cycle, *earlier))
        ).sorted(lambda waiver: (waiver.from_date, waiver.id))

    def _get_free_days(self, waivers, until, ids):
        """Return the days that are free for who has some waivers and a late start."""
        first, last = self._get_attendance_period()
        cycle = self._get_cycle()
        free = []
        if until:
            if until == last and self.attendance_first_cycle_waived:
                why = _("first cycle")
            elif self.attendance_counts_from == ENROLMENT:
                why = _("before the enrolment")
            else:
                why = _("before joining the household")
            free.append(FreeDays(first, until, why))
        for waiver in waivers:
            own = waiver.scope == EVERYBODY or waiver.id in ids
            if not own and waiver.scope != LOCATIONS:
                continue
            if waiver.cycle_id and waiver.cycle_id != cycle:
                continue
            if waiver.from_date > last or waiver.to_date < first:
                continue
            days = max(waiver.from_date, first), min(waiver.to_date, last)
            places = () if own else tuple(waiver.location_ids.ids)
            free.append(FreeDays(*days, waiver.name, places))
        return free

    def _get_waived(self, waiver):
        """Return the SQL condition of the lines of the persons whom a waiver is about."""
        if waiver.scope == PARTNERS:
            ids = waiver.partner_ids.ids
            return SQL("(line.partner_id = ANY(%s) OR main.partner_id = ANY(%s))", ids, ids)
        if waiver.scope == LOCATIONS:
            return SQL(
                """
                (
                    SELECT event.attendance_location_id FROM spp_event_attendance AS event
                    WHERE event.individual_id = line.partner_id AND event.withdrawn IS NOT TRUE
                        AND event.attendance_date < %s AND event.attendance_location_id IS NOT NULL
                    ORDER BY event.attendance_date DESC, event.id DESC LIMIT 1
                ) = ANY(%s)
                """,
                waiver.from_date,
                waiver.location_ids.ids,
            )
        if not waiver._has_areas():
            return SQL("FALSE")
        return SQL(
            "EXISTS (SELECT FROM res_partner AS lives"
            " WHERE lives.id IN (line.partner_id, main.partner_id) AND lives.area_id = ANY(%s))",
            waiver._get_areas().ids,
        )

    def _get_starts(self):
        """Yield the SQL expressions of the days from which absences count, their joins, and whether
        that is a late start."""
        cycle = self._get_cycle().sudo()
        zone = cycle._get_attendance_company().partner_id.sudo().tz or "UTC"
        last = self._get_attendance_period()[1]

        def to_day(column):
            return SQL("(%s AT TIME ZONE 'UTC' AT TIME ZONE %s)::date", column, zone)

        if self.attendance_counts_from == ENROLMENT:
            yield (
                to_day(SQL("enrolled.enrollment_date")),
                SQL(
                    "JOIN g2p_program_membership AS enrolled"
                    " ON enrolled.partner_id = main.partner_id AND enrolled.program_id = %s",
                    cycle.program_id.id,
                ),
                True,
            )
        elif self.attendance_counts_from == JOINING:
            yield (
                to_day(SQL("joined.start_date")),
                SQL(
                    """
                    JOIN g2p_group_membership AS joined
                        ON joined."group" = main.partner_id
                            AND joined.individual = line.partner_id
                            AND (joined.ended_date IS NULL OR joined.ended_date > %s)
                    """,
                    fields.Datetime.now(),
                ),
                True,
            )
        if self.attendance_first_cycle_waived:
            yield (
                SQL("%s::date", last + timedelta(days=1)),
                SQL(
                    """
                    LEFT JOIN LATERAL (
                        SELECT past.id FROM g2p_cycle_membership AS past
                        JOIN g2p_cycle AS cycle ON cycle.id = past.cycle_id
                        WHERE past.partner_id = main.partner_id AND cycle.program_id = %s
                            AND cycle.start_date < %s AND cycle.state != 'cancelled'
                            AND past.state NOT IN ('draft', 'not_eligible')
                        LIMIT 1
                    ) AS earlier ON TRUE
                    JOIN (VALUES (1)) AS first_cycle ON earlier.id IS NULL
                    """,
                    cycle.program_id.id,
                    cycle.start_date,
                ),
                False,
            )

    # The verdicts

    def _judge(self, draft, cells):
        """Put the verdicts on a draft's lines.

        :return: what was found of holidays, and of places that did not report
        """
        source = self.attendance_source_id
        if source._is_asked():
            draft.join_answers(self._get_usable_intakes())
            cells.count(self._get_period_scope())
        conditions = self._get_conditions()
        if any(condition.about == BY_AGE for condition in conditions):
            draft.note_missing_birth_dates(
                _("Has no birth date: conditions by age are not about this person.")
            )
        holidays = cells.find_holidays()
        silent = cells.find_silent_places(
            self._get_period_scope(), self._get_place_scope(), self._get_attendance_period()[0]
        )
        cells.judge()
        self._judge_households(draft)
        self._check_compliance_criteria(draft)
        return holidays, silent

    def _get_place_scope(self):
        """Return the SQL condition of a ``location`` of the source: where people were for another
        one says nothing."""
        source = self.attendance_source_id
        if source.protocol == RECORDED:
            return SQL("TRUE")
        own = SQL("location.source_id = %s", source.id)
        return own if source._is_asked() else SQL("(location.source_id IS NULL OR %s)", own)

    def _judge_households(self, draft):
        draft.execute(
            """
            UPDATE spp_attendance_draft AS line
            SET members_counting = household.counting, members_meeting = household.meeting,
                members_without_data = household.without_data,
                members_undecided = household.undecided, members_exempt = household.exempt,
                number_of_attendance = household.present, recorded = household.recorded
            FROM (
                SELECT household.id, count(member.id) AS counting,
                    count(member.id) FILTER (WHERE member.verdict IN %(met)s) AS meeting,
                    count(member.id) FILTER (WHERE member.verdict = %(no_data)s) AS without_data,
                    count(member.id) FILTER (WHERE member.verdict = %(undecided)s) AS undecided,
                    count(member.id) FILTER (WHERE member.verdict = %(exempt)s) AS exempt,
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
            met=(COMPLIANT, EXEMPT),
            no_data=NO_DATA,
            undecided=UNDECIDED,
            exempt=EXEMPT,
        )
        rules = self._get_rules()

        def judge(*members):
            return (verdicts.judge_household(rules, Members(*members)),)

        case = SQL(
            "members_counting, members_meeting, members_without_data, members_undecided,"
            " members_exempt"
        )
        draft.set_by_case(case, SQL("kind = 'household'"), ["verdict"], judge)

    def _check_compliance_criteria(self, draft):
        """The program's own compliance criteria, if it has any, come first."""
        cycle = self._get_cycle()
        if not cycle.program_id.compliance_managers:
            return
        domain = cycle._get_compliance_criteria_domain()
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
        rules = self._get_rules()

        def resolve(verdict, passes_criteria, override, state, failures):
            # Who does not meet the program's own criteria is refused for that.
            warning = verdicts.get_warning(rules, verdict, failures) if passes_criteria else 0
            decided = verdict, passes_criteria, override
            after = verdicts.get_state(rules, *decided, state, warning)
            status = verdicts.get_status(*decided, warning)
            return status, after, after != state, warning

        override = SQL(
            "(SELECT verdict FROM spp_attendance_override AS override"
            " WHERE override.id = override_id)"
        )
        case = SQL(
            "verdict, passes_criteria, %s, state_before,"
            " coalesce(jsonb_array_length(failed_cycles), 0)",
            override,
        )
        columns = ["status", "state_after", "is_changing", "warning"]
        draft.set_by_case(case, SQL("kind != 'member'"), columns, resolve)
        draft.execute(
            """
            UPDATE spp_attendance_draft SET state_after = state_before, is_changing = FALSE
            WHERE left_alone IS NOT NULL
            """
        )
        exceptional = SQL(
            """
            coalesce(left_alone IS NOT NULL OR note IS NOT NULL OR counts AND (
                unclear > 0 OR undated > 0 OR verdict IN %s
                OR finding NOT IN %s AND verdict != 'exempt'
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
