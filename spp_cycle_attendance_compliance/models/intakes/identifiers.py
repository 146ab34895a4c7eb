"""By what an attendance system knows a person: one way to read and to compare it, everywhere."""

from odoo.tools import SQL

IDENTIFIERS_GROUP = "spp_cycle_attendance_compliance.group_identifiers"
READER = "spp_cycle_attendance_compliance.group_attendance_reader"
# Who reads verdicts, or the registry: there the birth dates and households of persons are, too.
KNOWING_GROUPS = (READER, IDENTIFIERS_GROUP)
# What nobody sees at the ends of an ID, and people type or paste there.
BLANKS = (
    " \t\n\r\f\v\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009"
    "\u200a\u200b\u200c\u200d\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
)


def create_function(cr):
    """Make the SQL function that all identifiers go through; an index is on it, too."""
    cr.execute(
        SQL(
            """
            CREATE OR REPLACE FUNCTION spp_attendance_identifier(value text) RETURNS text
            LANGUAGE sql IMMUTABLE PARALLEL SAFE
            AS $$ SELECT nullif(btrim(value, %s), '') $$
            """,
            BLANKS,
        )
    )


def normalise(value):
    """Return an SQL expression of an identifier without blanks; NULL if nothing is left."""
    return SQL("spp_attendance_identifier(%s)", value)


def get_identifier(id_type_id, person):
    """Return the SQL expression of a person's identifier.

    :param id_type_id: the ID type of the source; ``None`` for one that was brought along without
        any, which goes by what the earlier module kept
    :param SQL person: the alias of the person's row in ``res_partner``
    """
    if not id_type_id:
        return normalise(SQL("%s.personal_identifier", person))
    return SQL(
        """(
            SELECT %s FROM g2p_reg_id AS reg
            WHERE reg.partner_id = %s.id AND reg.id_type = %s
                AND reg.status IS DISTINCT FROM 'invalid'
            ORDER BY reg.id DESC LIMIT 1
        )""",
        normalise(SQL("reg.value")),
        person,
        id_type_id,
    )


def find_persons(id_type_id, identifier):
    """Return the SQL query of the ids of all persons that have an identifier.

    :param SQL identifier: an expression
    """
    if not id_type_id:
        return SQL(
            "SELECT person.id FROM res_partner AS person"
            " WHERE person.personal_identifier IS NOT NULL AND %s = %s",
            normalise(SQL("person.personal_identifier")),
            identifier,
        )
    return SQL(
        """
        SELECT reg.partner_id AS id FROM g2p_reg_id AS reg
        WHERE reg.id_type = %s AND %s = %s AND reg.status IS DISTINCT FROM 'invalid'
        """,
        id_type_id,
        normalise(SQL("reg.value")),
        identifier,
    )
