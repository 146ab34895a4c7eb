"""Events are found by person and day: the index by person alone has no use any more."""


def migrate(cr, version):
    # As Odoo has named it since 16.0, and as it did before.
    cr.execute("DROP INDEX IF EXISTS spp_event_attendance__individual_id_index")
    cr.execute("DROP INDEX IF EXISTS spp_event_attendance_individual_id_index")
