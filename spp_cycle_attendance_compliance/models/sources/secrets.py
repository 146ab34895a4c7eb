"""The secrets of attendance systems, in a table that no model stands for.

So nothing that reads models reads them: no call from outside, no export, no related field. Each is
kept with the origin (scheme, host and port) that it was given for, and is sent nowhere else.
"""

from odoo.tools import SQL

from ...connector import get_origin


def create_table(cr):
    """Make the table; that of the sources must be there."""
    cr.execute(
        """
        CREATE TABLE IF NOT EXISTS spp_attendance_secret (
            source_id integer PRIMARY KEY REFERENCES spp_attendance_source ON DELETE CASCADE,
            url varchar NOT NULL,
            secret varchar NOT NULL
        )
        """
    )


def drop_table(cr):
    cr.execute("DROP TABLE IF EXISTS spp_attendance_secret")


def keep_secret(cr, source_id, url, secret):
    """Keep the secret of a source instead of the one before.

    :param str url: the address that it was given for
    """
    cr.execute(
        SQL(
            """
            INSERT INTO spp_attendance_secret (source_id, url, secret) VALUES (%s, %s, %s)
            ON CONFLICT (source_id) DO UPDATE SET url = excluded.url, secret = excluded.secret
            """,
            source_id,
            url,
            secret,
        ),
        log_exceptions=False,
    )


def find_secret(cr, source_id, url):
    """Return the secret that was given for the origin of an address, or ``None``."""
    given_for = find_address(cr, source_id)
    if given_for is None or get_origin(given_for) != get_origin(url):
        return None
    cr.execute("SELECT secret FROM spp_attendance_secret WHERE source_id = %s", [source_id])
    return cr.fetchone()[0]


def find_address(cr, source_id):
    """Return the address that the kept secret was given for, or ``None`` if none is kept."""
    cr.execute("SELECT url FROM spp_attendance_secret WHERE source_id = %s", [source_id])
    row = cr.fetchone()
    return row[0] if row else None
