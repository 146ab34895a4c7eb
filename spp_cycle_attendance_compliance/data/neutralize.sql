-- A copy of the database must not ask the real attendance systems for people's attendance.
DELETE FROM spp_attendance_secret;
UPDATE spp_attendance_source SET client_id = NULL;
