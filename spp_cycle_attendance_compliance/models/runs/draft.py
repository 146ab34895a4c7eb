"""The lines of a run while they are made: who, known by what, and how often they came."""

from odoo.tools import SQL

from ...verdicts import DAYS, DECIDED_STATES
from ..intakes.attendance_answer import KNOWN, UNREADABLE, find_newest_answer
from ..intakes.identifiers import find_persons

NO_IDENTIFIER, SHARED_IDENTIFIER = "no_identifier", "shared_identifier"
NOT_ASKED, SILENT = "not_asked", "silent"
RECORDED, UNRECORDED = "recorded", "unrecorded"
# What is found that says how often somebody came; and what only says that nobody can tell.
WITH_DATA = (KNOWN, RECORDED)
UNSETTLED = (UNREADABLE, SHARED_IDENTIFIER, NOT_ASKED, SILENT)
# The world that each membership is decided in. What is recorded here is part of it, where nobody
# is asked.
WORLDS = SQL(
    """
    SELECT line.id, line.cycle_membership_id,
        md5(concat_ws(' ', line.override_id, line.partner_id, world.persons)) AS world
    FROM spp_attendance_draft AS line
    LEFT JOIN (
        SELECT coalesce(household_line_id, id) AS id, string_agg(
            concat_ws(':', partner_id, identifier, counts, CASE WHEN counts THEN
                concat_ws(':', number_of_attendance, unclear, recorded) END),
            ' ' ORDER BY partner_id
        ) AS persons
        FROM spp_attendance_draft WHERE kind != 'household' GROUP BY 1
    ) AS world ON world.id = line.id
    WHERE line.kind != 'member'
    """
)


class Draft:
    """A copy of the lines' table that lives as long as its transaction.

    Lines go into their own table once, when they are right. Changed again and again there, they
    would cost many times as much: PostgreSQL writes all of their indexes each time.

    :param cr: the cursor; nothing of the ORM may be pending
    :param int run_id: the run that the lines are of; 0 if they are only looked at
    """

    def __init__(self, cr, run_id=0):
        self.cr = cr
        self.run_id = run_id
        self._make_table()

    def _make_table(self):
        cr = self.cr
        cr.execute("DROP TABLE IF EXISTS pg_temp.spp_attendance_draft")
        cr.execute(
            "CREATE TEMPORARY TABLE spp_attendance_draft"
            " (LIKE spp_attendance_run_line INCLUDING DEFAULTS) ON COMMIT DROP"
        )
        for name in ("number_of_attendance", "recorded", "unclear", "undated"):
            cr.execute(
                SQL(
                    "ALTER TABLE spp_attendance_draft ALTER COLUMN %s SET DEFAULT 0",
                    SQL.identifier(name),
                )
            )

    def execute(self, query, **parameters):
        self.cr.execute(SQL(query, run=self.run_id, **parameters))  # pylint: disable=sql-injection

    # Who

    def add_registrants(self, cycle_id, first_id=0, last_id=2**31 - 1):
        """Add the memberships of a cycle about which attendance decides.

        :param first_id, last_id: only those with an id from one to the other
        """
        self.execute(
            """
            INSERT INTO spp_attendance_draft
                (run_id, kind, cycle_membership_id, partner_id, state_before, override_id, counts,
                 passes_criteria, is_changing, is_exception)
            SELECT %(run)s, CASE WHEN registrant.is_group THEN 'household' ELSE 'person' END,
                membership.id, registrant.id, membership.state,
                membership.attendance_override_id, TRUE, TRUE, FALSE, FALSE
            FROM g2p_cycle_membership AS membership
            JOIN res_partner AS registrant ON registrant.id = membership.partner_id
            WHERE membership.cycle_id = %(cycle)s AND membership.state IN %(states)s
                AND membership.id BETWEEN %(first)s AND %(last)s
            ORDER BY membership.id
            """,
            cycle=cycle_id,
            states=DECIDED_STATES,
            first=first_id,
            last=last_id,
        )

    def add_members(self, now, counting=None):
        """Add a line for each member whose membership of the household has not ended.

        Who was removed from the registry is no member either. ``is_ended`` is not looked at: the
        platform's job that sets it lags behind.

        :param SQL counting: the query of the ids of the persons that count; all by default
        """
        self.execute(
            """
            INSERT INTO spp_attendance_draft
                (run_id, kind, cycle_membership_id, partner_id, household_line_id, counts,
                 passes_criteria, is_changing, is_exception)
            SELECT DISTINCT ON (household.id, person.id)
                %(run)s, 'member', household.cycle_membership_id, person.id, household.id,
                %(counts)s, TRUE, FALSE, FALSE
            FROM spp_attendance_draft AS household
            JOIN g2p_group_membership AS membership
                ON membership."group" = household.partner_id
            JOIN res_partner AS person ON person.id = membership.individual
            %(counting)s
            WHERE household.kind = 'household'
                AND (membership.ended_date IS NULL OR membership.ended_date > %(now)s)
                AND person.active AND person.disabled IS NULL
            ORDER BY household.id, person.id
            """,
            now=now,
            counts=SQL("counting.id IS NOT NULL") if counting else SQL("TRUE"),
            counting=SQL("LEFT JOIN (%s) AS counting ON counting.id = person.id", counting)
            if counting
            else SQL(),
        )
        self.cr.execute("ANALYZE spp_attendance_draft")

    # Known by what

    def set_identifiers(self, id_type_id, identifier, cycle_id):
        """Find by what each person is known; who shares it with somebody else is not asked for.

        It is shared with anybody whom the run asks about, archived and disabled persons too, and
        with any other person of the same company who is neither.

        :param SQL identifier: an expression of a ``person``'s
        """
        self.execute(
            """
            UPDATE spp_attendance_draft AS line
            SET identifier = known.identifier, finding = CASE
                WHEN known.identifier IS NULL THEN %(missing)s
                WHEN EXISTS (
                    SELECT FROM (%(sharing)s) AS sharing
                    JOIN res_partner AS other ON other.id = sharing.id
                    WHERE other.id != line.partner_id AND (
                        (other.active AND other.disabled IS NULL
                            AND other.company_id IS NOT DISTINCT FROM known.company_id)
                        OR EXISTS (
                            SELECT FROM g2p_cycle_membership AS membership
                            WHERE membership.cycle_id = %(cycle)s
                                AND membership.state IN %(states)s
                                AND membership.partner_id = other.id
                        )
                        OR EXISTS (
                            SELECT FROM g2p_group_membership AS own
                            JOIN g2p_cycle_membership AS membership
                                ON membership.partner_id = own."group"
                            WHERE own.individual = other.id
                                AND membership.cycle_id = %(cycle)s
                                AND membership.state IN %(states)s
                        )
                    )
                ) THEN %(shared)s
            END
            FROM (
                SELECT own.id, person.company_id, %(identifier)s AS identifier
                FROM spp_attendance_draft AS own
                JOIN res_partner AS person ON person.id = own.partner_id
                WHERE own.kind != 'household'
                OFFSET 0
            ) AS known
            WHERE known.id = line.id
            """,
            identifier=identifier,
            missing=NO_IDENTIFIER,
            shared=SHARED_IDENTIFIER,
            sharing=find_persons(id_type_id, SQL("known.identifier")),
            cycle=cycle_id,
            states=DECIDED_STATES,
        )

    def forget_missing_identifiers(self):
        """Let what is recorded decide about who has no identifier: nobody is asked."""
        self.execute(
            "UPDATE spp_attendance_draft SET finding = NULL WHERE finding = %(missing)s",
            missing=NO_IDENTIFIER,
        )

    def get_persons_to_ask(self, intake_ids):
        """Return the ids of the persons to ask about, by their identifiers, in order of the ids.

        In the same order in every run, or two that share persons wait for each other.

        :param intake_ids: who has an answer to one of these intakes is left out
        """
        self.execute(
            """
            SELECT DISTINCT ON (partner_id) identifier, partner_id
            FROM spp_attendance_draft AS line
            WHERE kind != 'household' AND finding IS NULL AND NOT EXISTS (%(newest)s)
            ORDER BY partner_id
            """,
            newest=find_newest_answer(SQL("line.partner_id"), SQL("line.identifier"), intake_ids),
        )
        return dict(self.cr.fetchall())

    # How often they came

    def join_answers(self, intake_ids):
        """Put the newest answer about its person, known by its identifier, on each line.

        :param intake_ids: of the intakes whose answers may be used
        """
        self.execute(
            """
            UPDATE spp_attendance_draft AS line
            SET finding = coalesce(newest.answer, %(not_asked)s), answer_id = newest.id,
                undated = coalesce(newest.unreadable_count, 0), note = newest.note
            FROM spp_attendance_draft AS own
            LEFT JOIN LATERAL (%(newest)s) AS newest ON TRUE
            WHERE own.id = line.id AND line.kind != 'household' AND line.finding IS NULL
            """,
            newest=find_newest_answer(SQL("own.partner_id"), SQL("own.identifier"), intake_ids),
            not_asked=NOT_ASKED,
        )

    def count_events(self, scope, unit):
        """Count what is recorded of each person, day by day or each on its own.

        On one day a presence comes before all else, and what may be one before an absence.

        :param SQL scope: the condition of the ``event`` that counts
        """
        counted = SQL("DISTINCT event.attendance_date" if unit == DAYS else "*")
        # By a subquery for each line, which is always looked up in the index of the persons. A join
        # would depend on statistics, and those know nothing of the events that came just now.
        self.execute(
            """
            UPDATE spp_attendance_draft AS line
            SET (number_of_attendance, unclear, recorded) = (
                SELECT count(%(counted)s) FILTER (WHERE %(present)s),
                    count(%(counted)s) FILTER (WHERE %(maybe)s)
                        - count(%(counted)s) FILTER (WHERE %(present)s),
                    count(%(counted)s)
                FROM spp_event_attendance AS event
                WHERE event.individual_id = line.partner_id AND event.withdrawn IS NOT TRUE
                    AND %(scope)s AND (line.finding IS NULL OR line.finding = %(known)s)
            )
            WHERE line.kind != 'household'
            """,
            counted=counted,
            present=SQL("event.attendance_category = 'present'"),
            maybe=SQL("event.attendance_category IN ('present', 'unknown')"),
            scope=scope,
            known=KNOWN,
        )
        self.execute(
            """
            UPDATE spp_attendance_draft
            SET finding = CASE WHEN recorded > 0 THEN %(some)s ELSE %(none)s END
            WHERE kind != 'household' AND finding IS NULL
            """,
            some=RECORDED,
            none=UNRECORDED,
        )

    def find_silent_locations(self, scope, first_day, source_id, location_id):
        """Find who is known and without a record, where nothing came from where she attends.

        That is the location that is asked about, or else that of her last attendance before.

        :param SQL scope: the condition of the ``event`` that counts
        :param date first_day: of the period
        :param source_id: that is asked; where people were for other sources says nothing
        :param location_id: the location that is asked about, if it is one
        """
        self.execute(
            """
            UPDATE spp_attendance_draft AS line SET finding = %(silent)s
            FROM spp_attendance_draft AS own
            CROSS JOIN LATERAL (
                SELECT coalesce(%(location)s, (
                    SELECT event.attendance_location_id
                    FROM spp_event_attendance AS event
                    JOIN spp_res_config_attendance_location AS place
                        ON place.id = event.attendance_location_id AND place.source_id = %(source)s
                    WHERE event.individual_id = own.partner_id AND event.withdrawn IS NOT TRUE
                        AND event.attendance_date < %(first_day)s
                    ORDER BY event.attendance_date DESC, event.id DESC LIMIT 1
                )) AS id
            ) AS location
            WHERE own.id = line.id AND own.kind != 'household' AND own.finding = %(known)s
                AND own.recorded = 0 AND own.undated = 0 AND location.id IS NOT NULL
                AND NOT EXISTS (
                    SELECT FROM spp_event_attendance AS event
                    WHERE event.attendance_location_id = location.id
                        AND event.withdrawn IS NOT TRUE AND %(scope)s
                )
            """,
            silent=SILENT,
            known=KNOWN,
            scope=scope,
            first_day=first_day,
            source=source_id,
            location=location_id or None,
        )

    # What was decided

    def set_by_case(self, case, condition, columns, decide):
        """Set columns of the lines, deciding once for each distinct case among them.

        :param SQL case: the expressions that make a case
        :param decide: a function of a case's values that returns the columns' values
        """
        key = SQL("ROW(%s)::text", case)
        self.cr.execute(
            SQL("SELECT DISTINCT %s, %s FROM spp_attendance_draft WHERE %s", key, case, condition)
        )
        decisions = [(case_key, *decide(*values)) for case_key, *values in self.cr.fetchall()]
        if not decisions:
            return
        targets = [SQL.identifier(column) for column in columns]
        decided = [SQL.identifier(f"decided_{column}") for column in columns]
        self.execute(
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

    def set_worlds(self):
        """Note on each membership's line the world that it is decided in, to be compared later."""
        self.execute(
            """
            UPDATE spp_attendance_draft AS line SET world = found.world
            FROM (%(worlds)s) AS found WHERE found.id = line.id
            """,
            worlds=WORLDS,
        )

    def get_worlds(self):
        """Return the worlds as a text that `leave_alone_who_changed` reads."""
        self.execute(
            "SELECT jsonb_object_agg(cycle_membership_id, world)::text FROM (%(worlds)s) AS found",
            worlds=WORLDS,
        )
        return self.cr.fetchone()[0]

    def leave_alone_who_changed(self):
        """Mark the lines of which somebody has changed the world since the run asked, and new ones.

        What was kept of the worlds is of no more use then.
        """
        self.execute(
            """
            UPDATE spp_attendance_draft AS line
            SET left_alone = CASE WHEN asked.world IS NULL THEN 'joined' ELSE 'changed' END
            FROM spp_attendance_draft AS own
            LEFT JOIN (
                SELECT (membership.key)::integer AS id, membership.value AS world
                FROM spp_attendance_intake AS intake
                CROSS JOIN LATERAL jsonb_each_text(intake.worlds::jsonb) AS membership
                WHERE intake.run_id = %(run)s
            ) AS asked ON asked.id = own.cycle_membership_id
            WHERE own.id = line.id AND line.kind != 'member'
                AND asked.world IS DISTINCT FROM own.world
            """
        )
        self.execute("UPDATE spp_attendance_intake SET worlds = NULL WHERE run_id = %(run)s")

    def take_lines(self):
        """Take the lines of the run that are kept, to be decided anew in the world as it is.

        What was in the draft is that world. Lines of which somebody has changed the identifier, a
        member or the override since are marked; so are those about which attendance does not
        decide any more. The others get the state that their membership has now. Who joined since
        gets a line, too, and is left alone.
        """
        self.cr.execute("DROP TABLE IF EXISTS pg_temp.spp_attendance_world")
        self.cr.execute("ALTER TABLE spp_attendance_draft RENAME TO spp_attendance_world")
        self._make_table()
        self.execute(
            """
            INSERT INTO spp_attendance_draft
            SELECT * FROM spp_attendance_run_line WHERE run_id = %(run)s ORDER BY id
            """
        )
        self.cr.execute(
            """
            INSERT INTO spp_attendance_draft
            SELECT * FROM spp_attendance_world AS now
            WHERE now.kind != 'member' AND NOT EXISTS (
                SELECT FROM spp_attendance_draft AS line
                WHERE line.cycle_membership_id = now.cycle_membership_id
            )
            """
        )
        self.cr.execute("ANALYZE spp_attendance_draft")
        self.cr.execute(
            """
            UPDATE spp_attendance_draft AS line
            SET verdict = coalesce(line.verdict, 'undecided'),
                left_alone = CASE
                    WHEN line.verdict IS NULL THEN 'joined'
                    WHEN line.cycle_membership_id IS NULL THEN 'changed'
                    WHEN line.left_alone IN ('changed', 'joined') THEN line.left_alone
                    WHEN now.id IS NULL THEN 'state'
                    WHEN now.world IS DISTINCT FROM line.world THEN 'changed'
                    ELSE nullif(line.left_alone, 'state')
                END,
                state_before = coalesce(now.state_before, line.state_before)
            FROM spp_attendance_draft AS own
            LEFT JOIN spp_attendance_world AS now
                ON now.cycle_membership_id = own.cycle_membership_id AND now.kind != 'member'
            WHERE own.id = line.id AND line.kind != 'member'
            """
        )

    def update_lines(self):
        """Put back on the lines what was decided anew."""
        columns = (
            *("left_alone", "state_before", "state_after", "is_changing", "is_exception"),
            *("passes_criteria", "status"),
        )
        names = [SQL.identifier(name) for name in columns]
        self.execute(
            """
            UPDATE spp_attendance_run_line AS line SET (%(names)s) = ROW(%(decided)s)
            FROM spp_attendance_draft AS draft
            WHERE draft.id = line.id AND line.run_id = %(run)s
                AND (%(old)s) IS DISTINCT FROM (%(decided)s)
            """,
            names=SQL(", ").join(names),
            decided=SQL(", ").join(SQL("draft.%s", name) for name in names),
            old=SQL(", ").join(SQL("line.%s", name) for name in names),
        )
        self.execute(
            """
            INSERT INTO spp_attendance_run_line
            SELECT * FROM spp_attendance_draft AS draft WHERE NOT EXISTS (
                SELECT FROM spp_attendance_run_line AS line WHERE line.id = draft.id
            )
            """
        )

    def keep(self):
        """Put the lines into their own table."""
        self.execute(
            "INSERT INTO spp_attendance_run_line SELECT * FROM spp_attendance_draft ORDER BY id"
        )
