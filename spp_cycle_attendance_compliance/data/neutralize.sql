-- A copy of the database must not ask the real attendance systems for people's attendance. It may be
-- one that is not upgraded yet.
DO $$
BEGIN
    IF to_regclass('spp_attendance_secret') IS NOT NULL THEN
        DELETE FROM spp_attendance_secret;
        UPDATE spp_attendance_source SET client_id = NULL;
    END IF;
    IF to_regclass('spp_connect_attendance') IS NOT NULL THEN
        DELETE FROM spp_connect_attendance;
    END IF;
END
$$;
DELETE FROM ir_config_parameter
WHERE key IN (
    'spp_cycle_attendance_compliance.attendance_client_id',
    'spp_cycle_attendance_compliance.attendance_client_secret'
);
