def migrate(cr, version):
    """Make of what each cycle asked for its one condition."""
    cr.execute(
        """
        INSERT INTO spp_attendance_condition
            (cycle_id, sequence, about, age_from, age_to, domain, over, type_id, location_id, unit,
             requirement, required_number, required_percentage,
             create_uid, create_date, write_uid, write_date)
        SELECT id, 10, 'everybody', 0, 0, '[]', 'period', attendance_type_id,
            attendance_location_id, attendance_unit, attendance_requirement,
            required_number_of_attendance, required_percentage,
            create_uid, create_date, write_uid, write_date
        FROM g2p_cycle AS cycle
        WHERE NOT EXISTS (
            SELECT FROM spp_attendance_condition AS condition WHERE condition.cycle_id = cycle.id
        )
        ORDER BY id
        """
    )
