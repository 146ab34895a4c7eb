"""What is recorded of each person, held against each condition: cells, on the way to verdicts."""

import json

from odoo.tools import SQL

from ... import verdicts
from ...verdicts import DAYS, PERCENTAGE, Days, Judgement, Recorded
from ..intakes.attendance_answer import KNOWN
from .draft import RECORDED, UNRECORDED, UNSETTLED, WITH_DATA
from .free_days import choose, count_left

COUNTS = ("present", "excused", "absent", "unclear", "free", "excused_unclear", "free_unclear")
# Of a place with so many persons it is told that it did not report; of a smaller one, only if not
# even absences came from there.
FEWEST_AT_PLACE = 5
HAS_RECORDS = SQL(
    "cell.present + cell.excused + cell.absent + cell.unclear + cell.free > 0"
)


class Cells:
    """The cells of a draft, in a table that lives as long as its transaction.

    :param draft: the `Draft`; nothing of the ORM may be pending
    :param conditions: a list of `ConditionValues`
    :param spans: a list of `Span`
    """

    def __init__(self, draft, conditions, spans):
        self.draft = draft
        self.cr = draft.cr
        self.conditions = conditions
        self.spans = spans

    def _values(self, rows):
        return SQL(", ").join(SQL("%s", tuple(row)) for row in rows)

    # How often they came

    def count(self, scope):
        """Count what is recorded of each person, by condition and month.

        On one day a presence comes before an excuse, and an excuse before what may be one of both;
        an absence comes last. Sessions are counted one by one.

        :param SQL scope: the condition of the ``event`` of the source and the period
        """
        has_free = self._note_free_days()
        spans = [
            (
                *span,
                condition.type_id,
                condition.location_id,
                condition.unit == DAYS,
            )
            for span in self.spans
            for condition in [self.conditions[span.number - 1]]
        ]
        is_free = SQL("FALSE")
        days_left = SQL("span.last - span.first + 1")
        if has_free:
            is_free = SQL(
                """
                EXISTS (
                    SELECT FROM spp_attendance_free AS free
                    WHERE free.id = line.free_id AND free.number = day.number
                        AND day.date BETWEEN free.first AND free.last
                )
                """
            )
            days_left = SQL(
                "(SELECT days FROM spp_attendance_days_left AS days_left"
                " WHERE days_left.id = line.free_id AND days_left.number = span.number"
                " AND days_left.month IS NOT DISTINCT FROM span.month)"
            )
        self.cr.execute("DROP TABLE IF EXISTS pg_temp.spp_attendance_cell")
        # By a subquery for each line, which is always looked up in the index of the persons. A join
        # would depend on statistics, and those know nothing of the events that came just now.
        self.draft.execute(
            """
            CREATE TEMPORARY TABLE spp_attendance_cell ON COMMIT DROP AS
            SELECT line.id AS line_id, line.partner_id, line.undated,
                found.number = line.about[1] AS is_first,
                CASE WHEN line.finding IN %(with_data)s THEN %(known)s
                    WHEN line.finding IN %(unsettled)s THEN 'unsettled' END AS data,
                FALSE AS is_holiday, FALSE AS is_silent, found.*
            FROM spp_attendance_draft AS line
            CROSS JOIN LATERAL (
                SELECT number, month, total, days_left,
                    count(*) FILTER (WHERE present) AS present,
                    count(*) FILTER (WHERE excused AND NOT present) AS excused,
                    count(*) FILTER (WHERE is_left AND NOT unclear AND NOT is_free) AS absent,
                    count(*) FILTER (WHERE is_left AND unclear AND NOT is_free) AS unclear,
                    count(*) FILTER (WHERE is_left AND is_free) AS free,
                    count(*) FILTER (WHERE excused AND unclear AND NOT present) AS excused_unclear,
                    count(*) FILTER (WHERE is_left AND unclear AND is_free) AS free_unclear
                FROM (
                    SELECT day.*, NOT present AND NOT excused AS is_left, %(is_free)s AS is_free
                    FROM (
                        SELECT span.number, span.month, span.total, %(days_left)s AS days_left,
                            event.attendance_date AS date,
                            bool_or(event.attendance_category = 'present') AS present,
                            bool_or(event.attendance_category = 'excused') AS excused,
                            bool_or(event.attendance_category = 'unknown') AS unclear
                        FROM (VALUES %(spans)s) AS span
                            (number, month, first, last, total, type_id, location_id, by_days)
                        LEFT JOIN spp_event_attendance AS event
                            ON event.individual_id = line.partner_id
                            AND event.withdrawn IS NOT TRUE
                            AND event.attendance_date BETWEEN span.first AND span.last
                            AND (span.type_id::integer IS NULL
                                OR span.type_id::integer = event.attendance_type_id)
                            AND (span.location_id::integer IS NULL
                                OR span.location_id::integer = event.attendance_location_id)
                            AND %(scope)s AND (line.finding IS NULL OR line.finding = %(known)s)
                        WHERE span.number = ANY(line.about)
                        GROUP BY span.number, span.month, span.first, span.last, span.total,
                            event.attendance_date, CASE WHEN span.by_days THEN 0 ELSE event.id END
                    ) AS day
                ) AS day
                GROUP BY number, month, total, days_left
            ) AS found
            WHERE line.kind != 'household'
            """,
            with_data=WITH_DATA,
            unsettled=UNSETTLED,
            known=KNOWN,
            spans=SQL(", ").join(
                SQL("(%s, %s::date, %s, %s, %s, %s, %s, %s)", *span) for span in spans
            ),
            is_free=is_free,
            days_left=days_left,
            scope=scope,
        )

    def _note_free_days(self):
        """Make tables of the days that are free, and of how many are left; return whether any are.

        They are noted once for each kind of person, as `Draft.set_free_days` told them apart.
        """
        free, left = [], []
        for key, days in self.draft.free_days.items():
            for number, condition in enumerate(self.conditions, 1):
                own = choose(days, condition.location_id)
                free += [(key, number, each.first, each.last) for each in own]
                left += [
                    (key, number, span.month, count_left(own, span.first, span.last))
                    for span in self.spans
                    if span.number == number
                ]
        if not free:
            return False
        self.cr.execute(
            """
            DROP TABLE IF EXISTS pg_temp.spp_attendance_free;
            CREATE TEMPORARY TABLE spp_attendance_free
                (id integer, number integer, first date, last date) ON COMMIT DROP;
            DROP TABLE IF EXISTS pg_temp.spp_attendance_days_left;
            CREATE TEMPORARY TABLE spp_attendance_days_left
                (id integer, number integer, month date, days integer) ON COMMIT DROP
            """
        )
        for table, rows in (("spp_attendance_free", free), ("spp_attendance_days_left", left)):
            self.cr.execute(
                SQL("INSERT INTO %s VALUES %s", SQL.identifier(table), self._values(rows))
            )
            self.cr.execute(SQL("CREATE INDEX ON %s (id, number)", SQL.identifier(table)))
            self.cr.execute(SQL("ANALYZE %s", SQL.identifier(table)))
        return True

    def find_recorded(self):
        """Say of who was asked about nowhere whether anything is recorded, and what."""
        self.draft.execute(
            """
            UPDATE spp_attendance_draft AS line
            SET finding = CASE WHEN found.has_records THEN %(some)s ELSE %(none)s END,
                counted = found.counted
            FROM (
                SELECT own.id, coalesce(bool_or(%(has_records)s), FALSE) AS has_records,
                    string_agg(concat_ws(':', cell.number, cell.month, %(counts)s), ' '
                        ORDER BY cell.number, cell.month) AS counted
                FROM spp_attendance_draft AS own
                LEFT JOIN spp_attendance_cell AS cell ON cell.line_id = own.id
                WHERE own.kind != 'household' AND own.finding IS NULL
                GROUP BY own.id
            ) AS found
            WHERE found.id = line.id
            """,
            some=RECORDED,
            none=UNRECORDED,
            has_records=HAS_RECORDS,
            counts=SQL(", ").join(SQL.identifier("cell", name) for name in COUNTS),
        )
        self.draft.execute(
            """
            UPDATE spp_attendance_cell AS cell SET data = %(known)s
            FROM spp_attendance_draft AS line
            WHERE line.id = cell.line_id AND line.finding = %(some)s
            """,
            known=KNOWN,
            some=RECORDED,
        )

    # What the others say

    def find_holidays(self):
        """Mark the cells in which nothing was held; see `verdicts.is_holiday`.

        :return: a list of (number of the condition, month, others known, of how many of them
            anything is recorded)
        """
        self.draft.execute(
            """
            SELECT number, month, count(DISTINCT partner_id),
                count(DISTINCT partner_id) FILTER (WHERE %(has_records)s)
            FROM spp_attendance_cell AS cell WHERE data = %(known)s
            GROUP BY number, month ORDER BY number, month NULLS FIRST
            """,
            has_records=HAS_RECORDS,
            known=KNOWN,
        )
        holidays = []
        for number, month, known, having in self.cr.fetchall():
            kind = self.conditions[number - 1].kind
            # What is recorded of somebody says nothing about her own holiday.
            for condition, has_own, others, others_with in (
                (SQL("data = %s AND NOT %s", KNOWN, HAS_RECORDS), False, known - 1, having),
                (SQL("data = %s AND %s", KNOWN, HAS_RECORDS), True, known - 1, having - 1),
                (SQL("data IS DISTINCT FROM %s", KNOWN), False, known, having),
            ):
                if verdicts.is_holiday(kind, has_own, others, others_with):
                    self.draft.execute(
                        """
                        UPDATE spp_attendance_cell AS cell SET is_holiday = TRUE
                        WHERE number = %(number)s AND month IS NOT DISTINCT FROM %(month)s
                            AND %(condition)s
                        """,
                        number=number,
                        month=month,
                        condition=condition,
                    )
                    if (number, month, known, having) not in holidays:
                        holidays.append((number, month, known, having))
        return holidays

    def find_silent_places(self, source_id, first_day):
        """Mark the cells of who is known and without a record where nothing came from her place.

        That is the location that is asked about, or else that of her last attendance before.

        :param source_id: that is asked; where people were for other sources says nothing
        :param first_day: of the period
        :return: a list of (id of the location, number of the condition, month, persons)
        """
        self.cr.execute("DROP TABLE IF EXISTS pg_temp.spp_attendance_place")
        self.draft.execute(
            """
            CREATE TEMPORARY TABLE spp_attendance_place ON COMMIT DROP AS
            SELECT cell.line_id, cell.number, cell.month, place.id AS location_id
            FROM spp_attendance_cell AS cell
            JOIN spp_attendance_draft AS line ON line.id = cell.line_id
            JOIN (VALUES %(conditions)s) AS condition (number, type_id, location_id)
                ON condition.number = cell.number
            CROSS JOIN LATERAL (
                SELECT coalesce(condition.location_id::integer, (
                    SELECT event.attendance_location_id
                    FROM spp_event_attendance AS event
                    JOIN spp_res_config_attendance_location AS location
                        ON location.id = event.attendance_location_id
                        AND location.source_id = %(source)s
                    WHERE event.individual_id = line.partner_id AND event.withdrawn IS NOT TRUE
                        AND event.attendance_date < %(first_day)s
                        AND (condition.type_id::integer IS NULL
                            OR condition.type_id::integer = event.attendance_type_id)
                    ORDER BY event.attendance_date DESC, event.id DESC LIMIT 1
                )) AS id
            ) AS place
            WHERE cell.data = %(known)s AND NOT cell.is_holiday AND NOT %(has_records)s
                AND cell.undated = 0 AND place.id IS NOT NULL
            """,
            conditions=SQL(", ").join(
                SQL("(%s, %s, %s)", number, condition.type_id, condition.location_id)
                for number, condition in enumerate(self.conditions, 1)
            ),
            source=source_id,
            first_day=first_day,
            known=KNOWN,
            has_records=HAS_RECORDS,
        )
        self.cr.execute("ANALYZE spp_attendance_place")
        self.draft.execute(
            """
            WITH reported AS MATERIALIZED (
                SELECT DISTINCT span.number, span.month, event.attendance_location_id AS location_id
                FROM (VALUES %(spans)s) AS span (number, month, first, last)
                JOIN spp_event_attendance AS event
                    ON event.attendance_date BETWEEN span.first AND span.last
                WHERE event.withdrawn IS NOT TRUE AND event.attendance_location_id IN (
                    SELECT location_id FROM spp_attendance_place
                )
            ), quiet AS (
                SELECT place.number, place.month, place.location_id, count(*) AS persons
                FROM spp_attendance_place AS place
                LEFT JOIN reported ON reported.number = place.number
                    AND reported.month IS NOT DISTINCT FROM place.month
                    AND reported.location_id = place.location_id
                WHERE reported.number IS NULL
                GROUP BY place.number, place.month, place.location_id
                HAVING count(*) >= %(fewest)s OR place.number = ANY(%(percentages)s)
            ), marked AS (
                UPDATE spp_attendance_cell AS cell SET is_silent = TRUE
                FROM spp_attendance_place AS place
                JOIN quiet ON quiet.number = place.number
                    AND quiet.month IS NOT DISTINCT FROM place.month
                    AND quiet.location_id = place.location_id
                WHERE place.line_id = cell.line_id AND place.number = cell.number
                    AND place.month IS NOT DISTINCT FROM cell.month
            )
            SELECT location_id, number, month, persons FROM quiet
            ORDER BY location_id, number, month NULLS FIRST
            """,
            fewest=FEWEST_AT_PLACE,
            percentages=[
                number
                for number, condition in enumerate(self.conditions, 1)
                if condition.kind == PERCENTAGE
            ],
            spans=SQL(", ").join(SQL("(%s, %s::date, %s, %s)", *span[:4]) for span in self.spans),
        )
        return self.cr.fetchall()

    # What was decided

    def judge(self):
        """Put the verdict on each person's line, with what it was made of.

        Each cell that differs is judged once, and so is each combination of what was found.
        """
        self.draft.execute(
            """
            UPDATE spp_attendance_draft SET verdict = %(exempt)s
            WHERE kind != 'household' AND cardinality(about) = 0
            """,
            exempt=verdicts.EXEMPT,
        )
        case = SQL(
            "number, total, days_left, undated, data, is_holiday, is_silent, %s",
            SQL(", ").join(map(SQL.identifier, COUNTS)),
        )
        decisions = self.draft.decide(case, SQL("spp_attendance_cell"), self._judge_cell)
        if not decisions:
            return
        self.cr.execute("DROP TABLE IF EXISTS pg_temp.spp_attendance_judged")
        self.draft.execute(
            """
            CREATE TEMPORARY TABLE spp_attendance_judged ON COMMIT DROP AS
            SELECT cell.line_id, min(cell.undated) AS undated,
                string_agg(decision.found, ' ' ORDER BY cell.number, cell.month) AS found,
                string_agg(
                    concat('[', cell.number, ',"', cell.month, '",', concat_ws(',', %(counts)s),
                        ',', decision.shown, ']'),
                    ',' ORDER BY cell.number, cell.month
                ) AS cells,
                sum(present) FILTER (WHERE is_first) AS present,
                sum(present + excused + absent + unclear + free) FILTER (WHERE is_first)
                    AS recorded,
                sum(unclear + excused_unclear + free_unclear) AS unclear
            FROM spp_attendance_cell AS cell
            JOIN (%(decisions)s) AS decision (case_key, found, shown)
                ON decision.case_key = ROW(%(case)s)::text
            GROUP BY cell.line_id
            """,
            counts=SQL(", ").join(map(SQL.identifier, COUNTS)),
            decisions=decisions,
            case=case,
        )
        verdict = self.draft.decide(
            SQL("found, undated"), SQL("spp_attendance_judged"), self._judge_person
        )
        self.draft.execute(
            """
            UPDATE spp_attendance_draft AS line
            SET verdict = decision.verdict, number_of_attendance = judged.present,
                recorded = judged.recorded, unclear = judged.unclear,
                proof = concat('{"cells":[', judged.cells, ']', (
                    SELECT ',"free":' || days
                    FROM (VALUES %(free)s) AS free (id, days) WHERE free.id = line.free_id
                ), '}')::jsonb
            FROM spp_attendance_judged AS judged
            JOIN (%(verdict)s) AS decision (case_key, verdict)
                ON decision.case_key = ROW(judged.found, judged.undated)::text
            WHERE judged.line_id = line.id
            """,
            free=self._values(
                [(key, json.dumps(days, default=str)) for key, days in self._get_free()]
                or [(-1, "[]")]
            ),
            verdict=verdict,
        )

    def _get_free(self):
        for key, free in self.draft.free_days.items():
            if free:
                yield key, [each[:3] for each in free]

    def _judge_cell(
        self, number, total, days_left, undated, data, is_holiday, is_silent, *counts
    ):
        present, excused, absent, unclear, free, excused_unclear, free_unclear = counts
        recorded = None
        if data == KNOWN:
            recorded = Recorded(
                *(present, excused, absent, unclear, undated, free),
                *(excused_unclear, free_unclear),
            )
        found = verdicts.judge_cell(
            self.conditions[number - 1].rule,
            recorded,
            Days(total, days_left),
            is_holiday,
            is_silent or data == "unsettled",
        )
        why = "holiday" if is_holiday else "silent" if is_silent else ""
        return (
            f"{number}:{found.verdict}:{found.needed}",
            f'{found.required},"{found.verdict}","{why}"',
        )

    @staticmethod
    def _judge_person(found, undated):
        by_condition = {}
        for each in found.split():
            number, verdict, needed = each.split(":")
            by_condition.setdefault(number, []).append(Judgement(verdict, 0, int(needed)))
        return (
            verdicts.judge_person(
                verdicts.judge_condition(cells, undated) for cells in by_condition.values()
            ),
        )
