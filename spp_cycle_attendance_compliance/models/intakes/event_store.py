"""Store what the attendance system answered, in sets: new, corrected and withdrawn events.

Written through the ORM one by one, a million attendances take hours. So the answer is copied into
a staging table, and each of the statements below does its step for a whole batch of persons.
"""

from typing import NamedTuple

from odoo.tools import SQL

from ..events.event_attendance import COUNTS_ONCE
from ..events.event_data import ATTENDANCE_MODEL

# (column of the staging table, its type, column of spp_event_attendance); `event_rows` makes rows
# of the first ones, in this order.
COLUMNS = (
    ("individual_id", "integer", "individual_id"),
    ("external_id", "integer", "event_data_external_id"),
    ("record", "varchar", "file_record"),
    ("date", "date", "attendance_date"),
    ("time", "varchar", "attendance_time"),
    ("category", "varchar", "attendance_category"),
    ("type_id", "integer", "attendance_type_id"),
    ("location_id", "integer", "attendance_location_id"),
    ("reason_id", "integer", "excuse_reason_id"),
    ("description", "text", "attendance_description"),
    ("external_url", "varchar", "attendance_external_url"),
    ("submitted_by", "varchar", "submitted_by"),
    ("submitted_datetime", "varchar", "submitted_datetime"),
    ("submission_source", "varchar", "submission_source"),
)
KEY_COLUMNS = ("individual_id", "external_id", "record")
# Shown by name in the trace of changes, as a person reads them.
NAMED_COLUMNS = {
    "type_id": "spp.res.config.attendance.type",
    "location_id": "spp.res.config.attendance.location",
    "reason_id": "spp.attendance.excuse.reason",
}


class Stored(NamedTuple):
    """How many events an answer brought, corrected and withdrew; and how many of those that it
    brought were another person's before."""

    new: int = 0
    changed: int = 0
    withdrawn: int = 0
    moved: int = 0


class EventStore:
    """Writes the events of one intake, which are told from each other by their numbers.

    :param int intake_id: the intake that brings them
    :param source: that they come from
    :param company_id: of which an attendance counts for one person
    :param cycle_id, program_id: for which it was asked, if it was for any
    :param SQL scope: the condition of the ``event`` that was asked for
    """

    counts_once = COUNTS_ONCE
    has_key = SQL("event.event_data_external_id > 0")
    is_same = SQL("event.event_data_external_id = staging.external_id")

    def __init__(self, env, intake_id, source, company_id, cycle_id, program_id, scope):
        self.env = env
        self.source_id = source.id
        self.scope = scope
        self.parameters = {
            "intake": intake_id,
            "source": source.id,
            "address": source.url or None,
            "company": company_id or None,
            "cycle": cycle_id or None,
            "program": program_id or None,
            "uid": env.uid,
            "now": env.cr.now(),
        }
        self.label = env["ir.model"]._get(ATTENDANCE_MODEL).name

    def store(self, ready, withdrawable):
        """Bring the stored events of some persons to what the attendance system has.

        :param event_rows.Ready ready: what it has
        :param withdrawable: ids of the partners whose other events, within what was asked, are
            gone from the attendance system
        :rtype: Stored
        """
        individual_ids = list({*ready.individual_ids, *withdrawable})
        if not individual_ids:
            return Stored()
        self.env.flush_all()
        self._make_staging()
        ready.lines.seek(0)
        names = ", ".join(name for name, _kind, _target in COLUMNS)
        self.env.cr.copy_expert(
            f"COPY spp_attendance_staging ({names}) FROM STDIN (FORMAT csv)", ready.lines
        )
        return self._store_staged(individual_ids, withdrawable, ready.count, ready.has_shared)

    def _store_staged(self, individual_ids, withdrawable, count, has_shared=False):
        """Store what is staged: so many attendances, about these persons."""
        had_events = self._get_individuals_with_events(individual_ids)
        new = changed = withdrawn = 0
        if not had_events and not has_shared:
            new = self._insert()
            if new == count:
                self.env.invalidate_all(flush=False)
                return Stored(new)
            # Somebody else has the others.
            had_events = individual_ids
        if had_events:
            self._find_events()
        shared = self._give_to_one() if has_shared else []
        moved = self._take_from_others()
        if had_events:
            self._log_changes()
            changed = self._correct()
            withdrawn = self._withdraw(list(withdrawable))
        new += self._insert()
        if had_events or moved or shared:
            self.env["spp.event.data"]._refresh_active_attendance(had_events + moved + shared)
        self.env.invalidate_all(flush=False)
        return Stored(new, changed, withdrawn, len(moved))

    def _get_individuals_with_events(self, individual_ids):
        self.env.cr.execute(
            SQL(
                """
                SELECT person.id FROM unnest(%s) AS person (id)
                WHERE EXISTS (
                    SELECT FROM spp_event_attendance AS event WHERE event.individual_id = person.id
                )
                """,
                individual_ids,
            )
        )
        return [row[0] for row in self.env.cr.fetchall()]

    def _make_staging(self):
        cr = self.env.cr
        columns = [SQL("%s %s", SQL.identifier(name), SQL(kind)) for name, kind, _to in COLUMNS]
        cr.execute(
            SQL(
                "CREATE TEMPORARY TABLE IF NOT EXISTS spp_attendance_staging"
                " (%s, event_id integer, moved_to_id integer) ON COMMIT DELETE ROWS",
                SQL(", ").join(columns),
            )
        )
        cr.execute("TRUNCATE spp_attendance_staging")

    def _find_events(self):
        """Note which of the staged attendances are stored already.

        By a subquery, which is always looked up in the index of sources. Joined, both tables would
        be read whole for each batch whenever the statistics of the stored events are old.
        """
        self.env.cr.execute(
            SQL(
                """
                UPDATE spp_attendance_staging AS staging
                SET event_id = (
                    SELECT event.id FROM spp_event_attendance AS event
                    WHERE event.individual_id = staging.individual_id
                        AND event.source_id = %s AND %s AND %s
                    ORDER BY coalesce(event.withdrawn, FALSE), event.moved_to_id NULLS FIRST,
                        event.id
                    LIMIT 1
                )
                """,
                self.source_id,
                self.is_same,
                self.has_key,
            )
        )

    def _give_to_one(self):
        """Give what is told of several persons at once to one of them: who has it, or the last.

        The others' stays with them, and does not count.

        :return: the ids of the others
        """
        self.env.cr.execute(
            """
            WITH told AS (
                SELECT staging.individual_id, staging.external_id,
                    first_value(staging.individual_id) OVER (
                        PARTITION BY staging.external_id, person.company_id
                        ORDER BY event.id IS NULL OR coalesce(event.withdrawn, FALSE),
                            staging.individual_id DESC
                    ) AS keeper_id
                FROM spp_attendance_staging AS staging
                JOIN res_partner AS person ON person.id = staging.individual_id
                LEFT JOIN spp_event_attendance AS event ON event.id = staging.event_id
            )
            UPDATE spp_attendance_staging AS staging SET moved_to_id = told.keeper_id
            FROM told
            WHERE told.individual_id = staging.individual_id
                AND told.external_id = staging.external_id
                AND told.keeper_id != staging.individual_id
            RETURNING staging.individual_id
            """
        )
        others = [row[0] for row in self.env.cr.fetchall()]
        # What is stored of them already is taken from them, if it counts.
        self.env.cr.execute(
            "DELETE FROM spp_attendance_staging"
            " WHERE moved_to_id IS NOT NULL AND event_id IS NOT NULL"
        )
        return others

    def _take_from_others(self):
        """Mark the events that the source now tells of somebody else: they count for one person.

        Looked up one by one in the index, as in `_find_events`.

        :return: the ids of those of whom it told them before
        """
        self.env.cr.execute(
            SQL(
                """
                SELECT told.id, told.individual_id, staging.individual_id
                FROM spp_attendance_staging AS staging
                CROSS JOIN LATERAL (
                    SELECT event.id, event.individual_id
                    FROM spp_event_attendance AS event
                    WHERE %s AND %s AND event.source_id = %s
                        AND event.individual_id != staging.individual_id
                        AND event.withdrawn IS NOT TRUE
                        AND event.company_id IS NOT DISTINCT FROM (
                            SELECT company_id FROM res_partner WHERE id = staging.individual_id
                        )
                    OFFSET 0
                ) AS told
                WHERE staging.moved_to_id IS NULL
                """,
                self.is_same,
                self.has_key,
                self.source_id,
            )
        )
        told = self.env.cr.fetchall()
        if not told:
            return []
        event_ids, individual_ids, now_ids = map(list, zip(*told, strict=True))
        self.env.cr.execute(
            SQL(
                """
                WITH moved AS (
                    UPDATE spp_event_attendance AS event
                    SET withdrawn = TRUE, withdrawn_intake_id = %(intake)s,
                        moved_to_id = told.individual_id,
                        write_uid = %(uid)s, write_date = %(now)s
                    FROM unnest(%(events)s, %(individuals)s) AS told (id, individual_id)
                    WHERE event.id = told.id
                    RETURNING event.id
                )
                INSERT INTO spp_event_attendance_change
                    (event_id, intake_id, field_name, new_value,
                     create_uid, create_date, write_uid, write_date)
                SELECT id, %(intake)s, 'withdrawn', 'true', %(uid)s, %(now)s, %(uid)s, %(now)s
                FROM moved
                """,
                events=event_ids,
                individuals=now_ids,
                **self.parameters,
            )
        )
        return individual_ids

    def _log_changes(self):
        """Keep what the corrected events were before."""
        values = SQL(", ").join(
            SQL(
                "(%s, %s, %s)",
                target,
                self._get_readable("event", target, name),
                self._get_readable("staging", name, name),
            )
            for name, _kind, target in COLUMNS
            if name not in KEY_COLUMNS
        )
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO spp_event_attendance_change
                    (event_id, intake_id, field_name, old_value, new_value,
                     create_uid, create_date, write_uid, write_date)
                SELECT event.id, %(intake)s, traced.name, traced.old, traced.new,
                    %(uid)s, %(now)s, %(uid)s, %(now)s
                FROM spp_attendance_staging AS staging
                JOIN spp_event_attendance AS event ON event.id = staging.event_id
                CROSS JOIN LATERAL (
                    VALUES %(values)s, ('withdrawn', nullif(event.withdrawn, FALSE)::text, NULL)
                ) AS traced (name, old, new)
                WHERE traced.old IS DISTINCT FROM traced.new
                """,
                values=values,
                **self.parameters,
            )
        )

    def _get_readable(self, table, column, name):
        if name not in NAMED_COLUMNS:
            return SQL("%s::text", SQL.identifier(table, column))
        model = self.env[NAMED_COLUMNS[name]]
        shown = SQL("name")
        if model._fields["name"].translate:
            shown = SQL("coalesce(name->>%s, name->>'en_US')", self.env.lang or "en_US")
        return SQL(
            "(SELECT %s FROM %s WHERE id = %s)",
            shown,
            SQL.identifier(model._table),
            SQL.identifier(table, column),
        )

    def _correct(self):
        columns = [
            (SQL.identifier(target), SQL.identifier("staging", name))
            for name, _kind, target in COLUMNS
            if name not in KEY_COLUMNS
        ]
        assignments = SQL(", ").join(SQL("%s = %s", *pair) for pair in columns)
        old = SQL(", ").join(SQL("event.%s", target) for target, _staged in columns)
        new = SQL(", ").join(staged for _target, staged in columns)
        self.env.cr.execute(
            SQL(
                """
                UPDATE spp_event_attendance AS event
                SET %(assignments)s, withdrawn = FALSE, withdrawn_intake_id = NULL,
                    moved_to_id = NULL,
                    write_uid = %(uid)s, write_date = %(now)s
                FROM spp_attendance_staging AS staging
                WHERE event.id = staging.event_id
                    AND (event.withdrawn OR (%(old)s) IS DISTINCT FROM (%(new)s))
                """,
                assignments=assignments,
                old=old,
                new=new,
                **self.parameters,
            )
        )
        return self.env.cr.rowcount

    def _withdraw(self, individual_ids):
        """Mark the events that were asked for and are gone: these, and no others."""
        if not individual_ids:
            return 0
        self.env.cr.execute(
            SQL(
                """
                WITH gone AS (
                    UPDATE spp_event_attendance AS event
                    SET withdrawn = TRUE, withdrawn_intake_id = %(intake)s,
                        write_uid = %(uid)s, write_date = %(now)s
                    WHERE event.individual_id = ANY(%(individuals)s)
                        AND %(scope)s
                        AND %(has_key)s
                        AND event.withdrawn IS NOT TRUE
                        AND NOT EXISTS (
                            SELECT FROM spp_attendance_staging AS staging
                            WHERE staging.event_id = event.id
                        )
                    RETURNING event.id
                )
                INSERT INTO spp_event_attendance_change
                    (event_id, intake_id, field_name, new_value,
                     create_uid, create_date, write_uid, write_date)
                SELECT id, %(intake)s, 'withdrawn', 'true', %(uid)s, %(now)s, %(uid)s, %(now)s
                FROM gone
                """,
                individuals=individual_ids,
                scope=self.scope,
                has_key=self.has_key,
                **self.parameters,
            )
        )
        return self.env.cr.rowcount

    def _insert(self):
        """Store what is new.

        If somebody else stores the same right now, PostgreSQL has one of the two transactions
        begin anew, which then finds what the other one has stored.
        """
        targets = SQL(", ").join(SQL.identifier(target) for _name, _kind, target in COLUMNS)
        staged = SQL(", ").join(SQL.identifier("staging", name) for name, _kind, _to in COLUMNS)
        self.env.cr.execute(
            SQL(
                """
                WITH event AS (
                    INSERT INTO spp_event_attendance
                        (%(targets)s, source_id, event_data_source, company_id, intake_id, cycle_id,
                         program_id, withdrawn, withdrawn_intake_id, moved_to_id,
                         create_uid, create_date, write_uid, write_date)
                    SELECT %(staged)s, %(source)s, %(address)s, person.company_id, %(intake)s,
                        %(cycle)s, %(program)s, staging.moved_to_id IS NOT NULL,
                        CASE WHEN staging.moved_to_id IS NOT NULL THEN %(intake)s END,
                        staging.moved_to_id, %(uid)s, %(now)s, %(uid)s, %(now)s
                    FROM spp_attendance_staging AS staging
                    JOIN res_partner AS person ON person.id = staging.individual_id
                    WHERE staging.event_id IS NULL
                    ORDER BY staging.individual_id, staging.date, staging.time, staging.external_id
                    ON CONFLICT %(counts_once)s DO NOTHING
                    RETURNING id, individual_id, attendance_date, submitted_by, withdrawn
                ), traced AS (
                    INSERT INTO spp_event_attendance_change
                        (event_id, intake_id, field_name, new_value,
                         create_uid, create_date, write_uid, write_date)
                    SELECT id, %(intake)s, 'withdrawn', 'true', %(uid)s, %(now)s, %(uid)s, %(now)s
                    FROM event WHERE withdrawn
                )
                INSERT INTO spp_event_data
                    (model, res_id, partner_id, collection_date, registrar, event_type, name, state,
                     create_uid, create_date, write_uid, write_date)
                SELECT %(model)s, id, individual_id, attendance_date, submitted_by, %(label)s,
                    %(name)s,
                    CASE WHEN id = max(id) OVER (PARTITION BY individual_id)
                        THEN 'active' ELSE 'inactive' END,
                    %(uid)s, %(now)s, %(uid)s, %(now)s
                FROM event ORDER BY id
                """,
                targets=targets,
                staged=staged,
                counts_once=self.counts_once,
                model=ATTENDANCE_MODEL,
                label=self.label,
                name=f"{self.label} - [{self.env.cr.now():%Y-%m-%d %H:%M}]",
                **self.parameters,
            )
        )
        return self.env.cr.rowcount
