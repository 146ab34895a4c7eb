"""The attendance system becomes a record: a source, made from the config parameters.

Types, locations, events, intakes and runs are tied to it. What came from another address before is
tied to a source of its own, which is archived: whether it is the same system, nobody can tell.
"""

import re

from odoo.tools import SQL
from odoo.tools.sql import column_exists, create_column, table_exists

MODULE = "spp_cycle_attendance_compliance"
PREFIX = f"{MODULE}."
EVENTS = "spp_event_attendance"
TYPES, LOCATIONS = "spp_res_config_attendance_type", "spp_res_config_attendance_location"
# (table, the column that tells the address, the new column)
TIED = (
    (TYPES, "external_source", "source_id"),
    (LOCATIONS, "external_source", "source_id"),
    ("spp_attendance_intake", "server_url", "source_id"),
    ("spp_attendance_run", "server_url", "attendance_source_id"),
)
# Column of the sources, parameter, default.
CONNECTION = (
    ("auth_kind", "attendance_auth_kind", "json"),
    ("auth_endpoint", "attendance_auth_endpoint", "/auth/token"),
    ("client_id", "attendance_client_id", None),
    ("attendance_endpoint", "attendance_compliance_endpoint", "/attendances"),
    ("type_endpoint", "attendance_type_endpoint", "/attendance/types"),
    ("location_endpoint", "attendance_location_endpoint", "/attendance/locations"),
)
LIMITS = (
    ("attendance_no_data_limit", "brake_no_data_percentage"),
    ("attendance_non_compliant_limit", "brake_non_compliant_percentage"),
)
# What people's filters name otherwise now: (before, in domains, in groupings), as regular
# expressions; whatever leads to the field stays.
RENAMED = (
    (r"""(["'])external_source\1(\s*,\s*["']=["']\s*,\s*False)""", r"\1source_id\1\2", None),
    (r"""(["'])((?:\w+\.)*)external_source\1""", r"\1\2source_id.url\1", r"\1\2source_id\1"),
    (
        r"""(["'])((?:\w+\.)*)attendance_source\1""",
        r"\1\2attendance_protocol\1",
        r"\1\2attendance_source_id\1",
    ),
    (
        r"""(["'](?:\w+\.)*attendance_protocol["']\s*,[^()\[\]]*[(\[]?["'])external(["'])""",
        r"\1server\2",
        None,
    ),
)
# Whose filters: those of fields of such names that others have are left alone.
FILTERED = (
    "g2p.%",
    "spp.attendance.%",
    "spp.event.%",
    "spp.res.config.attendance.%",
    "res.partner",
)


def migrate(cr, version):
    parameters = read_parameters(cr)
    make_tables(cr)
    recorded_id = make_recorded(cr)
    main_id = make_main(cr, parameters)
    sources = make_others(cr, {parameters.get("attendance_server_url"): main_id})
    for table, address, column in TIED:
        if column_exists(cr, table, address):
            tie(cr, table, address, column, sources)
    tie_events(cr, sources, main_id)
    tie_criteria(cr, main_id, recorded_id)
    keep_company_settings(cr, parameters)
    rename_in_filters(cr)
    cr.execute("DELETE FROM ir_config_parameter WHERE left(key, %s) = %s", [len(PREFIX), PREFIX])


def read_parameters(cr):
    cr.execute(
        "SELECT substr(key, %s), value FROM ir_config_parameter WHERE left(key, %s) = %s",
        [len(PREFIX) + 1, len(PREFIX), PREFIX],
    )
    read = dict(cr.fetchall())
    parameters = {key: (value or "").strip() for key, value in read.items()}
    parameters["attendance_client_secret"] = read.get("attendance_client_secret") or ""
    if parameters.get("attendance_auth_kind") != "oauth2":
        parameters["attendance_auth_kind"] = "json"
    url = parameters.get("attendance_server_url", "").rstrip("/")
    return {**parameters, "attendance_server_url": url}


def make_tables(cr):
    cr.execute(
        """
        CREATE TABLE spp_attendance_source (
            id serial PRIMARY KEY, name varchar NOT NULL, protocol varchar NOT NULL, url varchar,
            active boolean, auth_kind varchar, auth_endpoint varchar, client_id varchar,
            attendance_endpoint varchar, type_endpoint varchar, location_endpoint varchar,
            allow_http boolean, persons_per_request integer, id_type_id integer,
            create_uid integer, create_date timestamp, write_uid integer, write_date timestamp
        )
        """
    )
    cr.execute(
        """
        CREATE TABLE spp_attendance_secret (
            source_id integer PRIMARY KEY REFERENCES spp_attendance_source ON DELETE CASCADE,
            url varchar NOT NULL,
            secret varchar NOT NULL
        )
        """
    )


def make_source(cr, **values):
    values = {
        **{column: default for column, _parameter, default in CONNECTION},
        **{"active": True, "allow_http": False, "persons_per_request": 500},
        **{"create_uid": 1, "write_uid": 1},
        **values,
    }
    cr.execute(
        SQL(
            "INSERT INTO spp_attendance_source (%s, create_date, write_date)"
            " VALUES (%s, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC') RETURNING id",
            SQL(", ").join(map(SQL.identifier, values)),
            SQL(", ").join(SQL("%s", value) for value in values.values()),
        ),
        log_exceptions=False,
    )
    return cr.fetchone()[0]


def make_recorded(cr):
    recorded_id = make_source(cr, name="What is recorded in OpenSPP", protocol="recorded")
    cr.execute(
        "INSERT INTO ir_model_data (module, name, model, res_id, noupdate)"
        " VALUES (%s, 'source_recorded', 'spp.attendance.source', %s, TRUE)",
        [MODULE, recorded_id],
    )
    return recorded_id


def make_main(cr, parameters):
    """Make the source of what the parameters say; none if they say nothing.

    :return: its id, or ``None``
    """
    told = ("attendance_server_url", "attendance_client_id", "attendance_client_secret")
    id_type_id = find_id_type(cr, parameters.get("attendance_id_type_id"))
    if not id_type_id and not any(map(parameters.get, told)):
        return None
    url = parameters["attendance_server_url"]
    main_id = make_source(
        cr,
        name="Attendance System",
        protocol="server",
        url=url or None,
        allow_http=bool(parameters.get("attendance_allow_http")),
        persons_per_request=read_persons_per_request(parameters),
        id_type_id=id_type_id,
        **{
            column: parameters.get(parameter) or default
            for column, parameter, default in CONNECTION
        },
    )
    secret = parameters.get("attendance_client_secret")
    if url and secret:
        cr.execute(
            "INSERT INTO spp_attendance_secret VALUES (%s, %s, %s)",
            [main_id, url, secret],
            log_exceptions=False,
        )
    return main_id


def read_persons_per_request(parameters):
    number = parameters.get("attendance_persons_per_request", "")
    return min(int(number), 5000) if re.fullmatch("[1-9][0-9]{0,8}", number) else 500


def find_id_type(cr, value):
    if not re.fullmatch("[0-9]{1,9}", value or ""):
        return None
    cr.execute("SELECT id FROM g2p_id_type WHERE id = %s", [int(value)])
    row = cr.fetchone()
    return row[0] if row else None


def make_others(cr, sources):
    """Make an archived source of each other address that something came from.

    :return: the ids of all sources, by address
    """
    queries = [
        SQL("SELECT %s AS url FROM %s", SQL.identifier(column), SQL.identifier(table))
        for table, column in [*((table, column) for table, column, _new in TIED)]
        + [(EVENTS, "event_data_source")]
        if column_exists(cr, table, column)
    ]
    if queries:
        cr.execute(SQL("SELECT DISTINCT url FROM (%s) AS told", SQL(" UNION ").join(queries)))
        for url in sorted(row[0] for row in cr.fetchall() if row[0]):
            if url not in sources:
                sources[url] = make_source(cr, name=url, protocol="server", url=url, active=False)
    return {url: source_id for url, source_id in sources.items() if url and source_id}


def tie(cr, table, address, column, sources):
    add_missing(cr, table, column)
    if sources:
        cr.execute(
            SQL(
                "UPDATE %(table)s SET %(column)s = source.id"
                " FROM (VALUES %(sources)s) AS source (url, id) WHERE %(address)s = source.url",
                table=SQL.identifier(table),
                column=SQL.identifier(column),
                address=SQL.identifier(table, address),
                sources=list_sources(sources),
            )
        )


def tie_events(cr, sources, main_id):
    """Tie the events to their sources, without writing each of millions of rows.

    Nearly all came from one address: it is the column's default while the column is made.
    """
    if not column_exists(cr, EVENTS, "event_data_source"):
        return
    cr.execute("DROP INDEX IF EXISTS spp_event_attendance_external_unique")
    main_url = next((url for url, source_id in sources.items() if source_id == main_id), None)
    cr.execute(
        SQL("ALTER TABLE spp_event_attendance ADD COLUMN source_id integer DEFAULT %s", main_id)
        if main_url
        else "ALTER TABLE spp_event_attendance ADD COLUMN source_id integer"
    )
    cr.execute("ALTER TABLE spp_event_attendance ALTER COLUMN source_id DROP DEFAULT")
    others = {url: source_id for url, source_id in sources.items() if url != main_url}
    cr.execute(
        SQL(
            "UPDATE spp_event_attendance AS event SET source_id = ("
            " SELECT source.id FROM (VALUES %s) AS source (url, id)"
            " WHERE source.url = event.event_data_source)"
            " WHERE event_data_source IS DISTINCT FROM %s",
            list_sources({**others, "": None}),
            main_url,
        )
    )


def list_sources(sources):
    return SQL(", ").join(SQL("(%s, %s::integer)", url, id_) for url, id_ in sources.items())


def tie_criteria(cr, main_id, recorded_id):
    """Have cycles, and runs that asked nobody, go by the source that they went by."""
    for table in ("g2p_cycle", "spp_attendance_run"):
        if not table_exists(cr, table):
            continue
        add_missing(cr, table, "attendance_source_id")
        is_recorded = "FALSE"
        if column_exists(cr, table, "attendance_source"):
            is_recorded = "attendance_source = 'recorded'"
            cr.execute(
                SQL(
                    "ALTER TABLE %s ALTER COLUMN attendance_source DROP NOT NULL",
                    SQL.identifier(table),
                )
            )
        cr.execute(
            SQL(
                "UPDATE %(table)s SET attendance_source_id ="
                " CASE WHEN %(recorded)s THEN %(recorded_id)s ELSE %(main_id)s END"
                " WHERE attendance_source_id IS NULL",
                table=SQL.identifier(table),
                recorded=SQL(is_recorded),
                recorded_id=recorded_id,
                main_id=main_id,
            )
        )


def keep_company_settings(cr, parameters):
    for column, parameter in LIMITS:
        value = parameters.get(parameter, "")
        if re.fullmatch("[1-9][0-9]?|100", value):
            create_column(cr, "res_company", column, "int4")
            cr.execute(SQL("UPDATE res_company SET %s = %s", SQL.identifier(column), int(value)))
    create_column(cr, "res_company", "attendance_criteria_by_default", "bool")
    cr.execute(
        "UPDATE res_company SET attendance_criteria_by_default = %s",
        [bool(parameters.get("use_attendance_criteria_by_default"))],
    )


def rename_in_filters(cr):
    for before, in_domains, in_groupings in RENAMED:
        cr.execute(
            """
            UPDATE ir_filters SET domain = regexp_replace(domain, %(before)s, %(domain)s, 'g'),
                context = CASE WHEN %(grouping)s IS NULL THEN context
                    ELSE regexp_replace(context, %(before)s, %(grouping)s, 'g') END
            WHERE model_id LIKE ANY(%(models)s)
            """,
            {
                "before": before,
                "domain": in_domains,
                "grouping": in_groupings,
                "models": list(FILTERED),
            },
        )


def add_missing(cr, table, name):
    if not column_exists(cr, table, name):
        create_column(cr, table, name, "int4")
