"""Bring the tables of the earlier module (17.0.1) to what the models of this one expect.

No row is lost. In sets, since a national registry has millions of events. The databases are of
several patch levels: a column that a statement needs is created before it, if need be. A table
that is missing is left to Odoo.
"""

from decimal import Decimal, InvalidOperation

from odoo.tools import SQL
from odoo.tools.sql import (
    column_exists,
    create_column,
    create_model_table,
    drop_constraint,
    drop_not_null,
    table_columns,
    table_exists,
)

MODULE = "spp_cycle_attendance_compliance"
ATTENDANCE_MODEL = "spp.event.attendance"
EVENTS = "spp_event_attendance"
CHANGES = "spp_event_attendance_change"
MEMBERS = "spp_cycle_group_membership_attendance"
TYPES = "spp_res_config_attendance_type"
# (table, the column that refers to it from cycles and events)
CATEGORIES = (
    (TYPES, "attendance_type_id"),
    ("spp_res_config_attendance_location", "attendance_location_id"),
)
BLANKS = " \t\n\r\f\v"
# PostgreSQL's integers.
LEAST, GREATEST = -(2**31), 2**31 - 1


def migrate(cr, version):
    # Left to itself Odoo would compute it for every partner of a national registry, one by one.
    add_missing(cr, "res_partner", "varchar", "personal_identifier")
    keep_what_is_used(cr)
    empty_inherited_views(cr)
    normalise_server_url(cr)
    migrate_cycles(cr)
    migrate_memberships(cr)
    if table_exists(cr, EVENTS):
        migrate_events(cr)
        fold_events(cr)
    for table, reference in CATEGORIES:
        if table_exists(cr, table):
            migrate_categories(cr, table)
            fold_categories(cr, table, reference)
    if table_exists(cr, MEMBERS):
        migrate_members(cr)
        fold_members(cr)


def add_missing(cr, table, kind, *names):
    """Create the columns that a table lacks, empty.

    Booleans are to be ``bool``: for ``boolean`` Odoo would fill in false.
    """
    for name in names:
        if not column_exists(cr, table, name):
            create_column(cr, table, name, kind)


def normalise(column):
    """Return an address as the models compare it: ``strip().rstrip("/")``."""
    return SQL("rtrim(btrim(%s, %s), '/')", SQL.identifier(column), BLANKS)


def read_integer(text):
    """Return the integer that a text holds, as Python read it for the earlier module, or None."""
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    is_whole = number.is_finite() and number == number.to_integral_value()
    return int(number) if is_whole and LEAST <= number <= GREATEST else None


# What belongs to the module as a whole


def keep_what_is_used(cr):
    """Keep what people work with, should the earlier module's data files have brought it.

    Odoo deletes after an upgrade what the data files bring no more: a server's address, a type.
    """
    cr.execute(
        SQL(
            """
            UPDATE ir_model_data SET noupdate = TRUE
            WHERE module = %s AND (model = 'ir.config_parameter' OR model ~ '^(spp|g2p)[.]')
            """,
            MODULE,
        )
    )


def empty_inherited_views(cr):
    """Empty the earlier module's changes to the views of others.

    Odoo deletes them only after it has checked the new views on top of them, which fails on the
    fields that are no more.
    """
    cr.execute(
        SQL(
            """
            UPDATE ir_ui_view AS view SET arch_db = '{"en_US": "<data/>"}'
            FROM ir_model_data AS data
            WHERE data.module = %s AND data.model = 'ir.ui.view' AND data.res_id = view.id
                AND view.mode = 'extension'
            """,
            MODULE,
        )
    )


def normalise_server_url(cr):
    cr.execute(
        SQL(
            "UPDATE ir_config_parameter SET value = %s WHERE key = %s",
            normalise("value"),
            f"{MODULE}.attendance_server_url",
        )
    )


# Cycles and memberships


def migrate_cycles(cr):
    """Keep what existing cycles ask for, as the earlier module read it.

    Where nothing is entered it read 0, and no use of the criteria. A number below 0 was met by
    everybody, as 0 is.
    """
    if column_exists(cr, "g2p_cycle", "use_attendance_criteria"):
        cr.execute(
            "UPDATE g2p_cycle SET use_attendance_criteria = FALSE"
            " WHERE use_attendance_criteria IS NULL"
        )
    else:
        add_missing(cr, "g2p_cycle", "bool", "use_attendance_criteria")
        cr.execute("UPDATE g2p_cycle SET use_attendance_criteria = TRUE")
    if column_exists(cr, "g2p_cycle", "required_number_of_attendance"):
        cr.execute(
            "UPDATE g2p_cycle SET required_number_of_attendance = 0"
            " WHERE coalesce(required_number_of_attendance, -1) < 0"
        )


def migrate_memberships(cr):
    """Have the number be one; a patch level kept it as a text."""
    column = table_columns(cr, "g2p_cycle_membership").get("number_of_attendance")
    if column and column["udt_name"] != "int4":
        cr.execute(
            "ALTER TABLE g2p_cycle_membership"
            " RENAME COLUMN number_of_attendance TO number_of_attendance_str"
        )
        add_missing(cr, "g2p_cycle_membership", "int4", "number_of_attendance")
        convert_numbers(cr, "g2p_cycle_membership")


def convert_numbers(cr, table):
    """Take the numbers out of a table's texts, and leave the texts that hold none."""
    cr.execute(
        SQL(
            "SELECT DISTINCT number_of_attendance_str FROM %s"
            " WHERE number_of_attendance_str IS NOT NULL",
            SQL.identifier(table),
        )
    )
    numbers = {text: read_integer(text) for (text,) in cr.fetchall()}
    numbers = {text: number for text, number in numbers.items() if number is not None}
    cr.execute(
        SQL(
            """
            UPDATE %(table)s AS counted
            SET number_of_attendance = read.number, number_of_attendance_str = NULL
            FROM unnest(%(texts)s::varchar[], %(numbers)s::integer[]) AS read (text, number)
            WHERE counted.number_of_attendance_str = read.text
            """,
            table=SQL.identifier(table),
            texts=list(numbers),
            numbers=list(numbers.values()),
        )
    )


# Events


def migrate_events(cr):
    add_missing(cr, EVENTS, "varchar", "event_data_source", "attendance_category")
    add_missing(cr, EVENTS, "bool", "withdrawn")
    # Left to itself Odoo would compute the program of each event. None was brought by a run yet.
    add_missing(cr, EVENTS, "int4", "event_data_external_id", "company_id", "program_id")
    cr.execute(
        SQL(
            """
            UPDATE spp_event_attendance AS event
            SET event_data_source = nullif(%s, ''),
                event_data_external_id = nullif(event_data_external_id, 0),
                attendance_category = coalesce(attendance_category, 'present'),
                withdrawn = coalesce(withdrawn, FALSE),
                company_id = (SELECT company_id FROM res_partner WHERE id = event.individual_id)
            """,
            normalise("event_data_source"),
        )
    )


def fold_events(cr):
    """Have the first of the events that are the same one on the server count for all.

    The others stay, withdrawn and without the number that only one can have; their trace says so.
    """
    create_model_table(
        cr,
        CHANGES,
        columns=[
            ("event_id", "int4", ""),
            ("field_name", "varchar", ""),
            ("old_value", "varchar", ""),
            ("new_value", "varchar", ""),
            ("create_uid", "int4", ""),
            ("create_date", "timestamp", ""),
        ],
    )
    cr.execute(
        SQL(
            """
            WITH same AS (
                SELECT id, min(id) OVER (
                    PARTITION BY individual_id, event_data_source, event_data_external_id
                ) AS kept_id
                FROM spp_event_attendance
                WHERE individual_id IS NOT NULL AND event_data_source IS NOT NULL
                    AND event_data_external_id IS NOT NULL
            ), folded AS (
                UPDATE spp_event_attendance AS event
                SET withdrawn = TRUE, event_data_external_id = NULL
                FROM same
                WHERE event.id = same.id AND same.id != same.kept_id
                RETURNING event.id
            )
            INSERT INTO spp_event_attendance_change
                (event_id, field_name, old_value, new_value, create_uid, create_date)
            SELECT id, 'withdrawn', '', 'true', 1, now() AT TIME ZONE 'UTC' FROM folded ORDER BY id
            """
        )
    )


# Types and locations


def migrate_categories(cr, table):
    # Names may be there twice from now on: two servers may well have a "Training".
    for name in get_unique_constraints(cr, table, "name"):
        drop_constraint(cr, table, name)
    add_missing(cr, table, "varchar", "external_source")
    add_missing(cr, table, "int4", "external_id")
    add_missing(cr, table, "bool", "active")
    # The earlier module required them of each; those made in OpenSPP have neither.
    for name in ("external_source", "external_id"):
        if table_columns(cr, table)[name]["is_nullable"] == "NO":
            drop_not_null(cr, table, name)
    cr.execute(
        SQL(
            """
            UPDATE %s
            SET external_source = nullif(%s, ''), external_id = nullif(external_id, 0),
                active = coalesce(active, TRUE)
            """,
            SQL.identifier(table),
            normalise("external_source"),
        )
    )


def get_unique_constraints(cr, table, column):
    """Return the names of the constraints that make a column unique by itself."""
    cr.execute(
        SQL(
            """
            SELECT found.conname FROM pg_constraint AS found
            JOIN pg_attribute AS attribute
                ON attribute.attrelid = found.conrelid
                AND found.conkey = ARRAY[attribute.attnum]
            WHERE found.conrelid = %s::regclass AND found.contype = 'u' AND attribute.attname = %s
            """,
            table,
            column,
        )
    )
    return [row[0] for row in cr.fetchall()]


def fold_categories(cr, table, reference):
    """Have the first of those that are the same one on the server stand for it.

    The others stay, archived and known by no number any more. Cycles and events that refer to them
    would find, and ask for, something else then: they refer to the first from now on.
    """
    folded = SQL(
        """
        WITH folded AS (
            SELECT id, kept_id
            FROM (
                SELECT id, min(id) OVER (PARTITION BY external_source, external_id) AS kept_id
                FROM %s WHERE external_source IS NOT NULL AND external_id IS NOT NULL
            ) AS known
            WHERE id != kept_id
        )
        """,
        SQL.identifier(table),
    )
    for referring in ("g2p_cycle", EVENTS):
        if column_exists(cr, referring, reference):
            cr.execute(
                SQL(
                    "%s UPDATE %s AS referring SET %s = kept_id FROM folded WHERE %s = folded.id",
                    folded,
                    SQL.identifier(referring),
                    SQL.identifier(reference),
                    SQL.identifier("referring", reference),
                )
            )
    if column_exists(cr, table, "set_as_default"):
        cr.execute(
            SQL(
                """
                %s
                UPDATE %s AS kept SET set_as_default = TRUE
                FROM folded JOIN %s AS other ON other.id = folded.id
                WHERE kept.id = folded.kept_id AND other.set_as_default
                """,
                folded,
                SQL.identifier(table),
                SQL.identifier(table),
            )
        )
    cr.execute(
        SQL(
            """
            %s
            UPDATE %s AS category SET external_id = NULL, active = FALSE
            FROM folded WHERE folded.id = category.id
            """,
            folded,
            SQL.identifier(table),
        )
    )


# Members of households


def migrate_members(cr):
    add_missing(cr, MEMBERS, "int4", "number_of_attendance")
    add_missing(cr, MEMBERS, "varchar", "state")
    add_missing(cr, MEMBERS, "bool", "active")
    texts = table_columns(cr, MEMBERS).get("number_of_attendance_str")
    if texts:
        if texts["is_nullable"] == "NO":
            drop_not_null(cr, MEMBERS, "number_of_attendance_str")
        convert_numbers(cr, MEMBERS)


def fold_members(cr):
    """Show one row for each member of a membership: the one with the highest number."""
    cr.execute(
        """
        UPDATE spp_cycle_group_membership_attendance AS member
        SET active = ranked.place = 1
        FROM (
            SELECT id, row_number() OVER (
                PARTITION BY cycle_membership_id, individual_id
                ORDER BY number_of_attendance DESC NULLS LAST, id
            ) AS place
            FROM spp_cycle_group_membership_attendance
        ) AS ranked
        WHERE member.id = ranked.id
        """
    )
