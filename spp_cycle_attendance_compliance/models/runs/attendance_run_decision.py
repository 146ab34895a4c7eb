from collections import Counter
from datetime import datetime, timezone

from odoo import _, fields, models
from odoo.tools import SQL, format_date

from ...verdicts import ENROLLED_STATE, NO_DATA, NON_COMPLIANT_STATE, UNDECIDED
from ..criteria.attendance_criteria_mixin import ALL_SO_FAR, FIRST_DAY
from .attendance_run_line import STATUSES
from .kept_lines import keep_lines, take_lines, update_lines
from .places import find_places
from .worlds import leave_alone_who_changed


class AttendanceRun(models.Model):
    """A run decides about its cycle: each verdict is a line, and the run counts them."""

    _inherit = "spp.attendance.run"

    def _decide(self):
        """Make the lines of this run, a verdict on each."""
        self.ensure_one()
        self.waiver_ids = self._get_waivers(self._get_earlier_cycles())
        draft, cells = self._draft_world(self.id)
        found = self._judge(draft, cells)
        if self._is_asking():
            leave_alone_who_changed(draft)
        self._resolve_states(draft)
        find_places(draft, self.to_date, self.env["spp.attendance.waiver"]._has_areas())
        keep_lines(draft)
        self.env.invalidate_all(flush=False)
        self._note_observations(*found)
        self._sum_up()
        # To the microsecond, as the start of the run.
        self.decided_at = datetime.now(timezone.utc).replace(tzinfo=None)

    def _note_observations(self, holidays, silent):
        """Keep what was found of the whole, and say it where the run is looked at."""
        conditions, spans = self._get_conditions(), self._get_spans()

        def describe(number, month):
            name = conditions[number - 1].name if len(conditions) > 1 else ""
            days = month and format_date(self.env, month, date_format="MMMM yyyy")
            return ", ".join(filter(None, [name, days])) or self._describe_period()

        sentences = [
            _(
                "%(where)s: something is recorded of only %(having)s of %(known)s persons. It does "
                "not count, as on holidays.",
                where=describe(number, month),
                having=having,
                known=known,
            )
            for number, month, known, having in holidays
        ]
        places = self.env["spp.res.config.attendance.location"].sudo()
        sentences += [
            _(
                "%(place)s did not report (%(where)s): its %(count)s persons do not become "
                "non-compliant for it. Ask there, or decide about them yourself.",
                place=places.browse(location_id).name,
                where=describe(number, month),
                count=persons,
            )
            for location_id, number, month, persons in silent
        ]
        without = {(number, month) for number, month, _known, _having in holidays}
        held = {span.number for span in spans if (span.number, span.month) not in without}
        self.write(
            {
                "observations": "\n".join(sentences),
                "is_nothing_held": held != {span.number for span in spans},
            }
        )

    def _would_more_lose(self):
        """Look at the world again, before a run that waited is applied.

        Memberships that somebody changed meanwhile keep what stood.

        :return: whether more would lose than the person was shown: then it has to be shown again
        """
        losing, with_entitlements = self.losing_count, self.entitlement_count
        draft, _cells = self._draft_world(self.id)
        take_lines(draft)
        self._check_compliance_criteria(draft)
        self._resolve_states(draft)
        update_lines(draft)
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
        by_status, undecided_count = Counter(), 0
        for status, verdict, count in lines._read_group(
            registrants, ["status", "verdict"], ["__count"]
        ):
            by_status[status] += count
            undecided_count += count if (status, verdict) == (NO_DATA, UNDECIDED) else 0
        self.write(
            {
                "person_count": person_count,
                "asked_count": lines.search_count(
                    [("run_id", "=", self.id), ("answer_id", "!=", False)]
                ),
                "with_data_count": person_count - without_data,
                "without_data_count": without_data,
                "membership_count": sum(by_status.values()),
                **{f"{status}_count": by_status[status] for status, _label in STATUSES},
                "undecided_count": undecided_count,
                "late_count": lines.search_count([*persons, ("starts_late", "=", True)]),
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
        """Count who would change, and keep why a person has to look at this first, if so."""
        registrants = [("run_id", "=", self.id), ("kind", "!=", "member")]
        lines = self.env["spp.attendance.run.line"].sudo()
        states = {
            (state, is_changing): count
            for state, is_changing, count in lines._read_group(
                registrants, ["state_after", "is_changing"], ["__count"]
            )
        }
        losing = states.get((NON_COMPLIANT_STATE, True), 0)
        self.write(
            {
                "losing_count": losing,
                "gaining_count": states.get((ENROLLED_STATE, True), 0),
                "refused_count": losing + states.get((NON_COMPLIANT_STATE, False), 0),
                "entitlement_count": self._count_with_entitlements(
                    ("draft", "pending_validation"), SQL("TRUE")
                ),
            }
        )
        self.brake_reason = "\n".join(filter(None, self._get_brake_reasons()))

    def _get_brake_reasons(self):
        yield self._get_period_reason()
        company = self.company_id or self.env.company
        if self.is_nothing_held:
            yield _(
                "Nothing at all is recorded of nearly everybody, so a whole condition does not "
                "count. Is the right attendance system connected, with the right type?"
            )
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
        if not self.warned_count and self.losing_count * 100 > limit * may_lose:
            yield _(
                "%(count)s of %(total)s beneficiaries would become non-compliant, more than "
                "%(limit)s%%. Are the criteria right, and is the attendance complete?",
                count=self.losing_count,
                total=may_lose,
                limit=limit,
            )
        failing = self.losing_count + self.warned_count
        if self.warned_count and failing * 100 > limit * may_lose:
            yield _(
                "%(count)s of %(total)s beneficiaries fail, %(warned)s of them warned only, more "
                "than %(limit)s%%. Are the criteria right, and is the attendance complete?",
                count=failing,
                total=may_lose,
                warned=self.warned_count,
                limit=limit,
            )
        if (
            self.attendance_counts_from != FIRST_DAY
            and self.late_count * 100 > limit * self.person_count
        ):
            yield _(
                "Absences of %(count)s of %(total)s persons count only from a later day than the "
                "first. Were they enrolled again, which sets the day of their enrolment anew?",
                count=self.late_count,
                total=self.person_count,
            )
        if self.entitlement_count:
            yield _(
                "Beneficiaries who would be non-compliant and have prepared entitlements: "
                "%(count)s. Those in draft are deleted, and those pending validation cancelled.",
                count=self.entitlement_count,
            )
        approved = self._count_with_entitlements(("approved",), SQL("line.is_changing"))
        if approved:
            yield _(
                "Beneficiaries who would be non-compliant and have approved entitlements: "
                "%(count)s. Attendance leaves those as they are.",
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
