-- A copy of the database must not ask the real attendance system for people's attendance.
DELETE FROM ir_config_parameter
WHERE key IN (
    'spp_cycle_attendance_compliance.attendance_client_id',
    'spp_cycle_attendance_compliance.attendance_client_secret'
);
