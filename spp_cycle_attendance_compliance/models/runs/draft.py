"""The lines of a run while they are made: who, known by what, and how often they came."""

from odoo.tools import SQL

from ...verdicts import ABSENT, DECIDED_STATES, NO_DATA, NON_COMPLIANT, WARNED
from ..intakes.attendance_answer import KNOWN, UNREADABLE, find_newest_answer
from ..intakes.identifiers import find_persons

NO_IDENTIFIER, SHARED_IDENTIFIER = "no_identifier", "shared_identifier"
NOT_ASKED = "not_asked"
RECORDED, UNRECORDED = "recorded", "unrecorded"
# What is found that says how often somebody came; and what only says that nobody can tell.
WITH_DATA = (KNOWN, RECORDED)
UNSETTLED = (UNREADABLE, SHARED_IDENTIFIER, NOT_ASKED)
# What a line is made with beside its own columns: the numbers of the conditions that are about a
# person, the last day before absences count, the waivers that are about her, those that are for
# where she last attended, the key of all days that are free for her, and what is recorded of her
# where nobody is asked; and in which cycles attendance failed, waived later or not.
OWN_COLUMNS = SQL(
    "about integer[], free_until date, waivers integer[], place_waivers integer[],"
    " free_id integer DEFAULT 0, failed_ids integer[], counted text"
)
# Tells persons by the days that are free for them.
KIND = (
    "concat_ws('|', coalesce((%s::date)::text, ''), coalesce((%s::integer[])::text, ''),"
    " coalesce((%s::integer[])::text, ''))"
)


class Draft:
    """A copy of the lines' table that lives as long as its transaction.

    Lines go into their own table once, when they are right. Changed again and again there, they
    would cost many times as much: PostgreSQL writes all of their indexes each time.

    :param cr: the cursor; nothing of the ORM may be pending
    :param int run_id: the run that the lines are of; 0 if they are only looked at
    :param meant: for each condition the query of the ids of the persons whom it is about, ``None``
        for everybody
    """

    def __init__(self, cr, run_id=0, meant=()):
        self.cr = cr
        self.run_id = run_id
        self.meant = dict(enumerate(meant, 1))
        # The days that are free, by their keys.
        self.free_days = {}
        self._make_table()

    def _make_table(self):
        cr = self.cr
        cr.execute("DROP TABLE IF EXISTS pg_temp.spp_attendance_draft")
        cr.execute(
            SQL(
                "CREATE TEMPORARY TABLE spp_attendance_draft"
                " (LIKE spp_attendance_run_line INCLUDING DEFAULTS, %s) ON COMMIT DROP",
                OWN_COLUMNS,
            )
        )
        zero = ("number_of_attendance", "recorded", "unclear", "undated", "warning")
        for name, default in (*((name, "0") for name in zero), ("starts_late", "FALSE")):
            cr.execute(
                SQL(
                    "ALTER TABLE spp_attendance_draft ALTER COLUMN %s SET DEFAULT %s",
                    SQL.identifier(name),
                    SQL(default),
                )
            )

    def become_world(self):
        """Set aside what is in the draft, as the world that is, and begin an empty one."""
        self.cr.execute("DROP TABLE IF EXISTS pg_temp.spp_attendance_world")
        self.cr.execute("ALTER TABLE spp_attendance_draft RENAME TO spp_attendance_world")
        self._make_table()

    def execute(self, query, **parameters):
        self.cr.execute(SQL(query, run=self.run_id, **parameters))  # pylint: disable=sql-injection

    # Who

    def _get_about(self, person):
        """Return the expression of the conditions that are about a person, and the joins for it."""
        numbers, joins = [], []
        for number, meant in self.meant.items():
            alias = SQL.identifier(f"meant_{number}")
            if meant is None:
                numbers.append(SQL("%s", number))
            else:
                numbers.append(SQL("CASE WHEN %s.id IS NOT NULL THEN %s END", alias, number))
                joins.append(SQL("LEFT JOIN (%s) AS %s ON %s.id = %s", meant, alias, alias, person))
        about = SQL("array_remove(ARRAY[%s]::integer[], NULL)", SQL(", ").join(numbers))
        return about, SQL(" ").join(joins)

    def add_registrants(self, cycle_id, first_id=0, last_id=2**31 - 1):
        """Add the memberships of a cycle about which attendance decides.

        :param first_id, last_id: only those with an id from one to the other
        """
        about, joins = self._get_about(SQL("registrant.id"))
        self.execute(
            """
            INSERT INTO spp_attendance_draft
                (run_id, kind, cycle_membership_id, partner_id, state_before, override_id, counts,
                 passes_criteria, is_changing, is_exception, about)
            SELECT %(run)s, CASE WHEN registrant.is_group THEN 'household' ELSE 'person' END,
                membership.id, registrant.id, membership.state,
                membership.attendance_override_id, TRUE, TRUE, FALSE, FALSE, %(about)s
            FROM g2p_cycle_membership AS membership
            JOIN res_partner AS registrant ON registrant.id = membership.partner_id
            %(joins)s
            WHERE membership.cycle_id = %(cycle)s AND membership.state IN %(states)s
                AND membership.id BETWEEN %(first)s AND %(last)s
            ORDER BY membership.id
            """,
            cycle=cycle_id,
            states=DECIDED_STATES,
            first=first_id,
            last=last_id,
            about=about,
            joins=joins,
        )

    def add_members(self, now, counting=None):
        """Add a line for each member whose membership of the household has not ended.

        Who was removed from the registry is no member either. ``is_ended`` is not looked at: the
        platform's job that sets it lags behind.

        :param SQL counting: the query of the ids of the persons that count, if a condition is about
            them; all by default
        """
        about, joins = self._get_about(SQL("person.id"))
        self.execute(
            """
            INSERT INTO spp_attendance_draft
                (run_id, kind, cycle_membership_id, partner_id, household_line_id, counts,
                 passes_criteria, is_changing, is_exception, about)
            SELECT DISTINCT ON (household.id, person.id)
                %(run)s, 'member', household.cycle_membership_id, person.id, household.id,
                %(counts)s, TRUE, FALSE, FALSE, %(about)s
            FROM spp_attendance_draft AS household
            JOIN g2p_group_membership AS membership
                ON membership."group" = household.partner_id
            JOIN res_partner AS person ON person.id = membership.individual
            %(counting)s
            %(joins)s
            WHERE household.kind = 'household'
                AND (membership.ended_date IS NULL OR membership.ended_date > %(now)s)
                AND person.active AND person.disabled IS NULL
            ORDER BY household.id, person.id
            """,
            now=now,
            counts=SQL("counting.id IS NOT NULL AND cardinality(%s) > 0", about)
            if counting
            else SQL("TRUE"),
            about=about,
            joins=joins,
            counting=SQL("LEFT JOIN (%s) AS counting ON counting.id = person.id", counting)
            if counting
            else SQL(),
        )
        self.cr.execute("ANALYZE spp_attendance_draft")

    def note_missing_birth_dates(self, note):
        """Say of whom no age can be told: conditions by age are not about them.

        :param str note: the sentence
        """
        self.execute(
            """
            UPDATE spp_attendance_draft AS line SET note = coalesce(line.note, %(note)s)
            FROM res_partner AS person
            WHERE person.id = line.partner_id AND line.kind != 'household'
                AND person.birthdate IS NULL
            """,
            note=note,
        )

    # When it counts

    def set_start(self, start, joins, first_day, last_day, is_late):
        """Have absences count from a later day for some.

        :param SQL start: the expression of the day, of a ``line`` and its ``main`` one
        :param SQL joins: what it needs
        :param bool is_late: to say so on the lines
        """
        self.execute(
            """
            UPDATE spp_attendance_draft AS line
            SET free_until = greatest(line.free_until, least(found.start - 1, %(last)s)),
                starts_late = line.starts_late OR %(is_late)s
            FROM (
                SELECT line.id, min(%(start)s) AS start
                FROM spp_attendance_draft AS line
                JOIN spp_attendance_draft AS main
                    ON main.id = coalesce(line.household_line_id, line.id)
                %(joins)s
                WHERE line.kind != 'household'
                GROUP BY line.id
            ) AS found
            WHERE found.id = line.id AND found.start > %(first)s
            """,
            start=start,
            joins=joins,
            first=first_day,
            last=last_day,
            is_late=is_late,
        )

    def add_waiver(self, waiver_id, waived, is_by_place):
        """Note a waiver on the lines of the persons whom it is about.

        :param SQL waived: the condition of the ``line``, and of the ``main`` one of its registrant
        :param bool is_by_place: by where they last attended
        """
        self.execute(
            """
            UPDATE spp_attendance_draft AS line
            SET %(column)s = line.%(column)s || %(waiver)s::integer
            FROM spp_attendance_draft AS main
            WHERE main.id = coalesce(line.household_line_id, line.id)
                AND line.kind != 'household' AND %(waived)s
            """,
            column=SQL("place_waivers" if is_by_place else "waivers"),
            waiver=waiver_id,
            waived=waived,
        )

    def set_free_days(self, get_free_days):
        """Give each kind of person a key of the days that are free for her.

        :param get_free_days: a function of the last free day at the beginning, and the ids of the
            waivers about her, that returns a list of `FreeDays`
        """
        self.free_days = {0: get_free_days(None, ())}
        self.cr.execute(
            """
            SELECT DISTINCT free_until, waivers, place_waivers FROM spp_attendance_draft
            WHERE coalesce(free_until::text, waivers::text, place_waivers::text) IS NOT NULL
            """
        )
        kinds = dict(enumerate(self.cr.fetchall(), 1))
        if not kinds:
            return
        self.free_days |= {
            key: get_free_days(until, [*(waivers or ()), *(by_place or ())])
            for key, (until, waivers, by_place) in kinds.items()
        }
        self.cr.execute("DROP TABLE IF EXISTS pg_temp.spp_attendance_kind")
        self.cr.execute(
            "CREATE TEMPORARY TABLE spp_attendance_kind (id integer, kind text) ON COMMIT DROP"
        )
        self.execute(
            "INSERT INTO spp_attendance_kind VALUES %(kinds)s",
            kinds=SQL(", ").join(
                SQL("(%s, %s)", key, SQL(KIND, until, waivers, by_place))
                for key, (until, waivers, by_place) in kinds.items()
            ),
        )
        self.cr.execute("ANALYZE spp_attendance_kind")
        # Compared as texts, which PostgreSQL can hash: there may be as many kinds as days.
        self.execute(
            """
            UPDATE spp_attendance_draft AS line SET free_id = kind.id
            FROM spp_attendance_kind AS kind WHERE kind.kind = %(kind)s
            """,
            kind=SQL(KIND, SQL("line.free_until"), SQL("line.waivers"), SQL("line.place_waivers")),
        )

    # What was before

    def find_failures(self, cycle_ids, waiver_ids):
        """Note in which of some earlier cycles attendance failed: the verdict that stands there.

        A failure that was waived after it is none; by which waivers it was decided, its run keeps.

        :param cycle_ids: in the order of time
        :param waiver_ids: of the waivers that are about everybody
        """
        self.execute(
            """
            UPDATE spp_attendance_draft AS line
            SET failed_cycles = failed.cycles, failed_ids = failed.ids
            FROM (
                SELECT own.id,
                    array_agg(cycle.id ORDER BY array_position(%(cycles)s, cycle.id)) AS ids,
                    jsonb_agg(jsonb_build_array(cycle.id, cycle.name)
                        ORDER BY array_position(%(cycles)s, cycle.id))
                        FILTER (WHERE NOT waived.later) AS cycles
                FROM spp_attendance_draft AS own
                JOIN g2p_cycle_membership AS membership
                    ON membership.partner_id = own.partner_id
                        AND membership.cycle_id = ANY(%(cycles)s)
                        AND membership.attendance_status IN %(statuses)s
                JOIN g2p_cycle AS cycle ON cycle.id = membership.cycle_id
                CROSS JOIN LATERAL (
                    SELECT past.verdict, past.passes_criteria, run.id AS run_id, run.no_data_rule,
                        run.from_date, run.to_date
                    FROM spp_attendance_run_line AS past
                    JOIN spp_attendance_run AS run ON run.id = past.run_id
                    WHERE past.cycle_membership_id = membership.id AND past.kind != 'member'
                        AND past.left_alone IS NULL AND run.state = 'done'
                    ORDER BY run.applied_number DESC LIMIT 1
                ) AS standing
                CROSS JOIN LATERAL (
                    -- It did not know of it.
                    SELECT EXISTS (
                        SELECT FROM spp_attendance_draft AS about
                        JOIN spp_attendance_waiver AS waiver
                            ON waiver.id = ANY(about.waivers || about.place_waivers
                                || %(waivers)s::integer[])
                        WHERE coalesce(about.household_line_id, about.id) = own.id
                            AND coalesce(waiver.cycle_id, cycle.id) = cycle.id
                            AND waiver.from_date <= standing.to_date
                            AND waiver.to_date >= standing.from_date
                            AND NOT EXISTS (
                                SELECT FROM spp_attendance_run_waiver_rel AS known
                                WHERE known.run_id = standing.run_id
                                    AND known.waiver_id = waiver.id
                            )
                    ) AS later
                ) AS waived
                WHERE own.kind != 'member' AND standing.passes_criteria
                    AND (standing.verdict = %(refused)s
                        OR standing.verdict = %(no_data)s AND standing.no_data_rule = %(absent)s)
                GROUP BY own.id
            ) AS failed
            WHERE failed.id = line.id
            """,
            cycles=list(cycle_ids),
            waivers=list(waiver_ids),
            statuses=(NON_COMPLIANT, NO_DATA, WARNED),
            refused=NON_COMPLIANT,
            no_data=NO_DATA,
            absent=ABSENT,
        )

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
                    WHERE sharing.id != line.partner_id AND (
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
            WHERE kind != 'household' AND finding IS NULL AND cardinality(about) > 0
                AND NOT EXISTS (%(newest)s)
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

    # What was decided

    def decide(self, case, table, decide):
        """Decide once for each distinct case.

        :param SQL case: the expressions that make a case
        :param SQL table: where the cases are; with its condition
        :param decide: a function of a case's values that returns a tuple
        :return: the SQL query of the cases' keys, texts of their rows, and of what was decided;
            ``None`` if there is no case
        """
        # Texts are made of the cases only, not of each row.
        self.cr.execute(
            SQL(
                "SELECT a_case::text, a_case.* FROM (SELECT DISTINCT %s FROM %s) AS a_case",
                case,
                table,
            )
        )
        decisions = [(case_key, *decide(*values)) for case_key, *values in self.cr.fetchall()]
        if not decisions:
            return None
        return SQL("VALUES %s", SQL(", ").join(SQL("%s", decision) for decision in decisions))

    def set_by_case(self, case, condition, columns, decide):
        """Set columns of the lines, deciding once for each distinct case among them.

        :param SQL case: the expressions that make a case
        :param decide: a function of a case's values that returns the columns' values
        """
        table = SQL("spp_attendance_draft WHERE %s", condition)
        decisions = self.decide(case, table, decide)
        if not decisions:
            return
        decided = SQL(", ").join(SQL.identifier(f"decided_{column}") for column in columns)
        self.execute(
            """
            UPDATE spp_attendance_draft SET (%(targets)s) = ROW(%(decided)s)
            FROM (%(decisions)s) AS decision (case_key, %(decided)s)
            WHERE %(condition)s AND ROW(%(case)s)::text = case_key
            """,
            targets=SQL(", ").join(map(SQL.identifier, columns)),
            decided=decided,
            decisions=decisions,
            condition=condition,
            case=case,
        )
