"""The rows of a file: looked at, held against what is stored, and stored."""

import csv
import io
from itertools import islice

from odoo import _
from odoo.tools import SQL

from ...files import RowError
from ..events.event_attendance import COUNTS_ONCE_IN_FILES
from .event_store import EventStore, Stored
from .file_sentences import FileSentences
from .identifiers import find_persons

COPIED_AT_ONCE = 50_000
CONTENT = (
    *("individual_id", "date", "time", "category", "type_id", "location_id", "description"),
    "reason_id",
)
COLUMNS = (
    *("number", "identifier", "date", "time", "category", "type_id", "location_id"),
    *("description", "record", "reason_id", "problem_column", "problem"),
)


class FileDraft:
    """The rows of a file while they are looked at, in a table that is gone afterwards.

    :param env: of who looks at the file, or stores it
    :param source: that the file is of
    """

    def __init__(self, env, source):
        self.env = env
        self.cr = env.cr
        self.source = source
        self.cr.execute("DROP TABLE IF EXISTS pg_temp.spp_attendance_file_draft")
        self.cr.execute(
            """
            CREATE TEMPORARY TABLE spp_attendance_file_draft (
                number integer, identifier varchar, date date, time varchar, category varchar,
                type_id integer, location_id integer, description text, record varchar,
                reason_id integer, problem_column varchar, problem varchar,
                individual_id integer, is_twice boolean DEFAULT FALSE, change varchar
            ) ON COMMIT DROP
            """
        )

    def drop(self):
        self.cr.execute("DROP TABLE pg_temp.spp_attendance_file_draft")

    def fill(self, rows):
        """Take the rows of a file.

        :param rows: an iterator of `files.Row` and `files.RowError`
        :raise files.FileError: where the file can't be read any further
        """
        rows, sentences = iter(rows), FileSentences(self.env)
        while lines := list(islice(rows, COPIED_AT_ONCE)):
            text = io.StringIO()
            csv.writer(text).writerows(self._get_line(line, sentences) for line in lines)
            text.seek(0)
            self.cr.copy_expert(
                f"COPY spp_attendance_file_draft ({', '.join(COLUMNS)}) FROM STDIN (FORMAT csv)",
                text,
            )
        self.cr.execute("ANALYZE spp_attendance_file_draft")

    @staticmethod
    def _get_line(row, sentences):
        if isinstance(row, RowError):
            return (row.number, *[None] * 9, row.column, sentences.say(row.message))
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

    def _find_persons(self, companies):
        """By their IDs, among those who are in the registry now."""
        self.cr.execute(
            SQL(
                """
                UPDATE spp_attendance_file_draft AS row
                SET individual_id = CASE WHEN found.count = 1 THEN found.id END,
                    problem = CASE found.count WHEN 1 THEN NULL WHEN 0 THEN %(none)s
                        ELSE %(several)s END
                FROM (
                    SELECT told.identifier, min(person.id) AS id, count(person.id) AS count
                    FROM (
                        SELECT DISTINCT identifier FROM spp_attendance_file_draft
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
                none=self._say_who_is_not_found(),
                several=_("Several persons of the registry have this ID: correct it there."),
            ),
            log_exceptions=False,
        )

    def _say_who_is_not_found(self):
        """Name the type of ID: the person may be there with another one."""
        if kind := self.source.id_type_id.name:
            return _("No person of the registry has this ID of the type %(kind)s.", kind=kind)
        return _("No person of the registry has this ID.")

    def _make_records(self):
        """Make what tells each row from others, where the file has no record IDs."""
        self.cr.execute(
            """
            UPDATE spp_attendance_file_draft
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
                UPDATE spp_attendance_file_draft AS row
                SET problem = CASE WHEN told.contents > 1 THEN
                        replace(%(sentence)s, '{row}',
                            (CASE WHEN row.number = told.first THEN told.last ELSE told.first END)
                            ::text)
                    END,
                    is_twice = told.contents = 1 AND row.ctid != told.kept
                FROM (
                    SELECT record, count(DISTINCT ROW(%(content)s)::text) AS contents,
                        min(number) AS first, max(number) AS last, min(ctid) AS kept
                    FROM spp_attendance_file_draft WHERE problem IS NULL
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
                "excuse_reason_id",
            )
        )
        content = SQL(", ").join(SQL("row.%s", SQL.identifier(name)) for name in CONTENT)
        self.cr.execute(
            SQL(
                """
                UPDATE spp_attendance_file_draft AS row SET change = found.change
                FROM (
                    SELECT row.ctid AS id, CASE
                        WHEN stored.id IS NULL THEN 'new'
                        WHEN stored.withdrawn OR (%(same)s) IS DISTINCT FROM (%(content)s)
                            THEN 'changed'
                        ELSE 'same'
                    END AS change
                    FROM spp_attendance_file_draft AS row
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
                max(date) FILTER (WHERE change IS NOT NULL),
                count(*) FILTER (WHERE change IS NOT NULL AND type_id IS NULL)
            FROM spp_attendance_file_draft
            """
        )
        names = ("new", "changed", "same", "twice", "bad", "rows", "persons", "first", "last")
        names += ("untyped",)
        return dict(zip(names, self.cr.fetchone(), strict=True))

    def get_problems(self, limit=None):
        """Return what is wrong, as (row, title of the column, sentence), in the file's order.

        What is wrong with a row of a class sheet is said once, and not for each of its days.
        """
        self.cr.execute(
            SQL(
                """
                SELECT number, problem_column, problem FROM spp_attendance_file_draft
                WHERE problem IS NOT NULL
                GROUP BY number, problem_column, problem ORDER BY number, min(ctid) LIMIT %s
                """,
                limit,
            )
        )
        return self.cr.fetchall()

    def get_left_out(self, limit):
        """Return all that is wrong with each of the first rows that can't be used, by its number.

        :param limit: of how many rows
        """
        self.cr.execute(
            SQL(
                """
                SELECT number, string_agg(
                    CASE WHEN problem_column > '' THEN problem_column || ': ' ELSE '' END
                        || problem, ' ' ORDER BY first
                ) FROM (
                    SELECT number, problem_column, problem, min(ctid) AS first
                    FROM spp_attendance_file_draft WHERE problem IS NOT NULL
                    GROUP BY 1, 2, 3
                ) AS told
                GROUP BY number ORDER BY number LIMIT %s
                """,
                limit,
            )
        )
        return dict(self.cr.fetchall())

    def count_missing(self):
        """Return how many stored attendances would be withdrawn if the file is complete."""
        self.cr.execute(
            SQL(
                """
                SELECT count(*) FROM spp_event_attendance AS event
                JOIN (
                    SELECT min(date) AS first, max(date) AS last,
                        array_agg(DISTINCT coalesce(type_id, 0)) AS type_ids
                    FROM spp_attendance_file_draft WHERE change IS NOT NULL
                ) AS file
                    ON event.attendance_date BETWEEN file.first AND file.last
                    AND coalesce(event.attendance_type_id, 0) = ANY(file.type_ids)
                WHERE event.source_id = %s AND event.file_record IS NOT NULL
                    AND event.withdrawn IS NOT TRUE
                    AND event.individual_id IN (
                        SELECT individual_id FROM spp_attendance_file_draft
                        WHERE change IS NOT NULL
                    ) AND NOT EXISTS (
                        SELECT FROM spp_attendance_file_draft AS row
                        WHERE row.record = event.file_record AND row.change IS NOT NULL
                    )
                """,
                self.source.id,
            )
        )
        return self.cr.fetchone()[0]

    def keep(self, intake_id):
        """Keep what the file says, for good; return the types that it is about, 0 for none."""
        self.cr.execute(
            """
            INSERT INTO spp_attendance_file_row
                (intake_id, number, record, individual_id, date, time, category, type_id,
                 location_id, description, reason_id)
            SELECT %s, number, record, individual_id, date, time, category, type_id,
                location_id, description, reason_id
            FROM spp_attendance_file_draft WHERE change IS NOT NULL ORDER BY individual_id, number
            """,
            [intake_id],
        )
        self.cr.execute(
            "SELECT array_agg(DISTINCT coalesce(type_id, 0)) FROM spp_attendance_file_draft"
            " WHERE change IS NOT NULL"
        )
        return self.cr.fetchone()[0] or []


class FileStore(EventStore):
    """Brings events to what the files of a source say: the last one that stands is right."""

    counts_once = COUNTS_ONCE_IN_FILES
    has_key = SQL("event.file_record IS NOT NULL")
    is_same = SQL("event.file_record = staging.record")

    def settle(self, individual_ids, company_id) -> Stored:
        """Bring the events of some persons to what the files that stand say of them today.

        It depends on the files alone, and not on what was stored before: so it may be done at any
        time, and again.

        :param company_id: the one of the files
        """
        self.env.flush_all()
        self._make_staging()
        self.env.cr.execute(
            """
            WITH standing AS (
                SELECT id, is_complete, from_date, to_date, file_type_ids
                FROM spp_attendance_intake
                WHERE source_id = %(source)s AND company_id IS NOT DISTINCT FROM %(company)s
                    AND file_name IS NOT NULL AND taken_back_at IS NULL
            ), said AS MATERIALIZED (
                SELECT last.*
                FROM (
                    SELECT DISTINCT record FROM spp_attendance_file_row
                    WHERE individual_id = ANY(%(ids)s)
                ) AS own
                -- One by one in the index, whatever is known of the tables.
                CROSS JOIN LATERAL (
                    SELECT row.* FROM spp_attendance_file_row AS row
                    WHERE row.record = own.record
                        AND EXISTS (SELECT FROM standing WHERE standing.id = row.intake_id)
                    ORDER BY row.intake_id DESC, row.id DESC LIMIT 1
                ) AS last
            )
            INSERT INTO spp_attendance_staging
                (individual_id, record, date, time, category, type_id, location_id, description,
                 reason_id)
            SELECT individual_id, record, date, time, category, type_id, location_id, description,
                reason_id
            FROM said
            -- What a later one says is all, and does not have, is gone.
            WHERE NOT EXISTS (
                SELECT FROM standing AS later
                WHERE later.is_complete AND later.id > said.intake_id
                    AND said.date BETWEEN later.from_date AND later.to_date
                    AND later.file_type_ids @> to_jsonb(coalesce(said.type_id, 0))
                    AND EXISTS (
                        SELECT FROM spp_attendance_file_row AS own
                        WHERE own.intake_id = later.id
                            AND own.individual_id = said.individual_id
                    )
            )
            """,
            {**self.parameters, "company": company_id or None, "ids": individual_ids},
        )
        count = self.env.cr.rowcount
        self.env.cr.execute("SELECT DISTINCT individual_id FROM spp_attendance_staging")
        concerned = list({*individual_ids, *(row[0] for row in self.env.cr.fetchall())})
        self.scope = SQL(
            "event.source_id = %s AND event.file_record IN ("
            " SELECT row.record FROM spp_attendance_file_row AS row"
            " WHERE row.individual_id = ANY(%s))",
            self.source_id,
            individual_ids,
        )
        return self._store_staged(concerned, concerned, count)
