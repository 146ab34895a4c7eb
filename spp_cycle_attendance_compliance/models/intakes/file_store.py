"""The rows of a file: looked at, held against what is stored, and stored."""

import csv
import io
from itertools import islice

from odoo import _
from odoo.tools import SQL

from ...files import RowError
from ..events.event_attendance import COUNTS_ONCE_IN_FILES
from .event_store import EventStore, Stored
from .identifiers import find_persons

COPIED_AT_ONCE = 50_000
PERSONS_AT_ONCE = 2_000
CONTENT = ("individual_id", "date", "time", "category", "type_id", "location_id", "description")
COLUMNS = (
    *("number", "identifier", "date", "time", "category", "type_id", "location_id"),
    *("description", "record", "problem_column", "problem"),
)


class FileRows:
    """The rows of a file, in a table that lives as long as the connection's session needs it.

    :param env: of who looks at the file, or stores it
    :param source: that the file is of
    """

    def __init__(self, env, source):
        self.env = env
        self.cr = env.cr
        self.source = source
        self.cr.execute("DROP TABLE IF EXISTS pg_temp.spp_attendance_file_row")
        self.cr.execute(
            """
            CREATE TEMPORARY TABLE spp_attendance_file_row (
                number integer, identifier varchar, date date, time varchar, category varchar,
                type_id integer, location_id integer, description text, record varchar,
                problem_column varchar, problem varchar, individual_id integer,
                is_twice boolean DEFAULT FALSE, change varchar
            )
            """
        )

    def drop(self):
        self.cr.execute("DROP TABLE pg_temp.spp_attendance_file_row")

    def fill(self, rows):
        """Take the rows of a file.

        :param rows: an iterator of `files.Row` and `files.RowError`
        :raise files.FileError: where the file can't be read any further
        """
        rows = iter(rows)
        while lines := list(islice(rows, COPIED_AT_ONCE)):
            text = io.StringIO()
            csv.writer(text).writerows(map(self._get_line, lines))
            text.seek(0)
            self.cr.copy_expert(
                f"COPY spp_attendance_file_row ({', '.join(COLUMNS)}) FROM STDIN (FORMAT csv)",
                text,
            )
        self.cr.execute("ANALYZE spp_attendance_file_row")

    @staticmethod
    def _get_line(row):
        if isinstance(row, RowError):
            return (row.number, *[None] * 8, row.column, row.message)
        return (*row, None, None)

    def resolve(self, companies):
        """Find whose each row is, and what is stored of it; and what is wrong with it.

        :param companies: of which the persons are
        """
        self.env.flush_all()
        self._find_persons(companies)
        self._make_records()
        self._refuse_contradictions()
        self._compare()
        self.cr.execute("CREATE INDEX ON spp_attendance_file_row (individual_id)")

    def _find_persons(self, companies):
        """By their IDs, among those who are in the registry now."""
        self.cr.execute(
            SQL(
                """
                UPDATE spp_attendance_file_row AS row
                SET individual_id = CASE WHEN found.count = 1 THEN found.id END,
                    problem = CASE found.count WHEN 1 THEN NULL WHEN 0 THEN %(none)s
                        ELSE %(several)s END
                FROM (
                    SELECT told.identifier, min(person.id) AS id, count(person.id) AS count
                    FROM (
                        SELECT DISTINCT identifier FROM spp_attendance_file_row
                        WHERE problem IS NULL
                    ) AS told
                    LEFT JOIN LATERAL (
                        SELECT other.id FROM (%(persons)s) AS known
                        JOIN res_partner AS other ON other.id = known.id
                        WHERE other.active AND other.disabled IS NULL AND other.is_registrant
                            AND other.is_group IS NOT TRUE
                            AND coalesce(other.company_id, 0) = ANY(%(companies)s)
                        GROUP BY other.id
                    ) AS person ON TRUE
                    GROUP BY told.identifier
                ) AS found
                WHERE found.identifier = row.identifier AND row.problem IS NULL
                """,
                persons=find_persons(self.source.id_type_id.id, SQL("told.identifier")),
                companies=[0, *companies.ids],
                none=_("No person of the registry has this ID."),
                several=_("Several persons of the registry have this ID: correct it there."),
            ),
            log_exceptions=False,
        )

    def _make_records(self):
        """Make what tells each row from others, where the file has no record IDs."""
        self.cr.execute(
            """
            UPDATE spp_attendance_file_row
            SET record = concat_ws('/', individual_id, date, coalesce(type_id, 0),
                coalesce(location_id, 0), coalesce(time, ''))
            WHERE problem IS NULL AND record IS NULL
            """
        )

    def _refuse_contradictions(self):
        """Refuse rows that contradict each other about an attendance; of the same, one counts."""
        content = SQL(", ").join(map(SQL.identifier, CONTENT))
        self.cr.execute(
            SQL(
                """
                UPDATE spp_attendance_file_row AS row
                SET problem = CASE WHEN told.contents > 1 THEN
                        replace(%(sentence)s, '{row}',
                            (CASE WHEN row.number = told.first THEN told.last ELSE told.first END)
                            ::text)
                    END,
                    is_twice = told.contents = 1 AND row.ctid != told.kept
                FROM (
                    SELECT record, count(DISTINCT ROW(%(content)s)::text) AS contents,
                        min(number) AS first, max(number) AS last, min(ctid) AS kept
                    FROM spp_attendance_file_row WHERE problem IS NULL
                    GROUP BY record HAVING count(*) > 1
                ) AS told
                WHERE told.record = row.record AND row.problem IS NULL
                """,
                sentence=_("Row {row} says something else about the same attendance."),
                content=content,
            )
        )

    def _compare(self):
        same = SQL(", ").join(
            SQL("stored.%s", SQL.identifier(name))
            for name in (
                *("individual_id", "attendance_date", "attendance_time", "attendance_category"),
                *("attendance_type_id", "attendance_location_id", "attendance_description"),
            )
        )
        content = SQL(", ").join(SQL("row.%s", SQL.identifier(name)) for name in CONTENT)
        self.cr.execute(
            SQL(
                """
                UPDATE spp_attendance_file_row AS row SET change = found.change
                FROM (
                    SELECT row.ctid AS id, CASE
                        WHEN stored.id IS NULL THEN 'new'
                        WHEN stored.withdrawn OR (%(same)s) IS DISTINCT FROM (%(content)s)
                            THEN 'changed'
                        ELSE 'same'
                    END AS change
                    FROM spp_attendance_file_row AS row
                    LEFT JOIN LATERAL (
                        SELECT event.* FROM spp_event_attendance AS event
                        WHERE event.file_record = row.record AND event.source_id = %(source)s
                            AND event.individual_id IS NOT NULL AND event.moved_to_id IS NULL
                        ORDER BY coalesce(event.withdrawn, FALSE), event.id LIMIT 1
                    ) AS stored ON TRUE
                    WHERE row.problem IS NULL AND NOT row.is_twice
                ) AS found
                WHERE found.id = row.ctid
                """,
                same=same,
                content=content,
                source=self.source.id,
            )
        )

    # What is found

    def count(self):
        """Return how many rows there are of each kind, and other figures of the whole."""
        self.cr.execute(
            """
            SELECT count(*) FILTER (WHERE change = 'new'),
                count(*) FILTER (WHERE change = 'changed'),
                count(*) FILTER (WHERE change = 'same'), count(*) FILTER (WHERE is_twice),
                count(DISTINCT number) FILTER (WHERE problem IS NOT NULL), count(DISTINCT number),
                count(DISTINCT individual_id), min(date) FILTER (WHERE change IS NOT NULL),
                max(date) FILTER (WHERE change IS NOT NULL)
            FROM spp_attendance_file_row
            """
        )
        names = ("new", "changed", "same", "twice", "bad", "rows", "persons", "first", "last")
        return dict(zip(names, self.cr.fetchone(), strict=True))

    def get_problems(self, limit=None):
        """Return what is wrong, as (row, title of the column, sentence), in the file's order."""
        self.cr.execute(
            SQL(
                """
                SELECT number, problem_column, problem FROM spp_attendance_file_row
                WHERE problem IS NOT NULL ORDER BY number, ctid LIMIT %s
                """,
                limit,
            )
        )
        return self.cr.fetchall()

    def get_complete_scope(self):
        """Return the SQL condition of the events that a complete file is about."""
        self.cr.execute(
            """
            SELECT min(date), max(date), array_agg(DISTINCT coalesce(type_id, 0))
            FROM spp_attendance_file_row WHERE change IS NOT NULL
            """
        )
        first, last, type_ids = self.cr.fetchone()
        return SQL(
            "event.source_id = %s AND event.attendance_date BETWEEN %s AND %s"
            " AND coalesce(event.attendance_type_id, 0) = ANY(%s)",
            self.source.id,
            first,
            last,
            type_ids or [],
        )

    def count_missing(self):
        """Return how many stored attendances would be withdrawn if the file is complete."""
        self.cr.execute(
            SQL(
                """
                SELECT count(*) FROM spp_event_attendance AS event
                WHERE %s AND event.file_record IS NOT NULL AND event.withdrawn IS NOT TRUE
                    AND event.individual_id IN (
                        SELECT individual_id FROM spp_attendance_file_row WHERE change IS NOT NULL
                    ) AND NOT EXISTS (
                        SELECT FROM spp_attendance_file_row AS row
                        WHERE row.record = event.file_record AND row.change IS NOT NULL
                    )
                """,
                self.get_complete_scope(),
            )
        )
        return self.cr.fetchone()[0]

    def deal_persons(self):
        """Yield the ids of the persons that have rows, some at once, in order."""
        self.cr.execute(
            "SELECT DISTINCT individual_id FROM spp_attendance_file_row"
            " WHERE change IS NOT NULL ORDER BY 1"
        )
        ids = [row[0] for row in self.cr.fetchall()]
        for start in range(0, len(ids), PERSONS_AT_ONCE):
            yield ids[start : start + PERSONS_AT_ONCE]


class FileStore(EventStore):
    """Writes the events of a file: what tells them from each other is their record."""

    counts_once = COUNTS_ONCE_IN_FILES
    has_key = SQL("event.file_record IS NOT NULL")
    is_same = SQL("event.file_record = staging.record")

    def store_rows(self, individual_ids, is_complete) -> Stored:
        """Bring the stored events of some persons to what `FileRows` has.

        :param is_complete: whether what they have besides, within the scope, is withdrawn
        """
        self.env.flush_all()
        self._make_staging()
        self.env.cr.execute(
            """
            INSERT INTO spp_attendance_staging
                (individual_id, record, date, time, category, type_id, location_id, description)
            SELECT individual_id, record, date, time, category, type_id, location_id, description
            FROM spp_attendance_file_row
            WHERE change IS NOT NULL AND individual_id = ANY(%s)
            """,
            [individual_ids],
        )
        return self._store_staged(individual_ids, individual_ids if is_complete else [])
